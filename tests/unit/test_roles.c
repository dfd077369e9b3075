/* Each parameter that a sweep may vary, in a matrix, a list and a draw: a frame is what a run of its own with that
 * value gives. The cases come from the rows of parameters.def, and a row without one fails. */
#include "kernels/kernel.h"
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
    {"beam.dispersion_points", {"midpoint", "endpoints"}, {"beam.dispersion=2"}},
    {"beam.divergence_horizontal", {"10", "20"}, {NULL}},
    {"beam.divergence_vertical", {"10", "20"}, {NULL}},
    {"beam.divergence_steps_horizontal", {"2", "3"}, {DIVERGENT}},
    {"beam.divergence_steps_vertical", {"2", "3"}, {DIVERGENT}},
    {"beam.divergence_step_horizontal", {"5", "7"}, {NULL}},
    {"beam.divergence_step_vertical", {"5", "7"}, {NULL}},
    {"beam.divergence_shape",
     {"round", "square"},
     {DIVERGENT, "beam.divergence_steps_horizontal=5", "beam.divergence_steps_vertical=4"}},
    {"beam.divergence_points", {"midpoint", "endpoints"}, {DIVERGENT}},
    {"beam.fluence", {"1e30", "2e30"}, {NULL}},
    {"beam.flux", {"1e12", "2e12"}, {NULL}},
    {"beam.exposure", {"0.1", "0.2"}, {"beam.flux=1e13"}},
    {"beam.size", {"0.1", "0.2"}, {"beam.flux=1e13"}},
    {"beam.transmission", {"25", "50"}, {NULL}},
    {"beam.polarization", {"0.5", "0.9"}, {NULL}},
    {"beam.polarization_correction", {"true", "false"}, {NULL}},
    {"crystal.cell[0]", {"50", "51"}, {NULL}},
    {"crystal.cell[4]", {"95", "97"}, {"crystal.b_factor=15"}},
    {"crystal.cell_model", {"exact", "nanobragg"}, {"crystal.b_factor=15"}},
    {"crystal.misset[1]", {"10", "13"}, {"crystal.b_factor=15"}},
    {"crystal.random_misset", {"false", "true"}, {NULL}},
    {"crystal.misset_seed", {"3", "4"}, {"crystal.random_misset=true"}},
    {"crystal.misset_model", {"uniform", "nanobragg"}, {"crystal.random_misset=true"}},
    {"crystal.cells", {"4", "5"}, {NULL}},
    {"crystal.cells[2]", {"1", "5"}, {NULL}},
    {"crystal.size", {"2e-5", "3e-5"}, {NULL}},
    {"crystal.blocks", {"3", "5.5"}, {NULL}},
    {"crystal.shape", {"square", "round"}, {NULL}},
    {"crystal.spot_sharpness", {"1.5", "2"}, {"crystal.shape=round"}},
    {"crystal.spot_model", {"per_axis", "nanobragg"}, {"crystal.shape=gauss", "crystal.cells=4,5,6"}},
    {"crystal.mosaic_spread", {"0.2", "0.4"}, {NULL}},
    {"crystal.mosaic_spread[1]", {"0.2", "0.4"}, {"crystal.mosaic_spread=0.1,0.1,0.1"}},
    {"crystal.mosaic_domains", {"4", "7"}, {"crystal.mosaic_spread=0.5"}},
    {"crystal.mosaic_seed", {"4", "7"}, {SPREAD}},
    {"crystal.mosaic_model", {"gaussian", "cap"}, {SPREAD}},
    {"crystal.structure_factor_scale", {"1", "2.5"}, {NULL}},
    {"crystal.b_factor", {"0", "20"}, {NULL}},
    {"crystal.f000", {"5", "400"}, {"detector.beam_centre=2.5,2.5"}},
    {"crystal.interpolate", {"off", "on"}, {NULL}},
    {"detector.distance", {"50", "60"}, {NULL}},
    {"detector.close_distance", {"50", "60"}, {NULL}},
    {"detector.beam_centre[0]", {"2", "3"}, {"detector.beam_centre=2,2"}},
    {"detector.closest_point[0]", {"2", "3"}, {"detector.closest_point=2,2"}},
    {"detector.origin[1]", {"2", "3"}, {"detector.origin=2,2"}},
    {"detector.closest_rule", {"beam", "middle"}, {"detector.beam_centre=2,3.5", "detector.pivot=sample", TILTED}},
    {"detector.pivot", {"beam", "sample"}, {TILTED}},
    {"detector.rotation[2]", {"4", "5"}, {NULL}},
    {"detector.twotheta", {"10", "12"}, {NULL}},
    {"detector.panels_shift[1]", {"1", "-2"}, {"detector.panels=x.geom", "detector.panels_shift=0,0,0"}},
    {"detector.pixel0[0]", {"50mm", "60mm"}, {"detector.pixel0=0.05,0.005,0.005"}},
    {"detector.point_pixel", {"true", "false"}, {NULL}},
    {"detector.sensor_thickness", {"320", "450"}, {"detector.sensor_attenuation=200"}},
    {"detector.sensor_attenuation", {"200", "300"}, {"detector.sensor_thickness=320"}},
    {"detector.sensor_density", {"2.33", "3"}, {"detector.sensor_thickness=320", "detector.sensor_material=Si"}},
    {"detector.sensor_depth_model", {"absorption", "front"}, {SENSOR}},
    {"detector.sensor_layers", {"1", "3"}, {SENSOR}},
    {"background.size", {"10", "20"}, {NULL}},
    {"background.clip", {"true", "false"}, {WATER, "beam.size=0.01"}},
    {"background.f", {"2", "3"}, {WATER}},
    {"background.density", {"1", "1.3"}, {WATER}},
    {"background.molecular_weight", {"18", "20"}, {WATER}},
    {"sampling.oversample", {"1", "2"}, {NULL}},
    {"sampling.phi_start", {"1", "2"}, {NULL}},
    {"sampling.phi_range", {"1", "2"}, {NULL}},
    {"sampling.phi_steps", {"3", "4"}, {TURNING}},
    {"sampling.phi_step", {"0.1", "0.5"}, {TURNING}},
    {"sampling.phi_points", {"midpoint", "left_edge"}, {TURNING}},
    {"sampling.dmin", {"9", "16"}, {NULL}},
    {"sampling.tolerance", {"0", "1e-3"}, {"crystal.shape=gauss", "crystal.cells=30"}},
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

