/* Each parameter that a sweep may vary, in a matrix, a list and a draw: a frame is what a run of its own with that
 * value gives. The cases come from the rows of parameter_roles.def, and a row without one fails. */
#include "frame.h"
#include "kernel.h"
#include "parameter_roles.h"
#include "scene.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MOST = 8, FRAMES_MOST = 4 };

/* Two values of a parameter, and what else it takes for them to matter. */
typedef struct Case {
    const char *name; /* with [n] for one value of a list */
    const char *value[2];
    const char *context[SETTINGS_MOST];
} Case;

#define SENSOR "detector.sensor_thickness=320", "detector.sensor_attenuation=200"
#define DIVERGENT "beam.divergence_horizontal=20", "beam.divergence_vertical=30"
#define SPREAD "crystal.mosaic_spread=0.5", "crystal.mosaic_domains=5"
#define TILTED "detector.rotation=5,8,0"
#define WATER "background.size=20"
#define TURNING "sampling.phi_range=1"

static const Case cases[] = {
    {"beam.wavelength", {"1.1", "1.3"}, {NULL}},
    {"beam.energy", {"9000", "12keV"}, {NULL}},
    {"beam.energy_constant", {"12398", "12399"}, {"beam.energy=12000"}},
    {"beam.dispersion", {"0.5", "1"}, {NULL}},
    {"beam.dispersion_steps", {"3", "4"}, {"beam.dispersion=2"}},
    {"beam.dispersion_law", {"midpoint", "endpoints"}, {"beam.dispersion=2"}},
    {"beam.divergence_horizontal", {"10", "20"}, {NULL}},
    {"beam.divergence_vertical", {"10", "20"}, {NULL}},
    {"beam.divergence_steps_horizontal", {"2", "3"}, {DIVERGENT}},
    {"beam.divergence_steps_vertical", {"2", "3"}, {DIVERGENT}},
    {"beam.divergence_step_horizontal", {"5", "7"}, {NULL}},
    {"beam.divergence_step_vertical", {"5", "7"}, {NULL}},
    {"beam.divergence_shape",
     {"round", "square"},
     {DIVERGENT, "beam.divergence_steps_horizontal=5", "beam.divergence_steps_vertical=4"}},
    {"beam.divergence_law", {"midpoint", "endpoints"}, {DIVERGENT}},
    {"beam.fluence", {"1e30", "2e30"}, {NULL}},
    {"beam.flux", {"1e12", "2e12"}, {NULL}},
    {"beam.exposure", {"0.1", "0.2"}, {"beam.flux=1e13"}},
    {"beam.size", {"0.1", "0.2"}, {"beam.flux=1e13"}},
    {"beam.polarization", {"0.5", "0.9"}, {NULL}},
    {"beam.polarization_correction", {"true", "false"}, {NULL}},
    {"crystal.cell[0]", {"50", "51"}, {NULL}},
    {"crystal.cell[4]", {"95", "97"}, {"crystal.b_factor=15"}},
    {"crystal.cell_law", {"exact", "ancestor"}, {"crystal.b_factor=15"}},
    {"crystal.misset[1]", {"10", "13"}, {"crystal.b_factor=15"}},
    {"crystal.random_misset", {"false", "true"}, {NULL}},
    {"crystal.misset_seed", {"3", "4"}, {"crystal.random_misset=true"}},
    {"crystal.misset_law", {"uniform", "ancestor"}, {"crystal.random_misset=true"}},
    {"crystal.cells", {"4", "5"}, {NULL}},
    {"crystal.cells[2]", {"1", "5"}, {NULL}},
    {"crystal.size", {"2e-5", "3e-5"}, {NULL}},
    {"crystal.shape", {"square", "round"}, {NULL}},
    {"crystal.fudge", {"1.5", "2"}, {"crystal.shape=round"}},
    {"crystal.spot_law", {"per_axis", "ancestor"}, {"crystal.shape=gauss", "crystal.cells=4,5,6"}},
    {"crystal.mosaic_spread", {"0.2", "0.4"}, {NULL}},
    {"crystal.mosaic_spread[1]", {"0.2", "0.4"}, {"crystal.mosaic_spread=0.1,0.1,0.1"}},
    {"crystal.mosaic_domains", {"4", "7"}, {"crystal.mosaic_spread=0.5"}},
    {"crystal.mosaic_seed", {"4", "7"}, {SPREAD}},
    {"crystal.mosaic_law", {"gaussian", "cap"}, {SPREAD}},
    {"crystal.structure_factor_scale", {"1", "2.5"}, {NULL}},
    {"crystal.b_factor", {"0", "20"}, {NULL}},
    {"crystal.f000", {"5", "400"}, {"detector.beam_centre=2.5,2.5"}},
    {"crystal.interpolate", {"on", "off"}, {NULL}},
    {"detector.distance", {"50", "60"}, {NULL}},
    {"detector.close_distance", {"50", "60"}, {NULL}},
    {"detector.beam_centre[0]", {"2", "3"}, {"detector.beam_centre=2,2"}},
    {"detector.closest_point[0]", {"2", "3"}, {"detector.closest_point=2,2"}},
    {"detector.origin[1]", {"2", "3"}, {"detector.origin=2,2"}},
    {"detector.closest_law", {"beam", "middle"}, {"detector.beam_centre=2,3.5", "detector.pivot=sample", TILTED}},
    {"detector.pivot", {"beam", "sample"}, {TILTED}},
    {"detector.rotation[2]", {"4", "5"}, {NULL}},
    {"detector.twotheta", {"10", "12"}, {NULL}},
    {"detector.pixel0[0]", {"50mm", "60mm"}, {"detector.pixel0=0.05,0.005,0.005"}},
    {"detector.point_pixel", {"true", "false"}, {NULL}},
    {"detector.sensor_thickness", {"320", "450"}, {"detector.sensor_attenuation=200"}},
    {"detector.sensor_attenuation", {"200", "300"}, {"detector.sensor_thickness=320"}},
    {"detector.sensor_density", {"2.33", "3"}, {"detector.sensor_thickness=320", "detector.sensor_material=Si"}},
    {"detector.sensor_depth_law", {"absorption", "front"}, {SENSOR}},
    {"detector.sensor_layers", {"1", "3"}, {SENSOR}},
    {"background.size", {"10", "20"}, {NULL}},
    {"background.f", {"2", "3"}, {WATER}},
    {"background.density", {"1", "1.3"}, {WATER}},
    {"background.molecular_weight", {"18", "20"}, {WATER}},
    {"sampling.oversample", {"1", "2"}, {NULL}},
    {"sampling.phi_start", {"1", "2"}, {NULL}},
    {"sampling.phi_range", {"1", "2"}, {NULL}},
    {"sampling.phi_steps", {"3", "4"}, {TURNING}},
    {"sampling.phi_step", {"0.1", "0.5"}, {TURNING}},
    {"sampling.phi_law", {"midpoint", "left_edge"}, {TURNING}},
    {"sampling.dmin", {"9", "16"}, {NULL}},
    {"sampling.tolerance", {"1e-3", "0"}, {"crystal.shape=gauss", "crystal.cells=30"}},
};
enum { CASES = sizeof cases / sizeof *cases };

