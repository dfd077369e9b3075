#include "reflections/reflections.h"

#include "base/cell.h"
#include "base/gunzip.h"
#include "base/text.h"
#include "parameters/input.h"
#include "reflections/fdump.h"
#include "reflections/reflection_readers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of a file, and of one decompressed from gzip, which may be a small file of nearly nothing but zeros. */
static const size_t FILE_BYTES_MOST = (size_t)1 << 34, GUNZIPPED_BYTES_MOST = (size_t)1 << 29;

const char *reflections_format_name(ReflectionFormat format) {
    static const char *const names[] = {"unknown",   "text",        "MTZ",        "CIF",
                                        "SHELX",     "binary dump", "atoms",      "CrystFEL list",
                                        "XDS_ASCII", "Scalepack",   "McStas list"};
    return names[format];
}

void reflections_free(Reflections *reflections) {
    for (int i = 0; i < reflections->columns; i++) free(reflections->column[i].values);
    free(reflections->column);
    free(reflections->index);
    free(reflections->line);
    free(reflections->form);
    dispersing_free(&reflections->dispersing);
    *reflections = (Reflections){.path = ""};
}

/* --------------------------------------------------------------------------------------------------------- filling */

Status reflections_add_column(Reflections *reflections, const char *label, ColumnKind kind, FriedelSide side) {
    const size_t count = (size_t)reflections->columns + 1;
    ReflectionColumn *larger = realloc(reflections->column, count * sizeof *larger);
    if (larger == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for %zu columns of %s", count, reflections->path);
    reflections->column = larger;
    ReflectionColumn *added = &larger[reflections->columns++];
    *added = (ReflectionColumn){.kind = kind, .side = side};
    if (reflections->phase_label != NULL && *label != '\0' && strcmp(reflections->phase_label, label) == 0)
        added->kind = COLUMN_PHASE;
    (void)text_copy(added->label, sizeof added->label, label);
    return status_ok();
}

/* Makes `*array` longer; false when there is no memory. */
static bool lengthen(void **array, int64_t count, size_t item_bytes) {
    void *larger = realloc(*array, (size_t)count * item_bytes);
    if (larger != NULL) *array = larger;
    return larger != NULL;
}

static Status reserve(Reflections *r, int64_t capacity) {
    void *index = r->index, *line = r->line;
    bool fits = lengthen(&index, capacity, sizeof *r->index);
    r->index = index;
    fits = fits && lengthen(&line, capacity, sizeof *r->line);
    r->line = line;
    for (int i = 0; fits && i < r->columns; i++) {
        void *values = r->column[i].values;
        if (r->column[i].kind != COLUMN_OTHER) fits = lengthen(&values, capacity, sizeof(double));
        r->column[i].values = values;
    }
    if (!fits) return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " reflections of %s", capacity, r->path);
    r->capacity = capacity;
    return status_ok();
}

void reflections_place(const Reflections *reflections, int64_t row, size_t bytes, char *text) {
    if (reflections->line[row] > 0)
        (void)snprintf(text, bytes, "%s:%" PRId64, reflections->path, reflections->line[row]);
    else
        (void)snprintf(text, bytes, "%s, reflection %" PRId64, reflections->path, row + 1);
}

enum { PLACE_BYTES = 512 };

Status reflections_add_row(Reflections *r, const double *index, int64_t line) {
    char place[PLACE_BYTES];
    if (r->rows == r->capacity) TRY(reserve(r, r->capacity == 0 ? 1024 : 2 * r->capacity));
    const int64_t row = r->rows;
    r->line[row] = line;
    for (int i = 0; i < 3; i++) {
        if (!(fabs(index[i]) <= MILLER_INDEX_MOST) || index[i] != rint(index[i])) {
            reflections_place(r, row, sizeof place, place);
            return status_error(STATUS_BAD_FILE, "%s: Miller index %c is %g; it must be a whole number up to %d", place,
                                "hkl"[i], index[i], MILLER_INDEX_MOST);
        }
        r->index[row][i] = (int32_t)index[i];
    }
    for (int i = 0; i < r->columns; i++)
        if (r->column[i].kind != COLUMN_OTHER) r->column[i].values[row] = NAN;
    r->rows++;
    return status_ok();
}

