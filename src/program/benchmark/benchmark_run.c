#include "benchmark/benchmark_run.h"

#include "base/clocks.h"
#include "base/large_memory.h"
#include "kernels/kernel.h"
#include "model/active_pixels.h"

#include <errno.h>
#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* When one thread began and ended computing. */
typedef struct ThreadSpan {
    double begin_s, end_s;
} ThreadSpan;

Status benchmark_check_stop(BenchmarkSession session) {
    if (session.stop == NULL || *session.stop == 0) return status_ok();
    return status_error(STATUS_INTERRUPTED, "benchmark: stopped by a signal; nothing was measured to its end");
}

void benchmark_image_free(BenchmarkImage *image) {
    free(image->pixels);
    image->pixels = NULL;
}

/* Seconds that reading the structure factors takes, by reading them once more. */
static Status time_load(const Parameters *p, double *seconds) {
    Reflections reflections;
    double *grid = NULL;
    StructureFactors factors;
    *seconds = 0.0;
    if (*p->crystal_structure_factors_file == '\0') return status_ok();
    const double begin = clocks_steady_s();
    Status status = reflections_read(p, &reflections, NULL);
    if (status_is_ok(status))
        status =
            structure_factors_create(p, &reflections, mat3_identity(), false, &factors, &grid, NULL); /* any axes do */
    *seconds = clocks_steady_s() - begin;
    reflections_free(&reflections);
    free(grid);
    return status;
}

static Status allocate(const Experiment *e, BenchmarkImage *image) {
    const int64_t pixels = detector_pixels(&e->detector);
    image->slow_pixels = e->detector.slow_pixels;
    image->fast_pixels = e->detector.fast_pixels;
    image->precision = e->precision;
    image->instructions = e->instructions;
    if (image->pixels == NULL) image->pixels = large_memory((size_t)pixels, sizeof *image->pixels);
    if (image->pixels == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " pixels", pixels);
    return status_ok();
}

static int64_t least_of(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Strips, a thread's units of work, anchored to the detector's corner, as in `simulate`. */
typedef struct Strips {
    int64_t rows, columns; /* pixels of each */
    int64_t in_row, count;
} Strips;

static Strips cut_strips(const Experiment *e) {
    const Tile strip = kernel_strip(e, detector_pixels(&e->detector), omp_get_max_threads());
    Strips strips = {.rows = strip.slow_pixels, .columns = strip.fast_pixels};
    strips.in_row = (e->detector.fast_pixels + strips.columns - 1) / strips.columns;
    strips.count = strips.in_row * ((e->detector.slow_pixels + strips.rows - 1) / strips.rows);
    return strips;
}

/* The active part of strip @p index, row by row of strips. */
static Tile strip_at(const Experiment *e, Strips strips, int64_t index) {
    const int64_t slow = index / strips.in_row * strips.rows, fast = index % strips.in_row * strips.columns;
    const Tile whole = {slow, fast, least_of(strips.rows, e->detector.slow_pixels - slow),
                        least_of(strips.columns, e->detector.fast_pixels - fast)};
    return active_pixels_within(e->active, e->detector.fast_pixels, whole);
}

/* All steps. @p all  room for the sums of a strip for each thread. @p spans  [threads] */
static void compute(BenchmarkSession session, const Experiment *e, const Frame *frame, Strips strips, DoubleDouble *all,
                    BenchmarkImage *image, ThreadSpan *spans) {
    const Range blocks = {0, kernel_blocks(e)};
    int64_t steps = 0;
    if (e->active != NULL) memset(image->pixels, 0, (size_t)detector_pixels(&e->detector) * sizeof *image->pixels);
#pragma omp parallel reduction(+ : steps)
    {
        DoubleDouble *sums = all + omp_get_thread_num() * strips.rows * strips.columns;
        ThreadSpan *span = &spans[omp_get_thread_num()];
        span->begin_s = clocks_steady_s();
#pragma omp for schedule(dynamic, 1) nowait
        for (int64_t i = 0; i < strips.count; i++) {
            const Tile tile = strip_at(e, strips, i);
            const int64_t pixels = tile.slow_pixels * tile.fast_pixels;
            if (pixels == 0 || (session.stop != NULL && *session.stop != 0)) continue;
            float *first = image->pixels + tile.slow * image->fast_pixels + tile.fast;
            kernel_expected(e, frame, tile, sums, first, image->fast_pixels);
            steps += kernel_steps(e, pixels, blocks);
        }
        span->end_s = clocks_steady_s();
    }
    image->steps = steps;
}

static Status write_image(const char *path, const BenchmarkImage *image) {
    const size_t pixels = (size_t)(image->slow_pixels * image->fast_pixels);
    FILE *file = fopen(path, "wb");
    bool written = file != NULL && fwrite(image->pixels, sizeof *image->pixels, pixels, file) == pixels;
    if (file != NULL) written = fclose(file) == 0 && written;
    if (written) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "%s cannot be written: %s", path, strerror(errno));
}

