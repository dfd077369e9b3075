/* The matrices are those of nxmx-layout.md, "Coordinates", which were checked against DIALS 3.12. */
#include "formats/nexus_geometry.h"
#include "unit.h"

static const LaboratoryAxes mosflm = {.beam = {1, 0, 0},
                                      .fast = {0, 0, 1},
                                      .slow = {0, -1, 0},
                                      .normal = {1, 0, 0},
                                      .polarization = {0, 0, 1},
                                      .vertical = {0, -1, 0},
                                      .spindle = {0, 0, 1}};
static const LaboratoryAxes adxv = {.beam = {0, 0, 1},
                                    .fast = {1, 0, 0},
                                    .slow = {0, -1, 0},
                                    .normal = {0, 0, 1},
                                    .polarization = {1, 0, 0},
                                    .vertical = {0, 1, 0},
                                    .spindle = {1, 0, 0}};
static const LaboratoryAxes xds = {.beam = {0, 0, 1},
                                   .fast = {1, 0, 0},
                                   .slow = {0, 1, 0},
                                   .normal = {0, 0, 1},
                                   .polarization = {1, 0, 0},
                                   .vertical = {0, 1, 0},
                                   .spindle = {1, 0, 0}};
static const LaboratoryAxes dials = {.beam = {0, 0, 1},
                                     .fast = {1, 0, 0},
                                     .slow = {0, 1, 0},
                                     .normal = {0, 0, 1},
                                     .polarization = {0, 1, 0},
                                     .vertical = {-1, 0, 0},
                                     .spindle = {0, 1, 0}};

/* A detector whose plane the beam meets `distance_m` away, at `fast_m`, `slow_m` from the corner. */
static NexusGeometry geometry_at(const LaboratoryAxes *axes, Vec3 fast, Vec3 slow, double distance_m, double fast_m,
                                 double slow_m) {
    const Vec3 spot = vec3_scale(distance_m, axes->beam);
    const Vec3 inside = vec3_add(vec3_scale(fast_m, fast), vec3_scale(slow_m, slow));
    Panel panel = {.canvas = {0, 0, 30, 40},
                   .pixel_size_m = {1e-4, 1e-4},
                   .fast = fast,
                   .slow = slow,
                   .normal = vec3_cross(fast, slow),
                   .pixel0_m = vec3_subtract(spot, inside),
                   .beam = axes->beam};
    const Detector detector = {.fast_pixels = 40, .slow_pixels = 30, .panel_count = 1, .panels = &panel};
    return nexus_geometry(&detector, axes);
}

static NexusGeometry plain_geometry(const LaboratoryAxes *axes) {
    return geometry_at(axes, axes->fast, axes->slow, 0.1, 20.5e-4, 14e-4);
}

/* The same, swung by 30 degrees about the laboratory's axes one after the other. */
static NexusGeometry swung_geometry(const LaboratoryAxes *axes) {
    const Vec3 fast = vec3_rotate_xyz(axes->fast, 0.3, -0.4, 0.5), slow = vec3_rotate_xyz(axes->slow, 0.3, -0.4, 0.5);
    return geometry_at(axes, fast, slow, 0.1, 20.5e-4, 14e-4);
}

static void check_vector(Vec3 actual, Vec3 expected, const char *what) {
    UNIT_CLOSE(actual.x, expected.x, 1e-12, what);
    UNIT_CLOSE(actual.y, expected.y, 1e-12, what);
    UNIT_CLOSE(actual.z, expected.z, 1e-12, what);
}

static void check_rotation(const LaboratoryAxes *axes, Mat3 expected) {
    const NexusGeometry geometry = plain_geometry(axes);
    for (int i = 0; i < 3; i++) check_vector(geometry.to_mcstas.row[i], expected.row[i], "to_mcstas");
}

static void mosflm_and_denzo_have_the_matrix_of_the_layout(void) {
    check_rotation(&mosflm, (Mat3){{{0, 0, -1}, {0, 1, 0}, {1, 0, 0}}});
}

static void xds_has_the_matrix_of_the_layout(void) {
    check_rotation(&xds, (Mat3){{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}});
}

static void adxv_has_the_identity(void) {
    check_rotation(&adxv, mat3_identity());
}

static void dials_has_the_matrix_of_the_layout(void) {
    check_rotation(&dials, (Mat3){{{0, -1, 0}, {1, 0, 0}, {0, 0, 1}}});
}

static void rotations_are_proper_for_every_convention_and_swing(void) {
    const LaboratoryAxes *all[] = {&mosflm, &xds, &adxv, &dials};
    for (int i = 0; i < 4; i++) {
        const Mat3 r = swung_geometry(all[i]).to_mcstas;
        UNIT_CLOSE(vec3_dot(vec3_cross(r.row[0], r.row[1]), r.row[2]), 1.0, 1e-14, "determinant");
        for (int row = 0; row < 3; row++) UNIT_CLOSE(vec3_length(r.row[row]), 1.0, 1e-14, "length of a row");
    }
}

static void the_beam_is_along_z_and_the_electric_field_along_x(void) {
    const LaboratoryAxes *all[] = {&mosflm, &xds, &adxv, &dials};
    for (int i = 0; i < 4; i++) {
        const NexusGeometry geometry = plain_geometry(all[i]);
        check_vector(mat3_apply(geometry.to_mcstas, all[i]->beam), vec3(0, 0, 1), "beam");
        UNIT_CLOSE(fabs(mat3_apply(geometry.to_mcstas, all[i]->polarization).x), 1.0, 1e-14, "electric field");
    }
}