static const char factors_path[] = "factors.hkl", list_path[] = "list.csv";

static void write_file(const char *path, const char *text) {
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

/* In the place of what knows HDF5. */
static Status read_mask(const Parameters *p, const Detector *shape, MaskImage *image, Notes *notes) {
    (void)p;
    (void)notes;
    TRY(mask_image_allocate(shape, image));
    memset(image->signs, MASK_POSITIVE, (size_t)detector_pixels(shape));
    return status_ok();
}

/* And of what reads geometries: one panel of CrystFEL's, of the plane's pixels. */
static Status create(const Parameters *p, Experiment **e, Notes *notes) {
    PanelGeometry panel = {.fast = {1, 0, 0},
                           .slow = {0, -1, 0},
                           .corner_m = {-0.002, 0.003, -0.05},
                           .pixel_size_m = {5e-4, 5e-4},
                           .pixels = {11, 9},
                           .thickness_m = NAN,
                           .absorption_per_m = NAN,
                           .group = -1};
    const DetectorGeometry geometry = {.of_crystfel = true, .canvas_pixels = {11, 9}, .panels = 1, .panel = &panel};
    const ExperimentInputs inputs = {.mask = read_mask, .panels = *p->detector_panels_file == '\0' ? NULL : &geometry};
    return experiment_create_from(p, &inputs, e, notes);
}

/* What panels replace. */
static const int of_plane[] = {PARAMETER(detector, fast_pixels), PARAMETER(detector, slow_pixels),
                               PARAMETER(detector, pixel_size), PARAMETER(detector, distance)};

/* Parameters of a small run; whole_cell: with a cell beside that of the file. */
static Status begin(const Way *way, const Case *c, Parameters **p) {
    static const char *const usual[SETTINGS_MOST] = {
        "detector.fast_pixels=11", "detector.slow_pixels=9", "detector.pixel_size=0.5", "detector.distance=50",
        "crystal.cells=5",         "run.precision=float64",  "crystal.default_f=2",     "sampling.oversample=8"};
    char file[64];
    (void)snprintf(file, sizeof file, "crystal.structure_factors=%s", factors_path);
    TRY(parameters_create(p));
    TRY(set_all(*p, usual));
    TRY(set(*p, "crystal.cell=50,60,70,82,95,101"));
    TRY(set(*p, file));
    if (strcmp(c->name, "detector.close_distance") == 0 || strncmp(c->name, "detector.pixel0", 15) == 0)
        (*p)->state[PARAMETER(detector, distance)].given = false;
    const bool has_panels = strstr(c->name, "panel") != NULL || strcmp(c->name, "detector.clen") == 0;
    for (int i = 0; i < 4 && has_panels; i++) (*p)->state[of_plane[i]].given = false;
    if (strcmp(c->name, "crystal.size") == 0) (*p)->state[PARAMETER(crystal, cells)].given = false;
    TRY(set_all(*p, way->settings));
    if (strncmp(c->name, "crystal.size", 12) == 0) (*p)->state[PARAMETER(crystal, cells)].given = false;
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
        status = create(p, &e, NULL);
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
    if (status_is_ok(status)) status = create(p, &e, NULL);
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
        UNIT_CHECK(found == parameters_row(index)->varies, "%s: may vary %d, has a case %d",
                   parameters_row(index)->public_name, parameters_row(index)->varies, found);
    }
}

