/** @file
 *  Runs of numbers and rectangles of pixels. */
#ifndef TESSERA_TILE_H
#define TESSERA_TILE_H

#include <stdint.h>

/** Numbers begin .. end-1. */
typedef struct Range {
    int64_t begin, end;
} Range;

/** A rectangle of pixels. */
typedef struct Tile {
    int64_t slow, fast;               /**< its first pixel */
    int64_t slow_pixels, fast_pixels; /**< its size */
} Tile;

/** Part @p index of @p range cut into @p parts runs whose lengths differ by at most one. */
Range range_part(Range range, int64_t parts, int64_t index);

/** Number of elements. */
static inline int64_t range_length(Range range) {
    return range.end - range.begin;
}

/** The smallest part of @p tile that holds all its active pixels; without any its sizes are 0.
 *  @param active       [slow][fast], 0 for pixels that are not; NULL: all are
 *  @param fast_pixels  width of the canvas */
Tile tile_active_part(const uint8_t *active, int64_t fast_pixels, Tile tile);

#endif
