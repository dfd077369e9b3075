/** @file
 *  The commands of the program: the one place where they are listed. */
#ifndef TESSERA_COMMAND_TABLE_H
#define TESSERA_COMMAND_TABLE_H

#include "base/status.h"
#include "shared/options.h"

#include <stdbool.h>
#include <stdio.h>

/** A command. */
typedef struct Command {
    const char *name;
    /** Runs it on one process; NULL for a command of all ranks, which command_simulate runs.
     *  @param argc, argv  argv[0] is the name */
    Status (*run)(int argc, char **argv, FILE *out);
    const OptionTable *options;
    bool makes_files;    /**< what it prints is not all that it does */
    const char *summary; /**< for the first page */
    const char *usage;   /**< for the manual page */
} Command;

/** All commands, in the order of the help.
 *  @param count  of them */
const Command *command_table(int *count);

/** True when there is a command of that name that makes files. */
bool command_makes_files(const char *name);

/** Prints what the program can do. */
void command_table_print(FILE *out);

#endif
