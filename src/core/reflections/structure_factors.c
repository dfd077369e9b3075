#include "reflections/structure_factors.h"

#include "base/text.h"
#include "parameters/input.h"
#include "reflections/fdump.h"
#include "reflections/reflection_grid.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a dump that are accepted. */
static const size_t FILE_BYTES_MOST = (size_t)1 << 34;

/* Miller indices of a place in the grid.
 * @param index  [3] */
static void index_of_place(const StructureFactors *factors, int64_t place, int32_t *index) {
    index[2] = (int32_t)(place % factors->count[2]) + factors->least[2];
    index[1] = (int32_t)(place / factors->count[2] % factors->count[1]) + factors->least[1];
    index[0] = (int32_t)(place / factors->count[2] / factors->count[1]) + factors->least[0];
}

static bool is_origin(const int32_t *index) {
    return index[0] == 0 && index[1] == 0 && index[2] == 0;
}

/* The product of crystal.structure_factor_scale and the Debye-Waller factor exp(-B / 4d^2). */
static double factor_at(const Parameters *p, Mat3 reciprocal_per_m, const int32_t *index) {
    const Vec3 q = mat3_apply(mat3_transpose(reciprocal_per_m), vec3(index[0], index[1], index[2]));
    return p->crystal_structure_factor_scale * exp(-0.25 * p->crystal_b_factor_m2 * vec3_dot(q, q));
}

/* From what the file gives to what there is everywhere; the two may be one array. */
static void complete(const Parameters *p, Mat3 reciprocal_per_m, const double *unscaled, StructureFactors *factors,
                     double *grid) {
    const bool is_scaled = p->crystal_structure_factor_scale != 1.0 || p->crystal_b_factor_m2 != 0.0;
    const int64_t size = structure_factors_grid_size(factors);
    double greatest_f = p->crystal_default_f;
#pragma omp parallel for reduction(max : greatest_f)
    for (int64_t i = 0; i < size; i++) {
        double value = unscaled[i];
        int32_t index[3];
        index_of_place(factors, i, index);
        if (!isnan(value) && value != 0.0 && is_scaled) value *= factor_at(p, reciprocal_per_m, index);
        if (is_origin(index) && !isnan(p->crystal_f000)) value = p->crystal_f000;
        if (isnan(value)) value = p->crystal_default_f;
        grid[i] = value;
        greatest_f = fmax(greatest_f, value);
    }
    factors->greatest_f = greatest_f;
    factors->grid = grid;
}

void structure_factors_scale(const Parameters *p, Mat3 reciprocal_per_m, StructureFactors *factors, double *grid) {
    complete(p, reciprocal_per_m, factors->unscaled, factors, grid);
    if (factors->from_file || !isnan(p->crystal_f000)) return;
    factors->grid = NULL;
    for (int i = 0; i < 3; i++) factors->count[i] = 0;
}

/* Reflections that the space group forbids are 0, not default_f. */
static void forbid_absences(const Parameters *p, const Reflections *reflections, const StructureFactors *factors,
                            double *unscaled) {
    const int64_t size = structure_factors_grid_size(factors);
    for (int64_t i = 0; p->crystal_default_f > 0.0 && i < size; i++) {
        int32_t index[3];
        if (!isnan(unscaled[i])) continue;
        index_of_place(factors, i, index);
        if (!is_origin(index) && symmetry_is_absent(&reflections->symmetry, index)) unscaled[i] = 0.0;
    }
}

/* Text with h k l F and no symmetry says nothing that needs a remark. */
static void note_expansion(const Reflections *reflections, ColumnChoice choice, const ReflectionGrid *grid,
                           Notes *notes) {
    int64_t expanded = 0;
    if (reflections->symmetry.operations == 0) return;
    for (int64_t i = 0; i < reflection_grid_size(grid); i++) expanded += !isnan(grid->values[i]);
    notes_add(notes, "%.160s: %s, %s%s%s; %" PRId64 " reflections in %s become %" PRId64 " in P 1", reflections->path,
              reflections_format_name(reflections->format), reflections->column[choice.plus].label,
              choice.minus >= 0 ? " and " : "", choice.minus >= 0 ? reflections->column[choice.minus].label : "",
              grid->rows, *reflections->symmetry.name ? reflections->symmetry.name : "its symmetry", expanded);
    if (grid->absences > 0)
        notes_add(notes, "%" PRId64 " reflections that the space group forbids are taken as 0", grid->absences);
    if (grid->negatives > 0)
        notes_add(notes, "%" PRId64 " reflections of negative intensity have F = 0", grid->negatives);
}

