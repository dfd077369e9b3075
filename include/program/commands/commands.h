/** @file
 *  The commands. Each gets the arguments from its own name on. */
#ifndef TESSERA_COMMANDS_H
#define TESSERA_COMMANDS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdio.h>

/** `tessera simulate`, or with @p as_nanobragg `tessera nanobragg`. Starts the team; team_end ends it.
 *  @param reports  true on the one rank that should print the status
 *  @return the same status on every rank */
Status command_simulate(int argc, char **argv, bool as_nanobragg, FILE *out, bool *reports);

/** `tessera plan`. Serial. */
Status command_plan(int argc, char **argv, FILE *out);

#endif
