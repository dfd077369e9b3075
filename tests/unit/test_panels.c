#include "kernels/kernel.h"
#include "model/panel_geometry.h"
#include "model/sensor.h"
#include "scene.h"
#include "setup/frames.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------ descriptions
 */

static PanelGeometry panel_at(int64_t canvas_fast, int64_t canvas_slow, int64_t fast_pixels, int64_t slow_pixels) {
    return (PanelGeometry){.name = "p",
                           .fast = {1, 0, 0},
                           .slow = {0, -1, 0},
                           .corner_m = {-0.003, 0.004, -0.06},
                           .pixel_size_m = {2e-4, 2e-4},
                           .pixels = {fast_pixels, slow_pixels},
                           .canvas = {canvas_fast, canvas_slow},
                           .thickness_m = NAN,
                           .absorption_per_m = NAN,
                           .group = -1};
}

static void turn(PanelGeometry *panel, double x_rad, double y_rad, double z_rad) {
    panel->fast = vec3_rotate_xyz(panel->fast, x_rad, y_rad, z_rad);
    panel->slow = vec3_rotate_xyz(panel->slow, x_rad, y_rad, z_rad);
}

static void add(DetectorGeometry *geometry, PanelGeometry panel) {
    CU_ASSERT_FATAL(status_is_ok(panel_geometry_add_panel(geometry, &panel)));
}

/* Four tilted panels, one turned by a right angle and mirrored: pixels of four sizes, two of them oblong; a thick
 * sensor; a gap of 3 columns and one of 2 rows. Their order is not that of their places. */
static DetectorGeometry four_panels(void) {
    DetectorGeometry geometry = {.panels = 0};
    PanelGeometry a = panel_at(73, 0, 61, 37), b = panel_at(0, 0, 70, 41), c = panel_at(0, 43, 70, 29);
    PanelGeometry d = panel_at(73, 43, 50, 33);
    turn(&a, 0.1, -0.2, 0.05);
    a.corner_m = vec3(0.0005, 0.006, -0.055);
    a.pixel_size_m[0] = 1.7e-4;
    a.pixel_size_m[1] = 2.6e-4;
    turn(&b, -0.15, 0.12, -0.03);
    b.corner_m = vec3(-0.016, 0.007, -0.062);
    turn(&c, 0.2, 0.1, 1.6);
    c.corner_m = vec3(-0.008, -0.012, -0.05);
    c.pixel_size_m[0] = c.pixel_size_m[1] = 1.5e-4;
    c.thickness_m = 4.5e-4;
    c.absorption_per_m = 3000.0;
    turn(&d, 0.3, 0.25, 3.0);
    d.slow = vec3_scale(-1.0, d.slow); /* a left-handed one */
    d.corner_m = vec3(0.012, -0.004, -0.058);
    d.pixel_size_m[0] = 3.1e-4;
    add(&geometry, a);
    add(&geometry, b);
    add(&geometry, c);
    add(&geometry, d);
    CU_ASSERT_FATAL(status_is_ok(panel_geometry_check(&geometry, "test")));
    return geometry;
}

/* --------------------------------------------------------------------------------------------------------- reference
 */

/* What a scene consists of, for the formulas below. */
typedef struct Formula {
    const Experiment *e;
    const DetectorGeometry *geometry;
    const Frame *frame;
    double f;             /* of all reflections */
    const char *material; /* of thick sensors; NULL: as the file says */
} Formula;

/* |F_latt|^2 of square crystals, and of Gaussian spots one by one along each axis. */
static double lattice_squared(const Crystal *crystal, Vec3 hkl) {
    const double miller[3] = {hkl.x, hkl.y, hkl.z};
    double amplitude = 1.0, squares = 0.0;
    for (int i = 0; i < 3; i++) {
        const double cells = (double)crystal->cells[i], off = miller[i] - floor(miller[i] + 0.5);
        amplitude *= crystal->shape == SHAPE_SQUARE ? sin(PI * cells * miller[i]) / sin(PI * miller[i]) : cells;
        squares += cells * cells * off * off;
    }
    return amplitude * amplitude * (crystal->shape == SHAPE_SQUARE ? 1.0 : exp(-PI * squares));
}

