#include "reflections/atoms.h"
#include "reflections/reflection_columns.h"
#include "reflections/reflection_readers.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Lines at the head of a file in which its form is looked for. */
enum { HEAD_LINES = 30, LINE_BYTES = 256 };

/* The next line, cut to LINE_BYTES; false at the end. */
static bool next_line(const char **next, const char *end, char *line) {
    if (*next >= end) return false;
    const char *newline = memchr(*next, '\n', (size_t)(end - *next));
    const size_t length = (size_t)((newline != NULL ? newline : end) - *next);
    (void)snprintf(line, LINE_BYTES, "%.*s", length < LINE_BYTES ? (int)length : LINE_BYTES - 1, *next);
    *next += length + (newline != NULL);
    return true;
}

static bool begins_with(const char *text, const char *start) {
    return strncasecmp(text, start, strlen(start)) == 0;
}

/* --------------------------------------------------------------------------------------------------------- refusing */

/* How lines of texts begin that are no lists of reflections which can be used. */
static const struct {
    const char *start, *what, *remedy;
    bool is_first; /* of the file, or else one of its first lines */
} refused[] = {
    {"CrystFEL stream format", "a stream of CrystFEL, with reflections of each crystal",
     "merge it with partialator or process_hkl and give their list", true},
    {"!OUTPUT_FILE=INTEGRATE.HKL", "INTEGRATE.HKL of XDS, with unscaled observations",
     "scale and merge them: CORRECT, then XSCALE with MERGE=TRUE", true},
    {"<!DOCTYPE", "a page for a browser", "get the file itself from where it was offered", true},
    {"<html", "a page for a browser", "get the file itself from where it was offered", true},
    {"<?xml", "XML", "give one of the forms of docs/structure-factors.md", true},
    {"TITL ", "instructions of SHELX (.ins, .res)", "give the .hkl beside it", true},
    {"NREF", "a reflection file of CNS or X-PLOR",
     "convert it to MTZ: phenix.reflection_file_converter --mtz=out.mtz, or iotbx", false},
    {"INDE", "a reflection file of CNS or X-PLOR",
     "convert it to MTZ: phenix.reflection_file_converter --mtz=out.mtz, or iotbx", false},
    {"nH", "a reflection file of d*TREK", "convert it to MTZ: dtrek2mtz of CCP4", false},
};

static Status refuse_atoms(const char *path) {
    return status_error(STATUS_BAD_FILE,
                        "%s holds atoms, no structure factors: give it as crystal.model, or compute them, with the "
                        "solvent, by gemmi sfcalc --dmin=2 --to-mtz=out.mtz %.300s",
                        path, path);
}

static Status refuse_by_head(FileContents contents, const char *path) {
    const char *next = contents.bytes, *end = next + contents.count;
    char line[LINE_BYTES];
    for (int number = 0; number < HEAD_LINES && next_line(&next, end, line); number++) {
        const char *text = line + strspn(line, " \t");
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
            if (begins_with(text, refused[i].start) && (number == 0 || !refused[i].is_first))
                return status_error(STATUS_BAD_FILE, "%s is %s; %s", path, refused[i].what, refused[i].remedy);
    }
    return status_ok();
}

/* The number of operations and the space group, then the first operation of the symmetry. */
static Status refuse_unmerged_scalepack(FileContents contents, const char *path) {
    const char *next = contents.bytes, *end = next + contents.count;
    char line[2][LINE_BYTES], letter = '\0';
    int count = 0, used = 0, r[9];
    for (int i = 0; i < 2; i++)
        if (!next_line(&next, end, line[i])) return status_ok();
    if (sscanf(line[0], "%d %c", &count, &letter) != 2 || !isalpha((unsigned char)letter)) return status_ok();
    const int given =
        sscanf(line[1], "%d%d%d%d%d%d%d%d%d %n", &r[0], &r[1], &r[2], &r[3], &r[4], &r[5], &r[6], &r[7], &r[8], &used);
    if (given != 9 || line[1][used] != '\0') return status_ok();
    return status_error(
        STATUS_BAD_FILE,
        "%s is a Scalepack file of observations that are not merged; merge them with scalepack, or with "
        "pointless and aimless, which write an MTZ file",
        path);
}

