/* An orientation matrix. */
#include "fuzz.h"
#include "model/crystal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const FuzzFile file = fuzz_file(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){NULL});
    const Reflections reflections = {.path = ""};
    Crystal crystal;
    fuzz_set(parameters, "crystal.matrix", file.path);
    if (fuzz_accepted(crystal_create(parameters, 1e-10, NULL, &reflections, &crystal, NULL))) {
        fuzz_require(fuzz_is_finite(&crystal.cell_m.row[0].x, 9), "the edges of the cell are numbers");
        fuzz_require(fuzz_is_finite(&crystal.reciprocal_per_m.row[0].x, 9), "the reciprocal vectors are numbers");
        fuzz_require(fuzz_is_finite(crystal.lengths_m, 3) && fuzz_is_finite(crystal.angles_rad, 3),
                     "lengths and angles are numbers");
        fuzz_require(fuzz_is_finite(&crystal.volume_m3, 1) && crystal.volume_m3 > 0.0, "the cell has a volume");
    }
    crystal_destroy(&crystal);
    fuzz_parameters_release(&parameters);
    fuzz_file_close(&file);
    return 0;
}