/* ------------------------------------------------------------------------------------------------- what does nothing
 */

#define COUNTS "output.images=counts"
#define MATRIX "crystal.cell=auto", "crystal.matrix=lattice.mat", "beam.wavelength=1"
#define MTZ                                                                                                            \
    "crystal.structure_factors=" TESSERA_GOLDEN_DIR "/inputs/2erl_1p8A_C2.mtz",                                        \
        "crystal.cell=53.91,23.1,23.1,90,110.4,90"

#define MODEL                                                                                                          \
    "crystal.structure_factors=", "crystal.cell=auto",                                                                 \
        "crystal.model=" TESSERA_GOLDEN_DIR "/../tests/fuzz/corpus/atoms/short.pdb"

#define PHASED "crystal.structure_factors=phased.cif", "crystal.anomalous_elements=S", "crystal.cell=50,60,70"

/* What no sweep varies. */
static const Case run_cases[] = {
    {"beam.polarization_axis", {"0,1,0"}, {"beam.polarization=0.9"}},
    {"crystal.matrix", {"lattice.mat"}, {"crystal.cell=auto", "beam.wavelength=1"}},
    {"crystal.left_handed", {"accept"}, {MATRIX}},
    {"crystal.resolution", {"3"}, {MODEL}},
    {"crystal.model_dispersion", {"false"}, {MODEL}},
    {"crystal.anomalous_elements", {"none"}, {MODEL}},
    {"crystal.anomalous_table",
     {"measured.txt"},
     {PHASED, "crystal.structure_factor_phase=phase_calc", "crystal.anomalous_sites=sites.cif"}},
    {"crystal.anomalous_sites", {"sites.cif"}, {PHASED, "crystal.structure_factor_phase=phase_calc"}},
    {"crystal.structure_factor_phase", {"phase_calc"}, {PHASED, "crystal.anomalous_sites=sites.cif"}},
    {"crystal.structure_factor_format", {"hkl"}, {NULL}},
    {"crystal.structure_factor_columns", {"h,k,l,I"}, {NULL}},
    {"crystal.structure_factor_label", {"F"}, {NULL}},
    {"crystal.structure_factor_block", {"x"}, {"crystal.structure_factors=factors.cif"}},
    {"crystal.structure_factor_duplicates", {"mean"}, {NULL}},
    {"crystal.space_group", {"P1"}, {NULL}},
    {"crystal.shelx_hklf",
     {"3"},
     {"crystal.structure_factors=factors.shelx", "crystal.structure_factor_format=shelx", "crystal.space_group=P1"}},
    {"crystal.ignore_file_cell", {"true"}, {MTZ}},
    {"detector.clen", {"60"}, {"detector.panels=x.geom"}},
    {"detector.panel_axes", {"exact"}, {"detector.panels=x.geom"}},
    {"detector.twotheta_axis", {"0,0,-1"}, {"detector.twotheta=5"}},
    {"detector.sensor_material", {"Si"}, {"detector.sensor_thickness=320"}},
    {"detector.mask_values", {"good"}, {"detector.mask=mask.h5"}},
    {"detector.mask_dataset", {"/mask"}, {"detector.mask=mask.h5"}},
    {"detector.psf", {"gauss"}, {COUNTS, "detector.psf_fwhm=1"}},
    {"detector.psf_fwhm", {"1"}, {COUNTS, "detector.psf=gauss"}},
    {"detector.psf_radius", {"3"}, {COUNTS, "detector.psf=gauss", "detector.psf_fwhm=1"}},
    {"detector.saturation", {"1000"}, {COUNTS}},
    {"background.file", {"water.stol"}, {WATER}},
    {"background.file_axis", {"q"}, {WATER, "background.file=water.stol"}},
    {"sampling.spindle_axis", {"0,1,0"}, {TURNING}},
    {"sampling.automatic_rule", {"nanobragg"}, {"sampling.oversample=auto"}},
    {"sweep.start", {"5"}, {"sweep.kind=rotation"}},
    {"sweep.width", {"0.5"}, {"sweep.kind=rotation"}},
    {"sweep.seed", {"5"}, {"sweep.kind=random"}},
    {"noise.seed", {"5"}, {COUNTS}},
    {"noise.flicker", {"0.1"}, {COUNTS}},
    {"noise.calibration", {"0.1"}, {COUNTS}},
    {"noise.calibration_seed", {"7"}, {COUNTS, "noise.dead_fraction=0.1"}},
    {"noise.gain", {"2"}, {COUNTS}},
    {"noise.pedestal", {"20"}, {COUNTS}},
    {"noise.read_noise", {"2"}, {COUNTS, "noise.pedestal=20"}},
    {"noise.dead_fraction", {"0.1"}, {COUNTS}},
    {"noise.hot_fraction", {"0.1"}, {COUNTS}},
    {"noise.hot_value", {"99"}, {COUNTS, "noise.hot_fraction=0.1"}},
    {"output.compression_level", {"6"}, {"output.compression=deflate"}},
    {"output.frames_per_file", {"10"}, {"output.writer=files"}},
    {"output.int_scale", {"2"}, {"output.int_file=a.img"}},
    {"output.adc_offset", {"10"}, {"output.noise_file=a.img"}},
    {"output.pgm_scale", {"2"}, {"output.pgm_file=a.pgm"}},
    {"output.dump_file", {"a.dump"}, {NULL}},
    {"output.printout_pixel", {"1,1"}, {"output.printout=true"}},
    {"run.precision", {"float32"}, {NULL}},
    {"run.trace_file", {"t.json"}, {"run.trace_pixel=1,1"}},
    {"run.mix_instructions", {"true"}, {"run.resume=true"}},
};
enum { RUN_CASES = sizeof run_cases / sizeof *run_cases };

