/** @file
 *  Parameters that are given and do nothing in this run: one mechanism says so for all of them, from the needs that
 *  parameters.def names. */
#ifndef TESSERA_IDLE_PARAMETERS_H
#define TESSERA_IDLE_PARAMETERS_H

#include "model/experiment.h"
#include "parameters/parameters.h"

/** What has been seen of the rows that are given, or that the sweep varies, and need something. */
typedef struct IdleParameters {
    int count;
    int row[PARAMETER_COUNT];
    bool varied[PARAMETER_COUNT];  /**< the sweep sets it */
    bool asks[PARAMETER_COUNT];    /**< some frame has a value that asks for something */
    bool matters[PARAMETER_COUNT]; /**< in some frame its need is met */
} IdleParameters;

/** True when another value of row @p index than nanoBragg's may give another image, in an experiment made from
 *  @p parameters. */
bool idle_parameters_matter_to_nanobragg(int index, const Experiment *experiment, const Parameters *parameters);

/** Lists the rows to watch.
 *  @param parameters  of the run, as they were given */
void idle_parameters_begin(const Parameters *parameters, const Sweep *sweep, IdleParameters *idle);

/** Looks at one crystal of one frame.
 *  @param frame       with what is in force there
 *  @param parameters  and its parameters */
void idle_parameters_look(const Experiment *frame, const Parameters *parameters, IdleParameters *idle);

/** A remark for each that matters in no frame: "NAME has no effect: needs SOMETHING".
 *  @param parameters  of the run, as they were given
 *  @param notes       may be NULL */
void idle_parameters_note(const IdleParameters *idle, const Parameters *parameters, const Experiment *experiment,
                          Notes *notes);

#endif
