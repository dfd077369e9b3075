#include "benchmark/benchmark_result.h"

#include <stdlib.h>

ParityGate benchmark_gate(const BenchmarkOptions *options, bool oracle) {
    const ParityGate usual = oracle ? (ParityGate){1e-6, 1e-5} : (ParityGate){1e-3, 5e-3};
    ParityGate gate = {1.0 - options->min_correlation, options->max_sum_error};
    if (isnan(gate.one_minus_correlation)) gate.one_minus_correlation = usual.one_minus_correlation;
    if (isnan(gate.sum_error)) gate.sum_error = usual.sum_error;
    if (!oracle) return gate;
    return (ParityGate){fmin(gate.one_minus_correlation, usual.one_minus_correlation),
                        fmin(gate.sum_error, usual.sum_error)};
}

Parity benchmark_parity(ImageView reference, ImageView test, ParityGate gate) {
    Parity parity = {.figures = compare_images(reference, test, 1e-6), .gate = gate};
    parity.passed = parity.figures.reference_nonfinite == 0 && parity.figures.test_nonfinite == 0 &&
                    parity.figures.one_minus_correlation <= gate.one_minus_correlation &&
                    fabs(parity.figures.sum_error) <= gate.sum_error;
    return parity;
}

bool benchmark_passed(const BenchmarkResult *result) {
    return result->oracle.passed && (!result->has_reference || result->reference.passed);
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

Spread benchmark_spread(const BenchmarkResult *result, double (*figure)(const BenchmarkRound *, int64_t steps)) {
    double values[BENCHMARK_ITERATIONS_MOST];
    size_t count = 0;
    for (int64_t i = 0; i < result->round_count; i++) {
        const double value = figure(&result->rounds[i], result->steps);
        if (!isnan(value)) values[count++] = value;
    }
    if (count == 0) return (Spread){NAN, NAN};
    qsort(values, count, sizeof *values, by_value);
    return (Spread){0.5 * (values[(count - 1) / 2] + values[count / 2]), values[count - 1] - values[0]};
}

double figure_load(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->ours.load;
}

double figure_setup(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->ours.setup;
}

double figure_compute(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->ours.compute;
}

double figure_reduce(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->ours.reduce;
}

double figure_write(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->ours.write;
}

double figure_total(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->ours.total;
}

double figure_steps_per_second(const BenchmarkRound *round, int64_t steps) {
    return (double)steps / round->ours.compute;
}

double figure_nanoseconds(const BenchmarkRound *round, int64_t steps) {
    return 1e9 * round->ours.compute_cpu / (double)steps;
}

double figure_yardstick_nanoseconds(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->yardstick.nanoseconds;
}

double figure_yardstick_ratio(const BenchmarkRound *round, int64_t steps) {
    return round->yardstick.nanoseconds / figure_nanoseconds(round, steps);
}

double figure_reference_wall(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->reference.wall_s;
}

double figure_reference_cpu(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->reference.cpu_s;
}

double figure_speed_up_wall(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->reference.wall_s / round->ours.total;
}

double figure_speed_up_cpu(const BenchmarkRound *round, int64_t steps) {
    (void)steps;
    return round->reference.cpu_s / round->ours.total_cpu;
}

BenchmarkShares benchmark_shares(const BenchmarkResult *result) {
    BenchmarkShares shares = {.reduce = 0.0};
    double total = 0.0;
    for (int64_t i = 0; i < result->round_count; i++) {
        const BenchmarkTimes *times = &result->rounds[i].ours;
        const double wait = times->wait / result->threads;
        shares.compute += times->compute - wait;
        shares.wait += wait;
        shares.reduce += times->reduce;
        shares.write += times->write;
        shares.setup += times->setup + times->load;
        total += times->total;
    }
    return (BenchmarkShares){shares.compute / total, shares.wait / total, shares.reduce / total, shares.write / total,
                             shares.setup / total};
}

void benchmark_result_free(BenchmarkResult *result) {
    nanobragg_arguments_free(&result->arguments);
    free(result->rounds);
    result->rounds = NULL;
}
