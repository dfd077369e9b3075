/** @file
 *  Elementary functions of the float64 kernel: without branches, so that the compiler computes many side by side. */
#ifndef TESSERA_FLOAT64_MATH_H
#define TESSERA_FLOAT64_MATH_H

#include "base/inlined.h"
#include "base/vector.h"

#include <stdint.h>

/** a b + c, in one rounding where the machine has an instruction for it: see inlined.h. */
INLINED double fused64(double a, double b, double c) {
#ifdef MACHINE_IS_FUSED
    return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
}

/** Scalar product of @p u with x, y, z. */
INLINED double fused64_dot(Vec3 u, double x, double y, double z) {
    return fused64(u.x, x, fused64(u.y, y, u.z * z));
}

/** sin(pi x) for |x| <= 1/2: odd polynomial of degree 15, minimax in the relative error, 2e-16 before rounding. */
INLINED double sin_pi64(double x) {
    const double y = x * x;
    double s = -2.1122952923797757e-05;
    s = fused64(s, y, 0.00046597761697049093);
    s = fused64(s, y, -0.0073703610716640494);
    s = fused64(s, y, 0.08214587825654909);
    s = fused64(s, y, -0.5992645287757093);
    s = fused64(s, y, 2.5501640398597765);
    s = fused64(s, y, -5.167712780049753);
    s = fused64(s, y, 3.141592653589793);
    return s * x;
}

/** cos(pi x) for |x| <= 1/2: its series to x^20, 2e-17 before rounding. */
INLINED double cos_pi64(double x) {
    const double y = x * x;
    double s = 3.6047307974624982e-09; /* (-1)^k pi^2k / (2k)! */
    s = fused64(s, y, -1.387895246221376e-07);
    s = fused64(s, y, 4.303069587032944e-06);
    s = fused64(s, y, -0.00010463810492484565);
    s = fused64(s, y, 0.001929574309403922);
    s = fused64(s, y, -0.02580689139001405);
    s = fused64(s, y, 0.23533063035889312);
    s = fused64(s, y, -1.3352627688545893);
    s = fused64(s, y, 4.058712126416768);
    s = fused64(s, y, -4.934802200544679);
    return fused64(s, y, 1.0);
}

/** e^-x for 0 <= x < 700, to 1e-14: 2^f by the series of e^(f ln 2), |f| <= 1/2, and the whole power of two into the
 *  exponent's bits. */
INLINED double exp_negative64(double x) {
    union {
        double value;
        uint64_t bits;
    } shifted, power;
    const double shift = 6755399441055744.0; /* 1.5 x 2^52 */
    const double y = (x < 700.0 ? x : 700.0) * -LOG2_OF_E;
    shifted.value = y + shift; /* its lowest bits are the whole number */
    const double f = (y - (shifted.value - shift)) * LN_OF_2;
    double s = 1.0 / 479001600.0; /* 1 / n! */
    s = s * f + 1.0 / 39916800.0;
    s = s * f + 1.0 / 3628800.0;
    s = s * f + 1.0 / 362880.0;
    s = s * f + 1.0 / 40320.0;
    s = s * f + 1.0 / 5040.0;
    s = s * f + 1.0 / 720.0;
    s = s * f + 1.0 / 120.0;
    s = s * f + 1.0 / 24.0;
    s = s * f + 1.0 / 6.0;
    s = s * f + 0.5;
    s = s * f + 1.0;
    s = s * f + 1.0;
    power.bits = (shifted.bits + 1023) << 52;
    return power.value * s;
}

#endif