static Status use_reflections(const Parameters *p, const Reflections *reflections, bool includes_origin,
                              StructureFactors *factors, double **values, Notes *notes) {
    ColumnChoice choice;
    ReflectionGrid grid;
    TRY(reflections_choose(reflections, p->crystal_structure_factor_label, &choice));
    const Status status = reflection_grid_create(
        reflections, choice, (Duplicates)p->crystal_structure_factor_duplicates, includes_origin, &grid);
    if (!status_is_ok(status)) {
        reflection_grid_free(&grid);
        return status;
    }
    note_expansion(reflections, choice, &grid, notes);
    for (int i = 0; i < 3; i++) {
        factors->least[i] = grid.least[i];
        factors->count[i] = grid.count[i];
    }
    forbid_absences(p, reflections, factors, grid.values);
    factors->reflections = grid.rows;
    if (*reflections->symmetry.name != '\0')
        (void)text_copy(factors->space_group, sizeof factors->space_group, reflections->symmetry.name);
    *values = grid.values;
    return status_ok();
}

static Status use_dump(const Parameters *p, bool rescaled, StructureFactors *factors, double **grid) {
    const char *path = p->crystal_structure_factors_file;
    char *contents = NULL;
    size_t bytes = 0;
    if (rescaled || p->crystal_structure_factor_scale != 1.0 || p->crystal_b_factor_m2 != 0.0 ||
        !isnan(p->crystal_f000) || *p->crystal_space_group != '\0')
        return status_error(
            STATUS_BAD_PARAMETER,
            "%s is a dump of structure factors, which is used as it is; crystal.structure_factor_scale, "
            "b_factor, f000 and space_group are for other files",
            path);
    TRY(input_read(p, PARAMETER(crystal, structure_factors), FILE_BYTES_MOST, &contents, &bytes));
    const Status status = fdump_read(path, contents, bytes, factors, grid);
    free(contents);
    return status;
}

/* Without a file F000 alone may differ from the rest.
 * @param unscaled  allocated */
