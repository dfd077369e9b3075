#include "physics/shape.h"

#include "base/cell.h"
#include "base/constants.h"

static double square_of(double x) {
    return x * x;
}

const ShapeFormulas *shape_formulas(CrystalShape shape) {
    static const ShapeFormulas formulas[] = {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    [SHAPE_##NAME] = {.flank_most = name##_flank_most,                                                                 \
                      .greatest_phase = name##_greatest_phase,                                                         \
                      .phase_per_index = name##_phase_per_index},
#define SHAPE_OF_FORM(NAME, name, ...)                                                                                 \
    [SHAPE_##NAME] = {name##_height,          name##_profile,        name##_form,                                      \
                      name##_squared32,       name##_squared64,      name##_reach,                                     \
                      name##_reach_of_weaker, name##_integral,       name##_feature,                                   \
                      name##_flank_most,      name##_greatest_phase, name##_phase_per_index},
#include "parameters/shapes.def"
    };
    return &formulas[shape];
}

/* (dh a* + dk b* + dl c*)^2 */
static double reciprocal_squared(const Crystal *crystal, Vec3 offset) {
    const Vec3 *star = crystal->reciprocal_per_m.row;
    const Vec3 q_per_m =
        vec3_add(vec3_add(vec3_scale(offset.x, star[0]), vec3_scale(offset.y, star[1])), vec3_scale(offset.z, star[2]));
    return vec3_dot(q_per_m, q_per_m);
}

/* The functions below are the inner loop of the kernel of double precision, for shapes of a form. */
INLINED double distance_squared_by(SpotLaw law, const Crystal *crystal, Vec3 offset) {
    const double na = (double)crystal->cells[0], nb = (double)crystal->cells[1], nc = (double)crystal->cells[2];
    switch (law) {
    case SPOT_ISOTROPIC:
        return reciprocal_squared(crystal, offset) * square_of(crystal->cube_edge_m);
    case SPOT_NANOBRAGG: /* 1/A^2 times (Na Nb Nc)^2 */
        return reciprocal_squared(crystal, offset) * 1e-20 * square_of(crystal->nanobragg_star * (na * nb * nc));
    case SPOT_PER_AXIS:
        break;
    }
    return square_of(na * offset.x) + square_of(nb * offset.y) + square_of(nc * offset.z);
}

INLINED double distance_squared_at(const Crystal *crystal, Vec3 offset) {
    switch (crystal->shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return 0.0;
#define SHAPE_OF_FORM(NAME, name, ...)                                                                                 \
    case SHAPE_##NAME:                                                                                                 \
        break;
#include "parameters/shapes.def"
    }
    return crystal->fudge * distance_squared_by(crystal_spot_model(crystal), crystal, offset);
}

INLINED double amplitude_at(const Crystal *crystal, Vec3 nearest, Vec3 offset, double distance_squared) {
    const int64_t *number = crystal->cells;
    const double cells = (double)number[0] * (double)number[1] * (double)number[2];
    const SpotLaw law = crystal_spot_model(crystal);
    switch (crystal->shape) {
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

double shape_distance_squared(const Crystal *crystal, const double *offset) {
    return distance_squared_at(crystal, vec3(offset[0], offset[1], offset[2]));
}

double shape_amplitude_at(const Crystal *crystal, const double *nearest, const double *offset,
                          double distance_squared) {
    return amplitude_at(crystal, vec3(nearest[0], nearest[1], nearest[2]), vec3(offset[0], offset[1], offset[2]),
                        distance_squared);
}

double shape_amplitude(const Crystal *crystal, double h, double k, double l) {
    const Vec3 nearest = vec3(ceil(h - 0.5), ceil(k - 0.5), ceil(l - 0.5));
    const Vec3 offset = vec3(h - nearest.x, k - nearest.y, l - nearest.z);
    return amplitude_at(crystal, nearest, offset, distance_squared_at(crystal, offset));
}

double shape_squared(const Crystal *crystal, double h, double k, double l) {
    return square_of(shape_amplitude(crystal, h, k, l));
}

void shape_spot_form(const Crystal *crystal, double *form, double *height) {
    const ShapeFormulas *formulas = shape_formulas(crystal->shape);
    const SpotLaw law = crystal_spot_model(crystal);
    const double exponent = formulas->form == NULL ? 1.0 : formulas->form(law, crystal->fudge);
    const double amplitude = formulas->height == NULL ? 1.0 : formulas->height(law);
    const double cells = (double)crystal->cells[0] * (double)crystal->cells[1] * (double)crystal->cells[2];
    /* nanoBragg's measure: 1/A times Na Nb Nc */
    const double nanobragg_m = 1e-10 * crystal->nanobragg_star * cells;
    const double along_q_m = law == SPOT_ISOTROPIC ? crystal->cube_edge_m : nanobragg_m;
    const bool per_axis = law == SPOT_PER_AXIS;
    *height = square_of(cells * amplitude);
    for (int i = 0; i < 3; i++) {
        const Vec3 one = crystal->reciprocal_per_m.row[i], next = crystal->reciprocal_per_m.row[(i + 1) % 3];
        const double along =
            per_axis ? square_of((double)crystal->cells[i]) : square_of(along_q_m) * vec3_dot(one, one);
        form[i] = exponent * along;
        form[3 + i] = per_axis ? 0.0 : exponent * 2.0 * square_of(along_q_m) * vec3_dot(one, next);
    }
}

double shape_form_condition(const double *g) {
    const Mat3 form = {
        {vec3(g[0], 0.5 * g[3], 0.5 * g[5]), vec3(0.5 * g[3], g[1], 0.5 * g[4]), vec3(0.5 * g[5], 0.5 * g[4], g[2])}};
    const Mat3 inverse = cell_dual(form); /* transposed, and the form is symmetric */
    return fmax(form.row[0].x * inverse.row[0].x,
                fmax(form.row[1].y * inverse.row[1].y, form.row[2].z * inverse.row[2].z));
}
