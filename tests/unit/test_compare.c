#include "formats/compare.h"
#include "unit.h"

#include <math.h>
#include <string.h>

enum { EDGE = 8, PIXELS = EDGE * EDGE };

static ImageView view(const double *pixels) {
    return (ImageView){.pixels = pixels, .slow_pixels = EDGE, .fast_pixels = EDGE, .row_pixels = EDGE};
}

static void fill(double *pixels, double value) {
    for (int i = 0; i < PIXELS; i++) pixels[i] = value;
}

/* Different everywhere and above zero. */
static void fill_ramp(double *pixels) {
    for (int i = 0; i < PIXELS; i++) pixels[i] = 1.0 + i;
}

static void an_image_is_exactly_itself(void) {
    double image[PIXELS];
    fill_ramp(image);
    const Comparison found = compare_images(view(image), view(image), 1e-6);
    CU_ASSERT_EQUAL(found.one_minus_correlation, 0.0);
    CU_ASSERT_EQUAL(found.correlation, 1.0);
    CU_ASSERT_EQUAL(found.sum_error, 0.0);
    CU_ASSERT_EQUAL(found.max_relative_error, 0.0);
    CU_ASSERT_EQUAL(found.rms_relative_error, 0.0);
    CU_ASSERT_EQUAL(found.max_error, 0.0);
    CU_ASSERT_EQUAL(found.relative_pixels, PIXELS);
    CU_ASSERT_EQUAL(found.reference_sum, PIXELS * (PIXELS + 1) / 2);
}

static void a_scaled_image_is_perfectly_correlated_and_off_by_the_scale(void) {
    double image[PIXELS], scaled[PIXELS];
    fill_ramp(image);
    for (int i = 0; i < PIXELS; i++) scaled[i] = 1.25 * image[i];
    const Comparison found = compare_images(view(image), view(scaled), 1e-6);
    UNIT_CLOSE(found.one_minus_correlation, 0.0, 1e-31, "1 - r");
    UNIT_CLOSE(found.sum_error, 0.25, 1e-15, "sum error");
    UNIT_CLOSE(found.max_relative_error, 0.25, 1e-15, "largest relative error");
    UNIT_CLOSE(found.rms_relative_error, 0.25, 1e-15, "rms relative error");
    UNIT_CLOSE(found.max_error, 0.25 * PIXELS, 1e-13, "largest error");
}

static void a_negative_image_has_correlation_minus_one(void) {
    double image[PIXELS], negative[PIXELS];
    fill_ramp(image);
    for (int i = 0; i < PIXELS; i++) negative[i] = -image[i];
    UNIT_CLOSE(compare_images(view(image), view(negative), 1e-6).correlation, -1.0, 1e-14, "r");
}

static void orthogonal_images_have_correlation_zero(void) {
    double rows[PIXELS], columns[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
        rows[i] = i / EDGE % 2;
        columns[i] = i % EDGE % 2;
    }
    UNIT_CLOSE(compare_images(view(rows), view(columns), 1e-6).one_minus_correlation, 1.0, 1e-15, "1 - r");
}

/* Adding e x an orthogonal image of the same deviation makes r = 1 / sqrt(1 + e^2): 1 - r = e^2 / 2 - 3 e^4 / 8. A
 * formula that subtracts from 1 sees nothing below 1e-16. */
static void one_minus_correlation_does_not_cancel(void) {
    double reference[PIXELS], test[PIXELS];
    for (double e = 1e-2; e > 1e-13; e *= 0.1) {
        for (int i = 0; i < PIXELS; i++) {
            reference[i] = i / EDGE % 2 - 0.5;
            test[i] = reference[i] + e * (i % EDGE % 2 - 0.5);
        }
        const double expected = 1.0 - 1.0 / sqrt(1.0 + e * e), series = e * e / 2 - 3 * e * e * e * e / 8;
        const double found = compare_images(view(reference), view(test), 1e-6).one_minus_correlation;
        UNIT_CLOSE(found, e > 1e-3 ? expected : series, 1e-2 * series, "1 - r");
    }
}

