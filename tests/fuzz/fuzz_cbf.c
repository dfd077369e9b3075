/* A mask in CBF. */
#include "formats/cbf_image.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const Detector detector = {.fast_pixels = 8, .slow_pixels = 6};
    Parameters *parameters = fuzz_parameters((const char *const[]){"detector.mask_values=signed", NULL});
    MaskImage image = {.path = "mask"};
    uint8_t active[48];
    char *contents = malloc(size + 1); /* a reader of files gives a zero behind them */
    fuzz_require(contents != NULL, "there is memory for the file");
    if (size > 0) memcpy(contents, data, size);
    contents[size] = '\0';
    if (fuzz_accepted(cbf_read_mask(contents, size, &detector, &image))) {
        for (int64_t i = 0; i < detector_pixels(&detector); i++)
            fuzz_require(image.signs[i] <= MASK_NEGATIVE, "each pixel has a sign");
        fuzz_require(fuzz_accepted(mask_image_apply(parameters, &detector, &image, active, NULL)), "a rule is applied");
        for (int64_t i = 0; i < detector_pixels(&detector); i++)
            fuzz_require(active[i] == (image.signs[i] != MASK_NEGATIVE), "what is negative is left out");
    }
    free(contents);
    mask_image_free(&image);
    fuzz_parameters_release(&parameters);
    return 0;
}