static void record(BenchmarkSession session, Phase phase, const char *pass, const char *what, int thread, double begin,
                   double end) {
    char name[48];
    (void)snprintf(name, sizeof name, "%s: %s", pass, what);
    timeline_add(session.timeline, phase, name, thread, begin, end);
}

static Status compute_timed(BenchmarkSession session, const char *name, const Experiment *e, const Frame *frame,
                            BenchmarkImage *image, BenchmarkTimes *times) {
    const int threads = omp_get_max_threads();
    const Strips strips = cut_strips(e);
    DoubleDouble *sums = malloc((size_t)(threads * strips.rows * strips.columns) * sizeof *sums);
    ThreadSpan *spans = calloc((size_t)threads, sizeof *spans);
    if (spans == NULL || sums == NULL) {
        free(spans);
        free(sums);
        return status_error(STATUS_NO_MEMORY, "no memory for %d threads", threads);
    }
    const double begin = clocks_steady_s(), cpu = clocks_cpu_s();
    compute(session, e, frame, strips, sums, image, spans);
    const double end = clocks_steady_s();
    times->compute_cpu = clocks_cpu_s() - cpu;
    times->compute = end - begin;
    times->wait = 0.0;
    for (int i = 0; i < threads; i++) {
        times->wait += spans[i].end_s > 0.0 ? end - begin - (spans[i].end_s - spans[i].begin_s) : 0.0;
        if (spans[i].end_s > 0.0) record(session, PHASE_COMPUTE, name, "compute", i, spans[i].begin_s, spans[i].end_s);
    }
    free(spans);
    free(sums);
    return benchmark_check_stop(session);
}

/* From the experiment on; it and the frame are there. */
static Status compute_and_write(BenchmarkSession session, const char *name, const Experiment *e, const Frame *frame,
                                const char *output, BenchmarkImage *image, BenchmarkTimes *times) {
    TRY(compute_timed(session, name, e, frame, image, times));
    const double begin = clocks_steady_s();
    if (output != NULL) TRY(write_image(output, image));
    times->write = clocks_steady_s() - begin;
    if (output != NULL) record(session, PHASE_WRITE, name, "write", 0, begin, begin + times->write);
    return status_ok();
}

Status benchmark_pass(BenchmarkSession session, const char *name, const Parameters *parameters, const char *output,
                      BenchmarkImage *image, BenchmarkTimes *times) {
    Experiment *experiment = NULL;
    Frame frame = {.number = -1};
    *times = (BenchmarkTimes){.reduce = 0.0};
    TRY(benchmark_check_stop(session));
    const double before = clocks_steady_s();
    TRY(time_load(parameters, &times->load));
    if (times->load > 0.0) record(session, PHASE_SETUP, name, "structure factors", 0, before, before + times->load);
    const double begin = clocks_steady_s(), cpu = clocks_cpu_s();
    Status status = experiment_create(parameters, &experiment, NULL);
    if (status_is_ok(status)) status = frame_create(experiment, &frame);
    if (status_is_ok(status)) status = allocate(experiment, image);
    if (status_is_ok(status)) {
        frame_set(experiment, 0, &frame);
        const double ready = clocks_steady_s();
        times->setup = fmax(ready - begin - times->load, 0.0); /* the load is in it once more */
        record(session, PHASE_SETUP, name, "set-up", 0, begin, ready);
        status = compute_and_write(session, name, experiment, &frame, output, image, times);
    }
    times->total = times->load + times->setup + times->compute + times->write;
    times->total_cpu = clocks_cpu_s() - cpu;
    frame_destroy(&frame);
    experiment_destroy(&experiment);
    return status;
}
