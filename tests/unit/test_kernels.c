/* Every row of the table of kernels keeps the contract of kernel_table.h: its sums are those of float64 within what it
 * promises, its photons those of its sums, and what it cannot do it says. One note tells which was chosen. */
#include "kernels/kernel_table.h"

#include "base/random.h"
#include "kernels/cpu_kernel.h"
#include "kernels/kernel.h"
#include "kernels/kernel_choice.h"
#include "scene.h"
#include "setup/experiment_create.h"
#include "setup/frames.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 24, SETTINGS = 24, TEXT_BYTES = 96 };

/* Settings of an experiment. */
typedef struct Case {
    char text[SETTINGS][TEXT_BYTES];
    const char *setting[SETTINGS + 1];
} Case;

static double uniform(int number, int index, double least, double greatest) {
    double u[4];
    random_uniform4(15, 2, (uint64_t)number, (uint64_t)index, 0, u);
    return least + (greatest - least) * u[0];
}

/* A small detector that sees some spots, of all shapes in turn; as @p kernel takes it. */
static void make_case(int number, const Kernel *kernel, Case *made) {
    static const char *const shapes[] = {"square", "round", "gauss", "tophat"};
    const bool ends = number % 4 > 1;
    int n = 0;
#define SET(...) (void)snprintf(made->text[n++], TEXT_BYTES, __VA_ARGS__)
    SET("run.precision=%s", kernel->precision == PRECISION_FLOAT32 ? "float32" : "float64");
    SET("sampling.tolerance=%g", kernel->by_reflections ? 1e-9 : 0.0);
    SET("crystal.shape=%s", shapes[number % 4]);
    SET("crystal.cells=%d,%d,%d", ends ? 14 : 5, 4 + number % 9 + (ends ? 10 : 0), (int)uniform(number, 0, 12.0, 20.0));
    SET("crystal.cell=%g,%g,%g,80,95,105", uniform(number, 1, 40.0, 70.0), uniform(number, 2, 40.0, 70.0), 60.0);
    SET("crystal.misset=%g,%g,30", uniform(number, 3, 0.0, 360.0), uniform(number, 4, 0.0, 360.0));
    SET("crystal.mosaic_spread=0.5");
    SET("crystal.mosaic_domains=%d", 1 + number % 8);
    SET("crystal.default_f=7");
    if (number % 3 != 0) SET("crystal.structure_factors=" TESSERA_GOLDEN_DIR "/inputs/2erl_P1.hkl");
    SET("crystal.interpolate=%s", number % 6 == 1 ? "on" : "off");
    SET("beam.dispersion=1");
    SET("beam.dispersion_steps=%d", 1 + number % 3);
    SET("sampling.phi_range=1");
    SET("sampling.phi_steps=%d", 1 + number % 2);
    SET("sampling.oversample=%d", 1 + number % 2);
    SET("detector.sensor_thickness=%d", number % 5 == 0 ? 300 : 0);
    SET("detector.curved=%s", number % 7 == 3 ? "true" : "false");
    SET("detector.fast_pixels=%d", 70 + number);
    SET("detector.slow_pixels=%d", 60 + number);
    SET("detector.pixel_size=0.4");
    SET("background.size=%g", number % 4 == 3 ? 1.0 : 0.0);
#undef SET
    for (int i = 0; i < n; i++) made->setting[i] = made->text[i];
    made->setting[n] = NULL;
}

/* ------------------------------------------------------------------------------------------------------------- jobs */

/* What a kernel computes of frame 0 in three tiles of two parts, that leave pixels of the detector out. */
typedef struct Rendered {
    Tile tile[3];
    Range part[2];
    DoubleDouble *sums; /* of all tiles, one after the other */
    float *expected;    /* [slow][fast] of the detector; -1 where nothing was written */
    int64_t pixels;     /* of the tiles */
    int64_t steps;
} Rendered;

