/** @file
 *  Blocks of pixels of the float32 kernel, seen from their centres. Included by the kernel alone, once for each set of
 *  instructions. */
#ifndef TESSERA_PIXEL_BLOCK_H
#define TESSERA_PIXEL_BLOCK_H

#include "base/float32_math.h"
#include "model/experiment.h"
#include "model/sensor.h"

/** Blocks of pixels share a centre, at which the Miller indices are known in double precision. They are anchored to the
 *  panel's first pixel, so that a pixel's value does not depend on how tiles are cut. */
enum { BLOCK_SLOW = 8, BLOCK_FAST = 32, PIXELS = BLOCK_SLOW * BLOCK_FAST };

/** The sub-pixels of a block of pixels, [slow][fast]. */
typedef struct Block {
    Vec3 centre;                                        /**< unit vector of the diffracted beam at the centre */
    LANE_ALIGNED float x[PIXELS], y[PIXELS], z[PIXELS]; /**< diffracted beam minus that */
    LANE_ALIGNED float weight[PIXELS];                  /**< solid angle (sr) x capture */
    double slow_m, fast_m, depth_m;                     /**< where the centre is on the panel */
    int layer;
    const Panel *panel;
} Block;

/** A flat block in units of its centre's distance. */
typedef struct FlatBlock {
    float step_fast, step_slow;         /* edges of a pixel */
    Float3 centre, fast, slow;          /* unit vectors */
    float along_fast, along_slow, skew; /* centre.fast, centre.slow, fast.slow */
    float cosine, lean_fast, lean_slow; /* of centre, fast and slow with the normal, times the solid angle face on */
    float face_on;                      /* that solid angle (sr) without obliquity, when those three are 0; else 0 */
} FlatBlock;

/** @param d  unit vector to the centre
 *  @param per_m  1 / the centre's distance */
INLINED FlatBlock flat_block(const Panel *panel, bool point_pixel, Vec3 d, double per_m) {
    const double step_fast = per_m * panel->pixel_size_m[0], step_slow = per_m * panel->pixel_size_m[1];
    const double sr = step_fast * step_slow, oblique_sr = point_pixel ? 0.0 : sr;
    FlatBlock flat = {
        .step_fast = (float)step_fast, .step_slow = (float)step_slow, .face_on = (float)(sr - oblique_sr)};
    flat.along_fast = (float)vec3_dot(d, panel->fast);
    flat.along_slow = (float)vec3_dot(d, panel->slow);
    flat.skew = (float)vec3_dot(panel->fast, panel->slow);
    flat.cosine = (float)(oblique_sr * vec3_dot(d, panel->normal));
    flat.lean_fast = (float)(oblique_sr * vec3_dot(panel->fast, panel->normal));
    flat.lean_slow = (float)(oblique_sr * vec3_dot(panel->slow, panel->normal));
    flat.centre = float3_of(d);
    flat.fast = float3_of(panel->fast);
    flat.slow = float3_of(panel->slow);
    return flat;
}

/** How many powers of u are enough for 1 / sqrt(1 + u) - 1, to 1e-8 of it; 0 where no few are. */
typedef enum RootSeries { ROOT_OF_SMALL = 3, ROOT_OF_MEDIUM = 6, ROOT_OF_ANY = 0 } RootSeries;

/** @param greatest  of |u| */
INLINED RootSeries root_series(float greatest) {
    return greatest <= 0.0025f ? ROOT_OF_SMALL : greatest <= 0.05f ? ROOT_OF_MEDIUM : ROOT_OF_ANY;
}

/** 1 / sqrt(1 + u) - 1 without subtracting what is nearly equal; by its series where that is short. */
INLINED float inverse_root_less_1(float u, RootSeries series) {
    if (series == ROOT_OF_ANY) {
        const float root = sqrtf(1.0f + u);
        return -u / (root * (1.0f + root));
    }
    float s = -5.0f / 16.0f;
    if (series == ROOT_OF_MEDIUM)
        s = fused(fused(fused(231.0f / 1024.0f, u, -63.0f / 256.0f), u, 35.0f / 128.0f), u, s);
    s = fused(s, u, 3.0f / 8.0f);
    s = fused(s, u, -0.5f);
    return s * u;
}

/** What the pixels of a row of a flat block have in common. */
typedef struct FlatRow {
    Float3 way;                /* from the centre's row */
    float linear, fixed, lean; /* of u, and of the obliquity */
} FlatRow;

INLINED FlatRow flat_row(const FlatBlock *flat, int row) {
    const float s = flat->step_slow * ((float)row - 0.5f * (BLOCK_SLOW - 1));
    return (FlatRow){.way = {s * flat->slow.x, s * flat->slow.y, s * flat->slow.z},
                     .linear = 2.0f * fused(s, flat->skew, flat->along_fast),
                     .fixed = s * fused(2.0f, flat->along_slow, s),
                     .lean = fused(s, flat->lean_slow, flat->cosine)};
}

