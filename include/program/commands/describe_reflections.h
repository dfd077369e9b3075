/** @file
 *  What `tessera describe` prints of a file of structure factors. */
#ifndef TESSERA_DESCRIBE_REFLECTIONS_H
#define TESSERA_DESCRIBE_REFLECTIONS_H

#include "base/status.h"

#include <stdio.h>

/** Prints the cell, symmetry, columns, resolution, completeness and counts of a file of structure factors.
 *  @param argc, argv  the command's name, the file, and --section.name=value, which choose the column, symmetry and
 * cell as they do for `tessera simulate`
 *  @return BAD_FILE or BAD_PARAMETER when it cannot be read; several columns to choose from are no failure */
Status describe_reflections(int argc, char *const *argv, FILE *out);

#endif
