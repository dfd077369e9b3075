/* Every kernel computes what the reference step says, in random scenes. */
#include "physics/step.h"

#include "base/random.h"
#include "physics/shape.h"
#include "physics/spot_reach.h"
#include "scene.h"
#include "setup/frames.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCENES = 96, SETTINGS = 36, TEXT_BYTES = 96 };

/* Settings of a random scene. */
typedef struct Random {
    char text[SETTINGS][TEXT_BYTES];
    const char *setting[SETTINGS + 1];
    int count, number, drawn;
} Random;

static double uniform(Random *random, double least, double greatest) {
    double u[4];
    random_uniform4(15, 98, (uint64_t)random->number, (uint64_t)random->drawn++, 0, u);
    return least + (greatest - least) * u[0];
}

static bool chance(Random *random, double share) {
    return uniform(random, 0.0, 1.0) < share;
}

#define SET(random, ...) (void)snprintf((random)->text[(random)->count++], TEXT_BYTES, __VA_ARGS__)

static void set_crystal(Random *random) {
    static const char *const laws[] = {"per_axis", "isotropic", "nanobragg"};
    SET(random, "%s", scene_shapes[random->number % SCENE_SHAPES]);
    SET(random, "crystal.spot_model=%s", laws[random->number / SCENE_SHAPES % 3]);
    SET(random, "crystal.spot_sharpness=%g", chance(random, 0.5) ? 1.0 : uniform(random, 0.2, 3.0));
    SET(random, "crystal.cells=%d,%d,%d", (int)uniform(random, 3, 20), (int)uniform(random, 3, 20),
        (int)uniform(random, 3, 20));
    SET(random, "crystal.cell=%g,%g,%g,%g,%g,%g", uniform(random, 20, 60), uniform(random, 20, 60),
        uniform(random, 20, 60), uniform(random, 80, 105), uniform(random, 80, 105), uniform(random, 80, 105));
    SET(random, "crystal.misset=%g,%g,%g", uniform(random, 0, 360), uniform(random, 0, 360), uniform(random, 0, 360));
    SET(random, "crystal.mosaic_spread=%g", uniform(random, 0.0, 1.5));
    SET(random, "crystal.mosaic_domains=%d", 1 + (int)uniform(random, 0, 3));
    SET(random, "crystal.default_f=%g", uniform(random, 1, 50));
    if (chance(random, 0.6)) {
        SET(random, "crystal.structure_factors=" TESSERA_GOLDEN_DIR "/inputs/2erl_P1.hkl");
        SET(random, "crystal.interpolate=%s", chance(random, 0.5) ? "on" : "off");
    }
}

static void set_beam(Random *random) {
    SET(random, "beam.wavelength=%g", uniform(random, 0.8, 1.8));
    SET(random, "beam.dispersion=%g", uniform(random, 0.1, 6.0));
    SET(random, "beam.dispersion_steps=%d", 1 + (int)uniform(random, 0, 4));
    SET(random, "beam.divergence_horizontal=%g", chance(random, 0.5) ? 3.0 : 0.0);
    SET(random, "beam.polarization=%g", uniform(random, -1.0, 1.0));
    SET(random, "beam.polarization_correction=%s", chance(random, 0.8) ? "true" : "false");
    if (chance(random, 0.4)) SET(random, "background.size=%g", uniform(random, 1, 50));
}

static void set_detector(Random *random) {
    SET(random, "detector.distance=%g", uniform(random, 60, 150));
    SET(random, "detector.pixel_size=%g", uniform(random, 0.08, 0.3));
    SET(random, "detector.fast_pixels=%d", 40 + (int)uniform(random, 0, 30));
    SET(random, "detector.slow_pixels=%d", 10 + (int)uniform(random, 0, 20));
    SET(random, "detector.rotation=%g,%g,20", uniform(random, -40, 40), uniform(random, -40, 40));
    SET(random, "detector.twotheta=%g", uniform(random, -30, 30));
    SET(random, "detector.pivot=%s", chance(random, 0.7) ? "sample" : "beam"); /* swings it to where dmin is */
    SET(random, "detector.curved=%s", chance(random, 0.2) ? "true" : "false");
    SET(random, "detector.point_pixel=%s", chance(random, 0.2) ? "true" : "false");
    if (!chance(random, 0.6)) return;
    SET(random, "detector.sensor_thickness=%g", uniform(random, 100, 900));
    SET(random, "detector.sensor_layers=%d", 1 + (int)uniform(random, 0, 3));
    if (chance(random, 0.6)) SET(random, "detector.sensor_material=CdTe");
}

