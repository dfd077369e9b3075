/* Rendering by reflections leaves out what lies below the tolerance, and nothing else. */
#include "physics/spot_reach.h"

#include "base/random.h"
#include "kernels/kernel.h"
#include "scene.h"
#include "setup/frames.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 45, SETTINGS = 28, TEXT_BYTES = 96 };

/* Settings of a random case; a crystal of 3 to 300 cells along an edge. */
typedef struct RandomCase {
    char text[SETTINGS][TEXT_BYTES];
    const char *setting[SETTINGS + 1];
} RandomCase;

static double uniform(int number, int index, double least, double greatest) {
    double u[4];
    random_uniform4(7, 99, (uint64_t)number, (uint64_t)index, 0, u);
    return least + (greatest - least) * u[0];
}

static void make_case(int number, const char *shape, double tolerance, RandomCase *made) {
    const char *const sensor[] = {"detector.sensor_thickness=0", "detector.sensor_thickness=400"};
    const char *const law[] = {"per_axis", "nanobragg", "isotropic"};
    const int pick = (int)uniform(number, 0, 0.0, 16.0);
    const double cells = 3.0 * pow(100.0, uniform(number, 1, 0.0, 1.0));
    const double skew = uniform(number, 2, 0.6, 1.6);
    int n = 0;
#define SET(...) (void)snprintf(made->text[n++], TEXT_BYTES, __VA_ARGS__)
    SET("sampling.tolerance=%g", tolerance);
    SET("crystal.shape=%s", shape);
    SET("crystal.spot_model=%s", law[number % 7 == 3 ? 1 : number % 3 == 1 ? 2 : 0]);
    SET("crystal.cells=%d,%d,%d", (int)fmin(ceil(cells), 300.0), (int)fmin(ceil(cells * skew), 300.0),
        (int)ceil(cells));
    SET("crystal.cell=%g,%g,%g,%g,%g,%g", uniform(number, 3, 25.0, 90.0), uniform(number, 4, 25.0, 90.0),
        uniform(number, 5, 25.0, 90.0), uniform(number, 6, 70.0, 110.0), uniform(number, 7, 70.0, 110.0),
        uniform(number, 8, 70.0, 110.0));
    SET("crystal.misset=%g,%g,%g", uniform(number, 9, 0.0, 360.0), uniform(number, 10, 0.0, 360.0),
        uniform(number, 11, 0.0, 360.0));
    SET("crystal.mosaic_spread=%g", uniform(number, 12, 0.0, 1.5));
    SET("crystal.mosaic_domains=%d", 1 + number % 3);
    if (pick & 1) SET("crystal.structure_factors=" TESSERA_GOLDEN_DIR "/inputs/2erl_P1.hkl");
    SET("crystal.default_f=%g", uniform(number, 13, 1.0, 50.0));
    SET("beam.wavelength=%g", uniform(number, 14, 0.7, 1.8));
    SET("beam.dispersion=%g", uniform(number, 15, 0.1, 6.0));
    SET("beam.dispersion_steps=%d", 1 + number % 9);
    SET("beam.divergence_horizontal=%g", pick & 2 ? 3.0 : 0.0);
    SET("beam.polarization=0.9");
    SET("sampling.phi_range=1");
    SET("sampling.phi_steps=%d", 1 + number % 3);
    SET("sampling.oversample=%d", 1 + number % 4);
    SET("sampling.dmin=%g", number % 5 == 0 ? 2.5 : 0.0);
    SET("detector.distance=%g", uniform(number, 16, 30.0, 150.0));
    SET("detector.pixel_size=%g", uniform(number, 17, 0.08, 0.6));
    SET("detector.fast_pixels=%d", 30 + number % 31);
    SET("detector.slow_pixels=%d", 20 + number % 19);
    SET("detector.rotation=%g,%g,%g", uniform(number, 18, -40.0, 40.0), uniform(number, 19, -40.0, 40.0), 20.0);
    SET("detector.twotheta=%g", uniform(number, 20, -30.0, 30.0));
    SET("%s", sensor[pick >> 2 & 1]);
    if (pick >> 2 & 1) SET("detector.sensor_material=CdTe");
    if (pick >> 3 & 1) SET("background.size=1");
#undef SET
    for (int i = 0; i < n; i++) made->setting[i] = made->text[i];
    made->setting[n] = NULL;
}

