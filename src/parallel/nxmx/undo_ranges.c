#include "nxmx/undo_ranges.h"

#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"

#include <stdlib.h>

/* Where the values of datasets lie. Owns `piece`. */
typedef struct Values {
    int64_t count, room;
    UndoRange *piece;
} Values;

static Status add_piece(Values *values, UndoRange piece) {
    if (values->count == values->room) {
        const int64_t room = 2 * values->room + 64;
        UndoRange *larger = realloc(values->piece, (size_t)room * sizeof *larger);
        if (larger == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the places of datasets");
        values->piece = larger;
        values->room = room;
    }
    values->piece[values->count++] = piece;
    return status_ok();
}

/* Only a dataset in one piece has an offset; values in the header of an object, or in chunks, have none. */
static Status note_values(hid_t dataset, void *context) {
    const haddr_t offset = H5Dget_offset(dataset);
    const hsize_t bytes = H5Dget_storage_size(dataset);
    if (offset == HADDR_UNDEF || bytes == 0 || offset > INT64_MAX || bytes > INT64_MAX - offset) return status_ok();
    return add_piece(context, (UndoRange){.offset = (int64_t)offset, .bytes = (int64_t)bytes, .is_fixed = true});
}

static int compare_pieces(const void *left, const void *right) {
    const int64_t l = ((const UndoRange *)left)->offset, r = ((const UndoRange *)right)->offset;
    return (l > r) - (l < r);
}

static int64_t least(int64_t left, int64_t right) {
    return left < right ? left : right;
}

static void append(UndoRanges *ranges, int64_t begin, int64_t end, bool is_fixed) {
    if (end > begin)
        ranges->range[ranges->count++] = (UndoRange){.offset = begin, .bytes = end - begin, .is_fixed = is_fixed};
}

/* What lies between values is HDF5's. A damaged file may have values that overlap, or end beyond it. */
static void divide(const Values *values, int64_t length, UndoRanges *ranges) {
    int64_t place = 0;
    for (int64_t i = 0; i < values->count; i++) {
        const UndoRange piece = values->piece[i];
        const int64_t begin = piece.offset > place ? piece.offset : place;
        const int64_t end = least(piece.offset + piece.bytes, length);
        if (end <= begin) continue;
        append(ranges, place, begin, false);
        if (piece.bytes < UNDO_LARGE_BYTES) append(ranges, begin, end, true);
        place = end;
    }
    append(ranges, place, length, false);
}

static Status find_values(const char *path, Values *values) {
    hid_t file = H5I_INVALID_HID;
    TRY(hdf5_open_file(path, false, &file));
    const Status status = hdf5_inside_visit(file, path, note_values, values);
    (void)hdf5_close_file(path, &file);
    return status;
}

Status undo_ranges_find(const char *path, int64_t length, UndoRanges *ranges) {
    Values values = {.count = 0, .piece = NULL};
    *ranges = (UndoRanges){.count = 0, .range = NULL};
    Status status = find_values(path, &values);
    if (status_is_ok(status)) {
        ranges->range = calloc((size_t)(2 * values.count + 1), sizeof *ranges->range);
        if (ranges->range == NULL) status = status_error(STATUS_NO_MEMORY, "no memory for the places of datasets");
    }
    if (status_is_ok(status)) {
        if (values.count > 0) qsort(values.piece, (size_t)values.count, sizeof *values.piece, compare_pieces);
        divide(&values, length, ranges);
    }
    free(values.piece);
    return status;
}
