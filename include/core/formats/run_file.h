/** @file
 *  The run file: the parameters as YAML, sections as mappings. */
#ifndef TESSERA_RUN_FILE_H
#define TESSERA_RUN_FILE_H

#include "base/status.h"
#include "parameters/parameters.h"

#include <stdio.h>

/** Sets the parameters that the YAML file @p path names:
 *  `detector: {distance: 100, beam_centre: [51.2, 51.2]}`; a number may be followed by its unit. Files are named
 *  relative to the run file.
 *  @return BAD_FILE or BAD_PARAMETER naming file and line: syntax, an unknown name with the nearest one, a name given
 *          twice, a value of the wrong form */
Status run_file_read(const char *path, Parameters *parameters);

/** Writes a run file that renders the same images: every row that decides them and is given or not at its default, and
 * the output's name and the slice of the sweep if there is one.
 *  @param folder  put before the names of input files that are not absolute; NULL: they lie beside the run file
 *  @return false when @p file takes no more; errno says why */
bool run_file_print(FILE *file, const Parameters *parameters, const char *folder);

#endif
