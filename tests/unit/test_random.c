#include "base/random.h"
#include "unit.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Every bound below is five standard deviations or more, and every sequence is fixed by its seed: a test that passes
 * once passes always. */

/* ---------------------------------------------------------------------------------------------------------- uniform */

/* First 53 bits of each word of the known answer for a counter and key of zeros that comes with Random123 (kat_vectors:
 * philox4x64 10). */
static void the_generator_gives_the_published_answers(void) {
    const uint64_t zeros[4] = {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b};
    double uniform[4];
    random_uniform4(0, (RandomStream)0, 0, 0, 0, uniform);
    for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(uniform[i], ((double)(zeros[i] >> 11) + 0.5) / 9007199254740992.0);
}

static void the_same_element_is_the_same_number_whoever_asks(void) {
    double one[4], again[4], other[4];
    random_uniform4(7, RANDOM_SWEEP, 123456789012, 5, 2, one);
    for (uint64_t i = 0; i < 10; i++) random_uniform4(7, RANDOM_SWEEP, i, 5, 2, other);
    random_uniform4(7, RANDOM_SWEEP, 123456789012, 5, 2, again);
    for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(one[i], again[i]);
}

static void seed_stream_index_and_draw_all_matter(void) {
    double base[4], other[4];
    random_uniform4(7, RANDOM_SWEEP, 3, 2, 1, base);
    for (int change = 0; change < 5; change++) {
        random_uniform4(7 + (change == 0), change == 1 ? RANDOM_MOSAIC : RANDOM_SWEEP, 3 + (change == 2),
                        2 + (change == 3), 1 + (change == 4), other);
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) CU_ASSERT_NOT_EQUAL(base[i], other[j]);
    }
}

enum { SAMPLES = 100000, BINS = 100 };

static void uniform_numbers_fill_the_open_interval_evenly(void) {
    int bins[4][BINS] = {{0}};
    for (uint64_t n = 0; n < SAMPLES; n++) {
        double uniform[4];
        random_uniform4(1, RANDOM_SWEEP, n, 0, 0, uniform);
        for (int i = 0; i < 4; i++) {
            if (!(uniform[i] > 0.0 && uniform[i] < 1.0)) CU_FAIL("outside (0, 1)");
            bins[i][(int)(uniform[i] * BINS)]++;
        }
    }
    for (int i = 0; i < 4; i++) {
        double chi2 = 0.0;
        for (int b = 0; b < BINS; b++) chi2 += pow(bins[i][b] - SAMPLES / BINS, 2) / ((double)SAMPLES / BINS);
        UNIT_CLOSE(chi2, BINS - 1, 5 * sqrt(2.0 * (BINS - 1)), "chi squared of 100 bins");
    }
}

/* ----------------------------------------------------------------------------------------------------------- Poisson
 */

static double poisson_probability(double k, double mean) {
    return exp(k * log(mean) - mean - lgamma(k + 1.0));
}

typedef struct CountMoments {
    double mean, variance;
} CountMoments;

static CountMoments moments_of_counts(double mean, int32_t *counts) {
    double sum = 0.0, squares = 0.0;
    for (int n = 0; n < SAMPLES; n++) {
        counts[n] = random_poisson(42, 3, (uint64_t)n, mean);
        sum += counts[n] - mean;
        squares += (counts[n] - mean) * (counts[n] - mean);
    }
    return (CountMoments){mean + sum / SAMPLES, squares / SAMPLES};
}

/* Pearson's chi squared with bins of at least 20 expected counts, minus its mean, in standard deviations. */
static double deviation_of_chi2(double mean, const int32_t *counts) {
    const double reach = 6.0 * sqrt(mean) + 20.0;
    const int64_t least = mean > reach ? (int64_t)(mean - reach) : 0, greatest = (int64_t)(mean + reach);
    int *found = calloc((size_t)(greatest - least + 2), sizeof *found);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    for (int n = 0; n < SAMPLES; n++)
        found[counts[n] < least ? 0 : counts[n] > greatest ? greatest - least + 1 : counts[n] - least]++;
    double chi2 = 0.0, expected = 0.0, observed = 0.0, left = SAMPLES;
    int bins = 0;
    const double least_expected = fmax(20.0, SAMPLES / 200.0);
    for (int64_t k = least; k <= greatest; k++) {
        expected += SAMPLES * poisson_probability((double)k, mean);
        observed += found[k - least];
        if (expected < least_expected || left - expected < least_expected) continue;
        chi2 += (observed - expected) * (observed - expected) / expected;
        left -= expected;
        bins++;
        expected = observed = 0.0;
    }
    observed += found[greatest - least + 1];
    expected = left; /* the rest of the distribution */
    chi2 += (observed - expected) * (observed - expected) / expected;
    free(found);
    return bins < 1 ? 0.0 : (chi2 - bins) / sqrt(2.0 * bins);
}