/* A CIF may have its reflections in a text. */
static bool embeds_reflections(FileContents contents) {
    static const char *const items[] = {"_shelx_hkl_file", "_shelx_fcf_file", "_iucr_refine_reflections_details",
                                        "_iucr_refine_fcf_details"};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        if (strstr(contents.bytes, items[i]) != NULL) return true;
    return false;
}

Status list_refuse(FileContents contents, const char *path) {
    const bool is_cif = cif_is(contents);
    if (!is_cif) TRY(refuse_by_head(contents, path));
    if (!is_cif) TRY(refuse_unmerged_scalepack(contents, path));
    if (!atoms_is_model(contents) || (is_cif && embeds_reflections(contents))) return status_ok();
    return refuse_atoms(path);
}

/* -------------------------------------------------------------------------------------------------------- CrystFEL */

static const char crystfel_head[] = "CrystFEL reflection list version", crystfel_end[] = "End of reflections";

static Status use_names(const char *text, Reflections *r, ListLayout *layout) {
    ListNames names;
    if (!list_names(text, strlen(text), &names))
        return status_error(STATUS_BAD_FILE, "%s: too many columns, or too long a name of one", r->path);
    return list_layout(&names, r->path, STATUS_BAD_FILE, r, layout);
}

/* "Symmetry: 4/mmm" and the names of the columns, before the reflections. */
static Status read_crystfel(FileContents contents, Reflections *r) {
    LineReader reader = text_lines(r->path, contents.bytes, contents.count);
    ListLayout layout;
    bool found = true;
    TRY(use_names("h,k,l,I,phase,sigma(I),nmeas", r, &layout));
    for (;;) {
        TRY(text_next_line(&reader, &found));
        if (!found)
            return status_error(STATUS_BAD_FILE, "%s has no \"%s\" (is the file cut off?)", r->path, crystfel_end);
        const char *text = reader.current + strspn(reader.current, " \t");
        if (begins_with(text, crystfel_end)) return status_ok();
        if (begins_with(text, "Symmetry:"))
            (void)text_copy(r->point_group, sizeof r->point_group, text + 9 + strspn(text + 9, " \t"));
        if (isalpha((unsigned char)*text) && r->rows == 0) continue;
        TRY(list_read_line(&reader, &layout, r));
    }
}

/* ------------------------------------------------------------------------------------------------------------- XDS */

static const char xds_head[] = "!FORMAT=XDS_ASCII";

/* Numbers behind the '=' of a line of the header. */
static Status header_numbers(const LineReader *reader, int count, double *value) {
    const char *rest = strchr(reader->current, '=');
    for (int i = 0; i < count; i++) {
        if (rest != NULL) rest += *rest == '=' ? 1 : 0;
        if (rest != NULL) rest += strspn(rest, " \t");
        if (rest == NULL || !text_read_real(rest, &value[i], &rest))
            return status_error(STATUS_BAD_FILE,
                                "%s:%" PRId64 ": \"%.60s\" must have %d number%s behind =", reader->path, reader->line,
                                reader->current, count, count == 1 ? "" : "s");
    }
    return status_ok();
}

/* "!ITEM_SIGMA(IOBS)=5". */
static Status take_item(const LineReader *reader, ListNames *names) {
    const char *name = reader->current + sizeof "!ITEM_" - 1;
    const size_t length = strcspn(name, "=");
    double number = 0.0;
    TRY(header_numbers(reader, 1, &number));
    if (!(number >= 1.0 && number <= LIST_FIELDS_MOST) || length >= REFLECTION_LABEL_BYTES)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": there is no column %g", reader->path, reader->line,
                            number);
    (void)snprintf(names->name[(int)number - 1], REFLECTION_LABEL_BYTES, "%.*s", (int)length, name);
    if (number > names->count) names->count = (int)number;
    return status_ok();
}

