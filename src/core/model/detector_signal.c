#include "model/detector_signal.h"

#include "base/random.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* ----------------------------------------------------------------------------------------------------------- create */

static void note_bias(const DetectorSignal *signal, double middle, Notes *notes) {
    if (signal->read_noise > 0.0 && signal->pedestal < 5.0 * signal->read_noise)
        notes_add(notes,
                  "noise.pedestal is %g and noise.read_noise %g: negative counts become 0, so that the mean of dark "
                  "pixels is too high; a pedestal of 5 noise.read_noise prevents it",
                  signal->pedestal, signal->read_noise);
    if (signal->read_noise < 0.5 && signal->gain * middle < 0.5)
        notes_add(notes,
                  "detector.psf leaves %.2g of a lone photon in its pixel, and noise.gain %g makes it %.2g counts, "
                  "which are rounded to 0; give a larger noise.gain",
                  middle, signal->gain, signal->gain * middle);
}

/* The least part of a photon that stays in its pixel, on any panel. */
static Status least_middle(const PointSpread *spread, const Detector *detector, double *least) {
    *least = 1.0;
    for (int i = 0; i < detector->panel_count; i++) {
        const double *size_m = detector->panels[i].pixel_size_m,
                     *before_m = detector->panels[i > 0 ? i - 1 : 0].pixel_size_m;
        const SpreadWindow window = point_spread_window(spread, &detector->panels[i]);
        double *weights = NULL;
        if (i > 0 && size_m[0] == before_m[0] && size_m[1] == before_m[1]) continue;
        TRY(point_spread_weights(&window, &weights));
        *least = fmin(*least, point_spread_middle(&window, weights));
        free(weights);
    }
    return status_ok();
}

static Status note_effects(const Parameters *p, const Detector *detector, const DetectorSignal *signal, Notes *notes) {
    double middle = 1.0;
    if (p->output_images == IMAGES_EXPECTED) return status_ok();
    TRY(least_middle(&signal->spread, detector, &middle));
    note_bias(signal, middle, notes);
    return status_ok();
}

Status detector_signal_create(const Parameters *p, const Detector *detector, DetectorSignal *signal, Notes *notes) {
    const bool hot_is_automatic = p->noise_hot_value_counts == PARAMETER_AUTO;
    *signal = (DetectorSignal){
        .seed = (uint64_t)p->noise_seed,
        .calibration_seed = (uint64_t)p->noise_calibration_seed,
        .flicker = p->noise_flicker,
        .calibration = p->noise_calibration,
        .gain = p->noise_gain,
        .pedestal = p->noise_pedestal_counts,
        .read_noise = p->noise_read_noise_counts,
        .dead_fraction = p->noise_dead_fraction,
        .hot_fraction = p->noise_hot_fraction,
        .hot_value = (int32_t)(hot_is_automatic ? p->detector_saturation_counts : p->noise_hot_value_counts),
        .saturation = (int32_t)p->detector_saturation_counts};
    if (signal->dead_fraction + signal->hot_fraction > 1.0)
        return status_error(
            STATUS_BAD_PARAMETER,
            "noise.dead_fraction %g and noise.hot_fraction %g are more than 1 together; make one smaller",
            signal->dead_fraction, signal->hot_fraction);
    TRY(point_spread_create(p, detector, &signal->spread));
    return note_effects(p, detector, signal, notes);
}

/* ------------------------------------------------------------------------------------------------------------ steps */

double detector_signal_flicker(const DetectorSignal *signal, int64_t frame) {
    if (!(signal->flicker > 0.0)) return 1.0;
    return fmax(1.0 + signal->flicker * random_normal(signal->seed, RANDOM_FLICKER, (uint64_t)frame, 0), 0.0);
}

double detector_signal_calibration(const DetectorSignal *signal, int64_t pixel) {
    if (!(signal->calibration > 0.0)) return 1.0;
    const double deviate = random_normal(signal->calibration_seed, RANDOM_CALIBRATION, 0, (uint64_t)pixel);
    return fmax(1.0 + signal->calibration * deviate, 0.0);
}

double detector_signal_photons(const DetectorSignal *signal, int64_t frame, int64_t pixel, double expected) {
    const double photons = random_poisson(signal->seed, (uint64_t)frame, (uint64_t)pixel, expected);
    return photons * detector_signal_calibration(signal, pixel);
}

bool detector_signal_has_defects(const DetectorSignal *signal) {
    return signal->dead_fraction + signal->hot_fraction > 0.0;
}

PixelState detector_signal_state(const DetectorSignal *signal, int64_t pixel) {
    if (!detector_signal_has_defects(signal)) return PIXEL_GOOD;
    double uniform[4];
    random_uniform4(signal->calibration_seed, RANDOM_DEFECTS, 0, (uint64_t)pixel, 0, uniform);
    if (uniform[0] < signal->dead_fraction) return PIXEL_DEAD;
    return uniform[0] < signal->dead_fraction + signal->hot_fraction ? PIXEL_HOT : PIXEL_GOOD;
}

static double read_out(const DetectorSignal *signal, int64_t frame, int64_t pixel, double photons) {
    const double counts = signal->gain * photons + signal->pedestal;
    if (!(signal->read_noise > 0.0)) return rint(counts);
    const double deviate = random_normal(signal->seed, RANDOM_READ_NOISE, (uint64_t)frame, (uint64_t)pixel);
    return rint(counts + signal->read_noise * deviate);
}

int32_t detector_signal_counts(const DetectorSignal *signal, int64_t frame, int64_t pixel, double photons) {
    const PixelState state = detector_signal_state(signal, pixel);
    if (state == PIXEL_DEAD) return 0;
    const double counts = state == PIXEL_HOT ? signal->hot_value : read_out(signal, frame, pixel, photons);
    return (int32_t)fmin(fmax(counts, 0.0), signal->saturation);
}
