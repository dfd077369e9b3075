/** @file
 *  Parameters as nanoBragg's command line: the way back of nanoBragg.h. */
#ifndef TESSERA_NANOBRAGG_ARGUMENTS_H
#define TESSERA_NANOBRAGG_ARGUMENTS_H

#include "base/status.h"
#include "model/experiment.h"
#include "parameters/parameters.h"

/** Words of a command line, the last followed by NULL. Owned: nanobragg_arguments_free frees them. */
typedef struct NanobraggArguments {
    int count, room;
    char **word;
} NanobraggArguments;

/** The options by which nanoBragg renders the same expected photons of frame 0. Read back by nanobragg_parse they
 *  give the same parameters, except laws that do not matter for @p experiment.
 *  @param experiment  made of @p parameters
 *  @return BAD_PARAMETER naming what nanoBragg has no option for; NO_MEMORY */
Status nanobragg_arguments_create(const Parameters *parameters, const Experiment *experiment,
                                  NanobraggArguments *arguments);

/** Appends a copy of a word. */
Status nanobragg_arguments_add(NanobraggArguments *arguments, const char *word);

/** Frees the words. */
void nanobragg_arguments_free(NanobraggArguments *arguments);

#endif
