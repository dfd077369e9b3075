/* An experiment list of DIALS. */
#include "formats/dials_experiment.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static Notes notes;
    const FuzzFile file = fuzz_file(data, size);
    RecordedExperiment experiment;
    notes.count = 0;
    if (fuzz_accepted(dials_experiment_read(file.path, &experiment, &notes))) {
        for (int i = 0; i < experiment.shots; i++)
            fuzz_require(experiment.shot[i].image < experiment.images, "an image has a number below their count");
        for (int i = 0; i < experiment.detectors; i++)
            for (int k = 0; k < experiment.detector[i].panels; k++)
                fuzz_require(fuzz_is_finite(&experiment.detector[i].panel[k].corner_m.x, 3), "a corner is finite");
    }
    recorded_experiment_free(&experiment);
    fuzz_file_close(&file);
    return 0;
}
