#include "base/text.h"
#include "base/units.h"
#include "model/crystal.h"
#include "model/sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a column of a list is, beside parameters. */
typedef enum ListRole { ROLE_PARAMETER, ROLE_QUATERNION, ROLE_UB, ROLE_FRAME, ROLE_WEIGHT } ListRole;

/* A column: the place that its value has among those of its role. */
typedef struct ListColumn {
    ListRole role;
    int place;
} ListColumn;

/* A list that is being read. */
typedef struct List {
    ListSource *source;
    Sweep *sweep;
    ListColumn column[SWEEP_COLUMNS_MOST];
    int quaternions, ubs, frames, weights; /* columns of each role */
    int64_t rows, room;
    int64_t frame;                     /* of the last row */
    double shared[SWEEP_COLUMNS_MOST]; /* values of the frame's first row */
} List;

/* ---------------------------------------------------------------------------------------------------------- as text */

static const char *trimmed(char *text) {
    while (*text == ' ' || *text == '\t') text++;
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) text[--length] = '\0';
    if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
        text[length - 1] = '\0';
        text++;
    }
    return text;
}

/* Cuts a line at its commas.
 * @param cells  [SWEEP_COLUMNS_MOST] */
static Status cut_line(const LineReader *reader, char (*cells)[64], int *count) {
    const char *next = reader->current;
    *count = 0;
    for (bool more = true; more; next++) {
        char cell[1024];
        const size_t length = strcspn(next, ",");
        (void)snprintf(cell, sizeof cell, "%.*s", (int)length, next);
        if (*count == SWEEP_COLUMNS_MOST || !text_copy(cells[*count], 64, trimmed(cell)))
            return status_error(STATUS_BAD_FILE,
                                "%s:%" PRId64 ": more than %d columns, or a cell of more than 63 characters",
                                reader->path, reader->line, SWEEP_COLUMNS_MOST);
        (*count)++;
        next += length;
        more = *next == ',';
    }
    return status_ok();
}

/* A reader and the number of columns that each line must have. */
static Status next_line(void *context, char (*cells)[64], char *origin, bool *found) {
    const ListSource *source = context;
    LineReader *reader = source->reader;
    int count = 0;
    TRY(text_next_line(reader, found));
    if (!*found) return status_ok();
    (void)snprintf(origin, PARAMETER_ORIGIN_BYTES, "%.200s:%" PRId64, reader->path, reader->line);
    TRY(cut_line(reader, cells, &count));
    if (count == source->columns) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: %d cells; the first line names %d columns", origin, count,
                        source->columns);
}

Status list_source_of_text(LineReader *reader, ListSource *source) {
    bool found = false;
    *source = (ListSource){.path = reader->path, .reader = reader, .next = next_line};
    TRY(text_next_line(reader, &found));
    if (!found) return status_error(STATUS_BAD_FILE, "%s is empty; its first line must name the columns", reader->path);
    (void)snprintf(source->origin, sizeof source->origin, "%.200s:%" PRId64, reader->path, reader->line);
    source->context = source;
    return cut_line(reader, source->name, &source->columns);
}

/* --------------------------------------------------------------------------------------------------------- columns */

/* Place of a name in a list of words, or -1. */
static int place_in(const char *const *words, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], name) == 0) return i;
    return -1;
}

/* Names that are no parameters'. */
static bool find_role(const char *name, ListColumn *column) {
    static const char *const numbered[] = {"q0", "q1", "q2", "q3"};
    static const char *const lettered[] = {"qw", "qx", "qy", "qz"};
    static const char *const ub[] = {"ub_11", "ub_12", "ub_13", "ub_21", "ub_22", "ub_23", "ub_31", "ub_32", "ub_33"};
    static const char *const others[] = {"frame", "weight"};
    const int quaternion = place_in(numbered, 4, name) >= 0 ? place_in(numbered, 4, name) : place_in(lettered, 4, name);
    const int matrix = place_in(ub, 9, name), other = place_in(others, 2, name);
    if (quaternion >= 0) *column = (ListColumn){ROLE_QUATERNION, quaternion};
    if (matrix >= 0) *column = (ListColumn){ROLE_UB, matrix};
    if (other >= 0) *column = (ListColumn){other == 0 ? ROLE_FRAME : ROLE_WEIGHT, 0};
    return quaternion >= 0 || matrix >= 0 || other >= 0;
}

