/** @file
 *  Setting the frames of an experiment, one after the other, and looking at all of them beforehand. */
#ifndef TESSERA_FRAMES_H
#define TESSERA_FRAMES_H

#include "base/tile.h"
#include "model/frame.h"
#include "setup/idle_parameters.h"

/** Room for the frames of @p experiment, which is borrowed. */
Status frame_create(const Experiment *experiment, Frame *frame);

/** Sets frame @p number, its first crystal. */
void frame_set(const Experiment *experiment, int64_t number, Frame *frame);

/** Sets one crystal of frame @p number; only what differs from what is set is made anew. */
void frame_set_crystal(const Experiment *experiment, int64_t number, int64_t crystal, Frame *frame);

/** Frees what @p frame owns. */
void frame_destroy(Frame *frame);

/** Checks that all frames can be rendered, finds the limits, and looks at each for what has no effect there.
 *  Experiment_create does it.
 *  @return BAD_PARAMETER naming the frame */
Status frame_check_all(const Experiment *experiment, FrameLimits *limits, IdleParameters *idle);

/** Steps of each pixel in frames @p frames, for balancing.
 *  @param steps  [range_length] */
Status frame_steps(const Experiment *experiment, Range frames, int64_t *steps);

/** Steps (pixel x sub-pixel x layer x term) of frame @p number: what it costs. */
int64_t experiment_frame_steps(const Experiment *experiment, int64_t number);

/** Steps of frames @p begin .. @p end - 1 together. */
double experiment_steps(const Experiment *experiment, int64_t begin, int64_t end);

#endif