static Experiment *experiment_of(int number, const char *shape, double tolerance) {
    RandomCase random_case;
    make_case(number, shape, tolerance, &random_case);
    return scene(random_case.setting);
}

static double greatest_of(const double *values, int64_t count) {
    double greatest = 0.0;
    for (int64_t i = 0; i < count; i++) greatest = fmax(greatest, values[i]);
    return greatest;
}

/* The greatest intensity that the bound speaks of: every term of a pixel on the peak of the strongest reflection. That
 * is the image of a tophat crystal whose balls cover everything, without a table; here its greatest pixel. */
static double possible_maximum(const Experiment *e) {
    Experiment peak = *e;
    StructureFactors constant = {.default_f = e->factors.greatest_f, .greatest_f = e->factors.greatest_f};
    peak.crystal.shape = SHAPE_TOPHAT;
    peak.crystal.spot_law = SPOT_PER_AXIS;
    peak.crystal.fudge = 1e-12;
    peak.factors = constant;
    peak.background.molecules = 0.0;
    peak.sampling.by_reflections = false;
    peak.sampling.dmin_m = 0.0;
    peak.precision = PRECISION_FLOAT64;
    double *image = scene_image(&peak, 0);
    const double greatest = greatest_of(image, detector_pixels(&e->detector));
    free(image);
    return greatest;
}

/* What a case showed. */
typedef struct Shown {
    bool rendered; /* its spots do not reach each other */
    double error;  /* largest difference with and without skipping, over the possible maximum */
    double peak;   /* greatest pixel, over the same */
} Shown;

/* Renders by reflections wherever that is possible, whether it is faster or not. */
static Shown show(int number, const char *shape, double tolerance) {
    Experiment *e = experiment_of(number, shape, tolerance);
    const SpotReach spot = spot_reach_create(&e->crystal, tolerance);
    const int64_t pixels = detector_pixels(&e->detector);
    Shown shown = {spot.half_width[0] < 0.499 && spot.half_width[1] < 0.499 && spot.half_width[2] < 0.499, 0.0, 0.0};
    if (shown.rendered) {
        const double maximum = possible_maximum(e);
        e->sampling.by_reflections = true;
        double *some = scene_image(e, 0);
        e->sampling.by_reflections = false;
        double *all = scene_image(e, 0);
        shown.peak = greatest_of(all, pixels) / maximum;
        for (int64_t i = 0; i < pixels; i++) some[i] = fabs(some[i] - all[i]);
        shown.error = greatest_of(some, pixels) / maximum;
        free(all);
        free(some);
    }
    experiment_destroy(&e);
    return shown;
}

static void what_is_left_out_is_below_the_tolerance(void) {
    const double tolerances[] = {1e-3, 1e-5, 1e-9};
    int rendered = 0, bright = 0, close = 0;
    for (int number = 0; number < CASES; number++) {
        const double tolerance = tolerances[number % 3];
        const Shown shown = show(number, "gauss", tolerance);
        UNIT_CHECK(shown.error <= tolerance, "case %d: error %g over tolerance %g", number, shown.error, tolerance);
        rendered += shown.rendered;
        bright += shown.peak > tolerance;
        close += shown.error > 0.01 * tolerance;
    }
    UNIT_CHECK(rendered > CASES / 2, "only %d of %d cases were rendered by reflections", rendered, CASES);
    UNIT_CHECK(bright > CASES / 2, "only %d of %d cases show a spot", bright, CASES);
    UNIT_CHECK(close > CASES / 10, "in only %d of %d cases the bound is within a factor of 100", close, CASES);
}

