/** @file
 *  The native command line: run file, --section.name=value and their short forms. */
#ifndef TESSERA_COMMAND_LINE_H
#define TESSERA_COMMAND_LINE_H

#include "base/status.h"
#include "parameters/parameters.h"

/** What a command line said beside parameters. */
typedef struct CommandLine {
    bool help;
    char help_section[64]; /**< section to explain, "" for all */
    int simulated_ranks;   /**< --simulate-ranks of `plan`; 0 when not given */
    int ranks;             /**< --ranks of `plan`; 0 when not given */
} CommandLine;

/** A short form of a parameter. */
typedef struct ShortForm {
    const char *name, *public_name;
    const char *constant; /**< what it sets; NULL: a value follows */
} ShortForm;

/** Short form @p index, from 0; NULL when there are no more. */
const ShortForm *command_line_short_form(int index);

/** Sets parameters from native arguments, which override those of a run file.
 *  @param argc, argv  arguments after the command's name
 *  @param run_file    whether a first argument without dashes names a run file
 *  @return BAD_PARAMETER or BAD_FILE */
Status command_line_read(int argc, char *const *argv, bool run_file, Parameters *parameters, CommandLine *line);

/** All arguments with blanks between, quoted where they need it, for the record.
 *  @param text  allocated; the caller frees it */
Status command_line_text(int argc, char *const *argv, char **text);

#endif