static Rendered set_tiles(const Experiment *e) {
    const int64_t slow = e->detector.slow_pixels, fast = e->detector.fast_pixels;
    const int64_t all = slow * fast;
    Rendered made = {.tile = {{0, 0, 21, 33}, {21, 5, slow - 21, fast - 7}, {2, 40, 11, 13}}, .part = {{0, 2}, {2, 3}}};
    for (int i = 0; i < 3; i++) made.pixels += made.tile[i].slow_pixels * made.tile[i].fast_pixels;
    made.sums = malloc((size_t)made.pixels * sizeof *made.sums);
    made.expected = malloc((size_t)all * sizeof *made.expected);
    if (made.sums == NULL || made.expected == NULL) abort();
    for (int64_t i = 0; i < all; i++) made.expected[i] = -1.0f;
    return made;
}

static void rendered_free(Rendered *made) {
    free(made->expected);
    free(made->sums);
}

/* Jobs one after the other, each collected before the next: sums of some blocks, or photons. */
static void run_jobs(const Kernel *kernel, const Experiment *e, Range blocks, bool photons, KernelWatch watch,
                     Rendered *made) {
    const KernelSetup setup = {
        .experiment = e, .tiles = made->tile, .parts = made->part, .part_count = 2, .label = "test"};
    KernelWork *work = NULL;
    Frame frame;
    if (!status_is_ok(kernel->create(kernel, setup, &work)) || !status_is_ok(frame_create(e, &frame))) abort();
    DoubleDouble *sums = made->sums;
    made->steps = 0;
    for (int part = 0; part < 2; part++) {
        frame_set(e, 0, &frame);
        const KernelJob job = {.part = part,
                               .blocks = blocks,
                               .sums = photons ? NULL : sums,
                               .expected = made->expected,
                               .width = e->detector.fast_pixels,
                               .watch = watch};
        kernel->submit(work, &frame, job);
        made->steps += kernel->collect(work).steps;
        for (int64_t t = made->part[part].begin; t < made->part[part].end; t++)
            sums += made->tile[t].slow_pixels * made->tile[t].fast_pixels;
    }
    frame_destroy(&frame);
    kernel->destroy(&work);
    CU_ASSERT_PTR_NULL(work);
}

static const KernelWatch nobody_watches = {NULL, NULL};

/* The experiment of a case, to be rendered by @p kernel; NULL where it cannot. */
static Experiment *experiment_for(const Kernel *kernel, int number) {
    Case made;
    make_case(number, kernel, &made);
    Experiment *e = scene(made.setting);
    if (kernel->obstacle(e) != NULL) {
        experiment_destroy(&e);
        return NULL;
    }
    e->sampling.by_reflections = kernel->by_reflections; /* whether it pays or not */
    return e;
}

/* Every step in double precision. */
static const Kernel *reference_kernel(void) {
    return cpu_kernel_with(PRECISION_FLOAT64, false);
}

/* A device that this machine has not cannot be tried. */
static bool is_here(const Kernel *kernel, const Experiment *some) {
    return kernel->cpu != NULL || some != NULL;
}

/* Greatest difference of the sums over the greatest of them. */
static double difference(const Rendered *made, const Rendered *reference) {
    double greatest = 0.0, most = 0.0;
    for (int64_t i = 0; i < made->pixels; i++) {
        greatest = fmax(greatest, reference->sums[i].high);
        most = fmax(most, fabs(made->sums[i].high - reference->sums[i].high));
    }
    return greatest > 0.0 ? most / greatest : most;
}

