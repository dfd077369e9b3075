#include "base/cell.h"

#include <math.h>

Mat3 cell_dual(Mat3 lattice) {
    const Vec3 a = lattice.row[0], b = lattice.row[1], c = lattice.row[2];
    const double volume = vec3_dot(a, vec3_cross(b, c));
    return (Mat3){{vec3_scale(1.0 / volume, vec3_cross(b, c)), vec3_scale(1.0 / volume, vec3_cross(c, a)),
                   vec3_scale(1.0 / volume, vec3_cross(a, b))}};
}

Status cell_reciprocal(const double *lengths_m, const double *angles_rad, Mat3 *reciprocal_per_m) {
    const double ca = cos(angles_rad[0]), cb = cos(angles_rad[1]), cg = cos(angles_rad[2]);
    const double sa = sin(angles_rad[0]), sb = sin(angles_rad[1]), sg = sin(angles_rad[2]);
    /* (V / abc)^2, International Tables B 1.1.3 */
    const double skew = 1.0 - ca * ca - cb * cb - cg * cg + 2.0 * ca * cb * cg;
    const bool beyond = angles_rad[0] >= PI || angles_rad[1] >= PI || angles_rad[2] >= PI;
    if (beyond || !(skew > 1e-12) || !(sa > 0.0) || !(sb > 0.0) || !(sg > 0.0))
        return status_error(
            STATUS_BAD_PARAMETER,
            "crystal.cell: no cell has the angles %g, %g, %g degrees; each must be less than the sum of "
            "the other two, and all three less than 360",
            angles_rad[0] / RADIANS_PER_DEGREE, angles_rad[1] / RADIANS_PER_DEGREE, angles_rad[2] / RADIANS_PER_DEGREE);
    const double root = sqrt(skew);
    const double a_star = sa / (lengths_m[0] * root), b_star = sb / (lengths_m[1] * root);
    const double c_star = sg / (lengths_m[2] * root);
    const double cos_gamma_star = (ca * cb - cg) / (sa * sb), sin_gamma_star = root / (sa * sb);
    const double cos_beta_star = (cg * ca - cb) / (sg * sa), cos_alpha_star = (cb * cg - ca) / (sb * sg);
    reciprocal_per_m->row[0] = vec3(a_star, 0.0, 0.0);
    reciprocal_per_m->row[1] = vec3(b_star * cos_gamma_star, b_star * sin_gamma_star, 0.0);
    /* with a* along x and b* in the xy plane the direct c lies along z, so c*_z = 1/c */
    reciprocal_per_m->row[2] =
        vec3(c_star * cos_beta_star, c_star * (cos_alpha_star - cos_beta_star * cos_gamma_star) / sin_gamma_star,
             1.0 / lengths_m[2]);
    return status_ok();
}