static void relative_errors_are_of_pixels_above_the_floor_only(void) {
    double reference[PIXELS], test[PIXELS];
    fill(reference, 1.0);
    fill(test, 1.0);
    reference[3 * EDGE + 5] = 1000.0;
    test[3 * EDGE + 5] = 1010.0; /* 1 % */
    test[0] = 3.0;               /* 200 %, but at 1/1000 of the maximum */
    const Comparison high = compare_images(view(reference), view(test), 1e-2);
    CU_ASSERT_EQUAL(high.relative_pixels, 1);
    UNIT_CLOSE(high.max_relative_error, 0.01, 1e-15, "largest relative error");
    UNIT_CLOSE(high.rms_relative_error, 0.01, 1e-15, "rms relative error");
    CU_ASSERT_TRUE(high.worst_slow == 3 && high.worst_fast == 5);
    const Comparison low = compare_images(view(reference), view(test), 1e-6);
    CU_ASSERT_EQUAL(low.relative_pixels, PIXELS);
    UNIT_CLOSE(low.max_relative_error, 2.0, 1e-15, "largest relative error");
    UNIT_CLOSE(low.rms_relative_error, sqrt((4.0 + 1e-4) / PIXELS), 1e-15, "rms relative error");
    CU_ASSERT_TRUE(low.worst_slow == 0 && low.worst_fast == 0);
}

static void absolute_errors_are_in_the_unit_of_the_pixels(void) {
    double reference[PIXELS], test[PIXELS];
    fill_ramp(reference);
    memcpy(test, reference, sizeof test);
    test[7] += 3.0;
    test[9] -= 4.0;
    const Comparison found = compare_images(view(reference), view(test), 1e-6);
    UNIT_CLOSE(found.max_error, 4.0, 0.0, "largest error");
    UNIT_CLOSE(found.rms_error, sqrt(25.0 / PIXELS), 1e-15, "rms error");
    UNIT_CLOSE(found.sum_error, -1.0 / (PIXELS * (PIXELS + 1) / 2), 1e-18, "sum error");
}

static void light_where_there_must_be_none_is_counted(void) {
    double reference[PIXELS], test[PIXELS];
    fill(reference, 0.0);
    reference[20] = 5.0;
    memcpy(test, reference, sizeof test);
    test[0] = 1e-300;
    test[1] = -1.0;
    CU_ASSERT_EQUAL(compare_images(view(reference), view(test), 1e-6).nonzero_where_reference_is_zero, 2);
}

static void pixels_that_are_not_finite_spoil_every_figure(void) {
    double reference[PIXELS], test[PIXELS];
    const double bad[] = {NAN, INFINITY, -INFINITY};
    fill_ramp(reference);
    for (int i = 0; i < 3; i++) {
        fill_ramp(test);
        test[10] = bad[i];
        const Comparison found = compare_images(view(reference), view(test), 1e-6);
        CU_ASSERT_EQUAL(found.test_nonfinite, 1);
        CU_ASSERT_EQUAL(found.reference_nonfinite, 0);
        CU_ASSERT_EQUAL(found.one_minus_correlation, 2.0);
        CU_ASSERT_TRUE(isinf(found.sum_error) && isinf(found.max_relative_error) && isinf(found.peak_max_pixels));
        CU_ASSERT_EQUAL(compare_images(view(test), view(reference), 1e-6).reference_nonfinite, 1);
    }
}

static void flat_images_are_alike_or_not_at_all(void) {
    double zero[PIXELS], one[PIXELS], ramp[PIXELS];
    fill(zero, 0.0);
    fill(one, 1.0);
    fill_ramp(ramp);
    CU_ASSERT_EQUAL(compare_images(view(zero), view(zero), 1e-6).one_minus_correlation, 0.0);
    CU_ASSERT_EQUAL(compare_images(view(zero), view(zero), 1e-6).sum_error, 0.0);
    CU_ASSERT_EQUAL(compare_images(view(one), view(ramp), 1e-6).one_minus_correlation, 1.0);
    CU_ASSERT_EQUAL(compare_images(view(one), view(zero), 1e-6).one_minus_correlation, 1.0);
    const Comparison from_nothing = compare_images(view(zero), view(one), 1e-6);
    CU_ASSERT_TRUE(isinf(from_nothing.sum_error));
    CU_ASSERT_EQUAL(from_nothing.max_relative_error, 1.0); /* no pixel above the floor: the absolute error */
}

static void one_pixel_is_an_image(void) {
    const double three = 3.0, four = 4.0;
    const ImageView left = {&three, 1, 1, 1}, right = {&four, 1, 1, 1};
    const Comparison found = compare_images(left, right, 1e-6);
    UNIT_CLOSE(found.sum_error, 1.0 / 3.0, 1e-16, "sum error");
    CU_ASSERT_EQUAL(found.peaks, 0);
    CU_ASSERT_EQUAL(found.peak_max_pixels, 0.0);
}

/* ----------------------------------------------------------------------------------------------------------- peaks */

enum { WIDE = 64 };

/* A paraboloid has its maximum where the refinement looks for it, exactly. */
static void add_spot(double *pixels, double slow, double fast, double height) {
    for (int s = 0; s < WIDE; s++)
        for (int f = 0; f < WIDE; f++) {
            const double r2 = (s - slow) * (s - slow) + (f - fast) * (f - fast);
            if (r2 < 6.0) pixels[s * WIDE + f] = height * (1.0 - r2 / 8.0);
        }
}

