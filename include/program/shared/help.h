/** @file
 *  Help texts, all made from the parameter table. */
#ifndef TESSERA_HELP_H
#define TESSERA_HELP_H

#include "base/status.h"
#include "parameters/parameters.h"
#include "shared/options.h"

#include <stdio.h>

/** The exit codes, two sentences. */
const char *help_exit_codes(void);

/** Prints the options of a run, and the sections that parameters are in. */
void help_run(FILE *out, const OptionTable *table);

/** Prints the parameters of a section, or of all sections where it is "all".
 *  @return BAD_PARAMETER when there is no such section */
Status help_parameters(FILE *out, const char *section);

/** A row of the parameter table as texts. */
typedef struct HelpRow {
    char left[160];  /**< "--crystal.cells (3 values)", with its unit in brackets */
    char range[512]; /**< "0 to 1", or the words */
} HelpRow;

HelpRow help_row(const ParameterRow *row);

/** The default of a row, or "none". */
const char *help_default(const ParameterRow *row);

/** Options of `tessera nanobragg`: nanoBragg's. */
extern const OptionTable help_nanobragg_options;

/** Prints the table as Markdown: this is docs/parameters.md. */
void help_markdown(FILE *out);

#endif
