#include "physics/shape.h"

#include "base/cell.h"
#include "base/constants.h"

/* |F_latt|^2 of Gaussian spots integrates to N over an axis when it is N^2 exp(-pi (N x)^2); nanoBragg has other
 * widths. */
static const double GAUSS_EXPONENT = 0.5 * PI, NANOBRAGG_GAUSS_EXPONENT = 1.0 / 0.63;
static const double NANOBRAGG_TOPHAT_RADIUS_SQUARED = 0.3969;

static double square_of(double x) {
    return x * x;
}

/* Fourier transform of a sphere, 3 (sin x - x cos x) / x^3; its series where that would cancel. */
static double sphere_transform(double x) {
    const double y = x * x;
    if (x < 0.1) return 1.0 - y * (1.0 / 10 - y * (1.0 / 280 - y * (1.0 / 15120 - y / 1330560)));
    return 3.0 * (sin(x) / x - cos(x)) / y;
}

/* (dh a* + dk b* + dl c*)^2 in 1/A^2, times (Na Nb Nc)^2: nanoBragg's measure of the distance from a spot's centre.
 */
static double nanobragg_distance_squared(const Crystal *crystal, double dh, double dk, double dl, double cells) {
    const Vec3 q_per_m = mat3_apply(mat3_transpose(crystal->reciprocal_per_m), vec3(dh, dk, dl));
    return vec3_dot(q_per_m, q_per_m) * 1e-20 * square_of(crystal->nanobragg_star * cells);
}

/* R^2 = L^2 |dh a* + dk b* + dl c*|^2: the same in all directions. */
static double isotropic_distance_squared(const Crystal *crystal, double dh, double dk, double dl) {
    const Vec3 *star = crystal->reciprocal_per_m.row;
    const Vec3 q_per_m = vec3_add(vec3_add(vec3_scale(dh, star[0]), vec3_scale(dk, star[1])), vec3_scale(dl, star[2]));
    return vec3_dot(q_per_m, q_per_m) * square_of(crystal->cube_edge_m);
}

/* The same without the fudge. */
static double plain_distance_squared(const Crystal *crystal, const double *offset) {
    const double dh = offset[0], dk = offset[1], dl = offset[2];
    const double na = (double)crystal->cells[0], nb = (double)crystal->cells[1], nc = (double)crystal->cells[2];
    switch (crystal_spot_model(crystal)) {
    case SPOT_ISOTROPIC:
        return isotropic_distance_squared(crystal, dh, dk, dl);
    case SPOT_NANOBRAGG:
        return nanobragg_distance_squared(crystal, dh, dk, dl, na * nb * nc);
    case SPOT_PER_AXIS:
        break;
    }
    return square_of(na * dh) + square_of(nb * dk) + square_of(nc * dl);
}

double shape_distance_squared(const Crystal *crystal, const double *offset) {
    return crystal->shape == SHAPE_SQUARE ? 0.0 : crystal->fudge * plain_distance_squared(crystal, offset);
}

static double gauss_exponent(const Crystal *crystal) {
    return crystal_spot_model(crystal) == SPOT_NANOBRAGG ? NANOBRAGG_GAUSS_EXPONENT : GAUSS_EXPONENT;
}

static double tophat_radius_squared(const Crystal *crystal) {
    return crystal_spot_model(crystal) == SPOT_NANOBRAGG ? NANOBRAGG_TOPHAT_RADIUS_SQUARED : BALL_RADIUS_SQUARED;
}

/* A ball of R = 1 that is seen by its transform: 3 (sin x - x cos x) / x^3 at x = steepness R. */
static double round_steepness(const Crystal *crystal) {
    return crystal->spot_law == SPOT_ISOTROPIC ? BALL_STEEPNESS : PI;
}

static double round_amplitude(const Crystal *crystal) {
    return crystal->spot_law == SPOT_ISOTROPIC ? 1.0 : ROUND_AMPLITUDE;
}

