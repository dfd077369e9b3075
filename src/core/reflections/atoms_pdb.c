#include "reflections/atoms.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where fields stand in a line, counted from 0: wwPDB format 3.3. Numbers of atoms and residues are not looked at, so
 * that hybrid-36 and other ways to count beyond 99,999 make no difference. */
enum { LINE_BYTES = 81, NAME = 12, X = 30, OCCUPANCY = 54, B_FACTOR = 60, ELEMENT = 76, CHARGE = 78, GROUP = 55 };

/* A file as far as it has been read. */
typedef struct PdbReader {
    const char *next, *end;
    int64_t line;
    char text[LINE_BYTES]; /* the line, filled up with blanks */
    bool has_scale[3];
    double scale[12];
    bool has_model, ends_model;
    Atoms *atoms;
} PdbReader;

bool atoms_is_pdb(FileContents contents) {
    static const char *const records[] = {"HEADER", "CRYST1", "ATOM  ", "HETATM",
                                          "REMARK", "TITLE ", "COMPND", "MODEL "};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        if (contents.count >= 6 && strncmp(contents.bytes, records[i], 6) == 0) return true;
    return false;
}

static bool next_line(PdbReader *reader) {
    if (reader->next >= reader->end) return false;
    const char *newline = memchr(reader->next, '\n', (size_t)(reader->end - reader->next));
    const char *stop = newline != NULL ? newline : reader->end;
    size_t length = (size_t)(stop - reader->next);
    if (length > 0 && reader->next[length - 1] == '\r') length--;
    if (length > LINE_BYTES - 1) length = LINE_BYTES - 1;
    memset(reader->text, ' ', sizeof reader->text - 1);
    memcpy(reader->text, reader->next, length);
    reader->text[LINE_BYTES - 1] = '\0';
    reader->next = newline != NULL ? newline + 1 : reader->end;
    reader->line++;
    return true;
}

static Status fault(const PdbReader *reader, const char *what, const char *field) {
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %s is \"%.20s\", which is no number", reader->atoms->path,
                        reader->line, what, field);
}

/* A number in columns; @p otherwise where they are blank. */
static Status read_number(const PdbReader *reader, int column, int width, const char *what, double otherwise,
                          double *value) {
    char field[24] = "";
    memcpy(field, reader->text + column, (size_t)width);
    const char *start = field + strspn(field, " "), *rest = start;
    *value = otherwise;
    if (*start == '\0' && !isnan(otherwise)) return status_ok();
    if (!text_read_real(start, value, &rest) || !isfinite(*value) || rest[strspn(rest, " ")] != '\0')
        return fault(reader, what, field);
    return status_ok();
}

/* ----------------------------------------------------------------------------------------------------------- cell */

static Status read_cell(const PdbReader *reader) {
    static const int column[6] = {6, 15, 24, 33, 40, 47}, width[6] = {9, 9, 9, 7, 7, 7};
    Atoms *atoms = reader->atoms;
    double cell[6];
    char group[12] = "";
    for (int i = 0; i < 6; i++) TRY(read_number(reader, column[i], width[i], "the cell", NAN, &cell[i]));
    memcpy(group, reader->text + GROUP, sizeof group - 1);
    size_t length = strlen(group);
    while (length > 0 && group[length - 1] == ' ') group[--length] = '\0';
    (void)snprintf(atoms->symmetry.name, sizeof atoms->symmetry.name, "%s", group + strspn(group, " "));
    if (cell[0] == 1.0 && cell[1] == 1.0 && cell[2] == 1.0)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": its cell is 1,1,1: this is no crystal structure; write the cell there",
                            atoms->path, reader->line);
    return atoms_set_cell(atoms, cell, reader->line);
}

/* SCALEn: a row of the matrix that makes fractions, and its shift. */
static Status read_scale(PdbReader *reader) {
    const int row = reader->text[5] - '1';
    if (row < 0 || row > 2) return status_ok();
    for (int i = 0; i < 3; i++) {
        TRY(read_number(reader, 10 + 10 * i, 10, "SCALE", NAN, &reader->scale[3 * row + i]));
        reader->scale[3 * row + i] *= 1e10;
    }
    TRY(read_number(reader, 45, 10, "SCALE", 0.0, &reader->scale[9 + row]));
    reader->has_scale[row] = true;
    return status_ok();
}

/* Written with six digits, the standard matrix differs from itself a little; another one counts. */
static void take_scale(const PdbReader *reader) {
    double *fractional = reader->atoms->fractional, difference = 0.0, determinant_sign = 0.0;
    if (!reader->has_scale[0] || !reader->has_scale[1] || !reader->has_scale[2]) return;
    const double *s = reader->scale;
    determinant_sign =
        s[0] * (s[4] * s[8] - s[5] * s[7]) - s[1] * (s[3] * s[8] - s[5] * s[6]) + s[2] * (s[3] * s[7] - s[4] * s[6]);
    for (int i = 0; i < 12; i++) difference = fmax(difference, fabs(s[i] - fractional[i]) * (i < 9 ? 1e-10 : 1.0));
    if (difference > 2e-6 && determinant_sign > 0.0) memcpy(fractional, s, 12 * sizeof *fractional);
}

/* ---------------------------------------------------------------------------------------------------------- atoms */

