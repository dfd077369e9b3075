#include "reflections/reflection_grid.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t GRID_VALUES_MOST = INT64_C(2147483647);

/* Values of the same or equivalent reflections may differ by what a text or float32 rounds. */
#define SAME_VALUE 1e-6

/* What an expansion is about. */
typedef struct Expansion {
    const Reflections *reflections;
    ColumnChoice choice;
    Duplicates duplicates;
    Symmetry symmetry; /* P 1 where there is none */
    bool has_mates;    /* by Friedel's law where the file does not give them */
    ReflectionGrid *grid;
    uint32_t *times; /* [place] how many values were added up; NULL unless the mean is wanted */
} Expansion;

void reflection_grid_free(ReflectionGrid *grid) {
    free(grid->values);
    grid->values = NULL;
}

int64_t reflection_grid_size(const ReflectionGrid *grid) {
    return (int64_t)grid->count[0] * grid->count[1] * grid->count[2];
}

int64_t reflection_grid_place(const ReflectionGrid *grid, const int32_t *index) {
    const int64_t h = index[0] - grid->least[0], k = index[1] - grid->least[1], l = index[2] - grid->least[2];
    return (h * grid->count[1] + k) * grid->count[2] + l;
}

void reflection_grid_index(const ReflectionGrid *grid, int64_t place, int32_t *index) {
    index[2] = (int32_t)(place % grid->count[2]) + grid->least[2];
    index[1] = (int32_t)(place / grid->count[2] % grid->count[1]) + grid->least[1];
    index[0] = (int32_t)(place / grid->count[2] / grid->count[1]) + grid->least[0];
}

/* --------------------------------------------------------------------------------------------------- visiting values
 */

/* One value of the file: of the row's h k l, or of -h -k -l where it is of the minus column. */
typedef struct Given {
    int64_t row;
    int32_t index[3];
    double value;
} Given;

typedef Status (*Visit)(Expansion *expansion, const Given *given);

static Status visit_column(Expansion *e, int column, int sign, Visit visit) {
    const Reflections *r = e->reflections;
    for (int64_t row = 0; column >= 0 && row < r->rows; row++) {
        const double value = r->column[column].values[row];
        const int32_t *index = r->index[row];
        const Given given = {row, {sign * index[0], sign * index[1], sign * index[2]}, value};
        if (!isnan(value)) TRY(visit(e, &given));
    }
    return status_ok();
}

static Status visit_all(Expansion *e, Visit visit) {
    TRY(visit_column(e, e->choice.plus, 1, visit));
    return visit_column(e, e->choice.minus, -1, visit);
}

/* ------------------------------------------------------------------------------------------------------------- box */

static void widen(ReflectionGrid *grid, const int32_t *index, bool is_first) {
    for (int i = 0; i < 3; i++) {
        const int32_t greatest = is_first ? index[i] : grid->least[i] + grid->count[i] - 1;
        if (is_first || index[i] < grid->least[i]) grid->least[i] = index[i];
        grid->count[i] = (index[i] > greatest ? index[i] : greatest) - grid->least[i] + 1;
    }
}

static Status measure(Expansion *e, const Given *given) {
    for (int n = 0; n < e->symmetry.operations; n++) {
        int32_t index[3];
        symmetry_rotate(&e->symmetry.operation[n], given->index, index);
        widen(e->grid, index, e->grid->rows == 0 && n == 0);
        for (int i = 0; i < 3; i++) index[i] = -index[i];
        if (e->has_mates) widen(e->grid, index, false);
    }
    e->grid->rows++;
    return status_ok();
}

