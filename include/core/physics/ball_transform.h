/** @file
 *  The Fourier transform of a ball, of the integral 1. */
#ifndef TESSERA_BALL_TRANSFORM_H
#define TESSERA_BALL_TRANSFORM_H

#include "base/float32_math.h"
#include "base/float64_math.h"

/** 3 (sin x - x cos x) / x^3 with x = pi t, by its series where that would cancel. Sine and cosine are ours, so that it
 *  is the same on a device: of t less its whole part, whose parity is the sign. */
static inline double ball_transform(double t) {
    const double shift = 6755399441055744.0; /* 1.5 x 2^52 */
    const double x = PI * t, y = x * x, whole = (t + shift) - shift, offset = t - whole;
    const double pairs = (0.5 * whole + shift) - shift, sign = 2.0 * pairs == whole ? 1.0 : -1.0;
    if (x < 0.1) return 1.0 - y * (1.0 / 10 - y * (1.0 / 280 - y * (1.0 / 15120 - y / 1330560)));
    return sign * (3.0 * (sin_pi64(offset) / x - cos_pi64(offset)) / y);
}

/** The same squared with x = pi sqrt(form), in single precision. The sign alternates with the whole part of s =
 * sqrt(form) and is left out. Below s = 1/2, where it would cancel, by a polynomial in s^2, minimax in the error, 1e-9
 * before rounding. */
INLINED float ball_squared32(float form) {
    const float s = sqrtf(form), offset = s - nearest(s);
    const float x = 3.14159265f * s, y = x * x;
    const float far = 3.0f * fused(-x, cos_pi(offset), sin_pi(offset)) / (y > 1.0f ? x * y : 1.0f);
    float near = 0.00680039925f;
    near = fused(near, form, -0.0635121181f);
    near = fused(near, form, 0.347883222f);
    near = fused(near, form, -0.986960241f);
    near = fused(near, form, 1.0f);
    const float amplitude = form < 0.25f ? near : far;
    return amplitude * amplitude;
}

#endif
