#include "merge/merge_crystals.h"

#include "hdf5/hdf5_helpers.h"
#include "merge/merge_rows.h"

#include <stdlib.h>

static const char numbers_path[] = "/entry/simulation/frames/crystals/number";

/* First rows of all frames, from the number of the frame of each row. */
static Status find_rows(const double *number, int64_t rows, MergePart *part) {
    const Range frames = part->frames.range;
    int64_t row = 0;
    for (int64_t i = 0; i < range_length(frames); i++) {
        part->crystal[i] = row;
        while (row < rows && number[row] == (double)(frames.begin + i)) row++;
    }
    part->crystal[range_length(frames)] = row;
    if (row == rows) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: %s is not in the order of the frames", part->path, numbers_path);
}

Status merge_crystals_read(hid_t file, MergePart *part) {
    int64_t rows = 0;
    if (!hdf5_has(file, "/entry/simulation/frames/crystals")) return status_ok();
    TRY(hdf5_count(file, numbers_path, &rows));
    double *number = malloc((size_t)(rows + 1) * sizeof *number);
    part->crystal = calloc((size_t)range_length(part->frames.range) + 1, sizeof *part->crystal);
    Status status = number == NULL || part->crystal == NULL
                        ? status_error(STATUS_NO_MEMORY, "no memory for the crystals of %s", part->path)
                        : hdf5_read(file, numbers_path, H5T_NATIVE_DOUBLE, rows, number);
    if (status_is_ok(status)) status = find_rows(number, rows, part);
    free(number);
    return status;
}

/* Rows of frame @p number in a part. */
static Range rows_of(const MergePart *part, int64_t number) {
    const int64_t *first = &part->crystal[number - part->frames.range.begin];
    return (Range){first[0], first[1]};
}

Status merge_crystals_place(Merge *merge) {
    const int64_t frames = range_length(merge->frames);
    int listing = 0;
    for (int i = 0; i < merge->parts; i++) listing += merge->part[i].crystal != NULL;
    if (listing == 0) return status_ok();
    if (listing < merge->parts)
        return status_error(STATUS_BAD_FILE, "%d of the %d parts list the crystals of their frames, the others do not",
                            listing, merge->parts);
    merge->crystal = calloc((size_t)frames + 1, sizeof *merge->crystal);
    if (merge->crystal == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the crystals of the frames");
    for (int64_t i = 0; i < frames; i++) {
        const int32_t owner = merge->owner[i];
        merge->crystal[i + 1] = merge->crystal[i];
        if (owner >= 0) merge->crystal[i + 1] += range_length(rows_of(&merge->part[owner], merge->frames.begin + i));
    }
    return status_ok();
}

int64_t merge_crystals_count(const Merge *merge) {
    return merge->crystal == NULL ? 0 : merge->crystal[range_length(merge->frames)];
}

/* The rows of frames that follow each other in a part do so in the master. */
static Status put_taken(const Merge *merge, int index, const MergeRows *master, const char *values) {
    const MergePart *part = &merge->part[index];
    for (Range run = merge_next_run(merge, 0); range_length(run) > 0; run = merge_next_run(merge, run.end)) {
        if (merge->owner[run.begin] != index) continue;
        const Range rows = {rows_of(part, merge->frames.begin + run.begin).begin,
                            rows_of(part, merge->frames.begin + run.end - 1).end};
        TRY(merge_rows_put(master, values, rows, merge->crystal[run.begin]));
    }
    return status_ok();
}

Status merge_crystals_copy(hid_t master, const Merge *merge, int index, hid_t file, const char *path) {
    const MergePart *part = &merge->part[index];
    const int64_t rows = part->crystal[range_length(part->frames.range)];
    MergeRows from, to;
    char *values = NULL;
    Status status = merge_rows_open_pair(master, part, file, path, rows, &from, &to);
    if (status_is_ok(status)) status = merge_rows_read(&from, path, &values);
    if (status_is_ok(status)) status = put_taken(merge, index, &to, values);
    free(values);
    merge_rows_close(&to);
    merge_rows_close(&from);
    return status;
}
