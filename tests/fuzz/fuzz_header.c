/* The header of an SMV image, which gives parameters. */
#include "formats/image_header.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const FuzzFile file = fuzz_file(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){NULL});
    fuzz_set(parameters, "detector.header", file.path);
    if (fuzz_accepted(image_header_import(parameters, NULL)))
        fuzz_require(!(parameters->detector_pixel_size_m <= 0.0), "a pixel has a size");
    fuzz_parameters_release(&parameters);
    fuzz_file_close(&file);
    return 0;
}
