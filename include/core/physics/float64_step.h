/** @file
 *  What a step of double precision is made of, for one sub-pixel: the float64 kernel of the CPU calls it for many side
 * by side, that of a device in one thread. Included by these alone. */
#ifndef TESSERA_FLOAT64_STEP_H
#define TESSERA_FLOAT64_STEP_H

#include "base/float64_math.h"
#include "model/background.h"
#include "model/beam.h"
#include "model/sensor.h"
#include "physics/shape_distance.h"

/** A sub-pixel: unit vector of the diffracted beam; solid angle (sr) x capture where all sources have the same; cosine
 * of the angle to the detector's normal. */
typedef struct Lane {
    double x, y, z, weight, cosine;
} Lane;

/** Where along an edge of a panel a sub-pixel is. */
INLINED double lane_m(double pixel_m, int64_t pixel, int sub_pixel, double oversample) {
    return pixel_m * ((double)pixel + (sub_pixel + 0.5) / oversample);
}

/** @param position_m  of the sub-pixel, in layer @p layer of the sensor
 *  @param layer_m     its thickness; 0 where it is ignored */
INLINED Lane make_lane(const Panel *panel, bool point_pixel, Vec3 position_m, int layer, double layer_m) {
    const double r = vec3_length(position_m);
    const Vec3 direction = vec3_scale(1.0 / r, position_m);
    const double cosine = panel_cosine(panel, direction);
    Lane lane = {direction.x, direction.y, direction.z, 0.0, cosine};
    lane.weight = panel->pixel_size_m[0] * panel->pixel_size_m[1] / (r * r) * (point_pixel ? 1.0 : cosine);
    if (layer_m > 0.0 && !panel->sensor.by_wavelength)
        lane.weight *= sensor_capture(layer_m, layer, panel->sensor.absorption_per_m, cosine);
    return lane;
}

/** Indices that the incident beam of a source makes: what is added to those of the diffracted beam. */
INLINED Vec3 incident_indices(const Source *source, Mat3 cell_m) {
    return mat3_apply(cell_m, vec3_scale(-(1.0 / source->wavelength_m), source->direction));
}

/** Kahn's factor. @param on  1, or 0 without polarization */
INLINED double polarization64(double on, double kahn, const Source *source, double x, double y, double z) {
    const double along = fused64_dot(source->direction, x, y, z);
    const double p = fused64_dot(source->electric, x, y, z), q = fused64_dot(source->magnetic, x, y, z);
    const double polarized = 0.5 * fused64(along, along, fused64(kahn, fused64(q, q, -p * p), 1.0));
    return fused64(on, polarized - 1.0, 1.0);
}

/** True beyond the resolution limit, where nothing is diffracted. */
INLINED bool is_beyond_limit64(double x, double y, double z, const Source *source, double dmin_m) {
    const double least = source->wavelength_m / dmin_m; /* of |diffracted - incident| */
    const Vec3 s = vec3_subtract(vec3(x, y, z), source->direction);
    return vec3_dot(s, s) > least * least;
}

/** |F| of the nearest reflection. */
INLINED double nearest_factor64(const double *grid, const int32_t *least, const int32_t *count, double default_f,
                                double miller_h, double miller_k, double miller_l) {
    const double h = ceil(miller_h - 0.5) - (double)least[0], k = ceil(miller_k - 0.5) - (double)least[1];
    const double l = ceil(miller_l - 0.5) - (double)least[2];
    const int inside =
        (h >= 0.0) & (h < (double)count[0]) & (k >= 0.0) & (k < (double)count[1]) & (l >= 0.0) & (l < (double)count[2]);
    const int32_t place = /* the grid fits: see the reader */
        inside ? ((int32_t)h * count[1] + (int32_t)k) * count[2] + (int32_t)l : 0;
    return inside ? grid[place] : default_f;
}

/** |F_latt|^2 of a shape of the axes, which is a constant where this is called. @param cells  [3] */
INLINED double axes_squared64(CrystalShape shape, const double *cells, double h, double k, double l) {
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return name##_squared64(cells, h, k, l);
#define SHAPE_OF_FORM(NAME, name, ...)                                                                                 \
    case SHAPE_##NAME:                                                                                                 \
        break;
#include "parameters/shapes.def"
    }
    return 0.0;
}

/** What the background adds for one source. */
INLINED double background64(const Background *background, const Source *source, double factor, double x, double y,
                            double z) {
    const Vec3 s = vec3_subtract(vec3(x, y, z), source->direction);
    const double stol = 0.5 * vec3_length(s) / source->wavelength_m;
    return source->weight * background_squared(background, stol) * factor;
}

#endif
