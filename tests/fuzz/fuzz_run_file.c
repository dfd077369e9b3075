/* A run file. One that is accepted is printed and read back. */
#include "formats/run_file.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_printed(const Parameters *parameters) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    fuzz_require(out != NULL && run_file_print(out, parameters, NULL), "parameters can be printed");
    fuzz_require(fclose(out) == 0, "parameters have been printed");
    const FuzzFile file = fuzz_file((const uint8_t *)text, bytes);
    Parameters *back = fuzz_parameters((const char *const[]){NULL});
    const Status status = run_file_read(file.path, back);
    fuzz_require(status_is_ok(status), status.message);
    for (int i = 0; i < PARAMETER_COUNT; i++)
        fuzz_require(!parameters_row_decides_image(parameters_row(i)) || !parameters->state[i].given ||
                         strcmp(parameters->state[i].text, back->state[i].text) == 0,
                     parameters_row(i)->public_name);
    fuzz_parameters_release(&back);
    fuzz_file_close(&file);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const FuzzFile file = fuzz_file(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){NULL});
    if (fuzz_accepted(run_file_read(file.path, parameters))) check_printed(parameters);
    fuzz_parameters_release(&parameters);
    fuzz_file_close(&file);
    return 0;
}
