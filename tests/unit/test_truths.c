/* Truths that hold whatever nanoBragg says. */
#include "base/random.h"
#include "kernels/kernel.h"
#include "model/sensor.h"
#include "physics/shape.h"
#include "scene.h"
#include "setup/frames.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

static void layers_together_stop_what_the_sensor_stops(void) {
    const double thickness_m = 450e-6, absorption_per_m = 4000.0;
    for (int layers = 1; layers <= 50; layers++)
        for (double cosine = 0.1; cosine <= 1.0; cosine += 0.09) {
            double sum = 0.0;
            for (int k = 0; k < layers; k++) sum += sensor_capture(thickness_m / layers, k, absorption_per_m, cosine);
            CU_ASSERT_DOUBLE_EQUAL(sum, 1.0 - exp(-absorption_per_m * thickness_m / cosine), 1e-14);
        }
}

/* Six faces of a cube see everything that a single electron scatters without polarization. */
static void a_full_sphere_of_pixels_is_four_pi(void) {
    static const char *const faces[6][3] = {
        {"detector.fast_vector=0,1,0", "detector.slow_vector=0,0,1", "detector.pixel0=0.1,-0.1,-0.1"},
        {"detector.fast_vector=0,1,0", "detector.slow_vector=0,0,1", "detector.pixel0=-0.1,-0.1,-0.1"},
        {"detector.fast_vector=1,0,0", "detector.slow_vector=0,0,1", "detector.pixel0=-0.1,0.1,-0.1"},
        {"detector.fast_vector=1,0,0", "detector.slow_vector=0,0,1", "detector.pixel0=-0.1,-0.1,-0.1"},
        {"detector.fast_vector=1,0,0", "detector.slow_vector=0,1,0", "detector.pixel0=-0.1,-0.1,0.1"},
        {"detector.fast_vector=1,0,0", "detector.slow_vector=0,1,0", "detector.pixel0=-0.1,-0.1,-0.1"}};
    double sum = 0.0;
    for (int i = 0; i < 6; i++) {
        const char *const settings[] = {"detector.convention=custom",
                                        faces[i][0],
                                        faces[i][1],
                                        faces[i][2],
                                        "crystal.cell=1",
                                        "crystal.default_f=1",
                                        "beam.polarization_correction=false",
                                        "detector.pixel_size=1",
                                        "detector.size=200",
                                        "sampling.oversample=3",
                                        NULL};
        sum += scene_sum(settings);
    }
    CU_ASSERT_DOUBLE_EQUAL(sum, 4.0 * PI, 1e-4);
}

/* Mean of |F_latt|^2 over one reciprocal cell, by a grid that does not touch the peaks' centres more than their flanks.
 */
static double mean_over_a_cell(const Crystal *crystal, int points) {
    double sum = 0.0;
    for (int i = 0; i < points; i++)
        for (int j = 0; j < points; j++)
            for (int k = 0; k < points; k++)
                sum += shape_squared(crystal, (i + 0.5) / points - 0.5, (j + 0.5) / points - 0.5,
                                     (k + 0.5) / points - 0.5);
    return sum / points / points / points;
}

static void every_shape_integrates_to_its_number_of_cells(void) {
    Crystal crystal = {.cells = {5, 6, 7}, .fudge = 1.0, .spot_law = SPOT_PER_AXIS, .nanobragg_star = 1.0};
    crystal.reciprocal_per_m = (Mat3){{{1e8, 0, 0}, {0, 1e8, 0}, {0, 0, 1e8}}}; /* cell of 100 A */
    crystal.shape = SHAPE_SQUARE;                                               /* exact: a trigonometric polynomial */
    CU_ASSERT_DOUBLE_EQUAL(mean_over_a_cell(&crystal, 60), 210.0, 1e-9);
    crystal.shape = SHAPE_GAUSS; /* the tails beyond half a cell are exp(-pi (5/2)^2) */
    CU_ASSERT_DOUBLE_EQUAL(mean_over_a_cell(&crystal, 60) / 210.0, 1.0, 1e-6);
    crystal.shape = SHAPE_TOPHAT; /* a ball counted by points */
    CU_ASSERT_DOUBLE_EQUAL(mean_over_a_cell(&crystal, 120) / 210.0, 1.0, 0.01);
    crystal.shape =
        SHAPE_ROUND; /* a sphere's transform falls off as 1/x^4: 8.75 % lies nearer to the neighbours and is cut */
    CU_ASSERT_DOUBLE_EQUAL(mean_over_a_cell(&crystal, 60) / 210.0, 0.9125, 0.001);
    /* nanoBragg's Gaussian is as wide in 1/A as (Na Nb Nc)^-1, whatever the cell:
     * M^2 Int exp(-2 (M q)^2 / 0.63) d^3q V = V (0.63 pi / 2)^(3/2) / M with q in 1/A, M = Na Nb Nc */
    crystal.spot_law = SPOT_NANOBRAGG;
    crystal.shape = SHAPE_GAUSS;
    crystal.cells[0] = crystal.cells[1] = crystal.cells[2] = 7;
    CU_ASSERT_DOUBLE_EQUAL(mean_over_a_cell(&crystal, 140) / (1e6 * pow(0.63 * PI / 2.0, 1.5) / 343.0), 1.0, 1e-3);
}

