/** @file
 *  The command line of nanoBragg.c, as the rows of the parameter table describe it. */
#ifndef TESSERA_NANOBRAGG_H
#define TESSERA_NANOBRAGG_H

#include "base/status.h"
#include "parameters/parameters.h"

/** Sets parameters from nanoBragg's options, with nanoBragg's defaults for those that are not given.
 *  Names match exactly. A number where nanoBragg takes "not positive" for "choose yourself" becomes "auto".
 *  @param argv        [argc] options only, without the program's name
 *  @param parameters  freshly created
 *  @param used        number of arguments read: up to the first that begins with "--"; may be NULL
 *  @param notes       says which options had no effect; may be NULL
 *  @return BAD_PARAMETER for an unknown option (with the nearest one) or one without its values */
Status nanobragg_parse(int argc, char *const *argv, Parameters *parameters, int *used, Notes *notes);

/** One option that is known, for --help and for tests. */
typedef struct NanobraggOption {
    char name[64];
    char argument[32];       /**< word that must follow it, "" for none */
    const ParameterRow *row; /**< a row that it sets; NULL when it does nothing */
    int component;           /**< value of a list that it sets; -1: the row */
    bool is_constant;        /**< it sets the row to @p constant and takes no value */
    char constant[32];
    const char *help;
} NanobraggOption;

/** Option number @p index, from 0; false when there are no more. */
bool nanobragg_option(int index, NanobraggOption *option);

#endif
