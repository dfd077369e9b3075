/** @file
 *  What a step of single precision is made of, for one pixel: the float32 kernel of the CPU calls it for many side by
 *  side, that of a device in one thread. Included by these alone. */
#ifndef TESSERA_FLOAT32_STEP_H
#define TESSERA_FLOAT32_STEP_H

#include "model/beam.h"
#include "physics/float32_shape.h"

/** What pixels near a centre need of a term. */
typedef struct Term {
    float h, k, l;        /* fraction of the Miller indices at the centre */
    float per_wavelength; /* 1e-10 m / lambda */
    float first[3];       /* place of the nearest reflection at the centre in the padded table */
    float weight;         /* of the source */
} Term;

/** Miller index at the centre in double precision: its fraction, and the nearest reflection's place in the padded
 * table.
 */
INLINED float fraction_at_centre(Vec3 edge_m, Vec3 scattering_per_m, int32_t least, float *first) {
    const double index = vec3_dot(edge_m, scattering_per_m), whole = shape_nearest(index);
    *first = (float)(whole - least + 1.0);
    return (float)(index - whole);
}

/** @param least  [3] smallest indices of the structure factors */
INLINED Term make_term(const int32_t *least, Vec3 centre, const Source *source, Mat3 cell_m) {
    const Vec3 scattering = vec3_scale(1.0 / source->wavelength_m, vec3_subtract(centre, source->direction));
    Term term = {.per_wavelength = (float)(1e-10 / source->wavelength_m), .weight = (float)source->weight};
    term.h = fraction_at_centre(cell_m.row[0], scattering, least[0], &term.first[0]);
    term.k = fraction_at_centre(cell_m.row[1], scattering, least[1], &term.first[1]);
    term.l = fraction_at_centre(cell_m.row[2], scattering, least[2], &term.first[2]);
    return term;
}

/** Arguments of the sines along an axis for shapes that have them. */
INLINED AxisPhase axis_phase(CrystalShape shape, float index, float cells) {
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return name##_phase(index - nearest(index), cells);
#define SHAPE_OF_FORM(NAME, name, ...)                                                                                 \
    case SHAPE_##NAME:                                                                                                 \
        break;
#include "parameters/shapes.def"
    }
    return (AxisPhase){0.0f, 0.0f};
}

/** Place along one axis of the padded table: beyond either end in the last, where F is the default as in the first. As
 * whole numbers, for which every compiler has an instruction. */
INLINED uint32_t clamped(float place, uint32_t last) {
    const uint32_t whole = (uint32_t)(int32_t)place; /* below 0 it becomes great */
    return whole < last ? whole : last;
}

/** The last places along the axes of the padded table. */
typedef struct TableEnd {
    uint32_t h, k, l;
} TableEnd;

/** @param count  [3] of the structure factors' indices */
INLINED TableEnd table_end(const int32_t *count) {
    return (TableEnd){(uint32_t)count[0] + 1, (uint32_t)count[1] + 1, (uint32_t)count[2] + 1};
}

INLINED int32_t place_in_table(const TableEnd *last, float h, float k, float l) {
    const uint32_t place_h = clamped(h, last->h), place_k = clamped(k, last->k), place_l = clamped(l, last->l);
    return (int32_t)((place_h * (last->k + 1) + place_k) * (last->l + 1) + place_l);
}

#endif
