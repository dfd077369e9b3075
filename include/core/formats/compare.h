/** @file
 *  How far a test image is from a reference image. */
#ifndef TESSERA_COMPARE_H
#define TESSERA_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

/** Strongest local maxima of the reference whose places are compared. */
enum { COMPARE_PEAKS = 25 };

/** An image, or a part of one: pixel (s, f) is pixels[s * row_pixels + f]. Borrows its pixels. */
typedef struct ImageView {
    const double *pixels;
    int64_t slow_pixels, fast_pixels;
    int64_t row_pixels; /**< from one row to the next, >= fast_pixels */
} ImageView;

/** The figures of a comparison. Where a pixel is not finite (or its square is not) they say "as far apart as can be":
 *  correlation -1, sums and errors infinite. Plain data. */
typedef struct Comparison {
    int64_t reference_nonfinite, test_nonfinite; /**< number of pixels that are infinite or NaN */
    double reference_sum, test_sum;
    double correlation;                      /**< Pearson's, -1..1 */
    double one_minus_correlation;            /**< 0..2, without cancellation */
    double sum_error;                        /**< sum of test / sum of reference - 1 */
    double rms_error, max_error;             /**< of the difference, in the unit of the pixels */
    double rms_relative_error;               /**< over the pixels above the floor; see compare_images */
    double max_relative_error;               /**< the same */
    int64_t relative_pixels;                 /**< number of pixels above the floor */
    int64_t worst_slow, worst_fast;          /**< where max_relative_error is */
    int64_t nonzero_where_reference_is_zero; /**< number of pixels */
    int peaks;                               /**< of the reference, 0..COMPARE_PEAKS */
    double peak_max_pixels;                  /**< largest distance of a peak to the test's nearest; INFINITY when
                                                  only one image has peaks, 0 when none has */
    double peak_median_pixels;               /**< the same for the median */
} Comparison;

/** The part of @p image in slow @p slow .. and fast @p fast .., which must lie within it. */
ImageView image_view_part(ImageView image, int64_t slow, int64_t fast, int64_t slow_pixels, int64_t fast_pixels);

/** True when both have as many rows and columns. */
bool image_view_same_shape(ImageView left, ImageView right);

/** Replaces an image [slow][fast] by its sums over blocks of @p block x @p block pixels, [slow / block][fast / block].
 *  @param slow_pixels, fast_pixels  of the image; multiples of @p block
 *  @param pixels                    image, then in its place the sums */
void compare_sum_blocks(int64_t block, int64_t slow_pixels, int64_t fast_pixels, double *pixels);

/** Compares two images of the same shape with at least one pixel.
 *  @param floor  relative errors count pixels of the reference above floor x its maximum; where there is none, the
 *                absolute errors stand for them */
Comparison compare_images(ImageView reference, ImageView test, double floor);

#endif
