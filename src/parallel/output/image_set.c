#include "output/image_set.h"

#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "nxmx/slots.h"
#include "team/agree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Memory for frames of -1, and what one call writes at most: the system cuts it near 2 GiB. */
enum { FILL_BYTES = 1 << 23, CALL_BYTES = 1 << 30 };

/* ---------------------------------------------------------------------------------------------------------- locate */

static Status read_shape(hid_t dataset, const char *path, ImageSet *set) {
    hsize_t length[3] = {0, 0, 0};
    const hid_t space = H5Dget_space(dataset);
    const bool is_block = space >= 0 && H5Sget_simple_extent_ndims(space) == 3;
    if (is_block) (void)H5Sget_simple_extent_dims(space, length, NULL);
    if (space >= 0) (void)H5Sclose(space);
    const haddr_t offset = H5Dget_offset(dataset);
    if (!is_block || offset == HADDR_UNDEF)
        return status_error(STATUS_BAD_FILE, "%s is no list of images in one piece", path);
    *set = (ImageSet){.offset = (int64_t)offset,
                      .frames = (int64_t)length[0],
                      .slow_pixels = (int64_t)length[1],
                      .fast_pixels = (int64_t)length[2]};
    return status_ok();
}

static bool has_reals(hid_t dataset) {
    const hid_t type = H5Dget_type(dataset);
    const bool real = type >= 0 && H5Tget_class(type) == H5T_FLOAT;
    if (type >= 0) (void)H5Tclose(type);
    return real;
}

Status image_set_locate(hid_t file, const char *path, ImageSet *set) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(file, path, &dataset));
    const Status status = read_shape(dataset, path, set);
    set->reals = has_reals(dataset);
    (void)H5Dclose(dataset);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ write */

