#include "hdf5/sweep_files.h"

#include "base/constants.h"
#include "base/text.h"
#include "hdf5/geometry_file.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "hdf5/mask_file.h"
#include "parameters/input.h"
#include "setup/experiment_create.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_ROWS = 4096, UNIT_BYTES = 96 };

/* A dataset of the list. */
typedef struct Columns {
    hid_t dataset;
    int first, values; /* columns of the list that it makes */
} Columns;

/* A list that is being read, some rows at a time. */
typedef struct HdfList {
    hid_t file;
    const char *path;
    int datasets;
    Columns columns[SWEEP_COLUMNS_MOST];
    ListSource source;
    int64_t rows, row;
    double *piece; /* [PIECE_ROWS][columns] */
    Status fault;  /* of add_dataset */
} HdfList;

/* ------------------------------------------------------------------------------------------------------------ lists */

/* Names of the columns of one dataset. */
static Status name_columns(HdfList *list, const char *name, int values) {
    static const char *const ub[] = {"ub_11", "ub_12", "ub_13", "ub_21", "ub_22", "ub_23", "ub_31", "ub_32", "ub_33"};
    ListSource *source = &list->source;
    if (source->columns + values > SWEEP_COLUMNS_MOST || strlen(name) > 50)
        return status_error(STATUS_BAD_FILE, "%s: %s: more than %d columns, or too long a name", list->path, name,
                            SWEEP_COLUMNS_MOST);
    for (int i = 0; i < values; i++) {
        char *column = source->name[source->columns++];
        if (strcmp(name, "quaternion") == 0 && values == 4)
            (void)snprintf(column, 64, "q%d", i);
        else if (strcmp(name, "ub") == 0 && values == 9)
            (void)snprintf(column, 64, "%s", ub[i]);
        else if (values == 1)
            (void)snprintf(column, 64, "%.50s", name);
        else
            (void)snprintf(column, 64, "%.50s[%d]", name, i);
    }
    return status_ok();
}

static Status measure_dataset(HdfList *list, const char *name, hid_t dataset, int *values) {
    hsize_t length[8] = {0};
    const hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    const int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    const H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    const bool fits = rank >= 1 && rank <= 3 && H5Sget_simple_extent_dims(space, length, NULL) >= 0 &&
                      (class == H5T_FLOAT || class == H5T_INTEGER);
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
    const double each = (rank > 1 ? (double)length[1] : 1.0) * (rank > 2 ? (double)length[2] : 1.0);
    if (!fits || each < 1.0 || each > 9.0)
        return status_error(STATUS_BAD_FILE, "%s: %s is no list of numbers: [rows], or [rows, n] with n values each",
                            list->path, name);
    if (list->datasets > 0 && (int64_t)length[0] != list->rows)
        return status_error(STATUS_BAD_FILE, "%s: %s has %" PRId64 " rows, other columns have %" PRId64, list->path,
                            name, (int64_t)length[0], list->rows);
    if (length[0] > SWEEP_FRAMES_MOST)
        return status_error(STATUS_BAD_FILE, "%s: %s has %" PRIu64 " rows; at most %d are read", list->path, name,
                            (uint64_t)length[0], SWEEP_FRAMES_MOST);
    list->rows = (int64_t)length[0];
    *values = (int)each;
    return status_ok();
}

/* Other programs write text of fixed or variable length, in ASCII or UTF-8.
 * @param unit  [UNIT_BYTES], all zero */
static bool read_unit(hid_t dataset, char *unit) {
    const hid_t attribute = H5Aopen(dataset, "units", H5P_DEFAULT);
    const hid_t type = attribute < 0 ? H5I_INVALID_HID : H5Aget_type(attribute);
    const bool varies = type >= 0 && H5Tis_variable_str(type) > 0;
    const bool is_text = type >= 0 && H5Tget_class(type) == H5T_STRING && (varies || H5Tget_size(type) < UNIT_BYTES) &&
                         hdf5_attribute_count(attribute) == 1;
    char *text = NULL;
    bool read = is_text && H5Aread(attribute, type, varies ? (void *)&text : (void *)unit) >= 0;
    if (read && varies) read = text != NULL && text_copy(unit, UNIT_BYTES, text);
    if (varies && text != NULL) (void)H5free_memory(text);
    if (type >= 0) (void)H5Tclose(type);
    if (attribute >= 0) (void)H5Aclose(attribute);
    return read;
}

