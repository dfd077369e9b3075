#define _GNU_SOURCE /* fallocate: where it is not supported, posix_fallocate would write to every block instead */

#include "files/output_path.h"

#include "base/new_file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What there is under a name. */
typedef enum Presence { PRESENCE_NONE, PRESENCE_FILE, PRESENCE_LOOSE_LINK, PRESENCE_OTHER } Presence;

static Presence presence(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) return lstat(path, &info) == 0 ? PRESENCE_LOOSE_LINK : PRESENCE_NONE;
    return S_ISREG(info.st_mode) ? PRESENCE_FILE : PRESENCE_OTHER;
}

static Status system_error(const char *action, const char *path) {
    return status_error(STATUS_OUTPUT_FAILED, "cannot %s %s: %s; mend that, or choose another --output", action, path,
                        strerror(errno));
}

enum { ENDING_BYTES = 13 }; /* of the longest ending, with its final zero */

/* There is room, as output_path_create looks. */
static void name_beside(const char *path, const char *ending, char *name) {
    const size_t length = strlen(path);
    (void)text_copy(name, OUTPUT_PATH_BYTES, path);
    (void)text_copy(name + length, OUTPUT_PATH_BYTES - length, ending);
}

Status output_path_create(const char *path, OutputPath *output) {
    if (path == NULL || path[0] == '\0')
        return status_error(STATUS_BAD_PARAMETER, "there is no name for the output; give --output FILE.nxs");
    if (strlen(path) + ENDING_BYTES > OUTPUT_PATH_BYTES)
        return status_error(STATUS_BAD_PARAMETER, "--output is %zu characters long; the most is %zu", strlen(path),
                            (size_t)(OUTPUT_PATH_BYTES - ENDING_BYTES));
    (void)text_copy(output->complete, sizeof output->complete, path);
    name_beside(path, ".partial", output->partial);
    name_beside(path, ".partial.new", output->partial_new);
    name_beside(path, ".undo", output->undo);
    (void)text_copy(output->folder, sizeof output->folder, path);
    char *slash = strrchr(output->folder, '/');
    if (slash == NULL)
        (void)text_copy(output->folder, sizeof output->folder, ".");
    else
        slash[slash == output->folder ? 1 : 0] = '\0'; /* the folder of "/file" is "/" */
    return status_ok();
}

Status output_path_check_folder(const OutputPath *output) {
    struct stat info;
    if (stat(output->folder, &info) != 0)
        return status_error(STATUS_OUTPUT_FAILED, "cannot write %s: folder %s: %s; make it first: mkdir -p %s",
                            output->complete, output->folder, strerror(errno), output->folder);
    if (!S_ISDIR(info.st_mode))
        return status_error(STATUS_OUTPUT_FAILED, "cannot write %s: %s is no folder; choose another --output",
                            output->complete, output->folder);
    if (access(output->folder, W_OK | X_OK) != 0)
        return status_error(STATUS_OUTPUT_FAILED,
                            "cannot write %s: folder %s: %s; choose a folder that you may write to", output->complete,
                            output->folder, strerror(errno));
    return status_ok();
}

static Status check_is_file(const char *path) {
    const Presence found = presence(path);
    if (found == PRESENCE_LOOSE_LINK)
        return status_error(STATUS_BAD_PARAMETER,
                            "%s is a symbolic link to nothing, which the output would replace; give the name that it "
                            "points to, or remove it",
                            path);
    if (found != PRESENCE_OTHER) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "%s exists and is no regular file; choose another --output", path);
}

static Status refuse(const char *path, const char *resumed) {
    return status_error(STATUS_BAD_PARAMETER,
                        "%s exists; add --resume to %s, --overwrite to replace it, or choose "
                        "another --output",
                        path, resumed);
}

/* A file that somebody has protected is not replaced, although its folder would allow that. */
static Status check_replaceable(const char *path) {
    if (presence(path) != PRESENCE_FILE || access(path, W_OK) == 0) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "%s may not be replaced: %s; chmod u+w it, or choose another --output",
                        path, strerror(errno));
}

