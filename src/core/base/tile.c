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
    for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels; s++)
        for (int64_t f = tile.fast; f < tile.fast + tile.fast_pixels; f++) {
            if (active[s * fast_pixels + f] == 0) continue;
            if (first_s == INT64_MAX) first_s = s;
            last_s = s;
            if (f < first_f) first_f = f;
            if (f > last_f) last_f = f;
        }
    if (last_s < 0) return (Tile){tile.slow, tile.fast, 0, 0};
    return (Tile){first_s, first_f, last_s - first_s + 1, last_f - first_f + 1};
}
