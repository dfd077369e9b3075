/* XPARM.XDS: beam, spindle, crystal and segments. */
#include "formats/xds_geometry.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    RecordedExperiment e;
    char *text = malloc(size + 1);
    if (text == NULL) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    (void)xds_looks_alike(text);
    if (fuzz_accepted(xds_experiment_of_text("XPARM.XDS", text, size, &e)))
        fuzz_require(e.detector->panels > 0 && fuzz_is_finite(&e.detector->panel[0].corner_m.x, 3) &&
                         fuzz_is_finite(&e.crystal->reciprocal_per_m.row[0].x, 9) && e.beam->wavelength_m > 0.0,
                     "there are panels with a place, a crystal and a beam");
    recorded_experiment_free(&e);
    free(text);
    return 0;
}
