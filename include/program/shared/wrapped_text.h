/** @file
 *  Text for a window of 80 columns. */
#ifndef TESSERA_WRAPPED_TEXT_H
#define TESSERA_WRAPPED_TEXT_H

#include <stdio.h>

/** Prints a text and a new line, broken at blanks where a line would be longer than 79 columns; new lines in it stay.
 *  @param column  characters that stand in the line already
 *  @param indent  of the lines that follow a break */
void wrapped_text_print(FILE *out, const char *text, int column, int indent);

#endif
