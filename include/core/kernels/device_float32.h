/** @file
 *  The float32 kernel of a device: what one thread of a group does, which computes one block of pixels. Compiled for
 *  devices by device_float32.ptx.c, and for the CPU by device_on_cpu.c, which goes through the threads one after the
 *  other. Steps are those of float32_step.h and pixel_block.h in the order of kernel_float32.c, so the bytes are, too.
 */
#ifndef TESSERA_DEVICE_FLOAT32_H
#define TESSERA_DEVICE_FLOAT32_H

#include "kernels/device_variant.h"

/** What the threads of a group share. */
typedef struct DeviceShared {
    Term term[DEVICE_TERMS];
    SourceFactor factor[DEVICE_TERMS];   /**< of the terms' sources where these differ, else [0] of all */
    Float3 lattice[DEVICE_TERMS + 1][3]; /**< edges (1e-10 m) of the lattices of these terms */
    FlatBlock flat;
    RootSeries series;
    Vec3 centre;
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

/** The sub-pixels' centre. By thread 0 alone. */
INLINED void device_centre(const DeviceArguments *a, const DeviceBlock *block, int sub_s, int sub_f,
                           DeviceShared *shared) {
    const DeviceScene *scene = a->scene;
    const Panel *panel = &a->panels[block->panel];
    const double s_m = block_centre_m(panel->pixel_size_m[1], block->slow, BLOCK_SLOW, sub_s, scene->oversample);
    const double f_m = block_centre_m(panel->pixel_size_m[0], block->fast, BLOCK_FAST, sub_f, scene->oversample);
    const Vec3 centre_m = panel_flat_position(panel, f_m, s_m, 0.0);
    const double per_m = 1.0 / vec3_length(centre_m);
    shared->centre = vec3_scale(per_m, centre_m);
    shared->flat = flat_block(panel, scene->point_pixel, shared->centre, per_m);
    shared->series = flat_series(&shared->flat);
    shared->factor[0] = source_factor(scene->half, scene->kahn, shared->centre, &a->sources[0]);
}

/** A thread's pixels. */
INLINED void device_pixels(const DeviceArguments *a, DeviceVariant variant, const DeviceShared *shared, int thread,
                           DeviceThread *own) {
    own->lattice = -1;
    for (int j = 0; j < DEVICE_PIXELS; j++) {
        const int i = j * DEVICE_THREADS + thread;
        const FlatRow row = flat_row(&shared->flat, i / BLOCK_FAST);
        const FlatPixel pixel =
            flat_pixel(&shared->flat, &row, flat_column(&shared->flat, i % BLOCK_FAST), shared->series);
        own->pixel[j] = pixel;
        own->value[j] = 0.0f;
        if (variant.sources_differ) continue;
        own->factor[j] = source_factor_at(&shared->factor[0], pixel.x, pixel.y, pixel.z);
        if (a->scene->dmin_m > 0.0 &&
            is_beyond_limit(shared->centre, pixel.x, pixel.y, pixel.z, &a->sources[0], a->scene->dmin_m))
            own->factor[j] = 0.0f;
    }
}

/** Terms begin..end-1 and their lattices. Shared by all threads. */
INLINED void device_fill(const DeviceArguments *a, DeviceVariant variant, int32_t begin, int32_t end, int thread,
                         DeviceShared *shared) {
    const DeviceScene *scene = a->scene;
    const int32_t first = begin / scene->sources, last = (end - 1) / scene->sources;
    for (int32_t t = begin + thread; t < end; t += DEVICE_THREADS) {
        const int32_t lattice = t / scene->sources;
        const Source *source = &a->sources[t - lattice * scene->sources];
        shared->term[t - begin] = make_term(scene->least, shared->centre, source, a->lattices[lattice]);
        if (variant.sources_differ)
            shared->factor[t - begin] = source_factor(scene->half, scene->kahn, shared->centre, source);
    }
    for (int32_t n = first + thread; n <= last; n += DEVICE_THREADS)
        for (int i = 0; i < 3; i++) shared->lattice[n - first][i] = float3_of(vec3_scale(1e10, a->lattices[n].row[i]));
}

/** |F_latt|^2 at indices whose nearest reflection is h0, k0, l0. */
INLINED float device_squared(CrystalShape shape, const Spot *spot, float h, float k, float l, float h0, float k0,
                             float l0) {
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return name##_squared32(axis_phase(shape, h, spot->cells[0]), axis_phase(shape, k, spot->cells[1]),            \
                                axis_phase(shape, l, spot->cells[2]));
#define SHAPE_OF_FORM(NAME, name, end, nanobragg)                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return spot->height * name##_squared32(spot_form(spot, h - h0, k - k0, l - l0));
#include "parameters/shapes.def"
    }
    return 0.0f;
}

