/** @file
 *  Sum, maximum and CRC-32 of parts of an image, such that the parts' totals make those of the whole. */
#ifndef TESSERA_IMAGE_TOTALS_H
#define TESSERA_IMAGE_TOTALS_H

#include "base/double_double.h"
#include "base/tile.h"

#include <stdint.h>

/** An image, or the rows of it that a rank holds. Borrowed: one of the two arrays, the other is NULL. */
typedef struct ImageRows {
    int64_t slow_pixels, fast_pixels; /**< of the whole image */
    int64_t first_row;                /**< the one at which the arrays begin */
    const float *photons;             /**< [rows][fast_pixels] */
    const int32_t *counts;            /**< the same */
} ImageRows;

/** Totals of some pixels. */
typedef struct PartTotals {
    DoubleDouble sum;
    double max;     /**< 0 when no pixel is above it */
    uint32_t crc32; /**< what their bytes contribute to the CRC-32 of the whole image's, row by row; contributions are
                       combined by exclusive or */
} PartTotals;

/** Totals of rectangles of the image that do not overlap; with OpenMP's threads. */
PartTotals image_totals(ImageRows image, const Tile *rectangles, int count);

#endif
