#define _DEFAULT_SOURCE /* realpath */

#include "merge/merge.h"

#include "merge/merge_crystals.h"

#include "base/text.h"
#include "files/output_lock.h"
#include "files/unfinished_files.h"
#include "hdf5/hdf5_helpers.h"
#include "merge/merge_file.h"
#include "nxmx/frame_record.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void merge_free(Merge *merge) {
    for (int i = 0; i < merge->parts; i++) {
        nxmx_frames_free(&merge->part[i].frames);
        free(merge->part[i].crystal);
    }
    free(merge->part);
    free(merge->crystal);
    free(merge->owner);
    free(merge->states);
    *merge = (Merge){.parts = 0};
}

/* ----------------------------------------------------------------------------------------------------------- output */

static Status check_output(const OutputPath *output, bool overwrite) {
    struct stat info;
    const char *there = stat(output->complete, &info) == 0  ? output->complete
                        : stat(output->partial, &info) == 0 ? output->partial
                                                            : NULL;
    OutputStart start;
    if (there == NULL || overwrite) return output_path_start(output, true, false, &start);
    return status_error(STATUS_BAD_PARAMETER, "%s exists; add --overwrite to replace it, or choose another name",
                        there);
}

static bool same_file(const char *left, const char *right) {
    struct stat l, r;
    return stat(left, &l) == 0 && stat(right, &r) == 0 && l.st_dev == r.st_dev && l.st_ino == r.st_ino;
}

/* ---------------------------------------------------------------------------------------------------- names of parts
 */

static bool is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The file that a name stands for: itself, else its .partial, else none. */
static Status find_part(const char *name, Notes *notes, char *path) {
    OutputPath names;
    TRY(output_path_create(name, &names));
    path[0] = '\0';
    if (is_file(names.complete)) {
        (void)text_copy(path, OUTPUT_PATH_BYTES, names.complete);
    } else if (is_file(names.partial)) {
        (void)text_copy(path, OUTPUT_PATH_BYTES, names.partial);
        notes_add(notes, "%.250s is not there; the complete frames of its .partial are used", name);
    } else {
        notes_add(notes, "part %.300s is missing", name);
    }
    return status_ok();
}

/* The absolute name of a file whose folder exists; links of its own name are kept. */
static Status absolute_name(const char *path, char *absolute) {
    OutputPath names;
    char folder[PATH_MAX];
    TRY(output_path_create(path, &names));
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    if (realpath(names.folder, folder) == NULL)
        return status_error(STATUS_OUTPUT_FAILED, "folder %s cannot be found; make it first: mkdir -p %s", names.folder,
                            names.folder);
    const int written = snprintf(absolute, OUTPUT_PATH_BYTES, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, base);
    return written > 0 && written < OUTPUT_PATH_BYTES
               ? status_ok()
               : status_error(STATUS_BAD_PARAMETER, "the name of %.200s is too long", path);
}

/* From the folder of the master to the part, "../parts/a.nxs": both may move together. */
static Status relative_name(const char *output, const char *part, char *relative) {
    char from[OUTPUT_PATH_BYTES], to[OUTPUT_PATH_BYTES];
    size_t shared = 0, used = 0;
    TRY(absolute_name(output, from));
    TRY(absolute_name(part, to));
    for (size_t i = 0; from[i] != '\0' && from[i] == to[i]; i++)
        if (from[i] == '/') shared = i + 1;
    relative[0] = '\0';
    for (const char *c = from + shared; *c != '\0'; c++)
        if (*c == '/' && used + 4 < OUTPUT_PATH_BYTES)
            used += (size_t)snprintf(relative + used, OUTPUT_PATH_BYTES - used, "../");
    if (used + strlen(to + shared) + 1 > OUTPUT_PATH_BYTES)
        return status_error(STATUS_BAD_PARAMETER, "the name of %.200s is too long", part);
    (void)text_copy(relative + used, OUTPUT_PATH_BYTES - used, to + shared);
    return status_ok();
}

