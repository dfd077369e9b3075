#include "base/text.h"
#include "model/sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One NAME=WHAT of a list with semicolons. */
typedef struct Clause {
    char name[128], what[PARAMETER_TEXT_BYTES];
} Clause;

static void copy_trimmed(char *copy, size_t bytes, const char *text, size_t length) {
    for (; length > 0 && *text == ' '; length--) text++;
    while (length > 0 && text[length - 1] == ' ') length--;
    (void)snprintf(copy, bytes, "%.*s", (int)length, text);
}

/* Takes the next clause from @p text, which moves on; false at the end. */
static bool next_clause(const char **text, Clause *clause) {
    while (**text == ';' || **text == ' ') (*text)++;
    if (**text == '\0') return false;
    const size_t length = strcspn(*text, ";"), name = strcspn(*text, "=;");
    copy_trimmed(clause->name, sizeof clause->name, *text, name);
    copy_trimmed(clause->what, sizeof clause->what, *text + name + (name < length), length - name - (name < length));
    *text += length;
    return true;
}

static bool sets_already(const Sweep *sweep, SweepColumn column) {
    for (int i = 0; i < sweep_values(sweep); i++) {
        const SweepColumn other = sweep_column(sweep, i);
        if (other.row == column.row &&
            (other.component == column.component || other.component < 0 || column.component < 0))
            return true;
    }
    return false;
}

static Status find_column(const Sweep *sweep, const Clause *clause, const char *origin, SweepColumn *column) {
    TRY(parameters_find_value(clause->name, origin, &column->row, &column->component));
    if (!sets_already(sweep, *column)) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "%s: the sweep sets %s twice; keep one", origin, clause->name);
}

/* ----------------------------------------------------------------------------------------------------------- matrix */

static Status read_axis(Sweep *sweep, const Clause *clause, const char *origin) {
    const int axis = sweep->columns;
    SweepColumn column;
    if (axis == SWEEP_COLUMNS_MOST)
        return status_error(STATUS_BAD_PARAMETER, "%s: sweep.matrix has more than %d parameters", origin, axis);
    TRY(find_column(sweep, clause, origin, &column));
    for (const char *next = clause->what;; next++) {
        char word[128];
        int64_t at = 0;
        double value = 0.0;
        const size_t length = strcspn(next, ",");
        copy_trimmed(word, sizeof word, next, length < 127 ? length : 127);
        TRY(parameters_read_value(clause->name, column.row, column.component, word, origin, &value));
        TRY(sweep_extend(sweep, 1, &at));
        sweep->block[at] = value;
        if (sweep->axis_length[axis]++ == 0) sweep->axis_at[axis] = at;
        next += length;
        if (*next == '\0') break;
    }
    sweep->column[sweep->columns++] = column;
    return status_ok();
}