static void counts_have_poisson_mean_variance_and_distribution(void) {
    const double means[] = {0.01, 0.5, 3.0, 9.99, 10.0, 10.01, 12.0, 30.0, 100.0, 1e3, 1e4, 1e6};
    int32_t *counts = malloc(SAMPLES * sizeof *counts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(counts);
    for (size_t i = 0; i < sizeof means / sizeof *means; i++) {
        const double mean = means[i];
        const CountMoments found = moments_of_counts(mean, counts);
        UNIT_CHECK(fabs(found.mean - mean) <= 5 * sqrt(mean / SAMPLES), "mean of %g is %.8g", mean, found.mean);
        UNIT_CHECK(fabs(found.variance - mean) <= 5 * sqrt((2 * mean * mean + mean) / SAMPLES),
                   "variance of %g is %.8g", mean, found.variance);
        const double deviation = deviation_of_chi2(mean, counts);
        UNIT_CHECK(deviation < 5.0, "chi squared of %g is %.2f standard deviations too large", mean, deviation);
    }
    free(counts);
}

static void no_light_gives_no_count(void) {
    for (uint64_t pixel = 0; pixel < 1000; pixel++) CU_ASSERT_EQUAL(random_poisson(1, 0, pixel, 0.0), 0);
}

static void counts_saturate_at_the_greatest_int32(void) {
    CU_ASSERT_EQUAL(random_poisson(1, 0, 0, 3e9), INT32_MAX);
    CU_ASSERT_EQUAL(random_poisson(1, 0, 0, 1e30), INT32_MAX);
    CU_ASSERT_EQUAL(random_poisson(1, 0, 0, INFINITY), INT32_MAX);
    int saturated = 0;
    for (uint64_t pixel = 0; pixel < 1000; pixel++) {
        const int32_t count = random_poisson(1, 0, pixel, 2147483647.0);
        CU_ASSERT_TRUE(count > 2147483647 - 500000); /* 10 standard deviations */
        saturated += count == INT32_MAX;
    }
    CU_ASSERT_TRUE(saturated > 400 && saturated < 600);
}

static void counts_depend_on_seed_frame_and_pixel_alone(void) {
    int32_t forwards[200];
    int differ_by_frame = 0, differ_by_seed = 0;
    for (uint64_t pixel = 0; pixel < 200; pixel++) forwards[pixel] = random_poisson(5, 9, pixel, 1000.0);
    for (uint64_t pixel = 200; pixel-- > 0;) {
        CU_ASSERT_EQUAL(random_poisson(5, 9, pixel, 1000.0), forwards[pixel]);
        differ_by_frame += random_poisson(5, 10, pixel, 1000.0) != forwards[pixel];
        differ_by_seed += random_poisson(6, 9, pixel, 1000.0) != forwards[pixel];
    }
    CU_ASSERT_TRUE(differ_by_frame > 150 && differ_by_seed > 150);
}

static void neighbouring_pixels_and_frames_are_not_correlated(void) {
    const double mean = 50.0;
    double pixels = 0.0, frames = 0.0;
    for (uint64_t n = 0; n < SAMPLES; n++) {
        const double here = random_poisson(1, 0, n, mean) - mean;
        pixels += here * (random_poisson(1, 0, n + 1, mean) - mean);
        frames += here * (random_poisson(1, 1, n, mean) - mean);
    }
    UNIT_CLOSE(pixels / SAMPLES / mean, 0.0, 5.0 / sqrt(SAMPLES), "correlation of pixels");
    UNIT_CLOSE(frames / SAMPLES / mean, 0.0, 5.0 / sqrt(SAMPLES), "correlation of frames");
}

/* --------------------------------------------------------------------------------------------------------- rotations
 */

static double determinant(Mat3 m) {
    return vec3_dot(m.row[0], vec3_cross(m.row[1], m.row[2]));
}

/* Some twenty roundings of numbers up to 1 lie between a quaternion and these products. */
static const double ROUNDING = 20 * 1.1e-16;

static void rotations_are_proper_rotations(void) {
    for (uint64_t n = 0; n < 1000; n++) {
        const Mat3 m = random_rotation(3, RANDOM_SWEEP, n), product = mat3_multiply(m, mat3_transpose(m));
        for (int i = 0; i < 3; i++) {
            UNIT_CLOSE(vec3_length(vec3_subtract(product.row[i], mat3_identity().row[i])), 0.0, ROUNDING, "M M^T");
        }
        UNIT_CLOSE(determinant(m), 1.0, ROUNDING, "determinant");
    }
}

/* Largest distance between the distribution of sorted samples and what is expected, times sqrt(n): Kolmogorov. */
static double kolmogorov(const double *expected_at_sorted, int count) {
    double greatest = 0.0;
    for (int i = 0; i < count; i++) {
        greatest = fmax(greatest, fabs(expected_at_sorted[i] - (double)i / count));
        greatest = fmax(greatest, fabs(expected_at_sorted[i] - (double)(i + 1) / count));
    }
    return greatest * sqrt(count);
}

static int by_size(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* 2.3 is exceeded by chance once in 20 000 times. */
static const double KOLMOGOROV_MOST = 2.3;

/* The angle of a rotation uniform on SO(3) has the distribution (angle - sin angle) / pi on 0..pi (Miles 1965). */
static void angles_of_uniform_rotations_follow_their_law(void) {
    double *law = malloc(SAMPLES * sizeof *law);
    CU_ASSERT_PTR_NOT_NULL_FATAL(law);
    double sum = 0.0;
    for (uint64_t n = 0; n < SAMPLES; n++) {
        const Mat3 m = random_rotation(3, RANDOM_SWEEP, n);
        const double cosine = 0.5 * (m.row[0].x + m.row[1].y + m.row[2].z - 1.0);
        const double angle = acos(fmin(1.0, fmax(-1.0, cosine)));
        sum += cosine;
        law[n] = (angle - sin(angle)) / PI;
    }
    UNIT_CLOSE(sum / SAMPLES, -0.5, 5 * 0.5 / sqrt(SAMPLES), "mean cosine"); /* its variance is 1/4 */
    qsort(law, SAMPLES, sizeof *law, by_size);
    CU_ASSERT_TRUE(kolmogorov(law, SAMPLES) < KOLMOGOROV_MOST);
    free(law);
}

/* Each axis lands uniformly on the sphere, so each element of the matrix is uniform on -1..1. */
static void uniform_rotations_carry_each_axis_everywhere(void) {
    double *law[9], sum[9] = {0.0};
    for (int i = 0; i < 9; i++) {
        law[i] = malloc(SAMPLES * sizeof **law);
        CU_ASSERT_PTR_NOT_NULL_FATAL(law[i]);
    }
    for (uint64_t n = 0; n < SAMPLES; n++) {
        const Mat3 m = random_rotation(8, RANDOM_SWEEP, n);
        for (int i = 0; i < 9; i++) {
            const Vec3 row = m.row[i / 3];
            const double element = i % 3 == 0 ? row.x : i % 3 == 1 ? row.y : row.z;
            sum[i] += element;
            law[i][n] = 0.5 * (element + 1.0);
        }
    }
    for (int i = 0; i < 9; i++) {
        UNIT_CLOSE(sum[i] / SAMPLES, 0.0, 5 / sqrt(3.0 * SAMPLES), "mean of an element");
        qsort(law[i], SAMPLES, sizeof **law, by_size);
        CU_ASSERT_TRUE(kolmogorov(law[i], SAMPLES) < KOLMOGOROV_MOST);
        free(law[i]);
    }
}

/* ------------------------------------------------------------------------------------------------------------ normal
 */

static void normal_numbers_are_standard_and_independent(void) {
    double *law[3], sum[3] = {0.0}, squares[3] = {0.0}, products[3] = {0.0};
    for (int i = 0; i < 3; i++) {
        law[i] = malloc(SAMPLES * sizeof **law);
        CU_ASSERT_PTR_NOT_NULL_FATAL(law[i]);
    }
    for (uint64_t n = 0; n < SAMPLES; n++) {
        const Vec3 v = random_normal3(2, RANDOM_MOSAIC, n);
        const double value[3] = {v.x, v.y, v.z};
        for (int i = 0; i < 3; i++) {
            sum[i] += value[i];
            squares[i] += value[i] * value[i];
            products[i] += value[i] * value[(i + 1) % 3];
            law[i][n] = 0.5 * erfc(-value[i] / sqrt(2.0));
        }
    }
    for (int i = 0; i < 3; i++) {
        UNIT_CLOSE(sum[i] / SAMPLES, 0.0, 5 / sqrt(SAMPLES), "mean");
        UNIT_CLOSE(squares[i] / SAMPLES, 1.0, 5 * sqrt(2.0 / SAMPLES), "variance");
        UNIT_CLOSE(products[i] / SAMPLES, 0.0, 5 / sqrt(SAMPLES), "covariance");
        qsort(law[i], SAMPLES, sizeof **law, by_size);
        CU_ASSERT_TRUE(kolmogorov(law[i], SAMPLES) < KOLMOGOROV_MOST);
        free(law[i]);
    }
}

/* ------------------------------------------------------------------------------------------------------------ misset
 */

static Mat3 rotation_of_misset(Vec3 angles_rad) {
    const Mat3 columns = {{vec3_rotate_xyz(vec3(1, 0, 0), angles_rad.x, angles_rad.y, angles_rad.z),
                           vec3_rotate_xyz(vec3(0, 1, 0), angles_rad.x, angles_rad.y, angles_rad.z),
                           vec3_rotate_xyz(vec3(0, 0, 1), angles_rad.x, angles_rad.y, angles_rad.z)}};
    return mat3_transpose(columns);
}

static double largest_difference(Mat3 left, Mat3 right) {
    double greatest = 0.0;
    for (int i = 0; i < 3; i++) greatest = fmax(greatest, vec3_length(vec3_subtract(left.row[i], right.row[i])));
    return greatest;
}

static void misset_angles_make_the_rotation_again(void) {
    for (uint64_t n = 0; n < 1000; n++) {
        const Mat3 rotation = random_rotation(5, RANDOM_SWEEP, n);
        UNIT_CLOSE(largest_difference(rotation_of_misset(misset_of_rotation(rotation)), rotation), 0.0, 1e-14,
                   "rotation");
    }
    const Mat3 identity = mat3_identity();
    UNIT_CLOSE(largest_difference(rotation_of_misset(misset_of_rotation(identity)), identity), 0.0, 0.0, "identity");
}

/* Where the rotation about y is 90 degrees, those about x and z turn about the same axis. */
static void misset_angles_exist_at_the_gimbal(void) {
    for (int sign = -1; sign <= 1; sign += 2)
        for (int i = -3; i <= 3; i++) {
            const Mat3 rotation = rotation_of_misset(vec3(0.3 * i, sign * PI / 2, 0.2));
            UNIT_CLOSE(largest_difference(rotation_of_misset(misset_of_rotation(rotation)), rotation), 0.0, 1e-7,
                       "rotation");
        }
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(the_generator_gives_the_published_answers),
                              UNIT_TEST(the_same_element_is_the_same_number_whoever_asks),
                              UNIT_TEST(seed_stream_index_and_draw_all_matter),
                              UNIT_TEST(uniform_numbers_fill_the_open_interval_evenly),
                              UNIT_TEST(counts_have_poisson_mean_variance_and_distribution),
                              UNIT_TEST(no_light_gives_no_count),
                              UNIT_TEST(counts_saturate_at_the_greatest_int32),
                              UNIT_TEST(counts_depend_on_seed_frame_and_pixel_alone),
                              UNIT_TEST(neighbouring_pixels_and_frames_are_not_correlated),
                              UNIT_TEST(rotations_are_proper_rotations),
                              UNIT_TEST(angles_of_uniform_rotations_follow_their_law),
                              UNIT_TEST(uniform_rotations_carry_each_axis_everywhere),
                              UNIT_TEST(normal_numbers_are_standard_and_independent),
                              UNIT_TEST(misset_angles_make_the_rotation_again),
                              UNIT_TEST(misset_angles_exist_at_the_gimbal),
                              {NULL, NULL}};
    return unit_main("random", tests);
}
