/** @file
 *  Parameters that say the same thing, of which only one may be given: the table parameter_rivals.def. */
#ifndef TESSERA_PARAMETER_RIVALS_H
#define TESSERA_PARAMETER_RIVALS_H

#include "base/status.h"
#include "model/sweep.h"
#include "parameters/parameters.h"

/** When two values for one thing are a fault. */
typedef enum RivalScope { RIVALS_ANYWHERE, RIVALS_SWEPT } RivalScope;

/** What nanoBragg does with two values for one thing. */
typedef enum RivalRule { RIVAL_FIRST, RIVAL_SECOND, RIVAL_LATER, RIVAL_TOGETHER } RivalRule;

/** One row of the table: two rows of the table of parameters. */
typedef struct Rivals {
    int row[2];
    RivalScope scope;
    RivalRule nanobragg;
    const char *what; /**< both say */
} Rivals;

/** Pair @p index of the table, or NULL behind its end. */
const Rivals *parameter_rivals(int index);

/** True when the user gave that row a value: not "auto", not an empty name, not a switch that is off. */
bool parameter_has_value(const Parameters *parameters, int row);

/** Checks that no two parameters say the same thing.
 *  @param parameters  of the run
 *  @param sweep       what a sweep varies counts as given
 *  @return BAD_PARAMETER naming both, and where they were given. Ok for nanoBragg's options */
Status parameter_rivals_check(const Parameters *parameters, const Sweep *sweep);

/** True when another row says the same and counts: a run file that holds both need not hold this one. */
bool parameter_rivals_is_idle(const Parameters *parameters, int row);

/** With nanoBragg's options: the one that does not count becomes "not given", and a note says so.
 *  @param later  row that was given just now, for the pairs of which the later one counts; -1: all the others */
Status parameter_rivals_settle(Parameters *parameters, int later, Notes *notes);

#endif
