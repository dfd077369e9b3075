/** @file
 *  The manual page, tessera.1. */
#ifndef TESSERA_MANUAL_H
#define TESSERA_MANUAL_H

#include "base/status.h"

#include <stdio.h>

/** Prints the page in troff's man macros: what --help says of every command, parameter and option of nanoBragg.
 *  @return NO_MEMORY */
Status manual_print(FILE *out);

#endif
