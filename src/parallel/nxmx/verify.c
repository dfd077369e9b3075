#include "nxmx/verify.h"

#include "base/size.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "hdf5/hdf5_parts.h"
#include "nxmx/frame_table.h"
#include "nxmx/nxmx.h"
#include "team/agree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* What a rank needs to read frames. Owns its handles and arrays. */
typedef struct Reader {
    hid_t file, images, space, memory;
    int64_t frames, pixels;
    uint8_t *states; /* [frames] */
    uint32_t *crc32; /* [frames] */
    void *image;
    bool can_be_mended; /* single frames can be written again */
} Reader;

static void close_reader(const char *path, Reader *reader) {
    free(reader->image);
    free(reader->crc32);
    free(reader->states);
    if (reader->memory >= 0) (void)H5Sclose(reader->memory);
    if (reader->space >= 0) (void)H5Sclose(reader->space);
    if (reader->images >= 0) (void)H5Dclose(reader->images);
    if (reader->file >= 0) (void)hdf5_close_file(path, &reader->file);
}

/* In one piece, or in files of frames, which are written anew. */
static bool is_mendable(hid_t dataset) {
    const hid_t creation = H5Dget_create_plist(dataset);
    const H5D_layout_t layout = creation < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(creation);
    if (creation >= 0) (void)H5Pclose(creation);
    return layout == H5D_CONTIGUOUS || layout == H5D_VIRTUAL;
}

static Status read_columns(Reader *reader) {
    TRY(hdf5_read(reader->file, FRAME_TABLE_PATH "/status", H5T_NATIVE_UINT8, reader->frames, reader->states));
    return hdf5_read(reader->file, FRAME_TABLE_PATH "/crc32", H5T_NATIVE_UINT32, reader->frames, reader->crc32);
}

static Status open_reader(const char *path, int64_t frames, Reader *reader) {
    hsize_t length[3] = {0, 0, 0};
    *reader = (Reader){.images = H5I_INVALID_HID, .space = H5I_INVALID_HID, .memory = H5I_INVALID_HID};
    reader->frames = frames;
    TRY(hdf5_open_file(path, false, &reader->file));
    TRY(hdf5_inside_open(reader->file, NXMX_IMAGES, &reader->images));
    reader->space = H5Dget_space(reader->images);
    if (reader->space < 0 || H5Sget_simple_extent_ndims(reader->space) != 3 ||
        H5Sget_simple_extent_dims(reader->space, length, NULL) != 3 || (int64_t)length[0] != frames ||
        length[1] > INT32_MAX || length[2] > INT32_MAX || !size_fits_image((int64_t)length[1], (int64_t)length[2]))
        return status_error(STATUS_BAD_FILE, "%s has no %" PRId64 " images", path, frames);
    TRY(hdf5_parts_check_filters(reader->images, path)); /* without them no image would match */
    reader->can_be_mended = is_mendable(reader->images);
    length[0] = 1;
    reader->pixels = (int64_t)(length[1] * length[2]);
    reader->memory = H5Screate_simple(3, length, NULL);
    reader->states = calloc((size_t)frames, sizeof *reader->states);
    reader->crc32 = calloc((size_t)frames, sizeof *reader->crc32);
    reader->image = malloc((size_t)reader->pixels * 4);
    if (reader->memory < 0 || reader->states == NULL || reader->crc32 == NULL || reader->image == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for an image of %s and the checksums of all", path);
    return read_columns(reader);
}

/* An image that cannot be read does not match either. */
static bool matches(const Reader *reader, hid_t type, int64_t slot) {
    hsize_t start[3] = {(hsize_t)slot, 0, 0}, count[3];
    if (H5Sget_simple_extent_dims(reader->memory, count, NULL) != 3 ||
        H5Sselect_hyperslab(reader->space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
        H5Dread(reader->images, type, reader->memory, reader->space, H5P_DEFAULT, reader->image) < 0)
        return false;
    return crc32_z(0, reader->image, (size_t)reader->pixels * 4) == reader->crc32[slot];
}

Status verify_images(Team team, const char *path, hid_t type, int64_t frames, uint8_t *damaged) {
    Reader reader;
    memset(damaged, 0, (size_t)frames);
    const Status status = open_reader(path, frames, &reader);
    for (int64_t slot = team.rank; status_is_ok(status) && slot < frames; slot += team.ranks)
        if (reader.states[slot] == FRAME_COMPLETE) damaged[slot] = matches(&reader, type, slot) ? 0 : 1;
    close_reader(path, &reader);
    TRY(agree(team, status));
    team_greatest_bytes(team, damaged, frames);
    if (reader.can_be_mended || memchr(damaged, 1, (size_t)frames) == NULL) return status_ok();
    return status_error(
        STATUS_BAD_FILE,
        "%s holds frames that do not match their checksum (tessera describe --verify lists them), and it "
        "is compressed, so that they cannot be written again; --overwrite renders all anew",
        path);
}

Status verify_discard(const char *path, const uint8_t *damaged, int64_t frames) {
    FrameTable table = frame_table_closed();
    hid_t file = H5I_INVALID_HID;
    TRY(hdf5_open_file(path, true, &file));
    Status status = frame_table_open(file, &table);
    for (int64_t slot = 0; status_is_ok(status) && slot < frames; slot++)
        if (damaged[slot] != 0) status = frame_table_mark(&table, &slot, 1, FRAME_ABSENT);
    status = status_first(status, frame_table_close(&table));
    return status_first(status, hdf5_close_file(path, &file));
}

void verify_note(const uint8_t *damaged, int64_t frames, int64_t first, Notes *notes) {
    enum { MOST_TEXT = 200 };
    char text[MOST_TEXT + 60] = "";
    int64_t count = 0;
    for (int64_t slot = 0; slot < frames; slot++) count += damaged[slot] != 0;
    for (int64_t begin = 0, end = 0; begin < frames; begin = end + 1) {
        const size_t used = strlen(text);
        for (end = begin; end < frames && damaged[end] != 0; end++) {
        }
        if (end == begin) continue;
        if (used > MOST_TEXT) {
            (void)snprintf(text + used, sizeof text - used, " ...");
            break;
        }
        const char *separator = used > 0 ? ", " : "";
        if (end == begin + 1)
            (void)snprintf(text + used, sizeof text - used, "%s%" PRId64, separator, first + begin);
        else
            (void)snprintf(text + used, sizeof text - used, "%s%" PRId64 "-%" PRId64, separator, first + begin,
                           first + end - 1);
    }
    if (count > 0)
        notes_add(notes, "%" PRId64 " finished frame%s not match %s checksum; rendered again: %s", count,
                  count == 1 ? " does" : "s do", count == 1 ? "its" : "their", text);
}
