/** @file
 *  What a benchmark says to people. */
#ifndef TESSERA_BENCHMARK_REPORT_H
#define TESSERA_BENCHMARK_REPORT_H

#include "benchmark/benchmark_result.h"

/** Prints one size: phases, speed, parity, verdict. */
void benchmark_report_size(FILE *out, const BenchmarkOptions *options, const BenchmarkResult *result);

/** Prints the figures of all comparisons: correlation.txt. */
void benchmark_report_parity(FILE *out, const BenchmarkResult *results, int count);

/** Prints what failed, by how much and what to look at: blocking.md. */
void benchmark_report_blocking(FILE *out, const BenchmarkOptions *options, const BenchmarkResult *results, int count);

#endif
