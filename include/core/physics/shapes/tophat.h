/** @file
 *  Spots that are balls of reciprocal space, of one height within and 0 without, of the integral N. NanoBragg has
 * another radius. */
#ifndef TESSERA_SHAPES_TOPHAT_H
#define TESSERA_SHAPES_TOPHAT_H

#include "base/inlined.h"
#include "parameters/parameters.h"

static inline double tophat_radius_squared(SpotLaw law) {
    return law == SPOT_NANOBRAGG ? 0.3969 : BALL_RADIUS_SQUARED;
}

static inline double tophat_height(SpotLaw law) {
    (void)law;
    return 1.0;
}

static inline double tophat_profile(SpotLaw law, double distance_squared) {
    return distance_squared < tophat_radius_squared(law) ? 1.0 : 0.0;
}

static inline double tophat_form(SpotLaw law, double distance_squared) {
    return distance_squared / tophat_radius_squared(law);
}

INLINED float tophat_squared32(float form) {
    return form < 1.0f ? 1.0f : 0.0f;
}

INLINED double tophat_squared64(double form) {
    return form < 1.0 ? 1.0 : 0.0;
}

static inline double tophat_reach(double tolerance) {
    (void)tolerance;
    return 1.0;
}

static inline double tophat_reach_of_weaker(double reach, double share) {
    (void)share;
    return reach;
}

static inline double tophat_integral(void) {
    return 4.0 / 3.0 * PI;
}

/** The radius. */
static inline double tophat_feature(void) {
    return 1.0;
}

/** The edge is decided in double precision: the phase of a square crystal stands in. */
static inline double tophat_phase_per_index(double form, double cells) {
    (void)form;
    return PI * cells;
}

/** There is none. */
static inline double tophat_flank_most(void) {
    return 1.0;
}

static inline double tophat_greatest_phase(double sum_of_form) {
    (void)sum_of_form;
    return 0.0;
}

#endif
