/** @file
 *  What a benchmark says to programs. */
#ifndef TESSERA_BENCHMARK_JSON_H
#define TESSERA_BENCHMARK_JSON_H

#include "benchmark/benchmark_result.h"

/** Writes benchmark_results.json. */
void benchmark_json_results(FILE *file, const BenchmarkOptions *options, const BenchmarkResult *results, int count);

/** Writes env.json: machine, build, libraries. */
void benchmark_json_environment(FILE *file);

#endif
