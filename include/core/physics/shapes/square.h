/** @file
 *  A parallelepiped of whole cells: von Laue's interference function along each axis, sin(pi N h) / sin(pi h). */
#ifndef TESSERA_SHAPES_SQUARE_H
#define TESSERA_SHAPES_SQUARE_H

#include "base/float32_math.h"
#include "base/float64_math.h"

/** F_latt along one axis, with its sign: at the peak of index n it is (-1)^((N-1) n) N.
 *  @param offset  of the Miller index from @p nearest, a whole number */
static inline double square_amplitude(double nearest, double offset, int64_t cells) {
    const double ratio = fabs(offset) < 1e-9 ? (double)cells : sin(PI * ((double)cells * offset)) / sin(PI * offset);
    const int64_t odd = (int64_t)nearest & (cells - 1) & 1; /* without a branch, which nobody could predict */
    return (double)(1 - 2 * odd) * ratio;
}

/** sin(pi N x) / sin(pi x), x being the distance to a whole number. The sign is left out. */
typedef struct Quotient64 {
    double top, bottom;
} Quotient64;

/** F_latt along one axis before it is divided. */
INLINED Quotient64 square_quotient64(double miller, double cells) {
    const double shift = 6755399441055744.0; /* 1.5 x 2^52: adding it leaves no room for a fraction */
    /* Far below what any index resolves: it alone remains where the distance is 0, and the quotient is N without a
     * branch. */
    const double hair = 0x1p-200;
    const double offset = miller - ((miller + shift) - shift) + hair;
    const double whole = fused64(cells, offset, shift) - shift;
    return (Quotient64){sin_pi64(fused64(cells, offset, -whole)), sin_pi64(offset)};
}

/** |F_latt|^2 in the kernel of double precision: one division for three axes.
 *  @param cells  [3] */
INLINED double square_squared64(const double *cells, double h, double k, double l) {
    const Quotient64 a = square_quotient64(h, cells[0]), b = square_quotient64(k, cells[1]);
    const Quotient64 c = square_quotient64(l, cells[2]);
    const double amplitude = (a.top * b.top * c.top) / (a.bottom * b.bottom * c.bottom);
    return amplitude * amplitude;
}

/** Arguments of sin(pi N x) / sin(pi x) without their whole parts. The sign of the quotient is left out. */
typedef struct AxisPhase {
    float of_cells; /* of N x */
    float of_one;   /* of x */
} AxisPhase;

/** @p offset is how far a Miller index is from a whole number. */
INLINED AxisPhase square_phase(float offset, float cells) {
    const float x = at_least(fabsf(offset), 1e-9f); /* the limit N without a branch */
    const float shift = 12582912.0f, whole = fused(cells, x, shift) - shift;
    return (AxisPhase){fused(cells, x, -whole), x};
}

/** |F_latt|^2 in the kernel of single precision, of the phases along the axes. */
INLINED float square_squared32(AxisPhase a, AxisPhase b, AxisPhase c) {
    const float top = sin_pi_in_units(a.of_cells) * sin_pi_in_units(b.of_cells) * sin_pi_in_units(c.of_cells);
    const float below = sin_pi_in_units(a.of_one) * sin_pi_in_units(b.of_one) * sin_pi_in_units(c.of_one);
    const float amplitude = quotient(top, below);
    return amplitude * amplitude;
}

/** Greatest change of the phase (radians) with a Miller index, for crystals of @p cells along its axis. */
static inline double square_phase_per_index(double form, double cells) {
    (void)form;
    return PI * cells;
}

/** Fringes. */
static inline double square_flank_most(void) {
    return 1.0;
}

/** It has no sine of its own distance. */
static inline double square_greatest_phase(double sum_of_form) {
    (void)sum_of_form;
    return 0.0;
}

#endif
