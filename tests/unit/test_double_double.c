#include "base/double_double.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>

static DoubleDouble zero(void) {
    return (DoubleDouble){0.0, 0.0};
}

static void a_small_number_survives_beside_a_large_one(void) {
    DoubleDouble sum = double_double_add(zero(), 1e16);
    sum = double_double_add(sum, 1.0);
    sum = double_double_add(sum, -1e16);
    CU_ASSERT_DOUBLE_EQUAL(sum.high + sum.low, 1.0, 0.0);
}

static void the_sum_is_normalized(void) {
    DoubleDouble sum = zero();
    for (int i = 1; i <= 1000; i++) sum = double_double_add(sum, 1.0 / i);
    CU_ASSERT_DOUBLE_EQUAL(sum.high + sum.low, sum.high, 0.0); /* low is less than half an ulp of high */
    CU_ASSERT_NOT_EQUAL(sum.low, 0.0);
}

static void tenths_add_up_to_their_exact_value(void) {
    DoubleDouble sum = zero();
    for (int i = 0; i < 1000000; i++) sum = double_double_add(sum, 0.1);
    /* the double nearest to 0.1 is 0.1 + 5.5511151231257827e-18 */
    CU_ASSERT_DOUBLE_EQUAL(sum.high, 100000.0, 0.0);
    CU_ASSERT_DOUBLE_EQUAL(sum.low, 1e6 * 5.5511151231257827e-18, 1e-22);
}

/* Positive terms over ten orders of magnitude, as a pixel has them. */
static void fill(double *terms, int count) {
    unsigned seed = 1;
    for (int i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        terms[i] = pow(10.0, (double)seed / 4294967296.0 * 10.0) * (1.0 + i / 3.0);
    }
}

enum { TERMS = 4096 };

static void the_order_of_terms_never_shows_in_a_float(void) {
    double terms[TERMS];
    fill(terms, TERMS);
    DoubleDouble forwards = zero(), backwards = zero();
    for (int i = 0; i < TERMS; i++) forwards = double_double_add(forwards, terms[i]);
    for (int i = TERMS - 1; i >= 0; i--) backwards = double_double_add(backwards, terms[i]);
    CU_ASSERT_EQUAL((float)forwards.high, (float)backwards.high);
    CU_ASSERT_DOUBLE_EQUAL((forwards.high - backwards.high) + (forwards.low - backwards.low), 0.0,
                           1e-28 * forwards.high);
}

static void cutting_a_sum_into_parts_changes_nothing_visible(void) {
    double terms[TERMS];
    fill(terms, TERMS);
    DoubleDouble whole = zero();
    for (int i = 0; i < TERMS; i++) whole = double_double_add(whole, terms[i]);
    for (int parts = 2; parts <= 64; parts++) {
        DoubleDouble total = zero();
        for (int part = 0; part < parts; part++) {
            DoubleDouble sum = zero();
            for (int i = part * TERMS / parts; i < (part + 1) * TERMS / parts; i++)
                sum = double_double_add(sum, terms[i]);
            total = double_double_sum(total, sum);
        }
        const double difference = (total.high - whole.high) + (total.low - whole.low);
        UNIT_CLOSE(difference, 0.0, 1e-28 * whole.high, "difference");
        CU_ASSERT_EQUAL(total.high, whole.high);
    }
}

static void adding_nothing_changes_nothing(void) {
    const DoubleDouble sum = {1.0, 1e-17};
    const DoubleDouble same = double_double_sum(sum, zero());
    CU_ASSERT_TRUE(same.high == sum.high && same.low == sum.low);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(a_small_number_survives_beside_a_large_one),
                              UNIT_TEST(the_sum_is_normalized),
                              UNIT_TEST(tenths_add_up_to_their_exact_value),
                              UNIT_TEST(the_order_of_terms_never_shows_in_a_float),
                              UNIT_TEST(cutting_a_sum_into_parts_changes_nothing_visible),
                              UNIT_TEST(adding_nothing_changes_nothing),
                              {NULL, NULL}};
    return unit_main("double_double", tests);
}