static void remedy_of(const char *name, char *remedy) {
    static const char *const roles[] = {"q0", "qw", "ub_11", "frame", "weight"};
    TextNearest nearest = text_nearest_to(name);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) text_nearest_try(&nearest, roles[i]);
    const char *parameter = parameters_nearest(name);
    if (parameter != NULL)
        (void)snprintf(remedy, TEXT_REMEDY_BYTES, "; did you mean \"%s\"?", parameter);
    else
        text_nearest_remedy(&nearest, "a column is a parameter, q0 to q3, ub_11 to ub_33, frame or weight", remedy);
}

/* The unit that a name ends with: "beam.energy (keV)", "beam.energy [keV]"; but [0] is a place in a list.
 * @param unit  [32], kept where the name has none */
static void split_unit(char *name, char *unit) {
    const size_t length = strlen(name);
    if (length < 3 || (name[length - 1] != ')' && name[length - 1] != ']')) return;
    char *opening = strrchr(name, name[length - 1] == ')' ? '(' : '[');
    if (opening == NULL || opening == name || (opening[1] >= '0' && opening[1] <= '9' && *opening == '[')) return;
    name[length - 1] = '\0';
    (void)snprintf(unit, 32, "%.31s", opening + 1);
    for (*opening = '\0'; opening > name && opening[-1] == ' '; opening--) opening[-1] = '\0';
}

/* What is no unit, for numbers that have none. */
static void drop_neutral_unit(char *unit) {
    static const char *const neutral[] = {"1", "dimensionless", "unitless", "none"};
    if (place_in(neutral, 4, unit) >= 0) *unit = '\0';
}

static Status add_column(List *list, int index) {
    const ListSource *source = list->source;
    const char *name = source->name[index];
    Sweep *sweep = list->sweep;
    for (int i = 0; i < index; i++)
        if (strcmp(source->name[i], name) == 0)
            return status_error(STATUS_BAD_FILE, "%s: two columns are called \"%s\"", source->origin, name);
    if (find_role(name, &list->column[index])) return status_ok();
    char bare[64], remedy[TEXT_REMEDY_BYTES];
    (void)snprintf(bare, sizeof bare, "%.*s", (int)strcspn(name, "["), name);
    if (parameters_find(bare) < 0) {
        remedy_of(bare, remedy);
        return status_error(STATUS_BAD_FILE, "%s: column %d is called \"%s\", which is no parameter%s", source->origin,
                            index + 1, name, remedy);
    }
    list->column[index] = (ListColumn){ROLE_PARAMETER, sweep->columns};
    SweepColumn *column = &sweep->column[sweep->columns];
    TRY(parameters_find_value(name, source->origin, &column->row, &column->component));
    for (int i = 0; i < sweep->columns; i++)
        if (sweep->column[i].row == column->row && sweep->column[i].component == column->component)
            return status_error(STATUS_BAD_FILE, "%s: column %d, %s, is another name of an earlier one; keep one",
                                source->origin, index + 1, name);
    sweep->columns++;
    return status_ok();
}

/* Metres in the unit of a reciprocal length: "1/A", "A-1", "A^-1"; NAN for another. */
static double metres_of_reciprocal(const char *unit) {
    char length[32];
    const bool fraction = strncmp(unit, "1/", 2) == 0;
    if (*unit == '\0') return 1e-10;
    (void)snprintf(length, sizeof length, "%s", fraction ? unit + 2 : unit);
    char *power = strstr(length, "-1");
    if (fraction == (power != NULL) || (power != NULL && power[2] != '\0')) return NAN;
    if (power != NULL) power[power > length && power[-1] == '^' ? -1 : 0] = '\0';
    return unit_si(length, "length");
}

/* Units of parameters are heeded with each value; here those of the other columns. */
static Status check_unit(const List *list, int index) {
    const ListSource *source = list->source;
    const char *name = source->name[index], *unit = source->unit[index];
    const ListRole role = list->column[index].role;
    if (*unit == '\0' || role == ROLE_PARAMETER) return status_ok();
    if (role == ROLE_UB && !isnan(metres_of_reciprocal(unit))) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: the unit of %s is \"%s\"; it must be %s", source->origin, name, unit,
                        role == ROLE_UB ? "1/A, 1/nm, 1/m or another of 1/length"
                                        : "left out: that is a number without one");
}

static int columns_of(const List *list, ListRole role) {
    int count = 0;
    for (int i = 0; i < list->source->columns; i++) count += list->column[i].role == role;
    return count;
}

