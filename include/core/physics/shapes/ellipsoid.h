/** @file
 *  The ellipsoid of the crystal's volume whose axes are as Na a : Nb b : Nc c: a ball, sheared and stretched with the
 * lattice, {Na x a + Nb y b + Nc z c} with x^2 + y^2 + z^2 below that of a ball of volume 1. Its transform depends on
 * Na dh, Nb dk, Nc dl alone, whatever the angles of the cell. Under SPOT_ISOTROPIC it is the ball of round.h. */
#ifndef TESSERA_SHAPES_ELLIPSOID_H
#define TESSERA_SHAPES_ELLIPSOID_H

#include "physics/shapes/round.h"

static inline double ellipsoid_height(SpotLaw law) {
    (void)law;
    return 1.0;
}

static inline double ellipsoid_profile(SpotLaw law, double distance_squared) {
    (void)law;
    return ball_transform(BALL_STEEPNESS / PI * sqrt(distance_squared));
}

static inline double ellipsoid_form(SpotLaw law, double distance_squared) {
    const double steepness = BALL_STEEPNESS / PI;
    (void)law;
    return distance_squared * (steepness * steepness);
}

/* Of the form, it is what a ball is. */

INLINED float ellipsoid_squared32(float form) {
    return round_squared32(form);
}

INLINED double ellipsoid_squared64(double form) {
    return round_squared64(form);
}

static inline double ellipsoid_reach(double tolerance) {
    return round_reach(tolerance);
}

static inline double ellipsoid_reach_of_weaker(double reach, double share) {
    return round_reach_of_weaker(reach, share);
}

static inline double ellipsoid_integral(void) {
    return round_integral();
}

static inline double ellipsoid_feature(void) {
    return round_feature();
}

static inline double ellipsoid_flank_most(void) {
    return round_flank_most();
}

static inline double ellipsoid_phase_per_index(double form, double cells) {
    return round_phase_per_index(form, cells);
}

static inline double ellipsoid_greatest_phase(double sum_of_form) {
    return round_greatest_phase(sum_of_form);
}

#endif
