/** @file
 *  What a step of single precision is made of, for one pixel: the float32 kernel of the CPU calls it for many side by
 *  side, that of a device in one thread. Included by these alone. */
#ifndef TESSERA_FLOAT32_STEP_H
#define TESSERA_FLOAT32_STEP_H

#include "model/beam.h"
#include "physics/float32_shape.h"
#include "physics/pixel_block.h"

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

/** The four points along one axis of the padded table, which are first .. first + 3, and where the pixel is among them.
 */
typedef struct Axis {
    float first;
    float beyond; /* the pixel's distance from the second point, 0..1 */
    float own;    /* which of the four is the nearest: the only one that counts outside the grid */
    int inside;
} Axis;

INLINED Axis make_axis(float index, float place_of_0, float count) {
    const float below = nearest(index - 0.5f), place = index + place_of_0;
    const float own = within(nearest(index) + place_of_0, count + 1.0f);
    Axis axis = {.inside = (place >= 3.0f) & (place <= count - 2.0f)};
    axis.first = within((axis.inside ? below + place_of_0 : own) - 1.0f, count - 2.0f);
    axis.beyond = index - below;
    axis.own = own - axis.first;
    return axis;
}

/** True where structure factors are interpolated: there is room for four points along each axis of the padded table. */
static inline bool step_is_tricubic(const Experiment *e) {
    const int32_t *count = e->factors.count;
    return e->sampling.interpolate && count[0] > 1 && count[1] > 1 && count[2] > 1;
}

/** What the four points count. */
typedef struct AxisWeights {
    float of[4];
} AxisWeights;

/** Lagrange's weights of the points -1, 0, 1, 2 at 0 <= x <= 1. */
INLINED AxisWeights axis_weights(Axis axis, int inside) {
    const float x = axis.beyond, ab = (x + 1.0f) * x, c = x - 1.0f, d = x - 2.0f, cd = c * d;
    return (AxisWeights){{inside             ? x * (-1.0f / 6.0f) * cd
                          : axis.own == 0.0f ? 1.0f
                                             : 0.0f,
                          inside             ? (x + 1.0f) * 0.5f * cd
                          : axis.own == 1.0f ? 1.0f
                                             : 0.0f,
                          inside             ? d * -0.5f * ab
                          : axis.own == 2.0f ? 1.0f
                                             : 0.0f,
                          inside             ? c * (1.0f / 6.0f) * ab
                          : axis.own == 3.0f ? 1.0f
                                             : 0.0f}};
}

/** Place of the first of 4 x 4 x 4 points in the padded table. */
INLINED int32_t first_place(Axis h, Axis k, Axis l, int32_t row, int32_t column) {
    return ((int32_t)h.first * row + (int32_t)k.first) * column + (int32_t)l.first;
}

/** Adds four points along l, all with one weight. */
INLINED void add_points(const float *points, float weight, float *sum) {
    for (int l = 0; l < 4; l++) sum[l] = fused(weight, points[l], sum[l]);
}

/** The sum over the last axis. */
INLINED float last_sum(AxisWeights l, const float *f) {
    return fused(l.of[0], f[0], fused(l.of[1], f[1], fused(l.of[2], f[2], l.of[3] * f[3])));
}

/** Rounding of the Miller indices in a block, up to a factor that is generous.
 *  @param distance_m  of its middle
 *  @param longest_m   edge of the cell */
INLINED float block_rounding(const Panel *panel, double distance_m, double longest_m, double wavelength_m) {
    const double edges_m = BLOCK_FAST * panel->pixel_size_m[0] + BLOCK_SLOW * panel->pixel_size_m[1]; /* of the block */
    const double range = longest_m / wavelength_m * edges_m / distance_m;
    return (float)((range + 1.0) * 16.0 / 16777216.0);
}

/** Miller indices that a source makes at a position, in double precision. */
INLINED Vec3 indices_at(Vec3 position_m, const Source *source, Mat3 cell_m) {
    const Vec3 diffracted = vec3_unit(position_m);
    const Vec3 scattering = vec3_scale(1.0 / source->wavelength_m, vec3_subtract(diffracted, source->direction));
    return mat3_apply(cell_m, scattering);
}

#endif
