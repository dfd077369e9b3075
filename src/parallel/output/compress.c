#include "output/compress.h"

#include "base/clocks.h"
#include "files/output_path.h"
#include "files/unfinished_files.h"
#include "hdf5/hdf5_copy.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "hdf5/hdf5_parts.h"
#include "nxmx/nxmx.h"
#include "nxmx/provenance.h"
#include "output/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TABLE "/entry/simulation/frames/"
#define RECORD "/entry/simulation/compression"

enum { NAME_BYTES = 4200, DATASETS = 2, PACKED_FILE_MODE = 0600 };

/* The datasets that are packed; the second one may be absent. */
static const char *const image_paths[DATASETS] = {NXMX_IMAGES, NXMX_TWIN};

/* A compression under way. */
typedef struct Compression {
    const CompressRequest *request;
    CompressResult *result;
    char packed[NAME_BYTES]; /* name of the copy */
    hid_t source, target;
    bool has[DATASETS];
    PackedImages images[DATASETS];
} Compression;

static Status system_error(const char *action, const char *path) {
    return status_error(STATUS_OUTPUT_FAILED, "cannot %s %.400s: %s", action, path, strerror(errno));
}

/* ------------------------------------------------------------------------------------------------- looking before */

static bool has_dataset(hid_t file, const char *path) {
    char part[128];
    for (size_t end = 1; end <= strlen(path); end++) {
        if (path[end] != '/' && path[end] != '\0') continue;
        (void)snprintf(part, sizeof part, "%.*s", (int)end, path);
        if (H5Lexists(file, part, H5P_DEFAULT) <= 0) return false;
    }
    return true;
}

static bool is_chunked(hid_t dataset) {
    const hid_t creation = H5Dget_create_plist(dataset);
    const bool chunked = creation >= 0 && H5Pget_layout(creation) == H5D_CHUNKED && H5Pget_nfilters(creation) > 0;
    if (creation >= 0) (void)H5Pclose(creation);
    return chunked;
}

static bool is_packed(const Compression *c) {
    hid_t dataset = H5I_INVALID_HID;
    const bool packed = status_is_ok(hdf5_inside_open(c->source, NXMX_IMAGES, &dataset)) && is_chunked(dataset);
    if (dataset >= 0) (void)H5Dclose(dataset);
    return packed;
}

/* A missing frame could not be computed any more. */
static Status check_states(const Compression *c) {
    const char *path = c->request->path;
    const int64_t frames = c->images[0].frames;
    if (!has_dataset(c->source, TABLE "status")) return status_ok();
    uint8_t *states = malloc((size_t)frames);
    if (states == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the states of %" PRId64 " frames", frames);
    Status status = hdf5_read(c->source, TABLE "status", H5T_NATIVE_UINT8, frames, states);
    int64_t missing = 0;
    for (int64_t i = 0; status_is_ok(status) && i < frames; i++) missing += states[i] != FRAME_COMPLETE;
    free(states);
    if (status_is_ok(status) && missing > 0)
        status =
            status_error(STATUS_BAD_FILE,
                         "%.400s: %" PRId64 " of %" PRId64 " frames are missing; finish the run with --resume first",
                         path, missing, frames);
    return status;
}

static Status look_at_dataset(Compression *c, int which, double *bytes_packed) {
    bool is_virtual = false;
    double share = 1.0;
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(c->source, image_paths[which], &dataset));
    Status status = image_pack_shape(dataset, image_paths[which], &c->images[which]);
    if (status_is_ok(status)) status = hdf5_parts_check_filters(dataset, c->request->path);
    if (status_is_ok(status)) status = hdf5_check_virtual(dataset, c->request->path, &is_virtual);
    if (status_is_ok(status)) status = image_pack_sample(dataset, image_paths[which], &c->images[which], &share);
    const PackedImages *images = &c->images[which];
    const double bytes = (double)images->frames * (double)images->slow_pixels * (double)images->fast_pixels *
                         (double)images->pixel_bytes;
    c->result->bytes_before += bytes;
    *bytes_packed += share * bytes;
    (void)H5Dclose(dataset);
    return status;
}

