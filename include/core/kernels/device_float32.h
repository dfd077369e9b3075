/** @file
 *  The float32 kernel of a device: what one thread of a group does, which computes one block of pixels. Compiled for
 *  devices by device_float32.ptx.c, and for the CPU by device_on_cpu.c, which goes through the threads one after the
 *  other. Steps are those of float32_step.h and pixel_block.h in the order of kernel_float32.c, so the bytes are, too.
 */
#ifndef TESSERA_DEVICE_FLOAT32_H
#define TESSERA_DEVICE_FLOAT32_H

#include "kernels/device_group.h"
#include "model/sensor.h"
#include "physics/shape_distance.h"

/** What the threads of a group share. */
typedef struct DeviceShared {
    Term term[DEVICE_TERMS];
    SourceFactor factor[DEVICE_TERMS];   /**< of the terms' sources where these differ, else [0] of all */
    Float3 lattice[DEVICE_TERMS + 1][3]; /**< edges (1e-10 m) of the lattices of these terms */
    float doubt[DEVICE_TERMS];           /**< of the form of a spot with a sharp edge */
    FlatBlock flat;
    RootSeries series;
    Vec3 centre;
    double slow_m, fast_m, depth_m; /**< where it is on the panel */
    double layer_m;                 /**< thickness of a layer; 0 where it is ignored */
    int layer;
} DeviceShared;

/** What a thread keeps of its pixels. */
typedef struct DeviceThread {
    FlatPixel pixel[DEVICE_PIXELS];
    float factor[DEVICE_PIXELS];                                /**< where sources do not differ */
    float h[DEVICE_PIXELS], k[DEVICE_PIXELS], l[DEVICE_PIXELS]; /**< indices of the lattice, times the wavelength */
    float value[DEVICE_PIXELS];                                 /**< since the last flush */
    DoubleDouble sum[DEVICE_PIXELS];
    int32_t lattice; /**< that h, k, l are of */
} DeviceThread;

INLINED void device32_begin(DeviceThread *own) {
    for (int j = 0; j < DEVICE_PIXELS; j++) own->sum[j] = (DoubleDouble){0.0, 0.0};
}

/** Where sub-pixel @p i is. */
INLINED Vec3 device_position(const Panel *panel, const DeviceShared *shared, int i) {
    const double slow_m = shared->slow_m + panel->pixel_size_m[1] * (i / BLOCK_FAST - 0.5 * (BLOCK_SLOW - 1));
    const double fast_m = shared->fast_m + panel->pixel_size_m[0] * (i % BLOCK_FAST - 0.5 * (BLOCK_FAST - 1));
    return panel_flat_position(panel, fast_m, slow_m, shared->depth_m);
}

/** The sub-pixels of one part of a block, a sub-pixel in a layer, and their centre. By thread 0 alone. */
INLINED void device32_centre(const DeviceArguments *a, const DeviceBlock *block, int part, DeviceShared *shared) {
    const DeviceScene *scene = a->scene;
    const Panel *panel = &a->panels[block->panel];
    const int layers = panel->sensor.layers, sub = part / layers;
    const int sub_s = sub / scene->oversample, sub_f = sub % scene->oversample;
    shared->layer = part % layers;
    shared->layer_m = panel->sensor.thickness_m > 0.0 ? sensor_layer(&panel->sensor) : 0.0;
    shared->depth_m = a->depths_m[block->panel * scene->layers + shared->layer];
    shared->slow_m = block_centre_m(panel->pixel_size_m[1], block->slow, BLOCK_SLOW, sub_s, scene->oversample);
    shared->fast_m = block_centre_m(panel->pixel_size_m[0], block->fast, BLOCK_FAST, sub_f, scene->oversample);
    const Vec3 centre_m = panel_flat_position(panel, shared->fast_m, shared->slow_m, shared->depth_m);
    const double per_m = 1.0 / vec3_length(centre_m);
    shared->centre = vec3_scale(per_m, centre_m);
    shared->flat = flat_block(panel, scene->point_pixel, shared->centre, per_m);
    shared->series = flat_series(&shared->flat);
    shared->factor[0] = source_factor(scene->half, scene->kahn, shared->centre, &a->sources[0]);
}

