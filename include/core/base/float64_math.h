/** @file
 *  Elementary functions of the float64 kernel: without branches, so that the compiler computes many side by side. */
#ifndef TESSERA_FLOAT64_MATH_H
#define TESSERA_FLOAT64_MATH_H

#include "base/inlined.h"
#include "base/vector.h"

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

/** sin(pi N x) / sin(pi x), x being the distance to a whole number. The sign is left out. */
typedef struct Quotient64 {
    double top, bottom;
} Quotient64;

/** von Laue's interference function along one axis before it is divided and squared; see shape_interference. */
INLINED Quotient64 interference64(double miller, double cells) {
    const double shift = 6755399441055744.0; /* 1.5 x 2^52: adding it leaves no room for a fraction */
    /* Far below what any index resolves: it alone remains where the distance is 0, and the quotient is N without a
     * branch. */
    const double hair = 0x1p-200;
    const double offset = miller - ((miller + shift) - shift) + hair;
    const double whole = fused64(cells, offset, shift) - shift;
    return (Quotient64){sin_pi64(fused64(cells, offset, -whole)), sin_pi64(offset)};
}

/** |F_latt|^2 of a parallelepiped: one division for three axes. */
INLINED double square_squared64(const double *cells, double h, double k, double l) {
    const Quotient64 a = interference64(h, cells[0]), b = interference64(k, cells[1]), c = interference64(l, cells[2]);
    const double amplitude = (a.top * b.top * c.top) / (a.bottom * b.bottom * c.bottom);
    return amplitude * amplitude;
}

#endif
