#include "output/output_file.h"

#include "files/unfinished_files.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "nxmx/undo.h"
#include "output/compress.h"
#include "output/data_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

static Status begin_first(hid_t simulation, const void *provenance) {
    return session_begin_first(simulation, provenance);
}

/* A resume that begins in an open file. */
typedef struct NewSession {
    const Provenance *provenance;
    int *sequence_index;
} NewSession;

static Status begin_session(hid_t simulation, const void *context) {
    const NewSession *session = context;
    return session_begin(simulation, session->provenance, session->sequence_index);
}

static Status put_writer(hid_t simulation, const void *context) {
    const OutputEnd *end = context;
    return session_put_writer(simulation, end->session, &end->writer);
}

static Status end_session(hid_t simulation, const void *context) {
    const OutputEnd *end = context;
    TRY(put_writer(simulation, context));
    return session_end(simulation, end->session, end->plan, end->results, end->ranks);
}

/* ------------------------------------------------------------------------------------------------------------- new
 * files
 */

static Status fill_new_file(hid_t file, const NxmxContents *contents) {
    TRY(nxmx_create(file, contents));
    return hdf5_use_group(file, "/entry/simulation", begin_first, contents->provenance);
}

/* A finished master would show files of frames that are made anew: it goes first. */
static Status clear_data_files(const OutputPath *path, const NxmxContents *contents, bool overwrite) {
    const DataFiles *files = &contents->files;
    if (files->frames_per_file == 0) return status_ok();
    TRY(data_file_clear_all(files, path->complete, range_length(contents->frames), overwrite, false));
    if (overwrite && unlink(path->complete) != 0 && errno != ENOENT)
        return status_error(STATUS_OUTPUT_FAILED, "cannot remove %s: %s", path->complete, strerror(errno));
    return data_file_clear_all(files, path->complete, range_length(contents->frames), overwrite, true);
}

/* Leaves nothing on the disk when it fails. The file gets its name when it is whole, as nobody could read what a kill
 * leaves between two of HDF5's writes. */