static void every_kernel_gives_the_sums_of_float64_where_it_can(void) {
    for (int row = 0; row < kernel_count(); row++) {
        const Kernel *kernel = kernel_at(row);
        int compared = 0, trusted = 0;
        for (int number = 0; number < CASES; number++) {
            Experiment *e = experiment_for(kernel, number), *exact = experiment_for(reference_kernel(), number);
            if (e != NULL) {
                const Range blocks = {0, kernel_blocks(e)};
                Rendered made = set_tiles(e), reference = set_tiles(exact);
                run_jobs(kernel, e, blocks, false, nobody_watches, &made);
                run_jobs(reference_kernel(), exact, blocks, false, nobody_watches, &reference);
                const bool is_single = kernel->precision == PRECISION_FLOAT32, doubted = kernel->doubt(e) != NULL;
                /* brightest pixels of one spot may be less bright than what the tolerance of reflections refers to */
                const double most = !is_single ? (kernel->by_reflections ? 1e-6 : 0.0) : doubted ? 1e-2 : 1e-4;
                const double found = difference(&made, &reference);
                UNIT_CHECK(found <= most, "%s, case %d: off by %g", kernel->name, number, found);
                CU_ASSERT_EQUAL(made.steps, made.pixels * kernel_steps(e, (Tile){0, 0, 1, 1}, blocks));
                compared++;
                trusted += doubted ? 0 : 1;
                rendered_free(&reference);
                rendered_free(&made);
            }
            experiment_destroy(&exact);
            experiment_destroy(&e);
        }
        if (kernel->cpu == NULL && compared == 0) continue; /* a device that is not here */
        UNIT_CHECK(compared >= CASES / 4, "%s was compared in %d cases", kernel->name, compared);
        UNIT_CHECK(trusted >= CASES / 8, "%s was exact enough in %d cases", kernel->name, trusted);
    }
}

/* Photons are those of the sums, on the pixels of the tiles and on no other. */
static void compare_photons(const Kernel *kernel, const Experiment *e) {
    const Range blocks = {0, kernel_blocks(e)};
    const int64_t width = e->detector.fast_pixels, all = detector_pixels(&e->detector);
    Rendered photons = set_tiles(e), sums = set_tiles(e);
    Frame frame;
    if (!status_is_ok(frame_create(e, &frame))) abort();
    frame_set(e, 0, &frame);
    run_jobs(kernel, e, blocks, true, nobody_watches, &photons);
    run_jobs(kernel, e, blocks, false, nobody_watches, &sums);
    const DoubleDouble *next = sums.sums;
    for (int t = 0; t < 3; t++) {
        const Tile tile = sums.tile[t];
        kernel_store(e, kernel_scale(&frame), tile, next, sums.expected + tile.slow * width + tile.fast, width);
        next += tile.slow_pixels * tile.fast_pixels;
    }
    UNIT_CHECK(memcmp(photons.expected, sums.expected, (size_t)all * sizeof *photons.expected) == 0,
               "%s: other photons than its sums", kernel->name);
    CU_ASSERT_EQUAL(photons.expected[22 * width], -1.0f); /* in no tile */
    frame_destroy(&frame);
    rendered_free(&sums);
    rendered_free(&photons);
}

static void every_kernel_makes_the_photons_of_its_sums(void) {
    for (int row = 0; row < kernel_count(); row++)
        for (int number = 0; number < CASES; number++) {
            Experiment *e = experiment_for(kernel_at(row), number);
            if (e != NULL) compare_photons(kernel_at(row), e);
            experiment_destroy(&e);
        }
}

static void every_kernel_adds_up_runs_of_blocks_to_the_whole(void) {
    for (int row = 0; row < kernel_count(); row++) {
        const Kernel *kernel = kernel_at(row);
        Experiment *e = NULL;
        for (int number = CASES - 1; e == NULL && number >= 0; number--) {
            e = experiment_for(kernel, number);
            if (e != NULL && kernel_blocks(e) < 2) experiment_destroy(&e);
        }
        if (!is_here(kernel, e)) continue;
        CU_ASSERT_FATAL(e != NULL);
        const int64_t blocks = kernel_blocks(e);
        Rendered whole = set_tiles(e), first = set_tiles(e), rest = set_tiles(e), none = set_tiles(e);
        run_jobs(kernel, e, (Range){0, blocks}, false, nobody_watches, &whole);
        run_jobs(kernel, e, (Range){0, 1}, false, nobody_watches, &first);
        run_jobs(kernel, e, (Range){1, blocks}, false, nobody_watches, &rest);
        run_jobs(kernel, e, (Range){1, 1}, false, nobody_watches, &none);
        int wrong = 0, not_zero = 0;
        for (int64_t i = 0; i < whole.pixels; i++) {
            const DoubleDouble sum = double_double_sum(first.sums[i], rest.sums[i]);
            wrong += (float)sum.high != (float)whole.sums[i].high;
            not_zero += none.sums[i].high != 0.0 || none.sums[i].low != 0.0;
        }
        UNIT_CHECK(wrong == 0, "%s: %d sums of two runs of blocks are not the whole", kernel->name, wrong);
        UNIT_CHECK(not_zero == 0, "%s: %d sums of no block are not 0", kernel->name, not_zero);
        CU_ASSERT_EQUAL(none.steps, 0);
        rendered_free(&none);
        rendered_free(&rest);
        rendered_free(&first);
        rendered_free(&whole);
        experiment_destroy(&e);
    }
}