/* The unit of each column of a dataset: one for all, or "A,A,A,deg,deg,deg". */
static Status name_units(HdfList *list, const char *name, const Columns *columns) {
    char unit[UNIT_BYTES] = "";
    const char *next = unit;
    int parts = 1;
    if (H5Aexists(columns->dataset, "units") <= 0) return status_ok();
    if (!read_unit(columns->dataset, unit))
        return status_error(STATUS_BAD_FILE, "%s: the attribute units of %s is no unit", list->path, name);
    for (const char *comma = unit; (comma = strchr(comma, ',')) != NULL; comma++) parts++;
    if (parts != 1 && parts != columns->values)
        return status_error(STATUS_BAD_FILE, "%s: the attribute units of %s names %d units for %d values", list->path,
                            name, parts, columns->values);
    for (int i = 0; i < columns->values; i++) {
        char *own = list->source.unit[columns->first + i];
        const int length = (int)strcspn(next, ",");
        if (length >= (int)sizeof list->source.unit[0])
            return status_error(STATUS_BAD_FILE, "%s: the attribute units of %s is no unit", list->path, name);
        (void)snprintf(own, sizeof list->source.unit[0], "%.*s", length, next);
        if (parts > 1) next += length + (next[length] == ',');
        while (parts > 1 && *next == ' ') next++;
    }
    return status_ok();
}

static herr_t add_dataset(hid_t file, const char *name, const H5L_info_t *info, void *context) {
    HdfList *list = context;
    (void)info;
    int values = 0;
    Columns *columns = &list->columns[list->datasets];
    if (list->datasets == SWEEP_COLUMNS_MOST) return -1;
    H5O_info_t object;
    Status status = hdf5_inside_check_way(file, list->path, name);
    const bool is_dataset =
        H5Oget_info_by_name(file, name, &object, H5P_DEFAULT) >= 0 && object.type == H5O_TYPE_DATASET;
    if (status_is_ok(status) && !is_dataset) return 0;
    if (status_is_ok(status)) status = hdf5_inside_open(file, name, &columns->dataset);
    list->fault = status;
    if (!status_is_ok(status)) return -1;
    status = measure_dataset(list, name, columns->dataset, &values);
    list->datasets++;
    columns->first = list->source.columns;
    columns->values = values;
    if (status_is_ok(status)) status = name_columns(list, name, values);
    if (status_is_ok(status)) status = name_units(list, name, columns);
    list->fault = status;
    return status_is_ok(status) ? 0 : -1;
}

/* Reads the rows of the next piece into its columns. */
static Status read_piece(HdfList *list) {
    const int64_t left = list->rows - list->row, rows = left < PIECE_ROWS ? left : PIECE_ROWS;
    double values[PIECE_ROWS];
    for (int d = 0; d < list->datasets; d++)
        for (int v = 0; v < list->columns[d].values; v++) {
            const Columns *columns = &list->columns[d];
            const hid_t space = H5Dget_space(columns->dataset);
            const int rank = H5Sget_simple_extent_ndims(space);
            const hsize_t across = rank == 3 ? 3 : 1;
            const hsize_t start[3] = {(hsize_t)list->row, (hsize_t)v / across, (hsize_t)v % across};
            const hsize_t count[3] = {(hsize_t)rows, 1, 1}, length = (hsize_t)rows;
            const hid_t memory = H5Screate_simple(1, &length, NULL);
            const bool read = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                              H5Dread(columns->dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values) >= 0;
            if (memory >= 0) (void)H5Sclose(memory);
            if (space >= 0) (void)H5Sclose(space);
            if (!read) return hdf5_error(STATUS_BAD_FILE, "read", list->path);
            for (int64_t i = 0; i < rows; i++) list->piece[i * list->source.columns + columns->first + v] = values[i];
        }
    return status_ok();
}

static Status next_row(void *context, char (*cells)[64], char *origin, bool *found) {
    HdfList *list = context;
    *found = list->row < list->rows;
    if (!*found) return status_ok();
    if (list->row % PIECE_ROWS == 0) TRY(read_piece(list));
    const double *row = list->piece + list->row % PIECE_ROWS * list->source.columns;
    for (int d = 0; d < list->datasets; d++)
        for (int v = 0; v < list->columns[d].values; v++) {
            const int i = list->columns[d].first + v;
            (void)snprintf(cells[i], 64, "%.17g", row[i]);
        }
    (void)snprintf(origin, PARAMETER_ORIGIN_BYTES, "%.200s: row %" PRId64, list->path, list->row);
    list->row++;
    return status_ok();
}

static void close_list(HdfList *list) {
    for (int i = 0; i < list->datasets; i++) (void)H5Dclose(list->columns[i].dataset);
    (void)hdf5_close_file(list->path, &list->file);
    free(list->piece);
}