static Status create_file(const OutputPath *path, const NxmxContents *contents, bool overwrite, bool *reserved) {
    hid_t file = H5I_INVALID_HID;
    TRY(output_path_check_room(path, nxmx_bytes(contents), nxmx_image_bytes(contents)));
    TRY(clear_data_files(path, contents, overwrite));
    TRY(output_path_remove_partial(path));
    unfinished_files_add(path->partial_new, NULL);
    Status status = hdf5_create_file(path->partial_new, &file);
    if (status_is_ok(status)) {
        status = fill_new_file(file, contents);
        status = status_first(status, hdf5_close_file(path->partial_new, &file));
    }
    if (status_is_ok(status)) status = output_path_begin(path);
    unfinished_files_forget(path->partial_new);
    status = output_file_explain(path, true, status);
    if (status_is_ok(status)) status = output_path_reserve(path, reserved);
    if (!status_is_ok(status)) (void)output_path_remove_partial(path);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ files
 * continued
 */

/* What is wrong in a file, with the file's name and what helps. */
static Status not_resumed(const char *path, Status status) {
    if (status.code != STATUS_BAD_FILE) return status;
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

/* An earlier revision, whose session was interrupted while it was added, has left what takes it out again. */
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

/* Of a file of an earlier revision. */
static Status make_room(hid_t simulation, const void *provenance) {
    return session_has_room(simulation) ? status_ok() : session_make_room(simulation, provenance);
}

static Status add_room(const char *path, const Provenance *provenance) {
    hid_t file = H5I_INVALID_HID;
    const Status opened = hdf5_open_file(path, true, &file);
    if (!status_is_ok(opened)) return status_error(STATUS_OUTPUT_FAILED, "%s", opened.message);
    Status status = nxmx_make_room_for_end(file);
    if (status_is_ok(status)) status = hdf5_use_group(file, "/entry/simulation", make_room, provenance);
    return status_first(status, hdf5_close_file(path, &file));
}

/* Only a file of an earlier revision has no room for what a resume records. As nobody could read what a kill leaves
 * between two of HDF5's writes, it is changed in a copy, which takes its name when it is whole. */
static Status renew_file(const OutputPath *path, const Provenance *provenance, Notes *notes) {
    notes_add(notes, "%.200s, which an earlier revision began, was copied: its copy has room for what --resume records",
              path->partial);
    unfinished_files_add(path->partial_new, NULL);
    Status status = output_path_copy(path);
    if (status_is_ok(status)) status = add_room(path->partial_new, provenance);
    if (status_is_ok(status)) status = output_path_begin(path);
    unfinished_files_forget(path->partial_new);
    if (status_is_ok(status)) return output_path_sync_folder(path);
    (void)unlink(path->partial_new);
    return status;
}

static Status look_for_room(hid_t simulation, const void *context) {
    **(bool *const *)context = session_has_room(simulation);
    return status_ok();
}

static Status has_room(const OutputPath *path, bool *room) {
    hid_t file = H5I_INVALID_HID;
    TRY(hdf5_open_file(path->partial, false, &file));
    const Status status = hdf5_use_group(file, "/entry/simulation", look_for_room, &room);
    *room = *room && hdf5_has(file, "/entry/end_time");
    (void)hdf5_close_file(path->partial, &file);
    return status;
}

/* Changes nothing but values. */
static Status add_session(const OutputPath *path, const Provenance *provenance, int *sequence_index) {
    const NewSession session = {.provenance = provenance, .sequence_index = sequence_index};
    hid_t file = H5I_INVALID_HID;
    const Status opened = hdf5_open_file(path->partial, true, &file);
    if (!status_is_ok(opened)) return status_error(STATUS_OUTPUT_FAILED, "%s", opened.message);
    Status status = not_resumed(path->partial, hdf5_use_group(file, "/entry/simulation", begin_session, &session));
    status = status_first(status, hdf5_close_file(path->partial, &file));
    return status_is_ok(status) ? output_path_sync(path) : status;
}

/* Where the images lie is the file's to say, not the options'. */
static Status read_layout(const OutputPath *path, const NxmxContents *contents, Notes *notes,
                          OutputPrepared *prepared) {
    hid_t file = H5I_INVALID_HID;
    TRY(hdf5_open_file(path->partial, false, &file));
    const Status status = data_files_read(file, &prepared->files);
    (void)hdf5_close_file(path->partial, &file);
    if (status_is_ok(status) && contents->files.frames_per_file != prepared->files.frames_per_file)
        notes_add(notes, "%.200s goes on as it was begun: output.frames_per_file=%lld", path->partial,
                  (long long)prepared->files.frames_per_file);
    return not_resumed(path->partial, status);
}

/* The file is compared before it is opened for writing, so that a refusal leaves it as it was. */
static Status continue_file(const OutputPath *path, const NxmxContents *contents, Notes *notes,
                            OutputPrepared *prepared) {
    const double bytes = nxmx_bytes(contents), images = nxmx_image_bytes(contents);
    bool room = false;
    TRY(output_file_explain(path, false, mend(path, notes)));
    TRY(compare_file(path->partial, contents->provenance, true));
    TRY(has_room(path, &room));
    if (access(path->partial, W_OK) != 0)
        return output_file_explain(
            path, false, status_error(STATUS_OUTPUT_FAILED, "cannot write %s: %s", path->partial, strerror(errno)));
    TRY(output_path_check_room(path, room ? bytes : 2.0 * bytes, images));
    if (!room) TRY(output_file_explain(path, false, renew_file(path, contents->provenance, notes)));
    TRY(read_layout(path, contents, notes, prepared));
    TRY(output_path_reserve(path, &prepared->is_reserved));
    return output_file_explain(path, false, add_session(path, contents->provenance, &prepared->session));
}

Status output_file_prepare(const OutputPath *path, const NxmxContents *contents, const OutputRequest *request,
                           OutputPrepared *prepared) {
    TRY(output_path_start(path, request->overwrite, request->resume, &prepared->start));
    prepared->session = 1;
    prepared->files = contents->files;
    switch (prepared->start) {
    case OUTPUT_NEW:
        return create_file(path, contents, request->overwrite, &prepared->is_reserved);
    case OUTPUT_CONTINUED:
        return continue_file(path, contents, request->notes, prepared);
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
        .packing = {.method = end->compression, .level = end->compression_level, .shuffle = true, .stop = end->stop},
        .unless_packed = true,
        .version = end->version};
    if (end->compression == PACK_NONE || end->has_files) return status_ok();
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

Status output_file_put_writer(hid_t file, const OutputEnd *end) {
    return hdf5_use_group(file, "/entry/simulation", put_writer, end);
}

Status output_file_finish(const OutputPath *path, const OutputEnd *end) {
    TRY(output_file_explain(path, false, write_end(path, end)));
    if (!end->complete) return status_ok();
    TRY(compress(path, end));
    return output_path_publish(path, end->overwrite);
}
