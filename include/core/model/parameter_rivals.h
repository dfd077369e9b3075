/** @file
 *  Parameters that say the same thing, of which only one may be given: the column RIVALS of the table. */
#ifndef TESSERA_PARAMETER_RIVALS_H
#define TESSERA_PARAMETER_RIVALS_H

#include "base/status.h"
#include "model/sweep.h"
#include "parameters/parameters.h"

/** Two rows that say the same. Zero before the first pair. */
typedef struct Rivals {
    int row[2];
    Rival how; /**< the column of row[0] that names row[1] */
    int place; /**< of that among the rivals of row[0] */
} Rivals;

/** The next pair of the table.
 *  @return false behind the last one */
bool parameter_rivals_next(Rivals *rivals);

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
