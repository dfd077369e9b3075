/** @file
 *  How far the images of a run can be packed: measured on one of its frames. For one process. */
#ifndef TESSERA_TRIAL_FRAME_H
#define TESSERA_TRIAL_FRAME_H

#include "model/experiment.h"
#include "output/frame_codec.h"
#include "plan/plan.h"

/** What came of it. Plain data. */
typedef struct TrialFrame {
    int64_t number;             /**< of the frame in the sweep */
    double bytes, packed_bytes; /**< of all its images */
    double bytes_per_s;         /**< packed by one thread */
} TrialFrame;

/** Renders the frame in the middle of @p slice and packs its images.
 *  @return BAD_PARAMETER when a plugin is missing; NO_MEMORY */
Status trial_frame_pack(const Experiment *experiment, const Plan *plan, Range slice, Packing packing,
                        TrialFrame *trial);

#endif
