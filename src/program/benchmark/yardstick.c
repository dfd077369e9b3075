#include "benchmark/yardstick.h"

#include "kernels/kernel.h"
#include "physics/step.h"

#include <stdlib.h>
#include <time.h>

static double thread_seconds(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double greatest_of(const float *image, int64_t pixels) {
    double greatest = 0.0;
    for (int64_t i = 0; i < pixels; i++) greatest = fmax(greatest, (double)image[i]);
    return greatest;
}

/* Of a panel, as good as any. */
static Tile middle_pixel(const Experiment *e) {
    const Tile canvas = e->detector.panels[e->detector.panel_count / 2].canvas;
    return (Tile){canvas.slow + canvas.slow_pixels / 2, canvas.fast + canvas.fast_pixels / 2, 1, 1};
}

Yardstick yardstick_measure(const Experiment *e, const Frame *frame, int64_t steps, const float *image) {
    const int64_t all = detector_pixels(&e->detector), width = e->detector.fast_pixels;
    const Range blocks = {0, kernel_blocks(e)};
    const int64_t of_pixel = kernel_steps(e, middle_pixel(e), blocks);
    const int64_t wanted = steps / of_pixel < 1 ? 1 : steps / of_pixel;
    const int64_t stride = wanted >= all ? 1 : all / wanted;
    const double greatest = greatest_of(image, all);
    Yardstick result = {.pixels = 0};
    const double begin = thread_seconds(); /* around all pixels: asking for the time takes longer than a step */
    for (int64_t first = 0; first < all; first += stride) {
        const int64_t pixel = first + (first * 7919) % stride; /* so that they do not line up in columns */
        if (pixel >= all || (e->active != NULL && e->active[pixel] == 0)) continue;
        const double error = (double)image[pixel] - step_pixel(e, frame, pixel / width, pixel % width);
        result.largest_error = fmax(result.largest_error, fabs(error));
        result.pixels++;
        result.steps += kernel_steps(e, (Tile){pixel / width, pixel % width, 1, 1}, blocks);
    }
    result.cpu_s = thread_seconds() - begin;
    result.largest_error /= greatest > 0.0 ? greatest : 1.0;
    result.nanoseconds = result.steps > 0 ? 1e9 * result.cpu_s / (double)result.steps : (double)NAN;
    return result;
}
