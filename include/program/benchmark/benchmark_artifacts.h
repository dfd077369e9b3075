/** @file
 *  The files of a benchmark: --keep-artifacts DIR. */
#ifndef TESSERA_BENCHMARK_ARTIFACTS_H
#define TESSERA_BENCHMARK_ARTIFACTS_H

#include "base/timeline.h"
#include "benchmark/benchmark_result.h"

/** Checks that no file of the folder is read: as a run file, by a parameter, or as the reference (NULL without one).
 *  @return BAD_PARAMETER */
Status benchmark_artifacts_check(const BenchmarkOptions *options, const Parameters *parameters, const char *reference);

/** Prints the files of a benchmark as file_roles_print does. */
void benchmark_artifacts_print_roles(FILE *out);

/** Makes the folder where there is none, and removes from it what an earlier benchmark has left.
 *  @return OUTPUT_FAILED */
Status benchmark_artifacts_begin(const char *folder);

/** Writes the files about all sizes.
 *  @param timeline  NULL without --profile
 *  @return OUTPUT_FAILED, NO_MEMORY */
Status benchmark_artifacts_write(const char *folder, const BenchmarkOptions *options, const BenchmarkResult *results,
                                 int count, const Timeline *timeline);

/** Writes preview_SIZE_ours.png, _reference.png and _difference.png: six decades of grey below the reference's greatest
 *  pixel (the difference: below its own).
 *  @return OUTPUT_FAILED, NO_MEMORY */
Status benchmark_artifacts_previews(const char *folder, ImageView reference, ImageView ours);

#endif
