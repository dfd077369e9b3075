#include "benchmark/benchmark_run.h"

#include "base/clocks.h"
#include "base/large_memory.h"
#include "hdf5/sweep_files.h"
#include "kernels/kernel.h"
#include "kernels/kernel_table.h"
#include "setup/frames.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    image->kernel = kernel_at(kernel_row_of(e))->name;
    image->instructions = e->instructions;
    if (image->pixels == NULL) image->pixels = large_memory((size_t)pixels, sizeof *image->pixels);
    if (image->pixels == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " pixels", pixels);
    return status_ok();
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

static bool is_stopped(void *stop, double fraction) {
    (void)fraction;
    return *(const volatile int *)stop != 0;
}

/* All steps, by the kernel that `simulate` would take. */
static Status compute_timed(BenchmarkSession session, const char *name, const Experiment *e, const Frame *frame,
                            BenchmarkImage *image, BenchmarkTimes *times) {
    const Kernel *kernel = kernel_at(kernel_row_of(e));
    const Tile all = {0, 0, e->detector.slow_pixels, e->detector.fast_pixels};
    const Range part = {0, 1};
    char label[48];
    (void)snprintf(label, sizeof label, "%s: compute", name);
    const KernelSetup setup = {
        .experiment = e, .tiles = &all, .parts = &part, .part_count = 1, .timeline = session.timeline, .label = label};
    KernelJob job = {.blocks = {0, kernel_blocks(e)}, .expected = image->pixels, .width = image->fast_pixels};
    if (session.stop != NULL) job.watch = (KernelWatch){is_stopped, (void *)session.stop};
    KernelWork *work = NULL;
    TRY(kernel->create(kernel, setup, &work));
    const double begin = clocks_steady_s(), cpu = clocks_cpu_s();
    if (e->active != NULL) memset(image->pixels, 0, (size_t)detector_pixels(&e->detector) * sizeof *image->pixels);
    kernel->submit(work, frame, job);
    const KernelResult result = kernel->collect(work);
    times->compute_cpu = clocks_cpu_s() - cpu;
    times->compute = clocks_steady_s() - begin;
    times->wait = result.idle_s;
    image->steps = result.steps;
    kernel->destroy(&work);
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
    Status status = sweep_files_experiment(parameters, &experiment, NULL);
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
