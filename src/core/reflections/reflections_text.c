#include "base/text.h"
#include "reflections/reflection_columns.h"
#include "reflections/reflection_readers.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* --------------------------------------------------------------------------------------------------- h k l F lines */

#define BLANKS " \t\r,;"

static const char NAME_COLUMNS[] =
    "if its columns are not h k l F, crystal.structure_factor_columns names them, as in h,k,l,I,sigI";

/* Four numbers, of which the last can be an amplitude; no phase that is "-", as in lists of CrystFEL. */
static Status read_hkl_line(const LineReader *reader, Reflections *reflections) {
    double field[4];
    int count = 0;
    TRY(text_line_numbers(reader, 4, field, &count));
    if (count < 4)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": %d field%s; a reflection has h k l F (is the file cut off?)", reader->path,
                            reader->line, count, count == 1 ? "" : "s");
    if (field[3] < 0.0)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": F is %g; an amplitude must not be negative; %s",
                            reader->path, reader->line, field[3], NAME_COLUMNS);
    const char *fifth = reader->current;
    for (int i = 0; i < 4; i++) {
        fifth += strspn(fifth, BLANKS);
        fifth += strcspn(fifth, BLANKS);
    }
    fifth += strspn(fifth, BLANKS);
    if (*fifth == '-' && strcspn(fifth, BLANKS) == 1)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": field 5 is \"-\", as in lists of CrystFEL, whose fourth is I; %s",
                            reader->path, reader->line, NAME_COLUMNS);
    TRY(reflections_add_row(reflections, field, reader->line));
    return reflections_set(reflections, 0, field[3]);
}

/* A line above the reflections, of @p length: a header, a comment, or neither. */
static Status look_at_line(const Reflections *r, const char *text, size_t length, int64_t line, ListNames *names,
                           bool *found) {
    const bool is_comment = *text == '#';
    const size_t sign = is_comment ? strspn(text, "#") : 0;
    const bool fits = list_names(text + sign, length - sign, names);
    if (is_comment && fits) list_names_skip(names);
    *found = fits && list_names_are_header(names);
    if (*found || (is_comment && !list_names_are_doubtful(names))) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": \"%.*s\" does not name columns that are known; %s", r->path,
                        line, length < 60 ? (int)length : 60, text, NAME_COLUMNS);
}

/* The names of a line or comment above the reflections; @p found is false where there is none. */
static Status find_header(FileContents contents, const Reflections *r, ListNames *names, bool *found) {
    int64_t line = 1;
    *found = false;
    for (const char *next = contents.bytes, *end = next + contents.count; next < end && !*found; line++) {
        const char *newline = memchr(next, '\n', (size_t)(end - next));
        const char *stop = newline != NULL ? newline : end;
        const char *text = next + strspn(next, BLANKS "\"");
        next = newline != NULL ? newline + 1 : end;
        if (text >= stop) continue;
        if (*text != '#' && !isalpha((unsigned char)*text)) return status_ok();
        TRY(look_at_line(r, text, (size_t)(stop - text), line, names, found));
    }
    return status_ok();
}

/* The layout that the parameter or the file names; no columns where neither does. */
static Status find_layout(FileContents contents, const char *columns, Reflections *r, ListLayout *layout) {
    ListNames names;
    bool found = false;
    *layout = (ListLayout){.columns = 0};
    if (*columns != '\0') {
        if (list_names(columns, strlen(columns), &names))
            return list_layout(&names, "crystal.structure_factor_columns", STATUS_BAD_PARAMETER, r, layout);
        return status_error(STATUS_BAD_PARAMETER,
                            "crystal.structure_factor_columns has too many names, or too long a one");
    }
    TRY(find_header(contents, r, &names, &found));
    if (found) return list_layout(&names, r->path, STATUS_BAD_FILE, r, layout);
    return reflections_add_column(r, "F", COLUMN_AMPLITUDE, FRIEDEL_BOTH);
}

/* The line of names above the reflections, which was looked at or which the parameter overrules. */
static bool is_header_line(const LineReader *reader, const Reflections *reflections) {
    const char *text = reader->current + strspn(reader->current, BLANKS "\"");
    return reflections->rows == 0 && isalpha((unsigned char)*text);
}

