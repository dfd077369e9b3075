#include "plausible.h"

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
    notes_add(notes, "%s is %.6g%s%s, and experiments have %g to %g%s: is the unit right?", row->public_name, value,
              unit, where, ranges[range].least, ranges[range].greatest, unit);
}

static void note_given(const Parameters *p, size_t range, Notes *notes) {
    const ParameterRow *row = parameters_row(ranges[range].row);
    const double *values = (const double *)(const void *)((const char *)p + row->offset);
    if (!parameters_is_given(p, ranges[range].row)) return;
    for (int i = ranges[range].first; i <= ranges[range].last; i++) {
        const double value = values[i] / parameters_si_factor(row, i);
        if (is_plausible(value, ranges[range].least, ranges[range].greatest)) continue;
        note_value(row, i, value, range, "", notes);
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
