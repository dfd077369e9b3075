#include "model/point_spread.h"

#include "base/constants.h"
#include "base/vector.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { RADIUS_MOST = 1000, FIBER_RADIUS_MOST = 100 };

/* ---------------------------------------------------------------------------------------------------------- weights */

static double gauss_sigma(const PointSpread *spread) {
    return spread->fwhm_pixels / GAUSS_FWHM;
}

/* Share of a Gaussian's photons beyond a distance on one side. */
static double gauss_beyond(double distance, double sigma) {
    return 0.5 * erfc(distance / (sqrt(2.0) * sigma));
}

/* Share within the pixel at this distance from the middle one. */
static double gauss_pixel(int64_t distance, double sigma) {
    const double near = fabs((double)distance) - 0.5;
    return gauss_beyond(near, sigma) - gauss_beyond(near + 1.0, sigma);
}

static double fiber_g(const PointSpread *spread) {
    return spread->fwhm_pixels / FIBER_FWHM;
}

/* Integral of g / (2 pi) (g^2 + x^2 + y^2)^(-3/2) from (0, 0) to (x, y): the solid angle of a rectangle, over 2 pi. */
static double fiber_corner(double x, double y, double g) {
    return atan2(x * y, g * sqrt(g * g + x * x + y * y)) / (2.0 * PI);
}

static double fiber_pixel(int64_t slow, int64_t fast, double g) {
    const double s = (double)slow - 0.5, f = (double)fast - 0.5;
    return fiber_corner(s + 1.0, f + 1.0, g) - fiber_corner(s + 1.0, f, g) - fiber_corner(s, f + 1.0, g) +
           fiber_corner(s, f, g);
}

static void normalise(double *weights, int64_t count) {
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) sum += weights[i];
    for (int64_t i = 0; i < count; i++) weights[i] /= sum;
}

Status point_spread_weights(const PointSpread *spread, double **weights) {
    const int64_t radius = spread->radius, width = 2 * radius + 1;
    const int64_t count = spread->kind == PSF_FIBER ? width * width : width;
    *weights = NULL;
    if (spread->kind == PSF_NONE) return status_ok();
    *weights = malloc((size_t)count * sizeof **weights);
    if (*weights == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for a point spread of %" PRId64 " pixels", count);
    for (int64_t i = 0; i < count; i++)
        (*weights)[i] = spread->kind == PSF_GAUSS
                            ? gauss_pixel(i - radius, gauss_sigma(spread))
                            : fiber_pixel(i / width - radius, i % width - radius, fiber_g(spread));
    normalise(*weights, count);
    return status_ok();
}

double point_spread_middle(const PointSpread *spread, const double *weights) {
    const int64_t radius = spread->radius, width = 2 * radius + 1;
    if (spread->kind == PSF_NONE) return 1.0;
    return spread->kind == PSF_GAUSS ? weights[radius] * weights[radius] : weights[radius * width + radius];
}

/* ----------------------------------------------------------------------------------------------------------- create */

static double automatic_radius(const PointSpread *spread) {
    const double beyond = 1e-9 / 2.0; /* on each side */
    if (spread->kind == PSF_FIBER) return fmin(fmax(ceil(50.0 * fiber_g(spread)), 1.0), FIBER_RADIUS_MOST);
    double radius = 1.0;
    while (radius <= RADIUS_MOST && gauss_beyond(radius + 0.5, gauss_sigma(spread)) > beyond) radius += 1.0;
    return radius;
}

Status point_spread_create(const Parameters *p, const Detector *detector, PointSpread *spread) {
    *spread = (PointSpread){.kind = (PointSpreadKind)p->detector_psf};
    if (spread->kind == PSF_NONE) return status_ok();
    if (isnan(p->detector_psf_fwhm_m))
        return status_error(STATUS_BAD_PARAMETER,
                            "detector.psf is \"%s\" and detector.psf_fwhm is not given; give it in mm",
                            p->state[PARAMETER(detector, psf)].text);
    spread->fwhm_pixels = p->detector_psf_fwhm_m / detector->pixel_size_m;
    const double radius = p->detector_psf_radius_pixels == PARAMETER_AUTO ? automatic_radius(spread)
                                                                          : (double)p->detector_psf_radius_pixels;
    if (radius > RADIUS_MOST)
        return status_error(STATUS_BAD_PARAMETER,
                            "detector.psf_fwhm is %g pixels, too wide for the %d pixels to each side that a point "
                            "spread may reach; give a smaller one",
                            spread->fwhm_pixels, RADIUS_MOST);
    spread->radius = (int64_t)radius;
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- spread */

static Range clipped(int64_t begin, int64_t end, Range within) {
    return (Range){begin > within.begin ? begin : within.begin, end < within.end ? end : within.end};
}

static const double *row_of(const PhotonRows *source, int64_t slow) {
    return source->photons + (slow - source->rows.begin) * source->fast_pixels;
}

static void clear(double *values, Range range) {
    for (int64_t f = range.begin; f < range.end; f++) values[f] = 0.0;
}

/* to[f] += weight x from[f + shift] for the f of a range. */
static void add_shifted(double weight, const double *restrict from, int64_t shift, Range range, double *restrict to) {
#pragma omp simd
    for (int64_t f = range.begin; f < range.end; f++) to[f] += weight * from[f + shift];
}

/* Along the slow axis into `scratch`, then along the fast axis. */
static void spread_gauss(const PointSpread *spread, const double *weights, const PhotonRows *source, int64_t slow,
                         Range columns, double *scratch, double *spread_photons) {
    const int64_t radius = spread->radius;
    const Range all = {0, source->fast_pixels};
    const Range rows = clipped(slow - radius, slow + radius + 1, source->rows);
    const Range needed = clipped(columns.begin - radius, columns.end + radius, all);
    clear(scratch, needed);
    for (int64_t s = rows.begin; s < rows.end; s++)
        add_shifted(weights[s - slow + radius], row_of(source, s), 0, needed, scratch);
    for (int64_t shift = -radius; shift <= radius; shift++)
        add_shifted(weights[shift + radius], scratch, shift,
                    clipped(columns.begin, columns.end, (Range){-shift, source->fast_pixels - shift}), spread_photons);
}

/* Pixel by pixel of the source: those without photons cost nothing. */
static void spread_fiber(const PointSpread *spread, const double *weights, const PhotonRows *source, int64_t slow,
                         Range columns, double *spread_photons) {
    const int64_t radius = spread->radius, width = 2 * radius + 1;
    const Range all = {0, source->fast_pixels};
    const Range rows = clipped(slow - radius, slow + radius + 1, source->rows);
    const Range needed = clipped(columns.begin - radius, columns.end + radius, all);
    for (int64_t s = rows.begin; s < rows.end; s++) {
        const double *photons = row_of(source, s);
        const double *row_weights = weights + (s - slow + radius) * width;
        for (int64_t f = needed.begin; f < needed.end; f++)
            if (photons[f] > 0.0)
                add_shifted(photons[f], row_weights, radius - f, clipped(f - radius, f + radius + 1, columns),
                            spread_photons);
    }
}

void point_spread_row(const PointSpread *spread, const double *weights, const PhotonRows *source, int64_t slow,
                      Range columns, double *scratch, double *spread_photons) {
    clear(spread_photons, columns);
    if (spread->kind == PSF_GAUSS)
        spread_gauss(spread, weights, source, slow, columns, scratch, spread_photons);
    else
        spread_fiber(spread, weights, source, slow, columns, spread_photons);
}
