#include "setup/plausible.h"
#include "base/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What experiments have of one value of a row; 0 is plausible everywhere. */
static const PlausibleRange *range_of(const ParameterRow *row, int component) {
    const bool of_other_unit = component > 0 && parameters_si_factor(row, component) != parameters_si_factor(row, 0);
    return &row->plausible[of_other_unit ? 1 : 0];
}

static bool is_plausible(double value, const PlausibleRange *range) {
    const bool has_range = range->least != 0.0 || range->greatest != 0.0;
    return !has_range || isnan(value) || isinf(value) || value == 0.0 ||
           (value >= range->least && value <= range->greatest);
}

/* The unit of one value of a row, which may have one for each. */
static void unit_of(const ParameterRow *row, int component, char *unit, size_t bytes) {
    const char *text = row->unit;
    for (int i = 0; i < component && strchr(text, ',') != NULL; i++) text = strchr(text, ',') + 1;
    (void)snprintf(unit, bytes, "%s%.*s", *text != '\0' ? " " : "", (int)strcspn(text, ","), text);
}

static void note_value(const ParameterRow *row, int component, double value, const char *where, Notes *notes) {
    const PlausibleRange *range = range_of(row, component);
    char unit[32];
    unit_of(row, component, unit, sizeof unit);
    notes_add(notes, "%.200s is %.6g%s%s, and experiments have %g to %g%s: is the unit right?", row->public_name, value,
              unit, where, range->least, range->greatest, unit);
}

/* The first value that is remarkable. */
static void note_given(const Parameters *p, int index, Notes *notes) {
    const ParameterRow *row = parameters_row(index);
    double values[PARAMETER_VALUES_MOST];
    const int count = parameters_is_given(p, index) ? parameters_values(p, index, values) : 0;
    for (int i = 0; i < count; i++) {
        const double value = values[i] / parameters_si_factor(row, i);
        if (is_plausible(value, range_of(row, i))) continue;
        char where[PARAMETER_ORIGIN_BYTES + 8];
        const char *origin = p->state[index].origin;
        const bool of_file = strncmp(origin, "command line", 12) != 0 && *origin != '\0';
        (void)snprintf(where, sizeof where, of_file ? " (%s)" : "%s", of_file ? origin : "");
        note_value(row, i, value, where, notes);
        return;
    }
}

/* The first frame whose value is remarkable. */
static void note_column(const Sweep *sweep, int place, Notes *notes) {
    double values[SWEEP_COLUMNS_MOST + SWEEP_DRAWS_MOST];
    const SweepColumn column = sweep_column(sweep, place);
    const int component = column.component < 0 ? 0 : column.component;
    const ParameterRow *row = parameters_row(column.row);
    for (int64_t frame = 0; frame < sweep->count; frame++) {
        char where[48];
        sweep_set_values(sweep, frame, 0, values);
        const double value = values[place] / parameters_si_factor(row, component);
        if (is_plausible(value, range_of(row, component))) continue;
        (void)snprintf(where, sizeof where, " in frame %lld", (long long)frame);
        note_value(row, component, value, where, notes);
        return;
    }
}

void plausible_note(const Parameters *p, const Sweep *sweep, Notes *notes) {
    for (int index = 0; index < PARAMETER_COUNT; index++)
        if (parameters_row(index)->plausible[0].greatest != 0.0) note_given(p, index, notes);
    for (int i = 0; i < sweep_values(sweep); i++)
        if (parameters_row(sweep_column(sweep, i).row)->plausible[0].greatest != 0.0) note_column(sweep, i, notes);
}

/* ------------------------------------------------------------------------------------------------------------ files */

/* Remarks on a number (SI) that is of the kind of value 0 of a row. @return whether there is something to remark */
static bool note_of_kind(int index, const char *what, double si_value, const char *remedy, Notes *notes) {
    const ParameterRow *row = parameters_row(index);
    const double value = si_value / parameters_si_factor(row, 0);
    char unit[32];
    unit_of(row, 0, unit, sizeof unit);
    const PlausibleRange *range = range_of(row, 0);
    if (is_plausible(value, range)) return false;
    notes_add(notes, "%s is %.6g%s, and experiments have %g to %g%s: %s", what, value, unit, range->least,
              range->greatest, unit, remedy);
    return true;
}

