#include "symmetry.h"
#include "text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libccp4's table of space groups, syminfo.lib: blocks from begin_spacegroup to end_spacegroup with the names of one
 * setting ("symbol xHM 'P 4/n :1'", "symbol old 'P 4/n' ...", "symbol Hall ..."), its number ("symbol ccp4 85") and its
 * operations ("symop", "cenop"). It is read here, since libccp4 prints when it does not find what it is asked for. */
enum { TABLE_BYTES_MOST = 1 << 25, KEY_BYTES = 64, SYMBOLS_MOST = 4 };

/* Where the table is: what the environment says, else where it was when Tessera was built. */
static Status locate_table(char *path, size_t bytes) {
    const char *file = getenv("SYMINFO"), *folder = getenv("CLIBD");
    if (file == NULL && folder == NULL) file = TESSERA_SYMINFO;
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

/* ------------------------------------------------------------------------------------------------------------ groups
 */

/* The operations of a block whose lines have that keyword.
 *  @param operation  [SYMMETRY_OPERATIONS_MOST] */
static bool read_operations(const char *block, const char *keyword, int *count, SymmetryOperation *operation) {
    *count = 0;
    for (const char *line = block; *line != '\0' && !begins(line, "end_spacegroup"); line = next_line(line)) {
        const char *text = line + strlen(keyword);
        if (!begins(line, keyword)) continue;
        if (*count == SYMMETRY_OPERATIONS_MOST ||
            !symmetry_read_operation(text, (size_t)(end_of_line(line) - text), &operation[(*count)++]))
            return false;
    }
    return *count > 0;
}

static void take_name(const char *block, Symmetry *symmetry) {
    const char *line = block;
    while (*line != '\0' && !begins(line, "symbol xHM")) line = next_line(line);
    const char *end = end_of_line(line), *open = memchr(line, '\'', (size_t)(end - line));
    const size_t length = open == NULL ? 0 : strcspn(open + 1, "'\n");
    (void)snprintf(symmetry->name, sizeof symmetry->name, "%.*s", length < 30 ? (int)length : 30,
                   open == NULL ? "" : open + 1);
}

/* Every operation of the primitive cell with every centring. */
static Status take_group(const char *block, const char *origin, Symmetry *symmetry) {
    SymmetryOperation operation[SYMMETRY_OPERATIONS_MOST], centring[SYMMETRY_OPERATIONS_MOST];
    int operations = 0, centrings = 0;
    *symmetry = (Symmetry){.operations = 0};
    take_name(block, symmetry);
    bool fits = read_operations(block, "symop ", &operations, operation) &&
                read_operations(block, "cenop ", &centrings, centring);
    for (int i = 0; fits && i < operations * centrings; i++) {
        SymmetryOperation both = operation[i % operations];
        for (int j = 0; j < 3; j++) {
            const double sum = both.translation[j] + centring[i / operations].translation[j];
            both.translation[j] = sum >= 1.0 - 1e-6 ? sum - 1.0 : sum;
        }
        fits = symmetry_add(symmetry, &both);
    }
    if (fits && symmetry_is_group(symmetry)) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: the table of space groups has wrong operations for %s", origin,
                        symmetry->name);
}

static Status find_group(const char *table, const char *name, const char *origin, Symmetry *symmetry) {
    const char *rest = name;
    Wanted wanted = {.number = 0};
    const bool is_number = text_read_integer(name, &wanted.number, &rest) && *rest == '\0';
    const bool can_be_there = is_number ? wanted.number > 0 && wanted.number < 100000 : strlen(name) < KEY_BYTES / 2;
    const char *block = !can_be_there ? NULL : is_number ? find_block(table, &wanted) : find_name(table, name);
    if (block != NULL) {
        TRY(take_group(block, origin, symmetry));
        const char *choice = strchr(symmetry->name, ':');
        symmetry->origin_is_open = choice != NULL && isdigit((unsigned char)choice[1]) && strpbrk(name, ":(") == NULL;
        return status_ok();
    }
    return status_error(STATUS_BAD_PARAMETER,
                        "%s: \"%.60s\" is no space group or setting that libccp4's table has; write it like "
                        "\"P 21 21 21\", C2, \"R 3 :H\" or 19, or give a file that lists its symmetry operations",
                        origin, name);
}

Status symmetry_of_name(const char *name, const char *origin, Symmetry *symmetry) {
    char path[1024], *contents = NULL;
    size_t bytes = 0;
    TRY(locate_table(path, sizeof path));
    Status status = text_read_text(path, path, TABLE_BYTES_MOST, &contents, &bytes);
    if (!status_is_ok(status))
        return status_error(STATUS_BAD_FILE,
                            "the table of space groups: %.800s; let SYMINFO name libccp4's syminfo.lib",
                            status.message);
    status = find_group(contents, name, origin, symmetry);
    free(contents);
    return status;
}