static Status open_list(const char *opened_path, const char *path, HdfList *list) {
    *list = (HdfList){.path = path, .file = H5I_INVALID_HID};
    TRY(hdf5_open_file(opened_path, false, &list->file));
    list->source = (ListSource){.path = path, .context = list, .next = next_row};
    const herr_t walked = H5Literate(list->file, H5_INDEX_NAME, H5_ITER_INC, NULL, add_dataset, list);
    (void)snprintf(list->source.origin, sizeof list->source.origin, "%.200s", path);
    TRY(list->fault);
    if (walked < 0) return hdf5_error(STATUS_BAD_FILE, "read", path);
    list->piece = malloc((size_t)PIECE_ROWS * (size_t)(list->source.columns + 1) * sizeof *list->piece);
    if (list->piece == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the rows of %s", path);
    return status_ok();
}

/* --------------------------------------------------------------------------------------------------------- spectrum */

/* Extents of a dataset of numbers of one or two dimensions. */
static Status measure_numbers(hid_t file, const char *path, const char *name, int *rank, hsize_t *length) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(file, name, &dataset));
    const hid_t space = H5Dget_space(dataset);
    hsize_t extent[H5S_MAX_RANK] = {0};
    *rank = space < 0 ? -1 : H5Sget_simple_extent_dims(space, extent, NULL);
    length[0] = extent[0];
    length[1] = extent[1];
    if (space >= 0) (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    return *rank >= 0 ? status_ok() : hdf5_error(STATUS_BAD_FILE, "read", path);
}

/* [energies] or [frames, energies]; a square could be either way round, and is taken as documented. */
static Status check_shape(hid_t file, const char *path, SpectrumTable *table, Notes *notes) {
    int rank = 0;
    hsize_t length[2] = {0};
    TRY(measure_numbers(file, path, "energies", &rank, length));
    if (rank != 1 || length[0] < 1)
        return status_error(STATUS_BAD_FILE, "%s: energies has %d dimensions; it must be [energies]", path, rank);
    table->lines = (int64_t)length[0];
    TRY(measure_numbers(file, path, "weights", &rank, length));
    const int64_t first = (int64_t)length[0], second = (int64_t)length[1];
    const bool fits = (rank == 1 && first == table->lines) || (rank == 2 && second == table->lines && first > 0);
    if (!fits && rank == 2 && first == table->lines)
        return status_error(STATUS_BAD_FILE,
                            "%s: weights is [%" PRId64 ", %" PRId64 "] for %" PRId64 " energies; it must be "
                            "[frames, energies]: write its transpose",
                            path, first, second, table->lines);
    if (!fits)
        return status_error(STATUS_BAD_FILE,
                            "%s: weights has %d dimensions, %" PRId64 " by %" PRId64 ", for %" PRId64
                            " energies; weights is [energies] or [frames, energies]",
                            path, rank, first, rank > 1 ? second : 1, table->lines);
    table->rows = rank == 2 ? first : 1;
    if (rank == 2 && first == second)
        notes_add(notes, "%.160s: weights is square, [%" PRId64 ", %" PRId64 "]: taken as [frames, energies]", path,
                  first, second);
    return status_ok();
}

/* @param unit  [UNIT_BYTES] */
static Status unit_of_energies(hid_t file, const char *path, char *unit, Notes *notes) {
    hid_t dataset = H5I_INVALID_HID;
    memset(unit, 0, UNIT_BYTES);
    TRY(hdf5_inside_open(file, "energies", &dataset));
    const bool exists = H5Aexists(dataset, "units") > 0, read = exists && read_unit(dataset, unit);
    (void)H5Dclose(dataset);
    if (exists && !read) return status_error(STATUS_BAD_FILE, "%s: the attribute units of energies is no unit", path);
    if (*unit == '\0') notes_add(notes, "%.160s: energies has no attribute units: taken as eV", path);
    return status_ok();
}

/* Turns energies, or wavelengths, into wavelengths, and checks the weights. */
static Status convert_spectrum(const char *path, const char *unit, SpectrumTable *table) {
    double last = 0.0;
    for (int64_t i = 0; i < table->lines; i++) {
        char where[PARAMETER_ORIGIN_BYTES];
        const double value = table->wavelengths_m[i];
        (void)snprintf(where, sizeof where, "%.200s: energies[%" PRId64 "]", path, i);
        if (!(value > last))
            return status_error(STATUS_BAD_FILE, "%s is %g after %g; they must go up, and be more than 0", where, value,
                                last);
        TRY(spectrum_wavelength(where, unit, value, &table->wavelengths_m[i]));
        last = value;
    }
    for (int64_t i = 0; i < table->rows * table->lines; i++)
        if (!(table->weights[i] >= 0.0f) || !isfinite(table->weights[i]))
            return status_error(STATUS_BAD_FILE, "%s: weights[%" PRId64 ", %" PRId64 "] is %g; it must be at least 0",
                                path, i / table->lines, i % table->lines, (double)table->weights[i]);
    return status_ok();
}

