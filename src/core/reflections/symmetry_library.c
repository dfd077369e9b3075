#include "base/text.h"
#include "reflections/symmetry.h"

#include <ccp4/ccp4_errno.h>
#include <ccp4/ccp4_program.h>
#include <ccp4/csymlib.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libccp4's table of space groups, syminfo.lib: blocks from begin_spacegroup to end_spacegroup with the names of one
 * setting ("symbol xHM 'P 4/n :1'", "symbol old 'P 4/n' ...", "symbol Hall ..."), its number ("symbol ccp4 85") and its
 * operations ("symop", "cenop"). Names are looked up here, since libccp4 knows fewer spellings and prints when it does
 * not find what it is asked for; it is asked for the setting that was found, of which it gives the operations. */
enum { TABLE_BYTES_MOST = 1 << 25, KEY_BYTES = 64, SYMBOLS_MOST = 4 };

/* Where libccp4 will look: what the environment says, else where the table was when Tessera was built. */
static Status locate_table(char *path, size_t bytes) {
    const char *file = getenv("SYMINFO"), *folder = getenv("CLIBD");
    if (file == NULL && folder == NULL) {
        file = TESSERA_SYMINFO;
        if (setenv("SYMINFO", file, 0) != 0) return status_error(STATUS_NO_MEMORY, "SYMINFO cannot be set");
    }
    const int length =
        file != NULL ? snprintf(path, bytes, "%s", file) : snprintf(path, bytes, "%s/syminfo.lib", folder);
    if (length > 0 && (size_t)length < bytes) return status_ok();
    return status_error(STATUS_BAD_FILE, "the name of the table of space groups in SYMINFO or CLIBD is too long");
}

/* ----------------------------------------------------------------------------------------------------------- names */

/* The name as it is compared: small letters and digits without blanks, underscores and brackets; the choice of origin
 * after a colon, on which no amplitude depends, may be left out, unlike that of axes (:H, :R). */
static void make_key(const char *name, size_t length, bool with_origin, char *key) {
    size_t used = 0;
    const char *colon = memchr(name, ':', length), *end = name + length;
    for (const char *c = name; c < end && used + 1 < KEY_BYTES; c++) {
        const bool is_origin = !with_origin && colon != NULL && c > colon && (*c == '1' || *c == '2' || *c == 'q');
        if (!isspace((unsigned char)*c) && strchr("_():", *c) == NULL && !is_origin)
            key[used++] = (char)tolower((unsigned char)*c);
    }
    key[used] = '\0';
}

/* The symbols after the letter of the lattice, where blanks part them. */
static int split_symbols(const char *name, char symbol[SYMBOLS_MOST][KEY_BYTES]) {
    int count = 0;
    for (const char *c = name; *c != '\0' && *c != ':';) {
        const size_t length = strcspn(c, " :");
        if (length > 0 && count < SYMBOLS_MOST) make_key(c, length, true, symbol[count]);
        count += length > 0;
        c += length + strspn(c + length, " ");
    }
    return count;
}

/* Full symbols are shortened: F 41/d -3 2/m is F d -3 m, and P 21/n 21/m 21/a is P n m a (International Tables A). The
 * axes of 4/m 2/m 2/m and of monoclinic groups stay. */
static void shorten(const char *name, bool with_origin, char *key) {
    char symbol[SYMBOLS_MOST][KEY_BYTES];
    const int count = split_symbols(name, symbol);
    if (count < 3 || count > SYMBOLS_MOST || strcmp(symbol[1], "1") == 0 ||
        (count == SYMBOLS_MOST && strcmp(symbol[2], "1") == 0 && strcmp(symbol[3], "1") == 0))
        return;
    const bool is_cubic = strncmp(symbol[2], "-3", 2) == 0;
    const bool has_main_axis = !is_cubic && (*symbol[1] == '4' || *symbol[1] == '6' || *symbol[1] == '-');
    size_t used = (size_t)snprintf(key, KEY_BYTES, "%s", symbol[0]);
    for (int i = 1; i < count && used < KEY_BYTES; i++) {
        const char *slash = strchr(symbol[i], '/');
        const bool keeps_axis = slash == NULL || (i == 1 && has_main_axis);
        used += (size_t)snprintf(key + used, KEY_BYTES - used, "%s", keeps_axis ? symbol[i] : slash + 1);
    }
    if (strchr(name, ':') != NULL && used < KEY_BYTES) {
        char axes[KEY_BYTES];
        make_key(strchr(name, ':'), strlen(strchr(name, ':')), with_origin, axes);
        (void)snprintf(key + used, KEY_BYTES - used, "%s", axes);
    }
}

