/** @file
 *  Products and sums of counts that come from outside, and that nothing beside them bounds: they say when they do not
 * fit. */
#ifndef TESSERA_SIZE_H
#define TESSERA_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/** Multiplies two counts, which are not negative.
 *  @return false when the product does not fit; then it is not set */
static inline bool size_product(int64_t a, int64_t b, int64_t *product) {
#ifdef __GNUC__
    int64_t result;
    if (__builtin_mul_overflow(a, b, &result)) return false;
    *product = result;
#else
    if (b > 0 && a > INT64_MAX / b) return false;
    *product = a * b;
#endif
    return true;
}

/** Adds two counts, which are not negative; otherwise like size_product. */
static inline bool size_sum(int64_t a, int64_t b, int64_t *sum) {
    if (a > INT64_MAX - b) return false;
    *sum = a + b;
    return true;
}

/** True when an image of so many pixels, each of them a double, can be counted in bytes: so can all that is made of it.
 */
static inline bool size_fits_image(int64_t slow_pixels, int64_t fast_pixels) {
    int64_t pixels = 0, bytes = 0;
    return size_product(slow_pixels, fast_pixels, &pixels) && size_product(pixels, (int64_t)sizeof(double), &bytes);
}

#endif
