#include "merge/merge_rows.h"

#include "hdf5/hdf5_copy.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "parameters/parameters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------------------------------- shape of datasets
 */

Status merge_rows_close(MergeRows *rows) {
    const MergeRows closing = *rows;
    *rows = (MergeRows){.dataset = H5I_INVALID_HID, .type = H5I_INVALID_HID};
    if (closing.type >= 0) (void)H5Tclose(closing.type);
    return closing.dataset >= 0 && H5Dclose(closing.dataset) < 0
               ? hdf5_error(STATUS_OUTPUT_FAILED, "write", "the rows of frames")
               : status_ok();
}

Status merge_rows_open(hid_t file, const char *path, MergeRows *rows) {
    *rows = (MergeRows){.dataset = H5I_INVALID_HID, .type = H5I_INVALID_HID};
    TRY(hdf5_inside_open(file, path, &rows->dataset));
    const hid_t space = H5Dget_space(rows->dataset);
    const int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (rank >= 0 && rank <= MERGE_RANK_MOST) rows->rank = H5Sget_simple_extent_dims(space, rows->length, NULL);
    if (space >= 0) (void)H5Sclose(space);
    if (rank < 0 || rank > MERGE_RANK_MOST) return hdf5_error(STATUS_BAD_FILE, "read", path);
    rows->type = H5Dget_type(rows->dataset);
    rows->row_bytes = H5Tget_size(rows->type);
    double bytes = (double)rows->row_bytes;
    for (int i = 0; i < rank; i++) {
        if (i > 0) rows->row_bytes *= (size_t)rows->length[i];
        bytes *= (double)rows->length[i];
    }
    if (bytes < (double)INT64_MAX) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s has too many values to count", path);
}

static bool has_rows(const MergeRows *rows, int64_t count) {
    return rows->rank >= 1 && rows->length[0] == (hsize_t)count;
}

Range merge_next_run(const Merge *merge, int64_t from) {
    const int64_t count = range_length(merge->frames);
    Range run = {from, from};
    while (run.end < count && merge->owner[run.end] == merge->owner[from]) run.end++;
    return run;
}

/* ------------------------------------------------------------------------------------------------------------ images
 */

/* '%' begins a format in the name of a virtual source. */
static Status source_name(const char *file_name, char *name, size_t bytes) {
    size_t used = 0;
    for (const char *c = file_name; *c != '\0'; c++) {
        if (used + 3 > bytes) return status_error(STATUS_BAD_PARAMETER, "the name of %.200s is too long", file_name);
        if (*c == '%') name[used++] = '%';
        name[used++] = *c;
    }
    name[used] = '\0';
    return status_ok();
}

/* Frames @p run of the master are those of @p file_name from @p place on, which holds @p held of them. */
static Status map_frames(hid_t creation, hid_t space, const char *file_name, int64_t held, int64_t place,
                         const char *path, const MergeRows *rows, Range run) {
    const hsize_t whole[3] = {(hsize_t)held, rows->length[1], rows->length[2]};
    const hsize_t count[3] = {(hsize_t)range_length(run), rows->length[1], rows->length[2]};
    const hsize_t to[3] = {(hsize_t)run.begin, 0, 0}, from[3] = {(hsize_t)place, 0, 0};
    char name[OUTPUT_PATH_BYTES];
    TRY(source_name(file_name, name, sizeof name));
    const hid_t source = H5Screate_simple(3, whole, NULL);
    const bool mapped = source >= 0 && H5Sselect_hyperslab(source, H5S_SELECT_SET, from, NULL, count, NULL) >= 0 &&
                        H5Sselect_hyperslab(space, H5S_SELECT_SET, to, NULL, count, NULL) >= 0 &&
                        H5Pset_virtual(creation, space, name, path, source) >= 0;
    const Status status = mapped ? status_ok() : hdf5_error(STATUS_OUTPUT_FAILED, "map", path);
    if (source >= 0) (void)H5Sclose(source);
    return status;
}

