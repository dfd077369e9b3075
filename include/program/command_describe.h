/** @file
 *  `tessera describe FILE`: what a file says of itself. */
#ifndef TESSERA_COMMAND_DESCRIBE_H
#define TESSERA_COMMAND_DESCRIBE_H

#include "status.h"

#include <stdio.h>

/** Runs the command. Serial.
 *  @param argc, argv  argv[0] is "describe" */
Status command_describe(int argc, char **argv, FILE *out);

#endif
