/* A table of f' and f'' (crystal.anomalous_table). */
#include "fuzz.h"
#include "reflections/anomalous_table.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const FuzzFile file = fuzz_file(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){NULL});
    Anomalous *curve[DISPERSING_MOST] = {NULL};
    fuzz_set(parameters, "crystal.anomalous_table", file.path);
    const bool is_accepted = fuzz_accepted(anomalous_table_read(parameters, curve));
    fuzz_require(!is_accepted || curve[0] != NULL, "there is an element");
    for (int i = 0; i < DISPERSING_MOST && curve[i] != NULL; i++) {
        double most_ev = 0.0;
        const double least_ev = anomalous_range(curve[i], &most_ev);
        for (int n = 0; is_accepted && n <= 20; n++) {
            const Dispersion at = anomalous_at(curve[i], least_ev + (most_ev - least_ev) * n / 20.0);
            fuzz_require(isfinite(at.real) && at.imaginary >= -1e-9, "f' and f'' are numbers");
        }
        anomalous_destroy(&curve[i]);
    }
    fuzz_parameters_release(&parameters);
    fuzz_file_close(&file);
    return 0;
}
