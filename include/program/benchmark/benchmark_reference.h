/** @file
 *  An installed binary of nanoBragg, run as a child process. */
#ifndef TESSERA_BENCHMARK_REFERENCE_H
#define TESSERA_BENCHMARK_REFERENCE_H

#include "benchmark/benchmark_run.h"
#include "shared/nanobragg_arguments.h"
#include "shared/scratch_folder.h"

/** What one run of it took, the whole process. */
typedef struct ReferenceTimes {
    double wall_s, cpu_s;
} ReferenceTimes;

/** Where the binary is: @p name itself when it has a slash, else in PATH.
 *  @param path  allocated, absolute; the caller frees it
 *  @return BAD_FILE when there is none that can be started */
Status benchmark_reference_find(const char *name, char **path);

/** Runs it in the scratch folder, without a shell, and reads its float image. The folder is empty again afterwards.
 *  @param image  its `pixels` are allocated when NULL; slow_pixels and fast_pixels are given
 *  @return BAD_FILE when it fails (with the end of what it printed) or writes no image of this size; INTERRUPTED after
 *          a signal, when it has been ended */
Status benchmark_reference_run(BenchmarkSession session, const char *path, const NanobraggArguments *arguments,
                               const ScratchFolder *folder, BenchmarkImage *image, ReferenceTimes *times);

#endif
