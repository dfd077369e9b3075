/** @file
 *  Sums in twice the precision of double, so that the order of adding never shows in a float32. */
#ifndef TESSERA_DOUBLE_DOUBLE_H
#define TESSERA_DOUBLE_DOUBLE_H

/** The unevaluated sum high + low, |low| <= ulp(high) / 2. */
typedef struct DoubleDouble {
    double high, low;
} DoubleDouble;

/** @p sum plus @p value: Knuth's two-sum (TAOCP 2, 4.2.2), exact to about 2^-104 of the largest partial sum. */
static inline DoubleDouble double_double_add(DoubleDouble sum, double value) {
    const double high = sum.high + value;
    const double back = high - sum.high;
    const double error = (sum.high - (high - back)) + (value - back);
    const double low = sum.low + error;
    const double renormalized = high + low;
    return (DoubleDouble){renormalized, low - (renormalized - high)};
}

/** @p left plus @p right. */
static inline DoubleDouble double_double_sum(DoubleDouble left, DoubleDouble right) {
    const DoubleDouble sum = double_double_add(left, right.high);
    return double_double_add(sum, right.low);
}

/** @p factor times @p sum, rounded to single precision. */
static inline float double_double_times(double factor, DoubleDouble sum) {
    return (float)(factor * sum.high + factor * sum.low);
}

#endif
