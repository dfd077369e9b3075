#include "output/data_file.h"

#include "hdf5/hdf5_copy.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "nxmx/frame_record.h"
#include "nxmx/frame_table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 + DATA_FILE_NAME_BYTES + 16 };

struct DataFile {
    const DataFileKind *kind;
    char path[PATH_BYTES], partial[PATH_BYTES];
    hid_t file, main, twin;
    Range range;     /* of its frames in the master */
    int64_t held;    /* frames that it has */
    uint8_t *states; /* [frames] */
    uint32_t *crc32; /* [frames] */
};

static void name_of(const DataFiles *files, const char *master, int64_t index, char *path) {
    char name[DATA_FILE_NAME_BYTES];
    const char *slash = strrchr(master, '/');
    data_files_name(files, index, name);
    (void)snprintf(path, PATH_BYTES, "%.*s%s", slash == NULL ? 0 : (int)(slash + 1 - master), master, name);
}

static Status system_error(const char *action, const char *path) {
    return status_error(STATUS_OUTPUT_FAILED, "cannot %s %s: %s", action, path, strerror(errno));
}

/* -------------------------------------------------------------------------------------------------------- structure */

/* A dataset of chunks that are whole frames; one that is missing shows -1. */
static Status create_images(hid_t parent, const char *name, hid_t type, const DataFile *file, Packing packing,
                            hid_t *dataset) {
    const float minus_one = -1.0F;
    const int32_t minus_one_count = -1;
    const bool real = H5Tget_class(type) == H5T_FLOAT;
    const hsize_t length[3] = {(hsize_t)range_length(file->range), (hsize_t)file->kind->slow_pixels,
                               (hsize_t)file->kind->fast_pixels};
    const hsize_t chunk[3] = {1, length[1], length[2]};
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(3, length, NULL);
    *dataset = H5I_INVALID_HID;
    if (creation >= 0 && space >= 0 && H5Pset_chunk(creation, 3, chunk) >= 0 &&
        H5Pset_fill_value(creation, type, real ? (const void *)&minus_one : (const void *)&minus_one_count) >= 0 &&
        frame_codec_set_filters(creation, packing))
        *dataset = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    const Status status = *dataset < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "create", name) : status_ok();
    if (space >= 0) (void)H5Sclose(space);
    if (creation >= 0) (void)H5Pclose(creation);
    TRY(status);
    return hdf5_attribute_text(parent, name, "units", "counts");
}

static Status fill_data(hid_t data, const void *context) {
    DataFile *file = *(DataFile *const *)context;
    TRY(create_images(data, "data", file->kind->type, file, file->kind->main.packing, &file->main));
    TRY(hdf5_attribute_text(data, ".", "signal", "data"));
    /* as Eiger's files say which images of a series they hold */
    TRY(hdf5_attribute_int32(data, "data", "image_nr_low", (int32_t)file->range.begin + 1));
    return hdf5_attribute_int32(data, "data", "image_nr_high", (int32_t)file->range.end);
}

static Status fill_twin(hid_t images, const void *context) {
    DataFile *file = *(DataFile *const *)context;
    return create_images(images, "expected_photons", H5T_NATIVE_FLOAT, file, file->kind->twin.packing, &file->twin);
}

static Status fill_simulation(hid_t simulation, const void *context) {
    const DataFile *file = *(DataFile *const *)context;
    TRY(hdf5_write_text(simulation, "program", "tessera"));
    return file->kind->has_twin ? hdf5_write_group(simulation, "images", "NXdata", fill_twin, context) : status_ok();
}

static Status fill_entry(hid_t entry, const void *context) {
    TRY(hdf5_write_group(entry, "data", "NXdata", fill_data, context));
    return hdf5_write_group(entry, "simulation", "NXprocess", fill_simulation, context);
}

