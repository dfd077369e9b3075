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

/** sin(pi x) for |x| <= 1/2: the Taylor series to x^21, coefficients pi^n / n!; the rest is below 2e-18. */
static inline double shape_sin_pi(double x) {
    const double y = x * x;
    double s = 5.392664662608129e-10;
    s = s * y - 2.2948428997269873e-08;
    s = s * y + 7.952054001475513e-07;
    s = s * y - 2.1915353447830217e-05;
    s = s * y + 0.00046630280576761255;
    s = s * y - 0.0073704309457143504;
    s = s * y + 0.08214588661112823;
    s = s * y - 0.5992645293207921;
    s = s * y + 2.5501640398773455;
    s = s * y - 5.16771278004997;
    s = s * y + 3.141592653589793;
    return s * x;
}

/** Squared modulus of the sum of @p cells unit phasors, (sin(pi N x) / sin(pi x))^2: von Laue's interference function
 * of a parallelepiped along one axis.
 *  @param miller  fractional Miller index x
 *  @return in [0, cells^2]; exactly cells^2 at an integer */
static inline double shape_interference(double miller, double cells) {
    const double offset = miller - shape_nearest(miller); /* only the distance to the peak matters */
    const double phase = cells * offset;
    const double quotient = shape_sin_pi(phase - shape_nearest(phase)) / shape_sin_pi(offset);
    const double ratio = fabs(offset) < 1e-9 ? cells : quotient;
    return ratio * ratio;
}

/** F_latt at the fractional Miller indices for every shape, without the sign for square crystals. */
double shape_amplitude(const Crystal *crystal, double h, double k, double l);

/** |F_latt|^2, the same squared. */
double shape_squared(const Crystal *crystal, double h, double k, double l);

/** Squared distance from the nearest spot's centre in the units of the law: R^2 of docs/physics.md, the old program's
 *  r^2 for SPOT_NANOBRAGG. */
double shape_distance_squared(const Crystal *crystal, double h, double k, double l);

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