static void mosaic_domains_leave_the_mean_orientation(void) {
    static const char *const counts[] = {"crystal.mosaic_domains=2", "crystal.mosaic_domains=7",
                                         "crystal.mosaic_domains=50"};
    static const char *const laws[] = {"crystal.mosaic_model=gaussian", "crystal.mosaic_model=cap"};
    for (int n = 0; n < 6; n++) {
        const char *const settings[] = {"crystal.cell=50", "crystal.default_f=1", "crystal.mosaic_spread=0.5",
                                        counts[n % 3],     laws[n / 3],           NULL};
        Experiment *e = scene(settings);
        Vec3 turn = {0.0, 0.0, 0.0}; /* mean of the antisymmetric parts */
        for (int64_t i = 0; i < e->crystal.domain_count; i++) {
            const Mat3 r = e->crystal.domains[i];
            turn = vec3_add(turn, vec3(r.row[2].y - r.row[1].z, r.row[0].z - r.row[2].x, r.row[1].x - r.row[0].y));
        }
        CU_ASSERT_DOUBLE_EQUAL(vec3_length(turn), 0.0, 1e-14);
        experiment_destroy(&e);
    }
}

static double rotation_angle(Mat3 r) {
    return acos(fmin(1.0, fmax(-1.0, 0.5 * (r.row[0].x + r.row[1].y + r.row[2].z - 1.0))));
}

