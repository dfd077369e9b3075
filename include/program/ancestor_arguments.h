/** @file
 *  Parameters as the ancestor's command line: the way back of ancestor.h. */
#ifndef TESSERA_ANCESTOR_ARGUMENTS_H
#define TESSERA_ANCESTOR_ARGUMENTS_H

#include "experiment.h"
#include "parameters.h"
#include "status.h"

/** Words of a command line, the last followed by NULL. Owned: ancestor_arguments_free frees them. */
typedef struct AncestorArguments {
    int count, room;
    char **word;
} AncestorArguments;

/** The options by which the ancestor renders the same expected photons of frame 0. Read back by ancestor_parse they
 *  give the same parameters, except laws that do not matter for @p experiment.
 *  @param experiment  made of @p parameters
 *  @return BAD_PARAMETER naming what the ancestor has no option for; NO_MEMORY */
Status ancestor_arguments_create(const Parameters *parameters, const Experiment *experiment,
                                 AncestorArguments *arguments);

/** Appends a copy of a word. */
Status ancestor_arguments_add(AncestorArguments *arguments, const char *word);

/** Frees the words. */
void ancestor_arguments_free(AncestorArguments *arguments);

#endif