Status reflections_set(Reflections *r, int column, double value) {
    const ReflectionColumn *to = &r->column[column];
    const bool is_amplitude = to->kind == COLUMN_AMPLITUDE;
    const double greatest = parameters_row(PARAMETER(crystal, default_f))->greatest;
    const double most = is_amplitude ? greatest : greatest * greatest;
    const char *name = is_amplitude ? "F" : to->kind == COLUMN_PHASE ? "the phase" : "the intensity";
    char place[PLACE_BYTES];
    reflections_place(r, r->rows - 1, sizeof place, place);
    if (is_amplitude && value < 0.0)
        return status_error(STATUS_BAD_FILE, "%s: F is %g; an amplitude must not be negative", place, value);
    if (!(fabs(value) <= most))
        return status_error(STATUS_BAD_FILE, "%s: %s is %g; at most %g are accepted", place, name, value, most);
    to->values[r->rows - 1] = value;
    return status_ok();
}

Status reflections_set_cell(Reflections *r, const double *cell) {
    Mat3 reciprocal;
    for (int i = 0; i < 3; i++) {
        r->lengths_m[i] = cell[i] * 1e-10;
        r->angles_rad[i] = cell[3 + i] * RADIANS_PER_DEGREE;
        if (!(cell[i] >= 1e-3 && cell[i] <= 1e6) || !(cell[3 + i] > 0.0 && cell[3 + i] < 180.0))
            return status_error(STATUS_BAD_FILE, "%s: its cell is %g,%g,%g,%g,%g,%g, and there is none with these",
                                r->path, cell[0], cell[1], cell[2], cell[3], cell[4], cell[5]);
    }
    const Status status = cell_reciprocal(r->lengths_m, r->angles_rad, &reciprocal);
    if (!status_is_ok(status)) return status_error(STATUS_BAD_FILE, "%s: %.800s", r->path, status.message);
    r->has_cell = true;
    return status_ok();
}

/* -------------------------------------------------------------------------------------------------------- choosing */

/* What a column may be chosen as, best first. */
typedef enum Rank { MEASURED_F, PAIR_OF_F, MEASURED_I, PAIR_OF_I, CALCULATED_F, CALCULATED_I, RANKS } Rank;

static bool is_usable(const ReflectionColumn *column) {
    return column->kind == COLUMN_AMPLITUDE || column->kind == COLUMN_INTENSITY;
}

/* RANKS for a column that is never chosen: of another kind, or the minus side, which comes with its plus. */
static Rank rank_of(const ReflectionColumn *column) {
    const bool is_f = column->kind == COLUMN_AMPLITUDE;
    if (!is_usable(column) || column->side == FRIEDEL_MINUS) return RANKS;
    if (column->is_calculated) return is_f ? CALCULATED_F : CALCULATED_I;
    if (column->side == FRIEDEL_PLUS) return is_f ? PAIR_OF_F : PAIR_OF_I;
    return is_f ? MEASURED_F : MEASURED_I;
}

/* The other column of a pair: a file has its plus and minus columns in the same order. -1 where there is none. */
static int mate_of(const Reflections *r, int wanted) {
    const ReflectionColumn *column = &r->column[wanted];
    const FriedelSide other = column->side == FRIEDEL_PLUS ? FRIEDEL_MINUS : FRIEDEL_PLUS;
    int before = 0;
    for (int i = 0; i < wanted; i++) before += r->column[i].kind == column->kind && r->column[i].side == column->side;
    for (int i = 0; i < r->columns; i++)
        if (r->column[i].kind == column->kind && r->column[i].side == other && before-- == 0) return i;
    return -1;
}

/* Labels with commas between; all of them, or those that can be chosen. */
static void list_labels(const Reflections *r, bool only_usable, size_t bytes, char *list) {
    size_t used = 0;
    *list = '\0';
    for (int i = 0; i < r->columns && used + 8 < bytes; i++) {
        if (only_usable && !is_usable(&r->column[i])) continue;
        const int length = snprintf(list + used, bytes - used, "%s%s", used > 0 ? ", " : "", r->column[i].label);
        used += length > 0 ? (size_t)length : 0;
    }
    if (used + 8 >= bytes) (void)snprintf(list + bytes - 8, 8, " ...");
    if (used == 0) (void)snprintf(list, bytes, "none");
}

static Status take_column(const Reflections *r, int column, ColumnChoice *choice) {
    *choice = (ColumnChoice){.plus = column, .minus = -1};
    if (r->column[column].side == FRIEDEL_BOTH) return status_ok();
    const int mate = mate_of(r, column);
    if (mate < 0)
        return status_error(STATUS_BAD_FILE, "%s: column %s is one of a Friedel pair and the other is not there",
                            r->path, r->column[column].label);
    const bool is_plus = r->column[column].side == FRIEDEL_PLUS;
    *choice = (ColumnChoice){.plus = is_plus ? column : mate, .minus = is_plus ? mate : column};
    return status_ok();
}