static Status take_xds_header(const LineReader *reader, ListNames *names, Reflections *r) {
    double value[6];
    if (begins_with(reader->current, "!UNIT_CELL_CONSTANTS=") && !r->has_cell) {
        TRY(header_numbers(reader, 6, value));
        return reflections_set_cell(r, value);
    }
    if (begins_with(reader->current, "!SPACE_GROUP_NUMBER=")) {
        TRY(header_numbers(reader, 1, value));
        (void)snprintf(r->symmetry.name, sizeof r->symmetry.name, "%.0f", value[0]);
    }
    return begins_with(reader->current, "!ITEM_") ? take_item(reader, names) : status_ok();
}

static Status check_merged(const LineReader *reader) {
    if (strstr(reader->current, "MERGE=TRUE") != NULL) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%s:%" PRId64
                        ": observations that are not merged; run XSCALE with MERGE=TRUE, or pointless and "
                        "aimless, which write an MTZ file",
                        reader->path, reader->line);
}

static Status read_xds(FileContents contents, Reflections *r) {
    LineReader reader = text_lines(r->path, contents.bytes, contents.count);
    ListNames names = {.count = 0};
    ListLayout layout = {.columns = 0};
    bool found = true;
    for (;;) {
        TRY(text_next_line(&reader, &found));
        if (!found) return status_error(STATUS_BAD_FILE, "%s has no \"!END_OF_DATA\" (is the file cut off?)", r->path);
        if (begins_with(reader.current, "!END_OF_DATA")) return status_ok();
        if (begins_with(reader.current, xds_head)) TRY(check_merged(&reader));
        if (*reader.current == '!') {
            TRY(take_xds_header(&reader, &names, r));
            continue;
        }
        if (layout.columns == 0) {
            TRY(list_layout(&names, r->path, STATUS_BAD_FILE, r, &layout));
            layout.drops_negative_sigma = true;
        }
        TRY(list_read_line(&reader, &layout, r));
    }
}

/* ------------------------------------------------------------------------------------------------------- Scalepack */

/* Columns of a line of the format 3I4,4F8.1: h, k, l, I(+), its sigma, I(-), its sigma. */
enum { SCA_FIELDS = 7, SCA_INDEX_WIDTH = 4, SCA_VALUE_WIDTH = 8, SCA_LINES = 3 };

/* Three lines: a 1, a number like -987, and the cell and the space group. */
static bool scalepack_is(FileContents contents) {
    const char *next = contents.bytes, *end = next + contents.count;
    char line[SCA_LINES][LINE_BYTES];
    int first = 0, second = 0, used = 0;
    double cell[6];
    for (int i = 0; i < SCA_LINES; i++)
        if (!next_line(&next, end, line[i])) return false;
    if (sscanf(line[0], "%d %n", &first, &used) != 1 || line[0][used] != '\0' || first != 1) return false;
    if (sscanf(line[1], "%d %n", &second, &used) != 1 || line[1][used] != '\0' || second >= 0) return false;
    return sscanf(line[2], "%lf%lf%lf%lf%lf%lf %n", &cell[0], &cell[1], &cell[2], &cell[3], &cell[4], &cell[5],
                  &used) == 6 &&
           isalpha((unsigned char)line[2][used]);
}

/* Scalepack names the hexagonal setting of R 3 and R 3 2 like the rhombohedral one. */
static Status take_sca_head(const LineReader *reader, Reflections *r) {
    double cell[6];
    char name[SYMMETRY_NAME_BYTES] = "";
    const char *rest = reader->current;
    for (int i = 0; i < 6; i++) {
        rest += strspn(rest, " \t");
        if (!text_read_real(rest, &cell[i], &rest))
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": \"%.90s\" is no cell and space group", reader->path,
                                reader->line, reader->current);
    }
    (void)text_copy(name, sizeof name, rest + strspn(rest, " \t"));
    for (size_t length = strlen(name); length > 0 && isspace((unsigned char)name[length - 1]);) name[--length] = '\0';
    if (toupper((unsigned char)*name) == 'R' && fabs(cell[5] - 120.0) < 0.01 && fabs(cell[3] - 90.0) < 0.01)
        *name = 'H';
    (void)text_copy(r->symmetry.name, sizeof r->symmetry.name, name);
    return reflections_set_cell(r, cell);
}

