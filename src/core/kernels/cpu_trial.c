#include "kernels/cpu_kernel.h"

#include "kernels/kernel.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

static double processor_seconds(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The tile in the panel's middle that the kernel is tried on: as wide as a thread's work where most steps are skipped,
 * as few of its pixels would say little. */
static Tile middle_tile(const Experiment *e, const Panel *panel) {
    const int64_t slow = panel->canvas.slow_pixels, fast = panel->canvas.fast_pixels;
    const Kernel *kernel = cpu_kernel_with(e->precision, e->sampling.by_reflections);
    Tile tile = {.slow_pixels = 8, .fast_pixels = 64};
    if (kernel->by_reflections) tile = cpu_kernel_strip(kernel, e, detector_pixels(&e->detector), 1);
    tile.slow = slow / 2 / tile.slow_pixels * tile.slow_pixels;
    tile.fast = fast / 2 / tile.fast_pixels * tile.fast_pixels;
    if (tile.slow + tile.slow_pixels > slow) tile.slow_pixels = slow - tile.slow;
    if (tile.fast + tile.fast_pixels > fast) tile.fast_pixels = fast - tile.fast;
    tile.slow += panel->canvas.slow;
    tile.fast += panel->canvas.fast;
    return tile;
}

enum { TRIAL_BLOCKS = 4 };

/* A trial grows, eightfold at most at a time, until it takes so long or is as fine as the run. */
static const double TRIAL_LEAST_S = 0.03, TRIAL_GROWS_UNTIL_S = 0.1;

static int64_t at_most(int64_t number, int64_t most) {
    return number < most ? number : most;
}

/* Leaves as many terms, then sub-pixels and layers, as an effort of so much allows.
 * @param tried  of one panel, which is changed
 * @return whether there is more to try */
static bool shorten_trial(const Experiment *e, int64_t effort, int layers, Experiment *tried) {
    enum { TERMS = TRIAL_BLOCKS * KERNEL_BLOCK_TERMS };
    const int64_t terms = at_most(effort, TERMS), parts = effort > TERMS ? effort / TERMS : 1;
    tried->beam.source_count = at_most(e->beam.source_count, terms);
    tried->sampling.phi_steps = at_most(e->sampling.phi_steps, terms);
    tried->crystal.domain_count = at_most(e->crystal.domain_count, terms);
    tried->sampling.oversample = (int)at_most(e->sampling.oversample, parts);
    tried->detector.panels->sensor.layers = (int)at_most(layers, parts);
    return effort < TERMS || e->sampling.oversample > parts || layers > parts;
}

/* Seconds for a step of the first blocks of a tile. How many steps are skipped, and with that the time, nobody knows
 * beforehand: it differs a millionfold.
 * @param tried  the experiment with that panel alone */
static double try_steps(const Experiment *e, Experiment *tried, const Frame *frame, Tile tile, DoubleDouble *sums) {
    const int layers = tried->detector.panels->sensor.layers;
    double seconds = 0.0, steps = 0.0;
    bool grows = true;
    if (kernel_blocks(e) > TRIAL_BLOCKS) tried->background.molecules = 0.0; /* it belongs to the first of many */
    for (int64_t effort = 1; seconds < (grows ? TRIAL_GROWS_UNTIL_S : TRIAL_LEAST_S);) {
        if (grows) {
            grows = shorten_trial(e, effort, layers, tried);
            effort *= 2;
            steps = seconds = 0.0;
        }
        const Range blocks = {0, at_most(kernel_blocks(tried), TRIAL_BLOCKS)};
        const double start = processor_seconds();
        kernel_accumulate(tried, frame, tile, blocks, sums);
        steps += (double)kernel_steps(tried, tile, blocks);
        seconds += processor_seconds() - start;
    }
    return seconds / steps;
}

double cpu_kernel_trial(const Experiment *e, const Frame *frame) {
    Panel panel = e->detector.panels[e->detector.panel_count / 2];
    const Tile tile = middle_tile(e, &panel);
    Experiment tried = *e;
    tried.detector.panel_count = 1;
    tried.detector.panels = &panel;
    tried.detector.common_layers = 0;
    DoubleDouble *sums = calloc((size_t)(tile.slow_pixels * tile.fast_pixels), sizeof *sums);
    const double seconds = sums == NULL ? NAN : try_steps(e, &tried, frame, tile, sums);
    free(sums);
    return seconds;
}
