#include "model/frame.h"
#include "scene.h"
#include "setup/experiment_create.h"
#include "setup/frames.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "sweep.XXXXXX";

static void write_list(const char *text) {
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) abort();
}

/* An experiment with a small crystal and more settings; the status of making it. */
static Status make(const char *const (*settings)[2], Experiment **experiment) {
    static const char *const usual[][2] = {{"crystal.cell", "50"},
                                           {"crystal.default_f", "10"},
                                           {"detector.fast_pixels", "16"},
                                           {"detector.slow_pixels", "16"},
                                           {"crystal.cells", "5"},
                                           {"run.precision", "float64"},
                                           {NULL, NULL}};
    const char *const(*lists[])[2] = {usual, settings};
    Parameters *parameters = NULL;
    *experiment = NULL;
    Status status = parameters_create(&parameters);
    for (int list = 0; list < 2; list++)
        for (const char *const(*pair)[2] = lists[list]; (*pair)[0] != NULL && status_is_ok(status); pair++)
            status = parameters_set(parameters, (*pair)[0], (*pair)[1], "test");
    if (status_is_ok(status)) status = experiment_create(parameters, experiment, NULL);
    parameters_destroy(&parameters);
    return status;
}

static Experiment *list_experiment(const char *text) {
    Experiment *experiment = NULL;
    const char *const settings[][2] = {{"sweep.kind", "list"}, {"sweep.file", path}, {NULL, NULL}};
    write_list(text);
    const Status status = make(settings, &experiment);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    return experiment;
}

static Experiment *drawn(const char *draw, const char *count) {
    Experiment *experiment = NULL;
    const char *const settings[][2] = {
        {"sweep.kind", "random"}, {"sweep.count", count}, {"sweep.draw", draw}, {NULL, NULL}};
    const Status status = make(settings, &experiment);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    return experiment;
}

static void a_list_sets_the_parameters_of_its_frames(void) {
    Experiment *e = list_experiment("beam.wavelength, crystal.cells[1],detector.distance,qw,qx,qy,qz # names\n"
                                    "1.5,7,100,1,0,0,0\n\n"
                                    "0.12nm,8,0.2 m,0,2,0,0\n");
    Frame frame;
    CU_ASSERT_FATAL(e != NULL && status_is_ok(frame_create(e, &frame)));
    CU_ASSERT_EQUAL(e->sweep.count, 2);
    frame_set(e, 1, &frame);
    UNIT_CLOSE(frame.experiment->beam.sources[0].wavelength_m, 1.2e-10, 1e-22, "wavelength");
    CU_ASSERT_EQUAL(frame.experiment->crystal.cells[0], 5);
    CU_ASSERT_EQUAL(frame.experiment->crystal.cells[1], 8);
    UNIT_CLOSE(frame.experiment->detector.panels[0].distance_m, 0.2, 1e-12, "distance");
    UNIT_CLOSE(frame.orientation.row[1].y, -1.0, 1e-15, "half a turn about x");
    frame_set(e, 0, &frame);
    UNIT_CLOSE(frame.experiment->beam.sources[0].wavelength_m, 1.5e-10, 1e-22, "wavelength of frame 0");
    UNIT_CLOSE(frame.orientation.row[1].y, 1.0, 1e-15, "no turn");
    frame_destroy(&frame);
    experiment_destroy(&e);
}

static void a_listed_matrix_is_cell_and_orientation(void) {
    Experiment *e = list_experiment("ub_11,ub_12,ub_13,ub_21,ub_22,ub_23,ub_31,ub_32,ub_33\n"
                                    "0,0.02,0,0.025,0,0,0,0,-0.01\n");
    Frame frame;
    CU_ASSERT_FATAL(e != NULL && status_is_ok(frame_create(e, &frame)));
    frame_set(e, 0, &frame);
    UNIT_CLOSE(frame.experiment->crystal.lengths_m[0] * 1e10, 40.0, 1e-9, "a");
    UNIT_CLOSE(frame.experiment->crystal.lengths_m[1] * 1e10, 50.0, 1e-9, "b");
    UNIT_CLOSE(frame.reciprocal_per_m.row[0].y, 0.025e10, 1e-3, "a* along y");
    UNIT_CLOSE(frame.reciprocal_per_m.row[1].x, 0.02e10, 1e-3, "b* along x");
    UNIT_CLOSE(frame.reciprocal_per_m.row[2].z, -0.01e10, 1e-3, "c* against z: they are right-handed");
    frame_destroy(&frame);
    experiment_destroy(&e);
}

