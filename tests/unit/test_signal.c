#include "base/random.h"
#include "model/detector_signal.h"
#include "scene.h"
#include "setup/frames.h"
#include "unit.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Bounds of random sums are five standard deviations: a chance of 6e-7 for each check to fail by itself. Every sequence
 * is fixed by its seed, so a test that passes once passes always. */

static DetectorSignal plain_signal(void) {
    return (DetectorSignal){.seed = 7, .calibration_seed = 8, .gain = 1.0, .saturation = INT32_MAX};
}

static int32_t counts_of(const DetectorSignal *signal, int64_t frame, int64_t pixel, double expected) {
    return detector_signal_counts(signal, frame, pixel, detector_signal_photons(signal, frame, pixel, expected));
}

/* ---------------------------------------------------------------------------------------------------------- moments */

static void without_a_signal_the_counts_are_the_poisson_deviates(void) {
    const DetectorSignal signal = plain_signal();
    const double expected[] = {0.0, 0.3, 9.0, 1234.5, 3e9};
    for (int64_t frame = 0; frame < 3; frame++)
        for (int64_t pixel = 0; pixel < 1000; pixel++) {
            const double mean = expected[pixel % 5];
            CU_ASSERT_EQUAL(counts_of(&signal, frame, pixel, mean),
                            random_poisson(7, (uint64_t)frame, (uint64_t)pixel, mean));
        }
    CU_ASSERT_EQUAL(detector_signal_flicker(&signal, 5), 1.0);
}

enum { PIXELS = 400, FRAMES = 1000 };

/* Sum over pixels of the squared deviations, in standard deviations, of each pixel's mean and variance over the
 * frames: both are chi squared with a degree of freedom for each pixel. */
static void check_moments_of_pixels(DetectorSignal signal, double photons, const char *what) {
    const double mean = signal.gain * photons + signal.pedestal;
    const double poisson = signal.gain * signal.gain * photons;
    const bool whole = signal.gain == rint(signal.gain) && !(signal.read_noise > 0.0); /* nothing is rounded */
    const double variance = poisson + signal.read_noise * signal.read_noise + (whole ? 0.0 : 1.0 / 12.0);
    const double fourth = 3.0 * variance * variance + poisson * signal.gain * signal.gain; /* central moment */
    double chi2_mean = 0.0, chi2_variance = 0.0;
    for (int64_t pixel = 0; pixel < PIXELS; pixel++) {
        double sum = 0.0, squares = 0.0;
        for (int64_t frame = 0; frame < FRAMES; frame++) {
            const double away = counts_of(&signal, frame, pixel, photons) - mean;
            sum += away;
            squares += away * away;
        }
        chi2_mean += sum * sum / (FRAMES * variance);
        chi2_variance += pow(squares / FRAMES - variance, 2) / ((fourth - variance * variance) / FRAMES);
    }
    /* a chi squared of n degrees has the variance 2 n; that of the variances a little more, as they are skew */
    UNIT_CLOSE(chi2_mean, PIXELS, 5.0 * sqrt(2.0 * PIXELS), what);
    UNIT_CLOSE(chi2_variance, PIXELS, 5.0 * sqrt(2.5 * PIXELS), what);
}

static void every_pixel_has_the_mean_and_variance_of_poisson_gain_pedestal_and_read_noise(void) {
    DetectorSignal signal = plain_signal();
    check_moments_of_pixels(signal, 20.0, "chi squared of Poisson");
    signal.gain = 3.0;
    check_moments_of_pixels(signal, 20.0, "chi squared of a whole gain");
    signal.gain = 7.3;
    signal.pedestal = 40.0;
    check_moments_of_pixels(signal, 20.0, "chi squared of a gain and a pedestal");
    signal.read_noise = 4.5;
    check_moments_of_pixels(signal, 20.0, "chi squared of gain, pedestal and read noise");
    signal.gain = 1.0;
    check_moments_of_pixels(signal, 0.0, "chi squared of read noise alone");
}