/* What takes away a need that a plain run meets. */
static const struct {
    ParameterNeed need;
    const char *settings[SETTINGS_MOST];
} against[] = {{NEED_FILES, {"output.writer=direct"}},
               {NEED_ALL_STEPS, {"crystal.shape=gauss", "crystal.cells=30"}},
               {NEED_CELL, {"sweep.kind=list", "sweep.file=ub.csv"}},
               {NEED_CELLS, {"crystal.size=1e-4"}},
               {NEED_COUNTS, {"detector.psf_fwhm=1"}},
               {NEED_DIVERGENCE_HORIZONTAL, {"beam.divergence_horizontal=0"}},
               {NEED_DIVERGENCE_VERTICAL, {"beam.divergence_vertical=0"}},
               {NEED_DOMAINS, {"crystal.mosaic_domains=1"}},
               {NEED_FACTOR_FILE, {"crystal.structure_factors="}},
               {NEED_FACTORS, {"crystal.structure_factors="}},
               {NEED_FIXED_MISSET, {"crystal.random_misset=true"}},
               {NEED_NO_LISTED_UB, {"sweep.kind=list", "sweep.file=ub.csv"}},
               {NEED_NO_ROTATION, {"sweep.kind=rotation"}},
               {NEED_NO_SOURCES, {"beam.sources=sources.txt"}},
               {NEED_PHI_RANGE, {"sampling.phi_range=0"}},
               {NEED_PIVOT, {"detector.beam_centre=2,2"}},
               {NEED_POLARIZATION_CORRECTION, {"beam.polarization_correction=false"}},
               {NEED_REFLECTIONS, {"crystal.structure_factors="}},
               {NEED_SPACE_GROUP, {"crystal.structure_factors="}},
               {NEED_TEXT_FILE, {"crystal.structure_factors="}},
               {NEED_SENSOR_ATTENUATION, {"detector.sensor_attenuation=0"}}};

