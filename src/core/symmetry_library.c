#include "symmetry.h"

#include "text.h"

#include <ccp4/ccp4_errno.h>
#include <ccp4/ccp4_program.h>
#include <ccp4/csymlib.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libccp4 keeps names in arrays of 20 characters. */
enum { LIBRARY_NAME_BYTES = 20, TABLE_BYTES_MOST = 1 << 25 };

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

/* What is between the quotes of a line like: symbol xHM  'P 21 21 21'. */
static bool quoted(const char *line, char *name) {
    const char *begin = strchr(line, '\''), *end = begin == NULL ? NULL : strchr(begin + 1, '\'');
    if (end == NULL || end - begin > LIBRARY_NAME_BYTES) return false;
    (void)snprintf(name, LIBRARY_NAME_BYTES, "%.*s", (int)(end - begin - 1), begin + 1);
    return *name != '\0';
}

static bool line_names(const char *line, const char *name, int number) {
    char found[LIBRARY_NAME_BYTES];
    if (number > 0) return strncmp(line, "symbol ccp4 ", 12) == 0 && atoi(line + 12) == number;
    const bool is_symbol = strncmp(line, "symbol xHM", 10) == 0 || strncmp(line, "symbol old", 10) == 0;
    return is_symbol && quoted(line, found) && ccp4spg_name_equal_to_lib(found, name) != 0;
}

/* libccp4 prints when it is asked for a space group that is not there, so this is known before it is asked. */
static Status is_in_table(const char *name, int number, bool *found) {
    char path[1024], *contents = NULL;
    size_t bytes = 0;
    *found = false;
    TRY(locate_table(path, sizeof path));
    const Status status = text_read_file(path, TABLE_BYTES_MOST, &contents, &bytes);
    if (!status_is_ok(status))
        return status_error(STATUS_BAD_FILE,
                            "the table of space groups: %.800s; let SYMINFO name libccp4's syminfo.lib",
                            status.message);
    for (const char *line = contents; line != NULL && !*found;) {
        *found = line_names(line, name, number);
        line = strchr(line, '\n');
        if (line != NULL) line++;
    }
    free(contents);
    return status_ok();
}

static SymmetryOperation of_library(const ccp4_symop *op) {
    SymmetryOperation operation;
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) operation.rotation[i][j] = (int)rintf(op->rot[i][j]);
        const double translation = (double)op->trn[i];
        operation.translation[i] = rint(24.0 * (translation - floor(translation + 1e-6))) / 24.0;
    }
    return operation;
}

static Status take_group(CCP4SPG *group, const char *origin, Symmetry *symmetry) {
    *symmetry = (Symmetry){.operations = 0};
    (void)text_copy(symmetry->name, sizeof symmetry->name, group->symbol_xHM);
    bool fits = true;
    for (int i = 0; fits && i < group->nsymop; i++) {
        const SymmetryOperation operation = of_library(&group->symop[i]);
        fits = symmetry_add(symmetry, &operation);
    }
    if (fits && symmetry_is_group(symmetry)) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: the table of space groups has wrong operations for %s", origin,
                        group->symbol_xHM);
}

/* libccp4 finds none with other characters, although its table has some with brackets. */
static bool can_be_name(const char *name) {
    const size_t length = strlen(name);
    const char *c = name;
    while (isalnum((unsigned char)*c) || (*c != '\0' && strchr(" -/:", *c) != NULL)) c++;
    return length > 0 && length < LIBRARY_NAME_BYTES && *c == '\0' && isalpha((unsigned char)*name);
}

Status symmetry_of_name(const char *name, const char *origin, Symmetry *symmetry) {
    const char *rest = name;
    int64_t number = 0;
    bool found = false;
    const bool is_number = text_read_integer(name, &number, &rest) && *rest == '\0';
    const bool can_be_there = is_number ? number > 0 && number < 100000 : can_be_name(name);
    if (can_be_there) TRY(is_in_table(name, is_number ? (int)number : 0, &found));
    if (!found)
        return status_error(
            STATUS_BAD_PARAMETER,
            "%s: \"%.60s\" is no space group or setting that libccp4 knows; write it like \"P 21 21 21\", "
            "C2, \"R 3 :H\" or 19, or give a file that lists its symmetry operations",
            origin, name);
    (void)ccp4_liberr_verbosity(0);
    (void)ccp4VerbosityLevel(0);
    CCP4SPG *group = is_number ? ccp4spg_load_by_ccp4_num((int)number) : ccp4spg_load_by_spgname(name);
    if (group == NULL)
        return status_error(STATUS_BAD_FILE, "%s: libccp4 cannot read the space group \"%.60s\" of its table", origin,
                            name);
    const Status status = take_group(group, origin, symmetry);
    ccp4spg_free(&group);
    return status;
}
