#include "model/point_spread.h"

#include "base/constants.h"
#include "base/vector.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { RADIUS_MOST = 1000, FIBER_RADIUS_MOST = 100 };

/* ---------------------------------------------------------------------------------------------------------- weights */

static double gauss_sigma(double fwhm_pixels) {
    return fwhm_pixels / GAUSS_FWHM;
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

static double fiber_g(double fwhm_pixels) {
    return fwhm_pixels / FIBER_FWHM;
}

/* Integral of g / (2 pi) (g^2 + x^2 + y^2)^(-3/2) from (0, 0) to (x, y): the solid angle of a rectangle, over 2 pi. */
static double fiber_corner(double x, double y, double g) {
    return atan2(x * y, g * sqrt(g * g + x * x + y * y)) / (2.0 * PI);
}

/* @param g       in pixels along fast
 * @param oblong  edge of a pixel along slow over the one along fast */
static double fiber_pixel(int64_t slow, int64_t fast, double g, double oblong) {
    const double f = (double)fast - 0.5, f_end = f + 1.0;
    const double s = oblong * ((double)slow - 0.5), s_end = oblong * ((double)slow - 0.5 + 1.0);
    return fiber_corner(s_end, f_end, g) - fiber_corner(s_end, f, g) - fiber_corner(s, f_end, g) +
           fiber_corner(s, f, g);
}

static void normalise(double *weights, int64_t count) {
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) sum += weights[i];
    for (int64_t i = 0; i < count; i++) weights[i] /= sum;
}

static int64_t width_of(const SpreadWindow *window, int axis) {
    return 2 * window->radius[axis] + 1;
}

static void fill_gauss(int64_t radius, double fwhm_pixels, double *weights) {
    const double sigma = gauss_sigma(fwhm_pixels);
    for (int64_t i = 0; i < 2 * radius + 1; i++) weights[i] = gauss_pixel(i - radius, sigma);
    normalise(weights, 2 * radius + 1);
}

static void fill_fiber(const SpreadWindow *window, double *weights) {
    const double g = fiber_g(window->fwhm_pixels[0]), oblong = window->fwhm_pixels[0] / window->fwhm_pixels[1];
    const int64_t width = width_of(window, 0), count = width * width_of(window, 1);
    for (int64_t i = 0; i < count; i++)
        weights[i] = fiber_pixel(i / width - window->radius[1], i % width - window->radius[0], g, oblong);
    normalise(weights, count);
}