static Status read_spectrum(hid_t file, const char *path, SpectrumTable *table, Notes *notes) {
    char unit[UNIT_BYTES];
    TRY(check_shape(file, path, table, notes));
    TRY(unit_of_energies(file, path, unit, notes));
    const int64_t weights = table->rows * table->lines;
    table->wavelengths_m = malloc((size_t)table->lines * sizeof *table->wavelengths_m);
    table->weights = malloc((size_t)weights * sizeof *table->weights);
    if (table->wavelengths_m == NULL || table->weights == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the %" PRId64 " weights of %s", weights, path);
    TRY(hdf5_read(file, "energies", H5T_NATIVE_DOUBLE, table->lines, table->wavelengths_m));
    TRY(hdf5_read(file, "weights", H5T_NATIVE_FLOAT, weights, table->weights));
    return convert_spectrum(path, unit, table);
}

static Status open_spectrum(const char *opened_path, const char *path, SpectrumTable *table, Notes *notes) {
    hid_t file = H5I_INVALID_HID;
    TRY(hdf5_open_file(opened_path, false, &file));
    const Status status = read_spectrum(file, path, table, notes);
    (void)hdf5_close_file(path, &file);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ both */

/* @param input  the caller closes it */
static Status open_if_hdf5(const Parameters *p, int row, const char *name, Input *input, bool *is_hdf5) {
    *is_hdf5 = false;
    if (*name == '\0') return status_ok();
    TRY(input_open(p, row, input));
    *is_hdf5 = H5Fis_hdf5(input->path) > 0;
    return status_ok();
}

/* The detector of detector.panels, if that is given.
 * @param geometry  the caller frees it */
static Status read_panels(const Parameters *p, DetectorGeometry *geometry, Notes *notes) {
    Input input = {.descriptor = -1};
    *geometry = (DetectorGeometry){.panels = 0};
    if (*p->detector_panels_file == '\0') return status_ok();
    TRY(input_open(p, PARAMETER(detector, panels), &input));
    const GeometryRequest request = {
        .path = input.path,
        .name = p->detector_panels_file,
        .crystfel = {.clen_m = p->detector_clen_m, .exact_axes = p->detector_panel_axes == PANEL_AXES_EXACT},
        .own_mask = *p->detector_mask_file != '\0',
        .confined = p->run_sandbox_inputs};
    const Status status = geometry_file_read(&request, geometry, notes);
    input_close(&input);
    return status;
}

Status sweep_files_experiment(const Parameters *p, Experiment **experiment, Notes *notes) {
    ExperimentInputs inputs = {.mask = mask_file_read};
    DetectorGeometry panels;
    SpectrumTable spectrum = {.rows = 0};
    Input files[2] = {{.descriptor = -1}, {.descriptor = -1}};
    bool is_hdf5 = false;
    HdfList *list = calloc(1, sizeof *list);
    if (list == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a list");
    hdf5_prepare();
    list->file = H5I_INVALID_HID;
    Status status = open_if_hdf5(p, PARAMETER(beam, spectrum), p->beam_spectrum_file, &files[0], &is_hdf5);
    if (status_is_ok(status) && is_hdf5) {
        status = open_spectrum(files[0].path, p->beam_spectrum_file, &spectrum, notes);
        inputs.sweep.spectrum = &spectrum;
    }
    const char *list_name = p->sweep_kind == SWEEP_LIST ? p->sweep_file : "";
    if (status_is_ok(status)) status = open_if_hdf5(p, PARAMETER(sweep, file), list_name, &files[1], &is_hdf5);
    if (status_is_ok(status) && is_hdf5 && *list_name != '\0') {
        status = open_list(files[1].path, p->sweep_file, list);
        inputs.sweep.list = &list->source;
    }
    const Status panels_read = read_panels(p, &panels, notes);
    status = status_first(status, panels_read);
    if (panels.panels > 0) inputs.panels = &panels;
    if (status_is_ok(status)) status = experiment_create_from(p, &inputs, experiment, notes);
    panel_geometry_free(&panels);
    close_list(list);
    free(list);
    for (int i = 0; i < 2; i++) input_close(&files[i]);
    spectrum_table_free(&spectrum);
    return status;
}