static void mosaic_widths_equal_their_parameter(void) {
    const char *const gaussian[] = {"crystal.cell=50", "crystal.default_f=1", "crystal.mosaic_spread=0.5",
                                    "crystal.mosaic_domains=20000", NULL};
    const char *const cap[] = {"crystal.cell=50",           "crystal.default_f=1",
                               "crystal.mosaic_spread=0.5", "crystal.mosaic_domains=20000",
                               "crystal.mosaic_model=cap",  NULL};
    const double width = 0.5 * RADIANS_PER_DEGREE;
    Experiment *e = scene(gaussian);
    double about_x = 0.0, about_y = 0.0, about_z = 0.0, mean = 0.0;
    for (int64_t i = 0; i < e->crystal.domain_count; i++) { /* small rotations: off-diagonal elements are the angles */
        const Mat3 r = e->crystal.domains[i];
        about_x += pow(0.5 * (r.row[2].y - r.row[1].z), 2.0);
        about_y += pow(0.5 * (r.row[0].z - r.row[2].x), 2.0);
        about_z += pow(0.5 * (r.row[1].x - r.row[0].y), 2.0);
        mean += 0.5 * (r.row[1].x - r.row[0].y);
    }
    const double n = (double)e->crystal.domain_count;
    CU_ASSERT_DOUBLE_EQUAL(sqrt(about_x / n) / width, 1.0, 0.03); /* 4 standard errors of n/2 pairs, 1/sqrt(n) each */
    CU_ASSERT_DOUBLE_EQUAL(sqrt(about_y / n) / width, 1.0, 0.03);
    CU_ASSERT_DOUBLE_EQUAL(sqrt(about_z / n) / width, 1.0, 0.03);
    CU_ASSERT_DOUBLE_EQUAL(mean / n / width, 0.0, 4.0 / sqrt(n));
    experiment_destroy(&e);
    const char *const anisotropic[] = {"crystal.cell=50,60,70,80,95,105", "crystal.default_f=1",
                                       "crystal.mosaic_spread=0.5,0.1,0.9", "crystal.mosaic_domains=20000", NULL};
    e = scene(anisotropic);
    double squares[3] = {0.0, 0.0, 0.0};
    const Mat3 cell = e->crystal.cell_m, axes = crystal_axes(cell);
    for (int64_t i = 0; i < e->crystal.domain_count; i++) {
        /* the turn of the crystal's axes, seen from them */
        const Mat3 r = mat3_multiply(axes, mat3_transpose(crystal_axes(crystal_domain(&e->crystal, cell, i))));
        squares[0] += pow(0.5 * (r.row[2].y - r.row[1].z), 2.0);
        squares[1] += pow(0.5 * (r.row[0].z - r.row[2].x), 2.0);
        squares[2] += pow(0.5 * (r.row[1].x - r.row[0].y), 2.0);
    }
    CU_ASSERT_DOUBLE_EQUAL(sqrt(squares[0] / n) / (0.5 * RADIANS_PER_DEGREE), 1.0, 0.03);
    CU_ASSERT_DOUBLE_EQUAL(sqrt(squares[1] / n) / (0.1 * RADIANS_PER_DEGREE), 1.0, 0.03);
    CU_ASSERT_DOUBLE_EQUAL(sqrt(squares[2] / n) / (0.9 * RADIANS_PER_DEGREE), 1.0, 0.03);
    experiment_destroy(&e);
    e = scene(cap);
    double greatest = 0.0, cubed = 0.0; /* (angle / width)^3 is uniform in 0..1 */
    for (int64_t i = 0; i < e->crystal.domain_count; i++) {
        const double part = rotation_angle(e->crystal.domains[i]) / width;
        greatest = fmax(greatest, part);
        cubed += part * part * part / n;
    }
    CU_ASSERT(greatest <= 1.0 + 1e-6 && greatest > 0.999);
    CU_ASSERT_DOUBLE_EQUAL(cubed, 0.5, 4.0 * sqrt(1.0 / 6.0 / n));
    experiment_destroy(&e);
}

/* Ratio of the errors of n and 2 n steps against very many: 4 for a rule of second order, 2 for one of first. */
static double error_ratio(const char *const *fixed, const char *name, int coarse, int fine) {
    double sums[3];
    const int steps[3] = {coarse, 2 * coarse, fine};
    for (int i = 0; i < 3; i++) {
        char setting[80];
        const char *settings[24] = {setting};
        (void)snprintf(setting, sizeof setting, "%s=%d", name, steps[i]);
        for (int j = 0; fixed[j] != NULL && j < 22; j++) settings[j + 1] = fixed[j];
        sums[i] = scene_sum(settings);
    }
    return (sums[0] - sums[2]) / (sums[1] - sums[2]);
}

/* A single pixel far out, where the crystal's intensity bends over the band, the angle and the pixel. */
#define ONE_PIXEL                                                                                                      \
    "crystal.cell=50,60,70,80,95,105", "crystal.default_f=1", "detector.fast_pixels=1", "detector.slow_pixels=1",      \
        "detector.pixel_size=1", "detector.convention=xds", "detector.beam_centre=-30.3,-17.2", "crystal.cells=2"

