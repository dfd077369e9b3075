/** @file
 *  `tessera export FILE.nxs`: frames as SMV, miniCBF, PNG or raw numbers. */
#ifndef TESSERA_COMMAND_EXPORT_H
#define TESSERA_COMMAND_EXPORT_H

#include "base/status.h"
#include "shared/options.h"

#include <stdio.h>

/** Runs the command. Everything is checked before the first file is written.
 *  @param argc, argv  argv[0] is "export"
 *  @param out         what is printed goes here; borrowed
 *  @return BAD_PARAMETER or BAD_FILE for wrong usage and unusable files, OUTPUT_FAILED when a file cannot be written */
Status command_export(int argc, char **argv, FILE *out);

/** Its options. */
extern const OptionTable command_export_options;

#endif
