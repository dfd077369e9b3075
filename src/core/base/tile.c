#include "base/tile.h"

Range range_part(Range range, int64_t parts, int64_t index) {
    const int64_t length = range_length(range), each = length / parts, longer = length % parts;
    const int64_t begin = range.begin + index * each + (index < longer ? index : longer);
    return (Range){begin, begin + each + (index < longer ? 1 : 0)};
}
