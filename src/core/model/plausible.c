#include "model/plausible.h"
#include "base/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What experiments have, in the units of the table of parameters; 0 is plausible everywhere. */
static const struct {
    int row;
    int first, last; /* values of a list that the range is for */
    double least, greatest;
} ranges[] = {
    {PARAMETER(beam, wavelength), 0, 0, 0.02, 20},
    {PARAMETER(beam, energy), 0, 0, 500, 500000}, /* 12.4 is keV */
    {PARAMETER(beam, dispersion), 0, 0, 1e-6, 30},
    {PARAMETER(beam, divergence_horizontal), 0, 0, 1e-6, 100},
    {PARAMETER(beam, divergence_vertical), 0, 0, 1e-6, 100},
    {PARAMETER(beam, fluence), 0, 0, 1e3, 1e36},
    {PARAMETER(beam, flux), 0, 0, 1, 1e30},
    {PARAMETER(beam, exposure), 0, 0, 1e-17, 1e5},
    {PARAMETER(beam, size), 0, 0, 1e-6, 20},
    {PARAMETER(crystal, cell), 0, 2, 1.5, 3000}, /* 5 is nm */
    {PARAMETER(crystal, cell), 3, 5, 20, 160},   /* 1.57 is in radians */
    {PARAMETER(crystal, size), 0, 2, 1e-6, 10},
    {PARAMETER(crystal, mosaic_spread), 0, 2, 1e-6, 20},
    {PARAMETER(crystal, b_factor), 0, 0, -20, 500},
    {PARAMETER(detector, distance), 0, 0, 2, 30000},
    {PARAMETER(detector, close_distance), 0, 0, 2, 30000},
    {PARAMETER(detector, pixel_size), 0, 0, 1e-3, 20}, /* 172 is in micrometres */
    {PARAMETER(detector, size), 0, 1, 0.1, 3000},
    {PARAMETER(detector, beam_centre), 0, 1, -3000, 3000},
    {PARAMETER(detector, closest_point), 0, 1, -3000, 3000},
    {PARAMETER(detector, pixel0), 0, 2, -30, 30},
    {PARAMETER(detector, sensor_thickness), 0, 0, 1, 20000}, /* 0.32 is in mm */
    {PARAMETER(detector, sensor_attenuation), 0, 0, 1, 1e6},
    {PARAMETER(detector, sensor_density), 0, 0, 0.5, 25},
    {PARAMETER(detector, psf_fwhm), 0, 0, 1e-3, 10},
    {PARAMETER(background, size), 0, 1, 1e-3, 20000},
    {PARAMETER(background, density), 0, 0, 1e-4, 25},
    {PARAMETER(background, molecular_weight), 0, 0, 1, 1e7},
    {PARAMETER(sampling, dmin), 0, 0, 0.1, 1000},
    {PARAMETER(sampling, phi_range), 0, 0, 1e-6, 360},
    {PARAMETER(sweep, width), 0, 0, 1e-6, 360},
};

static bool is_plausible(double value, double least, double greatest) {
    return isnan(value) || isinf(value) || value == 0.0 || (value >= least && value <= greatest);
}

/* The unit of one value of a row, which may have one for each. */
static void unit_of(const ParameterRow *row, int component, char *unit, size_t bytes) {
    const char *text = row->unit;
    for (int i = 0; i < component && strchr(text, ',') != NULL; i++) text = strchr(text, ',') + 1;
    (void)snprintf(unit, bytes, "%s%.*s", *text != '\0' ? " " : "", (int)strcspn(text, ","), text);
}

static void note_value(const ParameterRow *row, int component, double value, size_t range, const char *where,
                       Notes *notes) {
    char unit[32];
    unit_of(row, component, unit, sizeof unit);
    notes_add(notes, "%.200s is %.6g%s%s, and experiments have %g to %g%s: is the unit right?", row->public_name, value,
              unit, where, ranges[range].least, ranges[range].greatest, unit);
}

static void note_given(const Parameters *p, size_t range, Notes *notes) {
    const ParameterRow *row = parameters_row(ranges[range].row);
    const double *values = (const double *)(const void *)((const char *)p + row->offset);
    if (!parameters_is_given(p, ranges[range].row)) return;
    for (int i = ranges[range].first; i <= ranges[range].last; i++) {
        const double value = values[i] / parameters_si_factor(row, i);
        if (is_plausible(value, ranges[range].least, ranges[range].greatest)) continue;
        char where[PARAMETER_ORIGIN_BYTES + 8];
        const char *origin = p->state[ranges[range].row].origin;
        const bool of_file = strncmp(origin, "command line", 12) != 0 && *origin != '\0';
        (void)snprintf(where, sizeof where, of_file ? " (%s)" : "%s", of_file ? origin : "");
        note_value(row, i, value, range, where, notes);
        return;
    }
}

/* The value farthest out that a frame's column has. */
static void note_column(const Sweep *sweep, int column, size_t range, Notes *notes) {
    double values[SWEEP_COLUMNS_MOST + SWEEP_DRAWS_MOST];
    const int component = sweep_column(sweep, column).component;
    const ParameterRow *row = parameters_row(ranges[range].row);
    const double si = parameters_si_factor(row, component < 0 ? 0 : component);
    for (int64_t frame = 0; frame < sweep->count; frame++) {
        char where[48];
        sweep_set_values(sweep, frame, 0, values);
        const double value = values[column] / si;
        if (is_plausible(value, ranges[range].least, ranges[range].greatest)) continue;
        (void)snprintf(where, sizeof where, " in frame %lld", (long long)frame);
        note_value(row, component < 0 ? 0 : component, value, range, where, notes);
        return;
    }
}

void plausible_note(const Parameters *p, const Sweep *sweep, Notes *notes) {
    for (size_t range = 0; range < sizeof ranges / sizeof *ranges; range++) {
        note_given(p, range, notes);
        for (int i = 0; i < sweep_values(sweep); i++) {
            const SweepColumn column = sweep_column(sweep, i);
            const int component = column.component < 0 ? 0 : column.component;
            if (column.row == ranges[range].row && component >= ranges[range].first && component <= ranges[range].last)
                note_column(sweep, i, range, notes);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------ files */

/* Remarks on a number (SI) that is of the kind of value 0 of a row. @return whether there is something to remark */
static bool note_of_kind(int index, const char *what, double si_value, const char *remedy, Notes *notes) {
    const ParameterRow *row = parameters_row(index);
    const double value = si_value / parameters_si_factor(row, 0);
    char unit[32];
    unit_of(row, 0, unit, sizeof unit);
    for (size_t range = 0; range < sizeof ranges / sizeof *ranges; range++) {
        if (ranges[range].row != index || ranges[range].first > 0) continue;
        if (is_plausible(value, ranges[range].least, ranges[range].greatest)) return false;
        notes_add(notes, "%s is %.6g%s, and experiments have %g to %g%s: %s", what, value, unit, ranges[range].least,
                  ranges[range].greatest, unit, remedy);
        return true;
    }
    return false;
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
