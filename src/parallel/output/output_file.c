#include "output/output_file.h"

#include "files/unfinished_files.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "nxmx/undo.h"
#include "nxmx/undo_ranges.h"
#include "output/compress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Status output_file_explain(const OutputPath *path, bool worthless, Status status) {
    if (status.code != STATUS_OUTPUT_FAILED && status.code != STATUS_NO_MEMORY) return status;
    return status_error(status.code, "%s: %.600s; %s", path->partial, status.message,
                        worthless ? "no frame was finished, so nothing is kept: when that is mended, run it again"
                                  : "finished frames are safe: when that is mended, --resume goes on with them");
}

/* -------------------------------------------------------------------------------------------------------------
 * sessions
 */

/* A session that begins in an open file. */
typedef struct NewSession {
    const Provenance *provenance;
    int *sequence_index;
} NewSession;

static Status begin_session(hid_t simulation, const void *context) {
    const NewSession *session = context;
    return session_begin(simulation, session->provenance, session->sequence_index);
}

static Status end_session(hid_t simulation, const void *context) {
    const OutputEnd *end = context;
    return session_end(simulation, end->session, end->plan, end->results, end->ranks);
}

/* ------------------------------------------------------------------------------------------------------------- new
 * files
 */

static Status fill_new_file(hid_t file, const NxmxContents *contents, int *sequence_index) {
    const NewSession session = {.provenance = contents->provenance, .sequence_index = sequence_index};
    TRY(nxmx_create(file, contents));
    return hdf5_use_group(file, "/entry/simulation", begin_session, &session);
}

/* Leaves nothing on the disk when it fails. The file gets its name when it is whole, as nobody could read what a kill
 * leaves between two of HDF5's writes. */
