/* A mask: an SMV image of the detector's size. */
#include "fuzz.h"
#include "setup/active_pixels.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const FuzzFile file = fuzz_file(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){NULL});
    const Detector detector = {.fast_pixels = 8, .slow_pixels = 6};
    uint8_t *active = NULL;
    int64_t pixels = 0, ones = 0;
    fuzz_set(parameters, "detector.mask", file.path);
    if (fuzz_accepted(active_pixels_create(parameters, &detector, NULL, NULL, &active, &pixels, NULL))) {
        for (int64_t i = 0; i < detector_pixels(&detector); i++) ones += active[i];
        fuzz_require(pixels > 0 && ones == pixels, "some pixels are computed, and they are counted");
    }
    free(active);
    fuzz_parameters_release(&parameters);
    fuzz_file_close(&file);
    return 0;
}