/* The frames of a part that has data files are in these: a part may not show others. */
static Status map_data_files(hid_t creation, hid_t space, const MergePart *part, int64_t first, const char *path,
                             const MergeRows *rows, Range run) {
    const DataFiles *files = &part->files;
    const int64_t frames = range_length(part->frames.range);
    const char *slash = strrchr(part->file_name, '/');
    for (int64_t at = run.begin, end = 0; at < run.end; at = end) {
        const int64_t place = first + at - run.begin, index = place / files->frames_per_file;
        const Range range = data_files_range(files, index, frames);
        char name[DATA_FILE_NAME_BYTES], file_name[OUTPUT_PATH_BYTES + DATA_FILE_NAME_BYTES];
        data_files_name(files, index, name);
        (void)snprintf(file_name, sizeof file_name, "%.*s%s", slash == NULL ? 0 : (int)(slash + 1 - part->file_name),
                       part->file_name, name);
        end = at + range.end - place < run.end ? at + range.end - place : run.end;
        TRY(map_frames(creation, space, file_name, range_length(range), place - range.begin, path, rows,
                       (Range){at, end}));
    }
    return status_ok();
}

/* Frames @p run of the master are those of their owner. */
static Status map_run(hid_t creation, hid_t space, const Merge *merge, const char *path, const MergeRows *rows,
                      Range run) {
    const MergePart *part = &merge->part[merge->owner[run.begin]];
    const int64_t first = merge->frames.begin + run.begin - part->frames.range.begin;
    if (part->files.frames_per_file > 0) return map_data_files(creation, space, part, first, path, rows, run);
    return map_frames(creation, space, part->file_name, range_length(part->frames.range), first, path, rows, run);
}

static Status map_all(hid_t creation, hid_t space, const Merge *merge, const char *path, const MergeRows *rows) {
    const float minus_one = -1.0F;
    const int32_t minus_one_count = -1;
    const bool real = H5Tget_class(rows->type) == H5T_FLOAT;
    if (H5Pset_fill_value(creation, real ? H5T_NATIVE_FLOAT : H5T_NATIVE_INT32,
                          real ? (const void *)&minus_one : (const void *)&minus_one_count) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "set up", path);
    for (Range run = merge_next_run(merge, 0); range_length(run) > 0; run = merge_next_run(merge, run.end))
        if (merge->owner[run.begin] >= 0) TRY(map_run(creation, space, merge, path, rows, run));
    return status_ok();
}

static Status copy_dataset_attributes(hid_t from, hid_t to) {
    return to < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "create", "a dataset") : hdf5_copy_attributes(from, to);
}

/* Creates the dataset for the master's frames with the attributes of the part's. */
static Status create_like(hid_t master, const char *path, const MergeRows *rows, hid_t creation, hid_t space) {
    const hid_t dataset = H5Dcreate2(master, path, rows->type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    const Status status = copy_dataset_attributes(rows->dataset, dataset);
    if (dataset >= 0) (void)H5Dclose(dataset);
    return status;
}

/* Like @p rows, but with @p count of them. */
static hid_t master_space(int64_t count, const MergeRows *rows) {
    hsize_t length[MERGE_RANK_MOST];
    memcpy(length, rows->length, sizeof length);
    length[0] = (hsize_t)count;
    return H5Screate_simple(rows->rank, length, NULL);
}

Status merge_rows_create_images(hid_t master, const Merge *merge, const char *path, const MergeRows *rows) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const int64_t frames = range_length(merge->frames);
    const hid_t space = master_space(frames, rows), selection = master_space(frames, rows);
    Status status = rows->rank == 3 ? map_all(creation, selection, merge, path, rows)
                                    : status_error(STATUS_BAD_FILE, "%s is no list of images", path);
    if (status_is_ok(status)) status = create_like(master, path, rows, creation, space);
    if (selection >= 0) (void)H5Sclose(selection);
    if (space >= 0) (void)H5Sclose(space);
    if (creation >= 0) (void)H5Pclose(creation);
    return status;
}

/* -------------------------------------------------------------------------------------------------------------- rows
 */

