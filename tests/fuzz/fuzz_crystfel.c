/* A geometry of CrystFEL, with either law of its axes. */
#include "formats/crystfel_geometry.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    for (int exact = 0; exact < 2; exact++) {
        Notes notes = {.count = 0};
        DetectorGeometry geometry;
        CrystfelBeam beam;
        char *text = malloc(size + 1);
        if (text == NULL) return 0;
        if (size > 0) memcpy(text, data, size);
        text[size] = '\0';
        const CrystfelOptions options = {.clen_m = exact == 1 ? 0.1 : (double)NAN, .exact_axes = exact == 1};
        if (fuzz_accepted(crystfel_geometry_of_text("geometry", 1, text, options, &geometry, &beam, &notes)))
            for (int i = 0; i < geometry.panels; i++)
                fuzz_require(geometry.panel[i].group < geometry.groups &&
                                 fuzz_is_finite(&geometry.panel[i].corner_m.x, 3),
                             "a panel has a place");
        panel_geometry_free(&geometry);
        free(text);
    }
    return 0;
}