static Status use_origin(StructureFactors *factors, double **unscaled) {
    *unscaled = malloc(sizeof **unscaled);
    if (*unscaled == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a structure factor");
    **unscaled = NAN;
    for (int i = 0; i < 3; i++) factors->count[i] = 1;
    return status_ok();
}

static Status use_file(const Parameters *p, const Reflections *reflections, bool rescaled, StructureFactors *factors,
                       double **unscaled, Notes *notes) {
    factors->from_file = true;
    factors->format = reflections->format;
    factors->is_shelx_in_cif = reflections->is_shelx_in_cif;
    factors->file_has_cell = reflections->has_cell;
    if (reflections->format == REFLECTIONS_DUMP) return use_dump(p, rescaled, factors, unscaled);
    return use_reflections(p, reflections, rescaled || !isnan(p->crystal_f000), factors, unscaled, notes);
}

/* Room for what is scaled before what is not. */
static Status keep_unscaled(StructureFactors *factors, double **grid) {
    const size_t size = (size_t)structure_factors_grid_size(factors);
    double *both = malloc(2 * size * sizeof *both);
    if (both == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %zu structure factors twice", size);
    memcpy(both + size, *grid, size * sizeof *both);
    free(*grid);
    *grid = both;
    factors->unscaled = both + size;
    return status_ok();
}

bool structure_factors_are_unwanted(const Parameters *p) {
    return parameters_is_given(p, PARAMETER(crystal, default_f)) && p->crystal_default_f == 0.0 &&
           !(p->crystal_f000 > 0.0) && *p->crystal_structure_factors_file == '\0' && *p->crystal_model_file == '\0' &&
           p->background_size_m[0] > 0.0;
}

Status structure_factors_create(const Parameters *p, const Reflections *reflections, Mat3 reciprocal_per_m,
                                bool rescaled, StructureFactors *factors, double **grid, Notes *notes) {
    *factors =
        (StructureFactors){.default_f = p->crystal_default_f, .greatest_f = p->crystal_default_f, .space_group = "P 1"};
    *grid = NULL;
    const bool has_file = *reflections->path != '\0';
    if (!has_file && !(p->crystal_default_f > 0.0) && !structure_factors_are_unwanted(p))
        return status_error(STATUS_BAD_PARAMETER,
                            "there are no structure factors; give crystal.structure_factors, crystal.model or "
                            "crystal.default_f (nanobragg: -hkl or -default_F)");
    if (!has_file && !rescaled && isnan(p->crystal_f000)) return status_ok();
    TRY(has_file ? use_file(p, reflections, rescaled, factors, grid, notes) : use_origin(factors, grid));
    if (rescaled) TRY(keep_unscaled(factors, grid));
    complete(p, reciprocal_per_m, rescaled ? factors->unscaled : *grid, factors, *grid);
    return status_ok();
}

/* ----------------------------------------------------------------------------------------- for each wavelength */

/* Place of a reflection of the grid in the padded table. */
static int64_t padded_place(const StructureFactors *factors, const int32_t *index) {
    int64_t place = 0;
    for (int i = 0; i < 3; i++) place = place * (factors->count[i] + 2) + (index[i] - factors->least[i] + 1);
    return place;
}

/* The form of a row, and of its Friedel mate, at all equivalents. */
static void spread_form(const Symmetry *symmetry, const int32_t *index, const float *form,
                        const StructureFactors *factors, float *forms) {
    const size_t values = (size_t)factors->form_values;
    for (int n = 0; n < symmetry->operations; n++) {
        int32_t equivalent[3];
        symmetry_rotate(&symmetry->operation[n], index, equivalent);
        memcpy(forms + padded_place(factors, equivalent) * factors->form_values, form, values * sizeof *form);
        for (int i = 0; i < 3; i++) equivalent[i] = -equivalent[i];
        memcpy(forms + padded_place(factors, equivalent) * factors->form_values, form + values, values * sizeof *form);
    }
}

int64_t structure_factors_forms_size(const StructureFactors *factors) {
    return factors->form_values * structure_factors_table_size(factors);
}

Status structure_factors_create_forms(const Parameters *p, Reflections *reflections, StructureFactors *factors,
                                      float **forms) {
    const int values = dispersing_values(&reflections->dispersing);
    *forms = NULL;
    if (values == 0) return status_ok();
    factors->form_values = values;
    const int64_t size = structure_factors_forms_size(factors);
    float *all = calloc((size_t)size, sizeof *all);
    if (all == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the dispersion of structure factors");
    for (int64_t i = 0; i < size; i += values) all[i] = 1.0f;
    for (int64_t row = 0; row < reflections->rows; row++) {
        const int32_t *index = reflections->index[row];
        if (is_origin(index) && !isnan(p->crystal_f000)) continue;
        spread_form(&reflections->symmetry, index, reflections->form + 2 * row * values, factors, all);
    }
    factors->dispersing = reflections->dispersing;
    reflections->dispersing.elements = 0; /* its curves are the factors' now */
    factors->forms = *forms = all;
    return status_ok();
}

int64_t structure_factors_grid_size(const StructureFactors *factors) {
    return (int64_t)factors->count[0] * factors->count[1] * factors->count[2];
}

int64_t structure_factors_table_size(const StructureFactors *factors) {
    if (factors->count[0] == 0) return 0;
    return (int64_t)(factors->count[0] + 2) * (factors->count[1] + 2) * (factors->count[2] + 2);
}

void structure_factors_fill_table(const StructureFactors *factors, float *table) {
    for (int64_t h = -1; h <= factors->count[0]; h++)
        for (int64_t k = -1; k <= factors->count[1]; k++)
            for (int64_t l = -1; l <= factors->count[2]; l++) {
                const double f = structure_factor(factors, (double)(h + factors->least[0]),
                                                  (double)(k + factors->least[1]), (double)(l + factors->least[2]));
                *table++ = (float)f;
            }
}

/* Lagrange weights of the points -1, 0, 1, 2 at 0 <= x < 1. */
static void lagrange_weights(double x, double *weight) {
    weight[0] = -x * (x - 1.0) * (x - 2.0) / 6.0;
    weight[1] = (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0;
    weight[2] = -(x + 1.0) * x * (x - 2.0) / 2.0;
    weight[3] = (x + 1.0) * x * (x - 1.0) / 6.0;
}

bool structure_factor_is_inside(const StructureFactors *factors, double h, double k, double l) {
    const double miller[3] = {h, k, l};
    bool inside = true;
    for (int axis = 0; axis < 3; axis++) {
        const double least = factors->least[axis], greatest = least + factors->count[axis] - 1;
        inside = inside && miller[axis] >= least + 2.0 && miller[axis] <= greatest - 2.0;
    }
    return inside;
}

double structure_factor_tricubic(const StructureFactors *factors, double h, double k, double l) {
    const double miller[3] = {h, k, l};
    double weight[3][4];
    int32_t first[3];
    if (!structure_factor_is_inside(factors, h, k, l))
        return structure_factor(factors, ceil(h - 0.5), ceil(k - 0.5), ceil(l - 0.5));
    for (int axis = 0; axis < 3; axis++) {
        first[axis] = (int32_t)(floor(miller[axis]) - 1.0 - factors->least[axis]);
        lagrange_weights(miller[axis] - floor(miller[axis]), weight[axis]);
    }
    double sum = 0.0;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            const int64_t row = ((int64_t)first[0] + i) * factors->count[1] + first[1] + j;
            const double *f = factors->grid + row * factors->count[2] + first[2];
            const double along_l =
                weight[2][0] * f[0] + weight[2][1] * f[1] + weight[2][2] * f[2] + weight[2][3] * f[3];
            sum += weight[0][i] * weight[1][j] * along_l;
        }
    return sum;
}
