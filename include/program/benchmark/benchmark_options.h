/** @file
 *  The command line of `tessera benchmark`. */
#ifndef TESSERA_BENCHMARK_OPTIONS_H
#define TESSERA_BENCHMARK_OPTIONS_H

#include "base/status.h"
#include "shared/options.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { BENCHMARK_SIZES_MOST = 32, BENCHMARK_OVERRIDES_MOST = 256, BENCHMARK_ITERATIONS_MOST = 1000 };

/** What the command line asks for. Borrows its texts from argv. */
typedef struct BenchmarkOptions {
    const char *case_name;              /**< a built-in case, or a run file */
    int sizes;                          /**< 0: the case's own */
    int64_t size[BENCHMARK_SIZES_MOST]; /**< edges of the detector in pixels */
    int64_t iterations;                 /**< warm passes */
    const char *precision;              /**< NULL: the case's own */
    const char *reference;              /**< a binary of nanoBragg, or NULL */
    const char *artifacts;              /**< folder for files, or NULL */
    bool profile, help;
    double min_correlation, max_sum_error; /**< NAN: not given */
    int overrides;
    char *override[BENCHMARK_OVERRIDES_MOST]; /**< --section.key=value */
} BenchmarkOptions;

/** Reads the arguments behind the command's name; NB_C_BIN of the environment stands for a --reference not given.
 *  @return BAD_PARAMETER for an unknown option (with the nearest one) or a bad value */
Status benchmark_options_read(int argc, char **argv, BenchmarkOptions *options);

/** The options. */
extern const OptionTable benchmark_options;

#endif
