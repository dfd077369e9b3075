/** @file
 *  Counts of a rank's part of a frame from its expected photons. */
#ifndef TESSERA_COUNTING_H
#define TESSERA_COUNTING_H

#include "base/status.h"
#include "model/frame.h"
#include "plan/plan.h"
#include "run/render.h"
#include "team/team.h"

/** What a rank needs to count photons. */
typedef struct Counting Counting;

/** Makes it; local. Experiment, plan, part and group are borrowed.
 *  @param own     the part of member @p member
 *  @param counting  counting_destroy frees it */
Status counting_create(Team group, const Experiment *experiment, const Plan *plan, int member, const OwnPart *own,
                       Counting **counting);

/** Frees it and leaves NULL; accepts NULL. Local. */
void counting_destroy(Counting **counting);

/** Counts of the own part of a frame; pixels that are not computed are 0. Collective over the group when photons
 *  spread, else local.
 *  @param expected  [own rows][fast_pixels]
 *  @param counts    the same shape; only own rectangles are written */
void counting_frame(Counting *counting, const Frame *frame, const float *expected, int32_t *counts);

#endif
