#include "kernels/kernel.h"

#include "kernels/kernel_variants.h"
#include "physics/shape.h"

#include <string.h>

/* Functions for each set of instructions: portable, v3, v4. */
#ifdef KERNEL_HAS_VARIANTS
#define VARIANTS(name)                                                                                                 \
    { name##_portable, name##_v3, name##_v4 }
#else
#define VARIANTS(name)                                                                                                 \
    { name##_portable, name##_portable, name##_portable }
#endif
static const KernelFunction float64[] = VARIANTS(kernel64_accumulate), float32[] = VARIANTS(kernel32_accumulate);
static const KernelFunction reflections[] = VARIANTS(kernel_reflections);
static const KernelDirectFunction direct[] = VARIANTS(kernel32_expected);

/* Which of them are an experiment's. */
static int variant_of(const Experiment *e) {
    return e->instructions == INSTRUCTIONS_V4 ? 2 : e->instructions == INSTRUCTIONS_V3 ? 1 : 0;
}

void kernel_accumulate(const Experiment *experiment, const Frame *frame, Tile tile, Range blocks, DoubleDouble *sums) {
    const int variant = variant_of(experiment);
    const KernelFunction full = experiment->precision == PRECISION_FLOAT32 ? float32[variant] : float64[variant];
    if (!experiment->sampling.by_reflections) {
        full(experiment, frame, tile, blocks, sums);
        return;
    }
    /* without a term it adds the background alone */
    if (blocks.begin == 0 && experiment->background.molecules > 0.0) full(experiment, frame, tile, (Range){0, 0}, sums);
    reflections[variant](experiment, frame, tile, blocks, sums);
}

Tile kernel_strip(const Experiment *e, int64_t pixels, int threads) {
    enum { LEAST = 64, MOST = 256, STRIPS_OF_THREAD = 8 };
    int64_t edge = MOST;
    if (!e->sampling.by_reflections) return (Tile){.slow_pixels = 8, .fast_pixels = 256};
    /* wide, so that little is spent on finding reflections; but all threads need several to share the work */
    while (edge > LEAST && pixels < edge * edge * STRIPS_OF_THREAD * threads) edge /= 2;
    return (Tile){.slow_pixels = edge, .fast_pixels = edge};
}

static bool needs_no_sums(const Experiment *e, const Frame *frame) {
    return frame->crystal == 0 && e->precision == PRECISION_FLOAT32 && !e->sampling.by_reflections &&
           e->active == NULL && kernel_blocks(e) == 1 && e->sampling.oversample == 1 &&
           e->detector.sensor_layers == 1 && !(e->background.molecules > 0.0);
}

static inline float photons_of(double photons, DoubleDouble sum) {
    return (float)(photons * sum.high + photons * sum.low);
}

void kernel_store(const Experiment *e, const Frame *frame, Tile tile, const DoubleDouble *sums, float *expected,
                  int64_t width) {
    const double photons = kernel_photons(e, frame);
    const bool adds = frame->crystal != 0;
    for (int64_t s = 0; s < tile.slow_pixels; s++) {
        const DoubleDouble *sum = sums + s * tile.fast_pixels;
        float *row = expected + s * width;
        if (e->active == NULL && !adds) { /* the usual loop is one of vectors */
            for (int64_t f = 0; f < tile.fast_pixels; f++) row[f] = photons_of(photons, sum[f]);
            continue;
        }
        const uint8_t *active =
            e->active == NULL ? NULL : e->active + (tile.slow + s) * e->detector.fast_pixels + tile.fast;
        for (int64_t f = 0; f < tile.fast_pixels; f++)
            if (active == NULL || active[f] != 0)
                row[f] = adds ? row[f] + photons_of(photons, sum[f]) : photons_of(photons, sum[f]);
    }
}

void kernel_expected(const Experiment *e, const Frame *frame, Tile tile, DoubleDouble *sums, float *expected,
                     int64_t width) {
    if (needs_no_sums(e, frame)) {
        direct[variant_of(e)](e, frame, tile, kernel_photons(e, frame), expected, width);
        return;
    }
    memset(sums, 0, (size_t)(tile.slow_pixels * tile.fast_pixels) * sizeof *sums);
    kernel_accumulate(e, frame, tile, (Range){0, kernel_blocks(e)}, sums);
    kernel_store(e, frame, tile, sums, expected, width);
}

double kernel_photons(const Experiment *e, const Frame *frame) {
    const double parts = (double)e->sampling.phi_steps * (double)e->crystal.domain_count *
                         (double)e->sampling.oversample * (double)e->sampling.oversample;
    return ELECTRON_RADIUS_SQUARED_M2 * (frame->weight * frame->fluence_per_m2) / parts;
}

int64_t kernel_blocks(const Experiment *experiment) {
    return (experiment_terms(experiment) + KERNEL_BLOCK_TERMS - 1) / KERNEL_BLOCK_TERMS;
}

int64_t kernel_steps(const Experiment *e, int64_t pixels, Range blocks) {
    const int64_t all = experiment_terms(e), begin = blocks.begin * KERNEL_BLOCK_TERMS;
    const int64_t end = blocks.end * KERNEL_BLOCK_TERMS;
    const int64_t of_pixel = (int64_t)e->sampling.oversample * e->sampling.oversample * e->detector.sensor_layers;
    return pixels * of_pixel * ((end < all ? end : all) - begin);
}

double kernel_interference(double miller, double cells) {
    return shape_interference(miller, cells);
}
