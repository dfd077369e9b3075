/** @file
 *  Which kernel renders an experiment. */
#ifndef TESSERA_KERNEL_CHOICE_H
#define TESSERA_KERNEL_CHOICE_H

#include "model/experiment.h"

/** Sets the precision of an experiment, or of a frame's own, and which of its steps are computed: those of the CPU's
 *  kernel that is estimated to take the least time, of those that run.precision and sampling.tolerance allow, that have
 * no obstacle, and that are exact enough. Depends on the experiment alone: whoever renders it, the bytes are the same.
 *  @return BAD_PARAMETER where run.precision asks for what cannot be */
Status kernel_choose(const Parameters *parameters, Experiment *experiment);

/** The one note about it, where there was a choice or other advice.
 *  @param experiment  complete, its limits too */
void kernel_note(const Parameters *parameters, const Experiment *experiment, Notes *notes);

/** Why every step is computed though spots end; NULL where only what they reach is. */
const char *kernel_against_reflections(const Experiment *experiment);

#endif