Status sweep_read_matrix(const Parameters *p, Sweep *sweep) {
    const char *text = p->sweep_matrix, *origin = p->state[PARAMETER(sweep, matrix)].origin;
    Clause clause;
    double count = 1.0;
    while (next_clause(&text, &clause)) {
        TRY(read_axis(sweep, &clause, origin));
        count *= (double)sweep->axis_length[sweep->columns - 1];
    }
    if (sweep->columns == 0)
        return status_error(
            STATUS_BAD_PARAMETER,
            "sweep.kind is matrix; give sweep.matrix, like \"beam.wavelength=1,1.1;crystal.cells=5,9\"");
    if (count > 1e9)
        return status_error(STATUS_BAD_PARAMETER, "%s: sweep.matrix makes %g frames; at most 1e9 are accepted", origin,
                            count);
    sweep->count = (int64_t)count;
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ draws */

static Status bad_draw(const Clause *clause, const char *origin, const char *remedy) {
    return status_error(STATUS_BAD_PARAMETER, "%s: the draw of %s is \"%.200s\"; %s", origin, clause->name,
                        clause->what, remedy);
}

/* LAW(A,B): the words. */
static bool cut_law(const char *what, char *law, char *first, char *second) {
    const size_t name = strcspn(what, "("), length = strlen(what);
    if (name == length || what[length - 1] != ')' || name >= 32) return false;
    const char *a = what + name + 1, *comma = strchr(a, ',');
    if (comma == NULL || strchr(comma + 1, ',') != NULL) return false;
    copy_trimmed(law, 32, what, name);
    copy_trimmed(first, 64, a, comma - a < 63 ? (size_t)(comma - a) : 63);
    const size_t rest = length - 1 - (size_t)(comma + 1 - what);
    copy_trimmed(second, 64, comma + 1, rest < 63 ? rest : 63);
    return true;
}

/* The rms of a normal law has the parameter's unit; it is read as the difference from the mean. */
static Status read_width(const SweepDraw *draw, const char *text, const Clause *clause, const char *origin,
                         double *width) {
    const char *rest = text;
    const double si = parameters_si_factor(parameters_row(draw->column.row), draw->column.component);
    if (!text_read_real(text, width, &rest) || *rest != '\0' || !(*width >= 0.0) || !isfinite(*width))
        return bad_draw(clause, origin, "the second number is a width without a unit, at least 0");
    if (draw->law == DRAW_NORMAL) *width *= si;
    return status_ok();
}

/* A value that accepts the same numbers. */
static bool can_follow(SweepColumn one, SweepColumn other) {
    const ParameterRow *a = parameters_row(one.row), *b = parameters_row(other.row);
    return a->type == b->type && a->least == b->least && a->greatest == b->greatest &&
           strcmp(parameters_si_unit(a, one.component), parameters_si_unit(b, other.component)) == 0;
}

/* same(NAME): what the sweep sets before it.
 * @param is_same  false: it is another law */
static Status read_same(const Sweep *sweep, const Clause *clause, const char *origin, SweepDraw *draw, bool *is_same) {
    char name[128];
    SweepColumn column;
    const size_t length = strlen(clause->what);
    *is_same = strncmp(clause->what, "same(", 5) == 0 && clause->what[length - 1] == ')';
    if (!*is_same) return status_ok();
    copy_trimmed(name, sizeof name, clause->what + 5, length - 6 < 127 ? length - 6 : 127);
    TRY(parameters_find_value(name, origin, &column.row, &column.component));
    draw->law = DRAW_SAME;
    for (draw->source = 0; draw->source < sweep_values(sweep); draw->source++) {
        const SweepColumn other = sweep_column(sweep, draw->source);
        if (other.row != column.row || other.component != column.component) continue;
        if (can_follow(draw->column, other)) return status_ok();
        return bad_draw(clause, origin, "same() must name a value of the same unit and range");
    }
    return bad_draw(clause, origin, "same() must name a value that the sweep sets, a draw that stands before it");
}

static Status read_draw(Sweep *sweep, const Clause *clause, const char *origin) {
    static const char *const laws[] = {"uniform", "normal", "lognormal"};
    char law[32], first[64], second[64];
    SweepDraw draw = {.law = DRAW_UNIFORM};
    if (sweep->draws == SWEEP_DRAWS_MOST)
        return status_error(STATUS_BAD_PARAMETER, "%s: sweep.draw has more than %d draws", origin, SWEEP_DRAWS_MOST);
    TRY(find_column(sweep, clause, origin, &draw.column));
    const ParameterRow *row = parameters_row(draw.column.row);
    if (row->type != PARAMETER_TYPE_REAL && row->type != PARAMETER_TYPE_INTEGER)
        return status_error(STATUS_BAD_PARAMETER, "%s: %s is no number and cannot be drawn", origin, clause->name);
    bool is_same = false;
    TRY(read_same(sweep, clause, origin, &draw, &is_same));
    if (is_same) {
        sweep->draw[sweep->draws++] = draw;
        return status_ok();
    }
    if (!cut_law(clause->what, law, first, second))
        return bad_draw(clause, origin,
                        "it must be uniform(least, greatest), normal(mean, rms), lognormal(median, rms) or same(NAME)");
    while (strcmp(law, laws[draw.law]) != 0)
        if (++draw.law > DRAW_LOGNORMAL)
            return bad_draw(clause, origin, "the law must be uniform, normal, lognormal or same");
    TRY(parameters_read_value(clause->name, draw.column.row, draw.column.component, first, origin, &draw.a));
    if (draw.law == DRAW_UNIFORM)
        TRY(parameters_read_value(clause->name, draw.column.row, draw.column.component, second, origin, &draw.b));
    else
        TRY(read_width(&draw, second, clause, origin, &draw.b));
    if (isnan(draw.a) || isnan(draw.b) || (draw.law == DRAW_UNIFORM && draw.b < draw.a))
        return bad_draw(clause, origin, "both must be numbers, for uniform the smaller one first");
    const double si = parameters_si_factor(row, draw.column.component);
    draw.least = row->least * si;
    draw.greatest = row->greatest * si;
    sweep->draw[sweep->draws++] = draw;
    return status_ok();
}

Status sweep_read_draws(const Parameters *p, Sweep *sweep) {
    const char *text = p->sweep_draw, *origin = p->state[PARAMETER(sweep, draw)].origin;
    Clause clause;
    while (next_clause(&text, &clause)) TRY(read_draw(sweep, &clause, origin));
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ names */

bool sweep_text_names(const Parameters *p, int row) {
    const char *texts[] = {p->sweep_kind == SWEEP_MATRIX ? p->sweep_matrix : "", p->sweep_draw};
    Clause clause;
    for (int i = 0; i < 2; i++)
        for (const char *text = texts[i]; next_clause(&text, &clause);) {
            clause.name[strcspn(clause.name, "[")] = '\0';
            if (parameters_find(clause.name) == row) return true;
        }
    return false;
}
