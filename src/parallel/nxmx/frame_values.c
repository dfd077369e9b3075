#include "nxmx/frame_values.h"

#include "formats/nexus_geometry.h"
#include "hdf5/hdf5_helpers.h"
#include "model/frame.h"
#include "setup/frames.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The crystals of the file's frames. */
typedef struct Rows {
    const Experiment *experiment;
    Range frames;
    bool crystals; /* a row for each crystal of a frame, else one for each frame */
    int64_t count;
    double *values; /* [count][9] room for one column */
} Rows;

static int64_t crystals_of(const Rows *rows, int64_t frame) {
    return rows->crystals ? sweep_crystals(&rows->experiment->sweep, frame) : 1;
}

static Status rows_create(const Experiment *experiment, Range frames, bool crystals, Rows *rows) {
    *rows = (Rows){.experiment = experiment, .frames = frames, .crystals = crystals};
    for (int64_t frame = frames.begin; frame < frames.end; frame++) rows->count += crystals_of(rows, frame);
    rows->values = malloc((size_t)(rows->count + 1) * 9 * sizeof *rows->values);
    if (rows->values == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the values of %" PRId64 " frames", rows->count);
    return status_ok();
}

/* A column named after the parameter, in SI units; of a choice, the place of its word. */
static Status write_value(hid_t group, const Rows *rows, int index) {
    double values[SWEEP_COLUMNS_MOST + SWEEP_DRAWS_MOST];
    const Sweep *sweep = &rows->experiment->sweep;
    const SweepColumn column = sweep_column(sweep, index);
    const ParameterRow *row = parameters_row(column.row);
    char name[80], part[16] = "";
    int64_t next = 0;
    for (int64_t frame = rows->frames.begin; frame < rows->frames.end; frame++)
        for (int64_t crystal = 0; crystal < crystals_of(rows, frame); crystal++) {
            sweep_set_values(sweep, frame, crystal, values);
            rows->values[next++] = values[index];
        }
    if (column.component >= 0) (void)snprintf(part, sizeof part, "[%d]", column.component);
    (void)snprintf(name, sizeof name, "%.50s%s", row->public_name, part);
    const bool is_number = row->type == PARAMETER_TYPE_REAL || row->type == PARAMETER_TYPE_INTEGER;
    const int component = column.component < 0 ? 0 : column.component;
    TRY(hdf5_write_reals(group, name, hdf5_list(rows->count), rows->values,
                         is_number ? parameters_si_unit(row, component) : NULL));
    return *row->choices != '\0' ? hdf5_attribute_text(group, name, "words", row->choices) : status_ok();
}

/* Orientation and cell of every crystal. */
static Status write_matrices(hid_t group, const Rows *rows) {
    const Experiment *e = rows->experiment;
    const Mat3 to_mcstas = nexus_geometry(&e->detector, &e->axes).to_mcstas;
    Frame frame;
    double *next = rows->values;
    TRY(frame_create(e, &frame));
    for (int64_t number = rows->frames.begin; number < rows->frames.end; number++)
        for (int64_t crystal = 0; crystal < crystals_of(rows, number); crystal++) {
            frame_set_crystal(e, number, crystal, &frame);
            const Mat3 ub = nexus_ub_per_angstrom(to_mcstas, frame.reciprocal_per_m);
            for (int i = 0; i < 3; i++, next += 3) {
                next[0] = ub.row[i].x;
                next[1] = ub.row[i].y;
                next[2] = ub.row[i].z;
            }
        }
    frame_destroy(&frame);
    TRY(hdf5_write_reals(group, "ub_matrix", hdf5_block(rows->count, 3, 3), rows->values, "1/angstrom"));
    return hdf5_attribute_text(group, "ub_matrix", "frame", "McStas");
}

static Status write_places(hid_t group, const Rows *rows) {
    int64_t next = 0;
    for (int64_t frame = rows->frames.begin; frame < rows->frames.end; frame++)
        for (int64_t crystal = 0; crystal < crystals_of(rows, frame); crystal++)
            rows->values[next++] = sweep_weight(&rows->experiment->sweep, frame, crystal);
    TRY(hdf5_write_reals(group, "weight", hdf5_list(rows->count), rows->values, NULL));
    next = 0;
    for (int64_t frame = rows->frames.begin; frame < rows->frames.end; frame++)
        for (int64_t crystal = 0; crystal < crystals_of(rows, frame); crystal++) rows->values[next++] = (double)frame;
    return hdf5_write_reals(group, "number", hdf5_list(rows->count), rows->values, NULL);
}

static Status write_columns(hid_t group, const Rows *rows) {
    for (int i = 0; i < sweep_values(&rows->experiment->sweep); i++) TRY(write_value(group, rows, i));
    return status_ok();
}

static Status fill_crystals(hid_t group, const void *context) {
    const Rows *rows = context;
    TRY(write_places(group, rows));
    TRY(write_matrices(group, rows));
    return write_columns(group, rows);
}

Status frame_values_write(hid_t group, const Experiment *experiment, Range frames) {
    Rows rows = {.values = NULL};
    Status status = rows_create(experiment, frames, false, &rows);
    if (status_is_ok(status)) status = write_columns(group, &rows);
    free(rows.values);
    if (!status_is_ok(status) || !(experiment->sweep.table.crowded || experiment->sweep.table.weighted)) return status;
    status = rows_create(experiment, frames, true, &rows);
    if (status_is_ok(status)) status = hdf5_write_group(group, "crystals", "NXcollection", fill_crystals, &rows);
    free(rows.values);
    return status;
}

double frame_values_bytes(const Experiment *experiment) {
    const double crystals = (double)experiment->sweep.table.most_crystals;
    return 8.0 * (1.0 + crystals) * (sweep_values(&experiment->sweep) + 12.0) +
           4.0 * (double)experiment->sweep.spectrum.lines;
}

/* True when the sweep sets a parameter that enters one of these parts. */
static bool sets_any(const Sweep *sweep, unsigned parts) {
    bool sets = false;
    for (int i = 0; i < sweep_values(sweep); i++)
        sets = sets || (parameters_row(sweep_column(sweep, i).row)->enters & parts) != 0;
    return sets;
}

Status frame_values_beam(const Experiment *experiment, Range frames, double *wavelengths_m, double *fluences_per_m2,
                         bool *wavelengths_differ, bool *fluences_differ) {
    const Sweep *sweep = &experiment->sweep;
    Frame frame;
    *wavelengths_differ = sweep->spectrum.rows > 1 || sets_any(sweep, PART_WAVELENGTHS);
    *fluences_differ = sets_any(sweep, PART_FLUENCE);
    TRY(frame_create(experiment, &frame));
    for (int64_t i = 0; i < range_length(frames); i++) {
        frame_set(experiment, frames.begin + i, &frame);
        wavelengths_m[i] = beam_mean_wavelength(&frame.experiment->beam);
        fluences_per_m2[i] = frame.fluence_per_m2;
    }
    frame_destroy(&frame);
    return status_ok();
}
