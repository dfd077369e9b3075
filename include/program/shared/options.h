/** @file
 *  The options of a command, as a table: what reads the command line, --help, the manual page and the completion for
 * bash are made from it. "--name value", "--name=value", flags, names that are nearly right. */
#ifndef TESSERA_OPTIONS_H
#define TESSERA_OPTIONS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct Option Option;

/** Takes the value of an option, "" for a flag.
 *  @param asked  the command's structure */
typedef Status (*OptionTake)(const Option *option, const char *text, void *asked);

/** What an option takes: text (const char *, borrowed from the arguments), a number (double), whole numbers (int64_t)
 * or nothing (bool). */
typedef enum OptionKind { OPTION_TEXT, OPTION_REAL, OPTION_INTEGER, OPTION_FLAG } OptionKind;

/** One option; the member at @p offset of the command's structure receives its value. */
struct Option {
    const char *name; /**< with its dashes */
    OptionKind kind;
    double least, greatest; /**< of a number */
    size_t offset;
    const char *argument, *help; /**< for people */
    int count;                   /**< whole numbers, with commas between; 0: one */
    OptionTake take;             /**< not NULL: takes the value instead */
    bool may_stand_alone;        /**< the value may be left out */
    const char *parameter;       /**< not NULL: it stands for this parameter */
    const char *constant;        /**< of that parameter; NULL: the value */
};

/** The first members of an option, in their order. */
#define OPTION(name_, kind_, least_, greatest_, offset_, argument_, help_)                                             \
    .name = (name_), .kind = (kind_), .least = (least_), .greatest = (greatest_), .offset = (offset_),                 \
    .argument = (argument_), .help = (help_)

/** One line of a list of options. */
typedef struct OptionLine {
    char name[64];
    char left[96]; /**< name and argument */
    char meaning[512];
} OptionLine;

/** The options of a command. */
typedef struct OptionTable {
    const char *command; /**< for messages: "export" */
    const char *list;    /**< what to look at for its options, for messages; NULL: its --help */
    const Option *option;
    int options;
    const char *before, *after; /**< what --help says before and behind the options; an empty line between paragraphs */
    OptionTake word;            /**< takes what is no option, with NULL for the option; NULL: there is one file */
    bool takes_parameters;      /**< "--section.name=value" is such a word */
    bool (*line)(int index, OptionLine *line); /**< lines that follow those of the options; may be NULL */
} OptionTable;

/** Reads arguments.
 *  @param argc, argv  argv[0] is the command
 *  @param asked       the structure that receives the values
 *  @param file        the one argument without dashes; untouched when there is none; NULL where the table has `word`
 *  @return BAD_PARAMETER naming what is wrong */
Status options_read(const OptionTable *table, int argc, char *const *argv, void *asked, const char **file);

/** The same without the command's name. */
Status options_read_words(const OptionTable *table, int words, char *const *word, void *asked, const char **file);

/** Line @p index of the table, from 0; false when there are no more. */
bool options_line(const OptionTable *table, int index, OptionLine *line);

/** Prints what is said before them, a line for each option, and what is said behind them. */
void options_print(const OptionTable *table, FILE *out);

#endif