enum { LIST_BYTES = 600 };

static Status choose_by_label(const Reflections *r, const char *label, ColumnChoice *choice) {
    char list[LIST_BYTES];
    for (int i = 0; i < r->columns; i++)
        if (strcmp(r->column[i].label, label) == 0 && is_usable(&r->column[i])) return take_column(r, i, choice);
    list_labels(r, true, sizeof list, list);
    for (int i = 0; i < r->columns; i++)
        if (strcmp(r->column[i].label, label) == 0)
            return status_error(
                STATUS_BAD_PARAMETER,
                "crystal.structure_factor_label: column %s of %s has neither amplitudes nor intensities; "
                "these have: %s",
                label, r->path, list);
    return status_error(
        STATUS_BAD_PARAMETER,
        "crystal.structure_factor_label is \"%.60s\"; the columns of amplitudes and intensities in %s are: "
        "%s",
        label, r->path, list);
}

static bool has_values(const Reflections *r, int column) {
    for (int64_t row = 0; row < r->rows; row++)
        if (!isnan(r->column[column].values[row])) return true;
    return false;
}

/* A column, or a pair, without a single value is passed over. */
static bool is_empty(const Reflections *r, int column) {
    const int mate = r->column[column].side == FRIEDEL_BOTH ? -1 : mate_of(r, column);
    return !has_values(r, column) && (mate < 0 || !has_values(r, mate));
}

Status reflections_choose(const Reflections *r, const char *label, ColumnChoice *choice) {
    char list[LIST_BYTES];
    if (*label != '\0') return choose_by_label(r, label, choice);
    for (Rank rank = MEASURED_F; rank < RANKS; rank++) {
        int found = 0, last = 0;
        for (int i = 0; i < r->columns; i++)
            if (rank_of(&r->column[i]) == rank && !is_empty(r, i)) {
                found++;
                last = i;
            }
        if (found == 1) return take_column(r, last, choice);
        if (found == 0) continue;
        list_labels(r, true, sizeof list, list);
        return status_error(STATUS_BAD_PARAMETER,
                            "%s has several columns to choose from; name one by "
                            "crystal.structure_factor_label: %s",
                            r->path, list);
    }
    list_labels(r, false, sizeof list, list);
    return status_error(STATUS_BAD_FILE,
                        "%s has no column of amplitudes or intensities with values; its columns are: %s", r->path,
                        list);
}

/* ------------------------------------------------------------------------------------------------------------ cell */

/* What the crystal's lengths may differ from those of the file, relatively, and its angles in radians; and how much the
 * operations of a space group may change the products of a cell's edges. */
#define CELL_TOLERANCE 1e-3
#define SYMMETRY_TOLERANCE 5e-3

enum { CELL_BYTES = 120 };

static void print_cell(const double *lengths_m, const double *angles_rad, char *text) {
    (void)snprintf(text, CELL_BYTES, "%.6g,%.6g,%.6g,%.6g,%.6g,%.6g", lengths_m[0] * 1e10, lengths_m[1] * 1e10,
                   lengths_m[2] * 1e10, angles_rad[0] / RADIANS_PER_DEGREE, angles_rad[1] / RADIANS_PER_DEGREE,
                   angles_rad[2] / RADIANS_PER_DEGREE);
}

static Status check_conflict(const Reflections *r, const double *lengths_m, const double *angles_rad) {
    double difference = 0.0;
    char given[CELL_BYTES], in_file[CELL_BYTES];
    for (int i = 0; i < 3; i++) {
        difference = fmax(difference, fabs(lengths_m[i] / r->lengths_m[i] - 1.0));
        difference = fmax(difference, fabs(angles_rad[i] - r->angles_rad[i]));
    }
    if (difference <= CELL_TOLERANCE) return status_ok();
    print_cell(lengths_m, angles_rad, given);
    print_cell(r->lengths_m, r->angles_rad, in_file);
    return status_error(
        STATUS_BAD_PARAMETER,
        "the crystal's cell is %s, that of %s is %s; leave crystal.cell and crystal.matrix out, or give "
        "crystal.ignore_file_cell=true when they are meant to differ",
        given, r->path, in_file);
}

