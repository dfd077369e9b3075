#include "parameters/parameter_rivals.h"

#include "model/detector.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define RIVALS(section, name, other_section, other_name, where, nanobragg_rule, says)                                  \
    {.row = {PARAMETER(section, name), PARAMETER(other_section, other_name)},                                          \
     .scope = RIVALS_##where,                                                                                          \
     .nanobragg = RIVAL_##nanobragg_rule,                                                                              \
     .what = (says)},
static const Rivals table[] = {
#include "parameters/parameter_rivals.def"
};
#undef RIVALS

const Rivals *parameter_rivals(int index) {
    return index < (int)(sizeof table / sizeof *table) ? &table[index] : NULL;
}

bool parameter_has_value(const Parameters *p, int row) {
    double values[PARAMETER_VALUES_MOST];
    if (!parameters_is_given(p, row)) return false;
    const ParameterRow *parameter = parameters_row(row);
    const int count = parameters_values(p, row, values);
    bool any = false;
    switch (parameter->type) {
    case PARAMETER_TYPE_REAL:
        for (int i = 0; i < count; i++) any = any || !isnan(values[i]);
        return any;
    case PARAMETER_TYPE_INTEGER:
        for (int i = 0; i < count; i++) any = any || values[i] != (double)PARAMETER_AUTO;
        return any;
    case PARAMETER_TYPE_BOOLEAN:
        return values[0] != 0.0;
    case PARAMETER_TYPE_CHOICE:
        return strcmp(p->state[row].text, "auto") != 0;
    case PARAMETER_TYPE_TEXT:
    case PARAMETER_TYPE_FILE:
        return *p->state[row].text != '\0';
    }
    return false;
}

/* Where a value stands; NULL where there is none. */
static const char *origin_of(const Parameters *p, const Sweep *sweep, int row, bool *varies) {
    for (int i = 0; i < sweep_values(sweep); i++) {
        if (sweep_column(sweep, i).row != row) continue;
        *varies = true;
        return i >= sweep->columns ? "sweep.draw" : sweep->kind == SWEEP_MATRIX ? "sweep.matrix" : p->sweep_file;
    }
    return parameter_has_value(p, row) ? p->state[row].origin : NULL;
}

/* The laws of nanoBragg use a step and a number of directions beside a width. */
static bool live_together(const Parameters *p, const Rivals *rivals) {
    const bool horizontal = rivals->row[1] == PARAMETER(beam, divergence_step_horizontal);
    const bool vertical = rivals->row[1] == PARAMETER(beam, divergence_step_vertical);
    if (rivals->row[0] == PARAMETER(crystal, cells)) /* where no size is given, cells count */
        return isnan(p->crystal_size_m[0]) || isnan(p->crystal_size_m[1]) || isnan(p->crystal_size_m[2]);
    return p->beam_divergence_law == LAW_ENDPOINTS && ((horizontal && !isnan(p->beam_divergence_horizontal_rad)) ||
                                                       (vertical && !isnan(p->beam_divergence_vertical_rad)));
}

static Status check_pair(const Parameters *p, const Sweep *sweep, const Rivals *rivals) {
    bool varies = false;
    const char *origin[2];
    for (int i = 0; i < 2; i++) origin[i] = origin_of(p, sweep, rivals->row[i], &varies);
    if (origin[0] == NULL || origin[1] == NULL || (rivals->scope == RIVALS_SWEPT && !varies)) return status_ok();
    if (!varies && live_together(p, rivals)) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "%s (%.200s) and %s (%.200s) are both given, and both say %s; give one",
                        parameters_row(rivals->row[0])->public_name, origin[0],
                        parameters_row(rivals->row[1])->public_name, origin[1], rivals->what);
}