static void photons_of_the_crystals_of_a_frame_have_their_weights(void) {
    Experiment *e = list_experiment("frame,weight,crystal.mosaic_domains,crystal.mosaic_spread\n"
                                    "0,1,1,0\n1,0.5,3,0.1\n1,2,4,0.1\n");
    Frame frame;
    CU_ASSERT_FATAL(e != NULL && status_is_ok(frame_create(e, &frame)));
    CU_ASSERT_EQUAL(e->sweep.count, 2);
    frame_set_crystal(e, 1, 1, &frame);
    CU_ASSERT_EQUAL(frame.crystals, 2);
    CU_ASSERT_EQUAL(frame.weight, 2.0);
    CU_ASSERT_EQUAL(frame.experiment->crystal.domain_count, 4);
    int64_t steps[2] = {0, 0};
    CU_ASSERT_FATAL(status_is_ok(frame_steps(e, (Range){0, 2}, steps)));
    CU_ASSERT_EQUAL(steps[1], 7 * steps[0]);
    CU_ASSERT_EQUAL(e->limits.terms, 4);
    CU_ASSERT_EQUAL(e->limits.steps_per_pixel, steps[1]);
    frame_destroy(&frame);
    experiment_destroy(&e);
}

static void the_last_list_of_a_matrix_varies_fastest(void) {
    Experiment *e = NULL;
    const char *const settings[][2] = {{"sweep.kind", "matrix"},
                                       {"sweep.matrix", "beam.wavelength=1,1.2; crystal.shape=square,gauss,round"},
                                       {NULL, NULL}};
    CU_ASSERT_FATAL(status_is_ok(make(settings, &e)));
    CU_ASSERT_EQUAL(e->sweep.count, 6);
    Frame frame;
    CU_ASSERT_FATAL(status_is_ok(frame_create(e, &frame)));
    static const CrystalShape shape[3] = {SHAPE_SQUARE, SHAPE_GAUSS, SHAPE_ROUND};
    for (int i = 5; i >= 0; i--) {
        frame_set(e, i, &frame);
        CU_ASSERT_EQUAL(frame.experiment->crystal.shape, shape[i % 3]);
        UNIT_CLOSE(frame.experiment->beam.wavelength_m, i / 3 == 0 ? 1e-10 : 1.2e-10, 1e-22, "wavelength");
    }
    frame_destroy(&frame);
    experiment_destroy(&e);
}

static void draws_have_their_law(void) {
    enum { FRAMES = 20000 };
    Experiment *e =
        drawn("beam.wavelength=uniform(1,1.4);detector.distance=normal(100,5);beam.fluence=lognormal(1e30,0.3);"
              "crystal.cells[0]=uniform(3,6);crystal.mosaic_spread=normal(0,0.1)",
              "20000");
    CU_ASSERT_FATAL(e != NULL);
    double sum[5] = {0.0}, square[5] = {0.0}, cells[7] = {0.0};
    for (int i = 0; i < FRAMES; i++) {
        double value[5];
        sweep_set_values(&e->sweep, i, 0, value);
        CU_ASSERT_FATAL(value[3] >= 3.0 && value[3] <= 6.0 && value[4] >= 0.0);
        cells[(int)value[3]]++;
        value[2] = log(value[2] / 1e30);
        for (int v = 0; v < 5; v++) {
            sum[v] += value[v] / FRAMES;
            square[v] += value[v] * value[v] / FRAMES;
        }
    }
    /* five standard errors */
    UNIT_CLOSE(sum[0] * 1e10, 1.2, 5.0 * 0.4 / sqrt(12.0 * FRAMES), "mean of the uniform law");
    UNIT_CLOSE(sqrt(square[0] - sum[0] * sum[0]) * 1e10, 0.4 / sqrt(12.0), 2e-3, "rms of the uniform law");
    UNIT_CLOSE(sum[1], 0.1, 5.0 * 0.005 / sqrt(FRAMES), "mean of the normal law");
    UNIT_CLOSE(sqrt(square[1] - sum[1] * sum[1]), 0.005, 5.0 * 0.005 / sqrt(2.0 * FRAMES), "rms of the normal law");
    UNIT_CLOSE(sum[2], 0.0, 5.0 * 0.3 / sqrt(FRAMES), "mean logarithm");
    UNIT_CLOSE(sqrt(square[2] - sum[2] * sum[2]), 0.3, 5.0 * 0.3 / sqrt(2.0 * FRAMES), "rms of the logarithm");
    CU_ASSERT(cells[3] > 0 && cells[4] > 0 && cells[5] > 0 && cells[6] > 0);
    /* a normal law cut at 0 is half of it: its mean is sigma sqrt(2 / pi) */
    UNIT_CLOSE(sum[4] / RADIANS_PER_DEGREE, 0.1 * sqrt(2.0 / PI), 3e-3, "mean of the halved normal law");
    experiment_destroy(&e);
}