/* sin(pi N h) / sin(pi h) with its sign: at the peak of index n it is (-1)^((N-1) n) N. */
static double square_amplitude(double nearest, double offset, int64_t cells) {
    const double ratio = fabs(offset) < 1e-9 ? (double)cells : sin(PI * ((double)cells * offset)) / sin(PI * offset);
    const int64_t odd = (int64_t)nearest & (cells - 1) & 1; /* without a branch, which nobody could predict */
    return (double)(1 - 2 * odd) * ratio;
}

double shape_amplitude_at(const Crystal *crystal, const double *nearest, const double *offset,
                          double distance_squared) {
    const int64_t *number = crystal->cells;
    const double cells = (double)number[0] * (double)number[1] * (double)number[2];
    switch (crystal->shape) {
    case SHAPE_SQUARE:
        return square_amplitude(nearest[0], offset[0], number[0]) * square_amplitude(nearest[1], offset[1], number[1]) *
               square_amplitude(nearest[2], offset[2], number[2]);
    case SHAPE_ROUND:
        return cells * round_amplitude(crystal) * sphere_transform(round_steepness(crystal) * sqrt(distance_squared));
    case SHAPE_GAUSS:
        return cells * exp(-gauss_exponent(crystal) * distance_squared);
    case SHAPE_TOPHAT:
        return distance_squared < tophat_radius_squared(crystal) ? cells : 0.0;
    }
    return 0.0;
}

double shape_amplitude(const Crystal *crystal, double h, double k, double l) {
    const double nearest[3] = {ceil(h - 0.5), ceil(k - 0.5), ceil(l - 0.5)};
    const double offset[3] = {h - nearest[0], k - nearest[1], l - nearest[2]};
    return shape_amplitude_at(crystal, nearest, offset, shape_distance_squared(crystal, offset));
}

double shape_squared(const Crystal *crystal, double h, double k, double l) {
    return square_of(shape_amplitude(crystal, h, k, l));
}

/* What turns R^2 into the form q of shape_spot_form. */
static double form_of_distance(const Crystal *crystal) {
    switch (crystal->shape) {
    case SHAPE_GAUSS:
        return crystal->fudge * (2.0 * gauss_exponent(crystal));
    case SHAPE_TOPHAT:
        return crystal->fudge / tophat_radius_squared(crystal);
    case SHAPE_ROUND:
        return crystal->fudge * (crystal->spot_law == SPOT_ISOTROPIC ? square_of(BALL_STEEPNESS / PI) : 1.0);
    case SHAPE_SQUARE:
        break;
    }
    return crystal->fudge;
}

void shape_spot_form(const Crystal *crystal, double *form, double *height) {
    const double exponent = form_of_distance(crystal);
    const double amplitude = crystal->shape == SHAPE_ROUND ? round_amplitude(crystal) : 1.0;
    const double cells = (double)crystal->cells[0] * (double)crystal->cells[1] * (double)crystal->cells[2];
    /* nanoBragg's measure: 1/A times Na Nb Nc */
    const double nanobragg_m = 1e-10 * crystal->nanobragg_star * cells;
    const double along_q_m = crystal->spot_law == SPOT_ISOTROPIC ? crystal->cube_edge_m : nanobragg_m;
    const bool per_axis = crystal_spot_model(crystal) == SPOT_PER_AXIS;
    *height = square_of(cells * amplitude);
    for (int i = 0; i < 3; i++) {
        const Vec3 one = crystal->reciprocal_per_m.row[i], next = crystal->reciprocal_per_m.row[(i + 1) % 3];
        const double along =
            per_axis ? square_of((double)crystal->cells[i]) : square_of(along_q_m) * vec3_dot(one, one);
        form[i] = exponent * along;
        form[3 + i] = per_axis ? 0.0 : exponent * 2.0 * square_of(along_q_m) * vec3_dot(one, next);
    }
}

double shape_form_condition(const double *g) {
    const Mat3 form = {
        {vec3(g[0], 0.5 * g[3], 0.5 * g[5]), vec3(0.5 * g[3], g[1], 0.5 * g[4]), vec3(0.5 * g[5], 0.5 * g[4], g[2])}};
    const Mat3 inverse = cell_dual(form); /* transposed, and the form is symmetric */
    return fmax(form.row[0].x * inverse.row[0].x,
                fmax(form.row[1].y * inverse.row[1].y, form.row[2].z * inverse.row[2].z));
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