Status point_spread_weights(const SpreadWindow *window, double **weights) {
    const int64_t fast = width_of(window, 0), slow = width_of(window, 1);
    const int64_t count = window->kind == PSF_FIBER ? slow * fast : slow + fast;
    *weights = NULL;
    if (window->kind == PSF_NONE) return status_ok();
    *weights = malloc((size_t)count * sizeof **weights);
    if (*weights == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for a point spread of %" PRId64 " pixels", count);
    if (window->kind == PSF_FIBER) {
        fill_fiber(window, *weights);
        return status_ok();
    }
    fill_gauss(window->radius[1], window->fwhm_pixels[1], *weights);
    fill_gauss(window->radius[0], window->fwhm_pixels[0], *weights + slow);
    return status_ok();
}

double point_spread_middle(const SpreadWindow *window, const double *weights) {
    const int64_t fast = window->radius[0], slow = window->radius[1];
    if (window->kind == PSF_NONE) return 1.0;
    return window->kind == PSF_GAUSS ? weights[slow] * weights[width_of(window, 1) + fast]
                                     : weights[slow * width_of(window, 0) + fast];
}

/* ----------------------------------------------------------------------------------------------------------- create */

static double automatic_radius(PointSpreadKind kind, double fwhm_pixels) {
    const double beyond = 1e-9 / 2.0; /* on each side */
    if (kind == PSF_FIBER) return fmin(fmax(ceil(50.0 * fiber_g(fwhm_pixels)), 1.0), FIBER_RADIUS_MOST);
    double radius = 1.0;
    while (radius <= RADIUS_MOST && gauss_beyond(radius + 0.5, gauss_sigma(fwhm_pixels)) > beyond) radius += 1.0;
    return radius;
}

SpreadWindow point_spread_window(const PointSpread *spread, const Panel *panel) {
    SpreadWindow window = {.kind = spread->kind};
    if (spread->kind == PSF_NONE) return window;
    for (int axis = 0; axis < 2; axis++) {
        window.fwhm_pixels[axis] = spread->fwhm_m / panel->pixel_size_m[axis];
        window.radius[axis] = spread->radius_pixels == PARAMETER_AUTO
                                  ? (int64_t)automatic_radius(spread->kind, window.fwhm_pixels[axis])
                                  : spread->radius_pixels;
    }
    return window;
}

Status point_spread_create(const Parameters *p, const Detector *detector, PointSpread *spread) {
    *spread = (PointSpread){.kind = (PointSpreadKind)p->detector_psf};
    if (spread->kind == PSF_NONE) return status_ok();
    if (isnan(p->detector_psf_fwhm_m))
        return status_error(STATUS_BAD_PARAMETER,
                            "detector.psf is \"%s\" and detector.psf_fwhm is not given; give it in mm",
                            p->state[PARAMETER(detector, psf)].text);
    spread->fwhm_m = p->detector_psf_fwhm_m;
    spread->radius_pixels = p->detector_psf_radius_pixels;
    for (int i = 0; i < detector->panel_count; i++) {
        const SpreadWindow window = point_spread_window(spread, &detector->panels[i]);
        const int wider = window.radius[1] > window.radius[0] ? 1 : 0;
        if (window.radius[wider] > RADIUS_MOST)
            return status_error(STATUS_BAD_PARAMETER,
                                "detector.psf_fwhm is %g pixels, too wide for the %d pixels to each side that a point "
                                "spread may reach; give a smaller one",
                                window.fwhm_pixels[wider], RADIUS_MOST);
        if (window.radius[1] > spread->reach) spread->reach = window.radius[1];
    }
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- spread */

static Range clipped(int64_t begin, int64_t end, Range within) {
    return (Range){begin > within.begin ? begin : within.begin, end < within.end ? end : within.end};
}

static Range columns_of(Tile panel) {
    return (Range){panel.fast, panel.fast + panel.fast_pixels};
}

/* Rows within the radius that the panel and the source have. */
static Range clipped_rows(const PhotonRows *source, Tile panel, int64_t slow, int64_t radius) {
    const Range rows = clipped(slow - radius, slow + radius + 1, source->rows);
    return clipped(rows.begin, rows.end, (Range){panel.slow, panel.slow + panel.slow_pixels});
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
static void spread_gauss(const SpreadWindow *window, const double *weights, const PhotonRows *source, Tile panel,
                         int64_t slow, Range columns, double *scratch, double *spread_photons) {
    const int64_t fast_radius = window->radius[0], slow_radius = window->radius[1];
    const double *fast_weights = weights + width_of(window, 1);
    const Range all = columns_of(panel), rows = clipped_rows(source, panel, slow, slow_radius);
    const Range needed = clipped(columns.begin - fast_radius, columns.end + fast_radius, all);
    clear(scratch, needed);
    for (int64_t s = rows.begin; s < rows.end; s++)
        add_shifted(weights[s - slow + slow_radius], row_of(source, s), 0, needed, scratch);
    for (int64_t shift = -fast_radius; shift <= fast_radius; shift++)
        add_shifted(fast_weights[shift + fast_radius], scratch, shift,
                    clipped(columns.begin, columns.end, (Range){all.begin - shift, all.end - shift}), spread_photons);
}

/* Pixel by pixel of the source: those without photons cost nothing. */
static void spread_fiber(const SpreadWindow *window, const double *weights, const PhotonRows *source, Tile panel,
                         int64_t slow, Range columns, double *spread_photons) {
    const int64_t radius = window->radius[0], width = width_of(window, 0);
    const Range rows = clipped_rows(source, panel, slow, window->radius[1]);
    const Range needed = clipped(columns.begin - radius, columns.end + radius, columns_of(panel));
    for (int64_t s = rows.begin; s < rows.end; s++) {
        const double *photons = row_of(source, s);
        const double *row_weights = weights + (s - slow + window->radius[1]) * width;
        for (int64_t f = needed.begin; f < needed.end; f++)
            if (photons[f] > 0.0)
                add_shifted(photons[f], row_weights, radius - f, clipped(f - radius, f + radius + 1, columns),
                            spread_photons);
    }
}

void point_spread_row(const SpreadWindow *window, const double *weights, const PhotonRows *source, Tile panel,
                      int64_t slow, Range columns, double *scratch, double *spread_photons) {
    clear(spread_photons, columns);
    if (window->kind == PSF_GAUSS)
        spread_gauss(window, weights, source, panel, slow, columns, scratch, spread_photons);
    else
        spread_fiber(window, weights, source, panel, slow, columns, spread_photons);
}
