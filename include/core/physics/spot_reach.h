/** @file
 *  Rendering by reflections: for crystals whose spots fade below a bound or stop, only the pixels that a spot
 *  reaches are computed. The bound is derived in docs/physics.md, "What is skipped". */
#ifndef TESSERA_SPOT_REACH_H
#define TESSERA_SPOT_REACH_H

#include "physics/shape.h"

/** How far the spots of a crystal reach. With x = (dh, dk, dl) from the spot's centre, q = x^T form x:
 *  |F_latt|^2 is height x shape_squared64(q) where q < reach; what lies beyond is left out. */
typedef struct SpotReach {
    Mat3 form;    /**< symmetric */
    Mat3 inverse; /**< of the form */
    double height;
    double reach;         /**< greatest q of the strongest reflection */
    double half_width[3]; /**< greatest |dh|, |dk|, |dl| where q < reach */
    const ShapeFormulas *shape;
} SpotReach;

/** Reach of the spots of a crystal whose shape does not have tails, with what is left out below @p tolerance of the
 * strongest reflection's peak, in every term. */
SpotReach spot_reach_create(const Crystal *crystal, double tolerance);

/** Reach of a reflection whose |F|^2 is @p share of the greatest; not above 0 where it is left out altogether. */
static inline double spot_reach_of(const SpotReach *spot, double share) {
    if (!(share > 0.0)) return 0.0;
    return share < 1.0 ? spot->shape->reach_of_weaker(spot->reach, share) : spot->reach;
}

#endif