/* The element in its columns, unless an older file has other things there. */
static int element_in_columns(const char *text) {
    const char *symbol = text + ELEMENT;
    const char first = text[CHARGE], second = text[CHARGE + 1];
    const bool is_charge = (first == ' ' && second == ' ') || (isdigit((unsigned char)first) && strchr("+-", second)) ||
                           (strchr("+-", first) && isdigit((unsigned char)second));
    const bool beside = text[ELEMENT - 1] != ' ' || text[ELEMENT - 2] != ' '; /* a segment's name may go on */
    if (!is_charge) return 0;
    if (symbol[0] == ' ') return symbol[1] == ' ' ? 0 : atoms_element(symbol + 1, 1);
    if (symbol[1] == ' ') return beside ? 0 : atoms_element(symbol, 1);
    return atoms_element(symbol, 2);
}

/* Of " CA " carbon, of "CA  " calcium, of "HG21" and "1HB " hydrogen. */
static int element_of_name(const char *name) {
    const bool is_long = name[3] != ' ';
    if (isalpha((unsigned char)name[0]) && isalpha((unsigned char)name[1]) && !(is_long && strchr("HhDd", name[0]))) {
        const int element = atoms_element(name, 2);
        if (element > 0) return element;
    }
    const char *letter = name;
    while (letter < name + 4 && !isalpha((unsigned char)*letter)) letter++;
    return letter < name + 4 ? atoms_element(letter, 1) : 0;
}

static Status find_element(const PdbReader *reader, Atom *atom) {
    atom->element = element_in_columns(reader->text);
    if (atom->element > 0) return status_ok();
    atom->element = element_of_name(reader->text + NAME);
    reader->atoms->guessed++;
    if (atom->element > 0) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%s:%" PRId64 ": the element of atom \"%.4s\" is not known; write its symbol into columns 77 "
                        "and 78",
                        reader->atoms->path, reader->line, reader->text + NAME);
}

static Status read_atom(const PdbReader *reader) {
    Atoms *atoms = reader->atoms;
    Atom atom = {.is_anisotropic = false};
    double orthogonal_a[3], b_a2 = 0.0, fraction[3];
    if (!atoms->has_cell)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": an atom before any CRYST1 record; put the cell and space group there",
                            atoms->path, reader->line);
    TRY(find_element(reader, &atom));
    for (int i = 0; i < 3; i++) TRY(read_number(reader, X + 8 * i, 8, "a coordinate", NAN, &orthogonal_a[i]));
    TRY(read_number(reader, OCCUPANCY, 6, "the occupancy", 1.0, &atom.occupancy));
    TRY(read_number(reader, B_FACTOR, 6, "B", 0.0, &b_a2));
    atom.b_iso_m2 = b_a2 * 1e-20;
    const double *f = atoms->fractional;
    for (int i = 0; i < 3; i++)
        fraction[i] =
            1e-10 * (f[3 * i] * orthogonal_a[0] + f[3 * i + 1] * orthogonal_a[1] + f[3 * i + 2] * orthogonal_a[2]) +
            f[9 + i];
    atom.site = vec3(fraction[0], fraction[1], fraction[2]);
    return atoms_add(atoms, &atom, reader->line);
}

/* Follows its atom; in units of 1e-4 A^2. */
static Status read_displacements(const PdbReader *reader) {
    Atoms *atoms = reader->atoms;
    double u_m2[6];
    if (atoms->count == 0 || atoms->atom[atoms->count - 1].is_anisotropic)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": ANISOU does not follow its atom", atoms->path,
                            reader->line);
    for (int i = 0; i < 6; i++) {
        TRY(read_number(reader, 28 + 7 * i, 7, "a displacement", NAN, &u_m2[i]));
        u_m2[i] *= 1e-24;
    }
    atoms_set_anisotropic(atoms, u_m2, &atoms->atom[atoms->count - 1]);
    atoms->anisotropic++;
    return status_ok();
}

/* ----------------------------------------------------------------------------------------------------------- records
 */

static bool is_record(const PdbReader *reader, const char *name) {
    return strncmp(reader->text, name, 6) == 0;
}

static Status read_record(PdbReader *reader) {
    if (is_record(reader, "CRYST1")) return read_cell(reader);
    if (strncmp(reader->text, "SCALE", 5) == 0) return read_scale(reader);
    if (is_record(reader, "ATOM  ") || is_record(reader, "HETATM")) {
        if (reader->atoms->count == 0) take_scale(reader);
        if (reader->ends_model)
            return status_error(STATUS_BAD_FILE,
                                "%s:%" PRId64
                                ": a second model; keep one, or give the atoms of all of them their share "
                                "of occupancy in one",
                                reader->atoms->path, reader->line);
        return read_atom(reader);
    }
    if (is_record(reader, "ANISOU")) return read_displacements(reader);
    if (is_record(reader, "ENDMDL")) reader->ends_model = true;
    if (strncmp(reader->text, "MTRIX", 5) == 0 && reader->text[59] == ' ')
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64
                            ": MTRIX says that atoms are missing here which follow by symmetry within the "
                            "asymmetric unit; write them into the file first",
                            reader->atoms->path, reader->line);
    return status_ok();
}

Status atoms_read_pdb(FileContents contents, Atoms *atoms) {
    PdbReader reader = {.next = contents.bytes, .end = contents.bytes + contents.count, .atoms = atoms};
    while (next_line(&reader)) TRY(read_record(&reader));
    return status_ok();
}