/* A listed matrix is cell and orientation. */
static Status check_listed_matrix(const Parameters *p, const Sweep *sweep) {
    static const int rows[] = {PARAMETER(crystal, matrix), PARAMETER(crystal, misset),
                               PARAMETER(crystal, random_misset)};
    if (sweep->table.orientation != LISTED_UB) return status_ok();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool varies = false;
        const char *origin = origin_of(p, sweep, rows[i], &varies);
        if (origin == NULL) continue;
        return status_error(STATUS_BAD_PARAMETER,
                            "%s (%.200s) and ub_11 to ub_33 (%.200s) are both given, and both say how the crystal "
                            "lies; give one",
                            parameters_row(rows[i])->public_name, origin, p->sweep_file);
    }
    return status_ok();
}

Status parameter_rivals_check(const Parameters *p, const Sweep *sweep) {
    if (p->of_nanobragg) return status_ok();
    for (int i = 0; parameter_rivals(i) != NULL; i++) TRY(check_pair(p, sweep, parameter_rivals(i)));
    return check_listed_matrix(p, sweep);
}

/* How nanoBragg called a row: the options that gave it. */
static void note_pair(const Parameters *p, int counts, int idle, Notes *notes) {
    notes_add(notes, "%s (%.100s) and %s (%.100s) are both given: as in nanoBragg, %s counts",
              parameters_row(counts)->public_name, p->state[counts].origin, parameters_row(idle)->public_name,
              p->state[idle].origin, parameters_row(counts)->public_name);
}

static Status settle_pair(Parameters *p, const Rivals *rivals, int later, Notes *notes) {
    const int first = rivals->row[0], second = rivals->row[1];
    if (rivals->scope != RIVALS_ANYWHERE || !parameter_has_value(p, first) || !parameter_has_value(p, second))
        return status_ok();
    if ((rivals->nanobragg == RIVAL_LATER) != (later == first || later == second)) return status_ok();
    if (rivals->nanobragg == RIVAL_TOGETHER) {
        notes_add(notes, "%s (%.100s) and %s (%.100s) are both given, and both say %s: both are used, as in nanoBragg",
                  parameters_row(first)->public_name, p->state[first].origin, parameters_row(second)->public_name,
                  p->state[second].origin, rivals->what);
        return status_ok();
    }
    if (first == PARAMETER(crystal, cells) && live_together(p, rivals)) return status_ok();
    const int counts = rivals->nanobragg == RIVAL_LATER ? later : rivals->nanobragg == RIVAL_FIRST ? first : second;
    const int idle = counts == first ? second : first;
    note_pair(p, counts, idle, notes);
    return parameters_unset(p, idle);
}

Status parameter_rivals_settle(Parameters *p, int later, Notes *notes) {
    for (int i = 0; parameter_rivals(i) != NULL; i++) TRY(settle_pair(p, parameter_rivals(i), later, notes));
    return status_ok();
}

/* Which of a pair the images of a run are made from; -1: both. */
static int counts_of(const Parameters *p, const Rivals *rivals) {
    const int first = rivals->row[0], second = rivals->row[1];
    const bool whole = p->detector_fast_pixels != PARAMETER_AUTO && p->detector_slow_pixels != PARAMETER_AUTO;
    if (live_together(p, rivals)) return -1;
    if (rivals->nanobragg != RIVAL_TOGETHER) return rivals->nanobragg == RIVAL_FIRST ? first : second;
    if (first == PARAMETER(detector, beam_centre)) return detector_pivot(p) == PIVOT_SAMPLE ? second : first;
    return first == PARAMETER(detector, size) && whole ? second : -1;
}

bool parameter_rivals_is_idle(const Parameters *p, int row) {
    for (int i = 0; parameter_rivals(i) != NULL; i++) {
        const Rivals *rivals = parameter_rivals(i);
        const int other = rivals->row[0] == row ? rivals->row[1] : rivals->row[0];
        if ((rivals->row[0] != row && rivals->row[1] != row) || rivals->scope != RIVALS_ANYWHERE) continue;
        if (parameter_has_value(p, row) && parameter_has_value(p, other) && counts_of(p, rivals) == other) return true;
    }
    return false;
}
