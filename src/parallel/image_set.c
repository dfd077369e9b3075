#include "image_set.h"

#include "agree.h"
#include "hdf5_helpers.h"
#include "slots.h"

#include <assert.h>
#include <stdlib.h>

/* MPI counts in int, so a call stays far below 2 GiB, on a rank and in all; and the memory for frames of -1. */
enum { CALL_BYTES = 1 << 30, FILL_BYTES = 1 << 23 };

static int64_t pixel_bytes(const ImageSet *set) {
    return (int64_t)H5Tget_size(set->type);
}

/* ---------------------------------------------------------------------------------------------------------- create */

static Status set_layout(hid_t creation, hid_t type) {
    const float minus_one = -1.0F;
    const int32_t minus_one_count = -1;
    const bool real = H5Tget_class(type) == H5T_FLOAT;
    if (creation < 0 || H5Pset_layout(creation, H5D_CONTIGUOUS) < 0 ||
        H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY) < 0 || H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) < 0 ||
        H5Pset_fill_value(creation, type, real ? (const void *)&minus_one : (const void *)&minus_one_count) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "set up", "the images");
    return status_ok();
}

Status image_set_create(hid_t parent, const char *name, hid_t type, int64_t frames, int64_t slow_pixels,
                        int64_t fast_pixels) {
    const Hdf5Shape shape = hdf5_block(frames, slow_pixels, fast_pixels);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t space = H5Screate_simple(shape.rank, shape.length, NULL);
    hid_t dataset = H5I_INVALID_HID;
    Status status = set_layout(creation, type);
    if (status_is_ok(status)) {
        dataset = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        if (dataset < 0) status = hdf5_error(STATUS_OUTPUT_FAILED, "create", name);
    }
    if (dataset >= 0) (void)H5Dclose(dataset);
    if (space >= 0) (void)H5Sclose(space);
    if (creation >= 0) (void)H5Pclose(creation);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ open */

static Status read_shape(ImageSet *set, const char *path) {
    hsize_t length[3] = {0, 0, 0};
    const hid_t space = H5Dget_space(set->dataset);
    const bool is_block = space >= 0 && H5Sget_simple_extent_ndims(space) == 3;
    if (is_block) (void)H5Sget_simple_extent_dims(space, length, NULL);
    if (space >= 0) (void)H5Sclose(space);
    set->slow_pixels = (int64_t)length[1];
    set->fast_pixels = (int64_t)length[2];
    return is_block ? status_ok() : status_error(STATUS_BAD_FILE, "%s is no list of images", path);
}

/* One process has no MPI-IO. */
static hid_t transfer_properties(int ranks, ImageTransfer transfer) {
    const hid_t properties = H5Pcreate(H5P_DATASET_XFER);
    const bool collective = transfer == IMAGE_TRANSFER_COLLECTIVE;
    if (properties >= 0 && ranks > 1)
        (void)H5Pset_dxpl_mpio(properties, collective ? H5FD_MPIO_COLLECTIVE : H5FD_MPIO_INDEPENDENT);
    return properties;
}

Status image_set_open(Team team, hid_t file, const char *path, hid_t type, ImageTransfer transfer, ImageSet *set) {
    *set = (ImageSet){.team = team, .type = type};
    set->transfer = transfer_properties(team.ranks, transfer);
    set->dataset = H5Dopen2(file, path, H5P_DEFAULT);
    if (set->transfer < 0 || set->dataset < 0) return hdf5_error(STATUS_BAD_FILE, "open", path);
    return read_shape(set, path);
}

void image_set_close(ImageSet *set) {
    if (set->dataset > 0) (void)H5Dclose(set->dataset);
    if (set->transfer > 0) (void)H5Pclose(set->transfer);
    set->dataset = set->transfer = H5I_INVALID_HID;
}

/* ------------------------------------------------------------------------------------------------------------ write */

/* Adds a rectangle of consecutive frames to a selection. */
static bool add_rectangle(hid_t space, int64_t first_frame, int64_t frames, int64_t first_row, Tile tile) {
    const hsize_t start[3] = {(hsize_t)first_frame, (hsize_t)first_row, (hsize_t)tile.fast};
    const hsize_t count[3] = {(hsize_t)frames, (hsize_t)tile.slow_pixels, (hsize_t)tile.fast_pixels};
    return H5Sselect_hyperslab(space, H5S_SELECT_OR, start, NULL, count, NULL) >= 0;
}

/* Frames @p piece of the wave: the same rectangles of the file and of the buffer. Both are walked in the same order,
 * as slots ascend and rectangles are only shifted. */
static bool select_piece(const WaveData *wave, Range piece, hid_t file_space, hid_t memory_space) {
    bool selected = true;
    for (int64_t frame = piece.begin, run = 0; selected && frame < piece.end; frame += run) {
        run = slots_run(wave->slots + frame, piece.end - frame);
        for (int i = 0; selected && i < wave->rectangles; i++) {
            const Tile tile = wave->rectangle[i];
            assert(tile.slow >= wave->rows.begin && tile.slow + tile.slow_pixels <= wave->rows.end);
            selected = add_rectangle(file_space, wave->slots[frame], run, tile.slow, tile) &&
                       add_rectangle(memory_space, frame - piece.begin, run, tile.slow - wave->rows.begin, tile);
        }
    }
    return selected && H5Sselect_valid(file_space) > 0 && H5Sselect_valid(memory_space) > 0 &&
           H5Sget_select_npoints(file_space) == H5Sget_select_npoints(memory_space);
}

/* Shape of the buffer's frames @p piece; idle ranks and empty buffers get one pixel that is not selected. */
static hid_t memory_space_of(const ImageSet *set, const WaveData *wave, Range piece) {
    const bool empty = range_length(piece) == 0 || range_length(wave->rows) == 0;
    const Hdf5Shape shape =
        empty ? hdf5_block(1, 1, 1) : hdf5_block(range_length(piece), range_length(wave->rows), set->fast_pixels);
    return H5Screate_simple(shape.rank, shape.length, NULL);
}

/* One call of all ranks. A rank whose selection fails takes part with nothing, so that the others do not wait for it.
 */
static Status write_piece(const ImageSet *set, const WaveData *wave, Range piece, const char *values) {
    const hid_t file_space = H5Dget_space(set->dataset);
    const hid_t memory_space = memory_space_of(set, wave, piece);
    const int64_t frame_bytes = range_length(wave->rows) * set->fast_pixels * pixel_bytes(set);
    Status status = status_ok();
    bool selected = H5Sselect_none(file_space) >= 0 && H5Sselect_none(memory_space) >= 0;
    if (selected) selected = select_piece(wave, piece, file_space, memory_space);
    if (!selected) {
        status = status_error(STATUS_OUTPUT_FAILED, "the pixels of a wave do not lie within the images of the file");
        (void)H5Sselect_none(file_space);
        (void)H5Sselect_none(memory_space);
    }
    const char *first = values != NULL ? values + piece.begin * frame_bytes : NULL;
    if (H5Dwrite(set->dataset, set->type, memory_space, file_space, set->transfer, first) < 0)
        status = status_first(status, hdf5_error(STATUS_OUTPUT_FAILED, "write", "the images"));
    if (memory_space >= 0) (void)H5Sclose(memory_space);
    if (file_space >= 0) (void)H5Sclose(file_space);
    return status;
}

/* Frames that this rank may write in one call: at least one. */
static int64_t frames_in_call(const ImageSet *set, const WaveData *wave) {
    int64_t pixels = 0;
    for (int i = 0; i < wave->rectangles; i++)
        pixels += wave->rectangle[i].slow_pixels * wave->rectangle[i].fast_pixels;
    const int64_t frame_bytes = pixels * pixel_bytes(set);
    const int64_t share = CALL_BYTES / set->team.ranks;
    return frame_bytes > 0 && share > frame_bytes ? share / frame_bytes : 1;
}

static Range clipped(Range range, int64_t end) {
    return (Range){.begin = range.begin < end ? range.begin : end, .end = range.end < end ? range.end : end};
}

Status image_set_write(const ImageSet *set, const WaveData *wave, const void *values) {
    const int64_t frames = wave->rectangles > 0 ? wave->frames : 0;
    const int64_t most = frames_in_call(set, wave);
    const int64_t mine = (frames + most - 1) / most;
    const int64_t calls = team_greatest(set->team, mine);
    Status status = status_ok();
    for (int64_t call = 0; call < calls; call++) {
        const Range piece = clipped((Range){call * most, (call + 1) * most}, frames);
        status = status_first(status, write_piece(set, wave, piece, values));
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- fill */

/* Frames of -1 in the set's type, or NULL. */
static void *frames_of_minus_one(const ImageSet *set, int64_t frames) {
    const int64_t pixels = frames * set->slow_pixels * set->fast_pixels;
    void *values = malloc((size_t)(pixels * pixel_bytes(set)));
    const bool real = H5Tget_class(set->type) == H5T_FLOAT;
    for (int64_t i = 0; values != NULL && real && i < pixels; i++) ((float *)values)[i] = -1.0F;
    for (int64_t i = 0; values != NULL && !real && i < pixels; i++) ((int32_t *)values)[i] = -1;
    return values;
}

/* The ranks take `most` frames each in turn, so that every call writes one stretch of the file. */
static Status fill_turns(const ImageSet *set, const int64_t *slots, int64_t count, int64_t most, const void *values) {
    const int64_t turn_frames = most * set->team.ranks;
    Status status = status_ok();
    for (int64_t first = 0; status_is_ok(status) && first < count; first += turn_frames) {
        const int64_t begin = first + set->team.rank * most;
        const Range mine = clipped((Range){begin, begin + most}, count);
        const WaveData wave = {.frames = range_length(mine),
                               .slots = slots + mine.begin,
                               .rectangles = 1,
                               .rectangle = {{0, 0, set->slow_pixels, set->fast_pixels}},
                               .rows = {0, set->slow_pixels}};
        status = agree(set->team, write_piece(set, &wave, (Range){0, wave.frames}, values));
    }
    return status;
}

Status image_set_fill(const ImageSet *set, const int64_t *slots, int64_t count) {
    const int64_t frame_bytes = set->slow_pixels * set->fast_pixels * pixel_bytes(set);
    const int64_t fitting = FILL_BYTES / frame_bytes > 0 ? FILL_BYTES / frame_bytes : 1;
    const int64_t most = fitting < count ? fitting : count;
    if (count == 0) return status_ok();
    void *values = frames_of_minus_one(set, most);
    Status status = values == NULL ? status_error(STATUS_NO_MEMORY, "no memory for a frame of -1") : status_ok();
    status = agree(set->team, status);
    if (status_is_ok(status)) status = fill_turns(set, slots, count, most, values);
    free(values);
    return status;
}