/** How far a column is from the centre's. */
INLINED float flat_column(const FlatBlock *flat, int column) {
    return flat->step_fast * ((float)column - 0.5f * (BLOCK_FAST - 1));
}

/** One sub-pixel: see Block. */
typedef struct FlatPixel {
    float x, y, z, weight;
} FlatPixel;

/** With p the way from the centre over the centre's distance r, and u = 2 d_c.p + p.p, the distance is r sqrt(1 + u)
 *  and d - d_c = p / sqrt(1 + u) + d_c (1 / sqrt(1 + u) - 1) = p + (p + d_c) (1 / sqrt(1 + u) - 1). */
INLINED FlatPixel flat_pixel(const FlatBlock *flat, const FlatRow *row, float f, RootSeries series) {
    const float u = fused(f, f + row->linear, row->fixed);
    const float shrink = inverse_root_less_1(u, series), inverse = 1.0f + shrink;
    const float x = fused(f, flat->fast.x, row->way.x), y = fused(f, flat->fast.y, row->way.y);
    const float z = fused(f, flat->fast.z, row->way.z);
    const float oblique = fabsf(fused(f, flat->lean_fast, row->lean));
    return (FlatPixel){fused(x + flat->centre.x, shrink, x), fused(y + flat->centre.y, shrink, y),
                       fused(z + flat->centre.z, shrink, z),
                       inverse * inverse * fused(oblique, inverse, flat->face_on)};
}

INLINED void fill_flat_block(FlatBlock flat, RootSeries series, Block *block) {
    LANE_ALIGNED float along[BLOCK_FAST];
    for (int column = 0; column < BLOCK_FAST; column++) along[column] = flat_column(&flat, column);
    for (int row = 0; row < BLOCK_SLOW; row++) {
        const FlatRow of_row = flat_row(&flat, row);
#pragma omp simd
        for (int column = 0; column < BLOCK_FAST; column++) {
            const int i = row * BLOCK_FAST + column;
            const FlatPixel pixel = flat_pixel(&flat, &of_row, along[column], series);
            block->x[i] = pixel.x;
            block->y[i] = pixel.y;
            block->z[i] = pixel.z;
            block->weight[i] = pixel.weight;
        }
    }
}

/** The series that is enough for all pixels of a block. */
INLINED RootSeries flat_series(const FlatBlock *flat) {
    const float half_fast = 0.5f * BLOCK_FAST * flat->step_fast, half_slow = 0.5f * BLOCK_SLOW * flat->step_slow;
    const float squared = (half_fast + half_slow) * (half_fast + half_slow); /* enough for skew axes too */
    return root_series(2.0f * (fabsf(flat->along_fast) * half_fast + fabsf(flat->along_slow) * half_slow) + squared);
}

INLINED void set_flat_block(bool point_pixel, Vec3 centre_m, Block *block) {
    const double per_m = 1.0 / vec3_length(centre_m);
    block->centre = vec3_scale(per_m, centre_m);
    const FlatBlock flat = flat_block(block->panel, point_pixel, block->centre, per_m);
    switch (flat_series(&flat)) { /* a constant in each */
    case ROOT_OF_SMALL:
        fill_flat_block(flat, ROOT_OF_SMALL, block);
        return;
    case ROOT_OF_MEDIUM:
        fill_flat_block(flat, ROOT_OF_MEDIUM, block);
        return;
    case ROOT_OF_ANY:
        fill_flat_block(flat, ROOT_OF_ANY, block);
        return;
    }
}

/** Where sub-pixel @p i of a block is, in double precision. */
INLINED Vec3 pixel_position(const Block *block, int i) {
    const double *pixel_size_m = block->panel->pixel_size_m;
    const double slow_m = block->slow_m + pixel_size_m[1] * (i / BLOCK_FAST - 0.5 * (BLOCK_SLOW - 1));
    const double fast_m = block->fast_m + pixel_size_m[0] * (i % BLOCK_FAST - 0.5 * (BLOCK_FAST - 1));
    return panel_position(block->panel, fast_m, slow_m, block->depth_m);
}

/** The same for a panel that is not flat, in double precision. */
INLINED void set_curved_block(bool point_pixel, Block *block) {
    const Panel *panel = block->panel;
    const double area_m2 = panel->pixel_size_m[0] * panel->pixel_size_m[1];
    block->centre = vec3_unit(panel_position(panel, block->fast_m, block->slow_m, block->depth_m));
    for (int i = 0; i < PIXELS; i++) {
        const Vec3 position = pixel_position(block, i), direction = vec3_unit(position);
        const Vec3 offset = vec3_subtract(direction, block->centre);
        block->x[i] = (float)offset.x;
        block->y[i] = (float)offset.y;
        block->z[i] = (float)offset.z;
        const double cosine = point_pixel ? 1.0 : panel_cosine(panel, direction);
        block->weight[i] = (float)(area_m2 / vec3_dot(position, position) * cosine);
    }
}