static Status check_name(const Merge *merge, const char *path) {
    for (int i = 0; i < merge->parts; i++)
        if (same_file(path, merge->part[i].path))
            return status_error(STATUS_BAD_PARAMETER, "%s and %s are one file; name it once", merge->part[i].path,
                                path);
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------- parts
 */

/* What all parts must agree with: the record of the first. */
typedef struct Standard {
    Parameters *parameters;
    Provenance provenance;
    char path[OUTPUT_PATH_BYTES];
    char git_hash[NXMX_WORD_BYTES];
    bool fused; /* the kernel's sums were contracted */
} Standard;

static Status take_standard(hid_t file, const char *path, Standard *standard) {
    TRY(nxmx_read_parameters(file, path, &standard->parameters));
    standard->provenance = (Provenance){.parameters = standard->parameters};
    (void)text_copy(standard->path, sizeof standard->path, path);
    return nxmx_read_inputs(file, &standard->provenance);
}

static Status compare_with(hid_t file, const char *path, const Standard *standard) {
    ProvenanceDifferences differences;
    char here[80], there[80];
    (void)snprintf(here, sizeof here, "in %.70s", path);
    (void)snprintf(there, sizeof there, "in %.70s", standard->path);
    const Status status = provenance_differences(file, &standard->provenance, here, there, &differences);
    if (!status_is_ok(status)) return status_error(status.code, "%s: %.700s", path, status.message);
    if (differences.count == 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "parts of different runs, %d difference%s: %s; merge parts of one run",
                        differences.count, differences.count > 1 ? "s" : "", differences.text);
}

/* Machines without FMA round the kernels' sums otherwise, and another build may compute something else: what the
 * parts' checksums cannot tell is at least said. */
static Status compare_builds(hid_t simulation, const void *context) {
    struct {
        Standard *standard;
        Notes *notes;
        const char *path;
    } const *builds = context;
    Standard *standard = builds->standard;
    NxmxSession session;
    bool found = false;
    TRY(nxmx_read_session(simulation, 1, &session, &found));
    const bool fused = strcmp(session.kernel_instructions, "portable") != 0;
    if (standard->git_hash[0] == '\0') {
        (void)text_copy(standard->git_hash, sizeof standard->git_hash, session.git_hash);
        standard->fused = fused;
    }
    if (strcmp(standard->git_hash, session.git_hash) != 0)
        notes_add(builds->notes, "%.150s was made by revision %.12s, %.150s by %.12s", builds->path, session.git_hash,
                  standard->path, standard->git_hash);
    if (fused != standard->fused)
        notes_add(builds->notes, "%.150s and %.150s were computed with and without FMA: sums are rounded differently",
                  builds->path, standard->path);
    return status_ok();
}

static Status check_part(hid_t file, const NxmxFrames *frames, const char *path, Standard *standard, Notes *notes) {
    const struct {
        Standard *standard;
        Notes *notes;
        const char *path;
    } builds = {standard, notes, path};
    if (frames->merged) return status_error(STATUS_BAD_PARAMETER, "%s was itself merged; name its parts instead", path);
    TRY(standard->parameters == NULL ? take_standard(file, path, standard) : compare_with(file, path, standard));
    return hdf5_use_group(file, "/entry/simulation", compare_builds, &builds);
}

static Status read_part(Merge *merge, Standard *standard, const char *path) {
    MergePart *part = &merge->part[merge->parts];
    hid_t file = H5I_INVALID_HID;
    const Status opened = nxmx_open(path, &file);
    if (!status_is_ok(opened))
        return status_error(STATUS_BAD_FILE, "%.700s; render that part again, or leave it out", opened.message);
    Status status = nxmx_read_frames(file, path, &merge->notes, &part->frames);
    if (status_is_ok(status)) {
        (void)text_copy(part->path, sizeof part->path, path);
        merge->parts++;
        status = check_part(file, &part->frames, path, standard, &merge->notes);
        if (status_is_ok(status)) status = data_files_read(file, &part->files);
        if (status_is_ok(status)) status = merge_crystals_read(file, part);
    }
    (void)hdf5_close_file(path, &file);
    return status;
}

static Status read_parts(const MergeRequest *request, Merge *merge, Standard *standard) {
    merge->part = calloc((size_t)request->names, sizeof *merge->part);
    if (merge->part == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d parts", request->names);
    for (int i = 0; i < request->names; i++) {
        char path[OUTPUT_PATH_BYTES];
        TRY(find_part(request->name[i], &merge->notes, path));
        if (path[0] == '\0') continue;
        TRY(check_name(merge, path));
        TRY(read_part(merge, standard, path));
        MergePart *part = &merge->part[merge->parts - 1];
        TRY(relative_name(merge->output.complete, part->path, part->file_name));
    }
    return merge->parts > 0 ? status_ok() : status_error(STATUS_BAD_PARAMETER, "none of the parts exists");
}

/* ------------------------------------------------------------------------------------------------------------ owners
 */

static Status choose_frames(const MergeRequest *request, Merge *merge) {
    const Range sweep = {0, merge->part[0].frames.sweep_frames};
    merge->frames = request->slice ? request->frames : sweep;
    if (merge->frames.begin < 0 || merge->frames.begin >= merge->frames.end || merge->frames.end > sweep.end)
        return status_error(STATUS_BAD_PARAMETER,
                            "--frames %" PRId64 ":%" PRId64 " must lie within this sweep's frames 0:%" PRId64
                            " (the last is not included)",
                            merge->frames.begin, merge->frames.end, sweep.end);
    const int64_t count = range_length(merge->frames);
    merge->owner = malloc((size_t)count * sizeof *merge->owner);
    merge->states = calloc((size_t)count, sizeof *merge->states);
    if (merge->owner == NULL || merge->states == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for a list of %" PRId64 " frames", count);
    for (int64_t i = 0; i < count; i++) merge->owner[i] = -1;
    return status_ok();
}

/* Part @p index has frame @p number complete. */
static Status own_frame(Merge *merge, int index, int64_t number, int64_t *repeated) {
    const MergePart *part = &merge->part[index];
    int32_t *owner = &merge->owner[number - merge->frames.begin];
    if (*owner < 0) {
        *owner = index;
        merge->states[number - merge->frames.begin] = FRAME_COMPLETE;
        merge->complete++;
        return status_ok();
    }
    const MergePart *first = &merge->part[*owner];
    if (first->frames.crc32[number - first->frames.range.begin] ==
        part->frames.crc32[number - part->frames.range.begin]) {
        ++*repeated;
        return status_ok();
    }
    return status_error(STATUS_BAD_PARAMETER,
                        "frame %" PRId64 " is in %.300s and in %.300s with different images (CRC-32); leave one of "
                        "them out",
                        number, first->path, part->path);
}

static Status own_frames(Merge *merge, int index) {
    const MergePart *part = &merge->part[index];
    const Range range = part->frames.range;
    int64_t repeated = 0, incomplete = 0;
    for (int64_t number = range.begin; number < range.end; number++) {
        if (number < merge->frames.begin || number >= merge->frames.end) continue;
        if (part->frames.states[number - range.begin] == FRAME_COMPLETE)
            TRY(own_frame(merge, index, number, &repeated));
        else
            incomplete++;
    }
    if (repeated > 0)
        notes_add(&merge->notes, "%" PRId64 " frames of %.200s are in other parts as well, with the same images",
                  repeated, part->path);
    if (incomplete > 0)
        notes_add(&merge->notes, "%" PRId64 " frames of %.200s are not complete; resume it and merge again", incomplete,
                  part->path);
    return status_ok();
}

static Status choose_owners(const MergeRequest *request, Merge *merge) {
    TRY(choose_frames(request, merge));
    for (int i = 0; i < merge->parts; i++) {
        if (merge->part[i].frames.slow_pixels != merge->part[0].frames.slow_pixels ||
            merge->part[i].frames.fast_pixels != merge->part[0].frames.fast_pixels ||
            merge->part[i].frames.sweep_frames != merge->part[0].frames.sweep_frames)
            return status_error(STATUS_BAD_PARAMETER, "%.300s and %.300s have images or sweeps of different size",
                                merge->part[i].path, merge->part[0].path);
        TRY(own_frames(merge, i));
    }
    return merge->complete > 0
               ? status_ok()
               : status_error(STATUS_BAD_PARAMETER, "no part has a complete frame of %" PRId64 ":%" PRId64,
                              merge->frames.begin, merge->frames.end);
}

/* ------------------------------------------------------------------------------------------------------------- write
 */

static Status explain(const Merge *merge, Status status) {
    if (status.code != STATUS_OUTPUT_FAILED && status.code != STATUS_NO_MEMORY) return status;
    return status_error(status.code, "%s: %.700s; the parts are unchanged: when that is mended, merge again",
                        merge->output.partial, status.message);
}

/* Leaves nothing on the disk when it fails, but for a whole file that cannot be given its name. */
static Status write_file(const MergeRequest *request, const Merge *merge) {
    hid_t file = H5I_INVALID_HID;
    TRY(output_path_check_room(&merge->output, merge_file_bytes(merge), 0.0));
    TRY(output_path_remove_partial(&merge->output));
    unfinished_files_add(merge->output.partial, NULL);
    Status status = hdf5_create_file(merge->output.partial, &file);
    if (status_is_ok(status)) status = merge_file_write(file, request, merge);
    status = status_first(status, hdf5_close_file(merge->output.partial, &file));
    if (status_is_ok(status)) status = output_path_sync(&merge->output);
    status = explain(merge, status);
    if (status_is_ok(status))
        status = output_path_publish(&merge->output, request->overwrite);
    else
        (void)output_path_remove_partial(&merge->output);
    unfinished_files_forget(merge->output.partial);
    return status;
}

/* Under the lock. */
static Status merge_parts(const MergeRequest *request, Merge *merge) {
    Standard *standard = calloc(1, sizeof *standard);
    if (standard == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the record of the first part");
    Status status = check_output(&merge->output, request->overwrite);
    if (status_is_ok(status)) status = read_parts(request, merge, standard);
    if (status_is_ok(status)) status = choose_owners(request, merge);
    if (status_is_ok(status)) status = merge_crystals_place(merge);
    if (status_is_ok(status)) status = write_file(request, merge);
    parameters_destroy(&standard->parameters);
    free(standard);
    return status;
}

Status merge_run(const MergeRequest *request, Merge *merge) {
    *merge = (Merge){.parts = 0};
    Notes about_lock = {.count = 0}; /* told when the notes are in the file: no names of people get in there */
    hdf5_prepare();
    TRY(output_path_create(request->output, &merge->output));
    OutputLock *lock = NULL;
    TRY(output_lock_take(request->output, &about_lock, &lock));
    const Status status = merge_parts(request, merge);
    for (int i = 0; i < about_lock.count; i++) notes_add(&merge->notes, "%s", about_lock.text[i]);
    output_lock_release(&lock);
    return status;
}