/* The ways in which a frame is computed. */
typedef struct Way {
    const char *name;
    const char *settings[SETTINGS_MOST];
} Way;

static const Way ways[] = {{"every step in float64", {NULL}},
                           {"every step in float32", {"run.precision=float32"}},
                           {"tricubic in float64", {"crystal.interpolate=on"}},
                           {"tricubic in float32", {"crystal.interpolate=on", "run.precision=float32"}},
                           {"by reflections", {"crystal.shape=gauss", "crystal.cells=30"}},
                           {"an automatic precision", {"run.precision=auto"}}};

static char factors_path[] = "factors.XXXXXX", list_path[] = "list.XXXXXX";

static void write_file(char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) abort();
}

static void write_factors(void) {
    char text[16384] = "";
    size_t used = 0;
    for (int h = -3; h <= 3; h++)
        for (int k = -3; k <= 3; k++)
            for (int l = -3; l <= 3; l++)
                used += (size_t)snprintf(text + used, sizeof text - used, "%d %d %d %d\n", h, k, l,
                                         60 + 7 * ((h * h + 3 * k * l + 5 * k + 11 * l + 40) % 9));
    write_file(factors_path, text);
}

static Status set(Parameters *p, const char *setting) {
    char name[128];
    const size_t length = strcspn(setting, "=");
    (void)snprintf(name, sizeof name, "%.*s", (int)length, setting);
    return parameters_set(p, name, setting + length + 1, "test");
}

static Status set_all(Parameters *p, const char *const *settings) {
    for (int i = 0; i < SETTINGS_MOST && settings[i] != NULL; i++) TRY(set(p, settings[i]));
    return status_ok();
}

/* Parameters of a small run; whole_cell: with a cell beside that of the file. */
static Status begin(const Way *way, const Case *c, Parameters **p) {
    static const char *const usual[SETTINGS_MOST] = {
        "detector.fast_pixels=11", "detector.slow_pixels=9", "detector.pixel_size=0.5", "detector.distance=50",
        "crystal.cells=5",         "run.precision=float64",  "crystal.default_f=2"};
    char file[64];
    (void)snprintf(file, sizeof file, "crystal.structure_factors=%s", factors_path);
    TRY(parameters_create(p));
    TRY(set_all(*p, usual));
    TRY(set(*p, "crystal.cell=50,60,70,82,95,101"));
    TRY(set(*p, file));
    if (strcmp(c->name, "detector.close_distance") == 0 || strncmp(c->name, "detector.pixel0", 15) == 0)
        (*p)->state[PARAMETER(detector, distance)].given = false;
    TRY(set_all(*p, way->settings));
    return set_all(*p, c->context);
}