static Status create_file(const OutputPath *path, const NxmxContents *contents, int *session) {
    hid_t file = H5I_INVALID_HID;
    TRY(output_path_check_room(path, nxmx_bytes(contents), nxmx_image_bytes(contents)));
    TRY(output_path_remove_partial(path));
    unfinished_files_add(path->partial_new, NULL);
    Status status = hdf5_create_file(path->partial_new, &file);
    if (status_is_ok(status)) {
        status = fill_new_file(file, contents, session);
        status = status_first(status, hdf5_close_file(path->partial_new, &file));
    }
    if (status_is_ok(status)) status = output_path_begin(path);
    unfinished_files_forget(path->partial_new);
    status = output_file_explain(path, true, status);
    if (status_is_ok(status)) status = output_path_reserve(path);
    if (!status_is_ok(status)) (void)output_path_remove_partial(path);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ files
 * continued
 */

/* What is wrong in a file, with the file's name and what helps. */
static Status not_resumed(const char *path, Status status) {
    if (status_is_ok(status)) return status;
    return status_error(STATUS_BAD_FILE, "%s cannot be resumed: %.600s (--overwrite replaces it)", path,
                        status.message);
}

/* @p continues: frames will be added. */
static Status compare_file(const char *path, const Provenance *provenance, bool continues) {
    hid_t file = H5I_INVALID_HID;
    if (continues && hdf5_has_writer(path))
        return status_error(STATUS_BAD_FILE,
                            "%s cannot be resumed: it is open for changes in another program; close it there first",
                            path);
    const Status opened = hdf5_open_file(path, false, &file);
    if (!status_is_ok(opened))
        return status_error(STATUS_BAD_FILE,
                            "%s cannot be resumed: %.600s; it is no file of tessera (--overwrite replaces it)", path,
                            opened.message);
    Status status = hdf5_inside_check_file(file, path);
    if (status.code == STATUS_BAD_FILE && strstr(status.message, path) == NULL) /* it names what is in the file */
        status = not_resumed(path, status);
    if (status_is_ok(status)) status = provenance_compare(file, path, provenance);
    if (status_is_ok(status) && continues) status = session_check_instructions(file, path, provenance);
    if (status_is_ok(status) && continues) status = not_resumed(path, nxmx_check_end(file));
    (void)hdf5_close_file(path, &file);
    return status;
}

static bool can_be_read(const char *path) {
    hid_t file = H5I_INVALID_HID;
    Status status = hdf5_open_file(path, false, &file);
    if (status_is_ok(status)) status = hdf5_inside_check_file(file, path);
    (void)hdf5_close_file(path, &file);
    return status_is_ok(status);
}

/* A session that was interrupted while it was added is taken out again. */
static Status mend(const OutputPath *path, Notes *notes) {
    UndoFound found;
    TRY(undo_mend(path, &found));
    if (found.put_back)
        notes_add(notes, "%.200s is put back as it was before a --resume that was interrupted at its beginning",
                  path->partial);
    if (status_is_ok(found.damage)) return status_ok();
    if (!can_be_read(path->partial))
        return status_error(STATUS_BAD_FILE,
                            "%.400s cannot be resumed: a --resume was interrupted while it changed it, and %.500s, so "
                            "that it cannot be put back (--overwrite replaces it)",
                            path->partial, found.damage.message);
    notes_add(notes, "%.200s; it is removed, as %.100s needs none", found.damage.message, path->partial);
    return output_path_remove_undo(path);
}

/* All that changes the structure of a file that is continued, in a copy of it. */
static Status change_structure(const char *path, const NewSession *session) {
    hid_t file = H5I_INVALID_HID;
    const Status opened = hdf5_open_file(path, true, &file);
    if (!status_is_ok(opened)) return status_error(STATUS_OUTPUT_FAILED, "%s", opened.message);
    Status status = nxmx_make_room_for_end(file);
    if (status_is_ok(status)) status = hdf5_use_group(file, "/entry/simulation", begin_session, session);
    return status_first(status, hdf5_close_file(path, &file));
}

/* When it fails the file is put back, now if that can be, else at the next --resume. */
static Status change_file(const OutputPath *path, int64_t length, const UndoRanges *ranges, const NewSession *session) {
    UndoFound found;
    TRY(undo_record(path, length, ranges));
    Status status = undo_copy(path, length, ranges);
    if (status_is_ok(status)) status = change_structure(path->partial_new, session);
    if (status_is_ok(status)) status = undo_apply(path, length, ranges);
    if (status_is_ok(status)) status = output_path_sync(path);
    if (status_is_ok(status)) return output_path_remove_undo(path);
    (void)undo_mend(path, &found);
    return status;
}

static Status add_session(const OutputPath *path, const Provenance *provenance, int *sequence_index) {
    const NewSession session = {.provenance = provenance, .sequence_index = sequence_index};
    struct stat info;
    UndoRanges ranges;
    if (access(path->partial, W_OK) != 0)
        return status_error(STATUS_OUTPUT_FAILED, "cannot write %s: %s", path->partial, strerror(errno));
    if (stat(path->partial, &info) != 0)
        return status_error(STATUS_OUTPUT_FAILED, "cannot look at %s: %s", path->partial, strerror(errno));
    TRY(undo_ranges_find(path->partial, info.st_size, &ranges));
    const Status status = change_file(path, info.st_size, &ranges, &session);
    free(ranges.range);
    return status;
}

/* The file is compared before it is opened for writing, so that a refusal leaves it as it was. */
static Status continue_file(const OutputPath *path, const NxmxContents *contents, Notes *notes, int *session) {
    TRY(output_file_explain(path, false, mend(path, notes)));
    TRY(compare_file(path->partial, contents->provenance, true));
    TRY(output_path_check_room(path, nxmx_bytes(contents), nxmx_image_bytes(contents)));
    TRY(output_path_reserve(path));
    return output_file_explain(path, false, add_session(path, contents->provenance, session));
}

Status output_file_prepare(const OutputPath *path, const NxmxContents *contents, const OutputRequest *request,
                           OutputStart *start, int *session) {
    TRY(output_path_start(path, request->overwrite, request->resume, start));
    switch (*start) {
    case OUTPUT_NEW:
        return create_file(path, contents, session);
    case OUTPUT_CONTINUED:
        return continue_file(path, contents, request->notes, session);
    case OUTPUT_COMPLETE:
        return compare_file(path->complete, contents->provenance, false);
    }
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------------- end
 */

/* Makes the images of the complete .partial smaller, where that is wanted. A file that was killed between this and its
 * final name is compressed already. */
static Status compress(const OutputPath *path, const OutputEnd *end) {
    CompressResult result;
    const CompressRequest request = {
        .path = path->partial,
        .packing = {.method = PACK_DEFLATE, .level = end->compression_level, .shuffle = true, .stop = end->stop},
        .unless_packed = true,
        .version = end->version};
    if (end->compression == COMPRESSION_NONE) return status_ok();
    const Status status = compress_file(request, &result);
    if (status_is_ok(status)) return status;
    return status_error(status.code,
                        "%.600s; all frames are safe in %.200s: run again with --resume to go on, and with "
                        "--output.compression=none to leave them as they are",
                        status.message, path->partial);
}

/* Changes nothing but values. */
static Status write_end(const OutputPath *path, const OutputEnd *end) {
    hid_t file = H5I_INVALID_HID;
    const Status opened = hdf5_open_file(path->partial, true, &file);
    if (!status_is_ok(opened)) return status_error(STATUS_OUTPUT_FAILED, "%s", opened.message);
    Status status = hdf5_use_group(file, "/entry/simulation", end_session, end);
    if (status_is_ok(status) && end->complete) status = nxmx_complete(file);
    status = status_first(status, hdf5_close_file(path->partial, &file));
    return status_is_ok(status) ? output_path_sync(path) : status;
}

Status output_file_finish(const OutputPath *path, const OutputEnd *end) {
    TRY(output_file_explain(path, false, write_end(path, end)));
    if (!end->complete) return status_ok();
    TRY(compress(path, end));
    return output_path_publish(path, end->overwrite);
}
