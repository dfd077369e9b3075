#include "sweep_values.h"

#include "fuzz.h"

#include <math.h>

enum { FRAMES_LOOKED_AT = 20 };

static void check_crystal(const Sweep *sweep, int64_t frame, int64_t crystal) {
    double values[SWEEP_COLUMNS_MOST + SWEEP_DRAWS_MOST];
    Mat3 matrix = sweep_orientation(sweep, frame, crystal);
    sweep_set_values(sweep, frame, crystal, values);
    for (int i = 0; i < sweep_values(sweep); i++) fuzz_require(!isinf(values[i]), "a value is a number, or auto");
    fuzz_require(fuzz_is_finite(&matrix.row[0].x, 9), "an orientation is one");
    fuzz_require(fabs(vec3_length(matrix.row[0]) - 1.0) < 1e-6, "an orientation is a rotation");
    fuzz_require(!sweep_reciprocal(sweep, frame, crystal, &matrix) || fuzz_is_finite(&matrix.row[0].x, 9),
                 "a matrix has numbers");
    const double weight = sweep_weight(sweep, frame, crystal);
    fuzz_require(isfinite(weight) && weight >= 0.0, "a weight is a number and not negative");
}

static void check_spectrum(const Sweep *sweep, int64_t frame) {
    const double *wavelengths_m = sweep_wavelengths(sweep);
    const float *weights = sweep_weights(sweep, frame);
    for (int64_t i = 0; wavelengths_m != NULL && i < sweep->spectrum.lines; i++) {
        fuzz_require(wavelengths_m[i] > 0.0 && isfinite(wavelengths_m[i]), "a wavelength is a number");
        fuzz_require(weights[i] >= 0.0F && isfinite(weights[i]), "a weight is a number and not negative");
    }
}

void check_sweep(const Sweep *sweep) {
    fuzz_require(sweep->count > 0, "there are frames");
    for (int64_t frame = 0; frame < sweep->count && frame < FRAMES_LOOKED_AT; frame++) {
        for (int64_t crystal = 0; crystal < sweep_crystals(sweep, frame); crystal++)
            check_crystal(sweep, frame, crystal);
        check_spectrum(sweep, frame);
    }
}