static bool gives_up(void *context, double fraction) {
    int *asked = context;
    CU_ASSERT(fraction >= 0.0 && fraction <= 1.0);
    (*asked)++;
    return true;
}

static void every_kernel_asks_whether_to_go_on(void) {
    for (int row = 0; row < kernel_count(); row++) {
        const Kernel *kernel = kernel_at(row);
        int asked = 0;
        Experiment *e = NULL;
        for (int number = 0; e == NULL && number < CASES; number++) e = experiment_for(kernel, number);
        if (!is_here(kernel, e)) continue;
        CU_ASSERT_FATAL(e != NULL);
        Rendered made = set_tiles(e);
        run_jobs(kernel, e, (Range){0, kernel_blocks(e)}, false, (KernelWatch){gives_up, &asked}, &made);
        UNIT_CHECK(asked > 0, "%s never asks", kernel->name);
        CU_ASSERT_EQUAL(made.steps, 0);
        rendered_free(&made);
        experiment_destroy(&e);
    }
}

/* ------------------------------------------------------------------------------------------------ what they cannot do
 */

/* The row of a name. */
static const Kernel *kernel_named(const char *name) {
    for (int row = 0; row < kernel_count(); row++)
        if (strcmp(kernel_at(row)->name, name) == 0) return kernel_at(row);
    abort();
}

static bool says(const char *reason, const char *text) {
    return reason != NULL && strstr(reason, text) != NULL;
}

enum { USUAL = 4 };
static const char *const usual[USUAL] = {"crystal.cell=50", "crystal.cells=9", "crystal.default_f=7",
                                         "detector.pixel_size=0.1"};

static const char *const nothing_else[3];

/* The usual scene with up to three more settings, NULL beyond the last. */
static Experiment *usual_scene(const char *const *more) {
    const char *settings[USUAL + 4] = {usual[0], usual[1], usual[2], usual[3]};
    for (int i = 0; i < 3 && more[i] != NULL; i++) settings[USUAL + i] = more[i];
    return scene(settings);
}

