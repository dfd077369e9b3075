#include "run/image_totals.h"

#include <stdbool.h>
#include <zlib.h>

/* What a thread takes at a time: enough for the CRC's combination not to show, and little enough for a cache. */
enum { BLOCK_BYTES = 1 << 17, LANES = 8 };

/* Sums of every LANES-th value of a row, each with the rounding errors that it has lost: their sum, in double, is exact
 * to some 2^-100 for a row of any length that fits a detector (Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26 (2005),
 * 1955). Lanes, so that the compiler adds them side by side. */
typedef struct Lanes {
    double sum[LANES], lost[LANES], max[LANES];
} Lanes;

static inline void add_values(Lanes *lanes, const double *values) {
#pragma omp simd
    for (int i = 0; i < LANES; i++) {
        const double sum = lanes->sum[i] + values[i];
        const double back = sum - lanes->sum[i];
        lanes->lost[i] += (lanes->sum[i] - (sum - back)) + (values[i] - back);
        lanes->sum[i] = sum;
        lanes->max[i] = values[i] > lanes->max[i] ? values[i] : lanes->max[i];
    }
}

static void add_photons(Lanes *lanes, const float *photons, int64_t count) {
    double values[LANES];
    for (; count >= LANES; count -= LANES, photons += LANES) {
        for (int i = 0; i < LANES; i++) values[i] = (double)photons[i];
        add_values(lanes, values);
    }
    for (int i = 0; i < LANES; i++) values[i] = i < count ? (double)photons[i] : 0.0;
    add_values(lanes, values);
}

static void add_counts(Lanes *lanes, const int32_t *counts, int64_t count) {
    double values[LANES];
    for (; count >= LANES; count -= LANES, counts += LANES) {
        for (int i = 0; i < LANES; i++) values[i] = (double)counts[i];
        add_values(lanes, values);
    }
    for (int i = 0; i < LANES; i++) values[i] = i < count ? (double)counts[i] : 0.0;
    add_values(lanes, values);
}

static void add_row(ImageRows image, int64_t place, int64_t pixels, PartTotals *totals) {
    Lanes lanes = {.sum = {0.0}, .lost = {0.0}, .max = {0.0}};
    if (image.counts != NULL)
        add_counts(&lanes, image.counts + place, pixels);
    else
        add_photons(&lanes, image.photons + place, pixels);
    for (int i = 0; i < LANES; i++) {
        totals->sum = double_double_add(double_double_add(totals->sum, lanes.sum[i]), lanes.lost[i]);
        if (lanes.max[i] > totals->max) totals->max = lanes.max[i];
    }
}

/* What a run of bytes, followed by @p after more, contributes to the CRC of the whole: the CRC is linear. */
static uint32_t crc_contribution(const void *bytes, int64_t length, int64_t after) {
    uLong crc = crc32(0L, Z_NULL, 0);
    const unsigned char *next = bytes;
    for (int64_t left = length; left > 0;) {
        const uInt piece = left < (1 << 30) ? (uInt)left : 1u << 30;
        crc = crc32(crc, next, piece);
        next += piece;
        left -= piece;
    }
    return (uint32_t)crc32_combine(crc, 0, (z_off_t)after);
}

static uint32_t crc_of_run(ImageRows image, int64_t row, int64_t fast, int64_t pixels) {
    const int64_t place = (row - image.first_row) * image.fast_pixels + fast;
    const int64_t before = row * image.fast_pixels + fast;
    const void *bytes =
        image.counts != NULL ? (const void *)(image.counts + place) : (const void *)(image.photons + place);
    return crc_contribution(bytes, 4 * pixels, 4 * (image.slow_pixels * image.fast_pixels - before - pixels));
}

/* Some rows of a rectangle. */
static void add_rows(ImageRows image, Tile tile, Range rows, PartTotals *totals) {
    const bool whole_rows = tile.fast_pixels == image.fast_pixels;
    for (int64_t s = rows.begin; s < rows.end; s++) {
        add_row(image, (s - image.first_row) * image.fast_pixels + tile.fast, tile.fast_pixels, totals);
        if (!whole_rows) totals->crc32 ^= crc_of_run(image, s, tile.fast, tile.fast_pixels);
    }
    if (whole_rows) totals->crc32 ^= crc_of_run(image, rows.begin, 0, range_length(rows) * tile.fast_pixels);
}

static void add_rectangle(ImageRows image, Tile tile, PartTotals *totals) {
    const int64_t fitting = BLOCK_BYTES / (4 * tile.fast_pixels), rows = fitting > 0 ? fitting : 1;
    const int64_t blocks = (tile.slow_pixels + rows - 1) / rows;
#pragma omp parallel
    {
        PartTotals mine = {.sum = {0.0, 0.0}};
#pragma omp for schedule(static) nowait
        for (int64_t block = 0; block < blocks; block++) {
            const int64_t left = tile.slow_pixels - block * rows, begin = tile.slow + block * rows;
            add_rows(image, tile, (Range){begin, begin + (left < rows ? left : rows)}, &mine);
        }
#pragma omp critical
        {
            totals->sum = double_double_sum(totals->sum, mine.sum);
            totals->max = mine.max > totals->max ? mine.max : totals->max;
            totals->crc32 ^= mine.crc32;
        }
    }
}

PartTotals image_totals(ImageRows image, const Tile *rectangles, int count) {
    PartTotals totals = {.sum = {0.0, 0.0}};
    for (int i = 0; i < count; i++) add_rectangle(image, rectangles[i], &totals);
    return totals;
}