/* Frames are not all alike: a fourth more than the sample says. */
static Status check_room(const Compression *c, double bytes_packed) {
    struct statvfs system;
    struct stat info;
    if (statvfs(c->packed, &system) != 0 || stat(c->request->path, &info) != 0)
        return system_error("find the free space beside", c->request->path);
    const double others = fmax((double)info.st_size - c->result->bytes_before, 0.0);
    const double need = 1.25 * bytes_packed + others, room = (double)system.f_bavail * (double)system.f_frsize;
    if (system.f_blocks == 0 || need <= room) return status_ok(); /* some network file systems do not tell */
    return status_error(
        STATUS_OUTPUT_FAILED,
        "the compressed copy of %.400s needs some %.0f bytes beside it, and there is room for %.0f; free "
        "some space",
        c->request->path, need, room);
}

static Status look(Compression *c) {
    double bytes_packed = 0.0;
    if (!has_dataset(c->source, NXMX_IMAGES))
        return status_error(STATUS_BAD_FILE, "%.400s has no %s", c->request->path, NXMX_IMAGES);
    for (int i = 0; i < DATASETS; i++) {
        c->has[i] = has_dataset(c->source, image_paths[i]);
        if (c->has[i]) TRY(look_at_dataset(c, i, &bytes_packed));
    }
    c->result->frames = c->images[0].frames;
    TRY(check_states(c));
    return check_room(c, bytes_packed);
}

/* ------------------------------------------------------------------------------------------------------------ the copy
 */

static Status copy_images(hid_t source, hid_t target, const char *name, const char *path, void *context, bool *taken) {
    Compression *c = context;
    for (int i = 0; i < DATASETS; i++) {
        if (strcmp(path, image_paths[i]) != 0) continue;
        *taken = true;
        hid_t dataset = H5I_INVALID_HID;
        TRY(hdf5_inside_open(source, name, &dataset));
        const Status status = image_pack(dataset, target, name, c->request->packing, &c->images[i]);
        (void)H5Dclose(dataset);
        return status;
    }
    /* of an earlier compression, and of data files: a new one is written, and there are none */
    *taken = strcmp(path, RECORD) == 0 || strcmp(path, DATA_FILES_RECORD) == 0;
    return status_ok();
}

/* The images read must be those that were written when they were computed. */
static Status check_records(const Compression *c) {
    const int64_t frames = c->images[0].frames;
    if (!has_dataset(c->source, TABLE "crc32")) return status_ok();
    uint32_t *crc32 = malloc((size_t)frames * sizeof *crc32);
    if (crc32 == NULL) return status_error(STATUS_NO_MEMORY, "no memory for checksums");
    Status status = hdf5_read(c->source, TABLE "crc32", H5T_NATIVE_UINT32, frames, crc32);
    for (int64_t i = 0; status_is_ok(status) && i < frames; i++)
        if (crc32[i] != image_pack_frame_crc32(&c->images[0], i))
            status = status_error(STATUS_BAD_FILE,
                                  "%.400s: frame %" PRId64
                                  " does not have the checksum of its record: the file, or a part of it, is damaged",
                                  c->request->path, i);
    free(crc32);
    return status;
}

static Status fill_record(hid_t group, const void *context) {
    const Compression *c = context;
    const Packing *packing = &c->request->packing;
    char now[CLOCKS_UTC_BYTES];
    clocks_utc(now);
    TRY(hdf5_write_text(group, "method", packing->method == PACK_DEFLATE ? "deflate" : "bitshuffle"));
    if (packing->method == PACK_DEFLATE) TRY(hdf5_write_int32(group, "level", packing->level));
    TRY(hdf5_write_flag(group, "shuffle", packing->shuffle));
    TRY(hdf5_write_text(group, "version", c->request->version));
    TRY(hdf5_write_text(group, "date", now));
    TRY(hdf5_write_real(group, "image_bytes_before", c->result->bytes_before, "byte"));
    return hdf5_write_real(group, "image_bytes_after", c->result->bytes_after, "byte");
}

static Status write_record(Compression *c) {
    for (int i = 0; i < DATASETS; i++) {
        if (!c->has[i]) continue;
        const hid_t dataset = H5Dopen2(c->target, image_paths[i], H5P_DEFAULT);
        if (dataset < 0) return hdf5_error(STATUS_OUTPUT_FAILED, "open", image_paths[i]);
        c->result->bytes_after += (double)H5Dget_storage_size(dataset);
        (void)H5Dclose(dataset);
    }
    if (!has_dataset(c->target, "/entry/simulation")) return status_ok();
    return hdf5_write_group(c->target, RECORD, "NXcollection", fill_record, c);
}

static Status write_copy(Compression *c) {
    TRY(hdf5_copy_file(c->source, c->target, copy_images, c));
    TRY(check_records(c));
    return write_record(c);
}

