/** @file
 *  What `tessera describe --anomalous` prints of an element. */
#ifndef TESSERA_DESCRIBE_ANOMALOUS_H
#define TESSERA_DESCRIBE_ANOMALOUS_H

#include "base/status.h"

#include <stdio.h>

/** Prints a line for each energy: eV, f' and f'' in electrons.
 *  @param symbol, range  of the element; FIRST:LAST:STEP or one energy, in eV; NULL where it was not given
 *  @return BAD_PARAMETER for what is missing, an unknown element, energies outside the tables, or too many of them */
Status describe_anomalous(const char *symbol, const char *range, FILE *out);

#endif
