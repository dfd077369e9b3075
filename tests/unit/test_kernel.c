#include "base/float32_math.h"
#include "base/float64_math.h"
#include "kernels/kernel.h"
#include "physics/shape.h"
#include "scene.h"
#include "setup/frames.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

/* |F_latt|^2 of square crystals along one axis. */
static double interference(double miller, int cells) {
    const Crystal crystal = {.cells = {cells, 1, 1}, .shape = SHAPE_SQUARE};
    return shape_squared(&crystal, miller, 0.0, 0.0);
}

static void interference_is_cells_squared_at_every_integer(void) {
    for (int cells = 1; cells <= 1000; cells = cells * 3 / 2 + 1)
        for (int miller = -300; miller <= 300; miller++)
            CU_ASSERT_EQUAL(interference(miller, cells), (double)cells * cells);
}

static void interference_is_the_sum_of_phasors(void) {
    for (int cells = 1; cells <= 40; cells += 3)
        for (double x = -2.0; x < 3.0; x += 0.0137) {
            double real = 0.0, imaginary = 0.0;
            for (int n = 0; n < cells; n++) {
                real += cos(2.0 * PI * n * x);
                imaginary += sin(2.0 * PI * n * x);
            }
            const double sum = real * real + imaginary * imaginary;
            CU_ASSERT_DOUBLE_EQUAL(interference(x, cells), sum, 1e-12 * cells * cells);
        }
}

static void interference_is_smooth_beside_a_peak(void) {
    for (double offset = 1e-15; offset < 1e-4; offset *= 3.0)
        for (int cells = 2; cells < 200; cells *= 3) {
            /* N^2 (1 - (N^2 - 1) (pi x)^2 / 3) to second order */
            const double x = PI * offset, expected = 1.0 - ((double)cells * cells - 1.0) * x * x / 3.0;
            CU_ASSERT_DOUBLE_EQUAL(interference(17.0 + offset, cells) / (cells * cells), expected, 3e-7);
        }
}

static void fast_sine_is_that_of_the_library(void) {
    for (double x = -0.5; x <= 0.5; x += 0.00037) CU_ASSERT_DOUBLE_EQUAL(sin_pi64(x), sin(PI * x), 6e-16);
}

static void sine_in_single_precision_is_that_of_the_library(void) {
    double squares = 0.0;
    int count = 0;
    for (double at = 1e-9; at <= 0.5; at += at < 1e-3 ? at : 0.000037) {
        const float x = (float)at;
        const double error = (double)sin_pi(x) / sin(PI * (double)x) - 1.0;
        CU_ASSERT_DOUBLE_EQUAL(error, 0.0, 5e-7);
        CU_ASSERT_EQUAL(sin_pi(-x), -sin_pi(x));
        squares += error * error;
        count++;
    }
    CU_ASSERT(sqrt(squares / count) < 1.5e-7);
}

static void nearest_of_two_is_the_even_one(void) {
    for (int whole = -3000; whole <= 3000; whole++)
        for (float beyond = -0.4375f; beyond < 0.5f; beyond += 0.0625f)
            CU_ASSERT_EQUAL(nearest((float)whole + beyond), (float)whole);
    CU_ASSERT_EQUAL(nearest(0.5f), 0.0f);
    CU_ASSERT_EQUAL(nearest(1.5f), 2.0f);
    CU_ASSERT_EQUAL(nearest(-2.5f), -2.0f);
}

static void fast_interference_is_the_plain_one(void) {
    for (int n = 1; n <= 1000; n = 2 * n + 1) {
        const double cells = n;
        const double number[3] = {cells, cells + 1.0, 1.0}, top = cells * cells * (cells + 1.0) * (cells + 1.0);
        CU_ASSERT_DOUBLE_EQUAL(square_squared64(number, 31.0, -7.0, 0.0) / top, 1.0, 4e-15);
        for (double x = -3.0; x < 3.0; x += 0.0137) { /* 1e-15 of a phase of 1000 periods */
            const double plain = interference(x, n) * interference(0.3 + x, n + 1);
            CU_ASSERT_DOUBLE_EQUAL(square_squared64(number, x, 0.3 + x, x) / top, plain / top, 1e-12);
        }
    }
}

