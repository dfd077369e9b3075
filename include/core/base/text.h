/** @file
 *  Strict reading of numbers and of text files, and the suggestion of a name that is nearly right. */
#ifndef TESSERA_TEXT_H
#define TESSERA_TEXT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Reads a decimal number at the start of @p text: sign, digits, point, exponent; no blanks, hexadecimal or NaN; "inf"
 *  is accepted.
 *  @param rest  the first character that is no part of the number
 *  @return false when there is no number or it is out of the range of double */
bool text_read_real(const char *text, double *value, const char **rest);

/** Reads a decimal integer at the start of @p text, as text_read_real does. */
bool text_read_integer(const char *text, int64_t *value, const char **rest);

/** Number of insertions, deletions, replacements and swaps of neighbours that turn @p from into @p to; names longer
 *  than 63 characters count as far away. */
int text_distance(const char *from, const char *to);

/** True when @p distance is small enough for @p name to suggest the other name. */
bool text_is_near(const char *name, int distance);

/** The name nearest to a wanted one among those that were tried. A plain value. */
typedef struct TextNearest {
    const char *wanted; /**< borrowed */
    char name[64];      /**< "" before the first */
    int distance;
} TextNearest;

/** Begins a search for the name nearest to @p wanted. */
TextNearest text_nearest_to(const char *wanted);

/** Tries one more name; of equally near ones the first is kept. */
void text_nearest_try(TextNearest *nearest, const char *name);

/** True when the nearest name is near enough to be suggested. */
bool text_nearest_is_near(const TextNearest *nearest);

/** Bytes of a remedy with its final zero. */
enum { TEXT_REMEDY_BYTES = 160 };

/** The end of a message about an unknown name: `; did you mean "NAME"?`, or "; " and @p otherwise where none is near.
 *  @param remedy  [TEXT_REMEDY_BYTES] */
void text_nearest_remedy(const TextNearest *nearest, const char *otherwise, char *remedy);

/** Copies @p text, cut to the size of @p copy when longer.
 *  @return false when it was cut */
bool text_copy(char *copy, size_t copy_bytes, const char *text);

/** The first control character of a text, or sign of Unicode that breaks or controls a line; blanks and tabs are none.
 *  @return within @p text, which is UTF-8; NULL when there is none */
const char *text_find_control(const char *text);

/** Bytes of the sign of valid UTF-8 at the start of @p text that controls nothing; 0 for any other byte. */
size_t text_sign_bytes(const char *text);

/** Replaces what is no valid UTF-8 or controls a terminal by \x and two digits; what has no room is cut.
 *  @param text  [bytes], ending with a zero */
void text_make_printable(char *text, size_t bytes);

/** Reads a whole file into memory with a zero byte appended.
 *  @param most_bytes  a larger file is refused
 *  @param contents    allocated; the caller frees it
 *  @return BAD_FILE when the file is missing, unreadable, a directory or too large; NO_MEMORY */
Status text_read_file(const char *path, size_t most_bytes, char **contents, size_t *bytes);

/** The same of the file @p path, which messages call @p name. */
Status text_read_named(const char *path, const char *name, size_t most_bytes, char **contents, size_t *bytes);

/** Reads no more than the first @p most_bytes of a file, otherwise like text_read_named. */
Status text_read_beginning(const char *path, const char *name, size_t most_bytes, char **contents, size_t *bytes);

/** Makes of a text file's contents what all its readers expect: lines that end in "\n" alone, whether "\r\n" or "\r"
 *  ended them (or both, in one file), and no byte order mark of UTF-8.
 *  @param name      of the file, for messages
 *  @param contents  [*bytes], with a zero byte after them, as text_read_file leaves them; changed in place
 *  @return BAD_FILE for UTF-16 and UTF-32, and naming the line of a zero byte */
Status text_normalise(const char *name, char *contents, size_t *bytes);

/** Reads a whole text file as text_read_named does and normalises it. */
Status text_read_text(const char *path, const char *name, size_t most_bytes, char **contents, size_t *bytes);

/** Walks through the lines of a text in memory and the fields of each line. Owned by the caller, points into @p text.
 */
typedef struct LineReader {
    const char *path;   /**< for messages; borrowed */
    const char *next;   /**< start of the next line; borrowed */
    const char *end;    /**< end of the text */
    int64_t line;       /**< number of the current line, from 1 */
    char current[1024]; /**< the current line without its end and comment */
} LineReader;

/** Starts before the first line of @p contents, @p bytes long. */
LineReader text_lines(const char *path, const char *contents, size_t bytes);

/** Goes to the next line that has something besides blanks and a comment after '#'.
 *  @param found  false at the end of the text
 *  @return BAD_FILE for a line that is too long or has a zero byte */
Status text_next_line(LineReader *reader, bool *found);

/** Reads the numbers of the current line, separated by blanks, tabs, commas or semicolons.
 *  @param values  [most]; further fields are not read
 *  @param count   number of values read
 *  @return BAD_FILE naming file, line and text of a field that is no finite number */
Status text_line_numbers(const LineReader *reader, int most, double *values, int *count);

/** Bytes of the blank that does not break a line (U+00A0, U+202F, U+2007, U+2009) at @p text; 0 for anything else. */
size_t text_blank_bytes(const char *text);

/** Puts a value as papers and word processors write it into the letters of units here, in its place: no-break spaces
 * become spaces, the angstrom signs U+00C5 and U+212B A, the micro signs U+00B5 and U+03BC u, the minus U+2212 -, and
 * superscripts 2 and 3. Takes the blanks at both ends off. */
void text_make_plain(char *text);

#endif
