/** @file
 *  `tessera benchmark`: how fast, after parity has been shown. */
#ifndef TESSERA_COMMAND_BENCHMARK_H
#define TESSERA_COMMAND_BENCHMARK_H

#include "base/status.h"

#include <stdio.h>

/** Runs the command. Serial, with OpenMP's threads.
 *  @param argc, argv  argv[0] is "benchmark"
 *  @param out         the table goes here; borrowed
 *  @return COMPARISON_FAILED when a size is blocked; BAD_PARAMETER or BAD_FILE for wrong usage; OUTPUT_FAILED;
 *          INTERRUPTED */
Status command_benchmark(int argc, char **argv, FILE *out);

#endif