static Status check_box(const Expansion *e) {
    const ReflectionGrid *grid = e->grid;
    const Reflections *r = e->reflections;
    const double values = (double)grid->count[0] * grid->count[1] * grid->count[2];
    if (grid->rows == 0)
        return status_error(STATUS_BAD_FILE, "%s: column %s has no value", r->path, r->column[e->choice.plus].label);
    if (values > (double)GRID_VALUES_MOST)
        return status_error(STATUS_BAD_FILE,
                            "%s: its indices span %d x %d x %d, a grid of %.3g GiB; at most 16 GiB are accepted (is an "
                            "index wrong?)",
                            r->path, grid->count[0], grid->count[1], grid->count[2],
                            values * sizeof(double) / 1073741824.0);
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ places
 */

static Status refuse_duplicate(const Expansion *e, const Given *given, const int32_t *index, double before) {
    char place[512];
    const char *name = e->reflections->column[e->choice.plus].kind == COLUMN_INTENSITY ? "intensity" : "F";
    const char *by_symmetry = e->symmetry.operations > 1 ? ", its own or of an equivalent" : "";
    reflections_place(e->reflections, given->row, sizeof place, place);
    return status_error(STATUS_BAD_FILE,
                        "%s: reflection %d %d %d has %s %.9g here and %.9g on an earlier line%s; keep one, or give "
                        "crystal.structure_factor_duplicates=mean",
                        place, index[0], index[1], index[2], name, given->value, before, by_symmetry);
}

static Status put(Expansion *e, const Given *given, const int32_t *index) {
    const int64_t place = reflection_grid_place(e->grid, index);
    double *value = &e->grid->values[place];
    if (e->times != NULL) {
        *value = isnan(*value) ? given->value : *value + given->value;
        e->times[place]++;
    } else if (isnan(*value)) {
        *value = given->value;
    } else if (fabs(*value - given->value) > SAME_VALUE * fmax(fabs(*value), fabs(given->value))) {
        return refuse_duplicate(e, given, index, *value);
    }
    return status_ok();
}

static Status spread(Expansion *e, const Given *given) {
    const bool is_origin = given->index[0] == 0 && given->index[1] == 0 && given->index[2] == 0;
    e->grid->negatives += given->value < 0.0;
    if (!is_origin && symmetry_is_absent(&e->symmetry, given->index)) {
        e->grid->absences += given->value > 0.0;
        return status_ok();
    }
    for (int n = 0; n < e->symmetry.operations; n++) {
        int32_t index[3];
        symmetry_rotate(&e->symmetry.operation[n], given->index, index);
        TRY(put(e, given, index));
    }
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------- whole grid */

static void take_means(Expansion *e) {
    for (int64_t i = 0; e->times != NULL && i < reflection_grid_size(e->grid); i++)
        if (e->times[i] > 1) e->grid->values[i] /= e->times[i];
}

/* The grid of a file with Friedel's law is symmetric about the origin: the mate of place i is the i-th from the end. */
static void add_mates(Expansion *e) {
    double *values = e->grid->values;
    const int64_t last = reflection_grid_size(e->grid) - 1;
    for (int64_t i = 0; e->has_mates && i < last - i; i++) {
        double *one = &values[i], *other = &values[last - i];
        if (isnan(*one)) *one = *other;
        if (isnan(*other)) *other = *one;
        e->grid->pairs += fabs(*one - *other) > SAME_VALUE * fmax(fabs(*one), fabs(*other));
    }
}

static void take_amplitudes(Expansion *e) {
    const bool is_intensity = e->reflections->column[e->choice.plus].kind == COLUMN_INTENSITY;
    for (int64_t i = 0; i < reflection_grid_size(e->grid); i++) {
        double *value = &e->grid->values[i];
        if (is_intensity && !isnan(*value)) *value = sqrt(fmax(*value, 0.0));
        if (*value > e->grid->greatest) e->grid->greatest = *value;
    }
}

static Status allocate(Expansion *e) {
    const int64_t size = reflection_grid_size(e->grid);
    e->grid->values = malloc((size_t)size * sizeof *e->grid->values);
    if (e->duplicates == DUPLICATES_MEAN) e->times = calloc((size_t)size, sizeof *e->times);
    if (e->grid->values == NULL || (e->duplicates == DUPLICATES_MEAN && e->times == NULL))
        return status_error(STATUS_NO_MEMORY, "no memory for the %" PRId64 " structure factors of %s", size,
                            e->reflections->path);
    for (int64_t i = 0; i < size; i++) e->grid->values[i] = NAN;
    return status_ok();
}

static Status expand(Expansion *e, bool includes_origin) {
    const int32_t origin[3] = {0, 0, 0};
    TRY(visit_all(e, measure));
    if (includes_origin) widen(e->grid, origin, e->grid->rows == 0);
    TRY(check_box(e));
    TRY(allocate(e));
    TRY(visit_all(e, spread));
    take_means(e);
    add_mates(e);
    take_amplitudes(e);
    return status_ok();
}

Status reflection_grid_create(const Reflections *reflections, ColumnChoice choice, Duplicates duplicates,
                              bool includes_origin, ReflectionGrid *grid) {
    const bool has_symmetry = reflections->symmetry.operations > 0;
    *grid = (ReflectionGrid){.values = NULL};
    Expansion *e = calloc(1, sizeof *e);
    if (e == NULL) return status_error(STATUS_NO_MEMORY, "no memory to expand %s", reflections->path);
    *e = (Expansion){.reflections = reflections,
                     .choice = choice,
                     .duplicates = duplicates,
                     .symmetry = has_symmetry ? reflections->symmetry : symmetry_none(),
                     .has_mates = has_symmetry,
                     .grid = grid};
    const Status status = expand(e, includes_origin);
    free(e->times);
    free(e);
    return status;
}