static Status render(const Experiment *e, int64_t number, float **image) {
    const int64_t pixels = detector_pixels(&e->detector);
    DoubleDouble *sums = calloc((size_t)pixels, sizeof *sums);
    Frame frame;
    *image = calloc((size_t)pixels, sizeof **image);
    if (sums == NULL || *image == NULL || !status_is_ok(frame_create(e, &frame))) abort();
    frame_set(e, number, &frame);
    const Tile all = {0, 0, e->detector.slow_pixels, e->detector.fast_pixels};
    kernel_expected(frame.experiment, &frame, all, sums, *image, e->detector.fast_pixels);
    frame_destroy(&frame);
    free(sums);
    return status_ok();
}

/* A run of its own with the value of that frame, which is the frame of that number in a grid. */
static Status render_alone(const Way *way, const Case *c, SweepColumn column, double value, int64_t number,
                           float **image) {
    Parameters *p = NULL;
    Experiment *e = NULL;
    Status status = begin(way, c, &p);
    if (status_is_ok(status)) {
        parameters_put_value(p, column.row, column.component, value);
        status = experiment_create(p, &e, NULL);
    }
    if (status_is_ok(status)) status = render(e, number, image);
    experiment_destroy(&e);
    parameters_destroy(&p);
    return status;
}

static void check_frames(const Way *way, const Case *c, const char *kind, const Experiment *e, bool must_change) {
    const size_t bytes = (size_t)detector_pixels(&e->detector) * sizeof(float);
    float *first = NULL;
    bool changed = false, dark = true;
    for (int64_t i = e->sweep.count - 1; i >= 0; i--) {
        double value = 0.0;
        float *frame = NULL, *alone = NULL;
        sweep_set_values(&e->sweep, i, 0, &value);
        Status status =
            render_alone(way, c, sweep_column(&e->sweep, 0), value, e->sweep.kind == SWEEP_GRID ? i : 0, &alone);
        if (status_is_ok(status)) status = render(e, i, &frame);
        UNIT_CHECK(status_is_ok(status) && memcmp(frame, alone, bytes) == 0, "%s in a %s, %s, frame %d: other bytes %s",
                   c->name, kind, way->name, (int)i, status.message);
        for (size_t n = 0; frame != NULL && n < bytes / sizeof *frame; n++) dark = dark && !(frame[n] > 0.0F);
        changed = changed || (first != NULL && frame != NULL && memcmp(frame, first, bytes) != 0);
        free(alone);
        if (first == NULL)
            first = frame;
        else
            free(frame);
    }
    free(first);
    UNIT_CHECK(!dark, "%s in a %s, %s: all is 0", c->name, kind, way->name);
    UNIT_CHECK(changed || !must_change, "%s in a %s, %s: nothing changed", c->name, kind, way->name);
}

static void check_sweep(const Way *way, const Case *c, const char *kind, const char *setting) {
    Parameters *p = NULL;
    Experiment *e = NULL;
    char kind_setting[32];
    const bool draws = strcmp(kind, "draw") == 0;
    (void)snprintf(kind_setting, sizeof kind_setting, "sweep.kind=%s", draws ? "still" : kind);
    Status status = begin(way, c, &p);
    if (status_is_ok(status)) status = set(p, kind_setting);
    if (status_is_ok(status)) status = set(p, setting);
    if (status_is_ok(status) && draws) status = set(p, "sweep.count=4");
    if (status_is_ok(status)) status = experiment_create(p, &e, NULL);
    UNIT_CHECK(status_is_ok(status), "%s in a %s, %s: %s", c->name, kind, way->name, status.message);
    if (status_is_ok(status)) check_frames(way, c, kind, e, way == ways);
    experiment_destroy(&e);
    parameters_destroy(&p);
}

static const ParameterRow *row_of(const Case *c) {
    char name[128];
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(c->name, "["), c->name);
    const int index = parameters_find(name);
    if (index < 0) abort();
    return parameters_row(index);
}

