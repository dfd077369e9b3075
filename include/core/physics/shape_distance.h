/** @file
 *  How far an index is from a spot's centre in double precision, as crystal.spot_model measures it: docs/physics.md. */
#ifndef TESSERA_SHAPE_DISTANCE_H
#define TESSERA_SHAPE_DISTANCE_H

#include "base/inlined.h"
#include "physics/shape.h"

/** x^2. */
INLINED double shape_square(double x) {
    return x * x;
}

/** (dh a* + dk b* + dl c*)^2 */
INLINED double shape_reciprocal_squared(const Crystal *crystal, Vec3 offset) {
    const Vec3 *star = crystal->reciprocal_per_m.row;
    const Vec3 q_per_m =
        vec3_add(vec3_add(vec3_scale(offset.x, star[0]), vec3_scale(offset.y, star[1])), vec3_scale(offset.z, star[2]));
    return vec3_dot(q_per_m, q_per_m);
}

/** R^2 of a shape of a form, without the sharpness. */
INLINED double shape_distance_squared_by(SpotLaw law, const Crystal *crystal, Vec3 offset) {
    const double na = (double)crystal->cells[0], nb = (double)crystal->cells[1], nc = (double)crystal->cells[2];
    switch (law) {
    case SPOT_ISOTROPIC:
        return shape_reciprocal_squared(crystal, offset) * shape_square(crystal->cube_edge_m);
    case SPOT_NANOBRAGG: /* 1/A^2 times (Na Nb Nc)^2 */
        return shape_reciprocal_squared(crystal, offset) * 1e-20 *
               shape_square(crystal->nanobragg_star * (na * nb * nc));
    case SPOT_PER_AXIS:
        break;
    }
    return shape_square(na * offset.x) + shape_square(nb * offset.y) + shape_square(nc * offset.z);
}

/** True for shapes whose spots have a sharp edge, where @p shape is a constant. */
INLINED bool crystal_shape_stops(CrystalShape shape) {
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return false;
#define SHAPE_OF_FORM(NAME, name, end, nanobragg)                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return (end) == SPOTS_STOP;
#include "parameters/shapes.def"
    }
    return false;
}

/** R^2 of crystals of a shape, a constant in loops as in what follows. */
INLINED double shape_distance_squared_at(CrystalShape shape, const Crystal *crystal, Vec3 offset) {
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return 0.0;
#define SHAPE_OF_FORM(NAME, name, ...)                                                                                 \
    case SHAPE_##NAME:                                                                                                 \
        break;
#include "parameters/shapes.def"
    }
    return crystal->fudge * shape_distance_squared_by(crystal_spot_model(crystal), crystal, offset);
}

/** F_latt: see shape_amplitude_at. */
INLINED double shape_amplitude_of(CrystalShape shape, const Crystal *crystal, Vec3 nearest, Vec3 offset,
                                  double distance_squared) {
    const int64_t *number = crystal->cells;
    const double cells = (double)number[0] * (double)number[1] * (double)number[2];
    const SpotLaw law = crystal_spot_model(crystal);
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return name##_amplitude(nearest.x, offset.x, number[0]) * name##_amplitude(nearest.y, offset.y, number[1]) *   \
               name##_amplitude(nearest.z, offset.z, number[2]);
#define SHAPE_OF_FORM(NAME, name, ...)                                                                                 \
    case SHAPE_##NAME:                                                                                                 \
        return cells * name##_height(law) * name##_profile(law, distance_squared);
#include "parameters/shapes.def"
    }
    return 0.0;
}

/** F_latt at the fractional Miller indices. */
INLINED double shape_amplitude_of_indices(CrystalShape shape, const Crystal *crystal, Vec3 hkl) {
    const Vec3 nearest = vec3(ceil(hkl.x - 0.5), ceil(hkl.y - 0.5), ceil(hkl.z - 0.5));
    const Vec3 offset = vec3(hkl.x - nearest.x, hkl.y - nearest.y, hkl.z - nearest.z);
    return shape_amplitude_of(shape, crystal, nearest, offset, shape_distance_squared_at(shape, crystal, offset));
}

#endif
