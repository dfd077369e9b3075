#include "kernels/kernel.h"

#include "physics/step.h"

KernelScale kernel_scale(const Frame *frame) {
    return (KernelScale){.photons = step_photons(frame->experiment, frame), .adds = frame->crystal != 0};
}

void kernel_store(const Experiment *e, KernelScale scale, Tile tile, const DoubleDouble *sums, float *expected,
                  int64_t width) {
    const double photons = scale.photons;
    for (int64_t s = 0; s < tile.slow_pixels; s++) {
        const DoubleDouble *sum = sums + s * tile.fast_pixels;
        float *row = expected + s * width;
        if (e->active == NULL && !scale.adds) { /* the usual loop is one of vectors */
            for (int64_t f = 0; f < tile.fast_pixels; f++) row[f] = double_double_times(photons, sum[f]);
            continue;
        }
        const uint8_t *active =
            e->active == NULL ? NULL : e->active + (tile.slow + s) * e->detector.fast_pixels + tile.fast;
        for (int64_t f = 0; f < tile.fast_pixels; f++)
            if (active == NULL || active[f] != 0)
                row[f] =
                    scale.adds ? row[f] + double_double_times(photons, sum[f]) : double_double_times(photons, sum[f]);
    }
}

int64_t kernel_blocks(const Experiment *experiment) {
    return (experiment_terms(experiment) + KERNEL_BLOCK_TERMS - 1) / KERNEL_BLOCK_TERMS;
}

int64_t kernel_steps(const Experiment *e, Tile tile, Range blocks) {
    const int64_t all = experiment_terms(e), begin = blocks.begin * KERNEL_BLOCK_TERMS;
    const int64_t end = blocks.end * KERNEL_BLOCK_TERMS;
    const int64_t of_pixel = (int64_t)e->sampling.oversample * e->sampling.oversample *
                             detector_layers_at(&e->detector, tile.slow, tile.fast);
    return tile.slow_pixels * tile.fast_pixels * of_pixel * ((end < all ? end : all) - begin);
}
