/* The same source compiled for several sets of instructions gives the same bits, where all of them have fused
 * operations. */
#include "kernels/kernel.h"
#include "kernels/kernel_variants.h"
#include "parameters/instructions.h"
#include "scene.h"
#include "setup/frames.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

/* Sums of all pixels by one function; the caller frees them. */
static DoubleDouble *sums_of(KernelFunction kernel, const Experiment *e) {
    DoubleDouble *sums = calloc((size_t)detector_pixels(&e->detector), sizeof *sums);
    Frame frame;
    if (sums == NULL || !status_is_ok(frame_create(e, &frame))) abort();
    frame_set(e, 0, &frame);
    kernel(e, &frame, (Tile){0, 0, e->detector.slow_pixels, e->detector.fast_pixels}, (Range){0, kernel_blocks(e)},
           sums);
    frame_destroy(&frame);
    return sums;
}

static bool same_bits(KernelFunction one, KernelFunction other, const Experiment *e) {
    DoubleDouble *a = sums_of(one, e), *b = sums_of(other, e);
    const bool same = memcmp(a, b, (size_t)detector_pixels(&e->detector) * sizeof *a) == 0;
    free(b);
    free(a);
    return same;
}

/* Greatest difference of two kernels' sums relative to the greatest of all pixels. */
static double greatest_difference(KernelFunction one, KernelFunction other, const Experiment *e) {
    DoubleDouble *a = sums_of(one, e), *b = sums_of(other, e);
    double greatest = 0.0, difference = 0.0;
    for (int64_t i = 0; i < detector_pixels(&e->detector); i++) {
        greatest = fmax(greatest, a[i].high);
        difference = fmax(difference, fabs(a[i].high - b[i].high));
    }
    free(b);
    free(a);
    return difference > 0.0 ? difference / greatest : 0.0;
}

static Experiment *variant_scene(const char *precision, const char *shape, const char *interpolate, const char *cells) {
    const char *const settings[] = {precision,
                                    shape,
                                    interpolate,
                                    "crystal.cell=50,60,70,80,95,105",
                                    "crystal.misset=10,20,30",
                                    cells,
                                    "crystal.structure_factors=" TESSERA_GOLDEN_DIR "/inputs/2erl_P1.hkl",
                                    "crystal.mosaic_spread=0.5",
                                    "crystal.mosaic_domains=9",
                                    "beam.dispersion=1",
                                    "beam.divergence_horizontal=2",
                                    "sampling.oversample=2",
                                    "detector.fast_pixels=70",
                                    "detector.slow_pixels=19",
                                    "detector.sensor_thickness=300",
                                    "beam.polarization=0.7",
                                    NULL};
    return scene(settings);
}

static const char *const lookups[] = {"crystal.interpolate=off", "crystal.interpolate=on"};

/* A Miller index of 50 is rounded to 7e-15; with 5 cells the flank of a peak then changes by some 1e-13 of its top. */
static const double OF_ROUNDING = 1e-12;

static void float64_is_the_same_on_machines_with_fma(void) {
    for (int i = 0; i < 2 * SCENE_SHAPES; i++) {
        Experiment *e =
            variant_scene("run.precision=float64", scene_shapes[i / 2], lookups[i % 2], "crystal.cells=3,4,5");
#ifdef KERNEL_HAS_VARIANTS
        if (instructions_widest() == INSTRUCTIONS_V4) {
            CU_ASSERT(same_bits(kernel64_accumulate_v3, kernel64_accumulate_v4, e));
            CU_ASSERT(same_bits(kernel_accumulate, kernel64_accumulate_v4, e));
        }
        if (instructions_widest() == INSTRUCTIONS_V3)
            CU_ASSERT(same_bits(kernel_accumulate, kernel64_accumulate_v3, e));
#endif
        if (instructions_widest() == INSTRUCTIONS_PORTABLE)
            CU_ASSERT(same_bits(kernel_accumulate, kernel64_accumulate_portable, e));
        experiment_destroy(&e);
    }
}

static void float64_without_fma_differs_by_rounding_alone(void) {
    for (int i = 0; i < 2 * SCENE_SHAPES; i++) {
        Experiment *e =
            variant_scene("run.precision=float64", scene_shapes[i / 2], lookups[i % 2], "crystal.cells=3,4,5");
        const double difference = greatest_difference(kernel64_accumulate_portable, kernel_accumulate, e);
        UNIT_CHECK(difference < OF_ROUNDING, "%s, %s: %g", scene_shapes[i / 2], lookups[i % 2], difference);
        experiment_destroy(&e);
    }
}

static void float32_is_the_same_on_machines_with_fma(void) {
    for (int i = 0; i < 2 * SCENE_SHAPES; i++) {
        Experiment *e =
            variant_scene("run.precision=float32", scene_shapes[i / 2], lookups[i % 2], "crystal.cells=3,4,5");
#ifdef KERNEL_HAS_VARIANTS
        if (instructions_widest() == INSTRUCTIONS_V4) {
            CU_ASSERT(same_bits(kernel32_accumulate_v3, kernel32_accumulate_v4, e));
            CU_ASSERT(same_bits(kernel_accumulate, kernel32_accumulate_v4, e));
        }
        if (instructions_widest() == INSTRUCTIONS_V3)
            CU_ASSERT(same_bits(kernel_accumulate, kernel32_accumulate_v3, e));
#endif
        if (instructions_widest() == INSTRUCTIONS_PORTABLE)
            CU_ASSERT(same_bits(kernel_accumulate, kernel32_accumulate_portable, e));
        experiment_destroy(&e);
    }
}

static void rendering_by_reflections_is_the_same_on_every_machine(void) {
    for (int i = 0; i < SCENE_SHAPES; i++) {
        if (crystal_shape_facts((CrystalShape)i).end == SPOTS_HAVE_TAILS) continue;
        Experiment *e = variant_scene("run.precision=float64", scene_shapes[i], lookups[0], "crystal.cells=12,20,15");
        CU_ASSERT(e->sampling.by_reflections);
#ifdef KERNEL_HAS_VARIANTS
        if (instructions_widest() >= INSTRUCTIONS_V3)
            CU_ASSERT(same_bits(kernel_reflections_portable, kernel_reflections_v3, e));
        if (instructions_widest() == INSTRUCTIONS_V4)
            CU_ASSERT(same_bits(kernel_reflections_v3, kernel_reflections_v4, e));
#endif
        CU_ASSERT(same_bits(kernel_reflections_portable, kernel_accumulate, e));
        experiment_destroy(&e);
    }
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(float64_is_the_same_on_machines_with_fma),
                                     UNIT_TEST(float64_without_fma_differs_by_rounding_alone),
                                     UNIT_TEST(float32_is_the_same_on_machines_with_fma),
                                     UNIT_TEST(rendering_by_reflections_is_the_same_on_every_machine),
                                     {NULL, NULL}};
    return unit_main("kernel_variants", tests);
}