/* Names since 1992 with the plane e, and the former ones. */
static const char *const e_planes[][2] = {{"aem2", "abm2"}, {"aea2", "aba2"}, {"cmce", "cmca"}, {"cmme", "cmma"},
                                          {"ccce", "ccca"}, {"bme2", "bma2"}, {"b2em", "b2cm"}, {"c2me", "c2mb"},
                                          {"cm2e", "cm2a"}, {"ae2m", "ac2m"}, {"bbe2", "bba2"}, {"ae2a", "ac2a"},
                                          {"c2ce", "c2cb"}, {"cc2e", "cc2a"}, {"b2eb", "b2cb"}};

/* The same group in another spelling; false where the name has none of that kind.
 *  @param kind  0 as it is, 1 shortened, 2 unique axis b, 3 cubic groups before 1983 (F d 3 m), 4 planes e */
static bool respell(int kind, const char *name, bool with_origin, char *key) {
    char plain[KEY_BYTES];
    make_key(name, strlen(name), with_origin, plain);
    (void)text_copy(key, KEY_BYTES, plain);
    if (kind == 1) shorten(name, with_origin, key);
    if (kind == 2) (void)snprintf(key, KEY_BYTES, "%c1%.40s1", *plain, plain + 1);
    if (kind == 3 && strchr("pfi", *plain) != NULL && plain[1] != '\0' && strchr("mnabcd", plain[1]) != NULL &&
        plain[2] == '3')
        (void)snprintf(key, KEY_BYTES, "%.2s-%.40s", plain, plain + 2);
    for (size_t i = 0; kind == 4 && i < sizeof e_planes / sizeof *e_planes; i++)
        if (strcmp(plain, e_planes[i][0]) == 0) (void)text_copy(key, KEY_BYTES, e_planes[i][1]);
    return kind == 0 || strcmp(key, plain) != 0;
}

enum { SPELLINGS = 5 };

/* --------------------------------------------------------------------------------------------------------- searching
 */

/* What is looked for among the lines of the table. */
typedef struct Wanted {
    int64_t number; /* 0: by name */
    bool by_hall, with_origin;
    char key[KEY_BYTES];
} Wanted;

/* Whether one of the texts between quotes on a line is the name. */
static bool quotes(const char *line, const char *end, const Wanted *wanted) {
    char key[KEY_BYTES];
    for (;;) {
        const char *open = memchr(line, '\'', (size_t)(end - line));
        const char *close = open == NULL ? NULL : memchr(open + 1, '\'', (size_t)(end - open - 1));
        if (close == NULL) return false;
        make_key(open + 1, (size_t)(close - open - 1), wanted->with_origin, key);
        if (*key != '\0' && strcmp(key, wanted->key) == 0) return true;
        line = close + 1;
    }
}

static bool begins(const char *line, const char *start) {
    return strncmp(line, start, strlen(start)) == 0;
}

static bool line_names(const char *line, const char *end, const Wanted *wanted) {
    if (wanted->number > 0) return begins(line, "symbol ccp4 ") && strtoll(line + 12, NULL, 10) == wanted->number;
    if (wanted->by_hall) return begins(line, "symbol Hall") && quotes(line, end, wanted);
    return (begins(line, "symbol xHM") || begins(line, "symbol old")) && quotes(line, end, wanted);
}

static const char *end_of_line(const char *line) {
    return line + strcspn(line, "\n");
}

static const char *next_line(const char *line) {
    const char *end = end_of_line(line);
    return *end == '\0' ? end : end + 1;
}

/* The first block with such a line; NULL where there is none. */
static const char *find_block(const char *table, const Wanted *wanted) {
    const char *block = table;
    for (const char *line = table; *line != '\0'; line = next_line(line)) {
        if (begins(line, "begin_spacegroup")) block = line;
        if (line_names(line, end_of_line(line), wanted)) return block;
    }
    return NULL;
}