/* What it holds: written last, as it is only known then. */
static Status fill_table(hid_t group, const void *context) {
    const DataFile *file = context;
    const int64_t frames = range_length(file->range);
    int64_t *numbers = calloc((size_t)frames, sizeof *numbers);
    if (numbers == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the numbers of %" PRId64 " frames", frames);
    for (int64_t i = 0; i < frames; i++) numbers[i] = file->kind->first_number + file->range.begin + i;
    Status status = hdf5_write(group, "number", H5T_NATIVE_INT64, hdf5_list(frames), numbers);
    free(numbers);
    if (status_is_ok(status)) status = hdf5_write(group, "status", H5T_NATIVE_UINT8, hdf5_list(frames), file->states);
    if (status_is_ok(status)) status = hdf5_write(group, "crc32", H5T_NATIVE_UINT32, hdf5_list(frames), file->crc32);
    return status;
}

/* ------------------------------------------------------------------------------------------------- open and closed */

static Status create(DataFile *file) {
    if (unlink(file->partial) != 0 && errno != ENOENT) return system_error("remove", file->partial);
    TRY(hdf5_create_file(file->partial, &file->file));
    return hdf5_write_group(file->file, "entry", "NXentry", fill_entry, &file);
}

/* HDF5 keeps chunks' places in memory until now. */
static Status close_all(DataFile *file) {
    bool closed = file->main < 0 || H5Dclose(file->main) >= 0;
    closed = (file->twin < 0 || H5Dclose(file->twin) >= 0) && closed;
    file->main = file->twin = H5I_INVALID_HID;
    const Status status = closed ? status_ok() : hdf5_error(STATUS_OUTPUT_FAILED, "write", file->partial);
    return status_first(status, hdf5_close_file(file->partial, &file->file));
}

static void release(DataFile **file) {
    free((*file)->crc32);
    free((*file)->states);
    free(*file);
    *file = NULL;
}

void data_file_discard(DataFile **file) {
    if (*file == NULL) return;
    if ((*file)->file >= 0 && truncate((*file)->partial, 0) != 0)
        errno = 0; /* so that a full disk has room to close it */
    (void)close_all(*file);
    (void)unlink((*file)->partial);
    release(file);
}

/* ------------------------------------------------------------------------------------------------------------ frames
 */

Status data_file_put(DataFile *file, const PackedFrame *frame) {
    const int64_t place = frame->slot - file->range.begin;
    const hsize_t start[3] = {(hsize_t)place, 0, 0};
    if (H5Dwrite_chunk(file->main, H5P_DEFAULT, 0, start, frame->main_bytes, frame->main) < 0 ||
        (file->twin >= 0 && H5Dwrite_chunk(file->twin, H5P_DEFAULT, 0, start, frame->twin_bytes, frame->twin) < 0))
        return hdf5_error(STATUS_OUTPUT_FAILED, "write", file->partial);
    file->held += file->states[place] != FRAME_COMPLETE;
    file->states[place] = FRAME_COMPLETE;
    file->crc32[place] = frame->crc32;
    return status_ok();
}

bool data_file_is_whole(const DataFile *file) {
    return file->held == range_length(file->range);
}

/* An earlier file of the same name, from which frames are taken over. */
typedef struct Earlier {
    hid_t file, main, twin;
    void *pixels; /* of a frame of either kind */
} Earlier;

static Status open_earlier(const DataFile *file, Earlier *earlier) {
    const DataFileKind *kind = file->kind;
    earlier->pixels = malloc(kind->main.chunk_bytes);
    if (earlier->pixels == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a frame");
    TRY(hdf5_open_file(file->path, false, &earlier->file));
    TRY(hdf5_inside_open(earlier->file, NXMX_IMAGES, &earlier->main));
    TRY(hdf5_check_filters(earlier->main, file->path));
    return kind->has_twin ? hdf5_inside_open(earlier->file, NXMX_TWIN, &earlier->twin) : status_ok();
}

static void close_earlier(const DataFile *file, Earlier *earlier) {
    if (earlier->twin >= 0) (void)H5Dclose(earlier->twin);
    if (earlier->main >= 0) (void)H5Dclose(earlier->main);
    (void)hdf5_close_file(file->path, &earlier->file);
    free(earlier->pixels);
}

static bool read_frame(hid_t dataset, hid_t type, int64_t place, const DataFileKind *kind, void *pixels) {
    const hsize_t start[3] = {(hsize_t)place, 0, 0};
    const hsize_t count[3] = {1, (hsize_t)kind->slow_pixels, (hsize_t)kind->fast_pixels};
    const hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(3, count, NULL);
    const bool read = space >= 0 && memory >= 0 &&
                      H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                      H5Dread(dataset, type, memory, space, H5P_DEFAULT, pixels) >= 0;
    if (memory >= 0) (void)H5Sclose(memory);
    if (space >= 0) (void)H5Sclose(space);
    return read;
}

static Status take_frame(DataFile *file, const Earlier *earlier, int64_t place) {
    const DataFileKind *kind = file->kind;
    void *main = NULL, *twin = NULL;
    PackedFrame frame = {.slot = file->range.begin + place};
    bool taken = read_frame(earlier->main, kind->type, place, kind, earlier->pixels);
    if (taken) frame.crc32 = frame_codec_crc32(earlier->pixels, kind->main.chunk_bytes);
    taken = taken && frame_codec_pack(&kind->main, earlier->pixels, &main, &frame.main_bytes);
    if (taken && kind->has_twin)
        taken = read_frame(earlier->twin, H5T_NATIVE_FLOAT, place, kind, earlier->pixels) &&
                frame_codec_pack(&kind->twin, earlier->pixels, &twin, &frame.twin_bytes);
    frame.main = main;
    frame.twin = twin;
    const Status status = taken ? data_file_put(file, &frame)
                                : status_error(STATUS_OUTPUT_FAILED, "cannot take frame %" PRId64 " over from %s",
                                               frame.slot, file->path);
    free(twin);
    free(main);
    return status;
}

/* The states say which frames of the earlier file are whole. */
static Status take_over(DataFile *file) {
    Earlier earlier = {.file = H5I_INVALID_HID, .main = H5I_INVALID_HID, .twin = H5I_INVALID_HID};
    const uint8_t *states = file->kind->states + file->range.begin;
    const int64_t frames = range_length(file->range);
    if (memchr(states, FRAME_COMPLETE, (size_t)frames) == NULL) return status_ok();
    Status status = open_earlier(file, &earlier);
    for (int64_t i = 0; status_is_ok(status) && i < frames; i++)
        if (states[i] == FRAME_COMPLETE) status = take_frame(file, &earlier, i);
    close_earlier(file, &earlier);
    return status;
}

Status data_file_begin(const DataFileKind *kind, int64_t index, DataFile **file) {
    DataFile *begun = calloc(1, sizeof *begun);
    *file = NULL;
    if (begun == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a file of frames");
    *begun = (DataFile){.kind = kind,
                        .file = H5I_INVALID_HID,
                        .main = H5I_INVALID_HID,
                        .twin = H5I_INVALID_HID,
                        .range = data_files_range(kind->files, index, kind->frames)};
    const size_t frames = (size_t)range_length(begun->range);
    begun->states = calloc(frames, sizeof *begun->states);
    begun->crc32 = calloc(frames, sizeof *begun->crc32);
    name_of(kind->files, kind->master, index, begun->path);
    (void)snprintf(begun->partial, sizeof begun->partial, "%.*s.partial", PATH_BYTES - 16, begun->path);
    Status status = begun->states == NULL || begun->crc32 == NULL
                        ? status_error(STATUS_NO_MEMORY, "no memory for the table of %zu frames", frames)
                        : status_ok();
    if (status_is_ok(status)) status = create(begun);
    if (status_is_ok(status)) status = take_over(begun);
    if (!status_is_ok(status)) data_file_discard(&begun);
    *file = begun;
    return status;
}

/* ---------------------------------------------------------------------------------------------------------- publish */

static Status sync_path(const char *path, int flags) {
    const int descriptor = open(path, flags | O_CLOEXEC);
    if (descriptor < 0) return system_error("open", path);
    /* EINVAL: a file system on which this object has nothing to be synchronized */
    const Status status =
        fsync(descriptor) != 0 && errno != EINVAL ? system_error("bring to the disk", path) : status_ok();
    (void)close(descriptor);
    return status;
}

static Status sync_folder(const char *path) {
    char folder[PATH_BYTES] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash + 1 - path), path);
    return sync_path(folder, O_RDONLY);
}

Status data_file_publish(DataFile **file) {
    DataFile *whole = *file;
    Status status = hdf5_write_group(whole->file, FRAME_TABLE_PATH, "NXcollection", fill_table, whole);
    if (status_is_ok(status)) status = close_all(whole);
    if (status_is_ok(status)) status = sync_path(whole->partial, O_RDWR);
    if (status_is_ok(status) && rename(whole->partial, whole->path) != 0)
        status = system_error("rename", whole->partial);
    if (status_is_ok(status)) status = sync_folder(whole->path);
    if (status_is_ok(status))
        release(file);
    else
        data_file_discard(file);
    return status;
}

/* -------------------------------------------------------------------------------------------------------- new masters
 */

static bool is_ours(const char *path) {
    hid_t file = H5I_INVALID_HID;
    const bool ours = status_is_ok(hdf5_open_file(path, false, &file)) && hdf5_has(file, "/entry") &&
                      hdf5_has(file, "/entry/simulation") && hdf5_inside_is_ours(file);
    (void)hdf5_close_file(path, &file);
    return ours;
}

Status data_file_clear_all(const DataFiles *files, const char *master, int64_t frames, bool overwrite, bool removes) {
    for (int64_t i = 0; i < data_files_count(files, frames); i++) {
        char path[PATH_BYTES];
        name_of(files, master, i, path);
        if (access(path, F_OK) != 0) continue;
        if (!overwrite)
            return status_error(STATUS_BAD_PARAMETER,
                                "%.600s exists; add --overwrite to replace it, or choose another --output", path);
        if (!is_ours(path))
            return status_error(STATUS_BAD_PARAMETER,
                                "%.600s exists and is no file of tessera, or is damaged; choose another --output",
                                path);
        if (removes && unlink(path) != 0) return system_error("remove", path);
    }
    return status_ok();
}
