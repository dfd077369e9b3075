/** @file
 *  The trace of a pixel as JSON, with the names of the reference's truth files. */
#ifndef TESSERA_TRACE_FILE_H
#define TESSERA_TRACE_FILE_H

#include "base/status.h"
#include "model/experiment.h"
#include "parameters/parameters.h"

#include <stdio.h>

/** BAD_PARAMETER when run.trace_file is wanted, exists and may not be replaced. Call it before anything is written. */
Status trace_file_check(const Parameters *parameters, bool replaces);

/** Writes geometry, cell, sources, mosaic domains and every step at run.trace_pixel for frame @p number, 17 digits.
 *  @return OUTPUT_FAILED when the file cannot be written */
Status trace_file_write(const Parameters *parameters, const Experiment *experiment, int64_t number);

/** Compares two traces and names the first quantity, in the order of @p reference, that differs by more than
 *  @p tolerance of its value. Names that only one of the two has are counted, not compared.
 *  @return COMPARISON_FAILED with that quantity and both values; BAD_FILE */
Status trace_file_compare(const char *reference, const char *test, double tolerance, FILE *out);

#endif
