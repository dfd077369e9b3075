#include "shape.h"

static double square_of(double x) {
    return x * x;
}

/* Fourier transform of a sphere, 3 (sin x - x cos x) / x^3; its series where that would cancel. */
static double sphere_transform(double x) {
    const double y = x * x;
    if (x < 0.1) return 1.0 - y * (1.0 / 10 - y * (1.0 / 280 - y * (1.0 / 15120 - y / 1330560)));
    return 3.0 * (sin(x) / x - cos(x)) / y;
}

/* (dh a* + dk b* + dl c*)^2 in 1/A^2, times (Na Nb Nc)^2: the ancestor's measure of the distance from a spot's centre.
 */
static double ancestor_distance_squared(const Crystal *crystal, double dh, double dk, double dl, double cells) {
    const Vec3 q_per_m = mat3_apply(mat3_transpose(crystal->reciprocal_per_m), vec3(dh, dk, dl));
    return vec3_dot(q_per_m, q_per_m) * 1e-20 * square_of(crystal->ancestor_star * cells);
}

double shape_distance_squared(const Crystal *crystal, double h, double k, double l) {
    const double dh = h - ceil(h - 0.5), dk = k - ceil(k - 0.5), dl = l - ceil(l - 0.5);
    const double na = (double)crystal->cells[0], nb = (double)crystal->cells[1], nc = (double)crystal->cells[2];
    if (crystal->shape == SHAPE_ROUND || crystal->spot_law == SPOT_PER_AXIS)
        return square_of(na * dh) + square_of(nb * dk) + square_of(nc * dl);
    return ancestor_distance_squared(crystal, dh, dk, dl, na * nb * nc);
}

/* |F_latt|^2 of Gaussian spots integrates to N over an axis when it is N^2 exp(-pi (N x)^2); the ancestor has another
 * width. A ball of radius^3 = 3 / (4 pi) has the volume 1; the ancestor's radius is 0.63. */
/* A sphere of this amplitude, sqrt(pi / 6), has the same integral. */
static const double ROUND_AMPLITUDE = 0.723601254558268;

static const double GAUSS_EXPONENT = 0.5 * PI, ANCESTOR_GAUSS_EXPONENT = 1.0 / 0.63;
static const double TOPHAT_RADIUS_SQUARED = 0.384900179459750509673, ANCESTOR_TOPHAT_RADIUS_SQUARED = 0.3969;

double shape_amplitude(const Crystal *crystal, double h, double k, double l) {
    const double na = (double)crystal->cells[0], nb = (double)crystal->cells[1], nc = (double)crystal->cells[2];
    const double cells = na * nb * nc, distance_squared = crystal->fudge * shape_distance_squared(crystal, h, k, l);
    const bool per_axis = crystal->spot_law == SPOT_PER_AXIS;
    switch (crystal->shape) {
    case SHAPE_SQUARE:
        return sqrt(shape_interference(h, na) * shape_interference(k, nb) * shape_interference(l, nc));
    case SHAPE_ROUND:
        return cells * ROUND_AMPLITUDE * sphere_transform(PI * sqrt(distance_squared));
    case SHAPE_GAUSS:
        return cells * exp(-(per_axis ? GAUSS_EXPONENT : ANCESTOR_GAUSS_EXPONENT) * distance_squared);
    case SHAPE_TOPHAT:
        return distance_squared < (per_axis ? TOPHAT_RADIUS_SQUARED : ANCESTOR_TOPHAT_RADIUS_SQUARED) ? cells : 0.0;
    }
    return 0.0;
}

double shape_squared(const Crystal *crystal, double h, double k, double l) {
    return square_of(shape_amplitude(crystal, h, k, l));
}

void shape_spot_form(const Crystal *crystal, double *form, double *height) {
    const bool per_axis = crystal->shape == SHAPE_ROUND || crystal->spot_law == SPOT_PER_AXIS;
    double exponent = crystal->fudge, amplitude = 1.0;
    if (crystal->shape == SHAPE_GAUSS) exponent *= 2.0 * (per_axis ? GAUSS_EXPONENT : ANCESTOR_GAUSS_EXPONENT);
    if (crystal->shape == SHAPE_TOPHAT) exponent /= per_axis ? TOPHAT_RADIUS_SQUARED : ANCESTOR_TOPHAT_RADIUS_SQUARED;
    if (crystal->shape == SHAPE_ROUND) amplitude = ROUND_AMPLITUDE;
    const double cells = (double)crystal->cells[0] * (double)crystal->cells[1] * (double)crystal->cells[2];
    const double per_a = 1e-10 * crystal->ancestor_star * cells; /* the ancestor's measure: 1/A times Na Nb Nc */
    *height = square_of(cells * amplitude);
    for (int i = 0; i < 3; i++) {
        const Vec3 one = crystal->reciprocal_per_m.row[i], next = crystal->reciprocal_per_m.row[(i + 1) % 3];
        const double along = per_axis ? square_of((double)crystal->cells[i]) : square_of(per_a) * vec3_dot(one, one);
        form[i] = exponent * along;
        form[3 + i] = per_axis ? 0.0 : exponent * 2.0 * square_of(per_a) * vec3_dot(one, next);
    }
}

/* Lagrange weights of the points -1, 0, 1, 2 at 0 <= x < 1. */
static void lagrange_weights(double x, double *weight) {
    weight[0] = -x * (x - 1.0) * (x - 2.0) / 6.0;
    weight[1] = (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0;
    weight[2] = -(x + 1.0) * x * (x - 2.0) / 2.0;
    weight[3] = (x + 1.0) * x * (x - 1.0) / 6.0;
}

bool structure_factor_is_inside(const StructureFactors *factors, double h, double k, double l) {
    const double miller[3] = {h, k, l};
    bool inside = true;
    for (int axis = 0; axis < 3; axis++) {
        const double least = factors->least[axis], greatest = least + factors->count[axis] - 1;
        inside = inside && miller[axis] >= least + 2.0 && miller[axis] <= greatest - 2.0;
    }
    return inside;
}

double structure_factor_tricubic(const StructureFactors *factors, double h, double k, double l) {
    const double miller[3] = {h, k, l};
    double weight[3][4];
    int32_t first[3];
    if (!structure_factor_is_inside(factors, h, k, l))
        return structure_factor(factors, ceil(h - 0.5), ceil(k - 0.5), ceil(l - 0.5));
    for (int axis = 0; axis < 3; axis++) {
        first[axis] = (int32_t)(floor(miller[axis]) - 1.0 - factors->least[axis]);
        lagrange_weights(miller[axis] - floor(miller[axis]), weight[axis]);
    }
    double sum = 0.0;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            const int64_t row = ((int64_t)first[0] + i) * factors->count[1] + first[1] + j;
            const double *f = factors->grid + row * factors->count[2] + first[2];
            const double along_l =
                weight[2][0] * f[0] + weight[2][1] * f[1] + weight[2][2] * f[2] + weight[2][3] * f[3];
            sum += weight[0][i] * weight[1][j] * along_l;
        }
    return sum;
}
