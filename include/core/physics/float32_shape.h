/** @file
 *  |F_latt|^2 of every shape in single precision, as functions of the distance from the nearest reflection. Included by
 *  the float32 kernel alone. */
#ifndef TESSERA_FLOAT32_SHAPE_H
#define TESSERA_FLOAT32_SHAPE_H

#include "base/float32_math.h"
#include "physics/shape.h"

/** The shape of a spot: the numbers of cells of a square crystal, or the law of another: shape_spot_form. */
typedef struct Spot {
    float cells[3];
    float form[6];
    float height;
    float steepness; /* greatest change of the form's square root for a Miller index that is off by 1 */
    float rounding;  /* of the form where it is 1 */
} Spot;

INLINED Spot make_spot(const Crystal *crystal) {
    Spot spot;
    double form[6], height = 0.0;
    shape_spot_form(crystal, form, &height);
    for (int i = 0; i < 3; i++) spot.cells[i] = (float)crystal->cells[i];
    for (int i = 0; i < 6; i++) spot.form[i] = (float)form[i];
    spot.height = (float)height;
    spot.steepness = (float)(sqrt(form[0]) + sqrt(form[1]) + sqrt(form[2]));
    spot.rounding = (float)(1e-6 * fmin(shape_form_condition(form), 1e6));
    return spot;
}

/** Arguments of sin(pi N x) / sin(pi x) without their whole parts. The sign of the quotient is left out. */
typedef struct Phase {
    float of_cells; /* of N x */
    float of_one;   /* of x */
} Phase;

/** @p offset is how far a Miller index is from a whole number. */
INLINED Phase phase_of(float offset, float cells) {
    const float x = at_least(fabsf(offset), 1e-9f); /* the limit N without a branch */
    const float shift = 12582912.0f, whole = fused(cells, x, shift) - shift;
    return (Phase){fused(cells, x, -whole), x};
}

INLINED float square_squared(Phase a, Phase b, Phase c) {
    const float top = sin_pi_in_units(a.of_cells) * sin_pi_in_units(b.of_cells) * sin_pi_in_units(c.of_cells);
    const float below = sin_pi_in_units(a.of_one) * sin_pi_in_units(b.of_one) * sin_pi_in_units(c.of_one);
    const float amplitude = top / below;
    return amplitude * amplitude;
}

/** The form at a distance: >= 0 */
INLINED float spot_form(const Spot *spot, float dh, float dk, float dl) {
    const float *g = spot->form;
    const float along_h = dh * fused(g[0], dh, fused(g[3], dk, g[5] * dl));
    return fused(dk, fused(g[1], dk, g[4] * dl), fused(g[2] * dl, dl, along_h));
}

INLINED float gauss_squared(const Spot *spot, float dh, float dk, float dl) {
    return spot->height * exp_negative(spot_form(spot, dh, dk, dl));
}

/** 3 (sin x - x cos x) / x^3 with x = pi s, squared: its sign alternates with the whole part of s, which is left out.
 *  Below s = 1/2, where it would cancel, by a polynomial in s^2, minimax in the error, 1e-9 before rounding. */
INLINED float round_squared(const Spot *spot, float dh, float dk, float dl) {
    const float squared = spot_form(spot, dh, dk, dl), s = sqrtf(squared), offset = s - nearest(s);
    const float x = 3.14159265f * s, y = x * x;
    const float far = 3.0f * fused(-x, cos_pi(offset), sin_pi(offset)) / (y > 1.0f ? x * y : 1.0f);
    float near = 0.00680039925f;
    near = fused(near, squared, -0.0635121181f);
    near = fused(near, squared, 0.347883222f);
    near = fused(near, squared, -0.986960241f);
    near = fused(near, squared, 1.0f);
    const float amplitude = squared < 0.25f ? near : far;
    return spot->height * (amplitude * amplitude);
}

#endif
