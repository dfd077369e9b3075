/** @file
 *  Structure factors in nanoBragg's binary form (its Fdump.bin): "h_min h_max k_min k_max l_min l_max" as text, a
 *  newline, a form feed, then doubles [h][k][l] with one plane, row and value more than the indices need. */
#ifndef TESSERA_FDUMP_H
#define TESSERA_FDUMP_H

#include "base/status.h"
#include "reflections/structure_factors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** True when @p contents begin like such a file; no table of reflections does. */
bool fdump_is(const char *contents, size_t bytes);

/** Reads one, with the gaps that its writer filled.
 *  @param path     for messages
 *  @param factors  its box of indices and number of reflections are set; default_f is not
 *  @param grid     allocated; the caller frees it
 *  @return BAD_FILE when its size does not fit its indices or a value is no amplitude; NO_MEMORY */
Status fdump_read(const char *path, const char *contents, size_t bytes, StructureFactors *factors, double **grid);

/** Writes @p factors, which must have a grid, to @p file.
 *  @return false when the file takes no more; errno says why */
bool fdump_write(FILE *file, const StructureFactors *factors);

#endif