static void write_inputs(void) {
    write_file("lattice.mat", "0.02 0 0\n0 0.0166 0\n0 0 0.0143\n");
    write_file("ub.csv", "ub_11,ub_12,ub_13,ub_21,ub_22,ub_23,ub_31,ub_32,ub_33\n0.02,0,0,0,0.0166,0,0,0,0.0143\n");
    write_file("sources.txt", "-1 0 0 1 1e-10\n-1 0.01 0 1 1.1e-10\n");
    write_file("water.stol", "0 2.57\n1 1\n");
    write_file("factors.cif", "data_x\n_symmetry.Int_Tables_number 1\nloop_\n_refln.index_h\n_refln.index_k\n"
                              "_refln.index_l\n_refln.F_meas\n1 0 0 2\n");
    write_file("phased.cif", "data_x\n_symmetry.Int_Tables_number 1\nloop_\n_refln.index_h\n_refln.index_k\n"
                             "_refln.index_l\n_refln.F_meas\n_refln.phase_calc\n1 0 0 2 90\n");
    write_file("sites.cif",
               "data_x\n_cell_length_a 50\n_cell_length_b 60\n_cell_length_c 70\n_cell_angle_alpha 90\n"
               "_cell_angle_beta 90\n_cell_angle_gamma 90\nloop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\nloop_\n"
               "_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n"
               "_atom_site_fract_z\nS1 S 0.1 0.2 0.3\n");
    write_file("measured.txt", "S 1000 0.3 0.5\nS 200000 0.1 0.2\n");
    write_file("mask.h5", "\x89HDF\r\n\x1a\n");
    write_file("factors.shelx", "   1   0   0    4.00    1.00\n   0   0   0    0.00    0.00\n");
}

/* Remarks on a run with the last value of a case. */
static Status remarks(const Case *c, const char *const *settings, Notes *notes) {
    Parameters *p = NULL;
    Experiment *e = NULL;
    const Case bare = {c->name, {NULL}, {NULL}};
    const char *value = c->value[1] != NULL ? c->value[1] : c->value[0];
    char setting[256];
    *notes = (Notes){.count = 0};
    Status status = begin(ways, &bare, &p);
    (void)snprintf(setting, sizeof setting, "%s=%s", c->name, value);
    if (status_is_ok(status)) status = set_all(p, settings);
    if (status_is_ok(status) && strchr(c->name, '[') == NULL) status = set(p, setting);
    if (status_is_ok(status) && strchr(c->name, '[') != NULL)
        status = parameters_set_component(p, parameters_find(row_of(c)->public_name), strchr(c->name, '[')[1] - '0',
                                          value, "test");
    if (status_is_ok(status)) status = create(p, &e, notes);
    experiment_destroy(&e);
    parameters_destroy(&p);
    return status;
}

