#include "model/background.h"
#include "scene.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "background.XXXXXX";

static void write_table(const char *text) {
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) abort();
}

static Status read_table(const char *text, const char *axis, Background *background) {
    Parameters *p = NULL;
    write_table(text);
    Status status = parameters_create(&p);
    if (status_is_ok(status)) status = parameters_set(p, "background.file", path, "test");
    if (status_is_ok(status)) status = parameters_set(p, "background.file_axis", axis, "test");
    if (status_is_ok(status)) status = parameters_set(p, "background.size", "1", "test");
    if (status_is_ok(status)) status = background_create(p, background);
    parameters_destroy(&p);
    return status;
}

static void a_table_is_linear_between_its_points_and_flat_beyond(void) {
    Background b;
    CU_ASSERT_FATAL(status_is_ok(read_table("# stol F\n0.1 2\n0.3 4\n0.4 0\n", "stol", &b)));
    const double molecules = b.molecules;
    CU_ASSERT_DOUBLE_EQUAL(background_squared(&b, 0.0) / molecules, 4.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(background_squared(&b, 0.2e10) / molecules, 9.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(background_squared(&b, 0.35e10) / molecules, 4.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(background_squared(&b, 9e10), 0.0, 0.0);
    background_destroy(&b);
}

static void the_axis_is_stol_4stol_or_q(void) {
    static const char *const axes[] = {"stol", "4stol", "q"};
    const double per_stol[] = {1.0, 4.0, 4.0 * PI};
    for (int i = 0; i < 3; i++) {
        Background b;
        CU_ASSERT_FATAL(status_is_ok(read_table("0 0\n1 1\n", axes[i], &b)));
        const double stol = 0.02;
        CU_ASSERT_DOUBLE_EQUAL(sqrt(background_squared(&b, stol * 1e10) / b.molecules), per_stol[i] * stol, 1e-12);
        background_destroy(&b);
    }
}

static void a_fault_names_file_and_line(void) {
    static const char *const texts[][2] = {
        {"0 1\n0 2\n", ":2: positions"},
        {"0 1\n1\n", ":2: 1 field"},
        {"0 1\nx 2\n", ":2: field 1"},
        {"0 1\n", "at least 2"},
        {"-1 1\n1 1\n", ":1: positions"},
        {"0 1\n1e31 1\n", ":2: position and structure factor must be at most 1e30"},
        {"0 -1e170\n1 1\n", ":1: position and structure factor must be at most 1e30"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Background b;
        const Status status = read_table(texts[i][0], "stol", &b);
        CU_ASSERT_EQUAL(status.code, STATUS_BAD_FILE);
        UNIT_CHECK(strstr(status.message, texts[i][1]) != NULL, "no %s in: %s", texts[i][1], status.message);
        background_destroy(&b);
    }
}

/* 1 um^3 of water: 1e-12 cm^3 x 1 g/cm3 / 18 g/mol x N_A molecules, each of 2.57 electrons, by Thomson's formula. */
static void water_is_on_the_absolute_scale(void) {
    const char *const settings[] = {"crystal.cell=50",
                                    "crystal.default_f=1e-9",
                                    "background.size=1",
                                    "sampling.oversample=1",
                                    "detector.fast_pixels=9",
                                    "detector.slow_pixels=7",
                                    "detector.pixel_size=5",
                                    "beam.polarization=0.6",
                                    "sampling.phi_range=1",
                                    "sampling.phi_steps=3",
                                    "beam.dispersion=1",
                                    "beam.dispersion_steps=2",
                                    NULL};
    Experiment *e = scene(settings);
    double *image = scene_image(e, 0);
    const double molecules = 1e-12 / 18.0 * 6.02214179e23, pixel = e->detector.panels[0].pixel_size_m[0];
    for (int64_t i = 0; i < 63; i++) {
        const Vec3 r =
            panel_position(e->detector.panels, pixel * ((double)(i % 9) + 0.5), pixel * ((double)(i / 9) + 0.5), 0.0);
        const double length = vec3_length(r),
                     omega = pixel * pixel * e->detector.panels[0].close_distance_m / pow(length, 3.0);
        const double factor = beam_polarization_factor(0.6, &e->beam.sources[0], vec3_unit(r));
        CU_ASSERT_DOUBLE_EQUAL(image[i] / (molecules * 2.57 * 2.57 * factor * omega), 1.0, 1e-9);
    }
    free(image);
    experiment_destroy(&e);
}

static double molecules_of(const char *const settings[]) {
    Experiment *e = scene(settings);
    const double molecules = e->background.molecules;
    experiment_destroy(&e);
    return molecules;
}

/* 20 um thick; the beam is 2 um wide: 20 x 2 x 2 um^3. */
static void the_beam_clips_the_width_but_not_the_thickness(void) {
    const char *const wide[] = {"crystal.cell=50", "crystal.default_f=1", "background.size=20,100", "beam.size=0.002",
                                NULL};
    const char *const cube[] = {"crystal.cell=50", "crystal.default_f=1", "background.size=20", "beam.size=0.002",
                                NULL};
    const char *const narrow[] = {"crystal.cell=50", "crystal.default_f=1", "background.size=20,1.5", "beam.size=0.002",
                                  NULL};
    const char *const whole[] = {"crystal.cell=50", "crystal.default_f=1",   "background.size=20",
                                 "beam.size=0.002", "background.clip=false", NULL};
    const double per_um3 = 1e-12 / 18.0 * 6.02214179e23;
    CU_ASSERT_DOUBLE_EQUAL(molecules_of(wide) / (80.0 * per_um3), 1.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(molecules_of(cube) / (80.0 * per_um3), 1.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(molecules_of(narrow) / (45.0 * per_um3), 1.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(molecules_of(whole) / (8000.0 * per_um3), 1.0, 1e-12);
}

/* An image is the sum of what the crystal and the background scatter; this one needs no cell. */
static void a_frame_of_background_alone_is_what_it_adds_to_a_crystal(void) {
    const char *const alone[] = {"crystal.default_f=0",    "background.size=1",     "detector.fast_pixels=9",
                                 "detector.slow_pixels=7", "sampling.oversample=1", NULL};
    const char *const crystal[] = {"crystal.cell=50",        "crystal.default_f=100", "detector.fast_pixels=9",
                                   "detector.slow_pixels=7", "sampling.oversample=1", NULL};
    const char *const both[] = {"crystal.cell=50",
                                "crystal.default_f=100",
                                "background.size=1",
                                "detector.fast_pixels=9",
                                "detector.slow_pixels=7",
                                "sampling.oversample=1",
                                NULL};
    CU_ASSERT_DOUBLE_EQUAL(scene_sum(alone) / (scene_sum(both) - scene_sum(crystal)), 1.0, 1e-9);
}

static void a_flat_table_is_the_same_as_the_constant(void) {
    char table[80];
    write_table("0 2.57\n5 2.57\n");
    (void)snprintf(table, sizeof table, "background.file=%s", path);
    const char *const constant[] = {"crystal.cell=50",        "crystal.default_f=1",    "background.size=0.3",
                                    "detector.fast_pixels=9", "detector.slow_pixels=7", NULL};
    const char *const tabulated[] = {"crystal.cell=50",
                                     "crystal.default_f=1",
                                     "background.size=0.3",
                                     "detector.fast_pixels=9",
                                     "detector.slow_pixels=7",
                                     table,
                                     NULL};
    const double sum = scene_sum(constant);
    CU_ASSERT_DOUBLE_EQUAL(scene_sum(tabulated) / sum, 1.0, 1e-14);
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(a_table_is_linear_between_its_points_and_flat_beyond),
                                     UNIT_TEST(the_axis_is_stol_4stol_or_q),
                                     UNIT_TEST(a_fault_names_file_and_line),
                                     UNIT_TEST(water_is_on_the_absolute_scale),
                                     UNIT_TEST(the_beam_clips_the_width_but_not_the_thickness),
                                     UNIT_TEST(a_frame_of_background_alone_is_what_it_adds_to_a_crystal),
                                     UNIT_TEST(a_flat_table_is_the_same_as_the_constant),
                                     {NULL, NULL}};
    const int file = mkstemp(path);
    if (file < 0) return 1;
    (void)close(file);
    const int failed = unit_main("background", tests);
    (void)remove(path);
    return failed;
}
