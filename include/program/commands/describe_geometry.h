/** @file
 *  What `tessera describe` prints of a detector's geometry: an .expt of DIALS, a .geom of CrystFEL, any NXmx file. */
#ifndef TESSERA_DESCRIBE_GEOMETRY_H
#define TESSERA_DESCRIBE_GEOMETRY_H

#include "base/status.h"

#include <stdbool.h>
#include <stdio.h>

/** True when the arguments ask for a geometry: --geometry is among them, or the file comes first and is one by its
 *  contents. */
bool describe_geometry_is_meant(int argc, char *const *argv);

/** Prints the panels, where they are and what of them is bad.
 *  @param argc, argv  the command's name, the file and options
 *  @return BAD_FILE or BAD_PARAMETER when it cannot be read */
Status describe_geometry(int argc, char **argv, FILE *out);

#endif