Status output_path_start(const OutputPath *output, bool overwrite, bool resume, OutputStart *start) {
    TRY(output_path_check_folder(output));
    TRY(check_is_file(output->complete));
    TRY(check_is_file(output->partial));
    const bool complete = presence(output->complete) == PRESENCE_FILE;
    const bool partial = presence(output->partial) == PRESENCE_FILE;
    *start = OUTPUT_NEW;
    if (complete && partial && resume && !overwrite)
        return status_error(STATUS_BAD_PARAMETER,
                            "both %s and %s exist; add --overwrite to go on with the second and replace the first, or "
                            "remove one of them",
                            output->complete, output->partial);
    if (partial && resume)
        *start = OUTPUT_CONTINUED;
    else if (complete && resume && !overwrite)
        *start = OUTPUT_COMPLETE;
    else if (partial && !overwrite)
        return refuse(output->partial, "go on with it");
    else if (complete && !overwrite)
        return refuse(output->complete, "keep it if it is this run's");
    if (*start == OUTPUT_NEW) TRY(check_replaceable(output->partial));
    return *start == OUTPUT_COMPLETE ? status_ok() : check_replaceable(output->complete);
}

double output_path_bytes_most(void) {
    struct rlimit limit;
    const bool limited = getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return limited ? (double)limit.rlim_cur : (double)INFINITY;
}

Status output_path_check_room(const OutputPath *output, double bytes, double least) {
    struct statvfs system;
    struct stat info;
    if (least > output_path_bytes_most())
        return status_error(
            STATUS_OUTPUT_FAILED,
            "%s: its images have %.0f bytes, but a file of this process may have %.0f (ulimit -f); raise "
            "that limit, or write fewer frames to a file with --frames",
            output->complete, least, output_path_bytes_most());
    if (statvfs(output->folder, &system) != 0) return system_error("find the free space of", output->folder);
    if (system.f_blocks == 0) return status_ok(); /* some network file systems do not tell */
    const double held = stat(output->partial, &info) == 0 ? 512.0 * (double)info.st_blocks : 0.0;
    const double room = (double)system.f_bavail * (double)system.f_frsize + held;
    if (bytes <= room) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED,
                        "%s needs %.0f bytes, but the file system of %s has room for %.0f; free some, choose another "
                        "--output, or write fewer frames to a file with --frames",
                        output->complete, bytes, output->folder, room);
}

/* 0, or the reason why not. */
static int reserve(int descriptor, off_t bytes) {
#ifdef __linux__
    int failure = EINTR;
    while (failure == EINTR) failure = fallocate(descriptor, 0, 0, bytes) == 0 ? 0 : errno;
    return failure;
#else
    (void)descriptor;
    (void)bytes;
    return EOPNOTSUPP;
#endif
}

Status output_path_reserve(const OutputPath *output, bool *reserved) {
    struct stat info;
    *reserved = false;
    const int descriptor = open(output->partial, O_RDWR);
    if (descriptor < 0) return system_error("open", output->partial);
    const int failure = fstat(descriptor, &info) == 0 ? reserve(descriptor, info.st_size) : errno;
    (void)close(descriptor);
    if (failure == ENOSPC || failure == EDQUOT || failure == EFBIG)
        return status_error(
            STATUS_OUTPUT_FAILED,
            "cannot reserve the %.0f bytes of %s: %s; free some space, choose another --output, or write "
            "fewer frames to a file with --frames",
            (double)info.st_size, output->partial, strerror(failure));
    *reserved = failure == 0;
    return status_ok();
}