static double intensity(const Formula *formula, const Source *source, Vec3 d) {
    const Experiment *e = formula->e;
    const Vec3 q = vec3_scale(1.0 / source->wavelength_m, vec3_subtract(d, source->direction));
    double sum = 0.0;
    for (int64_t domain = 0; domain < e->crystal.domain_count; domain++)
        for (int64_t phi = 0; phi < e->sampling.phi_steps; phi++) {
            const Mat3 cell = crystal_domain(&e->crystal, formula->frame->cells_m[phi], domain);
            sum += formula->f * formula->f * lattice_squared(&e->crystal, mat3_apply(cell, q));
        }
    const double background = background_squared(&e->background, 0.5 * vec3_length(q));
    const double times = (double)(e->crystal.domain_count * e->sampling.phi_steps);
    return sum + (e->background.molecules > 0.0 ? times * background : 0.0);
}

/* Photons that stop between two depths, along a ray with this cosine. */
static double stopped(const Formula *formula, const PanelGeometry *panel, const Source *source, double cosine,
                      int layer, int layers) {
    double per_m = panel->absorption_per_m;
    if (formula->material != NULL)
        CU_ASSERT_FATAL(status_is_ok(sensor_absorption(formula->material, NAN, source->wavelength_m, &per_m)));
    const double path = panel->thickness_m / layers * per_m / cosine;
    return exp(-path * layer) - exp(-path * (layer + 1));
}

/* All sources at one point of a panel, in pixels from its corner, in a layer counted at its front. */
static double point(const Formula *formula, const PanelGeometry *panel, double fast, double slow, int layer,
                    int layers) {
    const Experiment *e = formula->e;
    Vec3 normal = vec3_unit(vec3_cross(panel->fast, panel->slow));
    if (vec3_dot(normal, panel->corner_m) < 0.0) normal = vec3_scale(-1.0, normal);
    const bool thick = panel->thickness_m > 0.0;
    const Vec3 front = panel_geometry_position(panel, fast, slow);
    const Vec3 r = thick ? vec3_add(front, vec3_scale(panel->thickness_m / layers * layer, normal)) : front;
    const Vec3 d = vec3_unit(r);
    const double cosine = vec3_dot(d, normal), area = panel->pixel_size_m[0] * panel->pixel_size_m[1];
    const double omega = area / vec3_dot(r, r) * (e->detector.point_pixel ? 1.0 : cosine);
    double sum = 0.0;
    for (int64_t n = 0; n < e->beam.source_count; n++) {
        const Source *source = &e->beam.sources[n];
        const double captured = thick ? stopped(formula, panel, source, cosine, layer, layers) : 1.0;
        sum += source->weight * captured * beam_polarization_factor(e->beam.polarization_kahn, source, d) *
               intensity(formula, source, d);
    }
    return sum * omega;
}

/* A pixel of the canvas, in the units of scene_image; 0 in a gap. */
static double pixel(const Formula *formula, int64_t fast, int64_t slow, int layers) {
    const int number = panel_geometry_panel_at(formula->geometry, fast, slow);
    const int oversample = formula->e->sampling.oversample;
    if (number < 0) return 0.0;
    const PanelGeometry *panel = &formula->geometry->panel[number];
    const int own_layers = panel->thickness_m > 0.0 ? layers : 1;
    double sum = 0.0;
    for (int layer = 0; layer < own_layers; layer++)
        for (int i = 0; i < oversample * oversample; i++)
            sum += point(formula, panel, (double)(fast - panel->canvas[0]) + (i % oversample + 0.5) / oversample,
                         (double)(slow - panel->canvas[1]) + (i / oversample + 0.5) / oversample, layer, own_layers);
    return sum / ((double)oversample * oversample * (double)formula->e->sampling.phi_steps *
                  (double)formula->e->crystal.domain_count);
}

/* ------------------------------------------------------------------------------------------------------------ images
 */

