/** @file
 *  What a run costs and brings: measured on frames all over its sweep, with all that they contain. For one process. */
#ifndef TESSERA_TRIAL_FRAMES_H
#define TESSERA_TRIAL_FRAMES_H

#include "model/experiment.h"
#include "plan/plan.h"

/** What came of it. Plain data; NAN where nothing can be said. */
typedef struct TrialFrames {
    int64_t frames;           /**< that were tried */
    double step_s;            /**< CPU time of one thread for a step: crystals, background, sensor */
    double rest_s;            /**< CPU time of the rest of a frame: point spread, counts, totals */
    double photons;           /**< expected in a frame, the mean */
    double spot_photons;      /**< expected in the strongest spot that was seen, above what is around it */
    double spot_width_pixels; /**< its full width at half of its maximum */
    double brightest_photons; /**< expected in the brightest pixel */
} TrialFrames;

/** Renders frames of @p slice, or such parts of them as about two seconds allow, tiles all over the detector.
 *  @param trial  .frames is 0 where nothing could be tried: a kernel of a device, or too little memory */
void trial_frames(const Experiment *experiment, const Plan *plan, Range slice, TrialFrames *trial);

#endif
