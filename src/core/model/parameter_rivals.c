#include "model/parameter_rivals.h"

#include "model/detector.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool parameter_rivals_next(Rivals *rivals) {
    for (; rivals->row[0] < PARAMETER_COUNT; rivals->row[0]++, rivals->place = 0) {
        const Rival *list = parameters_row(rivals->row[0])->rivals;
        if (list == NULL || list[rivals->place].what == NULL) continue;
        rivals->how = list[rivals->place++];
        rivals->row[1] = rivals->how.row;
        return true;
    }
    return false;
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

static bool has_auto(const Parameters *p, int row) {
    double values[PARAMETER_VALUES_MOST];
    const int count = parameters_values(p, row, values);
    bool any = false;
    for (int i = 0; i < count; i++) any = any || isnan(values[i]);
    return any;
}

/* Where no size is given, cells count; the laws of nanoBragg use a step and a number of directions beside a width. */
static bool live_together(const Parameters *p, const Rivals *rivals) {
    if (rivals->how.whole) return has_auto(p, rivals->row[1]);
    return rivals->how.beside != 0 && p->beam_divergence_points == LAW_ENDPOINTS && !has_auto(p, rivals->how.beside);
}

/* With nanoBragg's options only what varies in vain is a fault. */
static bool is_fault(const Parameters *p, const Rivals *rivals, const bool *varies) {
    const bool varied = varies[0] || varies[1];
    if (rivals->how.nanobragg == RIVAL_FAULT) return true;
    if (p->of_nanobragg) return varies[0] && rivals->how.nanobragg == RIVAL_SECOND;
    return varied || !(rivals->how.only_in_sweep || live_together(p, rivals));
}

static Status check_pair(const Parameters *p, const Sweep *sweep, const Rivals *rivals) {
    bool varies[2] = {false, false};
    const char *origin[2];
    for (int i = 0; i < 2; i++) origin[i] = origin_of(p, sweep, rivals->row[i], &varies[i]);
    if (origin[0] == NULL || origin[1] == NULL || !is_fault(p, rivals, varies)) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "%s (%.200s) and %s (%.200s) are both given, and both say %s; give one",
                        parameters_row(rivals->row[0])->public_name, origin[0],
                        parameters_row(rivals->row[1])->public_name, origin[1], rivals->how.what);
}

/* A listed matrix is cell and orientation. */
static Status check_listed_matrix(const Parameters *p, const Sweep *sweep) {
    if (sweep->table.orientation != LISTED_UB) return status_ok();
    for (int row = 0; row < PARAMETER_COUNT; row++) {
        bool varies = false;
        const char *origin = parameters_row(row)->orients ? origin_of(p, sweep, row, &varies) : NULL;
        if (origin == NULL) continue;
        return status_error(STATUS_BAD_PARAMETER,
                            "%s (%.200s) and ub_11 to ub_33 (%.200s) are both given, and both say how the crystal "
                            "lies; give one",
                            parameters_row(row)->public_name, origin, p->sweep_file);
    }
    return status_ok();
}

Status parameter_rivals_check(const Parameters *p, const Sweep *sweep) {
    Rivals rivals = {.place = 0};
    while (parameter_rivals_next(&rivals)) TRY(check_pair(p, sweep, &rivals));
    return p->of_nanobragg ? status_ok() : check_listed_matrix(p, sweep);
}

/* How nanoBragg called a row: the options that gave it. */
static void note_pair(const Parameters *p, int counts, int idle, Notes *notes) {
    notes_add(notes, "%s (%.100s) and %s (%.100s) are both given: as in nanoBragg, %s counts",
              parameters_row(counts)->public_name, p->state[counts].origin, parameters_row(idle)->public_name,
              p->state[idle].origin, parameters_row(counts)->public_name);
}

static Status settle_pair(Parameters *p, const Rivals *rivals, int later, Notes *notes) {
    const int first = rivals->row[0], second = rivals->row[1];
    const RivalRule rule = rivals->how.nanobragg;
    if (rivals->how.only_in_sweep || rule == RIVAL_FAULT || !parameter_has_value(p, first) ||
        !parameter_has_value(p, second))
        return status_ok();
    if ((rule == RIVAL_LATER) != (later == first || later == second)) return status_ok();
    if (rule != RIVAL_SECOND && rule != RIVAL_LATER) {
        notes_add(notes, "%s (%.100s) and %s (%.100s) are both given, and both say %s: both are used, as in nanoBragg",
                  parameters_row(first)->public_name, p->state[first].origin, parameters_row(second)->public_name,
                  p->state[second].origin, rivals->how.what);
        return status_ok();
    }
    if (live_together(p, rivals)) return status_ok();
    const int counts = rule == RIVAL_LATER ? later : second;
    const int idle = counts == first ? second : first;
    note_pair(p, counts, idle, notes);
    return parameters_unset(p, idle);
}

Status parameter_rivals_settle(Parameters *p, int later, Notes *notes) {
    Rivals rivals = {.place = 0};
    while (parameter_rivals_next(&rivals)) TRY(settle_pair(p, &rivals, later, notes));
    return status_ok();
}

/* Which of a pair the images of a run are made from; -1: both. */
static int counts_of(const Parameters *p, const Rivals *rivals) {
    const int first = rivals->row[0], second = rivals->row[1];
    const bool whole = p->detector_fast_pixels != PARAMETER_AUTO && p->detector_slow_pixels != PARAMETER_AUTO;
    if (live_together(p, rivals)) return -1;
    switch (rivals->how.nanobragg) {
    case RIVAL_SECOND:
    case RIVAL_LATER:
        return second;
    case RIVAL_BY_PIVOT:
        return detector_pivot(p) == PIVOT_SAMPLE ? second : first;
    case RIVAL_BY_PIXELS:
        return whole ? second : -1;
    case RIVAL_FAULT:
        return first;
    case RIVAL_TOGETHER:
        return -1;
    }
    return -1;
}

bool parameter_rivals_is_idle(const Parameters *p, int row) {
    Rivals rivals = {.place = 0};
    while (parameter_rivals_next(&rivals)) {
        const int other = rivals.row[0] == row ? rivals.row[1] : rivals.row[0];
        if ((rivals.row[0] != row && rivals.row[1] != row) || rivals.how.only_in_sweep) continue;
        if (parameter_has_value(p, row) && parameter_has_value(p, other) && counts_of(p, &rivals) == other) return true;
    }
    return false;
}