static bool has_note(const Notes *notes, const char *text) {
    bool found = false;
    for (int i = 0; i < notes->count; i++) found = found || strstr(notes->text[i], text) != NULL;
    return found;
}

static void check_need(const Case *c) {
    static const char *const none[SETTINGS_MOST] = {NULL};
    const ParameterNeed need = parameters_row(parameters_find(row_of(c)->public_name))->need;
    const char *const *without = none;
    char text[160];
    Notes notes;
    Status status = remarks(c, c->context, &notes);
    UNIT_CHECK(status_is_ok(status), "%s with its need: %s", c->name, status.message);
    for (int i = 0; i < notes.count; i++)
        UNIT_CHECK(strstr(notes.text[i], "has no effect") == NULL, "%s with its need: %s", c->name, notes.text[i]);
    if (need == NEED_ALWAYS) return;
    for (size_t i = 0; i < sizeof against / sizeof *against; i++)
        if (against[i].need == need) without = against[i].settings;
    status = remarks(c, without, &notes);
    (void)snprintf(text, sizeof text, "%s has no effect: needs ", row_of(c)->public_name);
    const bool refused = !status_is_ok(status) && strstr(status.message, row_of(c)->public_name) != NULL;
    UNIT_CHECK(refused || has_note(&notes, text), "%s without its need: no remark, \"%s\"", c->name, status.message);
}

static void what_does_nothing_is_said(void) {
    write_inputs();
    for (int i = 0; i < CASES; i++) check_need(&cases[i]);
    for (int i = 0; i < RUN_CASES; i++) check_need(&run_cases[i]);
}

static void each_need_has_a_case(void) {
    for (int index = 0; index < PARAMETER_COUNT; index++) {
        bool found = parameters_row(index)->varies || parameters_row(index)->need == NEED_ALWAYS;
        for (int i = 0; i < RUN_CASES; i++) found = found || row_of(&run_cases[i]) == parameters_row(index);
        UNIT_CHECK(found, "%s has no case", parameters_row(index)->public_name);
    }
}

static void a_sweep_is_told_what_does_nothing_in_all_its_frames(void) {
    static const struct {
        Case c;
        const char *note;
    } sweeps[] = {
        {{"crystal.spot_sharpness", {"2"}, {"sweep.kind=matrix", "sweep.matrix=crystal.shape=square,gauss"}}, NULL},
        {{"sweep.kind", {"matrix"}, {"sweep.matrix=crystal.spot_sharpness=2,3"}},
         "crystal.spot_sharpness, which the sweep varies, has no effect: needs a crystal.shape other than square"},
        {{"sweep.draw", {"noise.gain=uniform(1,2)"}, {NULL}}, NULL},
        {{"sweep.draw", {"crystal.mosaic_seed=uniform(1,900)"}, {"sweep.count=3"}},
         "crystal.mosaic_seed, which the sweep varies, has no effect: needs crystal.mosaic_spread"},
        {{"crystal.mosaic_seed", {"4"}, {"sweep.kind=matrix", "sweep.matrix=crystal.mosaic_spread=0,1"}}, NULL},
        {{"crystal.mosaic_domains", {"1"}, {NULL}}, NULL},
        {{"crystal.mosaic_domains", {"auto"}, {NULL}}, NULL}};
    for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++) {
        Notes notes;
        (void)remarks(&sweeps[i].c, sweeps[i].c.context, &notes);
        const char *note = sweeps[i].note != NULL ? sweeps[i].note : "has no effect";
        UNIT_CHECK(has_note(&notes, note) == (sweeps[i].note != NULL), "%s=%s", sweeps[i].c.name, sweeps[i].c.value[0]);
    }
}

