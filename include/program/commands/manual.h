/** @file
 *  The manual page, tessera.1. */
#ifndef TESSERA_MANUAL_H
#define TESSERA_MANUAL_H

#include <stdio.h>

/** Prints the page in troff's man macros: every command, its options, and every parameter, from their tables. */
void manual_print(FILE *out);

#endif
