/** @file
 *  Lists of reflections whose columns have names: what each name means, and how a line is read by them. */
#ifndef TESSERA_REFLECTION_COLUMNS_H
#define TESSERA_REFLECTION_COLUMNS_H

#include "base/text.h"
#include "reflections/reflections.h"

enum { LIST_FIELDS_MOST = 64 };

/** Names of the columns of a list, in order. Plain value. */
typedef struct ListNames {
    int count;
    char name[LIST_FIELDS_MOST][REFLECTION_LABEL_BYTES];
} ListNames;

/** Where a line has what. Plain value. */
typedef struct ListLayout {
    int index[3];                /**< fields of h, k, l, from 0 */
    int fields;                  /**< that a line has at least: up to the last that is read */
    int columns;                 /**< of the reflections */
    int field[LIST_FIELDS_MOST]; /**< [columns] the field that each has */
    int sigma[LIST_FIELDS_MOST]; /**< [columns] the field of its sigma, or -1 */
    bool drops_negative_sigma;   /**< a value whose sigma is negative is not given: so in XDS and Scalepack */
} ListLayout;

/** Words of @p text, @p length long, between blanks, commas, semicolons and quotes.
 *  @return false when there are too many, or one is too long */
bool list_names(const char *text, size_t length, ListNames *names);

/** Drops what stands before h k l, as in "columns: h k l I". */
void list_names_skip(ListNames *names);

/** True when h, k, l and an amplitude or intensity are among names and each is one that is known: a header. */
bool list_names_are_header(const ListNames *names);

/** True when names that are no header (list_names_are_header) begin with h k l and what is not an amplitude: a
 *  comment that must not be passed over. */
bool list_names_are_doubtful(const ListNames *names);

/** Adds the columns of amplitudes and intensities to @p reflections. Unknown names are columns that are not read.
 *  @param origin  where the names stand, for messages: "FILE:LINE" or a parameter
 *  @return @p code when h, k or l are missing, a name stands twice, or no column has amplitudes or intensities */
Status list_layout(const ListNames *names, const char *origin, StatusCode code, Reflections *reflections,
                   ListLayout *layout);

/** Reads one reflection from the words of a line. "-", "?", ".", "*" and "" are values that are not given.
 *  @param place  of the line, for messages
 *  @param word   [words] */
Status list_read_words(const char *place, int64_t line, const char *const *word, int words, const ListLayout *layout,
                       Reflections *reflections);

/** Reads one reflection from the current line of @p reader. */
Status list_read_line(const LineReader *reader, const ListLayout *layout, Reflections *reflections);

#endif