static Status check_symmetry(const Reflections *r, const double *lengths_m, const double *angles_rad) {
    char cell[CELL_BYTES];
    const double misfit = symmetry_misfit(&r->symmetry, lengths_m, angles_rad);
    if (misfit <= SYMMETRY_TOLERANCE) return status_ok();
    print_cell(lengths_m, angles_rad, cell);
    const char *name = *r->symmetry.name ? r->symmetry.name : "its symmetry";
    return status_error(STATUS_BAD_PARAMETER,
                        "%s: %s does not fit the cell %s; give the space group in the setting of this cell as "
                        "crystal.space_group%s",
                        r->path, name, cell, *name == 'R' ? " (R 3 :H has hexagonal axes, R 3 rhombohedral ones)" : "");
}

Status reflections_check_cell(const Parameters *p, const Reflections *r, const double *lengths_m,
                              const double *angles_rad) {
    if (r->has_cell) TRY(check_symmetry(r, r->lengths_m, r->angles_rad));
    if (p->crystal_ignore_file_cell) return status_ok();
    return r->has_cell ? check_conflict(r, lengths_m, angles_rad) : check_symmetry(r, lengths_m, angles_rad);
}

/* --------------------------------------------------------------------------------------------------------- reading */

static bool has_extension(const char *path, const char *extension) {
    const size_t length = strlen(path), wanted = strlen(extension);
    return length > wanted && strcasecmp(path + length - wanted, extension) == 0;
}

/* By contents; a name decides only what else would be told less clearly. */
static ReflectionFormat detect(const Parameters *p, const char *path, FileContents contents) {
    if (mtz_is(contents)) return REFLECTIONS_MTZ;
    if (fdump_is(contents.bytes, contents.count)) return REFLECTIONS_DUMP;
    if (cif_is(contents)) return REFLECTIONS_CIF;
    if (*p->crystal_structure_factor_columns != '\0') return REFLECTIONS_HKL;
    if (shelx_is(contents)) return REFLECTIONS_SHELX;
    if (has_extension(path, ".mtz")) return REFLECTIONS_MTZ;
    return has_extension(path, ".cif") ? REFLECTIONS_CIF : REFLECTIONS_HKL;
}

static bool is_binary(ReflectionFormat format) {
    return format == REFLECTIONS_MTZ || format == REFLECTIONS_DUMP;
}

/* Plain text, unless its head says more. What crystal.structure_factor_columns names is a table under comments. */
static ReflectionFormat detect_list(const Parameters *p, FileContents contents) {
    const ReflectionFormat format = list_format(contents);
    const bool is_table = format == REFLECTIONS_AUTO || format == REFLECTIONS_MCSTAS;
    if (format == REFLECTIONS_AUTO || (is_table && *p->crystal_structure_factor_columns != '\0'))
        return REFLECTIONS_HKL;
    return format;
}

/* The contents of a text are normalised in place. */
static Status read_contents(const Parameters *p, char *bytes, size_t count, bool was_compressed, Reflections *r,
                            Notes *notes) {
    FileContents contents = {bytes, count};
    if (!mtz_is(contents) && !fdump_is(bytes, count) &&
        !is_binary((ReflectionFormat)p->crystal_structure_factor_format)) {
        TRY(text_normalise(r->path, bytes, &contents.count));
        TRY(list_refuse(contents, r->path));
    }
    r->format = (ReflectionFormat)p->crystal_structure_factor_format;
    if (r->format == REFLECTIONS_AUTO) r->format = detect(p, r->path, contents);
    if (r->format == REFLECTIONS_HKL) r->format = detect_list(p, contents);
    if (was_compressed && is_binary(r->format))
        return status_error(STATUS_BAD_FILE, "%s is a gzipped %s file; only texts are read compressed: gunzip it first",
                            r->path, reflections_format_name(r->format));
    switch (r->format) {
    case REFLECTIONS_MTZ:
        return mtz_read(contents, r);
    case REFLECTIONS_CIF:
        return cif_read(contents, p->crystal_structure_factor_block, (int)p->crystal_shelx_hklf, r, notes);
    case REFLECTIONS_SHELX:
        return shelx_read(contents, 1, (int)p->crystal_shelx_hklf, r);
    case REFLECTIONS_DUMP:
        return status_ok();
    case REFLECTIONS_CRYSTFEL:
    case REFLECTIONS_XDS:
    case REFLECTIONS_SCALEPACK:
    case REFLECTIONS_MCSTAS:
        return list_read(contents, r->format, r);
    case REFLECTIONS_AUTO:
    case REFLECTIONS_MODEL: /* of another parameter */
    case REFLECTIONS_HKL:
        break;
    }
    return hkl_read(contents, p->crystal_structure_factor_columns, r);
}

