/** @file
 *  How the frames of an experiment are sampled: what the user says, and what is chosen where nobody does. */
#ifndef TESSERA_SAMPLING_SETUP_H
#define TESSERA_SAMPLING_SETUP_H

#include "model/experiment.h"

/** Sets sub-pixels, spindle angles, interpolation and the resolution limit of an experiment, or of a frame's own.
 *  @param experiment  with beam, crystal, detector and structure factors
 *  @param notes       of what was chosen, and of errors to expect; NULL for frames
 *  @return BAD_PARAMETER when range, step and number of the spindle angles do not go together */
Status sampling_setup_choose(const Parameters *parameters, Experiment *experiment, Notes *notes);

/** Checks that terms and steps of a frame can be counted.
 *  @return BAD_PARAMETER with both */
Status sampling_setup_check_size(const Experiment *experiment);

/** Says which frame of a sweep would need the most over the caps, once the limits are known. */
void sampling_setup_note_shortfall(const Experiment *experiment, Notes *notes);

#endif