static void check_case(const Way *way, const Case *c) {
    char setting[512];
    const ParameterType type = row_of(c)->type;
    (void)snprintf(setting, sizeof setting, "sweep.matrix=%s=%s,%s", c->name, c->value[0], c->value[1]);
    check_sweep(way, c, "matrix", setting);
    if (way != ways) return; /* the values are the same, wherever they come from */
    (void)snprintf(setting, sizeof setting, "%s\n%s\n%s\n%s\n", c->name, c->value[1], c->value[0], c->value[1]);
    write_file(list_path, setting);
    (void)snprintf(setting, sizeof setting, "sweep.file=%s", list_path);
    check_sweep(way, c, "list", setting);
    if (type != PARAMETER_TYPE_REAL && type != PARAMETER_TYPE_INTEGER) return;
    const bool ascending = strtod(c->value[0], NULL) <= strtod(c->value[1], NULL) || strstr(c->value[1], "keV") != NULL;
    (void)snprintf(setting, sizeof setting, "sweep.draw=%s=uniform(%s,%s)", c->name, c->value[ascending ? 0 : 1],
                   c->value[ascending ? 1 : 0]);
    check_sweep(way, c, "draw", setting);
}

static void each_frame_is_that_of_a_run_of_its_own(void) {
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
        for (int i = 0; i < CASES; i++) check_case(&ways[way], &cases[i]);
}

static void each_parameter_that_may_vary_has_a_case(void) {
    for (int index = 0; index < PARAMETER_COUNT; index++) {
        bool found = false;
        for (int i = 0; i < CASES; i++) found = found || row_of(&cases[i]) == parameters_row(index);
        UNIT_CHECK(found == parameter_role(index)->per_frame, "%s: may vary %d, has a case %d",
                   parameters_row(index)->public_name, parameter_role(index)->per_frame, found);
    }
}

static void a_grid_is_about_the_axes_of_each_frames_own_crystal(void) {
    static const Case c = {"crystal.misset[1]", {"10", "30"}, {"sweep.kind=grid", "sweep.angle=80"}};
    Parameters *p = NULL;
    Experiment *e = NULL;
    CU_ASSERT_FATAL(status_is_ok(begin(ways, &c, &p)));
    CU_ASSERT_FATAL(status_is_ok(set(p, "sweep.draw=crystal.misset[1]=uniform(10,30)")));
    CU_ASSERT_FATAL(status_is_ok(experiment_create(p, &e, NULL)));
    check_frames(ways, &c, "draw of a grid", e, true);
    experiment_destroy(&e);
    parameters_destroy(&p);
}

/* Intensity of a small crystal near the beam's spot with another F000 over that with the same F everywhere: F000^2 over
 * the square of the others where 000 is the nearest reflection, which is so up to half of lambda D / a = 2 mm. */
static void f000_works_beside_default_f_alone(void) {
    const char *const kinds[][3] = {{"run.precision=float64", "crystal.shape=square", "crystal.cells=5"},
                                    {"run.precision=float32", "crystal.shape=square", "crystal.cells=5"},
                                    {"run.precision=float64", "crystal.shape=gauss", "crystal.cells=15"}};
    for (int kind = 0; kind < 3; kind++) {
        const char *settings[] = {"crystal.cell=50",
                                  "crystal.default_f=2",
                                  "detector.fast_pixels=8",
                                  "detector.slow_pixels=8",
                                  "detector.pixel_size=0.3",
                                  "sampling.oversample=1",
                                  "detector.convention=xds",
                                  kinds[kind][0],
                                  kinds[kind][1],
                                  kinds[kind][2],
                                  NULL,
                                  NULL};
        Experiment *same = scene(settings);
        settings[10] = "crystal.f000=10";
        Experiment *other = scene(settings);
        if (same == NULL || other == NULL) return;
        double *one = scene_image(same, 0), *two = scene_image(other, 0);
        for (int i = 0; i < 64; i++) {
            const double fast_mm = 0.3 * (i % 8 - 3.5), slow_mm = 0.3 * (i / 8 - 3.5);
            const bool at_origin = fabs(fast_mm) < 1.0 && fabs(slow_mm) < 1.0;
            if (one[i] > 0.0) UNIT_CLOSE(two[i] / one[i], at_origin ? 25.0 : 1.0, 1e-5, kinds[kind][0]);
        }
        CU_ASSERT(one[27] > 0.0);
        free(one);
        free(two);
        experiment_destroy(&same);
        experiment_destroy(&other);
    }
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(each_parameter_that_may_vary_has_a_case),
                                     UNIT_TEST(each_frame_is_that_of_a_run_of_its_own),
                                     UNIT_TEST(a_grid_is_about_the_axes_of_each_frames_own_crystal),
                                     UNIT_TEST(f000_works_beside_default_f_alone),
                                     {NULL, NULL}};
    if (mkstemp(factors_path) < 0 || mkstemp(list_path) < 0) return 1;
    write_factors();
    const int result = unit_main("roles", tests);
    (void)remove(factors_path);
    (void)remove(list_path);
    return result;
}
