#include "formats/compare.h"

#include "base/double_double.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

ImageView image_view_part(ImageView image, int64_t slow, int64_t fast, int64_t slow_pixels, int64_t fast_pixels) {
    assert(slow >= 0 && slow_pixels >= 0 && slow + slow_pixels <= image.slow_pixels);
    assert(fast >= 0 && fast_pixels >= 0 && fast + fast_pixels <= image.fast_pixels);
    return (ImageView){.pixels = image.pixels + slow * image.row_pixels + fast,
                       .slow_pixels = slow_pixels,
                       .fast_pixels = fast_pixels,
                       .row_pixels = image.row_pixels};
}

bool image_view_same_shape(ImageView left, ImageView right) {
    return left.slow_pixels == right.slow_pixels && left.fast_pixels == right.fast_pixels;
}

static double sum_of(ImageView image) {
    DoubleDouble sum = {0.0, 0.0};
    for (int64_t s = 0; s < image.slow_pixels; s++)
        for (int64_t f = 0; f < image.fast_pixels; f++)
            sum = double_double_add(sum, image.pixels[s * image.row_pixels + f]);
    return sum.high;
}

void compare_sum_blocks(int64_t block, int64_t slow_pixels, int64_t fast_pixels, double *pixels) {
    assert(block > 0 && slow_pixels % block == 0 && fast_pixels % block == 0);
    const ImageView image = {pixels, slow_pixels, fast_pixels, fast_pixels};
    /* a sum is never put behind the first pixel of its block, so it overwrites only what has been summed */
    int64_t place = 0;
    for (int64_t s = 0; s < slow_pixels; s += block)
        for (int64_t f = 0; f < fast_pixels; f += block)
            pixels[place++] = sum_of(image_view_part(image, s, f, block, block));
}

static inline double pixel(ImageView image, int64_t slow, int64_t fast) {
    return image.pixels[slow * image.row_pixels + fast];
}

/* What one image says of itself. */
typedef struct Moments {
    int64_t nonfinite;
    double sum, mean, greatest;
    double deviation; /* root of the sum of squared differences from the mean */
} Moments;

static double deviation_from(ImageView image, double mean) {
    DoubleDouble squares = {0.0, 0.0};
    for (int64_t s = 0; s < image.slow_pixels; s++)
        for (int64_t f = 0; f < image.fast_pixels; f++) {
            const double difference = pixel(image, s, f) - mean;
            squares = double_double_add(squares, difference * difference);
        }
    return sqrt(squares.high);
}

static Moments moments_of(ImageView image) {
    Moments moments = {.nonfinite = 0, .greatest = -INFINITY};
    DoubleDouble sum = {0.0, 0.0};
    for (int64_t s = 0; s < image.slow_pixels; s++)
        for (int64_t f = 0; f < image.fast_pixels; f++) {
            const double value = pixel(image, s, f);
            moments.nonfinite += !isfinite(value);
            moments.greatest = fmax(moments.greatest, value);
            sum = double_double_add(sum, value);
        }
    moments.sum = sum.high;
    moments.mean = sum.high / ((double)image.slow_pixels * (double)image.fast_pixels);
    moments.deviation = deviation_from(image, moments.mean);
    return moments;
}

/* Sums over all pixels of both images. */
typedef struct Differences {
    DoubleDouble sum, squares, normalized_squares, relative_squares;
    double max, max_relative;
    int64_t relative_pixels, worst_slow, worst_fast, nonzero_where_zero;
} Differences;

static void add_relative(Differences *sums, double error, int64_t s, int64_t f) {
    sums->relative_squares = double_double_add(sums->relative_squares, error * error);
    if (sums->relative_pixels == 0 || error > sums->max_relative) {
        sums->max_relative = error;
        sums->worst_slow = s;
        sums->worst_fast = f;
    }
    sums->relative_pixels++;
}

static Differences differences_of(ImageView reference, ImageView test, Moments expected, Moments found, double floor) {
    Differences sums = {.max = 0.0};
    for (int64_t s = 0; s < reference.slow_pixels; s++)
        for (int64_t f = 0; f < reference.fast_pixels; f++) {
            const double wanted = pixel(reference, s, f), got = pixel(test, s, f);
            const double difference = got - wanted;
            /* 1 - r = half the squared distance of the normalized images, which does not cancel */
            const double normalized =
                (wanted - expected.mean) / expected.deviation - (got - found.mean) / found.deviation;
            sums.sum = double_double_add(sums.sum, difference);
            sums.squares = double_double_add(sums.squares, difference * difference);
            sums.normalized_squares = double_double_add(sums.normalized_squares, normalized * normalized);
            sums.max = fmax(sums.max, fabs(difference));
            sums.nonzero_where_zero += (wanted == 0.0) & (got != 0.0);
            if (wanted > floor * expected.greatest) add_relative(&sums, fabs(difference) / wanted, s, f);
        }
    return sums;
}

static double ratio_or_infinity(double top, double bottom) {
    if (top == 0.0) return 0.0;
    return bottom == 0.0 ? INFINITY : top / bottom;
}

/* A local maximum, refined by a parabola along each axis. */
typedef struct Peak {
    double slow, fast, height;
} Peak;

/* Above all neighbours; of equal neighbours the first in the order of the pixels is the maximum. */
static bool is_local_maximum(ImageView image, int64_t s, int64_t f) {
    const double centre = pixel(image, s, f);
    bool is_maximum = centre > 0.0;
    for (int64_t i = -1; i <= 1; i++)
        for (int64_t j = -1; j <= 1; j++) {
            const double neighbour = pixel(image, s + i, f + j);
            const bool is_later = i > 0 || (i == 0 && j >= 0);
            is_maximum = is_maximum && (is_later ? centre >= neighbour : centre > neighbour);
        }
    return is_maximum;
}