/* Names with their origin go before those without, and those of Hermann and Mauguin in all spellings before those of
 * Hall, of which some look alike. */
static const char *find_name(const char *table, const char *name) {
    const char *block = NULL;
    for (int i = 0; i <= 2 * SPELLINGS && block == NULL; i++) {
        Wanted wanted = {.by_hall = i == 2 * SPELLINGS, .with_origin = i < SPELLINGS};
        const int kind = wanted.by_hall ? 0 : i % SPELLINGS;
        if (respell(kind, name, wanted.with_origin, wanted.key) && *wanted.key != '\0')
            block = find_block(table, &wanted);
    }
    return block;
}

/* ----------------------------------------------------------------------------------------------------------- library
 */

/* What libccp4 copies of a line into arrays whose size it does not check, and how many words it takes for granted. */
typedef struct TableLine {
    const char *start;
    int words_least;
    size_t word_most;
} TableLine;
static const TableLine table_lines[] = {{"begin_spacegroup", 1, 16}, {"end_spacegroup", 1, 16}, {"number ", 2, 8},
                                        {"basisop ", 2, 79},         {"symbol ccp4 ", 3, 8},    {"symbol Hall ", 3, 39},
                                        {"symbol xHM ", 3, 19},      {"symbol old ", 3, 19},    {"symbol laue ", 4, 17},
                                        {"symbol patt ", 4, 17},     {"symbol pgrp ", 4, 17},   {"hklasu ccp4 ", 3, 79},
                                        {"mapasu ccp4 ", 5, 11},     {"mapasu zero ", 5, 11},   {"mapasu nonz ", 5, 79},
                                        {"cheshire", 1, 79},         {"symop ", 2, 79},         {"cenop ", 2, 79}};
enum {
    TABLE_LINES = (int)(sizeof table_lines / sizeof *table_lines),
    NO_TABLE_LINE = TABLE_LINES,
    LINE_BYTES_MOST = 78,
    WORDS_MOST = 16,
    CENTRINGS_MOST = 4
};

/* The words of a line, some between quotes; -1 where a quote has no end or stands within a word. */
static int count_words(const char *line, const char *end, size_t *longest) {
    int words = 0;
    *longest = 0;
    for (const char *c = line; c < end;) {
        const bool is_quoted = *c == '\'';
        const char *begin = is_quoted ? c + 1 : c;
        const size_t length = strcspn(begin, is_quoted ? "'\n" : " ,'\"\n");
        const char last = begin[length];
        if (is_quoted ? last != '\'' : (last == '\'' || last == '"')) return -1;
        if (length > 0 || is_quoted) words++;
        if (length > *longest) *longest = length;
        c = begin + length < end ? begin + length + 1 : end;
    }
    return words;
}

/* Which of the lines of the table this is. */
static int kind_of_line(const char *line) {
    int kind = 0;
    while (kind < TABLE_LINES && !begins(line, table_lines[kind].start)) kind++;
    return kind;
}

/* Whether libccp4 can read a line: it takes '&' and '-' at an end for a line that goes on, in the standard input. */
static bool line_is_sound(const char *line, const char *end) {
    static const char letters[] = " \"'()*+,-./:;<=>_";
    const bool is_comment = *line == '#';
    const int kind = kind_of_line(line);
    size_t longest = 0;
    if (end - line > LINE_BYTES_MOST || (end > line && end[-1] == '-')) return false;
    for (const char *c = line; c < end; c++)
        if (!isprint((unsigned char)*c) || (!is_comment && !isalnum((unsigned char)*c) && strchr(letters, *c) == NULL))
            return false;
    if (line == end || is_comment) return strcspn(line, "&\\@\n") == (size_t)(end - line);
    if (kind == NO_TABLE_LINE) return false;
    const int words = count_words(line, end, &longest);
    return words >= table_lines[kind].words_least && words <= WORDS_MOST && longest <= table_lines[kind].word_most;
}

/* Whether the operation of a line that begins with "symop " or "cenop " can be read. */
static bool operation_is_sound(const char *line) {
    SymmetryOperation operation;
    return symmetry_read_operation(line + 6, (size_t)(end_of_line(line) - line - 6), &operation);
}

