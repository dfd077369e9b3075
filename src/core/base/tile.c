#include "base/tile.h"

#include <stddef.h>

Range range_part(Range range, int64_t parts, int64_t index) {
    const int64_t length = range_length(range), each = length / parts, longer = length % parts;
    const int64_t begin = range.begin + index * each + (index < longer ? index : longer);
    return (Range){begin, begin + each + (index < longer ? 1 : 0)};
}

Tile tile_active_part(const uint8_t *active, int64_t fast_pixels, Tile tile) {
    if (active == NULL) return tile;
    int64_t first_s = INT64_MAX, last_s = -1, first_f = INT64_MAX, last_f = -1;
    for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels; s++) {
        const uint8_t *row = active + s * fast_pixels;
        int64_t begin = tile.fast, end = tile.fast + tile.fast_pixels;
        while (begin < end && row[begin] == 0) begin++;
        if (begin == end) continue;
        while (row[end - 1] == 0) end--;
        if (first_s == INT64_MAX) first_s = s;
        last_s = s;
        if (begin < first_f) first_f = begin;
        if (end - 1 > last_f) last_f = end - 1;
    }
    if (last_s < 0) return (Tile){tile.slow, tile.fast, 0, 0};
    return (Tile){first_s, first_f, last_s - first_s + 1, last_f - first_f + 1};
}
