/** @file
 *  The cases that are measured. */
#ifndef TESSERA_BENCHMARK_CASE_H
#define TESSERA_BENCHMARK_CASE_H

#include "benchmark/benchmark_options.h"
#include "parameters/parameters.h"

/** The parameters of a case at one size. Built-in cases follow nanoBragg's laws.
 *  @param size        edge of the detector in pixels; 0: the run file's own
 *  @param parameters  the caller destroys them
 *  @return BAD_PARAMETER for an unknown case or a bad parameter; BAD_FILE */
Status benchmark_case_create(const BenchmarkOptions *options, int64_t size, Parameters **parameters, Notes *notes);

/** True when the case is a run file. */
bool benchmark_case_is_file(const char *case_name);

#endif
