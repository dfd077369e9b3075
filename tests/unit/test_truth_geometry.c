#include "truth.h"
#include "unit.h"

/* Both programs compute in double with different groupings: a few ulps of metres and of unit vectors. */
static const double UNIT_TOLERANCE = 1e-13, METRE_TOLERANCE = 1e-13;

static void check_axes(const Truth *truth) {
    const LaboratoryAxes *axes = &truth->experiment->axes;
    truth_close_vector(truth, "beam", axes->beam, truth_vector(truth, truth->root, "beam_vector"), UNIT_TOLERANCE);
    truth_close_vector(truth, "polarization axis", axes->polarization, truth_vector(truth, truth->root, "polar_vector"),
                       UNIT_TOLERANCE);
    truth_close_vector(truth, "vertical axis", axes->vertical, truth_vector(truth, truth->root, "vert_vector"),
                       UNIT_TOLERANCE);
    truth_close_vector(truth, "spindle", axes->spindle, truth_vector(truth, truth->root, "spindle_vector"),
                       UNIT_TOLERANCE);
    truth_close_vector(truth, "twotheta axis", axes->twotheta, truth_vector(truth, truth->root, "twotheta_axis"),
                       UNIT_TOLERANCE);
}

static void laboratory_axes_are_the_nanobraggs(void) {
    truth_for_each(check_axes);
}

static void check_detector_vectors(const Truth *truth) {
    const Panel *panel = truth->experiment->detector.panels;
    truth_close_vector(truth, "fast", panel->fast, truth_vector(truth, truth->root, "fdet_vector"), UNIT_TOLERANCE);
    truth_close_vector(truth, "slow", panel->slow, truth_vector(truth, truth->root, "sdet_vector"), UNIT_TOLERANCE);
    truth_close_vector(truth, "normal", panel->normal, truth_vector(truth, truth->root, "odet_vector"), UNIT_TOLERANCE);
}

static void detector_vectors_after_rotations_are_the_nanobraggs(void) {
    truth_for_each(check_detector_vectors);
}

static void check_pixels(const Truth *truth) {
    const Panel *panel = truth->experiment->detector.panels;
    truth_close(truth, "fast pixels", (double)panel->canvas.fast_pixels, truth_number(truth, truth->root, "fpixels"),
                0.0);
    truth_close(truth, "slow pixels", (double)panel->canvas.slow_pixels, truth_number(truth, truth->root, "spixels"),
                0.0);
    truth_close(truth, "pixel size", panel->pixel_size_m[0], truth_number(truth, truth->root, "pixel_size_m"), 1e-18);
}

static void pixels_are_as_many_and_as_large(void) {
    truth_for_each(check_pixels);
}

static void check_pixel0(const Truth *truth) {
    truth_close_vector(truth, "corner of the first pixel", truth->experiment->detector.panels[0].pixel0_m,
                       truth_vector(truth, truth->root, "pix0_vector_m"), METRE_TOLERANCE);
}

static void the_first_pixel_is_where_the_nanobragg_has_it(void) {
    truth_for_each(check_pixel0);
}

static void check_closest_point(const Truth *truth) {
    const Panel *panel = truth->experiment->detector.panels;
    truth_close(truth, "close distance", panel->close_distance_m, truth_number(truth, truth->root, "close_distance_m"),
                METRE_TOLERANCE);
    truth_close(truth, "fast of the closest point", panel->closest_m[0], truth_number(truth, truth->root, "Fclose_m"),
                METRE_TOLERANCE);
    truth_close(truth, "slow of the closest point", panel->closest_m[1], truth_number(truth, truth->root, "Sclose_m"),
                METRE_TOLERANCE);
}

static void the_closest_point_is_the_nanobraggs(void) {
    truth_for_each(check_closest_point);
}

/* Defect B21: nanoBragg does not bring distance, Fbeam and Sbeam up to date after a swing in twotheta; we do. So
 * they are compared only where there is none. */
static void check_beam_centre(const Truth *truth) {
    const Panel *panel = truth->experiment->detector.panels;
    if (truth->parameters->detector_twotheta_rad != 0.0) return;
    truth_close(truth, "distance", panel->distance_m, truth_number(truth, truth->root, "distance_m"), METRE_TOLERANCE);
    truth_close(truth, "fast of the beam", panel->beam_centre_m[0], truth_number(truth, truth->root, "Fbeam_m"),
                METRE_TOLERANCE);
    truth_close(truth, "slow of the beam", panel->beam_centre_m[1], truth_number(truth, truth->root, "Sbeam_m"),
                METRE_TOLERANCE);
}

static void distance_and_beam_centre_are_the_nanobraggs_where_there_is_no_twotheta(void) {
    truth_for_each(check_beam_centre);
}

/* And with twotheta they are what their names say: the beam meets the plane there. */
static void check_beam_meets_the_plane(const Truth *truth) {
    const Panel *panel = truth->experiment->detector.panels;
    const Vec3 spot = panel_position(panel, panel->beam_centre_m[0], panel->beam_centre_m[1], 0.0);
    truth_close_vector(truth, "where the beam meets the plane", spot,
                       vec3_scale(panel->distance_m, truth->experiment->axes.beam), METRE_TOLERANCE);
}

static void the_beam_centre_lies_on_the_beam(void) {
    truth_for_each(check_beam_meets_the_plane);
}

static void check_pivot(const Truth *truth) {
    const char *pivot = "";
    const Status status = json_text(truth->root, "pivot", &pivot);
    const Pivot expected = *pivot == 'B' ? PIVOT_BEAM : PIVOT_SAMPLE;
    UNIT_CHECK(status_is_ok(status) && truth->experiment->detector.pivot == expected, "%s: pivot %s", truth->id, pivot);
}

static void the_pivot_is_the_nanobraggs(void) {
    truth_for_each(check_pivot);
}

static void check_sensor(const Truth *truth) {
    const Panel *panel = truth->experiment->detector.panels;
    const double thickness_m = truth_number(truth, truth->root, "detector_thick_m");
    truth_close(truth, "sensor thickness", panel->sensor.thickness_m, thickness_m, 1e-18);
    truth_close(truth, "sensor layers", panel->sensor.layers, truth_number(truth, truth->root, "detector_thicksteps"),
                0.0);
    if (thickness_m > 0.0)
        truth_close(truth, "absorption", panel->sensor.absorption_per_m,
                    truth_number(truth, truth->root, "detector_mu_per_m"), 1e-6);
}

static void the_sensor_is_the_nanobraggs(void) {
    truth_for_each(check_sensor);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(laboratory_axes_are_the_nanobraggs),
                              UNIT_TEST(detector_vectors_after_rotations_are_the_nanobraggs),
                              UNIT_TEST(pixels_are_as_many_and_as_large),
                              UNIT_TEST(the_first_pixel_is_where_the_nanobragg_has_it),
                              UNIT_TEST(the_closest_point_is_the_nanobraggs),
                              UNIT_TEST(distance_and_beam_centre_are_the_nanobraggs_where_there_is_no_twotheta),
                              UNIT_TEST(the_beam_centre_lies_on_the_beam),
                              UNIT_TEST(the_pivot_is_the_nanobraggs),
                              UNIT_TEST(the_sensor_is_the_nanobraggs),
                              {NULL, NULL}};
    return unit_main("truth: geometry", tests);
}