/* @return whether some edge is remarked on */
static bool note_edges(const double *lengths_m, const char *where, const char *remedy, Notes *notes) {
    for (int i = 0; i < 3; i++) {
        char what[PARAMETER_TEXT_BYTES];
        (void)snprintf(what, sizeof what, "%.200s: edge %c of the cell that its matrix makes", where, "abc"[i]);
        if (note_of_kind(PARAMETER(crystal, cell), what, lengths_m[i], remedy, notes)) return true;
    }
    return false;
}

/* The first of the listed matrices that is remarkable. */
static void note_listed_matrices(const Parameters *p, const Sweep *sweep, Notes *notes) {
    Mat3 reciprocal_per_m;
    if (sweep->table.orientation != LISTED_UB) return;
    for (int64_t frame = 0; frame < sweep->count; frame++)
        for (int64_t crystal = 0; crystal < sweep_crystals(sweep, frame); crystal++) {
            char where[PARAMETER_TEXT_BYTES];
            if (!sweep_reciprocal(sweep, frame, crystal, &reciprocal_per_m)) continue;
            const Mat3 cell_m = cell_dual(reciprocal_per_m);
            const double lengths_m[3] = {vec3_length(cell_m.row[0]), vec3_length(cell_m.row[1]),
                                         vec3_length(cell_m.row[2])};
            (void)snprintf(where, sizeof where, "%.100s, frame %lld", p->sweep_file, (long long)frame);
            if (note_edges(lengths_m, where, "are ub_11 to ub_33 in 1/A, and not times a wavelength?", notes)) return;
        }
}

static void note_wavelengths(const Parameters *p, const Beam *beam, Notes *notes) {
    const bool of_sources = *p->beam_sources_file != '\0';
    if (!beam->wavelengths_of_file) return;
    for (int64_t i = 0; i < beam->source_count; i++) {
        char what[PARAMETER_TEXT_BYTES];
        (void)snprintf(what, sizeof what, "%.200s: a wavelength",
                       of_sources ? p->beam_sources_file : p->beam_spectrum_file);
        if (note_of_kind(PARAMETER(beam, wavelength), what, beam->sources[i].wavelength_m,
                         of_sources ? "is it in metres?" : "is its unit right?", notes))
            return;
    }
}

/* A table by another measure than background.file_axis says ends elsewhere than what there is to see. */
static void note_background_table(const Parameters *p, const Experiment *e, Notes *notes) {
    const Background *background = &e->background;
    double range_per_m[2], shortest_m = INFINITY;
    if (background->point_count == 0 || !(background->molecules > 0.0)) return;
    const double last = background->points[background->point_count - 1][0];
    for (int64_t i = 0; i < e->beam.source_count; i++) shortest_m = fmin(shortest_m, e->beam.sources[i].wavelength_m);
    experiment_resolution(&e->beam, &e->detector, range_per_m);
    if (last * shortest_m > 1.0)
        notes_add(notes,
                  "%.200s goes to sin(theta)/lambda = %.4g 1/A, and a wavelength of %.4g A has none beyond %.4g: is "
                  "background.file_axis (%.20s) right?",
                  p->background_file, last * 1e-10, shortest_m * 1e10, 1e-10 / shortest_m,
                  p->state[PARAMETER(background, file_axis)].text);
    if (last < 0.5 * range_per_m[1] * (1.0 - 1e-9))
        notes_add(notes,
                  "%.200s ends at %.4g A and the detector sees to %.4g A; its last value stands for what is beyond (is "
                  "background.file_axis right?)",
                  p->background_file, 0.5e10 / last, 1e10 / range_per_m[1]);
}

void plausible_note_files(const Parameters *p, const Experiment *e, Notes *notes) {
    if (e->crystal.from_matrix)
        (void)note_edges(e->crystal.lengths_m, p->crystal_matrix_file,
                         "are its numbers a*, b*, c* times the wavelength, and crystal.matrix_wavelength right?",
                         notes);
    note_listed_matrices(p, &e->sweep, notes);
    note_wavelengths(p, &e->beam, notes);
    note_background_table(p, e, notes);
}