#define COMMON                                                                                                         \
    "crystal.cell=40,50,60,90,100,90", "crystal.default_f=7", "crystal.cells=5,6,7", "beam.wavelength=1.1",            \
        "beam.polarization=0.7", "crystal.misset=10,20,30", "detector.sensor_depth_law=front"

/* Every third pixel of frame 0 against the formulas. */
static void compare(const char *const *settings, const char *material, int layers, double tolerance) {
    enum { MOST = 40 };
    DetectorGeometry geometry = four_panels();
    const char *all[MOST] = {COMMON};
    int count = 0;
    while (all[count] != NULL) count++;
    for (int i = 0; settings[i] != NULL && count < MOST - 1; i++) all[count++] = settings[i];
    Experiment *e = scene_of_panels(all, &geometry);
    CU_ASSERT_FATAL(e != NULL);
    CU_ASSERT_EQUAL(e->sampling.by_reflections, e->crystal.shape == SHAPE_GAUSS);
    CU_ASSERT_EQUAL(e->detector.panels[2].sensor.by_wavelength, material != NULL);
    CU_ASSERT_EQUAL(e->detector.panels[2].sensor.layers, layers);
    Frame frame;
    CU_ASSERT_FATAL(status_is_ok(frame_create(e, &frame)));
    frame_set(e, 0, &frame);
    double *image = scene_image(e, 0);
    const Formula formula = {e, &geometry, &frame, 7.0, material};
    double greatest = 0.0, worst = 0.0;
    for (int64_t i = 0; i < detector_pixels(&e->detector); i += 3) {
        const int64_t fast = i % e->detector.fast_pixels, slow = i / e->detector.fast_pixels;
        const double expected = pixel(&formula, fast, slow, layers);
        greatest = fmax(greatest, expected);
        worst = fmax(worst, fabs(image[i] - expected));
    }
    UNIT_CHECK(greatest > 0.0 && worst <= tolerance * greatest, "%s: %g of the greatest", settings[0],
               worst / greatest);
    free(image);
    frame_destroy(&frame);
    experiment_destroy(&e);
    panel_geometry_free(&geometry);
}

static void every_pixel_of_tilted_panels_is_the_formula(void) {
    const char *const plain[] = {"sampling.oversample=1", NULL};
    const char *const layers[] = {"sampling.oversample=3", "detector.sensor_layers=4", NULL};
    const char *const terms[] = {"sampling.phi_range=1",     "sampling.phi_steps=3",  "crystal.mosaic_spread=0.5",
                                 "crystal.mosaic_domains=4", "sampling.oversample=2", NULL};
    compare(plain, NULL, 2, 1e-11);
    compare(layers, NULL, 4, 1e-11);
    compare(terms, NULL, 2, 1e-11);
}

static void background_and_pixels_without_obliquity_follow_the_panels(void) {
    const char *const background[] = {"background.size=2", "sampling.oversample=2", NULL};
    const char *const points[] = {"detector.point_pixel=true", "sampling.oversample=1", NULL};
    compare(background, NULL, 2, 1e-11);
    compare(points, NULL, 2, 1e-11);
}

static void a_material_absorbs_by_the_wavelength_in_the_panel_that_is_thick(void) {
    const char *const settings[] = {"beam.dispersion=20", "beam.dispersion_steps=5", "detector.sensor_material=CdTe",
                                    "sampling.oversample=1", NULL};
    compare(settings, "CdTe", 2, 1e-11);
}

static void reflections_of_gaussian_spots_are_found_on_every_panel(void) {
    const char *const settings[] = {"crystal.shape=gauss", "crystal.cells=15,16,17", "sampling.tolerance=1e-12",
                                    "sampling.oversample=2", NULL};
    compare(settings, NULL, 2, 1e-9);
}

static void single_precision_is_as_good_on_tilted_panels(void) {
    const char *const settings[] = {"run.precision=float32", "sampling.oversample=1", NULL};
    const char *const layers[] = {"run.precision=float32", "sampling.oversample=2", "background.size=2",
                                  "detector.sensor_layers=3", NULL};
    compare(settings, NULL, 2, 1e-5);
    compare(layers, NULL, 3, 1e-5);
}

