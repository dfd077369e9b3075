/** @file
 *  `tessera merge OUT.nxs PART.nxs ...`: one master over the parts of a job array. */
#ifndef TESSERA_COMMAND_MERGE_H
#define TESSERA_COMMAND_MERGE_H

#include "base/status.h"
#include "shared/options.h"

#include <stdio.h>

/** Runs the command and prints which frames are complete and which are missing. Serial.
 *  @param argc, argv  argv[0] is "merge"
 *  @return as merge_run */
Status command_merge(int argc, char **argv, FILE *out);

/** Its options. */
extern const OptionTable command_merge_options;

#endif