static void each_obstacle_is_named(void) {
    static const struct {
        const char *kernel, *obstacle, *settings[3];
    } cases[] = {{"reflections", "tails", {"crystal.shape=square", "crystal.cells=50"}},
                 {"reflections", "tails", {"crystal.shape=round", "crystal.cells=50"}},
                 {"reflections", "tolerance is 0", {"crystal.shape=gauss", "crystal.cells=50", "sampling.tolerance=0"}},
                 {"reflections", "curved", {"crystal.shape=gauss", "crystal.cells=50", "detector.curved=true"}},
                 {"reflections", "reach each other", {"crystal.shape=gauss", "crystal.cells=5"}},
                 {"reflections", NULL, {"crystal.shape=gauss", "crystal.cells=50"}},
                 {"reflections", NULL, {"crystal.shape=tophat", "crystal.cells=50"}},
                 {"float64", NULL, {"crystal.shape=square", "sampling.dmin=2", "detector.curved=true"}},
                 {"float32", NULL, {"crystal.shape=square", "detector.curved=true"}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Experiment *e = usual_scene(cases[i].settings);
        const char *found = kernel_named(cases[i].kernel)->obstacle(e);
        UNIT_CHECK(cases[i].obstacle == NULL ? found == NULL : says(found, cases[i].obstacle), "case %zu: %s", i,
                   found == NULL ? "no obstacle" : found);
        experiment_destroy(&e);
    }
    Experiment *e = usual_scene(nothing_else);
    for (int axis = 0; axis < 3; axis++) e->factors.count[axis] = 1300; /* 1302^3 is above 2^31 */
    CU_ASSERT(says(kernel_named("float32")->obstacle(e), "more than 2147483647 indices"));
    for (int axis = 0; axis < 3; axis++) e->factors.count[axis] = 1280;
    CU_ASSERT_PTR_NULL(kernel_named("float32")->obstacle(e));
    experiment_destroy(&e);
}

static void each_doubt_is_named(void) {
    static const struct {
        const char *doubt, *settings[3];
    } cases[] = {
        {"dmin", {"sampling.dmin=2"}},
        {"fewer than 3 cells", {"crystal.cells=2,9,9"}},
        {"too large", {"crystal.cells=1000"}},
        {"between spots", {"detector.pixel_size=0.001", "detector.fast_pixels=300", "detector.slow_pixels=300"}},
        {"overflow", {"crystal.cells=1000000"}},
        {"underflow",
         {"crystal.structure_factors=" TESSERA_GOLDEN_DIR "/inputs/2erl_P1.hkl", "crystal.structure_factor_scale=1e-24",
          "crystal.default_f=0"}},
        {"oblique",
         {"crystal.cell=50,50,50,119.95,119.95,119.95", "crystal.shape=gauss", "crystal.spot_model=isotropic"}},
        {NULL, {"crystal.cells=10"}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Experiment *e = usual_scene(cases[i].settings);
        const char *found = kernel_named("float32")->doubt(e);
        UNIT_CHECK(cases[i].doubt == NULL ? found == NULL : says(found, cases[i].doubt), "case %zu: %s", i,
                   found == NULL ? "no doubt" : found);
        experiment_destroy(&e);
    }
}

/* ----------------------------------------------------------------------------------------------------------- choice */

static void the_cheapest_kernel_is_chosen_of_those_that_will_do(void) {
    for (int number = 0; number < CASES; number++) {
        Case made;
        make_case(number, reference_kernel(), &made);
        made.setting[0] = "run.precision=auto";
        made.setting[1] = "sampling.tolerance=1e-9";
        Experiment *e = scene(made.setting);
        const Kernel *chosen = cpu_kernel_with(e->precision, e->sampling.by_reflections);
        CU_ASSERT(chosen->obstacle(e) == NULL && chosen->doubt(e) == NULL);
        CU_ASSERT(kernel_is_used(chosen, e));
        for (int row = 0; row < kernel_count(); row++) {
            const Kernel *other = kernel_at(row);
            if (other->cpu == NULL) continue;
            const bool will_do = other->obstacle(e) == NULL && other->doubt(e) == NULL;
            UNIT_CHECK(!will_do || chosen->step_ns(e) <= other->step_ns(e), "case %d: %s though %s is cheaper", number,
                       chosen->name, other->name);
            CU_ASSERT_EQUAL(kernel_is_used(other, e), other == chosen);
        }
        experiment_destroy(&e);
    }
}

static void a_kernel_that_is_asked_for_and_cannot_is_refused(void) {
    Parameters *p = NULL;
    Experiment *e = usual_scene(nothing_else);
    CU_ASSERT_FATAL(status_is_ok(parameters_create(&p)));
    CU_ASSERT(status_is_ok(parameters_set(p, "run.precision", "float32", "test")));
    CU_ASSERT(status_is_ok(kernel_choose(p, e)));
    CU_ASSERT_EQUAL(e->precision, PRECISION_FLOAT32);
    for (int axis = 0; axis < 3; axis++) e->factors.count[axis] = 1300;
    const Status status = kernel_choose(p, e);
    CU_ASSERT_EQUAL(status.code, STATUS_BAD_PARAMETER);
    UNIT_CHECK(strstr(status.message, "run.precision is float32, and the structure factors span") != NULL &&
                   strstr(status.message, "give run.precision=float64") != NULL,
               "%s", status.message);
    parameters_destroy(&p);
    experiment_destroy(&e);
}

/* The note that begins with "kernel: ", of the settings; empty where there is none. The test fails where there are
 * more, or others that speak of it. */
static void kernel_note_of(const char *const *settings, char *note) {
    Parameters *p = NULL;
    Experiment *e = NULL;
    Notes notes = {.count = 0};
    int found = 0;
    note[0] = '\0';
    CU_ASSERT_FATAL(status_is_ok(parameters_create(&p)));
    for (int i = 0; i < USUAL || settings[i - USUAL] != NULL; i++) {
        const char *setting = i < USUAL ? usual[i] : settings[i - USUAL];
        char name[TEXT_BYTES];
        const size_t length = strcspn(setting, "=");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, setting);
        CU_ASSERT(status_is_ok(parameters_set(p, name, setting + length + 1, "test")));
    }
    CU_ASSERT_FATAL(status_is_ok(experiment_create(p, &e, &notes)));
    for (int i = 0; i < notes.count; i++) {
        const char *text = notes.text[i];
        UNIT_CHECK(strstr(text, "run.precision:") == NULL && strstr(text, "sampling.tolerance:") == NULL, "%s", text);
        if (strncmp(text, "kernel: ", 8) != 0) continue;
        found++;
        (void)snprintf(note, NOTE_BYTES, "%s", text);
    }
    UNIT_CHECK(found <= 1, "%d notes name the kernel", found);
    experiment_destroy(&e);
    parameters_destroy(&p);
}

static void one_note_names_the_kernel(void) {
    static const struct {
        const char *note, *settings[5]; /* the whole note */
    } cases[] = {
        {"kernel: float32, selected automatically", {"run.precision=auto"}},
        {"kernel: float64, selected automatically: sampling.dmin cuts sharply", {"sampling.dmin=2"}},
        {"", {"run.precision=float64"}},
        {"", {"run.precision=float32"}},
        {"kernel: float32, as run.precision says; float64 is advised: sampling.dmin cuts sharply",
         {"run.precision=float32", "sampling.dmin=2"}},
        {"kernel: reflections, selected automatically: only what spots reach within sampling.tolerance, reflection by "
         "reflection in double precision",
         {"crystal.shape=gauss", "crystal.cells=50"}},
        {"kernel: reflections, selected automatically: only what spots reach within sampling.tolerance, reflection by "
         "reflection in double precision, and the background by float32",
         {"crystal.shape=gauss", "crystal.cells=50", "background.size=1"}},
        {"kernel: float32 (other frames take reflections), selected automatically",
         {"crystal.shape=gauss", "sweep.kind=matrix", "sweep.matrix=crystal.cells=5,60,4"}},
        {"kernel: float64 (other frames take float32), selected automatically: with fewer than 3 cells along an axis "
         "the zeros of one factor show",
         {"sweep.kind=matrix", "sweep.matrix=crystal.cells=2,8"}},
        {"kernel: float64 (other frames take reflections), as run.precision says",
         {"run.precision=float64", "crystal.shape=gauss", "sweep.kind=matrix", "sweep.matrix=crystal.cells=5,60,4"}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char note[NOTE_BYTES];
        kernel_note_of(cases[i].settings, note);
        UNIT_CHECK(strcmp(note, cases[i].note) == 0, "case %zu: \"%s\"", i, note);
    }
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(every_kernel_gives_the_sums_of_float64_where_it_can),
                                     UNIT_TEST(every_kernel_makes_the_photons_of_its_sums),
                                     UNIT_TEST(every_kernel_adds_up_runs_of_blocks_to_the_whole),
                                     UNIT_TEST(every_kernel_asks_whether_to_go_on),
                                     UNIT_TEST(each_obstacle_is_named),
                                     UNIT_TEST(each_doubt_is_named),
                                     UNIT_TEST(the_cheapest_kernel_is_chosen_of_those_that_will_do),
                                     UNIT_TEST(a_kernel_that_is_asked_for_and_cannot_is_refused),
                                     UNIT_TEST(one_note_names_the_kernel),
                                     {NULL, NULL}};
    return unit_main("kernels", tests);
}
