/** @file
 *  `tessera compress FILE.nxs`: makes the images of a finished file smaller. */
#ifndef TESSERA_COMMAND_COMPRESS_H
#define TESSERA_COMMAND_COMPRESS_H

#include "base/status.h"
#include "shared/options.h"

#include <stdio.h>

/** Runs the command.
 *  @param argc, argv  argv[0] is "compress"
 *  @param out         what is printed goes here; borrowed
 *  @return BAD_PARAMETER, BAD_FILE, OUTPUT_FAILED, or INTERRUPTED by a signal; the file is then as it was */
Status command_compress(int argc, char **argv, FILE *out);

/** Its options. */
extern const OptionTable command_compress_options;

#endif