/** Unit vector to a pixel. */
INLINED Vec3 device_direction(const DeviceShared *shared, FlatPixel pixel) {
    return vec3_add(shared->centre, vec3((double)pixel.x, (double)pixel.y, (double)pixel.z));
}

/** Fraction that the layer stops of a source's photons. */
INLINED float device_capture(const Panel *panel, const DeviceShared *shared, FlatPixel pixel, double absorption_per_m) {
    const double cosine = panel_cosine(panel, device_direction(shared, pixel));
    return (float)sensor_capture(shared->layer_m, shared->layer, absorption_per_m, cosine);
}

/** Polarization, capture and resolution limit of a source at a pixel. */
INLINED float device_factor_of(const DeviceArguments *a, const Panel *panel, const DeviceShared *shared,
                               const SourceFactor *own, const Source *source, FlatPixel pixel) {
    float factor = source_factor_at(own, pixel.x, pixel.y, pixel.z);
    if (panel->sensor.by_wavelength) factor *= device_capture(panel, shared, pixel, source->absorption_per_m);
    if (a->scene->dmin_m > 0.0 && is_beyond_limit(shared->centre, pixel.x, pixel.y, pixel.z, source, a->scene->dmin_m))
        return 0.0f;
    return factor;
}

/** The background at a pixel in double precision: once for every source. */
INLINED double device_background(const DeviceArguments *a, const Panel *panel, const DeviceShared *shared,
                                 FlatPixel pixel) {
    const DeviceScene *scene = a->scene;
    const Vec3 diffracted = vec3_unit(device_direction(shared, pixel));
    Background background = scene->background;
    double all = 0.0;
    background.points = a->points;
    for (int32_t n = 0; n < scene->sources; n++) {
        const Source *source = &a->sources[n];
        const double s = vec3_length(vec3_subtract(diffracted, source->direction)) / source->wavelength_m;
        double added = source->weight * background_squared(&background, 0.5 * s);
        if (scene->half > 0.0) added *= beam_polarization_factor(scene->full_kahn, source, diffracted);
        if (panel->sensor.by_wavelength)
            added *= sensor_capture(shared->layer_m, shared->layer, source->absorption_per_m,
                                    panel_cosine(panel, diffracted));
        all += added;
    }
    return scene->times * (double)pixel.weight * all;
}

/** A thread's pixels, and their background. */
INLINED void device32_pixels(const DeviceArguments *a, DeviceVariant variant, const DeviceBlock *block, int part,
                             const DeviceShared *shared, int thread, DeviceThread *own) {
    const Panel *panel = &a->panels[block->panel];
    (void)part;
    own->lattice = -1;
    for (int j = 0; j < DEVICE_PIXELS; j++) {
        const int i = j * DEVICE_THREADS + thread;
        const FlatRow row = flat_row(&shared->flat, i / BLOCK_FAST);
        FlatPixel pixel = flat_pixel(&shared->flat, &row, flat_column(&shared->flat, i % BLOCK_FAST), shared->series);
        if (shared->layer_m > 0.0 && !panel->sensor.by_wavelength)
            pixel.weight *= device_capture(panel, shared, pixel, panel->sensor.absorption_per_m);
        own->pixel[j] = pixel;
        own->value[j] = 0.0f;
        if (a->scene->background.molecules > 0.0)
            own->sum[j] = double_double_add(own->sum[j], device_background(a, panel, shared, pixel));
        if (!variant.sources_differ)
            own->factor[j] = device_factor_of(a, panel, shared, &shared->factor[0], &a->sources[0], pixel);
    }
}

