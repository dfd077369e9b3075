#include "base/cell.h"
#include "fuzz.h"
#include "model/crystal.h"
#include "reflections/reflections.h"
#include "reflections/structure_factors.h"

#include <math.h>
#include <stdlib.h>

static void check_grid(const StructureFactors *factors) {
    fuzz_require(isfinite(factors->greatest_f) && factors->greatest_f >= 0.0, "the greatest F is a number");
    for (int64_t i = 0; i < structure_factors_grid_size(factors); i++)
        fuzz_require(factors->grid[i] >= 0.0 && factors->grid[i] <= factors->greatest_f,
                     "F is from 0 to the greatest one");
}

static void expand(const Parameters *parameters, const Reflections *reflections) {
    double lengths_m[3] = {5e-9, 6e-9, 7e-9}, angles_rad[3] = {1.5, 1.6, 1.7};
    Mat3 reciprocal_per_m;
    StructureFactors factors;
    double *grid = NULL;
    if (reflections->has_cell) {
        (void)fuzz_accepted(
            reflections_check_cell(parameters, reflections, reflections->lengths_m, reflections->angles_rad));
        for (int i = 0; i < 3; i++) lengths_m[i] = reflections->lengths_m[i];
        for (int i = 0; i < 3; i++) angles_rad[i] = reflections->angles_rad[i];
    }
    if (!fuzz_accepted(cell_reciprocal(lengths_m, angles_rad, &reciprocal_per_m))) return;
    fuzz_require(fuzz_is_finite(&reciprocal_per_m.row[0].x, 9), "a cell has reciprocal vectors");
    const Status status =
        structure_factors_create(parameters, reflections, reciprocal_per_m, false, &factors, &grid, NULL);
    if (fuzz_accepted(status)) check_grid(&factors);
    free(grid);
}

int fuzz_reflections(const uint8_t *data, size_t size, const char *format) {
    const FuzzFile file = fuzz_file(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){"crystal.structure_factor_duplicates=mean", NULL});
    Reflections reflections;
    fuzz_set(parameters, "crystal.structure_factors", file.path);
    fuzz_set(parameters, "crystal.structure_factor_format", format);
    if (fuzz_accepted(reflections_read(parameters, &reflections, NULL))) expand(parameters, &reflections);
    reflections_free(&reflections);
    fuzz_parameters_release(&parameters);
    fuzz_file_close(&file);
    return 0;
}
