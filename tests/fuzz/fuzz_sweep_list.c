/* A list of frames (CSV). */
#include "fuzz.h"
#include "sweep_values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const FuzzFile file = fuzz_file(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){"sweep.kind=list", NULL});
    Sweep sweep = {.owned_block = NULL};
    fuzz_set(parameters, "sweep.file", file.path);
    if (fuzz_accepted(sweep_create(parameters, NULL, &sweep))) check_sweep(&sweep);
    sweep_destroy(&sweep);
    fuzz_parameters_release(&parameters);
    fuzz_file_close(&file);
    return 0;
}