static void a_draw_depends_on_seed_frame_and_name_alone(void) {
    Experiment *one = drawn("beam.fluence=uniform(1,2)", "9");
    Experiment *two = drawn("crystal.mosaic_spread=uniform(0,1);beam.fluence=uniform(1,2)", "5");
    CU_ASSERT_FATAL(one != NULL && two != NULL);
    double a[2], b[2], last = 0.0;
    for (int i = 4; i >= 0; i--) {
        sweep_set_values(&one->sweep, i, 0, a);
        sweep_set_values(&two->sweep, i, 0, b);
        CU_ASSERT_EQUAL(a[0], b[1]);
        CU_ASSERT_NOT_EQUAL(a[0], last);
        last = a[0];
    }
    experiment_destroy(&one);
    experiment_destroy(&two);
}

static void a_bad_list_is_refused_with_its_line(void) {
    static const char *const texts[][2] = {
        {"beam.fluense\n1\n",
         ":1: column 1 is called \"beam.fluense\", which is no parameter; did you mean \"beam.fluence\"?"},
        {"q0,q1,q2,q3\n1,0,0,0\n0,0,0,0\n", ":3: the quaternion 0 0 0 0 has length zero"},
        {"q0,q1,q2\n1,0,0\n", ":1: an orientation has four columns"},
        {"beam.fluence\nnan\n", ":2: beam.fluence is \"nan\""},
        {"q0,q1,q2,q3\n1,0,0,nan\n", ":2: q3 is \"nan\""},
        {"beam.fluence,beam.wavelength\n1,1\n1\n", ":3: 1 cells; the first line names 2 columns"},
        {"beam.wavelength\n1 deg\n", ":2: beam.wavelength"},
        {"detector.fast_pixels\n1\n", ":1: detector.fast_pixels is the same in all frames"},
        {"run.tile\n1\n", ":1: run.tile is the same in all frames"},
        {"crystal.cells[3]\n1\n", ":1: \"crystal.cells[3]\""},
        {"beam.fluence,beam.fluence\n1,1\n", ":1: two columns are called"},
        {"frame\n0\n2\n", ":3: frame is 2 after 0"},
        {"frame\n1\n", ":2: frame is 1 after -1"},
        {"frame,beam.fluence\n0,1\n0,2\n", ":3: beam.fluence differs"},
        {"weight\n0\n", ":2: weight is 0"},
        {"ub_11,ub_12,ub_13,ub_21,ub_22,ub_23,ub_31,ub_32,ub_33\n1,1,1,0,0,0,0,0,0\n", ":2: a*, b*, c*"},
        {"ub_11,ub_12,ub_13,ub_21,ub_22,ub_23,ub_31,ub_32,ub_33\n1,0,0,0,1,0,0,0,1\n0,1,0,1,0,0,0,0,1\n",
         ":3: a*, b*, c* are left-handed"},
        {"beam.fluence\n", "has no rows"},
        {"", "is empty"},
        {"crystal.cell[3]\n60\n170\n180\n", "frame 2 of the sweep: crystal.cell"},
    };
    const char *const settings[][2] = {{"sweep.kind", "list"}, {"sweep.file", path}, {NULL, NULL}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Experiment *e = NULL;
        write_list(texts[i][0]);
        const Status status = make(settings, &e);
        UNIT_CHECK(!status_is_ok(status) && strstr(status.message, texts[i][1]) != NULL, "list %zu: \"%s\"", i,
                   status.message);
        experiment_destroy(&e);
    }
}

