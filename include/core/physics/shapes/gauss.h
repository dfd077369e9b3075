/** @file
 *  Gaussian spots, exp(-form) squared: of a crystal whose density is a Gaussian of the integral N. NanoBragg has
 * another width. */
#ifndef TESSERA_SHAPES_GAUSS_H
#define TESSERA_SHAPES_GAUSS_H

#include "base/float32_math.h"
#include "base/float64_math.h"
#include "parameters/parameters.h"

/** F_latt is exp(-exponent R^2); |F_latt|^2 = N^2 exp(-pi (N x)^2) integrates to N over an axis. */
static inline double gauss_exponent(SpotLaw law) {
    return law == SPOT_NANOBRAGG ? 1.0 / 0.63 : 0.5 * PI;
}

static inline double gauss_height(SpotLaw law) {
    (void)law;
    return 1.0;
}

static inline double gauss_profile(SpotLaw law, double distance_squared) {
    return exp_negative64(gauss_exponent(law) * distance_squared);
}

static inline double gauss_form(SpotLaw law, double distance_squared) {
    return distance_squared * (2.0 * gauss_exponent(law));
}

INLINED float gauss_squared32(float form) {
    return exp_negative(form);
}

INLINED double gauss_squared64(double form) {
    return exp_negative64(form);
}

static inline double gauss_reach(double tolerance) {
    return -log(tolerance);
}

static inline double gauss_reach_of_weaker(double reach, double share) {
    return reach + log(share);
}

static inline double gauss_integral(void) {
    return PI * sqrt(PI);
}

/** exp(-pi r^2). */
static inline double gauss_feature(void) {
    return 1.0 / PI;
}

/** What corresponds to a phase in the exponent. */
static inline double gauss_phase_per_index(double form, double cells) {
    (void)cells;
    return sqrt(PI * form);
}

/** It falls the faster the farther out. */
static inline double gauss_flank_most(void) {
    return INFINITY;
}

static inline double gauss_greatest_phase(double sum_of_form) {
    (void)sum_of_form;
    return 0.0;
}

#endif
