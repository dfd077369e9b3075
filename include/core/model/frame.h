/** @file
 *  What is particular to one frame, a function of (experiment, frame number) alone. */
#ifndef TESSERA_FRAME_H
#define TESSERA_FRAME_H

#include "model/experiment.h"

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

#endif