static const char *const small_scene[] = {"crystal.cell=50,60,70,80,95,105",
                                          "crystal.misset=10,20,30",
                                          "crystal.cells=3,4,5",
                                          "crystal.default_f=7",
                                          "crystal.mosaic_spread=0.5",
                                          "crystal.mosaic_domains=9",
                                          "beam.dispersion=1",
                                          "beam.dispersion_steps=7",
                                          "sampling.phi_range=1",
                                          "sampling.phi_steps=3",
                                          "sampling.oversample=2",
                                          "detector.fast_pixels=70",
                                          "detector.slow_pixels=11",
                                          "beam.polarization=0.7",
                                          NULL};

/* The image as a float32 from sums that were cut into tiles of @p edge and runs of @p blocks_each blocks. */
static float *cut_image(const Experiment *e, int64_t edge, int64_t blocks_each) {
    const int64_t fast = e->detector.fast_pixels, slow = e->detector.slow_pixels, blocks = kernel_blocks(e);
    float *image = calloc((size_t)(fast * slow), sizeof *image);
    DoubleDouble *part = calloc((size_t)(edge * edge), sizeof *part);
    DoubleDouble *sums = calloc((size_t)(edge * edge), sizeof *sums);
    Frame frame;
    if (image == NULL || part == NULL || sums == NULL || !status_is_ok(frame_create(e, &frame))) abort();
    frame_set(e, 0, &frame);
    for (int64_t s = 0; s < slow; s += edge)
        for (int64_t f = 0; f < fast; f += edge) {
            const Tile tile = {s, f, s + edge < slow ? edge : slow - s, f + edge < fast ? edge : fast - f};
            const int64_t pixels = tile.slow_pixels * tile.fast_pixels;
            memset(sums, 0, (size_t)pixels * sizeof *sums);
            for (int64_t b = 0; b < blocks; b += blocks_each) {
                memset(part, 0, (size_t)pixels * sizeof *part);
                kernel_accumulate(e, &frame, tile, (Range){b, b + blocks_each < blocks ? b + blocks_each : blocks},
                                  part);
                for (int64_t i = 0; i < pixels; i++) sums[i] = double_double_sum(sums[i], part[i]);
            }
            for (int64_t i = 0; i < pixels; i++)
                image[(s + i / tile.fast_pixels) * fast + f + i % tile.fast_pixels] = (float)sums[i].high;
        }
    frame_destroy(&frame);
    free(sums);
    free(part);
    return image;
}

static void image_does_not_depend_on_the_cut_in(const char *precision, const char *shape, const char *cells) {
    const char *settings[24] = {precision};
    int count = 1;
    for (int i = 0; small_scene[i] != NULL; i++) settings[count++] = small_scene[i];
    settings[count++] = shape;
    settings[count++] = cells;
    Experiment *e = scene(settings);
    CU_ASSERT_EQUAL_FATAL(kernel_blocks(e), 6);
    float *whole = cut_image(e, 70, 6);
    const int64_t edges[] = {70, 33, 16, 5}, parts[] = {1, 2, 4, 6};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            float *image = cut_image(e, edges[i], parts[j]);
            CU_ASSERT_EQUAL(memcmp(image, whole, (size_t)detector_pixels(&e->detector) * sizeof *image), 0);
            free(image);
        }
    free(whole);
    experiment_destroy(&e);
}