static Status read_decompressed(const Parameters *p, char *contents, size_t count, Reflections *r, Notes *notes) {
    char *text = NULL;
    size_t bytes = 0;
    if (!gunzip_is(contents, count)) return read_contents(p, contents, count, false, r, notes);
    TRY(gunzip(r->path, contents, count, GUNZIPPED_BYTES_MOST, &text, &bytes));
    const Status status = read_contents(p, text, bytes, true, r, notes);
    free(text);
    return status;
}

/* Operations of the file say more than its name for the space group. */
static Status settle_symmetry_of_file(Reflections *r) {
    char origin[256];
    if (r->symmetry.operations > 0 && symmetry_is_group(&r->symmetry)) return status_ok();
    if (r->symmetry.operations > 0)
        return status_error(STATUS_BAD_FILE,
                            "%s: its %d symmetry operations are no group, the product of two of them is missing; give "
                            "crystal.space_group",
                            r->path, r->symmetry.operations);
    if (*r->symmetry.name == '\0' && r->format == REFLECTIONS_HKL) return status_ok();
    if (*r->point_group != '\0')
        return status_error(STATUS_BAD_PARAMETER,
                            "%s says its point group only, %s; give crystal.space_group, one of this point group",
                            r->path, r->point_group);
    if (*r->symmetry.name == '\0')
        return status_error(
            STATUS_BAD_PARAMETER,
            "%s does not say its symmetry; give crystal.space_group (P1 when all equivalent reflections "
            "are in it)",
            r->path);
    const Symmetry of_file = r->symmetry;
    (void)snprintf(origin, sizeof origin, "%.200s", r->path);
    return symmetry_of_name(of_file.name, origin, &r->symmetry);
}

/* crystal.space_group wins over the file. */
Status reflections_settle_symmetry(const Parameters *p, Reflections *r, Notes *notes) {
    Symmetry wanted;
    if (*p->crystal_space_group == '\0') return settle_symmetry_of_file(r);
    TRY(symmetry_of_name(p->crystal_space_group, "crystal.space_group", &wanted));
    if (r->symmetry.operations > 0 && !symmetry_is_same(&wanted, &r->symmetry))
        notes_add(notes, "crystal.space_group %s is used instead of %s, which %.200s says", wanted.name,
                  *r->symmetry.name ? r->symmetry.name : "the operations", r->path);
    r->symmetry = wanted;
    return status_ok();
}

/* The cell is that of the chosen column's dataset. */
static Status settle_cell(const Parameters *p, Reflections *r, Notes *notes) {
    ColumnChoice choice;
    if (!status_is_ok(reflections_choose(r, p->crystal_structure_factor_label, &choice)))
        return status_ok(); /* later */
    const ReflectionColumn *column = &r->column[choice.plus];
    for (int i = 0; *p->crystal_structure_factor_label == '\0' && i < r->columns; i++)
        if (rank_of(&r->column[i]) < rank_of(column))
            notes_add(notes, "%.160s: column %s has no value; %s is used", r->path, r->column[i].label, column->label);
    char before[CELL_BYTES], after[CELL_BYTES];
    if (!(column->cell[0] > 0.0)) return status_ok();
    print_cell(r->lengths_m, r->angles_rad, before);
    TRY(reflections_set_cell(r, column->cell));
    print_cell(r->lengths_m, r->angles_rad, after);
    if (strcmp(before, after) != 0)
        notes_add(notes, "%.160s: the cell is %s, of the dataset of column %s; the one for all is %s", r->path, after,
                  column->label, before);
    return status_ok();
}

Status reflections_read(const Parameters *p, Reflections *r, Notes *notes) {
    *r = (Reflections){.path = p->crystal_structure_factors_file, .phase_label = p->crystal_structure_factor_phase};
    char *contents = NULL;
    size_t bytes = 0;
    if (*r->path == '\0') return status_ok();
    Input input;
    TRY(input_open(p, PARAMETER(crystal, structure_factors), &input));
    Status status = text_read_named(input.path, r->path, FILE_BYTES_MOST, &contents, &bytes);
    if (status_is_ok(status)) status = read_decompressed(p, contents, bytes, r, notes);
    free(contents);
    input_close(&input);
    TRY(status);
    if (r->format == REFLECTIONS_DUMP) return status_ok();
    if (r->rows == 0) return status_error(STATUS_BAD_FILE, "%s has no reflection", r->path);
    if (r->format == REFLECTIONS_MCSTAS)
        notes_add(notes, "%.160s: the structure factors of this McStas list are taken as electrons", r->path);
    TRY(settle_cell(p, r, notes));
    return reflections_settle_symmetry(p, r, notes);
}