static ImageView wide_view(const double *pixels) {
    return (ImageView){.pixels = pixels, .slow_pixels = WIDE, .fast_pixels = WIDE, .row_pixels = WIDE};
}

static void peaks_are_placed_between_pixels(void) {
    double reference[WIDE * WIDE] = {0.0}, test[WIDE * WIDE] = {0.0};
    add_spot(reference, 20.0, 30.0, 100.0);
    add_spot(reference, 45.0, 10.0, 50.0);
    add_spot(reference, 8.0, 50.0, 25.0);
    add_spot(test, 20.3, 30.4, 100.0); /* half a pixel along the diagonal */
    add_spot(test, 45.0, 10.0, 50.0);
    add_spot(test, 8.0, 50.2, 25.0);
    const Comparison found = compare_images(wide_view(reference), wide_view(test), 1e-6);
    CU_ASSERT_EQUAL(found.peaks, 3);
    UNIT_CLOSE(found.peak_max_pixels, 0.5, 1e-12, "largest displacement");
    UNIT_CLOSE(found.peak_median_pixels, 0.2, 1e-12, "median displacement");
}

static void an_even_number_of_peaks_has_the_mean_of_the_middle_two_as_median(void) {
    double reference[WIDE * WIDE] = {0.0}, test[WIDE * WIDE] = {0.0};
    add_spot(reference, 20.0, 30.0, 100.0);
    add_spot(reference, 45.0, 10.0, 50.0);
    add_spot(test, 20.0, 30.4, 100.0);
    add_spot(test, 45.0, 10.2, 50.0);
    const Comparison found = compare_images(wide_view(reference), wide_view(test), 1e-6);
    UNIT_CLOSE(found.peak_max_pixels, 0.4, 1e-12, "largest displacement");
    UNIT_CLOSE(found.peak_median_pixels, 0.3, 1e-12, "median displacement");
}

static void a_missing_peak_is_as_far_as_the_nearest_other_one(void) {
    double reference[WIDE * WIDE] = {0.0}, test[WIDE * WIDE] = {0.0};
    add_spot(reference, 20.0, 30.0, 100.0);
    add_spot(reference, 20.0, 50.0, 50.0);
    add_spot(test, 20.0, 30.0, 100.0);
    UNIT_CLOSE(compare_images(wide_view(reference), wide_view(test), 1e-6).peak_max_pixels, 20.0, 1e-12,
               "displacement");
}

static void an_image_without_peaks_is_infinitely_far_from_one_with_some(void) {
    double reference[WIDE * WIDE] = {0.0}, test[WIDE * WIDE] = {0.0};
    add_spot(reference, 20.0, 30.0, 100.0);
    CU_ASSERT_TRUE(isinf(compare_images(wide_view(reference), wide_view(test), 1e-6).peak_max_pixels));
    CU_ASSERT_TRUE(isinf(compare_images(wide_view(test), wide_view(reference), 1e-6).peak_max_pixels));
    CU_ASSERT_EQUAL(compare_images(wide_view(test), wide_view(test), 1e-6).peak_max_pixels, 0.0);
}

static void a_plateau_is_one_peak_and_the_border_none(void) {
    double image[WIDE * WIDE] = {0.0};
    image[5 * WIDE + 5] = image[5 * WIDE + 6] = image[6 * WIDE + 5] = image[6 * WIDE + 6] = 1.0;
    image[0] = image[WIDE - 1] = image[30 * WIDE] = 100.0;
    CU_ASSERT_EQUAL(compare_images(wide_view(image), wide_view(image), 1e-6).peaks, 1);
}

static void only_the_strongest_peaks_count(void) {
    double image[WIDE * WIDE] = {0.0}, test[WIDE * WIDE] = {0.0};
    for (int i = 0; i < 10 * 10; i++) image[(3 + i / 10 * 6) * WIDE + 3 + i % 10 * 6] = 1.0 + i;
    memcpy(test, image, sizeof test);
    for (int i = 0; i < 50; i++) test[(3 + i / 10 * 6) * WIDE + 3 + i % 10 * 6] = 0.0; /* the weaker half is gone */
    const Comparison found = compare_images(wide_view(image), wide_view(test), 1e-6);
    CU_ASSERT_EQUAL(found.peaks, COMPARE_PEAKS);
    CU_ASSERT_EQUAL(found.peak_max_pixels, 0.0);
}

/* Brighter peaks of the test must not hide that a peak of the reference is in its place: four times as many are
 * searched. */
