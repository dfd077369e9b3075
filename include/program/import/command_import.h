/** @file
 *  `tessera import`: makes a run file of an experiment that another program recorded or refined. */
#ifndef TESSERA_COMMAND_IMPORT_H
#define TESSERA_COMMAND_IMPORT_H

#include "base/status.h"
#include "shared/options.h"

#include <stdio.h>

/** What it takes. */
extern const OptionTable command_import_options;

/** `tessera import FILE [more] --output RUN.yaml`. Serial. */
Status command_import(int argc, char **argv, FILE *out);

#endif