static void a_tophat_loses_nothing(void) {
    int rendered = 0, bright = 0;
    for (int number = 0; number < CASES; number++) {
        const Shown shown = show(number, "tophat", 1e-9);
        /* only rounding: a sum of hundreds of terms in another order */
        UNIT_CHECK(shown.error < 1e-14, "case %d: error %g", number, shown.error);
        rendered += shown.rendered;
        bright += shown.rendered && shown.peak > 0.0;
    }
    UNIT_CHECK(rendered > CASES / 2, "only %d of %d cases were rendered by reflections", rendered, CASES);
    UNIT_CHECK(bright > CASES / 4, "only %d of %d cases show a spot", bright, CASES);
}

static bool skips(const char *first, const char *second, const char *third) {
    const char *const settings[] = {
        "crystal.cell=50", "crystal.default_f=7", "detector.pixel_size=0.1", first, second, third, NULL};
    Experiment *e = scene(settings);
    const bool by_reflections = e->sampling.by_reflections;
    experiment_destroy(&e);
    return by_reflections;
}

static void steps_are_skipped_where_it_is_sound_and_pays(void) {
    CU_ASSERT(skips("crystal.shape=gauss", "crystal.cells=50", NULL));
    CU_ASSERT(skips("crystal.shape=tophat", "crystal.cells=50", NULL));
    CU_ASSERT(skips("crystal.shape=gauss", "crystal.cells=50", "run.precision=float32"));
    CU_ASSERT(!skips("crystal.shape=gauss", "crystal.cells=50", "sampling.tolerance=0"));
    CU_ASSERT(!skips("crystal.shape=square", "crystal.cells=50", NULL)); /* its tails carry intensity */
    CU_ASSERT(!skips("crystal.shape=round", "crystal.cells=50", NULL));
    CU_ASSERT(!skips("crystal.shape=gauss", "crystal.cells=5", NULL));                    /* spots overlap */
    CU_ASSERT(!skips("crystal.shape=gauss", "crystal.cells=8", "run.precision=float32")); /* slower */
    CU_ASSERT(!skips("crystal.shape=gauss", "crystal.cells=50", "detector.curved=true"));
}

/* The image of one frame, for crystals of @p cells and others. */
static double *image_of(const char *cells, const char *sweep, int64_t number) {
    const char *const settings[] = {"crystal.cell=50",
                                    "crystal.default_f=7",
                                    "crystal.shape=gauss",
                                    "detector.pixel_size=0.5",
                                    "detector.fast_pixels=40",
                                    "detector.slow_pixels=30",
                                    "run.precision=auto",
                                    cells,
                                    sweep,
                                    sweep == NULL ? NULL : "sweep.kind=matrix",
                                    NULL};
    Experiment *e = scene(settings);
    double *image = scene_image(e, number);
    experiment_destroy(&e);
    return image;
}

static void each_frame_is_rendered_as_its_own_crystal_asks_for(void) {
    static const char *const alone[] = {"crystal.cells=5", "crystal.cells=60", "crystal.cells=4"};
    const char *const settings[] = {"crystal.cell=50",
                                    "crystal.default_f=7",
                                    "crystal.shape=gauss",
                                    "detector.pixel_size=0.5",
                                    "sweep.kind=matrix",
                                    "sweep.matrix=crystal.cells=5,60,4",
                                    NULL};
    Experiment *e = scene(settings);
    Frame frame;
    if (!status_is_ok(frame_create(e, &frame))) abort();
    for (int i = 0; i < 3; i++) {
        frame_set(e, i, &frame);
        CU_ASSERT(frame.experiment->sampling.by_reflections == (i == 1)); /* the spots of the others overlap */
        double *swept = image_of("crystal.cells=9", "sweep.matrix=crystal.cells=5,60,4", i);
        double *single = image_of(alone[i], NULL, 0);
        CU_ASSERT(memcmp(swept, single, 40 * 30 * sizeof *swept) == 0);
        free(single);
        free(swept);
    }
    frame_destroy(&frame);
    experiment_destroy(&e);
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(what_is_left_out_is_below_the_tolerance),
                                     UNIT_TEST(a_tophat_loses_nothing),
                                     UNIT_TEST(steps_are_skipped_where_it_is_sound_and_pays),
                                     UNIT_TEST(each_frame_is_rendered_as_its_own_crystal_asks_for),
                                     {NULL, NULL}};
    return unit_main("spot_reach", tests);
}