static void a_weak_peak_is_found_among_four_times_as_many(void) {
    double reference[WIDE * WIDE] = {0.0}, test[WIDE * WIDE] = {0.0};
    reference[57 * WIDE + 57] = test[57 * WIDE + 57] = 1.0;
    for (int i = 0; i < 4 * COMPARE_PEAKS - 1; i++) test[(3 + i / 10 * 4) * WIDE + 3 + i % 10 * 4] = 2.0 + i;
    CU_ASSERT_EQUAL(compare_images(wide_view(reference), wide_view(test), 1e-6).peak_max_pixels, 0.0);
    test[60 * WIDE + 3] = 1000.0; /* one too many */
    CU_ASSERT_TRUE(compare_images(wide_view(reference), wide_view(test), 1e-6).peak_max_pixels > 10.0);
}

/* ----------------------------------------------------------------------------------------------------------- views */

static void a_part_of_an_image_is_compared_as_if_it_were_one(void) {
    double reference[WIDE * WIDE], test[WIDE * WIDE], cut_reference[6 * 10], cut_test[6 * 10];
    for (int i = 0; i < WIDE * WIDE; i++) {
        reference[i] = 1.0 + (i * 7919) % 1009;
        test[i] = reference[i] + (i * 31) % 17;
    }
    for (int i = 0; i < 60; i++) {
        cut_reference[i] = reference[(20 + i / 10) * WIDE + 33 + i % 10];
        cut_test[i] = test[(20 + i / 10) * WIDE + 33 + i % 10];
    }
    const ImageView part = image_view_part(wide_view(reference), 20, 33, 6, 10);
    const ImageView whole = {.pixels = cut_reference, .slow_pixels = 6, .fast_pixels = 10, .row_pixels = 10};
    const ImageView whole_test = {.pixels = cut_test, .slow_pixels = 6, .fast_pixels = 10, .row_pixels = 10};
    CU_ASSERT_TRUE(image_view_same_shape(part, whole));
    const Comparison one = compare_images(part, image_view_part(wide_view(test), 20, 33, 6, 10), 1e-6);
    const Comparison other = compare_images(whole, whole_test, 1e-6);
    CU_ASSERT_EQUAL(one.one_minus_correlation, other.one_minus_correlation);
    CU_ASSERT_EQUAL(one.sum_error, other.sum_error);
    CU_ASSERT_EQUAL(one.max_relative_error, other.max_relative_error);
    CU_ASSERT_TRUE(one.worst_slow == other.worst_slow && one.worst_fast == other.worst_fast);
    CU_ASSERT_TRUE(one.peaks == other.peaks && one.peak_max_pixels == other.peak_max_pixels);
}

static void shapes_are_alike_only_row_by_column(void) {
    const double pixels[12] = {0.0};
    const ImageView wide = {pixels, 3, 4, 4}, high = {pixels, 4, 3, 3};
    CU_ASSERT_FALSE(image_view_same_shape(wide, high));
    CU_ASSERT_TRUE(image_view_same_shape(wide, wide));
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(an_image_is_exactly_itself),
                              UNIT_TEST(a_scaled_image_is_perfectly_correlated_and_off_by_the_scale),
                              UNIT_TEST(a_negative_image_has_correlation_minus_one),
                              UNIT_TEST(orthogonal_images_have_correlation_zero),
                              UNIT_TEST(one_minus_correlation_does_not_cancel),
                              UNIT_TEST(relative_errors_are_of_pixels_above_the_floor_only),
                              UNIT_TEST(absolute_errors_are_in_the_unit_of_the_pixels),
                              UNIT_TEST(light_where_there_must_be_none_is_counted),
                              UNIT_TEST(pixels_that_are_not_finite_spoil_every_figure),
                              UNIT_TEST(flat_images_are_alike_or_not_at_all),
                              UNIT_TEST(one_pixel_is_an_image),
                              UNIT_TEST(peaks_are_placed_between_pixels),
                              UNIT_TEST(an_even_number_of_peaks_has_the_mean_of_the_middle_two_as_median),
                              UNIT_TEST(a_missing_peak_is_as_far_as_the_nearest_other_one),
                              UNIT_TEST(an_image_without_peaks_is_infinitely_far_from_one_with_some),
                              UNIT_TEST(a_plateau_is_one_peak_and_the_border_none),
                              UNIT_TEST(only_the_strongest_peaks_count),
                              UNIT_TEST(a_weak_peak_is_found_among_four_times_as_many),
                              UNIT_TEST(a_part_of_an_image_is_compared_as_if_it_were_one),
                              UNIT_TEST(shapes_are_alike_only_row_by_column),
                              {NULL, NULL}};
    return unit_main("compare", tests);
}