static void refining_converges_at_the_expected_order(void) {
    const char *const pixel[] = {ONE_PIXEL, NULL};
    CU_ASSERT_DOUBLE_EQUAL(error_ratio(pixel, "sampling.oversample", 8, 300), 4.0, 0.1);
    const char *const band[] = {ONE_PIXEL, "beam.dispersion=4", "sampling.oversample=1", NULL};
    CU_ASSERT_DOUBLE_EQUAL(error_ratio(band, "beam.dispersion_steps", 32, 20000), 4.0, 0.1);
    const char *const phi[] = {ONE_PIXEL, "sampling.phi_range=3", "sampling.oversample=1", NULL};
    CU_ASSERT_DOUBLE_EQUAL(error_ratio(phi, "sampling.phi_steps", 8, 2000), 4.0, 0.1);
    const char *const left[] = {ONE_PIXEL, "sampling.phi_range=3", "sampling.oversample=1",
                                "sampling.phi_points=left_edge", NULL};
    CU_ASSERT_DOUBLE_EQUAL(error_ratio(left, "sampling.phi_steps", 16, 20000), 2.0, 0.1);
    const char *const sensor[] = {ONE_PIXEL, "sampling.oversample=1", "detector.sensor_thickness=9000",
                                  "detector.sensor_attenuation=6000", NULL};
    CU_ASSERT_DOUBLE_EQUAL(error_ratio(sensor, "detector.sensor_layers", 16, 20000), 4.0, 0.1);
    const char *const front[] = {ONE_PIXEL,
                                 "sampling.oversample=1",
                                 "detector.sensor_thickness=900",
                                 "detector.sensor_attenuation=600",
                                 "detector.sensor_depth_model=front",
                                 NULL};
    CU_ASSERT_DOUBLE_EQUAL(error_ratio(front, "detector.sensor_layers", 16, 20000), 2.0, 0.1);
}

static void vector_text(char *text, size_t bytes, const char *name, Vec3 v) {
    (void)snprintf(text, bytes, "%s=%.17g,%.17g,%.17g", name, v.x, v.y, v.z);
}

/* The scene with the whole laboratory turned by @p rotation: axes, detector and crystal alike. */
static double *turned_image(Mat3 rotation, int64_t *pixels) {
    const Vec3 axes[5] = {{1, 0, 0}, {0, 0, 1}, {0, -1, 0}, {0, 0, 1}, {0, 0, 1}};
    const char *const names[5] = {"beam.direction", "detector.fast_vector", "detector.slow_vector",
                                  "beam.polarization_axis", "sampling.spindle_axis"};
    char text[7][160];
    for (int i = 0; i < 5; i++) vector_text(text[i], sizeof text[i], names[i], mat3_apply(rotation, axes[i]));
    vector_text(text[5], sizeof text[5], "detector.pixel0", mat3_apply(rotation, vec3(0.1, 0.004, -0.003)));
    const Mat3 start = mat3_rotation_about(vec3(0.6, 0.0, 0.8), 0.7);
    const Vec3 angles = misset_of_rotation(mat3_multiply(rotation, start));
    vector_text(text[6], sizeof text[6], "crystal.misset", vec3_scale(1.0 / RADIANS_PER_DEGREE, angles));
    const char *const settings[] = {"detector.convention=custom",
                                    text[0],
                                    text[1],
                                    text[2],
                                    text[3],
                                    text[4],
                                    text[5],
                                    text[6],
                                    "crystal.cell=50,60,70,80,95,105",
                                    "crystal.cells=3,4,5",
                                    "crystal.default_f=9",
                                    "beam.polarization=0.8",
                                    "beam.divergence_horizontal=3",
                                    "beam.divergence_vertical=2",
                                    "beam.divergence_steps_horizontal=3",
                                    "beam.divergence_steps_vertical=2",
                                    "sampling.phi_range=2",
                                    "sampling.phi_steps=3",
                                    "detector.pixel_size=0.4",
                                    "detector.fast_pixels=20",
                                    "detector.slow_pixels=24",
                                    "detector.sensor_thickness=300",
                                    "detector.sensor_layers=3",
                                    NULL};
    Experiment *e = scene(settings);
    *pixels = detector_pixels(&e->detector);
    double *image = scene_image(e, 0);
    experiment_destroy(&e);
    return image;
}

static void the_laboratory_may_be_turned(void) {
    int64_t pixels = 0;
    double *straight = turned_image(mat3_identity(), &pixels), greatest = 0.0;
    for (int64_t i = 0; i < pixels; i++) greatest = fmax(greatest, straight[i]);
    for (int n = 0; n < 3; n++) {
        double *turned = turned_image(random_rotation(5, RANDOM_SWEEP, (uint64_t)n), &pixels);
        for (int64_t i = 0; i < pixels; i++)
            CU_ASSERT_DOUBLE_EQUAL(turned[i] / greatest, straight[i] / greatest, 1e-10);
        free(turned);
    }
    free(straight);
}

/* x to the right and y down, seen along a beam to +z, are left-handed: the detector lies where the beam goes all the
 * same, under either pivot. */