static void a_bad_matrix_or_draw_is_refused(void) {
    static const char *const cases[][3] = {
        {"sweep.matrix", "beam.wavelenth=1,2", "did you mean \"beam.wavelength\"?"},
        {"sweep.matrix", "beam.wavelength=1,,2", "beam.wavelength is \"\""},
        {"sweep.matrix", "beam.wavelength=1;beam.wavelength=2", "sets beam.wavelength twice"},
        {"sweep.matrix", "crystal.cell=50,60", "crystal.cell has 6 values; name one of them"},
        {"sweep.draw", "beam.fluence=cauchy(1,2)", "the law must be"},
        {"sweep.draw", "beam.fluence=normal(1)", "it must be uniform"},
        {"sweep.draw", "beam.wavelength=uniform(2,1)", "the smaller one first"},
        {"sweep.draw", "crystal.shape=uniform(0,1)", "is no number"},
        {"sweep.draw", "beam.wavelength=uniform(-1,1)", "beam.wavelength is \"-1\""},
        {"sweep.draw", "noise.gain=uniform(1,2)", "is the same in all frames"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Experiment *e = NULL;
        const bool matrix = strcmp(cases[i][0], "sweep.matrix") == 0;
        const char *const settings[][2] = {
            {"sweep.kind", matrix ? "matrix" : "still"}, {cases[i][0], cases[i][1]}, {NULL, NULL}};
        const Status status = make(settings, &e);
        UNIT_CHECK(!status_is_ok(status) && strstr(status.message, cases[i][2]) != NULL, "%s: \"%s\"", cases[i][1],
                   status.message);
        experiment_destroy(&e);
    }
}

static void a_spectrum_is_its_lines(void) {
    Experiment *e = NULL;
    const char *const settings[][2] = {{"beam.spectrum", path}, {NULL, NULL}};
    write_list("# eV weight\n12000 1\n12398.41984 3\n12500 0\n");
    CU_ASSERT_FATAL(status_is_ok(make(settings, &e)));
    CU_ASSERT_EQUAL_FATAL(e->beam.source_count, 2); /* without that of weight 0 */
    UNIT_CLOSE(e->beam.sources[1].wavelength_m, 1e-10, 1e-18, "wavelength");
    UNIT_CLOSE(e->beam.sources[1].weight, 0.75, 1e-12, "weight");
    experiment_destroy(&e);
    write_list("12000 1\n11000 1\n");
    CU_ASSERT(strstr(make(settings, &e).message, ":2: the energies must go up") != NULL);
    write_list("# units: eV\n1e-320 1\n1 1\n");
    CU_ASSERT(strstr(make(settings, &e).message, ":2: the energy must be from 1 to 1e9 eV") != NULL);
    write_list("# units: eV\n1 1\n1.1e9 1\n");
    CU_ASSERT(strstr(make(settings, &e).message, ":3: the energy must be from 1 to 1e9 eV") != NULL);
}

static void a_grid_needs_a_cell_of_its_symmetry(void) {
    Experiment *e = NULL;
    const char *const good[][2] = {{"sweep.kind", "grid"},
                                   {"sweep.angle", "30"},
                                   {"sweep.point_group", "432"},
                                   {"crystal.misset", "10,20,30"},
                                   {NULL, NULL}};
    const char *const bad[][2] = {{"sweep.kind", "grid"},
                                  {"sweep.angle", "30"},
                                  {"sweep.point_group", "432"},
                                  {"crystal.cell", "50,50,60"},
                                  {NULL, NULL}};
    CU_ASSERT(status_is_ok(make(good, &e)));
    experiment_destroy(&e);
    CU_ASSERT_EQUAL(make(bad, &e).code, STATUS_BAD_PARAMETER);
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(a_list_sets_the_parameters_of_its_frames),
                                     UNIT_TEST(a_listed_matrix_is_cell_and_orientation),
                                     UNIT_TEST(photons_of_the_crystals_of_a_frame_have_their_weights),
                                     UNIT_TEST(the_last_list_of_a_matrix_varies_fastest),
                                     UNIT_TEST(draws_have_their_law),
                                     UNIT_TEST(a_draw_depends_on_seed_frame_and_name_alone),
                                     UNIT_TEST(a_bad_list_is_refused_with_its_line),
                                     UNIT_TEST(a_bad_matrix_or_draw_is_refused),
                                     UNIT_TEST(a_spectrum_is_its_lines),
                                     UNIT_TEST(a_grid_needs_a_cell_of_its_symmetry),
                                     {NULL, NULL}};
    const int file = mkstemp(path);
    if (file < 0) return 1;
    (void)close(file);
    const int failed = unit_main("sweep", tests);
    (void)remove(path);
    return failed;
}
