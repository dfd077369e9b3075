#include "benchmark/yardstick.h"

#include "kernels/kernel.h"
#include "model/sensor.h"
#include "physics/shape.h"

#include <stdlib.h>
#include <time.h>

static double thread_seconds(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* sin(N x) / sin(x) */
static double sine_quotient(double x, double cells) {
    return x == 0.0 ? cells : sin(x * cells) / sin(x);
}

static double lattice_amplitude(const Crystal *crystal, double h, double k, double l) {
    if (crystal->shape != SHAPE_SQUARE) return shape_amplitude(crystal, h, k, l);
    return sine_quotient(PI * h, (double)crystal->cells[0]) * sine_quotient(PI * k, (double)crystal->cells[1]) *
           sine_quotient(PI * l, (double)crystal->cells[2]);
}

static double cell_amplitude(const Experiment *e, double h, double k, double l) {
    if (e->sampling.interpolate) return structure_factor_tricubic(&e->factors, h, k, l);
    return structure_factor(&e->factors, ceil(h - 0.5), ceil(k - 0.5), ceil(l - 0.5));
}

/* One source at one point: the sum over spindle angles and domains of |F|^2, times polarization. */
static double intensity_of_source(const Experiment *e, const Frame *frame, const Source *source, Vec3 diffracted) {
    const Vec3 scattering = vec3_scale(1.0 / source->wavelength_m, vec3_subtract(diffracted, source->direction));
    if (e->sampling.dmin_m > 0.0 && vec3_length(scattering) > 1.0 / e->sampling.dmin_m) return 0.0;
    const double polarization =
        e->beam.polarization_correction ? beam_polarization_factor(e->beam.polarization_kahn, source, diffracted) : 1.0;
    double sum = 0.0;
    for (int64_t phi = 0; phi < e->sampling.phi_steps; phi++)
        for (int64_t domain = 0; domain < e->crystal.domain_count; domain++) {
            const Mat3 cell_m = crystal_domain(&e->crystal, frame->cells_m[phi], domain);
            const Vec3 hkl = mat3_apply(cell_m, scattering);
            const double amplitude =
                lattice_amplitude(&e->crystal, hkl.x, hkl.y, hkl.z) * cell_amplitude(e, hkl.x, hkl.y, hkl.z);
            sum += amplitude * amplitude;
        }
    return sum * polarization;
}

/* One point of the detector: all sources. */
static double intensity_of_point(const Experiment *e, const Frame *frame, double slow_m, double fast_m, int layer) {
    const Detector *detector = &e->detector;
    const double layer_m = detector->sensor_thickness_m / detector->sensor_layers;
    const Vec3 position_m = detector_position(detector, fast_m, slow_m, sensor_depth(detector, layer));
    const double airpath_m = vec3_length(position_m), pixel_m = detector->pixel_size_m;
    const Vec3 diffracted = vec3_unit(position_m);
    const double cosine = detector_cosine(detector, diffracted);
    const double solid_angle_sr = pixel_m * pixel_m / (airpath_m * airpath_m) * (detector->point_pixel ? 1.0 : cosine);
    double sum = 0.0;
    for (int64_t n = 0; n < e->beam.source_count; n++) {
        const Source *source = &e->beam.sources[n];
        const double absorption =
            detector->sensor_by_wavelength ? source->absorption_per_m : detector->sensor_absorption_per_m;
        const double capture = layer_m > 0.0 ? sensor_capture(layer_m, layer, absorption, cosine) : 1.0;
        sum += source->weight * capture * intensity_of_source(e, frame, source, diffracted);
    }
    return sum * solid_angle_sr;
}

double yardstick_pixel(const Experiment *e, const Frame *frame, int64_t slow, int64_t fast) {
    const double pixel_m = e->detector.pixel_size_m, oversample = e->sampling.oversample;
    double sum = 0.0;
    for (int layer = 0; layer < e->detector.sensor_layers; layer++)
        for (int s = 0; s < e->sampling.oversample; s++)
            for (int f = 0; f < e->sampling.oversample; f++) {
                const double slow_m = pixel_m * ((double)slow + (s + 0.5) / oversample);
                const double fast_m = pixel_m * ((double)fast + (f + 0.5) / oversample);
                sum += intensity_of_point(e, frame, slow_m, fast_m, layer);
            }
    return sum * kernel_photons(e, frame);
}

static double greatest_of(const float *image, int64_t pixels) {
    double greatest = 0.0;
    for (int64_t i = 0; i < pixels; i++) greatest = fmax(greatest, (double)image[i]);
    return greatest;
}

Yardstick yardstick_measure(const Experiment *e, const Frame *frame, int64_t steps, const float *image) {
    const int64_t all = detector_pixels(&e->detector), width = e->detector.fast_pixels;
    const int64_t of_pixel = kernel_steps(e, 1, (Range){0, kernel_blocks(e)});
    const int64_t wanted = steps / of_pixel < 1 ? 1 : steps / of_pixel;
    const int64_t stride = wanted >= all ? 1 : all / wanted;
    const double greatest = greatest_of(image, all);
    Yardstick result = {.pixels = 0};
    const double begin = thread_seconds(); /* around all pixels: asking for the time takes longer than a step */
    for (int64_t first = 0; first < all; first += stride) {
        const int64_t pixel = first + (first * 7919) % stride; /* so that they do not line up in columns */
        if (pixel >= all || (e->active != NULL && e->active[pixel] == 0)) continue;
        const double error = (double)image[pixel] - yardstick_pixel(e, frame, pixel / width, pixel % width);
        result.largest_error = fmax(result.largest_error, fabs(error));
        result.pixels++;
    }
    result.cpu_s = thread_seconds() - begin;
    result.largest_error /= greatest > 0.0 ? greatest : 1.0;
    if (e->background.molecules > 0.0) result.largest_error = (double)NAN; /* it is not in the plain loop */
    result.steps = result.pixels * of_pixel;
    result.nanoseconds = result.steps > 0 ? 1e9 * result.cpu_s / (double)result.steps : (double)NAN;
    return result;
}