/** Fraction that the layer stops at each pixel, for one absorption coefficient, times @p values. */
INLINED void multiply_by_capture(const Block *block, double absorption_per_m, float *values) {
    const double layer_m = sensor_layer(&block->panel->sensor);
    for (int i = 0; i < PIXELS; i++) {
        const Vec3 offset = vec3((double)block->x[i], (double)block->y[i], (double)block->z[i]);
        const double cosine = panel_cosine(block->panel, vec3_add(block->centre, offset));
        values[i] *= (float)sensor_capture(layer_m, block->layer, absorption_per_m, cosine);
    }
}

/** Where along an edge the sub-pixels' own centre is: the middle of the block moved by the sub-pixel's offset. */
INLINED double block_centre_m(double pixel_m, int64_t first, int pixels, int sub_pixel, double oversample) {
    return pixel_m * ((double)first + 0.5 * (pixels - 1) + (sub_pixel + 0.5) / oversample);
}

/** The block whose first pixel on its panel is @p slow, @p fast, at one of the sub-pixels and in one layer of the
 * sensor.
 */
INLINED void set_block(const Experiment *e, int64_t slow, int64_t fast, int sub_s, int sub_f, int layer, Block *block) {
    const Panel *panel = block->panel;
    const bool point_pixel = e->detector.point_pixel;
    const double s_m = block_centre_m(panel->pixel_size_m[1], slow, BLOCK_SLOW, sub_s, e->sampling.oversample);
    const double f_m = block_centre_m(panel->pixel_size_m[0], fast, BLOCK_FAST, sub_f, e->sampling.oversample);
    const double depth_m = sensor_depth(&panel->sensor, layer);
    block->slow_m = s_m;
    block->fast_m = f_m;
    block->depth_m = depth_m;
    block->layer = layer;
    if (panel->curved)
        set_curved_block(point_pixel, block);
    else
        set_flat_block(point_pixel, panel_position(panel, f_m, s_m, depth_m), block);
    if (panel->sensor.thickness_m > 0.0 && !panel->sensor.by_wavelength)
        multiply_by_capture(block, panel->sensor.absorption_per_m, block->weight);
}

/** Kahn's polarization factor (1 + (d.i)^2 + K ((d.b)^2 - (d.e)^2)) / 2 of a source near the centre of a block, the
 *  difference of squares as a product. */
typedef struct SourceFactor {
    Float3 a, b, c;                     /* of the products' first, second and third */
    float a_centre, b_centre, c_centre; /* their values at the centre */
    float fixed;
} SourceFactor;

/** @param half  1/2, or 0 without polarization
 *  @param kahn  that times K */
INLINED SourceFactor source_factor(double half, double kahn, Vec3 centre, const Source *source) {
    const Vec3 straight = vec3_scale(sqrt(half), source->direction);
    const Vec3 less = vec3_scale(kahn, vec3_subtract(source->magnetic, source->electric));
    const Vec3 more = vec3_add(source->magnetic, source->electric);
    return (SourceFactor){.a = float3_of(straight),
                          .b = float3_of(less),
                          .c = float3_of(more),
                          .a_centre = (float)vec3_dot(straight, centre),
                          .b_centre = (float)vec3_dot(less, centre),
                          .c_centre = (float)vec3_dot(more, centre),
                          .fixed = (float)(1.0 - half)};
}

/** The factor at a pixel. */
INLINED float source_factor_at(const SourceFactor *f, float x, float y, float z) {
    const float along = float3_dot(f->a, x, y, z, f->a_centre);
    const float p = float3_dot(f->b, x, y, z, f->b_centre), q = float3_dot(f->c, x, y, z, f->c_centre);
    return fused(p, q, fused(along, along, f->fixed));
}

/** True where a pixel sees a source's waves beyond the resolution limit. */
INLINED bool is_beyond_limit(Vec3 centre, float x, float y, float z, const Source *source, double dmin_m) {
    const double least = source->wavelength_m / dmin_m; /* of |diffracted - incident| */
    const Vec3 offset = vec3((double)x, (double)y, (double)z);
    const Vec3 s = vec3_subtract(vec3_add(centre, offset), source->direction);
    return vec3_dot(s, s) > least * least;
}

/** What a source does to every pixel whatever the crystal's orientation: its polarization; the capture where it depends
 *  on the wavelength, and the resolution limit. */
INLINED void set_source_factor(const Experiment *e, const Block *block, const Source *source, float *factor) {
    const double half = e->beam.polarization_correction ? 0.5 : 0.0, kahn = half * e->beam.polarization_kahn;
    const SourceFactor own = source_factor(half, kahn, block->centre, source);
#pragma omp simd
    for (int i = 0; i < PIXELS; i++) factor[i] = source_factor_at(&own, block->x[i], block->y[i], block->z[i]);
    if (block->panel->sensor.by_wavelength) multiply_by_capture(block, source->absorption_per_m, factor);
    if (!(e->sampling.dmin_m > 0.0)) return;
    for (int i = 0; i < PIXELS; i++)
        if (is_beyond_limit(block->centre, block->x[i], block->y[i], block->z[i], source, e->sampling.dmin_m))
            factor[i] = 0.0f;
}

#endif