Status hkl_read(FileContents contents, const char *columns, Reflections *reflections) {
    LineReader reader = text_lines(reflections->path, contents.bytes, contents.count);
    ListLayout layout;
    bool found = true;
    TRY(find_layout(contents, columns, reflections, &layout));
    for (;;) {
        TRY(text_next_line(&reader, &found));
        if (!found) break;
        if (layout.columns > 0 && is_header_line(&reader, reflections)) continue;
        TRY(layout.columns > 0 ? list_read_line(&reader, &layout, reflections) : read_hkl_line(&reader, reflections));
    }
    if (reflections->rows == 0)
        return status_error(STATUS_BAD_FILE, "%s has no reflection; a line each: h k l F", reflections->path);
    return status_ok();
}

/* ----------------------------------------------------------------------------------------------------------- SHELX */

/* Columns of a line of the format 3I4,2F8.2: h, k, l, F or F^2, and its sigma. */
enum { SHELX_FIELDS = 5, INDEX_WIDTH = 4, VALUE_WIDTH = 8, FIELD_BYTES = VALUE_WIDTH + 1 };

static bool is_blank(const char *text) {
    return text[strspn(text, " \t\r")] == '\0';
}

/* One field without the blanks around it; false when there are blanks, or nothing, within. */
static bool cut_field(const char *line, int field, char *text) {
    const int begin = field < 3 ? field * INDEX_WIDTH : 3 * INDEX_WIDTH + (field - 3) * VALUE_WIDTH;
    const int width = field < 3 ? INDEX_WIDTH : VALUE_WIDTH;
    int length = 0;
    if (strlen(line) <= (size_t)begin) return false;
    for (const char *c = line + begin; c < line + begin + width && *c != '\0' && *c != '\r'; c++)
        if (*c != ' ')
            text[length++] = *c;
        else if (length > 0 && !is_blank(c) && c + 1 < line + begin + width && c[1] != ' ')
            return false;
    text[length] = '\0';
    return length > 0;
}

/* A number by Fortran's rule: without a point, two decimals are meant in a field of F8.2. */
static bool read_field(const char *line, int field, double *value) {
    char text[FIELD_BYTES];
    const char *rest = text;
    if (!cut_field(line, field, text) || !text_read_real(text, value, &rest) || *rest != '\0') return false;
    if (field < 3) return strpbrk(text, ".eE") == NULL;
    if (strpbrk(text, ".eE") == NULL) *value /= 100.0;
    return true;
}

static bool read_shelx_line(const char *line, double *field) {
    for (int i = 0; i < SHELX_FIELDS; i++)
        if (!read_field(line, i, &field[i]))
            return i == SHELX_FIELDS - 1 && is_blank(line + 3 * INDEX_WIDTH + VALUE_WIDTH);
    return true;
}

static bool is_terminator(const double *field) {
    return field[0] == 0.0 && field[1] == 0.0 && field[2] == 0.0;
}

/* nanoBragg's text may fill the same columns, so the line of zeros at the end decides. */
bool shelx_is(FileContents contents) {
    LineReader reader = text_lines("", contents.bytes, contents.count);
    double field[SHELX_FIELDS] = {0.0};
    for (int64_t lines = 0;; lines++) {
        bool found = false;
        if (!status_is_ok(text_next_line(&reader, &found)) || !found) return false;
        if (strlen(reader.current) < 3 * INDEX_WIDTH + 2 * VALUE_WIDTH || !read_shelx_line(reader.current, field))
            return false;
        if (is_terminator(field)) return lines > 0 && field[3] == 0.0 && field[4] == 0.0;
    }
}

Status shelx_read(FileContents contents, int64_t first_line, int hklf, Reflections *reflections) {
    LineReader reader = text_lines(reflections->path, contents.bytes, contents.count);
    reader.line = first_line - 1;
    bool found = true;
    TRY(reflections_add_column(reflections, hklf == 3 ? "F" : "F_squared",
                               hklf == 3 ? COLUMN_AMPLITUDE : COLUMN_INTENSITY, FRIEDEL_BOTH));
    for (;;) {
        double field[SHELX_FIELDS] = {0.0};
        TRY(text_next_line(&reader, &found));
        if (!found) return status_ok();
        if (!read_shelx_line(reader.current, field))
            return status_error(STATUS_BAD_FILE,
                                "%s:%" PRId64
                                ": \"%.40s\" is no line of SHELX reflections: h k l in 4 characters each, then %s "
                                "and sigma in 8 each",
                                reader.path, reader.line, reader.current, hklf == 3 ? "F" : "F squared");
        if (is_terminator(field)) return status_ok();
        TRY(reflections_add_row(reflections, field, reader.line));
        TRY(reflections_set(reflections, 0, field[3]));
    }
}