/* ----------------------------------------------------------------------------------------------------- a cut plane */

enum { PLANE_FAST = 512, PLANE_SLOW = 416, PARTS = 4 };

/* A tilted plane, in parts x parts panels. */
static DetectorGeometry plane_in(int parts) {
    DetectorGeometry geometry = {.panels = 0};
    const int64_t fast = PLANE_FAST / parts, slow = PLANE_SLOW / parts;
    for (int i = 0; i < parts * parts; i++) {
        PanelGeometry panel = panel_at(i % parts * fast, i / parts * slow, fast, slow);
        turn(&panel, 0.2, -0.1, 0.7);
        panel.corner_m = vec3(-0.01, 0.05, -0.1);
        panel.corner_m = panel_geometry_position(&panel, (double)panel.canvas[0], (double)panel.canvas[1]);
        add(&geometry, panel);
    }
    CU_ASSERT_FATAL(status_is_ok(panel_geometry_check(&geometry, "test")));
    return geometry;
}

static float *float_image(const char *const *settings, int parts) {
    DetectorGeometry geometry = plane_in(parts);
    Experiment *e = scene_of_panels(settings, &geometry);
    CU_ASSERT_FATAL(e != NULL);
    const size_t pixels = PLANE_FAST * PLANE_SLOW;
    float *image = calloc(pixels, sizeof *image);
    DoubleDouble *sums = calloc(pixels, sizeof *sums);
    Frame frame;
    CU_ASSERT_FATAL(image != NULL && sums != NULL && status_is_ok(frame_create(e, &frame)));
    frame_set(e, 0, &frame);
    for (int i = 0; i < e->detector.panel_count; i++) {
        const Tile tile = e->detector.panels[i].canvas;
        kernel_expected(e, &frame, tile, sums, image + tile.slow * PLANE_FAST + tile.fast, PLANE_FAST);
    }
    CU_ASSERT_EQUAL(e->active, NULL);
    frame_destroy(&frame);
    free(sums);
    experiment_destroy(&e);
    panel_geometry_free(&geometry);
    return image;
}

static void a_plane_cut_into_panels_is_the_plane_but_for_the_rounding_of_corners(void) {
    static const char *const kernels[][3] = {{"run.precision=float64", "crystal.shape=square", "sampling.oversample=1"},
                                             {"run.precision=float64", "crystal.shape=gauss", "crystal.cells=20,21,22"},
                                             {"run.precision=float32", "crystal.shape=round", "sampling.oversample=1"},
                                             {"run.precision=float32", "crystal.shape=square", "background.size=1"}};
    for (int n = 0; n < 4; n++) {
        const char *const settings[] = {COMMON,        "sampling.oversample=2", kernels[n][0],
                                        kernels[n][1], kernels[n][2],           NULL};
        float *whole = float_image(settings, 1), *cut = float_image(settings, PARTS);
        int differ = 0, far = 0;
        for (int i = 0; i < PLANE_FAST * PLANE_SLOW; i++) {
            differ += whole[i] != cut[i];
            far += whole[i] != cut[i] && nextafterf(whole[i], cut[i]) != cut[i];
        }
        UNIT_CHECK(differ <= PLANE_FAST * PLANE_SLOW / 100000 && far == 0, "%s, %s: %d differ, %d by more than an ulp",
                   kernels[n][0], kernels[n][1], differ, far);
        free(whole);
        free(cut);
    }
}

/* ----------------------------------------------------------------------------------------------------------- places */