static Status read_header(List *list) {
    const ListSource *source = list->source;
    SweepTable *table = &list->sweep->table;
    for (int i = 0; i < source->columns; i++) {
        split_unit(list->source->name[i], list->source->unit[i]);
        drop_neutral_unit(list->source->unit[i]);
        TRY(add_column(list, i));
        TRY(check_unit(list, i));
    }
    list->quaternions = columns_of(list, ROLE_QUATERNION);
    list->ubs = columns_of(list, ROLE_UB);
    list->frames = columns_of(list, ROLE_FRAME);
    list->weights = columns_of(list, ROLE_WEIGHT);
    if ((list->quaternions != 0 && list->quaternions != 4) || (list->ubs != 0 && list->ubs != 9) ||
        (list->quaternions > 0 && list->ubs > 0))
        return status_error(STATUS_BAD_FILE,
                            "%s: an orientation has four columns q0 to q3 (or qw, qx, qy, qz) or nine ub_11 to ub_33; "
                            "there are %d and %d",
                            source->origin, list->quaternions, list->ubs);
    for (int i = 0; i < list->sweep->columns; i++)
        if (list->ubs > 0 && (parameters_row(list->sweep->column[i].row)->enters & PART_LATTICE) != 0)
            return status_error(STATUS_BAD_FILE, "%s: ub_11 to ub_33 are cell and orientation; leave %s out",
                                source->origin, parameters_row(list->sweep->column[i].row)->public_name);
    table->orientation = list->quaternions > 0 ? LISTED_QUATERNION : list->ubs > 0 ? LISTED_UB : LISTED_NONE;
    table->weighted = list->weights > 0;
    table->stride = list->sweep->columns + list->quaternions + list->ubs + list->weights;
    table->rows_at = list->sweep->block_length;
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ rows */

static Status read_number(const char *name, const char *cell, const char *origin, double *value) {
    const char *rest = cell;
    if (text_read_real(cell, value, &rest) && *rest == '\0' && isfinite(*value)) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: %s is \"%s\"; it must be a number", origin, name, cell);
}

static Status check_quaternion(const char *origin, double *q) {
    const double length = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (!(length > 1e-9))
        return status_error(STATUS_BAD_FILE, "%s: the quaternion %g %g %g %g has length zero; it is no rotation",
                            origin, q[0], q[1], q[2], q[3]);
    if (fabs(length - 1.0) > 1e-15)
        for (int i = 0; i < 4; i++) q[i] /= length;
    return status_ok();
}

/* @param ub  in 1/m */
static Status check_ub(const Sweep *sweep, const char *origin, const double *ub) {
    Mat3 reciprocal;
    for (int i = 0; i < 3; i++) reciprocal.row[i] = vec3(ub[i], ub[3 + i], ub[6 + i]);
    TRY(crystal_check_axes(reciprocal, sweep->accepts_left_handed, origin));
    return crystal_check_edges(reciprocal, origin);
}

/* One value of a parameter, in the unit of its column where there is one. */
static Status read_value(const List *list, int index, const char *cell, const char *origin, double *value) {
    char text[104];
    const SweepColumn column = list->sweep->column[list->column[index].place];
    const char *unit = list->source->unit[index];
    const bool is_number = strchr("+-.0123456789", *cell) != NULL && *cell != '\0';
    (void)snprintf(text, sizeof text, "%.63s%s%s", cell, *unit != '\0' && is_number ? " " : "", is_number ? unit : "");
    return parameters_read_value(list->source->name[index], column.row, column.component, text, origin, value);
}

static Status make_room(List *list) {
    if (list->rows < list->room) return status_ok();
    const int64_t more = list->room > 0 ? list->room : 1024;
    int64_t at = 0;
    TRY(sweep_extend(list->sweep, more * (list->sweep->table.stride + 1), &at)); /* one more for the frame */
    list->room += more;
    return status_ok();
}

/* Frames are numbered from 0 and go up one by one; what is not the crystal's own is the same in all rows of a frame. */
static Status check_frame(List *list, const char *origin, double number, const double *row) {
    const Sweep *sweep = list->sweep;
    const bool same = list->rows > 0 && number == (double)list->frame;
    if (!same && number != (double)(list->frame + 1))
        return status_error(STATUS_BAD_FILE,
                            "%s: frame is %g after %" PRId64 "; frames begin with 0 and go up one by one, with as many "
                            "rows each as it has crystals",
                            origin, number, list->frame);
    list->frame = (int64_t)number;
    const int most = sweep->columns > 0 ? SWEEP_VARIED_FRAMES_MOST : SWEEP_FRAMES_MOST;
    if (list->frame >= most)
        return status_error(STATUS_BAD_FILE,
                            "%s: the list goes on after %d frames, the most that %s: make several runs", origin, most,
                            sweep->columns > 0 ? "may differ in parameters" : "are accepted");
    for (int i = 0; i < sweep->columns; i++) {
        const ParameterRow *parameter = parameters_row(sweep->column[i].row);
        if (same && strcmp(parameter->section, "crystal") != 0 && row[i] != list->shared[i] &&
            !(isnan(row[i]) && isnan(list->shared[i])))
            return status_error(STATUS_BAD_FILE,
                                "%s: %s differs from that of the frame's first row; the crystals of a frame share all "
                                "but the section crystal",
                                origin, parameter->public_name);
        if (!same) list->shared[i] = row[i];
    }
    return status_ok();
}