/** Terms begin..end-1 and their lattices. Shared by all threads. */
INLINED void device32_fill(const DeviceArguments *a, DeviceVariant variant, const DeviceBlock *block, int32_t begin,
                           int32_t end, int thread, DeviceShared *shared) {
    const DeviceScene *scene = a->scene;
    const Panel *panel = &a->panels[block->panel];
    const int32_t first = begin / scene->sources, last = (end - 1) / scene->sources;
    for (int32_t t = begin + thread; t < end; t += DEVICE_THREADS) {
        const int32_t lattice = t / scene->sources;
        const Source *source = &a->sources[t - lattice * scene->sources];
        shared->term[t - begin] = make_term(scene->least, shared->centre, source, a->lattices[lattice]);
        if (variant.sources_differ)
            shared->factor[t - begin] = source_factor(scene->half, scene->kahn, shared->centre, source);
        if (!crystal_shape_stops(variant.shape)) continue;
        const Vec3 middle_m = device_position(panel, shared, PIXELS / 2);
        const float rounding = block_rounding(panel, vec3_length(middle_m), scene->longest_m, source->wavelength_m);
        shared->doubt[t - begin] = 2.0f * scene->spot.steepness * rounding + scene->spot.rounding;
    }
    for (int32_t n = first + thread; n <= last; n += DEVICE_THREADS)
        for (int i = 0; i < 3; i++) shared->lattice[n - first][i] = float3_of(vec3_scale(1e10, a->lattices[n].row[i]));
}

/** A step on its way: the term, and where it is. */
typedef struct DeviceStep {
    const Panel *panel;
    const Source *source;
    const Mat3 *cell_m;
    Term term;
    float doubt;
} DeviceStep;

/** |F_latt|^2 of a spot with a sharp edge: where rounding leaves in doubt on which side of it a pixel is, it is asked
 * in double precision. */
INLINED float device_sharp(const DeviceArguments *a, CrystalShape shape, const DeviceShared *shared, const Spot *spot,
                           const DeviceStep *step, float form, int i) {
    const Crystal *crystal = &a->scene->crystal;
    if (!(fabsf(form - 1.0f) < step->doubt)) return spot->height * shape_squared32(shape, form);
    const Vec3 hkl = indices_at(device_position(step->panel, shared, i), step->source, *step->cell_m);
    return (float)shape_square(shape_amplitude_of_indices(shape, crystal, hkl));
}

/** |F_latt|^2 at indices whose nearest reflection is h0, k0, l0. */
INLINED float device_squared(const DeviceArguments *a, CrystalShape shape, const DeviceShared *shared, const Spot *spot,
                             const DeviceStep *step, const float *index, const float *whole, int i) {
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return name##_squared32(axis_phase(shape, index[0], spot->cells[0]),                                           \
                                axis_phase(shape, index[1], spot->cells[1]),                                           \
                                axis_phase(shape, index[2], spot->cells[2]));
#define SHAPE_OF_FORM(NAME, name, end, nanobragg)                                                                      \
    case SHAPE_##NAME: {                                                                                               \
        const float form = spot_form(spot, index[0] - whole[0], index[1] - whole[1], index[2] - whole[2]);             \
        return (end) == SPOTS_STOP ? device_sharp(a, shape, shared, spot, step, form, i)                               \
                                   : spot->height * name##_squared32(form);                                            \
    }
#include "parameters/shapes.def"
    }
    return 0.0f;
}

