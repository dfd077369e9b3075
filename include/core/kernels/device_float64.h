/** @file
 *  The float64 kernel of a device: as device_float32.h, with the steps of float64_step.h in the order of
 *  kernel_float64.c. A thread has one pixel of the group's block. */
#ifndef TESSERA_DEVICE_FLOAT64_H
#define TESSERA_DEVICE_FLOAT64_H

#include "kernels/device_group.h"
#include "physics/float64_step.h"

/** Threads of a group, and terms that it makes at a time. */
enum { DEVICE64_THREADS = PIXELS, DEVICE64_TERMS = 64 };

/** What the threads of a group share: for each term of a batch. */
typedef struct Device64Shared {
    Vec3 incident[DEVICE64_TERMS];
    double per_m[DEVICE64_TERMS], weight[DEVICE64_TERMS];
    Mat3 cell_m[DEVICE64_TERMS + 1]; /**< of the lattices of these terms */
} Device64Shared;

/** What a thread keeps of its pixel. */
typedef struct Device64Thread {
    Lane lane;
    double factor;                    /**< of the source, or of all where they do not differ */
    double along_a, along_b, along_c; /**< edges of the lattice . diffracted beam */
    double value;                     /**< since the last flush */
    DoubleDouble sum;
    int32_t lattice;
    int layer;
} Device64Thread;

INLINED void device64_begin(Device64Thread *own) {
    own->sum = (DoubleDouble){0.0, 0.0};
}

/** There is nothing that one thread makes for all. */
INLINED void device64_centre(const DeviceArguments *a, const DeviceBlock *block, int part, Device64Shared *shared) {
    (void)a;
    (void)block;
    (void)part;
    (void)shared;
}

/** Thickness of a layer; 0 where it is ignored. */
INLINED double device64_layer_m(const Panel *panel) {
    return panel->sensor.thickness_m > 0.0 ? sensor_layer(&panel->sensor) : 0.0;
}

/** Polarization, and capture where it depends on the wavelength. */
INLINED double device64_source(const DeviceArguments *a, const Panel *panel, const Source *source,
                               const Device64Thread *own) {
    const Lane lane = own->lane;
    const double on = a->scene->half > 0.0 ? 1.0 : 0.0;
    double factor = polarization64(on, a->scene->full_kahn, source, lane.x, lane.y, lane.z);
    if (panel->sensor.by_wavelength)
        factor *= sensor_capture(sensor_layer(&panel->sensor), own->layer, source->absorption_per_m, lane.cosine);
    return factor;
}

/** The same, and the resolution limit. */
INLINED double device64_factor(const DeviceArguments *a, const Panel *panel, const Source *source,
                               const Device64Thread *own) {
    const Lane lane = own->lane;
    const double factor = device64_source(a, panel, source, own);
    if (a->scene->dmin_m > 0.0 && is_beyond_limit64(lane.x, lane.y, lane.z, source, a->scene->dmin_m)) return 0.0;
    return factor;
}

INLINED double device64_background(const DeviceArguments *a, const Panel *panel, const Device64Thread *own) {
    Background background = a->scene->background;
    double all = 0.0;
    background.points = a->points;
    for (int32_t n = 0; n < a->scene->sources; n++) {
        const Source *source = &a->sources[n];
        all += background64(&background, source, device64_source(a, panel, source, own), own->lane.x, own->lane.y,
                            own->lane.z);
    }
    return a->scene->times * own->lane.weight * all;
}

/** A thread's pixel, and its background. */
INLINED void device64_pixels(const DeviceArguments *a, DeviceVariant variant, const DeviceBlock *block, int part,
                             const Device64Shared *shared, int thread, Device64Thread *own) {
    const DeviceScene *scene = a->scene;
    const Panel *panel = &a->panels[block->panel];
    const int layers = panel->sensor.layers, sub = part / layers;
    const int sub_s = sub / scene->oversample, sub_f = sub % scene->oversample;
    (void)shared;
    own->layer = part % layers;
    own->lattice = -1;
    own->value = 0.0;
    const double s_m = lane_m(panel->pixel_size_m[1], block->slow + thread / BLOCK_FAST, sub_s, scene->oversample);
    const double f_m = lane_m(panel->pixel_size_m[0], block->fast + thread % BLOCK_FAST, sub_f, scene->oversample);
    const double depth_m = a->depths_m[block->panel * scene->layers + own->layer];
    own->lane = make_lane(panel, scene->point_pixel, panel_flat_position(panel, f_m, s_m, depth_m), own->layer,
                          device64_layer_m(panel));
    if (scene->background.molecules > 0.0) own->sum = double_double_add(own->sum, device64_background(a, panel, own));
    if (!variant.sources_differ) own->factor = device64_factor(a, panel, &a->sources[0], own);
}

