/** @file
 *  What lets bash complete a command line of ours. */
#ifndef TESSERA_COMPLETION_H
#define TESSERA_COMPLETION_H

#include <stdio.h>

/** Prints a script for bash, which completes commands, their options, parameters, and words that a parameter may be. */
void completion_print(FILE *out);

#endif