/* What a missing frame's row holds: NaN, -1 or 0. */
static Status set_fill(hid_t creation, hid_t type) {
    const double no_number = NAN;
    const int64_t minus_one = -1;
    const H5T_class_t kind = H5Tget_class(type);
    herr_t set = 0;
    if (kind == H5T_FLOAT) set = H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &no_number);
    if (kind == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2)
        set = H5Pset_fill_value(creation, H5T_NATIVE_INT64, &minus_one);
    return set < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "set up", "a column") : status_ok();
}

Status merge_rows_create(hid_t master, int64_t count, const char *path, const MergeRows *rows) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t space = master_space(count, rows);
    Status status = set_fill(creation, rows->type);
    if (status_is_ok(status)) status = create_like(master, path, rows, creation, space);
    if (space >= 0) (void)H5Sclose(space);
    if (creation >= 0) (void)H5Pclose(creation);
    return status;
}

/* Writes rows @p run of an open dataset of the master. */
static Status put_rows(const MergeRows *master, Range run, const void *values) {
    hsize_t start[MERGE_RANK_MOST] = {(hsize_t)run.begin}, count[MERGE_RANK_MOST];
    memcpy(count, master->length, sizeof count);
    count[0] = (hsize_t)range_length(run);
    const hid_t space = H5Dget_space(master->dataset);
    const hid_t memory = H5Screate_simple(master->rank, count, NULL);
    const bool written = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                         H5Dwrite(master->dataset, master->type, memory, space, H5P_DEFAULT, values) >= 0;
    if (memory >= 0) (void)H5Sclose(memory);
    if (space >= 0) (void)H5Sclose(space);
    return written ? status_ok() : hdf5_error(STATUS_OUTPUT_FAILED, "write", "the rows of frames");
}

Status merge_rows_put(const MergeRows *master, const char *values, Range from, int64_t to) {
    if (range_length(from) == 0) return status_ok();
    return put_rows(master, (Range){to, to + range_length(from)}, values + (size_t)from.begin * master->row_bytes);
}

/* The rows of a part's frames: those that are taken from it, or all. */
static Status put_rows_of_part(const Merge *merge, int index, const MergeRows *master, const char *values, bool all) {
    const Range mine = merge->part[index].frames.range, whole = merge->frames;
    const int64_t begin = (mine.begin > whole.begin ? mine.begin : whole.begin) - whole.begin;
    const int64_t end = (mine.end < whole.end ? mine.end : whole.end) - whole.begin;
    for (int64_t from = begin; from < end;) {
        Range run = merge_next_run(merge, from);
        if (run.end > end || all) run.end = end;
        const int64_t row = whole.begin + run.begin - mine.begin;
        if (all || merge->owner[run.begin] == index)
            TRY(merge_rows_put(master, values, (Range){row, row + range_length(run)}, run.begin));
        from = run.end;
    }
    return status_ok();
}

