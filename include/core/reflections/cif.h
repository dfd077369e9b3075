/** @file
 *  The words of a CIF (S. R. Hall, F. H. Allen, I. D. Brown, Acta Cryst. A47, 655, 1991): tags, values, loops. */
#ifndef TESSERA_CIF_H
#define TESSERA_CIF_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The kinds of words. */
typedef enum CifKind { CIF_END, CIF_BLOCK, CIF_LOOP, CIF_TAG, CIF_VALUE } CifKind;

/** One word. Points into the text. */
typedef struct CifWord {
    CifKind kind;
    const char *text; /**< of a value without its quotes, of a block's name without "data_" */
    size_t length;
    int64_t line;
    bool is_quoted; /**< so that '.' and '?' are just characters */
} CifWord;

/** Walks through the words of a text in memory. Plain value, points into the text. */
typedef struct CifReader {
    const char *path; /**< for messages; borrowed */
    const char *begin, *next, *end;
    int64_t line;
} CifReader;

/** Starts before the first word. */
CifReader cif_words(const char *path, const char *text, size_t bytes);

/** Starts before the first word of a text within another, which begins on @p line of the file. */
CifReader cif_words_within(const char *path, const CifWord *text);

/** The next word; CIF_END at the end of the text.
 *  @return BAD_FILE for a quote or a text field without end, a zero byte, or a reserved word that is not read */
Status cif_next(CifReader *reader, CifWord *word);

/** True when the value is not given: '.' or '?'. */
bool cif_is_missing(const CifWord *word);

/** True when a tag is @p name, whichever of '.' and '_' separates its category, in any case. */
bool cif_tag_is(const CifWord *word, const char *name);

/** Reads a number, which may have its uncertainty after it: 53.91(2).
 *  @return false when it is none */
bool cif_number(const CifWord *word, double *value);

/** Bytes of a block's name, and of a list of blocks. */
enum { CIF_NAME_BYTES = 64, CIF_LIST_BYTES = 400 };

/** What the data blocks of a file have, of which one is chosen. */
typedef struct CifBlocks {
    int blocks, found;         /**< all of them, and those that have what is looked for */
    char list[CIF_LIST_BYTES]; /**< their names, the latter's with a star */
    char name[CIF_NAME_BYTES]; /**< of the chosen one; "" where none is */
    CifReader chosen;          /**< before its first word; the first block where none is */
} CifBlocks;

/** Whether a tag, with the word after it, is what is looked for. */
typedef bool (*CifLookFor)(const CifWord *tag, const CifWord *next);

/** Goes through all data blocks and chooses the only one that has what is looked for, or the one that is named.
 *  @param wanted   its name, in small or large letters; "" for the only one
 *  @param what     what is looked for, for messages: "reflections"
 *  @param setting  what chooses a block, for messages, or NULL
 *  @return BAD_FILE for a file that is damaged, or where several have it; BAD_PARAMETER where none of that name has.
 * When none is wanted and none has it, @p blocks->found is 0 */
Status cif_choose_block(CifReader reader, const char *wanted, CifLookFor look_for, const char *what,
                        const char *setting, CifBlocks *blocks);

#endif