static void image_does_not_depend_on_the_cut(void) {
    image_does_not_depend_on_the_cut_in("run.precision=float64", "crystal.shape=square", "crystal.cells=3,4,5");
    image_does_not_depend_on_the_cut_in("run.precision=float32", "crystal.shape=square", "crystal.cells=3,4,5");
    /* these are rendered by reflections */
    image_does_not_depend_on_the_cut_in("run.precision=float64", "crystal.shape=gauss", "crystal.cells=20,30,25");
    image_does_not_depend_on_the_cut_in("run.precision=float64", "crystal.shape=tophat", "crystal.cells=12,10,9");
}

/* Largest relative error of float32 on pixels above 1e-6 of the greatest, and of the sum. */
static void compare_precisions(const char *const *settings, double *relative, double *sum) {
    const char *all[32] = {"run.precision=float64"};
    for (int i = 0; settings[i] != NULL; i++) all[1 + i] = settings[i];
    Experiment *e = scene(all);
    double *exact = scene_image(e, 0), exact_sum = 0.0, fast_sum = 0.0, greatest = 0.0;
    const int64_t pixels = detector_pixels(&e->detector);
    experiment_destroy(&e);
    all[0] = "run.precision=float32";
    e = scene(all);
    double *fast = scene_image(e, 0);
    experiment_destroy(&e);
    for (int64_t i = 0; i < pixels; i++) {
        exact_sum += exact[i];
        fast_sum += fast[i];
        greatest = fmax(greatest, exact[i]);
    }
    *relative = 0.0;
    *sum = fabs(fast_sum / exact_sum - 1.0);
    for (int64_t i = 0; i < pixels; i++)
        if (exact[i] > 1e-6 * greatest) *relative = fmax(*relative, fabs(fast[i] / exact[i] - 1.0));
    free(fast);
    free(exact);
}

static void float32_is_the_oracle_within_its_bound(void) {
    static const char *const others[][3] = {
        {"detector.curved=true", NULL, NULL},
        {"detector.sensor_thickness=400", "detector.sensor_material=CdTe", NULL},
        {"beam.divergence_horizontal=3", "beam.divergence_vertical=2", NULL},
        {"background.size=1", "detector.point_pixel=true", NULL},
        {"crystal.shape=round", NULL, NULL},
        {"crystal.shape=gauss", NULL, NULL},
        {"crystal.shape=gauss", "crystal.spot_model=nanobragg", NULL},
        {"crystal.shape=gauss", "crystal.spot_sharpness=3", "crystal.cells=9,20,40"},
        {"crystal.shape=round", "crystal.cells=20,30,40", "crystal.spot_sharpness=0.5"},
        {"crystal.shape=tophat", "crystal.spot_sharpness=0.25", NULL},
        {"crystal.shape=tophat", "crystal.spot_model=nanobragg", NULL},
        {"crystal.shape=round", "crystal.spot_model=isotropic", NULL},
        {"crystal.shape=gauss", "crystal.spot_model=isotropic", "crystal.cells=9,20,40"},
        {"crystal.shape=tophat", "crystal.spot_model=isotropic", "crystal.spot_sharpness=0.25"},
        {"crystal.structure_factors=" TESSERA_GOLDEN_DIR "/inputs/2erl_P1.hkl", "crystal.interpolate=on", NULL},
        {"crystal.cells=30", "sampling.oversample=1", NULL},
        {"detector.rotation=20,-30,10", "detector.twotheta=15", NULL}};
    for (size_t n = 0; n < sizeof others / sizeof *others; n++) {
        const char *settings[30] = {"detector.slow_pixels=60"};
        int count = 1;
        double relative = 0.0, sum = 0.0;
        for (int i = 0; small_scene[i] != NULL; i++) settings[count++] = small_scene[i];
        for (int i = 0; i < 3 && others[n][i] != NULL; i++) settings[count++] = others[n][i];
        compare_precisions(settings, &relative, &sum);
        UNIT_CHECK(relative < 2e-3, "scene %zu: largest relative error %g", n, relative);
        /* 4200 pixels with one or two spots: the sum has the error of a few flanks, where whole frames have 1e-7 */
        UNIT_CHECK(sum < 1e-4, "scene %zu: sum error %g", n, sum);
    }
}

