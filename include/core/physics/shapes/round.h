/** @file
 *  A ball, seen by its Fourier transform 3 (sin x - x cos x) / x^3. Under SPOT_ISOTROPIC it has the volume of the
 * crystal; else its diameter is the edge, as nanoBragg has it, and it is made brighter so that the integral is that of
 * N cells. */
#ifndef TESSERA_SHAPES_ROUND_H
#define TESSERA_SHAPES_ROUND_H

#include "parameters/parameters.h"
#include "physics/ball_transform.h"

static inline double round_height(SpotLaw law) {
    return law == SPOT_ISOTROPIC ? 1.0 : ROUND_AMPLITUDE;
}

static inline double round_profile(SpotLaw law, double distance_squared) {
    return ball_transform((law == SPOT_ISOTROPIC ? BALL_STEEPNESS / PI : 1.0) * sqrt(distance_squared));
}

static inline double round_form(SpotLaw law, double distance_squared) {
    const double steepness = BALL_STEEPNESS / PI;
    return distance_squared * (law == SPOT_ISOTROPIC ? steepness * steepness : 1.0);
}

INLINED float round_squared32(float form) {
    return ball_squared32(form);
}

INLINED double round_squared64(double form) {
    const double amplitude = ball_transform(sqrt(form));
    return amplitude * amplitude;
}

static inline double round_reach(double tolerance) {
    (void)tolerance;
    return INFINITY;
}

static inline double round_reach_of_weaker(double reach, double share) {
    (void)share;
    return reach;
}

static inline double round_integral(void) {
    return 6.0 / PI;
}

/** A ball's transform is as flat at its centre as sinc(0.775 r)^2. */
static inline double round_feature(void) {
    return 0.6;
}

static inline double round_phase_per_index(double form, double cells) {
    (void)cells;
    return PI * sqrt(form);
}

/** Fringes. */
static inline double round_flank_most(void) {
    return 3.0;
}

static inline double round_greatest_phase(double sum_of_form) {
    return 0.5 * PI * sqrt(sum_of_form);
}

#endif