/* The fields of a line without the blanks around them; "" where there are none. */
static int cut_sca_line(const char *line, char field[SCA_FIELDS][SCA_VALUE_WIDTH + 1]) {
    const size_t length = strlen(line);
    size_t begin = 0;
    int given = 0;
    for (int i = 0; i < SCA_FIELDS; i++) {
        const size_t width = i < 3 ? SCA_INDEX_WIDTH : SCA_VALUE_WIDTH;
        size_t from = begin, to = begin + width < length ? begin + width : length;
        while (from < to && isspace((unsigned char)line[from])) from++;
        while (to > from && isspace((unsigned char)line[to - 1])) to--;
        const int bytes = to > from ? (int)(to - from) : 0;
        (void)snprintf(field[i], SCA_VALUE_WIDTH + 1, "%.*s", bytes, bytes > 0 ? line + from : "");
        if (bytes > 0) given = i + 1;
        begin += width;
    }
    return given;
}

static Status read_scalepack(FileContents contents, Reflections *r) {
    LineReader reader = text_lines(r->path, contents.bytes, contents.count);
    ListLayout layout;
    bool found = true;
    char field[SCA_FIELDS][SCA_VALUE_WIDTH + 1], place[512];
    const char *word[SCA_FIELDS];
    int most = 0;
    for (LineReader look = reader; most < SCA_FIELDS;) {
        TRY(text_next_line(&look, &found));
        if (!found) break;
        if (look.line > SCA_LINES) most = cut_sca_line(look.current, field);
    }
    TRY(use_names(most > 5 ? "h,k,l,I(+),sigma,I(-),sigma" : "h,k,l,I,sigma", r, &layout));
    layout.drops_negative_sigma = true;
    layout.fields = 4; /* I(-) may be left out */
    for (;;) {
        TRY(text_next_line(&reader, &found));
        if (!found) return status_ok();
        if (reader.line == SCA_LINES) TRY(take_sca_head(&reader, r));
        if (reader.line <= SCA_LINES) continue;
        const int given = cut_sca_line(reader.current, field);
        for (int i = 0; i < SCA_FIELDS; i++) word[i] = field[i];
        (void)snprintf(place, sizeof place, "%.480s:%" PRId64, r->path, reader.line);
        if (given < layout.fields)
            return status_error(STATUS_BAD_FILE,
                                "%s: \"%.60s\" is no line of Scalepack: h k l in 4 characters each, then I "
                                "and sigma in 8 each (is the file cut off?)",
                                place, reader.current);
        TRY(list_read_words(place, reader.line, word, SCA_FIELDS, &layout, r));
    }
}

/* ---------------------------------------------------------------------------------------------------------- McStas */

/* "# column_F2 7 |F|^2 in [barn]": the name, or NULL for another line; @p number is its column. */
static const char *mcstas_column(const char *line, int *number, size_t *length) {
    static const char start[] = "column_";
    const char *text = line + strspn(line, " \t#");
    if (*(line + strspn(line, " \t")) != '#' || !begins_with(text, start)) return NULL;
    text += sizeof start - 1;
    *length = strcspn(text, " \t=:");
    const long value = strtol(text + *length + strspn(text + *length, " \t=:"), NULL, 10);
    *number = (int)value;
    return value >= 1 && value <= LIST_FIELDS_MOST && *length > 0 && *length < REFLECTION_LABEL_BYTES ? text : NULL;
}

static bool is_head_of_mcstas(const char *line) {
    int number = 0;
    size_t length = 0;
    return mcstas_column(line, &number, &length) != NULL;
}

