/** @file
 *  What `tessera describe --anomalous` prints of an element. */
#ifndef TESSERA_DESCRIBE_ANOMALOUS_H
#define TESSERA_DESCRIBE_ANOMALOUS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdio.h>

/** True when the arguments ask for an element and not for a file. */
bool describe_anomalous_is_meant(int argc, char *const *argv);

/** Prints a line for each energy: eV, f' and f'' in electrons.
 *  @param argc, argv  the command's name, --anomalous SYMBOL, --energies FIRST:LAST:STEP or one energy, in eV
 *  @return BAD_PARAMETER for other arguments, an unknown element, energies outside the tables, or too many of them */
Status describe_anomalous(int argc, char *const *argv, FILE *out);

#endif
