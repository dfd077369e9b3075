/** @file
 *  The spot of a crystal in single precision. Included by the float32 kernel alone. */
#ifndef TESSERA_FLOAT32_SHAPE_H
#define TESSERA_FLOAT32_SHAPE_H

#include "base/float32_math.h"
#include "physics/shape.h"

/** A spot: the numbers of cells for shapes of the axes, shape_spot_form for shapes of a form. */
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

/** The form at a distance: >= 0 */
INLINED float spot_form(const Spot *spot, float dh, float dk, float dl) {
    const float *g = spot->form;
    const float along_h = dh * fused(g[0], dh, fused(g[3], dk, g[5] * dl));
    return fused(dk, fused(g[1], dk, g[4] * dl), fused(g[2] * dl, dl, along_h));
}

#endif