/* What a block has had so far. */
typedef struct BlockCheck {
    bool is_open;
    int lines[TABLE_LINES + 1];
    int64_t blocks;
} BlockCheck;

/* Whether a line may stand where it does: a block has a line of every kind, and not too many operations. */
static bool takes_line(BlockCheck *check, const char *line) {
    const int kind = kind_of_line(line);
    const bool opens = begins(line, "begin_spacegroup"), closes = begins(line, "end_spacegroup");
    if (!line_is_sound(line, end_of_line(line))) return false;
    if (kind == NO_TABLE_LINE) return true; /* blank, or a comment */
    if (opens == check->is_open) return false;
    if (opens) memset(check->lines, 0, sizeof check->lines);
    check->is_open = !closes;
    check->lines[kind]++;
    check->blocks += closes;
    for (int i = 0; closes && i < TABLE_LINES; i++)
        if (check->lines[i] == 0) return false;
    if (begins(line, "symop ")) return check->lines[kind] <= SYMMETRY_OPERATIONS_MOST && operation_is_sound(line);
    return !begins(line, "cenop ") || (check->lines[kind] <= CENTRINGS_MOST && operation_is_sound(line));
}

/* Checks all that libccp4 may read. */
static Status check_table(const char *table, const char *path) {
    BlockCheck check = {.is_open = false};
    int64_t number = 1;
    for (const char *line = table; *line != '\0'; line = next_line(line), number++) {
        const int length = (int)(end_of_line(line) - line < 60 ? end_of_line(line) - line : 60);
        if (!takes_line(&check, line))
            return status_error(STATUS_BAD_FILE,
                                "%s:%" PRId64 ": \"%.*s\" has no place in the table of space groups; let SYMINFO name "
                                "libccp4's syminfo.lib",
                                path, number, length, line);
    }
    if (check.blocks > 0 && !check.is_open) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%s:%" PRId64 ": the table of space groups ends within a space group or has none; let SYMINFO "
                        "name libccp4's syminfo.lib",
                        path, number);
}

/* The text between quotes on the line of a block that begins so; "" where there is none. */
static void take_symbol(const char *block, const char *start, size_t bytes, char *symbol) {
    const char *line = block;
    while (*line != '\0' && !begins(line, start) && !begins(line, "end_spacegroup")) line = next_line(line);
    const char *end = end_of_line(line), *open = memchr(line, '\'', (size_t)(end - line));
    const size_t length = open == NULL || !begins(line, start) ? 0 : strcspn(open + 1, "'\n");
    (void)snprintf(symbol, bytes, "%.*s", (int)(length < bytes ? length : bytes - 1), open == NULL ? "" : open + 1);
}

static int64_t number_of_block(const char *block) {
    const char *line = block, *rest = NULL;
    int64_t number = 0;
    while (*line != '\0' && !begins(line, "symbol ccp4 ") && !begins(line, "end_spacegroup")) line = next_line(line);
    if (begins(line, "symbol ccp4 ") && !text_read_integer(line + 12, &number, &rest)) number = 0;
    return number > 0 && number < 100000 ? number : 0;
}

/* ------------------------------------------------------------------------------------------------------------ groups
 */

static SymmetryOperation of_library(const ccp4_symop *op) {
    SymmetryOperation operation;
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) operation.rotation[i][j] = (int)rintf(op->rot[i][j]);
        const double translation = (double)op->trn[i];
        operation.translation[i] = rint(24.0 * (translation - floor(translation + 1e-6))) / 24.0;
    }
    return operation;
}

static bool take_operations(const CCP4SPG *group, Symmetry *symmetry) {
    bool fits = group->nsymop <= SYMMETRY_OPERATIONS_MOST;
    for (int i = 0; fits && i < group->nsymop; i++) {
        const SymmetryOperation operation = of_library(&group->symop[i]);
        fits = symmetry_add(symmetry, &operation);
    }
    return fits && symmetry_is_group(symmetry);
}