/* Columns of panels of different heights, so that no order of panels is that of a table. */
static void the_panel_of_a_pixel_is_found_wherever_panels_lie(void) {
    DetectorGeometry geometry = {.panels = 0};
    for (int column = 0; column < 7; column++)
        for (int64_t slow = column; slow < 60; slow += 5 + column * 3)
            add(&geometry, panel_at(column * 9, slow, 8 - column % 2, 4 + column * 3 - column % 3));
    CU_ASSERT_FATAL(status_is_ok(panel_geometry_check(&geometry, "test")));
    const char *const settings[] = {COMMON, "sampling.oversample=1", NULL};
    Experiment *e = scene_of_panels(settings, &geometry);
    CU_ASSERT_FATAL(e != NULL);
    int64_t in_gaps = 0;
    for (int64_t i = 0; i < detector_pixels(&e->detector); i++) {
        const int64_t fast = i % e->detector.fast_pixels, slow = i / e->detector.fast_pixels;
        const int number = panel_geometry_panel_at(&geometry, fast, slow);
        const Panel *panel = detector_panel_at(&e->detector, slow, fast);
        UNIT_CHECK(number < 0 ? panel == NULL : panel == &e->detector.panels[number], "pixel %d, %d", (int)fast,
                   (int)slow);
        CU_ASSERT_EQUAL(e->active[i], number >= 0);
        in_gaps += number < 0;
    }
    CU_ASSERT(in_gaps > 0);
    CU_ASSERT_EQUAL(e->active_pixels, detector_pixels(&e->detector) - in_gaps);
    CU_ASSERT_PTR_NULL(detector_panel_at(&e->detector, -1, 0));
    CU_ASSERT_PTR_NULL(detector_panel_at(&e->detector, 0, e->detector.fast_pixels));
    experiment_destroy(&e);
    panel_geometry_free(&geometry);
}

static void rectangles_that_a_file_masks_are_not_computed(void) {
    DetectorGeometry geometry = plane_in(1);
    CU_ASSERT_FATAL(status_is_ok(panel_geometry_add_mask(&geometry, (PanelMask){10, 20, 15, 300})));
    const char *const settings[] = {COMMON, "detector.roi=0,99,100,299", NULL};
    Experiment *e = scene_of_panels(settings, &geometry);
    CU_ASSERT_FATAL(e != NULL && e->active != NULL);
    CU_ASSERT_EQUAL(e->active_pixels, 100 * 200 - 5 * 200);
    experiment_destroy(&e);
    panel_geometry_free(&geometry);
}

static void a_panel_whose_plane_meets_the_crystal_is_refused(void) {
    DetectorGeometry geometry = four_panels();
    PanelGeometry *panel = &geometry.panel[2];
    panel->corner_m = vec3_add(vec3_scale(0.05, panel->fast), vec3_scale(-0.02, panel->slow));
    (void)memcpy(panel->name, "edge on", sizeof "edge on");
    Parameters *parameters = NULL;
    CU_ASSERT_FATAL(status_is_ok(parameters_create(&parameters)));
    LaboratoryAxes axes;
    Detector detector;
    CU_ASSERT_FATAL(status_is_ok(detector_axes(parameters, &geometry, &axes)));
    const Status status = detector_create(parameters, &axes, &geometry, &detector, NULL);
    CU_ASSERT_EQUAL(status.code, STATUS_BAD_PARAMETER);
    CU_ASSERT_PTR_NOT_NULL(strstr(status.message, "edge on"));
    detector_destroy(&detector);
    parameters_destroy(&parameters);
    panel_geometry_free(&geometry);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(every_pixel_of_tilted_panels_is_the_formula),
                              UNIT_TEST(background_and_pixels_without_obliquity_follow_the_panels),
                              UNIT_TEST(a_material_absorbs_by_the_wavelength_in_the_panel_that_is_thick),
                              UNIT_TEST(reflections_of_gaussian_spots_are_found_on_every_panel),
                              UNIT_TEST(single_precision_is_as_good_on_tilted_panels),
                              UNIT_TEST(a_plane_cut_into_panels_is_the_plane_but_for_the_rounding_of_corners),
                              UNIT_TEST(the_panel_of_a_pixel_is_found_wherever_panels_lie),
                              UNIT_TEST(rectangles_that_a_file_masks_are_not_computed),
                              UNIT_TEST(a_panel_whose_plane_meets_the_crystal_is_refused),
                              {NULL, NULL}};
    return unit_main("panels", tests);
}
