#include "nanobragg/nanobragg_image.h"

#include "base/random.h"
#include "formats/nexus_geometry.h"
#include "formats/smv.h"
#include "physics/step.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREATEST_INTEGER 65535.0

static bool is_active(const Experiment *e, int64_t pixel) {
    return e->active == NULL || e->active[pixel] != 0;
}

/* ------------------------------------------------------------------------------------------------------- statistics */

/* Position (m) of the middle of a sub-pixel along one axis of its panel. */
static double subpixel_m(const Experiment *e, double pixel_size_m, int64_t pixel, int subpixel) {
    return pixel_size_m * ((double)pixel + (subpixel + 0.5) / e->sampling.oversample);
}

static double solid_angle_of_pixel(const Experiment *e, int64_t slow, int64_t fast) {
    const int oversample = e->sampling.oversample;
    const int layers = detector_layers_at(&e->detector, slow, fast);
    double sum = 0.0;
    Step step = {.layer = 0};
    for (step.layer = 0; step.layer < layers; step.layer++)
        for (step.sub_slow = 0; step.sub_slow < oversample; step.sub_slow++)
            for (step.sub_fast = 0; step.sub_fast < oversample; step.sub_fast++) {
                step_set_point(e, slow, fast, &step);
                sum += step.solid_angle_sr;
            }
    return sum / ((double)oversample * oversample * layers);
}

