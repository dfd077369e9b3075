/** @file
 *  What is particular to one frame, a function of (experiment, frame number) alone. */
#ifndef TESSERA_FRAME_H
#define TESSERA_FRAME_H

#include "base/tile.h"
#include "model/experiment.h"
#include "model/idle_parameters.h"

/** A frame, or one of its crystals. Owns `cells_m` and `own`: frame_destroy frees them. */
typedef struct Frame {
    const Experiment *experiment; /**< in force: the run's own, or one in which this frame's values are set */
    int64_t number;               /**< absolute number in the sweep, from 0 */
    int64_t crystal, crystals;    /**< which crystal this is, and how many there are: their photons add */
    double weight;                /**< factor on this crystal's photons */
    double phi_start_rad;         /**< spindle angle where the exposure begins */
    double phi_end_rad;           /**< and where it ends, by the law of the steps */
    Mat3 orientation;             /**< of the sweep, after the misset and before phi */
    Mat3 reciprocal_per_m;        /**< rows a*, b*, c* at phi = 0, orientation included */
    double fluence_per_m2;        /**< of the expected photons */
    double flicker;               /**< fluence of the counts over that of the expected photons */
    Mat3 *cells_m;                /**< [phi_steps] rows a, b, c (m) at each spindle angle, before the mosaic domains */
    struct FrameOwn *own;         /**< NULL where frames differ in orientation only */
} Frame;

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
