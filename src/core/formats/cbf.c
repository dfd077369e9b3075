#include "formats/cbf.h"

/* Bytes of a difference itself. The lowest number of each size says that the next larger size follows. */
static int size_of(int64_t difference) {
    if (difference > -INT8_MAX - 1 && difference <= INT8_MAX) return 1;
    if (difference > -INT16_MAX - 1 && difference <= INT16_MAX) return 2;
    if (difference > -(int64_t)INT32_MAX - 1 && difference <= INT32_MAX) return 4;
    return 8;
}

static uint8_t *put(uint8_t *next, uint64_t bits, int bytes) {
    for (int i = 0; i < bytes; i++) *next++ = (uint8_t)(bits >> (8 * i) & 0xff);
    return next;
}

size_t cbf_packed_bytes(const int32_t *pixels, int64_t count) {
    static const size_t with_marks[] = {[1] = 1, [2] = 3, [4] = 7, [8] = 15};
    size_t bytes = 0;
    int64_t before = 0;
    for (int64_t i = 0; i < count; i++) {
        bytes += with_marks[size_of(pixels[i] - before)];
        before = pixels[i];
    }
    return bytes;
}

void cbf_pack(const int32_t *pixels, int64_t count, uint8_t *packed) {
    int64_t before = 0;
    for (int64_t i = 0; i < count; i++) {
        const int64_t difference = pixels[i] - before;
        const int size = size_of(difference);
        for (int mark = 1; mark < size; mark *= 2) packed = put(packed, UINT64_C(1) << (8 * mark - 1), mark);
        packed = put(packed, (uint64_t)difference, size);
        before = pixels[i];
    }
}

bool cbf_unpack(const uint8_t **next, const uint8_t *end, int64_t *difference) {
    for (int bytes = 1; bytes <= end - *next; bytes *= 2) {
        const uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
        uint64_t bits = 0;
        for (int i = 0; i < bytes; i++) bits |= (uint64_t)(*next)[i] << (8 * i);
        *next += bytes;
        /* the sign of fewer bytes is carried on to all 64 bits */
        *difference = (bits & sign) != 0 ? -(int64_t)(sign - (bits & (sign - 1)) - 1) - 1 : (int64_t)bits;
        if (bits != sign || bytes == 8) return true;
    }
    return false;
}
