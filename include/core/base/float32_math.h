/** @file
 *  Elementary functions of the float32 kernel: without branches, so that the compiler computes many side by side. */
#ifndef TESSERA_FLOAT32_MATH_H
#define TESSERA_FLOAT32_MATH_H

#include "base/inlined.h"
#include "base/vector.h"

#include <math.h>
#include <stdint.h>

/** a b + c, in one rounding where the machine has an instruction for it: see inlined.h. */
INLINED float fused(float a, float b, float c) {
#ifdef MACHINE_IS_FUSED
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

/** A vector in single precision. */
typedef struct Float3 {
    float x, y, z;
} Float3;

INLINED Float3 float3_of(Vec3 v) {
    return (Float3){(float)v.x, (float)v.y, (float)v.z};
}

/** Scalar product of @p u with x, y, z, plus @p more. */
INLINED float float3_dot(Float3 u, float x, float y, float z, float more) {
    return fused(u.x, x, fused(u.y, y, fused(u.z, z, more)));
}

/** a / b, both far from the least and greatest floats. A device's own division takes twice as long as its reciprocal,
 *  good to an ulp, with one step of Newton's and two corrections of the quotient, after which it is the same float. */
INLINED float quotient(float a, float b) {
#ifdef __NVPTX__
    float r;
    __asm__("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(b));
    r = fused(r, fused(-b, r, 1.0f), r);
    float q = a * r;
    q = fused(fused(-b, q, a), r, q);
    return fused(fused(-b, q, a), r, q);
#else
    return a / b;
#endif
}

/** Nearest whole number, of two the even one, |x| < 2^22. */
INLINED float nearest(float x) {
#if defined(__SSE4_1__) || defined(__aarch64__)
    return __builtin_rintf(x); /* one instruction */
#else
    const float shift = 12582912.0f; /* 1.5 x 2^23 */
    return (x + shift) - shift;
#endif
}

/** @p x, or what of 0 and @p greatest it lies beyond. */
INLINED float within(float x, float greatest) {
    const float low = x < 0.0f ? 0.0f : x;
    return low > greatest ? greatest : low;
}

/** The bits of a float, for what whole numbers do faster. */
typedef union FloatBits {
    float value;
    int32_t bits;
} FloatBits;

/** The greater of @p x >= 0 and @p least >= 0. Such floats are in the order of their bits; for these every compiler has
 * an instruction, where gcc compares and blends floats in four. */
INLINED float at_least(float x, float least) {
    const FloatBits a = {.value = x}, b = {.value = least};
    const FloatBits greater = {.bits = a.bits > b.bits ? a.bits : b.bits};
    return greater.value;
}

/** sin(pi x) / 0.0775604, |x| <= 1/2: odd polynomial of degree 9, minimax in the relative error, 5e-9 before rounding.
 *  Its even part, of degree 4 in y = x^2 with 1 before y^4, is written as z (z - y + c) + d with z = y^2 + a y + b
 *  (Knuth, The Art of Computer Programming, volume 2, 4.6.4: adapted coefficients): two products less than by Horner's
 *  rule for three sums more, which AMD's processors compute beside the products. Of the two such forms this is the one
 *  that does not cancel: 9e-8 (root mean square), 3e-7 at most. */
INLINED float sin_pi_in_units(float x) {
    const float y = x * x, z = fused(y, y - 3.356621592f, 5.353159540f);
    return fused(z, z + (7.548657806f - y), -28.56036849f) * x;
}

/** sin(pi x), |x| <= 1/2. */
INLINED float sin_pi(float x) {
    return 0.07756038700f * sin_pi_in_units(x);
}

/** cos(pi x), |x| <= 1/2: even polynomial of degree 10, minimax in the error, 3e-10 before rounding. */
INLINED float cos_pi(float x) {
    const float y = x * x;
    float s = -0.0243963241f;
    s = fused(s, y, 0.234937314f);
    s = fused(s, y, -1.335212f);
    s = fused(s, y, 4.05870916f);
    s = fused(s, y, -4.93480214f);
    return fused(s, y, 1.0f);
}

/** e^-x for x >= 0, to 2e-7: 2^f by its series, |f| <= 1/2, and the whole power of two into the exponent's bits. */
INLINED float exp_negative(float x) {
    FloatBits power;
    const float y = x < 86.0f ? x * -1.44269504f : -124.0f, n = nearest(y), f = y - n;
    float s = 1.54035304e-4f; /* (ln 2)^k / k! */
    s = fused(s, f, 1.33335581e-3f);
    s = fused(s, f, 9.61812911e-3f);
    s = fused(s, f, 5.55041087e-2f);
    s = fused(s, f, 2.40226507e-1f);
    s = fused(s, f, 6.93147181e-1f);
    s = fused(s, f, 1.0f);
    power.bits = ((int32_t)n + 127) * (1 << 23);
    return power.value * s;
}

#endif