static double normal_below(double x) {
    return 0.5 * erfc(-x / sqrt(2.0));
}

static void read_noise_is_normal(void) {
    enum { SAMPLES = 200000, BINS = 41 };
    DetectorSignal signal = plain_signal();
    signal.pedestal = 100.25;
    signal.read_noise = 5.0;
    int found[BINS] = {0};
    for (int64_t n = 0; n < SAMPLES; n++) {
        const int32_t bin = counts_of(&signal, n / 500, n % 500, 0.0) - 80;
        found[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
    }
    double chi2 = 0.0;
    for (int bin = 0; bin < BINS; bin++) {
        const double low = bin == 0 ? 0.0 : normal_below((79.5 + bin - 100.25) / 5.0);
        const double high = bin == BINS - 1 ? 1.0 : normal_below((80.5 + bin - 100.25) / 5.0);
        chi2 += pow(found[bin] - SAMPLES * (high - low), 2) / (SAMPLES * (high - low));
    }
    UNIT_CLOSE(chi2, BINS - 1, 5.0 * sqrt(2.0 * (BINS - 1)), "chi squared of 41 bins");
}

/* Mean and rms about 1 of values that are normal with the rms @p width. */
static void check_normal(const double *values, int count, double width, const char *what) {
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < count; i++) {
        sum += values[i] - 1.0;
        squares += pow(values[i] - 1.0, 2);
    }
    UNIT_CLOSE(sum / count, 0.0, 5.0 * width / sqrt(count), what);
    UNIT_CLOSE(sqrt(squares / count), width, 5.0 * width / sqrt(2.0 * count), what);
}

static void flicker_has_its_rms_and_belongs_to_the_frame(void) {
    enum { COUNT = 20000 };
    static double factors[COUNT];
    DetectorSignal signal = plain_signal();
    signal.flicker = 0.2;
    for (int64_t frame = 0; frame < COUNT; frame++) factors[frame] = detector_signal_flicker(&signal, frame);
    check_normal(factors, COUNT, 0.2, "flicker");
    double together = 0.0;
    for (int i = 1; i < COUNT; i++) together += (factors[i - 1] - 1.0) * (factors[i] - 1.0) / (0.2 * 0.2);
    UNIT_CLOSE(together / COUNT, 0.0, 5.0 / sqrt(COUNT), "correlation of neighbouring frames");
    signal.flicker = 1.0; /* one in six would be negative */
    for (int64_t frame = 0; frame < 1000; frame++) CU_ASSERT(detector_signal_flicker(&signal, frame) >= 0.0);
}