Status merge_rows_read(const MergeRows *rows, const char *path, char **values) {
    *values = malloc((size_t)rows->length[0] * rows->row_bytes + 1);
    if (*values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %s", path);
    return H5Dread(rows->dataset, rows->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values) < 0
               ? hdf5_error(STATUS_BAD_FILE, "read", path)
               : status_ok();
}

static bool same_rows(const MergeRows *left, const MergeRows *right) {
    return left->rank == right->rank && left->row_bytes == right->row_bytes && H5Tequal(left->type, right->type) > 0;
}

enum { PATH_BYTES = 256 };

/* Path of a dataset in a part, where a column may have another name of the same parameter.
 * @param found  [PATH_BYTES] */
static void find_in_part(hid_t file, const char *path, char *found) {
    char name[PARAMETER_NAME_BYTES];
    const char *column = strrchr(path, '/') + 1;
    const size_t length = strcspn(column, "[");
    (void)snprintf(found, PATH_BYTES, "%s", path);
    (void)snprintf(name, sizeof name, "%.*s", length < sizeof name ? (int)length : 0, column);
    const int index = parameters_find(name);
    for (int which = 0; index >= 0 && !hdf5_has(file, found) && parameters_name(index, which, name); which++)
        (void)snprintf(found, PATH_BYTES, "%.*s%s%s", (int)(column - path), path, name, column + length);
}

Status merge_rows_open_pair(hid_t master, const MergePart *part, hid_t file, const char *path, int64_t count,
                            MergeRows *from, MergeRows *to) {
    char in_part[PATH_BYTES];
    find_in_part(file, path, in_part);
    Status status = merge_rows_open(file, in_part, from);
    status = status_first(merge_rows_open(master, path, to), status);
    if (status_is_ok(status) && !(same_rows(from, to) && has_rows(from, count)))
        status = status_error(STATUS_BAD_FILE, "%s: %s is not as in the other parts", part->path, path);
    return status;
}

Status merge_rows_copy(hid_t master, const Merge *merge, int index, hid_t file, const char *path, bool all) {
    const MergePart *part = &merge->part[index];
    MergeRows from, to;
    char *values = NULL;
    Status status = merge_rows_open_pair(master, part, file, path, range_length(part->frames.range), &from, &to);
    if (status_is_ok(status)) status = merge_rows_read(&from, path, &values);
    if (status_is_ok(status)) status = put_rows_of_part(merge, index, &to, values, all);
    free(values);
    status = status_first(status, merge_rows_close(&to));
    (void)merge_rows_close(&from);
    return status;
}

/* -------------------------------------------------------------------------------- rows that no part has */

Status merge_rows_first(hid_t file, const char *path, double *value) {
    MergeRows rows;
    char *values = NULL;
    Status status = merge_rows_open(file, path, &rows);
    if (status_is_ok(status) && (H5Tequal(rows.type, H5T_NATIVE_DOUBLE) <= 0 || rows.rank != 1 || rows.length[0] == 0))
        status = status_error(STATUS_BAD_FILE, "%s is no list of doubles", path);
    if (status_is_ok(status)) status = merge_rows_read(&rows, path, &values);
    if (status_is_ok(status)) memcpy(value, values, sizeof *value);
    free(values);
    (void)merge_rows_close(&rows);
    return status;
}

/* All rows of the frames that nobody owns, one after the other. */
static Status put_guesses(const MergeRows *master, const Merge *merge, const double *first, double *row, double step) {
    const size_t columns = master->row_bytes / sizeof *row;
    for (int64_t i = 0; i < range_length(merge->frames); i++) {
        const double away = (double)(merge->frames.begin + i - merge->part[0].frames.range.begin);
        if (merge->owner[i] >= 0) continue;
        for (size_t c = 0; c < columns; c++) row[c] = first[c] + step * away;
        TRY(put_rows(master, (Range){i, i + 1}, row));
    }
    return status_ok();
}

Status merge_rows_guess(hid_t master, const Merge *merge, const char *path, const MergeRows *rows, double step) {
    char *values = NULL;
    MergeRows to;
    if (H5Tequal(rows->type, H5T_NATIVE_DOUBLE) <= 0)
        return status_error(STATUS_BAD_FILE, "%s does not hold doubles", path);
    Status status = merge_rows_open(master, path, &to);
    if (status_is_ok(status)) status = merge_rows_read(rows, path, &values);
    double *row = malloc(rows->row_bytes);
    if (row == NULL) status = status_first(status, status_error(STATUS_NO_MEMORY, "no memory for %s", path));
    if (status_is_ok(status)) status = put_guesses(&to, merge, (const double *)(const void *)values, row, step);
    free(row);
    free(values);
    return status_first(status, merge_rows_close(&to));
}

Status merge_rows_count(hid_t master, const Merge *merge, const char *path, const MergeRows *rows) {
    const int64_t frames = range_length(merge->frames);
    int32_t *numbers = malloc((size_t)frames * sizeof *numbers);
    if (numbers == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the numbers of the frames");
    for (int64_t i = 0; i < frames; i++) numbers[i] = (int32_t)(i + 1);
    Status status = merge_rows_create(master, frames, path, rows);
    if (status_is_ok(status)) status = hdf5_overwrite(master, path, H5T_NATIVE_INT32, frames, numbers);
    free(numbers);
    return status;
}
