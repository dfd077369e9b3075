/* A stream of CrystFEL. */
#include "formats/crystfel_stream.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Notes notes = {.count = 0};
    RecordedExperiment experiment;
    char *text = malloc(size + 1);
    if (text == NULL) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    const CrystfelOptions options = {.clen_m = 0.1};
    if (fuzz_accepted(crystfel_stream_read("stream", text, options, &experiment, &notes)))
        for (int i = 0; i < experiment.shots; i++)
            fuzz_require(experiment.shot[i].image < experiment.images && experiment.shot[i].beam < experiment.beams,
                         "a crystal has an image and a beam");
    recorded_experiment_free(&experiment);
    free(text);
    return 0;
}
