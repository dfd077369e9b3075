/** @file
 *  What was measured, and whether it may be trusted. */
#ifndef TESSERA_BENCHMARK_RESULT_H
#define TESSERA_BENCHMARK_RESULT_H

#include "base/sha256.h"
#include "benchmark/benchmark_options.h"
#include "benchmark/benchmark_reference.h"
#include "benchmark/benchmark_run.h"
#include "benchmark/yardstick.h"
#include "formats/compare.h"
#include "shared/nanobragg_arguments.h"

/** Limits of a comparison. */
typedef struct ParityGate {
    double one_minus_correlation, sum_error;
} ParityGate;

/** The figures of one comparison, and the verdict. */
typedef struct Parity {
    Comparison figures;
    ParityGate gate;
    bool passed;
} Parity;

/** Median of some values, and greatest minus least. */
typedef struct Spread {
    double median, spread;
} Spread;

/** One pass of each kind, one after the other, so that a noisy machine is as noisy for all. */
typedef struct BenchmarkRound {
    BenchmarkTimes ours;
    Yardstick yardstick;
    ReferenceTimes reference; /**< NAN when it was not run in this round */
} BenchmarkRound;

/** All of one size. Owns `rounds` and `arguments`: benchmark_result_free frees them. */
typedef struct BenchmarkResult {
    int64_t slow_pixels, fast_pixels, steps;
    const char *kernel;
    Instructions instructions;
    int threads;
    char sha256[SHA256_TEXT_BYTES]; /**< of the float32 image, row by row */
    BenchmarkTimes cold;
    int64_t round_count;
    BenchmarkRound *rounds; /**< [round_count] warm */
    Parity oracle;
    bool has_reference;
    Parity reference;             /**< where has_reference */
    NanobraggArguments arguments; /**< of the reference */
    char skipped[512];            /**< why there is no reference */
    Notes notes;                  /**< choices made automatically */
} BenchmarkResult;

/** The gate against our own oracle, or against a reference. */
ParityGate benchmark_gate(const BenchmarkOptions *options, bool oracle);

/** Compares, and judges. */
Parity benchmark_parity(ImageView reference, ImageView test, ParityGate gate);

/** False: BLOCKED. */
bool benchmark_passed(const BenchmarkResult *result);

/** Median and spread over the rounds of a figure; rounds where it is NAN do not count. */
Spread benchmark_spread(const BenchmarkResult *result, double (*figure)(const BenchmarkRound *, int64_t steps));

/** Figures of a round: seconds of a phase, CPU time per step of ours, and ratios of what stands beside it. */
double figure_load(const BenchmarkRound *, int64_t steps);
double figure_setup(const BenchmarkRound *, int64_t steps);
double figure_compute(const BenchmarkRound *, int64_t steps);
double figure_reduce(const BenchmarkRound *, int64_t steps);
double figure_write(const BenchmarkRound *, int64_t steps);
double figure_total(const BenchmarkRound *, int64_t steps);
double figure_steps_per_second(const BenchmarkRound *, int64_t steps);
double figure_nanoseconds(const BenchmarkRound *, int64_t steps);
double figure_yardstick_nanoseconds(const BenchmarkRound *, int64_t steps);
double figure_yardstick_ratio(const BenchmarkRound *, int64_t steps);
double figure_reference_wall(const BenchmarkRound *, int64_t steps);
double figure_reference_cpu(const BenchmarkRound *, int64_t steps);
double figure_speed_up_wall(const BenchmarkRound *, int64_t steps);
double figure_speed_up_cpu(const BenchmarkRound *, int64_t steps);

/** Where the wall time of the warm passes went, 0..1; together 1. */
typedef struct BenchmarkShares {
    double compute, wait;        /**< of all threads: computing, and without work while others computed */
    double reduce, write, setup; /**< set-up and load */
} BenchmarkShares;

/** Shares over all warm passes. */
BenchmarkShares benchmark_shares(const BenchmarkResult *result);

/** Frees what @p result owns. */
void benchmark_result_free(BenchmarkResult *result);

#endif