static Status read_row(List *list, char (*cells)[64], const char *origin) {
    Sweep *sweep = list->sweep;
    const int64_t stride = sweep->table.stride + 1;
    TRY(make_room(list));
    double *row = sweep->block + sweep->table.rows_at + list->rows * stride;
    double *orientation = row + sweep->columns, *weight = row + sweep->table.stride - 1;
    double frame = (double)list->rows;
    for (int i = 0; i < list->source->columns; i++) {
        const ListColumn column = list->column[i];
        const char *name = list->source->name[i];
        switch (column.role) {
        case ROLE_PARAMETER:
            TRY(read_value(list, i, cells[i], origin, &row[column.place]));
            break;
        case ROLE_QUATERNION:
            TRY(read_number(name, cells[i], origin, &orientation[column.place]));
            break;
        case ROLE_UB:
            TRY(read_number(name, cells[i], origin, &orientation[column.place]));
            orientation[column.place] *= 1.0 / metres_of_reciprocal(list->source->unit[i]);
            break;
        case ROLE_FRAME:
            TRY(read_number(name, cells[i], origin, &frame));
            break;
        case ROLE_WEIGHT:
            TRY(read_number(name, cells[i], origin, weight));
            if (!(*weight > 0.0 && *weight <= 1e30))
                return status_error(STATUS_BAD_FILE, "%s: weight is %s; it must be more than 0", origin, cells[i]);
            break;
        }
    }
    if (list->quaternions > 0) TRY(check_quaternion(origin, orientation));
    if (list->ubs > 0) TRY(check_ub(list->sweep, origin, orientation));
    TRY(check_frame(list, origin, frame, row));
    row[stride - 1] = frame;
    list->rows++;
    return status_ok();
}

/* Drops the column of frames and, where a frame has several rows, makes the list of first rows. */
static Status pack_rows(List *list) {
    Sweep *sweep = list->sweep;
    SweepTable *table = &sweep->table;
    const int64_t stride = table->stride + 1, frames = list->frame + 1;
    double *rows = sweep->block + table->rows_at;
    table->crowded = frames < list->rows;
    double *first = calloc((size_t)frames + 1, sizeof *first);
    if (first == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a list of %" PRId64 " frames", frames);
    for (int64_t i = list->rows - 1; i >= 0; i--) first[(int64_t)rows[i * stride + stride - 1]] = (double)i;
    first[frames] = (double)list->rows;
    for (int64_t i = 0; i < list->rows; i++)
        memmove(rows + i * table->stride, rows + i * stride, (size_t)table->stride * sizeof *rows);
    for (int64_t i = 0; i < frames; i++)
        table->most_crystals = (int64_t)fmax((double)table->most_crystals, first[i + 1] - first[i]);
    sweep->block_length = table->rows_at + list->rows * table->stride;
    Status status = status_ok();
    if (table->crowded) status = sweep_extend(sweep, frames + 1, &table->first_at);
    if (table->crowded && status_is_ok(status))
        memcpy(sweep->block + table->first_at, first, (size_t)(frames + 1) * sizeof *first);
    free(first);
    sweep->count = frames;
    return status;
}

Status sweep_read_list(ListSource *source, Sweep *sweep) {
    List list = {.source = source, .sweep = sweep, .frame = -1};
    char cells[SWEEP_COLUMNS_MOST][64], origin[PARAMETER_ORIGIN_BYTES] = "";
    bool found = true;
    TRY(read_header(&list));
    while (true) {
        TRY(source->next(source->context, cells, origin, &found));
        if (!found) break;
        TRY(read_row(&list, cells, origin));
    }
    if (list.rows == 0) return status_error(STATUS_BAD_FILE, "%s has no rows", source->path);
    return pack_rows(&list);
}