static void steps_count_pixels_subpixels_layers_and_terms(void) {
    Experiment *e = scene(small_scene);
    const Tile tile = {3, 7, 2, 5};
    CU_ASSERT_EQUAL(kernel_steps(e, tile, (Range){0, kernel_blocks(e)}), 10 * 4 * 7 * 3 * 9);
    CU_ASSERT_EQUAL(kernel_steps(e, tile, (Range){0, 2}), 10 * 4 * 64);
    CU_ASSERT_EQUAL(kernel_steps(e, tile, (Range){5, 6}), 10 * 4 * (7 * 3 * 9 - 5 * KERNEL_BLOCK_TERMS));
    experiment_destroy(&e);
}

/* Every pixel of @p settings by the formula, written out with libm, against the kernel. */
static void kernel_is_the_formula(void) {
    Experiment *e = scene(small_scene);
    double *image = scene_image(e, 0);
    Frame frame;
    CU_ASSERT_FATAL(status_is_ok(frame_create(e, &frame)));
    frame_set(e, 0, &frame);
    const double pixel = e->detector.panels[0].pixel_size_m[0];
    for (int64_t n = 0; n < detector_pixels(&e->detector); n += 13) {
        double sum = 0.0;
        for (int sub = 0; sub < 4; sub++) {
            const double s = pixel * ((double)(n / 70) + 0.25 + 0.5 * (sub / 2));
            const double f = pixel * ((double)(n % 70) + 0.25 + 0.5 * (sub % 2));
            const Vec3 r = panel_position(e->detector.panels, f, s, 0.0), d = vec3_unit(r);
            const double omega = pixel * pixel * e->detector.panels[0].close_distance_m / pow(vec3_length(r), 3.0);
            for (int64_t t = 0; t < experiment_terms(e); t++) {
                const Source *source = &e->beam.sources[t % 7];
                const Vec3 q = vec3_scale(1.0 / source->wavelength_m, vec3_subtract(d, source->direction));
                double lattice = 1.0;
                for (int axis = 0; axis < 3; axis++) {
                    const Vec3 edge = crystal_domain(&e->crystal, frame.cells_m[t / 7 % 3], t / 21).row[axis];
                    const double h = vec3_dot(edge, q), cells = (double)e->crystal.cells[axis];
                    lattice *= pow(sin(PI * cells * h) / sin(PI * h), 2.0);
                }
                sum += 49.0 * lattice * omega * beam_polarization_factor(0.7, source, d);
            }
        }
        const double expected = sum / (4.0 * 7 * 3 * 9);
        CU_ASSERT_DOUBLE_EQUAL(image[n] / expected, 1.0, 1e-9);
    }
    frame_destroy(&frame);
    free(image);
    experiment_destroy(&e);
}

int main(void) {
    static const UnitTest tests[] = {
        {"interference is cells squared at every integer", interference_is_cells_squared_at_every_integer},
        {"interference is the sum of phasors", interference_is_the_sum_of_phasors},
        {"interference is smooth beside a peak", interference_is_smooth_beside_a_peak},
        {"fast sine is that of the library", fast_sine_is_that_of_the_library},
        {"sine in single precision is that of the library", sine_in_single_precision_is_that_of_the_library},
        {"nearest of two is the even one", nearest_of_two_is_the_even_one},
        {"fast interference is the plain one", fast_interference_is_the_plain_one},
        {"image does not depend on the cut", image_does_not_depend_on_the_cut},
        {"float32 is the oracle within its bound", float32_is_the_oracle_within_its_bound},
        {"steps count pixels, sub-pixels, layers and terms", steps_count_pixels_subpixels_layers_and_terms},
        {"kernel is the formula", kernel_is_the_formula},
        {NULL, NULL}};
    return unit_main("kernel", tests);
}