static Status open_copy(Compression *c) {
    const Status opened = hdf5_open_file(c->packed, false, &c->target);
    return status_is_ok(opened) ? opened : status_error(STATUS_OUTPUT_FAILED, "%s", opened.message);
}

/* Reads the closed copy from the disk. */
static Status verify_copy(Compression *c) {
    Status status = open_copy(c);
    for (int i = 0; status_is_ok(status) && i < DATASETS; i++) {
        if (!c->has[i]) continue;
        const hid_t dataset = H5Dopen2(c->target, image_paths[i], H5P_DEFAULT);
        status = dataset < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "open", image_paths[i])
                             : image_pack_verify(dataset, image_paths[i], c->request->packing, &c->images[i]);
        if (dataset >= 0) (void)H5Dclose(dataset);
    }
    return status_first(status, hdf5_close_file(c->packed, &c->target));
}

/* ------------------------------------------------------------------------------------------------------------ the
 * files */

/* Creates the copy's file under a lock. One that a killed process has left is nobody's and is used again. */
static Status reserve_name(Compression *c, int *lock) {
    *lock = open(c->packed, O_RDWR | O_CREAT | O_NOFOLLOW, PACKED_FILE_MODE);
    if (*lock < 0) return system_error("create", c->packed);
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return status_ok(); /* no locks here: go on */
    (void)close(*lock);
    *lock = -1;
    return status_error(STATUS_BAD_PARAMETER, "%.400s is being compressed by another process, which writes %.400s",
                        c->request->path, c->packed);
}

/* Brings the copy to the disk, with the permissions of the file, and gives it its name. */
static Status replace_file(const Compression *c, int lock) {
    char folder[NAME_BYTES];
    struct stat info;
    if (stat(c->request->path, &info) != 0 || fchmod(lock, info.st_mode & 0777) != 0 || fsync(lock) != 0)
        return system_error("finish", c->packed);
    if (rename(c->packed, c->request->path) != 0) return system_error("replace", c->request->path);
    const char *slash = strrchr(c->request->path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash + 1 - c->request->path),
                   slash == NULL ? "." : c->request->path);
    const int directory = open(folder, O_RDONLY);
    if (directory >= 0) {
        (void)fsync(directory); /* some file systems synchronize no folders */
        (void)close(directory);
    }
    return status_ok();
}

static Status explain(const Compression *c, Status status) {
    if (status.code != STATUS_OUTPUT_FAILED && status.code != STATUS_NO_MEMORY) return status;
    return status_error(status.code, "%.400s: %.500s; %.300s is unchanged", c->packed, status.message,
                        c->request->path);
}

static Status compress_open(Compression *c) {
    int lock = -1;
    TRY(reserve_name(c, &lock));
    unfinished_files_add(c->packed, NULL);
    Status status = look(c);
    if (status_is_ok(status)) status = hdf5_fill_file(c->packed, &c->target);
    if (status_is_ok(status)) status = write_copy(c);
    if (!status_is_ok(status) && ftruncate(lock, 0) != 0) /* on a full disk HDF5 could not even close it */
        status = status_first(status, system_error("empty", c->packed));
    status = status_first(status, hdf5_close_file(c->packed, &c->target));
    if (status_is_ok(status)) status = verify_copy(c);
    if (status_is_ok(status)) status = replace_file(c, lock);
    if (!status_is_ok(status)) (void)unlink(c->packed);
    unfinished_files_forget(c->packed);
    (void)close(lock);
    return explain(c, status);
}

Status compress_file(CompressRequest request, CompressResult *result) {
    Compression c = {.request = &request, .result = result, .source = H5I_INVALID_HID, .target = H5I_INVALID_HID};
    *result = (CompressResult){.frames = 0};
    hdf5_prepare();
    if (snprintf(c.packed, sizeof c.packed, "%s.packed", request.path) >= (int)sizeof c.packed)
        return status_error(STATUS_BAD_PARAMETER, "the name %.60s... is too long", request.path);
    TRY(frame_codec_check(request.packing.method));
    if (hdf5_has_writer(request.path))
        return status_error(STATUS_BAD_FILE, "%.400s is open for changes in another program; close it there first",
                            request.path);
    TRY(hdf5_open_file(request.path, false, &c.source));
    Status status = hdf5_inside_check_file(c.source, request.path);
    if (status_is_ok(status) && !(request.unless_packed && is_packed(&c))) status = compress_open(&c);
    for (int i = 0; i < DATASETS; i++) image_pack_free(&c.images[i]);
    (void)hdf5_close_file(request.path, &c.source);
    return status;
}