static Status of_model(const char *sweep, const char *const *settings, Experiment **e) {
    static const Case c = {"crystal.model", {NULL}, {MODEL}};
    Parameters *p = NULL;
    *e = NULL;
    Status status = begin(ways, &c, &p);
    if (status_is_ok(status)) status = set(p, "sweep.kind=matrix");
    if (status_is_ok(status)) status = set(p, sweep);
    if (status_is_ok(status)) status = set_all(p, settings);
    if (status_is_ok(status)) status = experiment_create(p, e, NULL);
    parameters_destroy(&p);
    return status;
}

static void what_atoms_are_computed_for_is_the_same_in_all_frames(void) {
    static const struct {
        const char *sweep, *settings[SETTINGS_MOST], *refused;
    } runs[] = {
        {"sweep.matrix=beam.wavelength=1,1.1",
         {"crystal.resolution=4", "crystal.anomalous_elements=none"},
         "crystal.model_dispersion=false"},
        {"sweep.matrix=beam.wavelength=1,1.1", {"crystal.resolution=4"}, NULL},
        {"sweep.matrix=beam.wavelength=1,1.1", {"crystal.model_dispersion=false"}, "give crystal.resolution"},
        {"sweep.matrix=beam.wavelength=1,1.1", {"crystal.model_dispersion=false", "crystal.resolution=4"}, NULL},
        {"sweep.matrix=detector.distance=50,60", {NULL}, "give crystal.resolution"},
        {"sweep.matrix=detector.distance=50,60", {"crystal.resolution=4"}, NULL},
        {"sweep.matrix=crystal.b_factor=0,9", {NULL}, NULL},
    };
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        Experiment *e = NULL;
        const Status status = of_model(runs[i].sweep, runs[i].settings, &e);
        const char *words = runs[i].refused == NULL ? "" : runs[i].refused;
        UNIT_CHECK(status_is_ok(status) == (runs[i].refused == NULL) && strstr(status.message, words) != NULL,
                   "run %zu: %s", i, status.message);
        experiment_destroy(&e);
    }
}

static void a_grid_is_about_the_axes_of_each_frames_own_crystal(void) {
    static const Case c = {"crystal.misset[1]", {"10", "30"}, {"sweep.kind=grid", "sweep.angle=80"}};
    Parameters *p = NULL;
    Experiment *e = NULL;
    CU_ASSERT_FATAL(status_is_ok(begin(ways, &c, &p)));
    CU_ASSERT_FATAL(status_is_ok(set(p, "sweep.draw=crystal.misset[1]=uniform(10,30)")));
    CU_ASSERT_FATAL(status_is_ok(create(p, &e, NULL)));
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
    static const char *const written[] = {factors_path,  list_path,    "lattice.mat",   "ub.csv",
                                          "sources.txt", "water.stol", "factors.shelx", "factors.cif",
                                          "mask.h5",     "phased.cif", "sites.cif",     "measured.txt"};
    static const UnitTest tests[] = {UNIT_TEST(each_parameter_that_may_vary_has_a_case),
                                     UNIT_TEST(each_frame_is_that_of_a_run_of_its_own),
                                     UNIT_TEST(each_need_has_a_case),
                                     UNIT_TEST(what_does_nothing_is_said),
                                     UNIT_TEST(a_sweep_is_told_what_does_nothing_in_all_its_frames),
                                     UNIT_TEST(what_atoms_are_computed_for_is_the_same_in_all_frames),
                                     UNIT_TEST(a_grid_is_about_the_axes_of_each_frames_own_crystal),
                                     UNIT_TEST(f000_works_beside_default_f_alone),
                                     {NULL, NULL}};
    char folder[] = "roles.XXXXXX";
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) return 1;
    write_factors();
    const int result = unit_main("roles", tests);
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) (void)remove(written[i]);
    if (chdir("..") != 0 || rmdir(folder) != 0) return 1;
    return result;
}