/** Terms begin..end-1 and their lattices. Shared by all threads. */
INLINED void device64_fill(const DeviceArguments *a, DeviceVariant variant, const DeviceBlock *block, int32_t begin,
                           int32_t end, int thread, Device64Shared *shared) {
    const int32_t sources = a->scene->sources, first = begin / sources, last = (end - 1) / sources;
    (void)variant;
    (void)block;
    for (int32_t t = begin + thread; t < end; t += DEVICE64_THREADS) {
        const int32_t lattice = t / sources;
        const Source *source = &a->sources[t - lattice * sources];
        shared->per_m[t - begin] = 1.0 / source->wavelength_m;
        shared->weight[t - begin] = source->weight;
        shared->incident[t - begin] = incident_indices(source, a->lattices[lattice]);
    }
    for (int32_t n = first + thread; n <= last; n += DEVICE64_THREADS) shared->cell_m[n - first] = a->lattices[n];
}

/** |F_latt|^2. */
INLINED double device64_squared(const DeviceArguments *a, CrystalShape shape, const double *cells, double h, double k,
                                double l) {
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return axes_squared64(shape, cells, h, k, l);
#define SHAPE_OF_FORM(NAME, name, end, nanobragg)                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return shape_square(shape_amplitude_of_indices(shape, &a->scene->crystal, vec3(h, k, l)));
#include "parameters/shapes.def"
    }
    return 0.0;
}

/** Terms begin..end-1 at a thread's pixel. */
INLINED void device64_add(const DeviceArguments *a, DeviceVariant variant, const DeviceBlock *block,
                          const Device64Shared *shared, int32_t begin, int32_t end, int thread, Device64Thread *own) {
    const DeviceScene *scene = a->scene;
    const Panel *panel = &a->panels[block->panel];
    const Lane lane = own->lane;
    const double cells[3] = {(double)scene->crystal.cells[0], (double)scene->crystal.cells[1],
                             (double)scene->crystal.cells[2]};
    const int32_t sources = scene->sources, first = begin / sources;
    int32_t lattice = first, source = begin - first * sources;
    (void)thread;
    for (int32_t t = begin; t < end; t++) {
        const int32_t n = t - begin;
        if (own->lattice != lattice) {
            const Mat3 *cell_m = &shared->cell_m[lattice - first];
            own->along_a = fused64_dot(cell_m->row[0], lane.x, lane.y, lane.z);
            own->along_b = fused64_dot(cell_m->row[1], lane.x, lane.y, lane.z);
            own->along_c = fused64_dot(cell_m->row[2], lane.x, lane.y, lane.z);
            own->lattice = lattice;
        }
        const Vec3 incident = shared->incident[n];
        const double per_m = shared->per_m[n];
        const double h = fused64(per_m, own->along_a, incident.x), k = fused64(per_m, own->along_b, incident.y);
        const double l = fused64(per_m, own->along_c, incident.z);
        double squared = device64_squared(a, variant.shape, cells, h, k, l);
        if (variant.factors != DEVICE_DEFAULT) {
            const double f = nearest_factor64(a->grid, scene->least, scene->count, scene->default_f, h, k, l);
            squared *= f * f;
        }
        if (variant.sources_differ) own->factor = device64_factor(a, panel, &a->sources[source], own);
        own->value = fused64(shared->weight[n] * squared, own->factor, own->value);
        if (++source == sources) {
            source = 0;
            lattice++;
        }
        if ((t + 1) % DEVICE_FLUSH == 0 || t + 1 == scene->term_end) {
            own->sum = double_double_add(own->sum, scene->scale * lane.weight * own->value);
            own->value = 0.0;
        }
    }
}

/** The pixel, if it is wanted. */
INLINED void device64_store(const DeviceArguments *a, const DeviceBlock *block, int thread, const Device64Thread *own) {
    device_put(a, block, thread, own->sum);
}

#endif