static void rows_of_pixels_never_run_up(void) {
    const LaboratoryAxes *all[] = {&mosflm, &xds, &adxv, &dials};
    for (int i = 0; i < 4; i++) CU_ASSERT(plain_geometry(all[i]).slow.y <= 0.0);
}

static void rounding_of_an_axis_does_not_turn_the_frame(void) {
    const Vec3 slow = vec3_unit(vec3(1e-17, 1, 0)); /* y . slow is 1e-17 in DIALS' convention instead of 0 */
    check_vector(geometry_at(&dials, dials.fast, slow, 0.1, 1e-3, 1e-3).to_mcstas.row[1], vec3(1, 0, 0), "y");
}

static void polarization_along_the_beam_falls_back_on_the_fast_axis(void) {
    LaboratoryAxes axes = adxv;
    axes.polarization = axes.beam;
    check_rotation(&axes, mat3_identity());
}

static void beam_centre_is_where_the_beam_meets_the_plane(void) {
    const LaboratoryAxes *all[] = {&mosflm, &xds, &adxv, &dials};
    for (int i = 0; i < 4; i++) {
        const NexusGeometry plain = plain_geometry(all[i]), swung = swung_geometry(all[i]);
        UNIT_CLOSE(plain.beam_centre_pixels[0], 20.5, 1e-9, "fast beam centre");
        UNIT_CLOSE(plain.beam_centre_pixels[1], 14.0, 1e-9, "slow beam centre");
        UNIT_CLOSE(swung.beam_centre_pixels[0], 20.5, 1e-9, "fast beam centre of a swung detector");
        UNIT_CLOSE(swung.beam_centre_pixels[1], 14.0, 1e-9, "slow beam centre of a swung detector");
    }
}

static void distance_is_along_the_normal(void) {
    UNIT_CLOSE(plain_geometry(&mosflm).distance_m, 0.1, 1e-15, "distance");
    const Vec3 normal = vec3_rotate_xyz(mosflm.normal, 0.3, -0.4, 0.5);
    UNIT_CLOSE(swung_geometry(&mosflm).distance_m, 0.1 * vec3_dot(normal, mosflm.beam), 1e-15, "distance when swung");
}

static void the_two_translations_lead_to_the_corner(void) {
    const LaboratoryAxes *all[] = {&mosflm, &xds, &adxv, &dials};
    for (int i = 0; i < 4; i++) {
        const NexusGeometry geometry = swung_geometry(all[i]);
        const Vec3 across = vec3_scale(geometry.module_offset_m, geometry.module_direction);
        check_vector(vec3_add(vec3(0, 0, geometry.detector_z_m), across), geometry.pixel0_m, "corner");
        UNIT_CLOSE(vec3_length(geometry.module_direction), 1.0, 1e-14, "length of module_direction");
        CU_ASSERT(geometry.module_direction.z == 0.0);
    }
}

static void a_corner_on_the_beam_has_a_direction_all_the_same(void) {
    const NexusGeometry geometry = geometry_at(&adxv, adxv.fast, adxv.slow, 0.1, 0.0, 0.0);
    CU_ASSERT(geometry.module_offset_m == 0.0);
    check_vector(geometry.module_direction, vec3(1, 0, 0), "module_direction");
}

static void ub_has_columns_in_angstrom(void) {
    /* MOSFLM: z of the laboratory is -x, y is y, x is z */
    const Mat3 ub =
        nexus_ub_per_angstrom(plain_geometry(&mosflm).to_mcstas, (Mat3){{{1e8, 0, 0}, {0, 2e8, 0}, {0, 1e8, 4e8}}});
    check_vector(ub.row[0], vec3(0, 0, -0.04), "x of a*, b*, c*");
    check_vector(ub.row[1], vec3(0, 0.02, 0.01), "y of a*, b*, c*");
    check_vector(ub.row[2], vec3(0.01, 0, 0), "z of a*, b*, c*");
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(mosflm_and_denzo_have_the_matrix_of_the_layout),
                                     UNIT_TEST(xds_has_the_matrix_of_the_layout),
                                     UNIT_TEST(adxv_has_the_identity),
                                     UNIT_TEST(dials_has_the_matrix_of_the_layout),
                                     UNIT_TEST(rotations_are_proper_for_every_convention_and_swing),
                                     UNIT_TEST(the_beam_is_along_z_and_the_electric_field_along_x),
                                     UNIT_TEST(rows_of_pixels_never_run_up),
                                     UNIT_TEST(rounding_of_an_axis_does_not_turn_the_frame),
                                     UNIT_TEST(polarization_along_the_beam_falls_back_on_the_fast_axis),
                                     UNIT_TEST(beam_centre_is_where_the_beam_meets_the_plane),
                                     UNIT_TEST(distance_is_along_the_normal),
                                     UNIT_TEST(the_two_translations_lead_to_the_corner),
                                     UNIT_TEST(a_corner_on_the_beam_has_a_direction_all_the_same),
                                     UNIT_TEST(ub_has_columns_in_angstrom),
                                     {NULL, NULL}};
    return unit_main("nexus_geometry", tests);
}
