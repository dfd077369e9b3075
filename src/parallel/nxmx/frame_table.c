#include "nxmx/frame_table.h"

#include "formats/nexus_geometry.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "model/frame.h"
#include "nxmx/frame_values.h"
#include "nxmx/slots.h"
#include "setup/frames.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A row in the units of the file. */
typedef struct FrameRow {
    double ub_matrix[9];
    double fluence, phi0;
    double start_time, wall_seconds;
    double sum_photons, max_photons;
    uint32_t crc32;
    int32_t rank;
} FrameRow;

typedef enum ColumnType { COLUMN_REAL, COLUMN_INT32, COLUMN_UINT32 } ColumnType;

/* A column; `values` is 1, or 9 for a matrix. */
typedef struct Column {
    const char *name, *units;
    ColumnType type;
    int values;
    size_t offset;
} Column;

static const Column columns[FRAME_TABLE_COLUMNS] = {
    {"ub_matrix", "1/angstrom", COLUMN_REAL, 9, offsetof(FrameRow, ub_matrix)},
    {"fluence", "m^-2", COLUMN_REAL, 1, offsetof(FrameRow, fluence)},
    {"phi0", "deg", COLUMN_REAL, 1, offsetof(FrameRow, phi0)},
    {"start_time", "s", COLUMN_REAL, 1, offsetof(FrameRow, start_time)},
    {"wall_seconds", "s", COLUMN_REAL, 1, offsetof(FrameRow, wall_seconds)},
    {"sum_photons", "", COLUMN_REAL, 1, offsetof(FrameRow, sum_photons)},
    {"max_photons", "", COLUMN_REAL, 1, offsetof(FrameRow, max_photons)},
    {"crc32", "", COLUMN_UINT32, 1, offsetof(FrameRow, crc32)},
    {"rank", "", COLUMN_INT32, 1, offsetof(FrameRow, rank)},
};

static hid_t type_of(const Column *column) {
    switch (column->type) {
    case COLUMN_REAL:
        return H5T_NATIVE_DOUBLE;
    case COLUMN_INT32:
        return H5T_NATIVE_INT32;
    case COLUMN_UINT32:
        return H5T_NATIVE_UINT32;
    }
    return H5I_INVALID_HID;
}

static size_t bytes_of(const Column *column) {
    return (size_t)column->values * (column->type == COLUMN_REAL ? sizeof(double) : sizeof(int32_t));
}

static Hdf5Shape shape_of(const Column *column, int64_t rows) {
    return column->values == 9 ? hdf5_block(rows, 3, 3) : hdf5_list(rows);
}

/* ---------------------------------------------------------------------------------------------------------- create */

/* What an unfinished frame's row holds. */
static Status set_fill(hid_t creation, const Column *column) {
    const double no_number = NAN;
    const int32_t no_rank = -1;
    const uint32_t no_sum = 0;
    const void *fill = column->type == COLUMN_REAL    ? (const void *)&no_number
                       : column->type == COLUMN_INT32 ? (const void *)&no_rank
                                                      : (const void *)&no_sum;
    if (creation < 0 || H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY) < 0 ||
        H5Pset_fill_time(creation, H5D_FILL_TIME_ALLOC) < 0 || H5Pset_fill_value(creation, type_of(column), fill) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "set up", column->name);
    return status_ok();
}

static Status create_column(hid_t group, const Column *column, int64_t rows) {
    const Hdf5Shape shape = shape_of(column, rows);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t space = H5Screate_simple(shape.rank, shape.length, NULL);
    hid_t dataset = H5I_INVALID_HID;
    Status status = set_fill(creation, column);
    if (status_is_ok(status)) {
        dataset = H5Dcreate2(group, column->name, type_of(column), space, H5P_DEFAULT, creation, H5P_DEFAULT);
        if (dataset < 0) status = hdf5_error(STATUS_OUTPUT_FAILED, "create", column->name);
    }
    if (dataset >= 0) (void)H5Dclose(dataset);
    if (space >= 0) (void)H5Sclose(space);
    if (creation >= 0) (void)H5Pclose(creation);
    TRY(status);
    return *column->units != '\0' ? hdf5_attribute_text(group, column->name, "units", column->units) : status;
}

/* A column known before anything is computed: that of row r is first + r step. */
typedef struct KnownColumn {
    const char *name;
    int64_t first, step;
} KnownColumn;

