/** @file
 *  Options of a serial command, from a table: "--name value", "--name=value" and flags, names that are nearly right. */
#ifndef TESSERA_OPTIONS_H
#define TESSERA_OPTIONS_H

#include "base/status.h"

#include <stddef.h>
#include <stdio.h>

/** What an option takes: text (const char *, borrowed from the arguments), a number (double), a whole number (int64_t)
 *  or nothing (bool). */
typedef enum OptionKind { OPTION_TEXT, OPTION_REAL, OPTION_INTEGER, OPTION_FLAG } OptionKind;

/** One option; the member at @p offset of the command's structure receives its value. */
typedef struct Option {
    const char *name; /**< with its dashes */
    OptionKind kind;
    double least, greatest; /**< of a number */
    size_t offset;
    const char *argument, *help; /**< for people */
} Option;

/** The options of a command. */
typedef struct OptionTable {
    const char *command; /**< for messages: "export" */
    const Option *option;
    int options;
} OptionTable;

/** Reads arguments.
 *  @param argc, argv  argv[0] is the command
 *  @param asked       the structure that receives the values
 *  @param file        the one argument without dashes; untouched when there is none
 *  @return BAD_PARAMETER naming what is wrong */
Status options_read(OptionTable table, int argc, char **argv, void *asked, const char **file);

/** Prints a line for each option. */
void options_print(OptionTable table, FILE *out);

#endif