/* libccp4 is asked by the number of the setting, which not all have, or by its extended symbol, which not all have. */
static Status take_group(const char *block, const char *origin, Symmetry *symmetry) {
    char symbol[SYMMETRY_NAME_BYTES];
    const int number = (int)number_of_block(block);
    *symmetry = (Symmetry){.number = number};
    take_symbol(block, "symbol xHM ", sizeof symmetry->name, symmetry->name);
    take_symbol(block, "symbol old ", sizeof symbol, symbol);
    (void)ccp4_liberr_verbosity(0);
    (void)ccp4VerbosityLevel(0);
    CCP4SPG *group = number > 0 ? ccp4spg_load_by_ccp4_num(number) : ccp4spg_load_by_spgname(symmetry->name);
    const bool is_right = group != NULL && strcmp(group->symbol_xHM, symmetry->name) == 0 &&
                          group->spg_ccp4_num == number && take_operations(group, symmetry);
    if (group != NULL) ccp4spg_free(&group);
    if (is_right) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: the table of space groups has wrong operations for %s", origin,
                        *symmetry->name != '\0' ? symmetry->name : symbol);
}

static const char *find_group(const char *table, const char *name) {
    const char *rest = name;
    Wanted wanted = {.number = 0};
    const bool is_number = text_read_integer(name, &wanted.number, &rest) && *rest == '\0';
    const bool can_be_there = is_number ? wanted.number > 0 && wanted.number < 100000 : strlen(name) < KEY_BYTES / 2;
    if (!can_be_there) return NULL;
    return is_number ? find_block(table, &wanted) : find_name(table, name);
}

static Status take_name(const char *table, const char *path, const char *name, const char *origin, Symmetry *symmetry) {
    TRY(check_table(table, path));
    const char *block = find_group(table, name);
    if (block == NULL)
        return status_error(STATUS_BAD_PARAMETER,
                            "%s: \"%.60s\" is no space group or setting that libccp4's table has; write it like "
                            "\"P 21 21 21\", C2, \"R 3 :H\" or 19, or give a file that lists its symmetry operations",
                            origin, name);
    TRY(take_group(block, origin, symmetry));
    const char *choice = strchr(symmetry->name, ':');
    symmetry->origin_is_open = choice != NULL && isdigit((unsigned char)choice[1]) && strpbrk(name, ":(") == NULL;
    return status_ok();
}

/* @param contents  the caller frees it */
static Status read_table(char *path, size_t path_bytes, char **contents) {
    size_t bytes = 0;
    TRY(locate_table(path, path_bytes));
    const Status status = text_read_text(path, path, TABLE_BYTES_MOST, contents, &bytes);
    if (status_is_ok(status)) return status;
    return status_error(STATUS_BAD_FILE, "the table of space groups: %.800s; let SYMINFO name libccp4's syminfo.lib",
                        status.message);
}

static Status take_name_of(const char *table, const char *path, Symmetry *symmetry) {
    ccp4_symop operation[SYMMETRY_OPERATIONS_MOST];
    TRY(check_table(table, path));
    for (int n = 0; n < symmetry->operations; n++)
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) operation[n].rot[i][j] = (float)symmetry->operation[n].rotation[i][j];
            operation[n].trn[i] = (float)symmetry->operation[n].translation[i];
        }
    (void)ccp4_liberr_verbosity(0);
    (void)ccp4VerbosityLevel(0);
    CCP4SPG *group = ccp4_spgrp_reverse_lookup(symmetry->operations, operation);
    if (group == NULL) return status_ok();
    symmetry->number = group->spg_ccp4_num;
    if (*symmetry->name == '\0') (void)text_copy(symmetry->name, sizeof symmetry->name, group->symbol_xHM);
    ccp4spg_free(&group);
    return status_ok();
}

Status symmetry_find_name(Symmetry *symmetry) {
    char path[1024], *contents = NULL;
    if (symmetry->number > 0) return status_ok();
    TRY(read_table(path, sizeof path, &contents));
    const Status status = take_name_of(contents, path, symmetry);
    free(contents);
    return status;
}

Status symmetry_of_name(const char *name, const char *origin, Symmetry *symmetry) {
    char path[1024], *contents = NULL;
    TRY(read_table(path, sizeof path, &contents));
    const Status status = take_name(contents, path, name, origin, symmetry);
    free(contents);
    return status;
}