static Status write_known(hid_t group, const KnownColumn *column, int64_t rows) {
    int64_t *values = calloc((size_t)(rows > 0 ? rows : 1), sizeof *values);
    if (values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the list of %" PRId64 " frames", rows);
    for (int64_t row = 0; row < rows; row++) values[row] = column->first + row * column->step;
    const Status status = hdf5_write(group, column->name, H5T_NATIVE_INT64, hdf5_list(rows), values);
    free(values);
    return status;
}

/* Cells along each axis of every frame's first crystal. */
static Status write_cells(hid_t group, const Experiment *experiment, Range frames) {
    const int64_t rows = range_length(frames);
    int64_t *cells = malloc((size_t)(rows + 1) * 3 * sizeof *cells);
    if (cells == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the list of %" PRId64 " frames", rows);
    Frame frame;
    Status status = frame_create(experiment, &frame);
    for (int64_t row = 0; row < rows && status_is_ok(status); row++) {
        frame_set(experiment, frames.begin + row, &frame);
        memcpy(cells + 3 * row, frame.experiment->crystal.cells, 3 * sizeof *cells);
    }
    if (status_is_ok(status)) status = hdf5_write(group, "crystal_N", H5T_NATIVE_INT64, hdf5_table(rows, 3), cells);
    frame_destroy(&frame);
    free(cells);
    return status;
}

static Status write_states(hid_t group, int64_t rows) {
    uint8_t *states = calloc((size_t)(rows > 0 ? rows : 1), sizeof *states);
    if (states == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the states of %" PRId64 " frames", rows);
    const Status status = hdf5_write(group, "status", H5T_NATIVE_UINT8, hdf5_list(rows), states);
    free(states);
    TRY(status);
    return hdf5_attribute_text(group, "status", "flags", "0=absent 1=in_progress 2=complete");
}

/* What the rows are made from. */
typedef struct TableContents {
    const Experiment *experiment;
    Range frames;
} TableContents;

static Status fill_table(hid_t group, const void *context) {
    const TableContents *contents = context;
    const Experiment *experiment = contents->experiment;
    const int64_t rows = range_length(contents->frames);
    const KnownColumn known[] = {{"number", contents->frames.begin, 1},
                                 {"seed", (int64_t)experiment->sweep.seed, 0},
                                 {"noise_seed", (int64_t)experiment->signal.seed, 0}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) TRY(write_known(group, &known[i], rows));
    TRY(write_cells(group, experiment, contents->frames));
    for (int i = 0; i < FRAME_TABLE_COLUMNS; i++) TRY(create_column(group, &columns[i], rows));
    TRY(hdf5_attribute_int32(group, ".", "sweep_frames", (int32_t)experiment->sweep.count));
    TRY(frame_values_write(group, experiment, contents->frames));
    TRY(hdf5_attribute_text(group, "ub_matrix", "frame", "McStas"));
    TRY(hdf5_attribute_text(group, "start_time", "long_name", "seconds since 1970-01-01T00:00:00Z"));
    return write_states(group, rows);
}

Status frame_table_create(hid_t simulation, const Experiment *experiment, Range frames) {
    const TableContents contents = {.experiment = experiment, .frames = frames};
    return hdf5_write_group(simulation, "frames", "NXcollection", fill_table, &contents);
}

/* ------------------------------------------------------------------------------------------------------------ open */

FrameTable frame_table_closed(void) {
    FrameTable table = {.status = H5I_INVALID_HID};
    for (int i = 0; i < FRAME_TABLE_COLUMNS; i++) table.column[i] = H5I_INVALID_HID;
    return table;
}

/* All are tried, whatever fails: opening is collective where all ranks have the file open. */
Status frame_table_open(hid_t file, FrameTable *table) {
    const hid_t group = H5Gopen2(file, FRAME_TABLE_PATH, H5P_DEFAULT);
    Status status = group < 0 ? hdf5_error(STATUS_BAD_FILE, "open", FRAME_TABLE_PATH) : status_ok();
    for (int i = 0; i < FRAME_TABLE_COLUMNS; i++) {
        const Status opened = hdf5_inside_open(group, columns[i].name, &table->column[i]);
        status = status_first(status, opened);
    }
    const Status opened = hdf5_inside_open(group, "status", &table->status);
    status = status_first(status, opened);
    if (group >= 0) (void)H5Gclose(group);
    return status;
}

/* Values wait in HDF5's memory: it may be now that they find no room. */
static Status close_column(hid_t column, const char *name) {
    return column >= 0 && H5Dclose(column) < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "write", name) : status_ok();
}

Status frame_table_close(FrameTable *table) {
    Status status = status_ok();
    for (int i = 0; i < FRAME_TABLE_COLUMNS; i++)
        status = status_first(status, close_column(table->column[i], columns[i].name));
    status = status_first(status, close_column(table->status, "status"));
    *table = frame_table_closed();
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ write */

/* Selects the rows of these frames. */
static bool select_rows(hid_t space, const int64_t *slots, int64_t count) {
    bool selected = H5Sselect_none(space) >= 0;
    for (int64_t i = 0, run = 0; selected && i < count; i += run) {
        run = slots_run(slots + i, count - i);
        const hsize_t start[3] = {(hsize_t)slots[i], 0, 0}, length[3] = {(hsize_t)run, 3, 3};
        selected = H5Sselect_hyperslab(space, H5S_SELECT_OR, start, NULL, length, NULL) >= 0;
    }
    return selected;
}

/* Writes values, densely packed in the order of the slots, to their rows. */
static Status write_rows(hid_t dataset, const char *name, hid_t type, Hdf5Shape shape, const int64_t *slots,
                         const void *values) {
    const hid_t file_space = H5Dget_space(dataset);
    const hid_t memory_space = H5Screate_simple(shape.rank, shape.length, NULL);
    const bool written = select_rows(file_space, slots, (int64_t)shape.length[0]) &&
                         H5Dwrite(dataset, type, memory_space, file_space, H5P_DEFAULT, values) >= 0;
    const Status status = written ? status_ok() : hdf5_error(STATUS_OUTPUT_FAILED, "write", name);
    if (memory_space >= 0) (void)H5Sclose(memory_space);
    if (file_space >= 0) (void)H5Sclose(file_space);
    return status;
}

static FrameRow row_of(const FrameRecord *record, Mat3 to_mcstas) {
    Mat3 reciprocal;
    for (int i = 0; i < 3; i++)
        reciprocal.row[i] = vec3(record->ub_per_m[i][0], record->ub_per_m[i][1], record->ub_per_m[i][2]);
    const Mat3 ub = nexus_ub_per_angstrom(to_mcstas, reciprocal);
    FrameRow row = {.fluence = record->fluence_per_m2,
                    .phi0 = record->phi_start_rad / RADIANS_PER_DEGREE,
                    .start_time = record->start_time,
                    .wall_seconds = record->wall_seconds,
                    .sum_photons = record->sum_photons,
                    .max_photons = record->max_photons,
                    .crc32 = record->crc32,
                    .rank = record->first_rank};
    for (int i = 0; i < 3; i++) {
        row.ub_matrix[3 * i] = ub.row[i].x;
        row.ub_matrix[3 * i + 1] = ub.row[i].y;
        row.ub_matrix[3 * i + 2] = ub.row[i].z;
    }
    return row;
}

/* Room for the rows of one call. */
typedef struct RowBuffers {
    int64_t *slots;
    FrameRow *rows;
    char *column; /* the values of one column */
} RowBuffers;

static void free_buffers(RowBuffers *buffers) {
    free(buffers->column);
    free(buffers->rows);
    free(buffers->slots);
}

static Status make_buffers(int64_t count, RowBuffers *buffers) {
    // NOLINTBEGIN(clang-analyzer-unix.MallocSizeof): the bytes of any column, none of which is wider than a row
    *buffers = (RowBuffers){.slots = calloc((size_t)count, sizeof *buffers->slots),
                            .rows = calloc((size_t)count, sizeof *buffers->rows),
                            .column = calloc((size_t)count, sizeof(FrameRow))};
    // NOLINTEND(clang-analyzer-unix.MallocSizeof)
    if (buffers->slots != NULL && buffers->rows != NULL && buffers->column != NULL) return status_ok();
    free_buffers(buffers);
    *buffers = (RowBuffers){.slots = NULL};
    return status_error(STATUS_NO_MEMORY, "no memory for the records of %" PRId64 " frames", count);
}

static Status write_column(const FrameTable *table, int index, const RowBuffers *buffers, int64_t count) {
    const Column *column = &columns[index];
    const size_t bytes = bytes_of(column);
    for (int64_t i = 0; i < count; i++)
        memcpy(buffers->column + (size_t)i * bytes, (const char *)&buffers->rows[i] + column->offset, bytes);
    return write_rows(table->column[index], column->name, type_of(column), shape_of(column, count), buffers->slots,
                      buffers->column);
}

Status frame_table_write(const FrameTable *table, const FrameRecord *records, int64_t count, Mat3 to_mcstas) {
    RowBuffers buffers;
    if (count == 0) return status_ok();
    TRY(make_buffers(count, &buffers));
    for (int64_t i = 0; i < count; i++) {
        buffers.slots[i] = records[i].slot;
        buffers.rows[i] = row_of(&records[i], to_mcstas);
    }
    Status status = status_ok();
    for (int i = 0; status_is_ok(status) && i < FRAME_TABLE_COLUMNS; i++)
        status = write_column(table, i, &buffers, count);
    free_buffers(&buffers);
    return status;
}

Status frame_table_mark(const FrameTable *table, const int64_t *slots, int64_t count, FrameState state) {
    if (count == 0) return status_ok();
    uint8_t *states = malloc((size_t)count);
    if (states == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the states of %" PRId64 " frames", count);
    memset(states, (int)state, (size_t)count);
    const Status status = write_rows(table->status, "status", H5T_NATIVE_UINT8, hdf5_list(count), slots, states);
    free(states);
    return status;
}

Status frame_table_read_states(const FrameTable *table, int64_t frames, uint8_t *states) {
    const hid_t space = H5Dget_space(table->status);
    const bool fits = space >= 0 && H5Sget_simple_extent_npoints(space) == (hssize_t)frames;
    Status status = status_ok();
    if (!fits)
        status = status_error(STATUS_BAD_FILE, "the list of states is not %" PRId64 " frames long", frames);
    else if (H5Dread(table->status, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, states) < 0)
        status = hdf5_error(STATUS_BAD_FILE, "read", "status");
    if (space >= 0) (void)H5Sclose(space);
    return status;
}
