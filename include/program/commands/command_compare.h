/** @file
 *  `tessera compare REFERENCE TEST`: the figures of a comparison, and limits that they must keep. */
#ifndef TESSERA_COMMAND_COMPARE_H
#define TESSERA_COMMAND_COMPARE_H

#include "base/status.h"
#include "shared/options.h"

#include <stdio.h>

/** Runs the command and prints its table, or its line of JSON.
 *  @param argc, argv  argv[0] is "compare"
 *  @param out         what is printed goes here; borrowed
 *  @return COMPARISON_FAILED naming each limit that was not kept; BAD_PARAMETER or BAD_FILE for wrong usage and
 * unusable images; OUTPUT_FAILED when @p out cannot be written */
Status command_compare(int argc, char **argv, FILE *out);

/** Its options. */
extern const OptionTable command_compare_options;

#endif