bool output_path_holds(const OutputPath *output, int descriptor) {
    struct stat opened, named;
    if (descriptor < 0 || fstat(descriptor, &opened) != 0) return true;
    if (stat(output->partial, &named) != 0) return errno != ENOENT && errno != ENOTDIR;
    return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static Status sync_path(const char *path, int flags) {
    const int descriptor = open(path, flags);
    if (descriptor < 0) return system_error("open", path);
    /* EINVAL: a file system on which this object has nothing to be synchronized */
    const Status status =
        fsync(descriptor) != 0 && errno != EINVAL ? system_error("bring to the disk", path) : status_ok();
    (void)close(descriptor);
    return status;
}

Status output_path_sync(const OutputPath *output) {
    return sync_path(output->partial, O_RDWR);
}

Status output_path_sync_folder(const OutputPath *output) {
    return sync_path(output->folder, O_RDONLY);
}

/* 0, or the reason why not. Zeros stay what they are in a file that has been lengthened. */
static int copy_bytes(int from, int to, char *piece, size_t piece_bytes) {
    static const char zeros[1 << 16];
    off_t done = 0;
    for (;;) {
        const ssize_t got = read(from, piece, piece_bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return ftruncate(to, done) == 0 ? 0 : errno;
        for (ssize_t begin = 0, count = 0; begin < got; begin += count) {
            const size_t part = (size_t)(got - begin) < sizeof zeros ? (size_t)(got - begin) : sizeof zeros;
            count = (ssize_t)part;
            if (memcmp(piece + begin, zeros, part) == 0) continue;
            count = pwrite(to, piece + begin, part, done + begin);
            if (count < 0 && errno != EINTR) return errno;
            if (count < 0) count = 0;
        }
        done += got;
    }
}

Status output_path_copy(const OutputPath *output) {
    enum { PIECE_BYTES = 1 << 20 };
    char *piece = malloc(PIECE_BYTES);
    if (piece == NULL) return status_error(STATUS_NO_MEMORY, "no memory to copy %s", output->partial);
    const int from = open(output->partial, O_RDONLY | O_CLOEXEC), to = new_file_create(output->partial_new);
    int failure = from < 0 || to < 0 ? errno : copy_bytes(from, to, piece, PIECE_BYTES);
    if (to >= 0 && close(to) != 0 && failure == 0) failure = errno;
    if (from >= 0) (void)close(from);
    free(piece);
    if (failure == 0) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "cannot copy %s to %s: %s", output->partial, output->partial_new,
                        strerror(failure));
}

Status output_path_begin(const OutputPath *output) {
    if (access(output->partial, F_OK) == 0) TRY(sync_path(output->partial_new, O_RDWR));
    return rename(output->partial_new, output->partial) != 0 ? system_error("rename to .partial", output->partial_new)
                                                             : status_ok();
}

Status output_path_remove_undo(const OutputPath *output) {
    if (unlink(output->partial_new) != 0 && errno != ENOENT) return system_error("remove", output->partial_new);
    if (unlink(output->undo) == 0) return output_path_sync_folder(output);
    return errno == ENOENT ? status_ok() : system_error("remove", output->undo);
}

/* In this order: a .partial that is there can be put back at any moment. */
Status output_path_remove_partial(const OutputPath *output) {
    if (unlink(output->partial) != 0 && errno != ENOENT) return system_error("remove", output->partial);
    return output_path_remove_undo(output);
}

/* What would put an earlier .partial back must not meet this one. */
Status output_path_withdraw(const OutputPath *output) {
    TRY(output_path_remove_undo(output));
    if (rename(output->complete, output->partial) != 0) return system_error("rename to .partial", output->complete);
    return output_path_sync_folder(output);
}

Status output_path_publish(const OutputPath *output, bool overwrite) {
    if (!overwrite && presence(output->complete) != PRESENCE_NONE)
        return status_error(STATUS_OUTPUT_FAILED,
                            "%s has appeared while this run was writing %s; both are kept, rename the second yourself",
                            output->complete, output->partial);
    TRY(output_path_remove_undo(output));
    if (rename(output->partial, output->complete) != 0)
        return status_error(STATUS_OUTPUT_FAILED,
                            "cannot rename %s to its final name: %s; all frames are in it: mend that and rename it "
                            "yourself",
                            output->partial, strerror(errno));
    return output_path_sync_folder(output);
}
