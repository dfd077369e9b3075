#include "physics/shape.h"

#include "base/cell.h"
#include "base/constants.h"
#include "physics/shape_distance.h"

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

double shape_distance_squared(const Crystal *crystal, const double *offset) {
    return shape_distance_squared_at(crystal->shape, crystal, vec3(offset[0], offset[1], offset[2]));
}

double shape_amplitude_at(const Crystal *crystal, const double *nearest, const double *offset,
                          double distance_squared) {
    return shape_amplitude_of(crystal->shape, crystal, vec3(nearest[0], nearest[1], nearest[2]),
                              vec3(offset[0], offset[1], offset[2]), distance_squared);
}

double shape_amplitude(const Crystal *crystal, double h, double k, double l) {
    return shape_amplitude_of_indices(crystal->shape, crystal, vec3(h, k, l));
}

double shape_squared(const Crystal *crystal, double h, double k, double l) {
    return shape_square(shape_amplitude(crystal, h, k, l));
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
    *height = shape_square(cells * amplitude);
    for (int i = 0; i < 3; i++) {
        const Vec3 one = crystal->reciprocal_per_m.row[i], next = crystal->reciprocal_per_m.row[(i + 1) % 3];
        const double along =
            per_axis ? shape_square((double)crystal->cells[i]) : shape_square(along_q_m) * vec3_dot(one, one);
        form[i] = exponent * along;
        form[3 + i] = per_axis ? 0.0 : exponent * 2.0 * shape_square(along_q_m) * vec3_dot(one, next);
    }
}

double shape_form_condition(const double *g) {
    const Mat3 form = {
        {vec3(g[0], 0.5 * g[3], 0.5 * g[5]), vec3(0.5 * g[3], g[1], 0.5 * g[4]), vec3(0.5 * g[5], 0.5 * g[4], g[2])}};
    const Mat3 inverse = cell_dual(form); /* transposed, and the form is symmetric */
    return fmax(form.row[0].x * inverse.row[0].x,
                fmax(form.row[1].y * inverse.row[1].y, form.row[2].z * inverse.row[2].z));
}