/* Every scene is made in float32, which has tables that the other kernels do without. */
static Experiment *random_scene(int number) {
    Random random = {.number = number};
    set_crystal(&random);
    set_beam(&random);
    set_detector(&random);
    SET(&random, "sampling.phi_range=%g", uniform(&random, 0.0, 2.0));
    SET(&random, "sampling.phi_steps=%d", 1 + (int)uniform(&random, 0, 3));
    SET(&random, "sampling.oversample=%d", 1 + (int)uniform(&random, 0, 3));
    SET(&random, "sampling.dmin=%g", chance(&random, 0.3) ? uniform(&random, 2.0, 6.0) : 0.0);
    SET(&random, "sampling.tolerance=0");
    SET(&random, "run.precision=float32");
    for (int i = 0; i < random.count; i++) random.setting[i] = random.text[i];
    random.setting[random.count] = NULL;
    return scene(random.setting);
}

/* The steps of a pixel, and what it could have at most: every term on the peak of the strongest reflection. */
typedef struct Pixel {
    double value, most;
} Pixel;

static Pixel pixel_of(const Experiment *e, const Frame *frame, int64_t place) {
    const int64_t slow = place / e->detector.fast_pixels, fast = place % e->detector.fast_pixels;
    const int64_t *cells = e->crystal.cells;
    const double per_unit = step_photons(e, frame) / (ELECTRON_RADIUS_SQUARED_M2 * frame->fluence_per_m2);
    Pixel pixel = {.value = step_pixel(e, frame, slow, fast) / (ELECTRON_RADIUS_SQUARED_M2 * frame->fluence_per_m2)};
    for (int64_t number = 0; number < step_count(e, slow, fast); number++) {
        Step step = step_of(e, frame, slow, fast, number);
        step.lattice = (double)(cells[0] * cells[1] * cells[2]);
        step.structure_factor = e->factors.greatest_f;
        pixel.most += per_unit * step_intensity(&step);
    }
    return pixel;
}

/* What an image may differ by from the steps. */
typedef struct Tolerance {
    double of_pixel, of_brightest, of_most;
} Tolerance;

/* Compares every 37th pixel and the brightest one. @return how far the worst is off, over what is allowed */
static double worst_of(const Experiment *e, const double *image, Tolerance tolerance) {
    const int64_t pixels = detector_pixels(&e->detector);
    int64_t brightest = 0;
    double worst = 0.0;
    Frame frame;
    CU_ASSERT_FATAL(status_is_ok(frame_create(e, &frame)));
    frame_set(e, 0, &frame);
    for (int64_t i = 0; i < pixels; i++)
        if (image[i] > image[brightest]) brightest = i;
    const double greatest = pixel_of(e, &frame, brightest).value;
    for (int64_t i = -1; i < pixels; i += 37) {
        const int64_t place = i < 0 ? brightest : i;
        const Pixel pixel = pixel_of(e, &frame, place);
        const double allowed =
            tolerance.of_pixel * pixel.value + tolerance.of_brightest * greatest + tolerance.of_most * pixel.most;
        worst = fmax(worst, fabs(image[place] - pixel.value) / fmax(allowed, 1e-300));
    }
    frame_destroy(&frame);
    return worst;
}

/* A Miller index of 60 is rounded to 7e-15, and its phase in 20 cells by pi 20 times that: 5e-13 of a peak. Sums of
 * some hundred terms without cancellation lose less than 1e-12 of themselves. */
static const Tolerance OF_FLOAT64 = {1e-12, 0.0, 5e-13};

/* docs/physics.md, "How exact it is": E = pi N R 2^-24 with N = 20 and R = 60 A / 0.8 A x 36 x 0.3 mm / 60 mm + 1/2 =
 * 14 is 5e-5 of a peak at most, and less in a sum of several terms; between spots rounding is a share of the pixel.
 * Below 1e-36 of a peak float32 has no numbers. */