static void left_handed_axes_put_the_detector_in_front_of_the_beam(void) {
    const char *const pivots[] = {"detector.pivot=beam", "detector.pivot=sample"};
    const char *const slow[] = {"detector.slow_vector=0,-1,0", "detector.slow_vector=0,1,0"};
    for (int i = 0; i < 4; i++) {
        Experiment *e = scene((const char *const[]){"detector.convention=custom", "beam.direction=0,0,1",
                                                    "beam.polarization_axis=1,0,0", "detector.fast_vector=1,0,0",
                                                    slow[i / 2], pivots[i % 2], "detector.distance=80",
                                                    "crystal.cell=50", "crystal.default_f=1", NULL});
        CU_ASSERT_PTR_NOT_NULL_FATAL(e);
        CU_ASSERT_DOUBLE_EQUAL(e->detector.panels[0].pixel0_m.z, 0.08, 1e-15);
        CU_ASSERT_DOUBLE_EQUAL(e->detector.panels[0].distance_m, 0.08, 1e-15);
        CU_ASSERT_DOUBLE_EQUAL(e->detector.panels[0].close_distance_m, 0.08, 1e-15);
        experiment_destroy(&e);
    }
}

/* The sensor's depth goes away from the crystal also where only the first pixel tells where the detector is. */
static void the_normal_of_a_placed_detector_points_away_from_the_crystal(void) {
    Experiment *e = scene((const char *const[]){"detector.convention=custom", "detector.fast_vector=0,1,0",
                                                "detector.slow_vector=0,0,1", "detector.pixel0=-0.1,-0.05,-0.05",
                                                "crystal.cell=50", "crystal.default_f=1", NULL});
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    CU_ASSERT_DOUBLE_EQUAL(e->detector.panels[0].normal.x, -1.0, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(e->detector.panels[0].close_distance_m, 0.1, 1e-15);
    experiment_destroy(&e);
}

static void the_beam_s_spot_stays_whatever_the_rotation(void) {
    const char *const rotations[] = {"detector.rotation=0,0,0", "detector.rotation=0,60,0", "detector.rotation=0,120,0",
                                     "detector.rotation=10,200,30"};
    for (int i = 0; i < 4; i++) {
        Experiment *e = scene((const char *const[]){"detector.close_distance=100", "detector.beam_centre=50,50",
                                                    rotations[i], "crystal.cell=50", "crystal.default_f=1", NULL});
        CU_ASSERT_PTR_NOT_NULL_FATAL(e);
        CU_ASSERT(e->detector.panels[0].distance_m >= 0.1 - 1e-15);
        CU_ASSERT_DOUBLE_EQUAL(e->detector.panels[0].beam_centre_m[0], 50.05e-3, 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(e->detector.panels[0].beam_centre_m[1], 50.05e-3, 1e-12);
        experiment_destroy(&e);
    }
}

/* Number of steps, step and end of frame 0 in degrees. */
static void check_phi(const char *const *angles, double steps, double step_deg, double end_deg) {
    const char *settings[8] = {"crystal.cell=50", "crystal.default_f=1", "detector.size=1"};
    Frame frame;
    for (int i = 0; angles[i] != NULL; i++) settings[3 + i] = angles[i];
    Experiment *e = scene(settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    CU_ASSERT_FATAL(status_is_ok(frame_create(e, &frame)));
    frame_set(e, 0, &frame);
    UNIT_CLOSE((double)e->sampling.phi_steps, steps, 0.0, angles[0]);
    UNIT_CLOSE(e->sampling.phi_step_rad / RADIANS_PER_DEGREE, step_deg, 1e-12, angles[0]);
    UNIT_CLOSE(frame.phi_end_rad / RADIANS_PER_DEGREE, end_deg, 1e-12, angles[0]);
    frame_destroy(&frame);
    experiment_destroy(&e);
}

static void intervals_of_phi_fill_the_range(void) {
    check_phi((const char *const[]){"sampling.phi_range=1", "sampling.phi_step=0.4", NULL}, 3, 1.0 / 3, 1.0);
    check_phi((const char *const[]){"sampling.phi_step=0.1", "sampling.phi_steps=10", NULL}, 10, 0.1, 1.0);
    check_phi((const char *const[]){"sampling.phi_range=1", "sampling.phi_step=0.2", "sampling.phi_steps=5", NULL}, 5,
              0.2, 1.0);
    check_phi((const char *const[]){"sweep.kind=rotation", "sweep.width=0.1", "sampling.phi_step=0.03", NULL}, 4, 0.025,
              0.1);
    /* nanoBragg's law keeps the step */
    check_phi(
        (const char *const[]){"sampling.phi_range=1", "sampling.phi_step=0.4", "sampling.phi_points=left_edge", NULL},
        3, 0.4, 1.0);
}

static void a_file_names_the_material_that_absorbs_most_alike(void) {
    /* linear absorption at 1 A, 1/cm: Si 98, CdTe 480, GaAs 700, gadolinium oxysulfide 950, Al 55 (NIST) */
    static const char *const cases[][3] = {{"detector.sensor_material=Si", "Si", ""},
                                           {"detector.sensor_material=GaAs", "GaAs", ""},
                                           {"detector.sensor_material=CdTe", "CdTe", ""},
                                           {"detector.sensor_material=Gadolinium Oxysulfide", "GaAs", "stands in"},
                                           {"detector.sensor_material=Al", "Si", "stands in"},
                                           {"detector.sensor_attenuation=240", "Si", "stands in"}};
    for (int i = 0; i < 6; i++) {
        const char *const settings[] = {"crystal.cell=50", "crystal.default_f=1", "detector.sensor_thickness=300",
                                        cases[i][0], NULL};
        Experiment *e = scene(settings);
        CU_ASSERT_STRING_EQUAL(sensor_nexus_name(e->detector.nexus_material), cases[i][1]);
        CU_ASSERT_EQUAL(e->detector.nexus_stand_in, *cases[i][2] != '\0');
        experiment_destroy(&e);
    }
}

static void silicon_absorbs_as_tabulated(void) {
    /* NIST X-ray mass attenuation tables: Si 33.89 cm2/g at 10 keV and 2.33 g/cm3; CdTe from Cd and Te */
    double per_m = 0.0;
    CU_ASSERT(status_is_ok(sensor_absorption("Si", NAN, 12.398419843e-10 / 10.0, &per_m)));
    CU_ASSERT_DOUBLE_EQUAL(per_m / (3.389 * 2330.0), 1.0, 0.02);
    CU_ASSERT(status_is_ok(sensor_absorption("CdTe", NAN, 12.398419843e-10 / 10.0, &per_m)));
    CU_ASSERT_DOUBLE_EQUAL(per_m / ((0.4684 * 11.78 + 0.5316 * 15.16) * 1e0 * 6200.0 * 1.0), 1.0, 0.1);
    CU_ASSERT(!status_is_ok(sensor_absorption("Unobtainium", NAN, 1e-10, &per_m)));
    CU_ASSERT(!status_is_ok(sensor_absorption("Si3Zr7", NAN, 1e-10, &per_m))); /* no density known */
    CU_ASSERT(status_is_ok(sensor_absorption("Si3Zr7", 5000.0, 1e-10, &per_m)));
}

int main(void) {
    static const UnitTest tests[] = {
        {"layers together stop what the sensor stops", layers_together_stop_what_the_sensor_stops},
        {"a full sphere of pixels is 4 pi", a_full_sphere_of_pixels_is_four_pi},
        {"every shape integrates to its number of cells", every_shape_integrates_to_its_number_of_cells},
        {"mosaic widths equal their parameter", mosaic_widths_equal_their_parameter},
        {"mosaic domains leave the mean orientation", mosaic_domains_leave_the_mean_orientation},
        {"refining converges at the expected order", refining_converges_at_the_expected_order},
        {"the laboratory may be turned", the_laboratory_may_be_turned},
        {"a file names the material that absorbs most alike", a_file_names_the_material_that_absorbs_most_alike},
        {"silicon absorbs as tabulated", silicon_absorbs_as_tabulated},
        UNIT_TEST(left_handed_axes_put_the_detector_in_front_of_the_beam),
        UNIT_TEST(the_normal_of_a_placed_detector_points_away_from_the_crystal),
        UNIT_TEST(the_beam_s_spot_stays_whatever_the_rotation),
        UNIT_TEST(intervals_of_phi_fill_the_range),
        {NULL, NULL}};
    return unit_main("truths", tests);
}
