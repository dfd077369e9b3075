#include "formats/nexus_geometry.h"

/* Vectors closer to right angles than this differ from them by rounding only. */
#define RIGHT_ANGLE 1e-9

#define ANGSTROM_M 1e-10

static Vec3 first_across(Vec3 beam, const Vec3 *candidates, int count) {
    for (int i = 0; i < count - 1; i++) {
        const Vec3 across = vec3_cross(candidates[i], beam);
        if (vec3_length(across) > RIGHT_ANGLE) return vec3_unit(across);
    }
    return vec3_unit(vec3_cross(candidates[count - 1], beam));
}

/* Rows x, y, z: z along the beam, x along the electric field, so turned that rows run down or columns run to -x. */
static Mat3 mcstas_rotation(const Panel *panel, const LaboratoryAxes *axes) {
    const Vec3 candidates[] = {vec3_unit(axes->polarization), panel->fast, panel->slow};
    const Vec3 z = vec3_unit(axes->beam);
    const Vec3 y = first_across(z, candidates, 3);
    const Vec3 x = vec3_cross(y, z);
    const double up = vec3_dot(y, panel->slow), along = vec3_dot(x, panel->fast);
    const bool turned = up > RIGHT_ANGLE || (fabs(up) <= RIGHT_ANGLE && along > RIGHT_ANGLE);
    const double sign = turned ? -1.0 : 1.0;
    return (Mat3){{vec3_scale(sign, x), vec3_scale(sign, y), z}};
}

/* The same for the frame of a geometry's file, such that readers see the panels where the file has them: the vertical
 * stays vertical. */
static Mat3 rotation_of_file(const LaboratoryAxes *axes) {
    const Vec3 candidates[] = {vec3(0.0, 1.0, 0.0), vec3(0.0, 0.0, 1.0)};
    const Vec3 z = vec3_unit(axes->beam);
    const Vec3 across = vec3_cross(candidates[0], z);
    const Vec3 x = vec3_unit(vec3_length(across) > RIGHT_ANGLE ? across : vec3_cross(candidates[1], z));
    return (Mat3){{x, vec3_cross(z, x), z}};
}

/* Twice the angle of the electric field to x. */
static void set_polarization(const Detector *detector, const LaboratoryAxes *axes, NexusGeometry *geometry) {
    const Vec3 electric = mat3_apply(geometry->to_mcstas, axes->polarization);
    const double squares = electric.x * electric.x + electric.y * electric.y;
    geometry->linear[0] = 1.0; /* x is along the field */
    if (!detector->of_file) return;
    geometry->linear[0] = (electric.x * electric.x - electric.y * electric.y) / squares;
    geometry->linear[1] = 2.0 * electric.x * electric.y / squares;
}

/* Where the beam (0,0,t) meets the plane, and how far the plane is. */
static void set_beam_centre(NexusGeometry *geometry, const double *pixel_size_m) {
    const Vec3 corner = geometry->pixel0_m;
    const Vec3 plane = vec3_unit(vec3_cross(geometry->fast, geometry->slow));
    const Vec3 normal = vec3_dot(plane, corner) < 0.0 ? vec3_scale(-1.0, plane) : plane;
    geometry->distance_m = vec3_dot(normal, corner);
    const Vec3 spot = vec3(0.0, 0.0, geometry->distance_m / normal.z);
    const Vec3 from_corner = vec3_subtract(spot, corner);
    geometry->beam_centre_pixels[0] = vec3_dot(from_corner, geometry->fast) / pixel_size_m[0];
    geometry->beam_centre_pixels[1] = vec3_dot(from_corner, geometry->slow) / pixel_size_m[1];
}

NexusGeometry nexus_geometry(const Detector *detector, const LaboratoryAxes *axes) {
    const Panel *panel = detector->panels;
    const Mat3 to_mcstas = detector->of_file ? rotation_of_file(axes) : mcstas_rotation(panel, axes);
    NexusGeometry geometry = {.to_mcstas = to_mcstas,
                              .fast = mat3_apply(to_mcstas, panel->fast),
                              .slow = mat3_apply(to_mcstas, panel->slow),
                              .spindle = mat3_apply(to_mcstas, axes->spindle),
                              .pixel0_m = mat3_apply(to_mcstas, panel->pixel0_m)};
    const Vec3 across = vec3(geometry.pixel0_m.x, geometry.pixel0_m.y, 0.0);
    geometry.detector_z_m = geometry.pixel0_m.z;
    geometry.module_offset_m = vec3_length(across);
    geometry.module_direction = geometry.module_offset_m > 0.0 ? vec3_unit(across) : vec3(1.0, 0.0, 0.0);
    set_beam_centre(&geometry, panel->pixel_size_m);
    set_polarization(detector, axes, &geometry);
    return geometry;
}

Mat3 nexus_ub_per_angstrom(Mat3 to_mcstas, Mat3 reciprocal_per_m) {
    Mat3 rows;
    for (int i = 0; i < 3; i++) rows.row[i] = vec3_scale(ANGSTROM_M, mat3_apply(to_mcstas, reciprocal_per_m.row[i]));
    return mat3_transpose(rows);
}