static const Tolerance OF_FLOAT32 = {5e-4, 2e-5, 1e-36};

static void each_kernel_is(const char *name, Precision precision, Tolerance tolerance) {
    int bright[SCENE_SHAPES] = {0};
    for (int number = 0; number < SCENES; number++) {
        Experiment *e = random_scene(number);
        e->precision = precision;
        double *image = scene_image(e, 0);
        const double worst = worst_of(e, image, tolerance);
        UNIT_CHECK(worst <= 1.0, "%s, scene %d, %s: %g times what rounding explains", name, number,
                   scene_shapes[number % SCENE_SHAPES], worst);
        for (int64_t i = 0; i < detector_pixels(&e->detector); i++)
            if (image[i] > 0.0) {
                bright[number % SCENE_SHAPES]++;
                break;
            }
        free(image);
        experiment_destroy(&e);
    }
    for (int i = 0; i < SCENE_SHAPES; i++)
        UNIT_CHECK(bright[i] > SCENES / SCENE_SHAPES / 2, "only %d scenes of shape %s show a spot", bright[i],
                   scene_shapes[i]);
}

static void float64_is_the_sum_of_the_steps(void) {
    each_kernel_is("float64", PRECISION_FLOAT64, OF_FLOAT64);
}

static void float32_is_the_sum_of_the_steps(void) {
    each_kernel_is("float32", PRECISION_FLOAT32, OF_FLOAT32);
}

/* Leaves out less than the tolerance of what a pixel could have. */
static void rendering_by_reflections_is_the_sum_of_the_steps(void) {
    const double left_out = 1e-7;
    int compared = 0;
    for (int number = 0; number < SCENES; number++) {
        Experiment *e = random_scene(number);
        const SpotEnd end = crystal_shape_facts(e->crystal.shape).end;
        e->precision = PRECISION_FLOAT64;
        e->sampling.tolerance = left_out;
        if (end != SPOTS_HAVE_TAILS && !e->sampling.interpolate && !e->detector.panels->curved) {
            const SpotReach spot = spot_reach_create(&e->crystal, left_out);
            e->sampling.by_reflections =
                spot.half_width[0] < 0.499 && spot.half_width[1] < 0.499 && spot.half_width[2] < 0.499;
        }
        if (e->sampling.by_reflections) {
            double *image = scene_image(e, 0);
            Tolerance tolerance = OF_FLOAT64;
            if (end == SPOTS_FADE) tolerance.of_most += left_out;
            const double worst = worst_of(e, image, tolerance);
            UNIT_CHECK(worst <= 1.0, "by reflections, scene %d, %s: %g times what may be left out", number,
                       scene_shapes[number % SCENE_SHAPES], worst);
            free(image);
            compared++;
        }
        experiment_destroy(&e);
    }
    UNIT_CHECK(compared > SCENES / 10, "only %d scenes were rendered by reflections", compared);
}

/* So that the nested loops of step_pixel are those of the numbers. */
static void a_pixel_is_the_sum_of_its_numbered_steps(void) {
    for (int number = 0; number < 20; number++) {
        Experiment *e = random_scene(number);
        Frame frame;
        e->background.molecules = 0.0;
        CU_ASSERT_FATAL(status_is_ok(frame_create(e, &frame)));
        frame_set(e, 0, &frame);
        for (int64_t fast = 1; fast < 40; fast += 13) {
            double sum = 0.0;
            for (int64_t i = 0; i < step_count(e, 7, fast); i++) {
                const Step step = step_of(e, &frame, 7, fast, i);
                sum += step_photons(e, &frame) * step_intensity(&step);
            }
            UNIT_CLOSE(step_pixel(e, &frame, 7, fast), sum, 1e-13 * sum, "sum of the steps");
        }
        frame_destroy(&frame);
        experiment_destroy(&e);
    }
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(float64_is_the_sum_of_the_steps),
                                     UNIT_TEST(float32_is_the_sum_of_the_steps),
                                     UNIT_TEST(rendering_by_reflections_is_the_sum_of_the_steps),
                                     UNIT_TEST(a_pixel_is_the_sum_of_its_numbered_steps),
                                     {NULL, NULL}};
    return unit_main("step", tests);
}