/* Vertex of the parabola through three points at -1, 0, 1; within half a pixel. */
static double vertex(double before, double centre, double after) {
    const double curvature = before - 2.0 * centre + after;
    if (!(curvature < 0.0)) return 0.0;
    return fmin(0.5, fmax(-0.5, 0.5 * (before - after) / curvature));
}

static Peak refined_peak(ImageView image, int64_t s, int64_t f) {
    const double height = pixel(image, s, f);
    return (Peak){.slow = (double)s + vertex(pixel(image, s - 1, f), height, pixel(image, s + 1, f)),
                  .fast = (double)f + vertex(pixel(image, s, f - 1), height, pixel(image, s, f + 1)),
                  .height = height};
}

/* Keeps the list of the strongest peaks sorted; of equal ones the first comes first. */
static int insert_peak(Peak peak, int most, int count, Peak *peaks) {
    int place = count;
    while (place > 0 && peaks[place - 1].height < peak.height) place--;
    if (place == most) return count;
    const int last = count < most ? count : most - 1;
    for (int i = last; i > place; i--) peaks[i] = peaks[i - 1];
    peaks[place] = peak;
    return last + 1;
}

static int strongest_peaks(ImageView image, int most, Peak *peaks) {
    int count = 0;
    for (int64_t s = 1; s < image.slow_pixels - 1; s++)
        for (int64_t f = 1; f < image.fast_pixels - 1; f++)
            if (is_local_maximum(image, s, f)) count = insert_peak(refined_peak(image, s, f), most, count, peaks);
    return count;
}

static double nearest_distance(Peak peak, const Peak *peaks, int count) {
    double nearest = INFINITY;
    for (int i = 0; i < count; i++)
        nearest = fmin(nearest, hypot(peaks[i].slow - peak.slow, peaks[i].fast - peak.fast));
    return nearest;
}

static int by_size(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Each strong peak of the reference is sought among four times as many of the test. */
static void compare_peaks(ImageView reference, ImageView test, Comparison *comparison) {
    Peak expected[COMPARE_PEAKS], found[4 * COMPARE_PEAKS];
    double distance[COMPARE_PEAKS];
    const int expected_count = strongest_peaks(reference, COMPARE_PEAKS, expected);
    const int found_count = strongest_peaks(test, 4 * COMPARE_PEAKS, found);
    comparison->peaks = expected_count;
    if (expected_count == 0 || found_count == 0) {
        comparison->peak_max_pixels = comparison->peak_median_pixels =
            expected_count == found_count ? 0.0 : (double)INFINITY;
        return;
    }
    for (int i = 0; i < expected_count; i++) distance[i] = nearest_distance(expected[i], found, found_count);
    qsort(distance, (size_t)expected_count, sizeof *distance, by_size);
    comparison->peak_max_pixels = distance[expected_count - 1];
    comparison->peak_median_pixels = 0.5 * (distance[(expected_count - 1) / 2] + distance[expected_count / 2]);
}

static Comparison hopeless(Moments expected, Moments found) {
    return (Comparison){.reference_nonfinite = expected.nonfinite,
                        .test_nonfinite = found.nonfinite,
                        .reference_sum = expected.sum,
                        .test_sum = found.sum,
                        .correlation = -1.0,
                        .one_minus_correlation = 2.0,
                        .sum_error = INFINITY,
                        .rms_error = INFINITY,
                        .max_error = INFINITY,
                        .rms_relative_error = INFINITY,
                        .max_relative_error = INFINITY,
                        .peak_max_pixels = INFINITY,
                        .peak_median_pixels = INFINITY};
}

Comparison compare_images(ImageView reference, ImageView test, double floor) {
    assert(image_view_same_shape(reference, test) && reference.slow_pixels > 0 && reference.fast_pixels > 0);
    const Moments expected = moments_of(reference), found = moments_of(test);
    if (!isfinite(expected.deviation) || !isfinite(found.deviation)) return hopeless(expected, found);
    const Differences sums = differences_of(reference, test, expected, found, floor);
    const double pixels = (double)reference.slow_pixels * (double)reference.fast_pixels;
    Comparison comparison = {.reference_sum = expected.sum,
                             .test_sum = found.sum,
                             .sum_error = ratio_or_infinity(sums.sum.high, expected.sum),
                             .rms_error = sqrt(sums.squares.high / pixels),
                             .max_error = sums.max,
                             .relative_pixels = sums.relative_pixels,
                             .worst_slow = sums.worst_slow,
                             .worst_fast = sums.worst_fast,
                             .nonzero_where_reference_is_zero = sums.nonzero_where_zero};
    const bool is_flat = expected.deviation == 0.0 || found.deviation == 0.0; /* no correlation is defined */
    comparison.one_minus_correlation = !is_flat ? 0.5 * sums.normalized_squares.high : sums.max == 0.0 ? 0.0 : 1.0;
    comparison.correlation = 1.0 - comparison.one_minus_correlation;
    comparison.max_relative_error = sums.relative_pixels > 0 ? sums.max_relative : sums.max;
    comparison.rms_relative_error = sums.relative_pixels > 0
                                        ? sqrt(sums.relative_squares.high / (double)sums.relative_pixels)
                                        : comparison.rms_error;
    compare_peaks(reference, test, &comparison);
    return comparison;
}