/* The sum over all computed pixels, by rows so that it does not depend on the threads. */
static Status sum_solid_angle(const Experiment *e, double *solid_angle_sr) {
    const int64_t rows = e->detector.slow_pixels, columns = e->detector.fast_pixels;
    double *row_sum = calloc((size_t)rows, sizeof *row_sum);
    if (row_sum == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the solid angles of %" PRId64 " rows", rows);
#pragma omp parallel for schedule(dynamic, 4)
    for (int64_t s = 0; s < rows; s++)
        for (int64_t f = 0; f < columns; f++)
            if (is_active(e, s * columns + f)) row_sum[s] += solid_angle_of_pixel(e, s, f);
    *solid_angle_sr = 0.0;
    for (int64_t s = 0; s < rows; s++) *solid_angle_sr += row_sum[s];
    free(row_sum);
    return status_ok();
}

/* Of its last sub-pixel, as nanoBragg says it; (0, 0) where no pixel is above 0. */
static void set_place_of_greatest(const Experiment *e, int64_t pixel, ImageStatistics *statistics) {
    if (pixel < 0) return;
    const int64_t slow = pixel / e->detector.fast_pixels, fast = pixel % e->detector.fast_pixels;
    const Panel *panel = detector_panel_at(&e->detector, slow, fast);
    const int last = e->sampling.oversample - 1;
    statistics->greatest_at_m[0] = subpixel_m(e, panel->pixel_size_m[0], fast - panel->canvas.fast, last);
    statistics->greatest_at_m[1] = subpixel_m(e, panel->pixel_size_m[1], slow - panel->canvas.slow, last);
}

Status nanobragg_image_statistics(const Experiment *e, const float *image, ImageStatistics *statistics) {
    const int64_t pixels = detector_pixels(&e->detector);
    const double fewer = e->active_pixels > 1 ? (double)(e->active_pixels - 1) : 1.0;
    double sum = 0.0, squares = 0.0, about_mean = 0.0;
    int64_t greatest_at = -1;
    *statistics = (ImageStatistics){.greatest = 0.0};
    for (int64_t i = 0; i < pixels; i++) {
        const double value = (double)image[i];
        sum += value; /* pixels that are not computed are 0 */
        squares += value * value;
        if (value <= statistics->greatest) continue;
        statistics->greatest = value;
        greatest_at = i;
    }
    set_place_of_greatest(e, greatest_at, statistics);
    statistics->mean = sum / (double)e->active_pixels;
    statistics->rms = sqrt(squares / fewer);
    for (int64_t i = 0; i < pixels; i++) {
        const double away = is_active(e, i) ? (double)image[i] - statistics->mean : 0.0;
        about_mean += away * away;
    }
    statistics->rmsd = sqrt(about_mean / fewer);
    return sum_solid_angle(e, &statistics->solid_angle_sr);
}

/* ----------------------------------------------------------------------------------------------------------- pixels */

double nanobragg_image_int_scale(const ImageStatistics *statistics, double wanted) {
    if (!isnan(wanted)) return wanted;
    return statistics->greatest > 0.0 ? 55000.0 / statistics->greatest : 1.0;
}

double nanobragg_image_pgm_scale(const ImageStatistics *statistics, double wanted, double int_scale) {
    if (!isnan(wanted)) return wanted;
    return statistics->rmsd > 0.0 ? 250.0 / (5.0 * statistics->rmsd) : int_scale;
}

void nanobragg_image_integers(const Experiment *e, const float *image, double scale, double offset, uint16_t *pixels) {
    for (int64_t i = 0; i < detector_pixels(&e->detector); i++) {
        const double value = fmin(fmax((double)image[i] * scale + offset, 0.0), GREATEST_INTEGER);
        /* nanoBragg rounds in float32 */
        pixels[i] = is_active(e, i) ? (uint16_t)floorf((float)(value + 0.5)) : 0;
    }
}

void nanobragg_image_noise(const Experiment *e, int64_t frame, const float *image, double offset, uint16_t *pixels,
                           double *photons, int64_t *overloads) {
    double sum = 0.0; /* of whole numbers: exact in any order */
    int64_t cut = 0;
#pragma omp parallel for schedule(static) reduction(+ : sum, cut)
    for (int64_t i = 0; i < detector_pixels(&e->detector); i++) {
        pixels[i] = 0;
        if (!is_active(e, i)) continue;
        const double counts = random_poisson(e->signal.seed, (uint64_t)frame, (uint64_t)i, (double)image[i]);
        const double value = counts + offset;
        sum += counts;
        cut += value > GREATEST_INTEGER;
        pixels[i] = (uint16_t)fmin(fmax(value, 0.0), GREATEST_INTEGER);
    }
    *photons = sum;
    *overloads = cut;
}

void nanobragg_image_grey(const Experiment *e, const float *image, double scale, uint8_t *pixels) {
    for (int64_t i = 0; i < detector_pixels(&e->detector); i++)
        pixels[i] = (uint8_t)fmin((double)image[i] * scale, 255.0);
}

/* ----------------------------------------------------------------------------------------------------------- header */

/* Corner of the first pixel (mm) in the frame of DIALS: x and z of NeXus' frame the other way round. */
static Vec3 dials_origin_mm(const Experiment *e) {
    const Vec3 corner = nexus_geometry(&e->detector, &e->axes).pixel0_m;
    return vec3(-1e3 * corner.x, 1e3 * corner.y, -1e3 * corner.z);
}

/* The lines between the braces, with nanoBragg's names; all lengths in mm, angles in degrees. */
static int print_keys(const Parameters *p, const Experiment *e, int header_bytes, char *text, size_t bytes) {
    const Detector *d = &e->detector;
    const Panel *panel = d->panels;
    const Sampling *sampling = &e->sampling;
    const double mm = 1e3, pixel = panel->pixel_size_m[0];
    const double fast = panel->beam_centre_m[0], slow = panel->beam_centre_m[1];
    const Vec3 dials = dials_origin_mm(e);
    const char *order = smv_machine_is_little_endian() ? "little_endian" : "big_endian";
    const double degrees = 1.0 / RADIANS_PER_DEGREE, phi = sampling->phi_start_rad * degrees;
    return snprintf(text, bytes,
                    "{\nHEADER_BYTES=%d;\nDIM=2;\nBYTE_ORDER=%s;\nTYPE=unsigned_short;\n"
                    "SIZE1=%" PRId64 ";\nSIZE2=%" PRId64 ";\nPIXEL_SIZE=%g;\nDISTANCE=%g;\nWAVELENGTH=%g;\n"
                    "BEAM_CENTER_X=%g;\nBEAM_CENTER_Y=%g;\nADXV_CENTER_X=%g;\nADXV_CENTER_Y=%g;\n"
                    "MOSFLM_CENTER_X=%g;\nMOSFLM_CENTER_Y=%g;\nDENZO_X_BEAM=%g;\nDENZO_Y_BEAM=%g;\n"
                    "DIALS_ORIGIN=%g,%g,%g;\nXDS_ORGX=%g;\nXDS_ORGY=%g;\nCLOSE_DISTANCE=%g;\n"
                    "PHI=%g;\nOSC_START=%g;\nOSC_RANGE=%g;\nTWOTHETA=%g;\nDETECTOR_SN=000;\nBEAMLINE=fake;\n}\f",
                    header_bytes, order, d->fast_pixels, d->slow_pixels, pixel * mm, panel->distance_m * mm,
                    e->beam.wavelength_m * 1e10, d->stated_centre_m[0] * mm, d->stated_centre_m[1] * mm, fast * mm,
                    (pixel * (double)d->slow_pixels - slow) * mm, (slow - 0.5 * pixel) * mm, (fast - 0.5 * pixel) * mm,
                    slow * mm, fast * mm, dials.x, dials.y, dials.z, panel->closest_m[0] / pixel + 0.5,
                    panel->closest_m[1] / pixel + 0.5, panel->close_distance_m * mm, phi, phi,
                    sampling->phi_range_rad * degrees, p->detector_twotheta_rad * degrees);
}

size_t nanobragg_image_header(const Parameters *p, const Experiment *e, char *header) {
    enum { UNIT = 512 };
    char text[NANOBRAGG_HEADER_BYTES_MOST + 1];
    int length = print_keys(p, e, UNIT, text, sizeof text);
    const size_t bytes = length <= UNIT ? UNIT : NANOBRAGG_HEADER_BYTES_MOST;
    if (length > UNIT) length = print_keys(p, e, NANOBRAGG_HEADER_BYTES_MOST, text, sizeof text);
    memset(header, ' ', bytes);
    memcpy(header, text, (size_t)length < bytes ? (size_t)length : bytes); /* no number is long enough for the second */
    return bytes;
}