static Status write_bytes(int descriptor, const char *bytes, int64_t count, int64_t offset) {
    while (count > 0) {
        const ssize_t written =
            pwrite(descriptor, bytes, (size_t)(count < CALL_BYTES ? count : CALL_BYTES), (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            return status_error(STATUS_OUTPUT_FAILED, "cannot write the images: %s",
                                written < 0 ? strerror(errno) : "nothing was taken");
        bytes += written;
        offset += written;
        count -= written;
    }
    return status_ok();
}

/* One rectangle of a frame: in one piece where its rows follow each other in the file too. */
static Status write_rectangle(const ImageSet *set, int descriptor, int64_t slot, Tile tile, const char *rows,
                              int64_t first_row) {
    const bool whole_rows = tile.fast_pixels == set->fast_pixels;
    const int64_t pieces = whole_rows ? 1 : tile.slow_pixels;
    const int64_t pixels = whole_rows ? tile.slow_pixels * tile.fast_pixels : tile.fast_pixels;
    for (int64_t i = 0; i < pieces; i++) {
        const int64_t place = (tile.slow + i) * set->fast_pixels + tile.fast;
        const int64_t in_file = slot * set->slow_pixels * set->fast_pixels + place;
        const char *bytes = rows + IMAGE_PIXEL_BYTES * (place - first_row * set->fast_pixels);
        TRY(write_bytes(descriptor, bytes, IMAGE_PIXEL_BYTES * pixels, set->offset + IMAGE_PIXEL_BYTES * in_file));
    }
    return status_ok();
}

static bool lies_within(const ImageSet *set, const WaveData *wave, int64_t frame) {
    bool within = wave->slots[frame] >= 0 && wave->slots[frame] < set->frames;
    for (int i = 0; i < wave->rectangles; i++) {
        const Tile tile = wave->rectangle[i];
        within = within && tile.slow >= wave->rows.begin && tile.slow + tile.slow_pixels <= wave->rows.end &&
                 tile.fast >= 0 && tile.fast + tile.fast_pixels <= set->fast_pixels;
    }
    return within && wave->rows.begin >= 0 && wave->rows.end <= set->slow_pixels;
}

Status image_set_check(const ImageSet *set, const WaveData *wave) {
    for (int64_t frame = 0; wave->rectangles > 0 && frame < wave->frames; frame++)
        if (!lies_within(set, wave, frame))
            return status_error(STATUS_OUTPUT_FAILED, "the pixels of frame %" PRId64 " do not lie within the images",
                                wave->slots[frame]);
    return status_ok();
}

Status image_set_write(const ImageSet *set, int descriptor, const WaveData *wave, const void *values) {
    const int64_t frame_bytes = IMAGE_PIXEL_BYTES * range_length(wave->rows) * set->fast_pixels;
    TRY(image_set_check(set, wave));
    for (int64_t frame = 0; wave->rectangles > 0 && frame < wave->frames; frame++)
        for (int i = 0; i < wave->rectangles; i++)
            TRY(write_rectangle(set, descriptor, wave->slots[frame], wave->rectangle[i],
                                (const char *)values + frame * frame_bytes, wave->rows.begin));
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------- fill */

/* Frames of -1 in the set's type, or NULL. */
static void *frames_of_minus_one(const ImageSet *set, int64_t frames) {
    const int64_t pixels = frames * set->slow_pixels * set->fast_pixels;
    void *values = malloc((size_t)(pixels * IMAGE_PIXEL_BYTES));
    for (int64_t i = 0; values != NULL && set->reals && i < pixels; i++) ((float *)values)[i] = -1.0F;
    for (int64_t i = 0; values != NULL && !set->reals && i < pixels; i++) ((int32_t *)values)[i] = -1;
    return values;
}

/* Rank 0's patience. Collective. */
static bool has_time(Team team, Patience patience) {
    bool more = team.rank != 0 || patience.has_time == NULL || patience.has_time(patience.context);
    team_broadcast(team, 0, &more, sizeof more);
    return more;
}

/* Runs of consecutive slots at a time. */
static Status fill_piece(const ImageSet *set, int descriptor, const int64_t *slots, int64_t count, const char *values) {
    const int64_t frame_bytes = IMAGE_PIXEL_BYTES * set->slow_pixels * set->fast_pixels;
    for (int64_t first = 0, run = 0; first < count; first += run) {
        run = slots_run(slots + first, count - first);
        TRY(write_bytes(descriptor, values, run * frame_bytes, set->offset + slots[first] * frame_bytes));
    }
    return status_ok();
}

/* The ranks take `most` frames each in turn.
 * @return this rank's failure */
static Status fill_turns(const ImageSet *set, Team team, int descriptor, const int64_t *slots, int64_t count,
                         int64_t most, const char *values, Patience patience) {
    Status status = status_ok();
    for (int64_t first = 0; first < count && has_time(team, patience); first += most * team.ranks) {
        const int64_t begin = first + team.rank * most;
        const int64_t left = count - begin > 0 ? count - begin : 0;
        if (status_is_ok(status))
            status = fill_piece(set, descriptor, slots + (left > 0 ? begin : 0), left < most ? left : most, values);
    }
    return status;
}

Status image_set_fill(const ImageSet *set, Team team, int descriptor, const int64_t *slots, int64_t count,
                      Patience patience) {
    if (count == 0) return status_ok(); /* of a finished file, the place of whose images nobody has asked for */
    const int64_t frame_bytes = IMAGE_PIXEL_BYTES * set->slow_pixels * set->fast_pixels;
    const int64_t fitting = FILL_BYTES / frame_bytes > 0 ? FILL_BYTES / frame_bytes : 1;
    const int64_t most = fitting < count ? fitting : count;
    void *values = frames_of_minus_one(set, most);
    Status status = values == NULL ? status_error(STATUS_NO_MEMORY, "no memory for a frame of -1") : status_ok();
    status = agree(team, status);
    if (status_is_ok(status)) status = fill_turns(set, team, descriptor, slots, count, most, values, patience);
    free(values);
    return agree(team, status);
}
