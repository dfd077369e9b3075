/* The byte-offset compression as CBFlib's manual describes it (section 3.3.3). */
#include "formats/cbf.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { PIXELS_MOST = 4096 };

/* @p bytes bytes, low byte first, as a signed number. */
static int64_t signed_number(const uint8_t *bytes, int count) {
    uint64_t bits = 0;
    for (int i = 0; i < count; i++) bits |= (uint64_t)bytes[i] << (8 * i);
    const uint64_t sign = UINT64_C(1) << (8 * count - 1);
    return count == 8 ? (int64_t)bits : (int64_t)(bits ^ sign) - (int64_t)sign;
}

/* Reads one difference: a byte; where it is the lowest, two bytes; where they are the lowest, four; then eight. */
static int64_t next_difference(const uint8_t **next) {
    for (int count = 1;; count *= 2) {
        const int64_t number = signed_number(*next, count);
        *next += count;
        if (count == 8 || number != -(INT64_C(1) << (8 * count - 1))) return number;
    }
}

static void check_round_trip(const int32_t *pixels, int64_t count) {
    uint8_t packed[15 * PIXELS_MOST];
    const size_t bytes = cbf_packed_bytes(pixels, count);
    CU_ASSERT_FATAL(bytes <= sizeof packed);
    cbf_pack(pixels, count, packed);
    const uint8_t *next = packed;
    int64_t value = 0;
    for (int64_t i = 0; i < count; i++) {
        value += next_difference(&next);
        if (!UNIT_CHECK(value == pixels[i], "pixel %lld is %lld, not %d", (long long)i, (long long)value, pixels[i]))
            return;
    }
    UNIT_CHECK((size_t)(next - packed) == bytes, "%td bytes are used, %zu were promised", next - packed, bytes);
}

static void small_differences_take_a_byte(void) {
    const int32_t pixels[] = {0, 1, -1, 126, 0, -127, 0, 127};
    uint8_t packed[8];
    CU_ASSERT_EQUAL(cbf_packed_bytes(pixels, 8), 8);
    cbf_pack(pixels, 8, packed);
    const uint8_t expected[] = {0, 1, 0xfe, 127, 0x82, 0x81, 127, 127};
    CU_ASSERT_EQUAL(memcmp(packed, expected, sizeof expected), 0);
}

static void larger_differences_follow_the_lowest_number_of_the_smaller_size(void) {
    const int32_t pixels[] = {128, 128 - 32768};
    const uint8_t expected[] = {0x80, 128, 0, 0x80, 0, 0x80, 0, 0x80, 0xff, 0xff};
    uint8_t packed[10];
    CU_ASSERT_EQUAL_FATAL(cbf_packed_bytes(pixels, 2), sizeof expected);
    cbf_pack(pixels, 2, packed);
    CU_ASSERT_EQUAL(memcmp(packed, expected, sizeof expected), 0);
}

static void every_edge_of_a_size_comes_back(void) {
    static const int32_t edges[] = {0,     1,     -1,     127,       -127,      128,           -128, 129,
                                    32767, 32768, -32768, -32769,    INT32_MAX, INT32_MIN,     5,    INT32_MIN + 1,
                                    -2,    65535, 65536,  INT32_MAX, 0,         INT32_MAX - 1, -1,   INT32_MIN};
    int32_t pixels[PIXELS_MOST];
    const int count = (int)(sizeof edges / sizeof *edges);
    int pairs = 0;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            pixels[pairs++] = edges[i];
            pixels[pairs++] = edges[j];
        }
    check_round_trip(pixels, pairs);
}

static void nothing_takes_nothing(void) {
    CU_ASSERT_EQUAL(cbf_packed_bytes(NULL, 0), 0);
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(small_differences_take_a_byte),
                                     UNIT_TEST(larger_differences_follow_the_lowest_number_of_the_smaller_size),
                                     UNIT_TEST(every_edge_of_a_size_comes_back),
                                     UNIT_TEST(nothing_takes_nothing),
                                     {NULL, NULL}};
    return unit_main("cbf", tests);
}
