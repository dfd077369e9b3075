/* A table of scattering (-stol, -4stol, -Q). */
#include "fuzz.h"
#include "model/background.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const FuzzFile file = fuzz_file(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){"background.size=0.1", NULL});
    Background background;
    fuzz_set(parameters, "background.file", file.path);
    if (fuzz_accepted(background_create(parameters, &background))) {
        fuzz_require(fuzz_is_finite(background.points[0], 2 * background.point_count), "the points are numbers");
        for (double stol_per_m = 0.0; stol_per_m < 1e10; stol_per_m += 1e9)
            fuzz_require(isfinite(background_squared(&background, stol_per_m)), "the scattering is a number");
    }
    background_destroy(&background);
    fuzz_parameters_release(&parameters);
    fuzz_file_close(&file);
    return 0;
}
