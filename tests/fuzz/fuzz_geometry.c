/* A geometry of any form, HDF5 too. */
#include "fuzz.h"
#include "hdf5/geometry_file.h"
#include "hdf5/nexus_experiment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static Notes notes;
    const FuzzFile file = fuzz_file(data, size);
    const GeometryRequest request = {.path = file.path, .crystfel = {.clen_m = 0.1}, .confined = true};
    DetectorGeometry geometry;
    notes.count = 0;
    if (fuzz_accepted(geometry_file_read(&request, &geometry, &notes)))
        fuzz_require(geometry.panels > 0 && geometry.mask_files == 0, "there are panels, and no mask is left to read");
    panel_geometry_free(&geometry);
    RecordedExperiment experiment;
    if (fuzz_accepted(nexus_experiment_read(file.path, &experiment, &notes)))
        fuzz_require(experiment.shots > 0, "there is a beam, or a scan, or a crystal");
    recorded_experiment_free(&experiment);
    fuzz_file_close(&file);
    return 0;
}