static void flicker_leaves_the_expected_photons_at_the_nominal_fluence(void) {
    const char *const settings[] = {"crystal.cell=50,60,70,90,90,90",
                                    "crystal.default_f=100",
                                    "crystal.cells=3",
                                    "detector.fast_pixels=8",
                                    "detector.slow_pixels=8",
                                    "noise.flicker=0.2",
                                    "beam.fluence=1e24",
                                    "sweep.count=5",
                                    NULL};
    Experiment *experiment = scene(settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(experiment);
    Frame frame;
    CU_ASSERT_FATAL(status_is_ok(frame_create(experiment, &frame)));
    for (int64_t number = 0; number < 5; number++) {
        frame_set(experiment, number, &frame);
        CU_ASSERT_EQUAL(frame.fluence_per_m2, 1e24);
        CU_ASSERT_EQUAL(frame.flicker, detector_signal_flicker(&experiment->signal, number));
        CU_ASSERT_NOT_EQUAL(frame.flicker, 1.0);
    }
    frame_destroy(&frame);
    experiment_destroy(&experiment);
}

static void calibration_has_its_rms_and_belongs_to_the_pixel(void) {
    enum { COUNT = 20000 };
    static double factors[COUNT];
    DetectorSignal signal = plain_signal();
    signal.calibration = 0.03;
    for (int64_t pixel = 0; pixel < COUNT; pixel++) factors[pixel] = detector_signal_calibration(&signal, pixel);
    check_normal(factors, COUNT, 0.03, "calibration");
    for (int64_t frame = 0; frame < 5; frame++)
        for (int64_t pixel = 0; pixel < 200; pixel++) {
            const double poisson = random_poisson(7, (uint64_t)frame, (uint64_t)pixel, 5000.0);
            CU_ASSERT_EQUAL(detector_signal_photons(&signal, frame, pixel, 5000.0), poisson * factors[pixel]);
        }
    signal.seed = 99;
    CU_ASSERT_EQUAL(detector_signal_calibration(&signal, 17), factors[17]);
    signal.calibration_seed = 99;
    CU_ASSERT_NOT_EQUAL(detector_signal_calibration(&signal, 17), factors[17]);
}

/* ----------------------------------------------------------------------------------------------- defects and limits */

static void dead_and_hot_pixels_have_their_shares_and_stay_where_they_are(void) {
    enum { COUNT = 100000 };
    DetectorSignal signal = plain_signal();
    signal.dead_fraction = 0.01;
    signal.hot_fraction = 0.003;
    signal.hot_value = 777;
    double dead = 0.0, hot = 0.0;
    for (int64_t pixel = 0; pixel < COUNT; pixel++) {
        const PixelState state = detector_signal_state(&signal, pixel);
        dead += state == PIXEL_DEAD;
        hot += state == PIXEL_HOT;
        for (int64_t frame = 0; frame < 2; frame++) {
            const int32_t counts = counts_of(&signal, frame, pixel, 5000.0);
            if (state == PIXEL_DEAD) CU_ASSERT_EQUAL(counts, 0);
            if (state == PIXEL_HOT) CU_ASSERT_EQUAL(counts, 777);
            if (state == PIXEL_GOOD) CU_ASSERT(counts > 4000);
        }
    }
    UNIT_CLOSE(dead, 0.01 * COUNT, 5.0 * sqrt(0.01 * COUNT), "dead pixels");
    UNIT_CLOSE(hot, 0.003 * COUNT, 5.0 * sqrt(0.003 * COUNT), "hot pixels");
}

static void all_pixels_can_be_dead(void) {
    DetectorSignal signal = plain_signal();
    signal.dead_fraction = 1.0;
    for (int64_t pixel = 0; pixel < 1000; pixel++) CU_ASSERT_EQUAL(counts_of(&signal, 0, pixel, 100.0), 0);
}

static void no_count_exceeds_the_saturation(void) {
    DetectorSignal signal = plain_signal();
    signal.saturation = 1000;
    signal.gain = 10.0;
    int at_limit = 0;
    for (int64_t pixel = 0; pixel < 1000; pixel++) {
        const int32_t counts = counts_of(&signal, 0, pixel, 100.0);
        CU_ASSERT(counts <= 1000);
        at_limit += counts == 1000;
    }
    CU_ASSERT(at_limit > 400 && at_limit < 650);
    signal.hot_fraction = 1.0;
    signal.hot_value = 5000;
    CU_ASSERT_EQUAL(counts_of(&signal, 0, 0, 0.0), 1000);
    signal = plain_signal();
    signal.gain = 1e9;
    CU_ASSERT_EQUAL(counts_of(&signal, 0, 0, 1e9), INT32_MAX);
}

static void no_count_is_negative(void) {
    DetectorSignal signal = plain_signal();
    signal.read_noise = 50.0;
    int zeros = 0;
    for (int64_t pixel = 0; pixel < 1000; pixel++) {
        const int32_t counts = counts_of(&signal, 0, pixel, 0.0);
        CU_ASSERT(counts >= 0);
        zeros += counts == 0;
    }
    CU_ASSERT(zeros > 400 && zeros < 600);
}

static void counts_do_not_depend_on_the_order_of_the_pixels(void) {
    enum { COUNT = 500 };
    int32_t forwards[COUNT];
    DetectorSignal signal = plain_signal();
    signal.flicker = signal.calibration = 0.1;
    signal.gain = 2.5;
    signal.pedestal = 20.0;
    signal.read_noise = 3.0;
    signal.dead_fraction = signal.hot_fraction = 0.02;
    signal.hot_value = signal.saturation = 5000;
    for (int64_t pixel = 0; pixel < COUNT; pixel++) forwards[pixel] = counts_of(&signal, 3, pixel, 30.0);
    int differ = 0;
    for (int64_t pixel = COUNT - 1; pixel >= 0; pixel--) {
        differ += counts_of(&signal, 4, pixel, 30.0) != forwards[pixel];
        CU_ASSERT_EQUAL(counts_of(&signal, 3, pixel, 30.0), forwards[pixel]);
    }
    CU_ASSERT(differ > 450);
}

/* ------------------------------------------------------------------------------------------------------ point spread
 */

enum { SIDE = 301, MIDDLE = SIDE / 2 };

typedef struct Spreading {
    SpreadWindow window;
    double *weights;
    PhotonRows source;
    double *image; /* [SIDE][SIDE] */
} Spreading;

static Spreading spreading(PointSpreadKind kind, double fwhm_pixels, int64_t radius) {
    Spreading s = {.window = {.kind = kind, .fwhm_pixels = {fwhm_pixels, fwhm_pixels}, .radius = {radius, radius}},
                   .source = {.rows = {0, SIDE}, .fast_pixels = SIDE, .photons = calloc(SIDE * SIDE, sizeof(double))},
                   .image = calloc(SIDE * SIDE, sizeof(double))};
    CU_ASSERT_FATAL(s.source.photons != NULL && s.image != NULL);
    CU_ASSERT_FATAL(status_is_ok(point_spread_weights(&s.window, &s.weights)));
    return s;
}

static void spreading_free(Spreading *s) {
    free(s->image);
    free(s->source.photons);
    free(s->weights);
}

static const Tile whole_panel = {0, 0, SIDE, SIDE};

static double spread_all(Spreading *s) {
    double scratch[SIDE], sum = 0.0;
    for (int64_t slow = 0; slow < SIDE; slow++)
        point_spread_row(&s->window, s->weights, &s->source, whole_panel, slow, (Range){0, SIDE}, scratch,
                         s->image + slow * SIDE);
    for (int64_t i = 0; i < SIDE * SIDE; i++) sum += s->image[i];
    return sum;
}

/* Some photons in every pixel whose window lies within the detector. */
static double fill_interior(Spreading *s) {
    double sum = 0.0;
    for (int64_t slow = s->window.radius[0]; slow < SIDE - s->window.radius[0]; slow++)
        for (int64_t fast = s->window.radius[0]; fast < SIDE - s->window.radius[0]; fast++) {
            const double photons = random_poisson(1, 0, (uint64_t)(slow * SIDE + fast), 0.7);
            s->source.photons[slow * SIDE + fast] = photons;
            sum += photons;
        }
    return sum;
}

static void point_spread_conserves_photons_to_1e_6(void) {
    const PointSpreadKind kinds[] = {PSF_GAUSS, PSF_FIBER};
    const double widths[] = {0.1, 1.0, 2.7, 15.0};
    for (int i = 0; i < 8; i++) {
        Spreading s = spreading(kinds[i / 4], widths[i % 4], 12);
        const double photons = fill_interior(&s);
        UNIT_CLOSE(spread_all(&s) / photons, 1.0, 1e-6, "photons after the point spread");
        spreading_free(&s);
    }
}

/* Width at half height of the middle row, by linear interpolation. */
static double half_width(const Spreading *s) {
    const double *row = s->image + MIDDLE * SIDE + MIDDLE;
    for (int f = 0; f + 1 < MIDDLE; f++)
        if (row[f + 1] < 0.5 * row[0]) return f + (row[f] - 0.5 * row[0]) / (row[f] - row[f + 1]);
    return NAN;
}

static void point_spread_has_the_asked_width_at_half_height(void) {
    const PointSpreadKind kinds[] = {PSF_GAUSS, PSF_FIBER};
    const double widths[] = {10.0, 16.3, 25.0};
    for (int i = 0; i < 6; i++) {
        Spreading s = spreading(kinds[i / 3], widths[i % 3], 60);
        s.source.photons[MIDDLE * SIDE + MIDDLE] = 1000.0;
        (void)spread_all(&s);
        UNIT_CLOSE(2.0 * half_width(&s) / widths[i % 3], 1.0, 0.01, "width at half height over the asked one");
        spreading_free(&s);
    }
}

/* A pixel's own width adds 1/12 to the variance of what is integrated over pixels, if the width is not below a pixel.
 */
static void narrow_gaussian_has_the_asked_variance(void) {
    const double widths[] = {1.3, 2.0, 3.0};
    for (int i = 0; i < 3; i++) {
        Spreading s = spreading(PSF_GAUSS, widths[i], 15);
        double variance = 0.0;
        for (int64_t k = -15; k <= 15; k++) variance += s.weights[k + 15] * (double)(k * k);
        UNIT_CLOSE(sqrt(8.0 * log(2.0) * (variance - 1.0 / 12.0)) / widths[i], 1.0, 0.01, "width over the asked one");
        spreading_free(&s);
    }
}

/* Far away the pixel is small against the distance: g / (2 pi) (g^2 + r^2)^(-3/2), over the share in the window. */
static void fibre_has_the_published_tail(void) {
    Spreading s = spreading(PSF_FIBER, 1.7, 100);
    const double g = 1.7 / (2.0 * sqrt(cbrt(4.0) - 1.0));
    const double half = 100.5, window = 4.0 * atan(half * half / (g * sqrt(g * g + 2.0 * half * half))) / (2.0 * PI);
    s.source.photons[MIDDLE * SIDE + MIDDLE] = 1.0;
    (void)spread_all(&s);
    for (int64_t f = 10; f <= 100; f += 15)
        for (int64_t slow = 0; slow <= f; slow += 7) {
            const double density = g / (2.0 * PI) * pow(g * g + (double)(f * f + slow * slow), -1.5) / window;
            UNIT_CLOSE(s.image[(MIDDLE + slow) * SIDE + MIDDLE + f] / density, 1.0, 0.005, "tail over the formula");
        }
    spreading_free(&s);
}

static void photons_beyond_the_edge_are_lost(void) {
    const PointSpreadKind kinds[] = {PSF_GAUSS, PSF_FIBER};
    for (int i = 0; i < 2; i++) {
        Spreading s = spreading(kinds[i], 3.0, 10);
        s.source.photons[0] = 1.0; /* at a corner a quarter stays, and half of the row and the column of the pixel */
        const double sum = spread_all(&s);
        CU_ASSERT(sum > 0.25 && sum < 0.55);
        s.source.photons[0] = 0.0;
        s.source.photons[MIDDLE * SIDE + SIDE - 1] = 1.0; /* half, and half of the pixel's column */
        double column = 0.0;
        const double rest = spread_all(&s);
        for (int64_t slow = 0; slow < SIDE; slow++) column += s.image[slow * SIDE + SIDE - 1];
        UNIT_CLOSE(rest, 0.5 + 0.5 * column, 1e-12, "photons at an edge");
        spreading_free(&s);
    }
}

/* The middle of the square and all photons around it: those of the panel stay in it, and none come from beyond. */
static void photons_stay_in_their_panel(void) {
    const PointSpreadKind kinds[] = {PSF_GAUSS, PSF_FIBER};
    const Tile panel = {100, 90, 60, 120};
    for (int i = 0; i < 2; i++) {
        Spreading s = spreading(kinds[i], 3.0, 8), alone = spreading(kinds[i], 3.0, 8);
        double scratch[SIDE], with[SIDE], without[SIDE];
        (void)fill_interior(&s);
        for (int64_t slow = panel.slow; slow < panel.slow + panel.slow_pixels; slow++)
            memcpy(alone.source.photons + slow * SIDE + panel.fast, s.source.photons + slow * SIDE + panel.fast,
                   (size_t)panel.fast_pixels * sizeof(double));
        for (int64_t slow = panel.slow; slow < panel.slow + panel.slow_pixels; slow++) {
            const Range columns = {panel.fast, panel.fast + panel.fast_pixels};
            point_spread_row(&s.window, s.weights, &s.source, panel, slow, columns, scratch, with);
            point_spread_row(&s.window, s.weights, &alone.source, whole_panel, slow, columns, scratch, without);
            CU_ASSERT_EQUAL(memcmp(with + panel.fast, without + panel.fast, (size_t)panel.fast_pixels * sizeof *with),
                            0);
        }
        spreading_free(&s);
        spreading_free(&alone);
    }
}

/* Pixels three times as long along fast; windows of the same size. */
static void an_oblong_pixel_holds_what_the_square_ones_in_it_hold(void) {
    enum { SLOW = 90, FAST = 30, FINE = 3 * FAST + 1 };
    const PointSpreadKind kinds[] = {PSF_GAUSS, PSF_FIBER};
    for (int i = 0; i < 2; i++) {
        const SpreadWindow square = {kinds[i], {6.0, 6.0}, {FINE, SLOW}}, oblong = {kinds[i], {2.0, 6.0}, {FAST, SLOW}};
        double *fine = NULL, *coarse = NULL;
        CU_ASSERT_FATAL(status_is_ok(point_spread_weights(&square, &fine)));
        CU_ASSERT_FATAL(status_is_ok(point_spread_weights(&oblong, &coarse)));
        for (int slow = SLOW - 12; slow <= SLOW + 12; slow++)
            for (int fast = -4; fast <= 4; fast++) {
                const double *fine_row = kinds[i] == PSF_GAUSS ? &fine[2 * SLOW + 1] : &fine[slow * (2 * FINE + 1)];
                const double *row = kinds[i] == PSF_GAUSS ? &coarse[2 * SLOW + 1] : &coarse[slow * (2 * FAST + 1)];
                const double sum =
                    fine_row[FINE + 3 * fast - 1] + fine_row[FINE + 3 * fast] + fine_row[FINE + 3 * fast + 1];
                UNIT_CLOSE(row[FAST + fast], sum, 1e-13, "share of an oblong pixel");
                if (kinds[i] == PSF_GAUSS) UNIT_CLOSE(coarse[slow], fine[slow], 1e-16, "share along slow");
            }
        free(fine);
        free(coarse);
    }
}

static void any_part_of_a_row_is_the_same_bits_as_the_whole(void) {
    const PointSpreadKind kinds[] = {PSF_GAUSS, PSF_FIBER};
    for (int i = 0; i < 2; i++) {
        Spreading s = spreading(kinds[i], 2.2, 6);
        double scratch[SIDE], part[SIDE];
        for (int64_t pixel = 0; pixel < SIDE * SIDE; pixel++)
            s.source.photons[pixel] = 1.01 * random_poisson(1, 0, (uint64_t)pixel, 0.7);
        (void)spread_all(&s);
        for (int64_t slow = 0; slow < SIDE; slow += 30) {
            const Range columns = {slow / 3, slow / 3 + 1 + slow / 2};
            const Range rows = {slow > 6 ? slow - 6 : 0, slow + 7 < SIDE ? slow + 7 : SIDE};
            const PhotonRows near = {rows, SIDE, s.source.photons + rows.begin * SIDE};
            point_spread_row(&s.window, s.weights, &near, whole_panel, slow, columns, scratch, part);
            CU_ASSERT_EQUAL(memcmp(part + columns.begin, s.image + slow * SIDE + columns.begin,
                                   (size_t)range_length(columns) * sizeof *part),
                            0);
        }
        spreading_free(&s);
    }
}

/* -------------------------------------------------------------------------------------------------------- parameters
 */

/* The signal of these settings; its message where they are refused. */
static Status signal_of(const char *const *settings, DetectorSignal *signal, Notes *notes) {
    Panel panel = {.canvas = {0, 0, 100, 100}, .pixel_size_m = {1e-4, 1e-4}};
    const Detector detector = {.fast_pixels = 100, .slow_pixels = 100, .panel_count = 1, .panels = &panel};
    Parameters *parameters = NULL;
    Status status = parameters_create(&parameters);
    for (; status_is_ok(status) && *settings != NULL; settings += 2)
        status = parameters_set(parameters, settings[0], settings[1], "test");
    if (status_is_ok(status)) status = detector_signal_create(parameters, &detector, signal, notes);
    parameters_destroy(&parameters);
    return status;
}

static void by_default_nothing_is_done_to_the_counts(void) {
    const char *const settings[] = {"output.images", "both", NULL};
    DetectorSignal signal;
    Notes notes = {.count = 0};
    CU_ASSERT_FATAL(status_is_ok(signal_of(settings, &signal, &notes)));
    CU_ASSERT_EQUAL(signal.flicker + signal.calibration + signal.pedestal + signal.read_noise, 0.0);
    CU_ASSERT_EQUAL(signal.gain, 1.0);
    CU_ASSERT_EQUAL(signal.spread.kind, PSF_NONE);
    CU_ASSERT_EQUAL(signal.saturation, INT32_MAX);
    CU_ASSERT_FALSE(detector_signal_has_defects(&signal));
    CU_ASSERT_EQUAL(notes.count, 0);
}

static void widths_are_given_in_millimetres(void) {
    const char *const settings[] = {"detector.psf", "gauss", "detector.psf_fwhm", "0.15", NULL};
    DetectorSignal signal;
    CU_ASSERT_FATAL(status_is_ok(signal_of(settings, &signal, NULL)));
    const Panel panel = {.pixel_size_m = {1e-4, 5e-5}};
    const SpreadWindow window = point_spread_window(&signal.spread, &panel);
    UNIT_CLOSE(window.fwhm_pixels[0], 1.5, 1e-12, "width in pixels");
    UNIT_CLOSE(window.fwhm_pixels[1], 3.0, 1e-12, "width in pixels of half the size");
    CU_ASSERT_EQUAL(signal.spread.reach, 4);
    CU_ASSERT_EQUAL(window.radius[0], 4); /* 4.5 pixels are 7 sigma, 3.5 only 5.5 */
}

static void hot_pixels_are_saturated_unless_said_otherwise(void) {
    const char *const settings[] = {"noise.hot_fraction", "0.1", "detector.saturation", "65535", NULL};
    DetectorSignal signal;
    CU_ASSERT_FATAL(status_is_ok(signal_of(settings, &signal, NULL)));
    CU_ASSERT_EQUAL(signal.hot_value, 65535);
}

static void what_cannot_be_is_refused(void) {
    static const char *const bad[][5] = {
        {"detector.psf", "fiber", NULL},
        {"detector.psf", "gauss", "detector.psf_fwhm", "90", NULL}, /* 900 pixels */
        {"noise.dead_fraction", "0.6", "noise.hot_fraction", "0.6", NULL},
        {"noise.gain", "0", NULL},
        {"noise.flicker", "-0.1", NULL},
    };
    static const char *const named[] = {"detector.psf_fwhm", "detector.psf_fwhm", "noise.hot_fraction", "noise.gain",
                                        "noise.flicker"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        DetectorSignal signal;
        const Status status = signal_of(bad[i], &signal, NULL);
        CU_ASSERT_EQUAL(status.code, STATUS_BAD_PARAMETER);
        UNIT_CHECK(strstr(status.message, named[i]) != NULL, "\"%s\" does not name %s", status.message, named[i]);
    }
}

static void what_loses_photons_is_remarked(void) {
    static const char *const remarked[][7] = {
        {"output.images", "counts", "detector.psf", "gauss", "detector.psf_fwhm", "0.3", NULL},
        {"output.images", "counts", "noise.read_noise", "3", "noise.pedestal", "5", NULL},
    };
    for (size_t i = 0; i < sizeof remarked / sizeof *remarked; i++) {
        DetectorSignal signal;
        Notes notes = {.count = 0};
        CU_ASSERT(status_is_ok(signal_of(remarked[i], &signal, &notes)));
        UNIT_CHECK(notes.count == 1, "%d remarks on case %zu", notes.count, i);
    }
}

/* So that --resume refuses to go on with another signal. */
static void every_parameter_of_the_signal_decides_the_image(void) {
    static const char *const names[] = {
        "noise.flicker",     "noise.calibration",   "noise.calibration_seed", "noise.gain",      "noise.pedestal",
        "noise.read_noise",  "noise.dead_fraction", "noise.hot_fraction",     "noise.hot_value", "detector.psf",
        "detector.psf_fwhm", "detector.psf_radius", "detector.saturation",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const int index = parameters_find(names[i]);
        CU_ASSERT_FATAL(index >= 0);
        CU_ASSERT(parameters_row_decides_image(parameters_row(index)));
    }
}

int main(void) {
    const UnitTest tests[] = {
        UNIT_TEST(without_a_signal_the_counts_are_the_poisson_deviates),
        UNIT_TEST(every_pixel_has_the_mean_and_variance_of_poisson_gain_pedestal_and_read_noise),
        UNIT_TEST(read_noise_is_normal),
        UNIT_TEST(flicker_has_its_rms_and_belongs_to_the_frame),
        UNIT_TEST(flicker_leaves_the_expected_photons_at_the_nominal_fluence),
        UNIT_TEST(calibration_has_its_rms_and_belongs_to_the_pixel),
        UNIT_TEST(dead_and_hot_pixels_have_their_shares_and_stay_where_they_are),
        UNIT_TEST(all_pixels_can_be_dead),
        UNIT_TEST(no_count_exceeds_the_saturation),
        UNIT_TEST(no_count_is_negative),
        UNIT_TEST(counts_do_not_depend_on_the_order_of_the_pixels),
        UNIT_TEST(point_spread_conserves_photons_to_1e_6),
        UNIT_TEST(point_spread_has_the_asked_width_at_half_height),
        UNIT_TEST(photons_stay_in_their_panel),
        UNIT_TEST(an_oblong_pixel_holds_what_the_square_ones_in_it_hold),
        UNIT_TEST(narrow_gaussian_has_the_asked_variance),
        UNIT_TEST(fibre_has_the_published_tail),
        UNIT_TEST(photons_beyond_the_edge_are_lost),
        UNIT_TEST(any_part_of_a_row_is_the_same_bits_as_the_whole),
        UNIT_TEST(by_default_nothing_is_done_to_the_counts),
        UNIT_TEST(widths_are_given_in_millimetres),
        UNIT_TEST(hot_pixels_are_saturated_unless_said_otherwise),
        UNIT_TEST(what_cannot_be_is_refused),
        UNIT_TEST(what_loses_photons_is_remarked),
        UNIT_TEST(every_parameter_of_the_signal_decides_the_image),
        {NULL, NULL},
    };
    return unit_main("detector signal", tests);
}
