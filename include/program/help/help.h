/** @file
 *  Help texts, all made from the parameter table. */
#ifndef TESSERA_HELP_H
#define TESSERA_HELP_H

#include "base/status.h"

#include <stdio.h>

/** Prints what the program can do. */
void help_commands(FILE *out);

/** Prints the exit codes. */
void help_exit_codes(FILE *out);

/** Prints the options of a run that are no parameters but stand for them. */
void help_run_options(FILE *out);

/** Prints the options of `tessera plan`: those of a run, and its own. */
void help_plan_options(FILE *out);

/** Prints what the program can do, and the options of a run. */
void help_run(FILE *out);

/** Prints the parameters of a section, or of all sections where it is "".
 *  @return BAD_PARAMETER when there is no such section */
Status help_parameters(FILE *out, const char *section);

/** Prints nanoBragg's options. */
void help_nanobragg(FILE *out);

/** Prints the table as Markdown: this is docs/parameters.md. */
void help_markdown(FILE *out);

#endif
