/** @file
 *  |F_latt|^2 of a crystal by its shape, and structure factors between reflections. Formulas: docs/physics.md. */
#ifndef TESSERA_SHAPE_H
#define TESSERA_SHAPE_H

#include "model/crystal.h"
#include "reflections/structure_factors.h"

#include <math.h>

/** Nearest whole number to @p x, |x| < 2^51, in two additions that every machine can do side by side. */
static inline double shape_nearest(double x) {
    const double shift = 6755399441055744.0; /* 1.5 x 2^52: adding it leaves no room for a fraction */
    return (x + shift) - shift;
}

/** F_latt at the fractional Miller indices. */
double shape_amplitude(const Crystal *crystal, double h, double k, double l);

/** The same, in parts.
 *  @param nearest           [3] indices of the reflection whose spot it is
 *  @param offset            [3] from there, each -1/2 .. 1/2
 *  @param distance_squared  shape_distance_squared of @p offset */
double shape_amplitude_at(const Crystal *crystal, const double *nearest, const double *offset, double distance_squared);

/** |F_latt|^2, the same squared. */
double shape_squared(const Crystal *crystal, double h, double k, double l);

/** R^2 of docs/physics.md (nanoBragg's r^2 for SPOT_NANOBRAGG), the squared distance from the spot's centre, times the
 *  fudge. 0 for square crystals, which have none.
 *  @param offset  [3] dh, dk, dl from the centre */
double shape_distance_squared(const Crystal *crystal, const double *offset);

/** |F_latt|^2 of all but square crystals is a function of a quadratic form q of the distance dh, dk, dl from the spot's
 *  centre: height x exp(-q) of Gaussian spots, height where q < 1 of top hats, and of round crystals height x
 *  (3 (sin x - x cos x) / x^3)^2 with x = pi sqrt(q).
 *  @param form  [6] of dh^2, dk^2, dl^2, dh dk, dk dl, dl dh */
void shape_spot_form(const Crystal *crystal, double *form, double *height);

/** How much larger the terms of a form may be than their sum: 1 for one along the axes, and the more the obliquer. */
double shape_form_condition(const double *form);

/** True where all points of the interpolation lie in the grid. */
bool structure_factor_is_inside(const StructureFactors *factors, double h, double k, double l);

/** |F| between reflections by Lagrange interpolation over four points along each axis; nearest neighbour where a point
 *  would lie outside the grid, for that lookup only. */
double structure_factor_tricubic(const StructureFactors *factors, double h, double k, double l);

#endif
