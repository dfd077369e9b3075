/** @file
 *  Whether the frames of a sweep follow one another in the angle of the spindle, as the images of a rotation do. */
#ifndef TESSERA_ROTATION_SERIES_H
#define TESSERA_ROTATION_SERIES_H

#include "setup/frames.h"

/** Frame i of the sweep is exposed from start + i x width to start + (i + 1) x width. */
typedef struct RotationSeries {
    bool exists;           /**< false: the frames are stills, and nothing else is set */
    double start_rad;      /**< of frame 0, before the shift */
    double shift_rad;      /**< by which the law of the steps moves all intervals */
    double width_rad;      /**< negative: each frame ends where the one before it begins */
    Mat3 reciprocal_per_m; /**< rows a*, b*, c* of the first crystal of frame 0, at angle 0 */
} RotationSeries;

/** A sweep of kind rotation is one; and so is a list or matrix of at least two frames with equal steps of the angle,
 * each beginning where another ends, if beam and detector stay, and no crystal turns or strains by more than half a
 * degree from frame to frame.
 *  @return NO_MEMORY */
Status rotation_series_find(const Experiment *experiment, RotationSeries *series);

#endif
