/** @file
 *  The native command line: run file, --section.name=value and their short forms. */
#ifndef TESSERA_COMMAND_LINE_H
#define TESSERA_COMMAND_LINE_H

#include "base/status.h"
#include "parameters/parameters.h"
#include "shared/options.h"

/** What a command line said beside parameters. */
typedef struct CommandLine {
    bool help;
    char help_section[64];   /**< section to explain, "" for all */
    int64_t simulated_ranks; /**< --simulate-ranks of `plan`; 0 when not given */
    int64_t ranks;           /**< --ranks of `plan`; 0 when not given */
} CommandLine;

/** A short form of a parameter. A plain value. */
typedef struct ShortForm {
    char name[32];           /**< "--quiet" */
    const char *public_name; /**< of the row, a constant */
    bool takes_value;        /**< a value follows */
    char constant[32];       /**< else what it sets */
} ShortForm;

/** Short form @p index, from 0, in the order of the table.
 *  @return false when there are no more */
bool command_line_short_form(int index, ShortForm *form);

/** Options of `tessera simulate`, and those and its own of `tessera plan`. */
extern const OptionTable command_line_of_simulate, command_line_of_plan;

/** Sets parameters from native arguments, which override those of a run file.
 *  @param argc, argv  arguments after the command's name
 *  @param run_file    whether a first argument without dashes names a run file
 *  @return BAD_PARAMETER or BAD_FILE */
Status command_line_read(int argc, char *const *argv, bool run_file, Parameters *parameters, CommandLine *line);

/** All arguments with blanks between, quoted where they need it, for the record.
 *  @param text  allocated; the caller frees it */
Status command_line_text(int argc, char *const *argv, char **text);

#endif
