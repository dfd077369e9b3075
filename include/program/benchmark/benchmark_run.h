/** @file
 *  One pass through a frame, with a clock on every phase. */
#ifndef TESSERA_BENCHMARK_RUN_H
#define TESSERA_BENCHMARK_RUN_H

#include "base/timeline.h"
#include "model/experiment.h"

/** Seconds of each phase; wall time unless said. */
typedef struct BenchmarkTimes {
    double load;        /**< structure factors from their file, 0 without one */
    double setup;       /**< all else from the parameters to the first step, and the image's memory */
    double compute;     /**< steps */
    double compute_cpu; /**< the same in CPU time of all threads */
    double reduce;      /**< between processes: 0, there is one */
    double write;       /**< float32 image to a file */
    double total, total_cpu;
    double wait; /**< of threads that had no more work while others computed, all threads together */
} BenchmarkTimes;

/** An image that passes fill. Owns `pixels`: the first pass allocates them, benchmark_image_free frees. */
typedef struct BenchmarkImage {
    float *pixels; /**< [slow][fast] expected photons of frame 0 */
    int64_t slow_pixels, fast_pixels;
    int64_t steps;
    const char *kernel;        /**< name of the one that was chosen */
    Instructions instructions; /**< that were chosen */
} BenchmarkImage;

/** What passes share. */
typedef struct BenchmarkSession {
    Timeline *timeline;       /**< NULL without --profile */
    const volatile int *stop; /**< set by a signal */
} BenchmarkSession;

/** Renders frame 0 from the parameters on, with OpenMP's threads.
 *  @param name    of the pass in the timeline
 *  @param output  file for the image, or NULL
 *  @return the first failure; INTERRUPTED after a signal */
Status benchmark_pass(BenchmarkSession session, const char *name, const Parameters *parameters, const char *output,
                      BenchmarkImage *image, BenchmarkTimes *times);

/** INTERRUPTED when a signal has come. */
Status benchmark_check_stop(BenchmarkSession session);

/** Frees the pixels. */
void benchmark_image_free(BenchmarkImage *image);

#endif
