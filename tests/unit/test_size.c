#include "base/size.h"
#include "unit.h"

static void products_are_exact_up_to_the_largest_number(void) {
    int64_t product = -1;
    CU_ASSERT(size_product(3, 4, &product));
    CU_ASSERT_EQUAL(product, 12);
    CU_ASSERT(size_product(INT64_MAX, 1, &product));
    CU_ASSERT_EQUAL(product, INT64_MAX);
    CU_ASSERT(size_product(INT32_MAX, INT64_C(4294967298), &product));
    CU_ASSERT_EQUAL(product, INT64_C(9223372036854775806));
    CU_ASSERT(size_product(0, INT64_MAX, &product));
    CU_ASSERT_EQUAL(product, 0);
    CU_ASSERT(size_product(INT64_MAX, 0, &product));
    CU_ASSERT_EQUAL(product, 0);
}

static void a_product_that_does_not_fit_is_refused(void) {
    int64_t product = 7;
    CU_ASSERT(!size_product(INT64_C(4294967296), INT64_C(2147483648), &product));
    CU_ASSERT(!size_product(INT64_MAX, INT64_MAX, &product));
    CU_ASSERT_EQUAL(product, 7);
}

static void a_sum_that_does_not_fit_is_refused(void) {
    int64_t sum = 7;
    CU_ASSERT(!size_sum(INT64_MAX, 1, &sum));
    CU_ASSERT_EQUAL(sum, 7);
    CU_ASSERT(size_sum(INT64_MAX - 1, 1, &sum));
    CU_ASSERT_EQUAL(sum, INT64_MAX);
}

static void an_image_whose_bytes_cannot_be_counted_does_not_fit(void) {
    CU_ASSERT(size_fits_image(INT32_MAX, 1));
    CU_ASSERT(!size_fits_image(INT32_MAX, INT32_MAX));
    CU_ASSERT(!size_fits_image(1518500250, 1518500250)); /* their bytes are 2^64 and some */
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(products_are_exact_up_to_the_largest_number),
                              UNIT_TEST(a_product_that_does_not_fit_is_refused),
                              UNIT_TEST(a_sum_that_does_not_fit_is_refused),
                              UNIT_TEST(an_image_whose_bytes_cannot_be_counted_does_not_fit),
                              {NULL, NULL}};
    return unit_main("size", tests);
}