/** |F| between reflections. */
INLINED float device_tricubic(const DeviceArguments *a, const Term *term, const float *index) {
    const TableEnd *last = &a->scene->last;
    const int32_t row = (int32_t)last->k + 1, column = (int32_t)last->l + 1;
    const Axis h = make_axis(index[0], term->first[0], (float)(int32_t)(last->h - 1));
    const Axis k = make_axis(index[1], term->first[1], (float)(int32_t)(last->k - 1));
    const Axis l = make_axis(index[2], term->first[2], (float)(int32_t)(last->l - 1));
    const int inside = h.inside & k.inside & l.inside;
    const AxisWeights weight_h = axis_weights(h, inside), weight_k = axis_weights(k, inside);
    const float *first = a->table + first_place(h, k, l, row, column);
    const int64_t plane = (int64_t)row * column;
    float sum[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int i = 0; i < 4; i++) {
        float along_k[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        for (int n = 0; n < 4; n++) add_points(first + i * plane + n * column, weight_k.of[n], along_k);
        add_points(along_k, weight_h.of[i], sum);
    }
    return last_sum(axis_weights(l, inside), sum);
}

/** One step of a pixel. */
INLINED float device_step(const DeviceArguments *a, DeviceVariant variant, const DeviceShared *shared, const Spot *spot,
                          const TableEnd *last, const DeviceStep *step, const DeviceThread *own, int j, int thread) {
    const Term *term = &step->term;
    const float index[3] = {fused(term->per_wavelength, own->h[j], term->h),
                            fused(term->per_wavelength, own->k[j], term->k),
                            fused(term->per_wavelength, own->l[j], term->l)};
    const float whole[3] = {nearest(index[0]), nearest(index[1]), nearest(index[2])};
    float squared = device_squared(a, variant.shape, shared, spot, step, index, whole, j * DEVICE_THREADS + thread);
    squared *= term->weight;
    if (variant.factors == DEVICE_NEAREST) {
        const float f = a->table[place_in_table(last, whole[0] + term->first[0], whole[1] + term->first[1],
                                                whole[2] + term->first[2])];
        squared *= f * f;
    } else if (variant.factors == DEVICE_TRICUBIC) {
        const float f = device_tricubic(a, term, index);
        squared *= f * f;
    }
    return squared;
}

INLINED void device_set_lattice(const Float3 *edges, DeviceThread *own) {
    for (int j = 0; j < DEVICE_PIXELS; j++) {
        const FlatPixel pixel = own->pixel[j];
        own->h[j] = float3_dot(edges[0], pixel.x, pixel.y, pixel.z, 0.0f);
        own->k[j] = float3_dot(edges[1], pixel.x, pixel.y, pixel.z, 0.0f);
        own->l[j] = float3_dot(edges[2], pixel.x, pixel.y, pixel.z, 0.0f);
    }
}

/** What 32 terms make, once to the sums. */
INLINED void device_flush(double scale, DeviceThread *own) {
    for (int j = 0; j < DEVICE_PIXELS; j++) {
        own->sum[j] = double_double_add(own->sum[j], scale * (double)(own->pixel[j].weight * own->value[j]));
        own->value[j] = 0.0f;
    }
}

/** Terms begin..end-1 at a thread's pixels. */
INLINED void device32_add(const DeviceArguments *a, DeviceVariant variant, const DeviceBlock *block,
                          const DeviceShared *shared, int32_t begin, int32_t end, int thread, DeviceThread *own) {
    const DeviceScene *scene = a->scene;
    const Spot spot = scene->spot;
    const TableEnd last = scene->last;
    const double scale = scene->scale;
    const int32_t sources = scene->sources, first = begin / sources;
    int32_t lattice = first, source = begin - first * sources;
    DeviceStep step = {.panel = &a->panels[block->panel]};
    for (int32_t t = begin, stop; t < end; t = stop) {
        const int32_t flush = (t / DEVICE_FLUSH + 1) * DEVICE_FLUSH, next = t + sources - source;
        stop = next < flush ? next : flush;
        stop = stop < end ? stop : end;
        if (own->lattice != lattice) device_set_lattice(shared->lattice[lattice - first], own);
        own->lattice = lattice;
        step.cell_m = &a->lattices[lattice];
        for (int32_t n = t; n < stop; n++) {
            step.term = shared->term[n - begin];
            step.source = &a->sources[source + n - t];
            if (crystal_shape_stops(variant.shape)) step.doubt = shared->doubt[n - begin];
            for (int j = 0; j < DEVICE_PIXELS; j++) {
                const float squared = device_step(a, variant, shared, &spot, &last, &step, own, j, thread);
                const float factor = variant.sources_differ
                                         ? device_factor_of(a, step.panel, shared, &shared->factor[n - begin],
                                                            step.source, own->pixel[j])
                                         : own->factor[j];
                own->value[j] = fused(squared, factor, own->value[j]);
            }
        }
        source += stop - t;
        if (source == sources) {
            source = 0;
            lattice++;
        }
        if (stop == flush || stop == scene->term_end) device_flush(scale, own);
    }
}

/** The wanted ones of a thread's pixels. */
INLINED void device32_store(const DeviceArguments *a, const DeviceBlock *block, int thread, const DeviceThread *own) {
    for (int j = 0; j < DEVICE_PIXELS; j++) device_put(a, block, j * DEVICE_THREADS + thread, own->sum[j]);
}

#endif
