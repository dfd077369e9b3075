/* A source file. */
#include "fuzz.h"
#include "model/beam.h"

#include <math.h>

static void check_source(const Source *source) {
    fuzz_require(fabs(vec3_length(source->direction) - 1.0) < 1e-9, "the direction is a unit vector");
    fuzz_require(fuzz_is_finite(&source->electric.x, 3) && fuzz_is_finite(&source->magnetic.x, 3),
                 "the field has a direction");
    fuzz_require(source->wavelength_m > 0.0 && isfinite(source->wavelength_m), "the wavelength is a number");
    fuzz_require(source->weight >= 0.0 && source->weight <= 1.0, "the weight is a share");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const FuzzFile file = fuzz_file(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){NULL});
    LaboratoryAxes axes;
    Beam beam;
    fuzz_set(parameters, "beam.sources", file.path);
    fuzz_require(status_is_ok(detector_axes(parameters, NULL, &axes)), "there are axes");
    if (fuzz_accepted(beam_create(parameters, &axes, (BeamSpectrum){.lines = 0}, &beam)))
        for (int64_t i = 0; i < beam.source_count; i++) check_source(&beam.sources[i]);
    beam_destroy(&beam);
    fuzz_parameters_release(&parameters);
    fuzz_file_close(&file);
    return 0;
}
