/** @file
 *  |F_latt|^2 of a crystal by its shape. Formulas: docs/physics.md. */
#ifndef TESSERA_SHAPE_H
#define TESSERA_SHAPE_H

#include "model/crystal.h"
#include "physics/shapes/ellipsoid.h"
#include "physics/shapes/gauss.h"
#include "physics/shapes/round.h"
#include "physics/shapes/square.h"
#include "physics/shapes/tophat.h"

#include <math.h>

/** Nearest whole number to @p x, |x| < 2^51, in two additions that every machine can do side by side. */
static inline double shape_nearest(double x) {
    const double shift = 6755399441055744.0; /* 1.5 x 2^52: adding it leaves no room for a fraction */
    return (x + shift) - shift;
}

/** What the header of a shape of a form has, as functions; of a shape of the axes the last three alone. R^2 is
 *  shape_distance_squared, q the form, and |F_latt|^2 is height^2 profile^2 with N = Na Nb Nc. */
typedef struct ShapeFormulas {
    double (*height)(SpotLaw law);                         /**< F_latt / N at the spot's centre */
    double (*profile)(SpotLaw law, double r_squared);      /**< F_latt / (N height) at R^2; 1 at 0 */
    double (*form)(SpotLaw law, double r_squared);         /**< q at R^2, proportional to it; 1 at a sharp edge */
    float (*squared32)(float form);                        /**< profile^2 in single precision */
    double (*squared64)(double form);                      /**< profile^2 */
    double (*reach)(double tolerance);                     /**< q beyond which profile^2 is below the tolerance */
    double (*reach_of_weaker)(double reach, double share); /**< the same for a share (0..1) of the intensity */
    double (*integral)(void);                              /**< of profile^2 over space where q = r^2 */
    double (*feature)(void);                               /**< over q: squared length in features of a spot */
    double (*flank_most)(void);                            /**< error of a sum over a cut flank: sampling_choice.c */
    double (*greatest_phase)(double sum_of_form);          /**< (rad) that float32 must take a sine of; 0: none */
    double (*phase_per_index)(double form, double cells); /**< greatest change with a Miller index, by its axis' form */
} ShapeFormulas;
const ShapeFormulas *shape_formulas(CrystalShape shape);

/** profile^2 of a shape of a form, for loops in which @p shape is a constant; so are the next two. */
INLINED float shape_squared32(CrystalShape shape, float form) {
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        break;
#define SHAPE_OF_FORM(NAME, name, ...)                                                                                 \
    case SHAPE_##NAME:                                                                                                 \
        return name##_squared32(form);
#include "parameters/shapes.def"
    }
    return 0.0f;
}

/** The same in double precision. */
INLINED double shape_squared64(CrystalShape shape, double form) {
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        break;
#define SHAPE_OF_FORM(NAME, name, ...)                                                                                 \
    case SHAPE_##NAME:                                                                                                 \
        return name##_squared64(form);
#include "parameters/shapes.def"
    }
    return 0.0;
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

/** |F_latt|^2 of shapes of a form is a function of a quadratic form q of the distance dh, dk, dl from the spot's
 * centre: height x shape_squared64(q).
 *  @param form  [6] of dh^2, dk^2, dl^2, dh dk, dk dl, dl dh */
void shape_spot_form(const Crystal *crystal, double *form, double *height);

/** How much larger the terms of a form may be than their sum: 1 for one along the axes, and the more the obliquer. */
double shape_form_condition(const double *form);

#endif