/* The comments above the table. */
static bool next_comment(const char **next, const char *end, char *line) {
    while (next_line(next, end, line)) {
        const char *text = line + strspn(line, " \t");
        if (*text == '#') return true;
        if (*text != '\0') return false;
    }
    return false;
}

static bool mcstas_is(FileContents contents) {
    char line[LINE_BYTES];
    for (const char *next = contents.bytes; next_comment(&next, contents.bytes + contents.count, line);)
        if (is_head_of_mcstas(line)) return true;
    return false;
}

static bool has_any(const char *line, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (const char *c = line; *c != '\0'; c++)
            if (begins_with(c, words[i])) return true;
    return false;
}

/* Lists of neutrons, and lengths instead of electrons: 1 barn = 100 fm^2, an electron is 2.81794 fm. */
static Status refuse_lengths(const char *path, int64_t line, const char *text) {
    return status_error(
        STATUS_BAD_FILE,
        "%s:%" PRId64 ": \"%.60s\": structure factors in barn or fm, as McStas has them for neutrons; X-rays need "
        "electrons. If they are of X-rays, name the columns by crystal.structure_factor_columns and give "
        "crystal.structure_factor_scale=3.54869 (sqrt(barn)) or 0.354869 (fm)",
        path, line, text);
}

static Status read_mcstas_head(FileContents contents, const char *path, ListNames *names) {
    static const char *const of_neutrons[] = {"neutron", "sigma_coh", "sigma_inc", "b_coh"};
    static const char *const lengths[] = {"barn", "[fm", "fm]", "fm^2"};
    char line[LINE_BYTES];
    int64_t count = 0;
    *names = (ListNames){.count = 0};
    for (const char *next = contents.bytes; next_comment(&next, contents.bytes + contents.count, line);) {
        int number = 0;
        size_t length = 0;
        const char *name = mcstas_column(line, &number, &length);
        count++;
        if (has_any(line, of_neutrons, sizeof of_neutrons / sizeof *of_neutrons) ||
            (name != NULL && *name == 'F' && has_any(line, lengths, sizeof lengths / sizeof *lengths)))
            return refuse_lengths(path, count, line);
        if (name == NULL) continue;
        (void)snprintf(names->name[number - 1], REFLECTION_LABEL_BYTES, "%.*s", (int)length, name);
        if (number > names->count) names->count = number;
    }
    return status_ok();
}

static Status read_mcstas(FileContents contents, Reflections *r) {
    LineReader reader = text_lines(r->path, contents.bytes, contents.count);
    ListNames names;
    ListLayout layout;
    bool found = true;
    TRY(read_mcstas_head(contents, r->path, &names));
    TRY(list_layout(&names, r->path, STATUS_BAD_FILE, r, &layout));
    for (;;) {
        TRY(text_next_line(&reader, &found));
        if (!found) return status_ok();
        TRY(list_read_line(&reader, &layout, r));
    }
}

/* ----------------------------------------------------------------------------------------------------------- forms */

static bool crystfel_is(FileContents contents) {
    return begins_with(contents.bytes, crystfel_head);
}

static bool xds_is(FileContents contents) {
    return begins_with(contents.bytes, xds_head);
}

static const struct {
    ReflectionFormat format;
    bool (*is)(FileContents contents);
    Status (*read)(FileContents contents, Reflections *reflections);
} forms[] = {{REFLECTIONS_CRYSTFEL, crystfel_is, read_crystfel},
             {REFLECTIONS_XDS, xds_is, read_xds},
             {REFLECTIONS_SCALEPACK, scalepack_is, read_scalepack},
             {REFLECTIONS_MCSTAS, mcstas_is, read_mcstas}};

ReflectionFormat list_format(FileContents contents) {
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].is(contents)) return forms[i].format;
    return REFLECTIONS_AUTO;
}

Status list_read(FileContents contents, ReflectionFormat format, Reflections *reflections) {
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].format == format) return forms[i].read(contents, reflections);
    return status_error(STATUS_BAD_FILE, "%s is no list of a known form", reflections->path);
}
