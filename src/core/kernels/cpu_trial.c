#include "kernels/cpu_kernel.h"

#include "kernels/kernel.h"

#include <stdlib.h>
#include <time.h>

static double processor_seconds(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The tile in the detector's middle that the kernel is tried on: as wide as a thread's work where most steps are
 * skipped, as few of its pixels would say little. */
static Tile middle_tile(const Experiment *e) {
    const int64_t slow = e->detector.slow_pixels, fast = e->detector.fast_pixels;
    const Kernel *kernel = cpu_kernel_with(e->precision, e->sampling.by_reflections);
    Tile tile = {.slow_pixels = 8, .fast_pixels = 64};
    if (kernel->by_reflections) tile = cpu_kernel_strip(kernel, e, slow * fast, 1);
    tile.slow = slow / 2 / tile.slow_pixels * tile.slow_pixels;
    tile.fast = fast / 2 / tile.fast_pixels * tile.fast_pixels;
    if (tile.slow + tile.slow_pixels > slow) tile.slow_pixels = slow - tile.slow;
    if (tile.fast + tile.fast_pixels > fast) tile.fast_pixels = fast - tile.fast;
    return tile;
}

/* Makes layers and sub-pixels as few as a trial of so many blocks and pixels has time for. */
static void shorten_trial(int64_t pixels, Range blocks, Experiment *e) {
    const int64_t most = e->sampling.by_reflections ? 1000000000 : 2000000; /* of which most are skipped; of all */
    while (kernel_steps(e, pixels, blocks) > most && e->detector.sensor_layers > 1) e->detector.sensor_layers /= 2;
    while (kernel_steps(e, pixels, blocks) > most && e->sampling.oversample > 1) e->sampling.oversample /= 2;
}

double cpu_kernel_trial(const Experiment *experiment) {
    enum { BLOCKS = 4 };
    const int64_t blocks = kernel_blocks(experiment);
    const Range some = {0, blocks < BLOCKS ? blocks : BLOCKS};
    const Tile tile = middle_tile(experiment);
    const int64_t pixels = tile.slow_pixels * tile.fast_pixels;
    Experiment tried = *experiment;
    const Experiment *e = &tried;
    if (blocks > BLOCKS) tried.background.molecules = 0.0; /* all of it belongs to the first of many blocks */
    shorten_trial(pixels, some, &tried);
    DoubleDouble *sums = calloc((size_t)pixels, sizeof *sums);
    Frame frame = {.number = -1};
    double steps = 0.0, seconds = NAN;
    if (sums != NULL && status_is_ok(frame_create(e, &frame))) {
        frame_set(e, 0, &frame);
        const double start = processor_seconds();
        do {
            kernel_accumulate(e, &frame, tile, some, sums);
            steps += (double)kernel_steps(e, pixels, some);
            seconds = processor_seconds() - start;
        } while (seconds < 0.03);
    }
    frame_destroy(&frame);
    free(sums);
    return seconds / steps;
}