/** One step of a pixel. */
INLINED float device_step(const DeviceArguments *a, DeviceVariant variant, const Spot *spot, const TableEnd *last,
                          const Term *term, const DeviceThread *own, int j) {
    const float h = fused(term->per_wavelength, own->h[j], term->h);
    const float k = fused(term->per_wavelength, own->k[j], term->k);
    const float l = fused(term->per_wavelength, own->l[j], term->l);
    const float h0 = nearest(h), k0 = nearest(k), l0 = nearest(l);
    float squared = device_squared(variant.shape, spot, h, k, l, h0, k0, l0);
    squared *= term->weight;
    if (variant.has_table) {
        const float f = a->table[place_in_table(last, h0 + term->first[0], k0 + term->first[1], l0 + term->first[2])];
        squared *= f * f;
    }
    return squared;
}

/** The factor of a term's source at a pixel. */
INLINED float device_factor(const DeviceArguments *a, DeviceVariant variant, const DeviceShared *shared, int32_t place,
                            int32_t source, const DeviceThread *own, int j) {
    const FlatPixel pixel = own->pixel[j];
    if (!variant.sources_differ) return own->factor[j];
    const float factor = source_factor_at(&shared->factor[place], pixel.x, pixel.y, pixel.z);
    if (a->scene->dmin_m > 0.0 &&
        is_beyond_limit(shared->centre, pixel.x, pixel.y, pixel.z, &a->sources[source], a->scene->dmin_m))
        return 0.0f;
    return factor;
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
INLINED void device_add(const DeviceArguments *a, DeviceVariant variant, const DeviceShared *shared, int32_t begin,
                        int32_t end, DeviceThread *own) {
    const DeviceScene *scene = a->scene;
    const Spot spot = scene->spot;
    const TableEnd last = scene->last;
    const double scale = scene->scale;
    const int32_t sources = scene->sources, first = begin / sources;
    int32_t lattice = first, source = begin - first * sources;
    for (int32_t t = begin, stop; t < end; t = stop) {
        const int32_t flush = (t / DEVICE_FLUSH + 1) * DEVICE_FLUSH, next = t + sources - source;
        stop = next < flush ? next : flush;
        stop = stop < end ? stop : end;
        if (own->lattice != lattice) device_set_lattice(shared->lattice[lattice - first], own);
        own->lattice = lattice;
        for (int32_t n = t; n < stop; n++) {
            const Term term = shared->term[n - begin];
            for (int j = 0; j < DEVICE_PIXELS; j++) {
                const float squared = device_step(a, variant, &spot, &last, &term, own, j);
                const float factor = device_factor(a, variant, shared, n - begin, source + n - t, own, j);
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
INLINED void device_store(const DeviceArguments *a, const DeviceBlock *block, int thread, const DeviceThread *own) {
    const double photons = a->scene->photons;
    for (int j = 0; j < DEVICE_PIXELS; j++) {
        const int i = j * DEVICE_THREADS + thread, row = i / BLOCK_FAST, column = i % BLOCK_FAST;
        const bool is_wanted = row >= block->row_begin && row < block->row_end && column >= block->column_begin &&
                               column < block->column_end;
        const int64_t place = block->place + (int64_t)row * block->width + column;
        if (!is_wanted) continue;
        if (a->scene->wants_photons)
            a->photons[place] = double_double_times(photons, own->sum[j]);
        else
            a->sums[place] = own->sum[j];
    }
}

/** All that a group does, with @p EACH before what every thread does, and @p WAIT between what they share. A macro, as
 *  threads of a device run side by side and those of the CPU in loops. */
#define DEVICE_GROUP(a, variant, block, shared, EACH, WAIT)                                                            \
    EACH {                                                                                                             \
        for (int j = 0; j < DEVICE_PIXELS; j++) OWN->sum[j] = (DoubleDouble){0.0, 0.0};                                \
    }                                                                                                                  \
    for (int sub = 0; sub < (a)->scene->oversample * (a)->scene->oversample; sub++) {                                  \
        WAIT;                                                                                                          \
        EACH {                                                                                                         \
            if (THREAD == 0)                                                                                           \
                device_centre(a, block, sub / (a)->scene->oversample, sub % (a)->scene->oversample, shared);           \
        }                                                                                                              \
        WAIT;                                                                                                          \
        EACH {                                                                                                         \
            device_pixels(a, variant, shared, THREAD, OWN);                                                            \
        }                                                                                                              \
        for (int32_t begin = (a)->scene->term_begin; begin < (a)->scene->term_end; begin += DEVICE_TERMS) {            \
            const int32_t all = (a)->scene->term_end, end = begin + DEVICE_TERMS < all ? begin + DEVICE_TERMS : all;   \
            WAIT;                                                                                                      \
            EACH {                                                                                                     \
                device_fill(a, variant, begin, end, THREAD, shared);                                                   \
            }                                                                                                          \
            WAIT;                                                                                                      \
            EACH {                                                                                                     \
                device_add(a, variant, shared, begin, end, OWN);                                                       \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    EACH {                                                                                                             \
        device_store(a, block, THREAD, OWN);                                                                           \
    }

#endif
