#include "formats/run_file.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "run_file.XXXXXX";

static Status read_text(const char *text, Parameters **parameters) {
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) abort();
    *parameters = NULL;
    Status status = parameters_create(parameters);
    if (status_is_ok(status)) status = run_file_read(path, *parameters);
    return status;
}

static void values_lists_words_and_units_are_read(void) {
    Parameters *p = NULL;
    const Status status = read_text("# a run\n"
                                    "detector:\n"
                                    "  distance: 0.25 m\n"
                                    "  beam_centre: [51.2, 51.3]\n"
                                    "  point_pixel: true\n"
                                    "crystal: {cell: [50, 60, 70, 90, 100, 90], cells: 5, shape: gauss}\n"
                                    "beam.wavelength: 1.2\n"
                                    "sampling:\n",
                                    &p);
    CU_ASSERT_FATAL(status_is_ok(status));
    CU_ASSERT_DOUBLE_EQUAL(p->detector_distance_m, 0.25, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(p->detector_beam_centre_m[1], 51.3e-3, 1e-15);
    CU_ASSERT(p->detector_point_pixel);
    CU_ASSERT_DOUBLE_EQUAL(p->crystal_cell[4], 100.0 * 3.14159265358979323846 / 180.0, 1e-15);
    CU_ASSERT_EQUAL(p->crystal_cells[2], 5);
    CU_ASSERT_EQUAL(p->crystal_shape, SHAPE_GAUSS);
    CU_ASSERT_DOUBLE_EQUAL(p->beam_wavelength_m, 1.2e-10, 1e-24);
    const ParameterState *state = &p->state[PARAMETER(detector, distance)];
    CU_ASSERT_STRING_EQUAL(state->text, "0.25 m");
    CU_ASSERT(strstr(state->origin, ":3") != NULL);
    CU_ASSERT(!parameters_is_given(p, PARAMETER(detector, twotheta)));
    parameters_destroy(&p);
}

static void a_fault_names_file_and_line(void) {
    static const char *const texts[][2] = {
        {"detector:\n  distanse: 100\n", ":2: there is no parameter \"detector.distanse\"; did you mean"},
        {"beem:\n  wavelength: 1\n", ":1: there is no section \"beem\"; did you mean \"beam\"?"},
        {"wavelength: 1\n", ":1: there is no section \"wavelength\"; did you mean \"beam.wavelength\"?"},
        {"beam:\n  wavelength: [1, 2]\n", ":2: beam.wavelength"},
        {"beam:\n  wavelength: {a: 1}\n", ":2: the value must be"},
        {"beam:\n  wavelength: 1 deg\n", "no unit of length"},
        {"beam:\n  wavelength:\n", ":2: beam.wavelength is \"\""},
        {"beam:\n  wavelength: 1\n  wavelength: 1\n", ":3: beam.wavelength was already given"},
        {"beam: 1\n", ":1: section \"beam\" holds"},
        {"- 1\n- 2\n", ":1: a run file must hold sections"},
        {"beam: {wavelength: 1\n", "this is not YAML"},
        {"beam:\n\twavelength: 1\n", ":2: a tab"},
        {"crystal:\n  cells: [\"\", 5, 6]\n", ":2: crystal.cells is \",5,6\""},
        {"beam:\n  wavelength: 1\n---\nbeam:\n  dispersion: 1\n", ":4: a second document"},
        {"sweep:\n  count: 1e3\n", ":2: sweep.count is \"1e3\"; it must be a whole number"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Parameters *p = NULL;
        const Status status = read_text(texts[i][0], &p);
        CU_ASSERT(!status_is_ok(status));
        CU_ASSERT_EQUAL(status_exit_code(status.code), 2);
        UNIT_CHECK(strstr(status.message, texts[i][1]) != NULL, "no %s in: %s", texts[i][1], status.message);
        UNIT_CHECK(strstr(status.message, path) != NULL, "no file name in: %s", status.message);
        parameters_destroy(&p);
    }
}

static void no_break_spaces_are_blanks_outside_of_quotes(void) {
    Parameters *p = NULL;
    const Status status = read_text("detector:\n"
                                    "\u00a0 distance:\u00a0250\u202fmm # it's 'so\n"
                                    "\u202f\u00a0fast_pixels:\u00a064\u00a0\n"
                                    "beam:\u00a0{wavelength:\u00a01.2\u00a0\u00c5}\n"
                                    "crystal:\n  matrix: '/a\u00a0b.mat'\n  structure_factors: \"/a\u00a0'b.hkl\"\n",
                                    &p);
    CU_ASSERT_FATAL(status_is_ok(status));
    CU_ASSERT_DOUBLE_EQUAL(p->detector_distance_m, 0.25, 1e-15);
    CU_ASSERT_EQUAL(p->detector_fast_pixels, 64);
    CU_ASSERT_DOUBLE_EQUAL(p->beam_wavelength_m, 1.2e-10, 1e-24);
    CU_ASSERT_STRING_EQUAL(p->crystal_matrix_file, "/a\u00a0b.mat");
    CU_ASSERT_STRING_EQUAL(p->crystal_structure_factors_file, "/a\u00a0'b.hkl");
    parameters_destroy(&p);
}

static void an_empty_file_is_every_default(void) {
    Parameters *p = NULL;
    CU_ASSERT(status_is_ok(read_text("", &p)));
    for (int i = 0; i < PARAMETER_COUNT; i++) CU_ASSERT(!parameters_is_given(p, i));
    parameters_destroy(&p);
}

static void files_lie_beside_the_run_file(void) {
    Parameters *p = NULL;
    CU_ASSERT_FATAL(status_is_ok(parameters_create(&p)));
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs("crystal:\n  structure_factors: data/a.hkl\n  matrix: /abs/b.mat\n", file) < 0 ||
        fclose(file) != 0)
        abort();
    char dotted[64];
    (void)snprintf(dotted, sizeof dotted, "./%s", path);
    CU_ASSERT(status_is_ok(run_file_read(dotted, p)));
    CU_ASSERT_STRING_EQUAL(p->crystal_structure_factors_file, "./data/a.hkl");
    CU_ASSERT_STRING_EQUAL(p->crystal_matrix_file, "/abs/b.mat");
    parameters_destroy(&p);
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(values_lists_words_and_units_are_read),
                                     UNIT_TEST(a_fault_names_file_and_line),
                                     UNIT_TEST(no_break_spaces_are_blanks_outside_of_quotes),
                                     UNIT_TEST(an_empty_file_is_every_default),
                                     UNIT_TEST(files_lie_beside_the_run_file),
                                     {NULL, NULL}};
    const int file = mkstemp(path);
    if (file < 0) return 1;
    (void)close(file);
    const int failed = unit_main("run_file", tests);
    (void)remove(path);
    return failed;
}
