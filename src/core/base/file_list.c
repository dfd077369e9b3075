#define _GNU_SOURCE /* realpath */

#include "base/file_list.h"

#include "base/text.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 8192, LINKS_MOST = 16 };

struct NamedFile {
    char *role, *path;
    char *missing; /* "" for a file that exists; else its name in the folder, or the whole path where there is none */
    bool is_written;
    int owner;
    dev_t device; /* of the file, or of its folder where it does not exist */
    ino_t node;   /* the same */
};

static Status no_memory(void) {
    return status_error(STATUS_NO_MEMORY, "no memory for a list of files");
}

/* ---------------------------------------------------------------------------------------------------------- identity
 */

/* Puts the folder of @p path into @p folder. @return the name in it */
static const char *split(const char *path, char *folder) {
    const char *slash = strrchr(path, '/');
    const int length = slash == NULL || slash == path ? 1 : (int)(slash - path);
    (void)snprintf(folder, PATH_BYTES, "%.*s", length, slash == NULL ? "." : path);
    return slash == NULL ? path : slash + 1;
}

/* Where links lead that end at nothing: a file would be made there.
 * @param path  [PATH_BYTES] */
static void follow_to_nothing(char *path) {
    char target[PATH_BYTES / 2], folder[PATH_BYTES], joined[2 * PATH_BYTES];
    for (int i = 0; i < LINKS_MOST; i++) {
        const ssize_t length = readlink(path, target, sizeof target - 1);
        if (length <= 0) return;
        target[length] = '\0';
        (void)split(path, folder);
        (void)snprintf(joined, sizeof joined, target[0] == '/' ? "%.0s%s" : "%s/%s", folder, target);
        if (!text_copy(path, PATH_BYTES, joined)) return;
    }
}

static Status identify(NamedFile *file) {
    char path[PATH_BYTES], folder[PATH_BYTES];
    struct stat info;
    const char *missing = "";
    if (stat(file->path, &info) != 0) {
        (void)text_copy(path, sizeof path, file->path);
        follow_to_nothing(path);
        missing = split(path, folder);
        if (stat(folder, &info) != 0) {
            info.st_dev = 0;
            info.st_ino = 0;
            missing = path;
        }
    }
    file->device = info.st_dev;
    file->node = info.st_ino;
    file->missing = strdup(missing);
    return file->missing != NULL ? status_ok() : no_memory();
}

/* -------------------------------------------------------------------------------------------------------------- the
 * list */

static Status add(FileList *list, const char *role, const char *path, const char *ending, bool is_written) {
    if (list->count == list->room) {
        const size_t room = 2 * list->room + 64;
        NamedFile *file = realloc(list->file, room * sizeof *file);
        if (file == NULL) return no_memory();
        list->file = file;
        list->room = room;
    }
    const size_t bytes = strlen(path) + strlen(ending) + 1;
    NamedFile *file = &list->file[list->count++];
    *file = (NamedFile){.role = strdup(role), .path = malloc(bytes), .is_written = is_written, .owner = list->owners};
    if (file->role == NULL || file->path == NULL) return no_memory();
    (void)snprintf(file->path, bytes, "%s%s", path, ending);
    return identify(file);
}

Status file_list_add_read(FileList *list, const char *role, const char *path) {
    list->owners++;
    return add(list, role, path, "", false);
}

Status file_list_add_written(FileList *list, const char *role, const char *path, const char *const *endings) {
    struct stat info;
    list->owners++;
    if (stat(path, &info) == 0 && S_ISCHR(info.st_mode))
        return status_ok(); /* written in its place, and never changed */
    for (int i = 0; endings[i] != NULL; i++) TRY(add(list, role, path, endings[i], true));
    return status_ok();
}

void file_list_free(FileList *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->file[i].role);
        free(list->file[i].path);
        free(list->file[i].missing);
    }
    free(list->file);
    *list = (FileList){.count = 0};
}

/* ------------------------------------------------------------------------------------------------------- comparison */

static int compare_files(const NamedFile *left, const NamedFile *right) {
    if (left->device != right->device) return left->device < right->device ? -1 : 1;
    if (left->node != right->node) return left->node < right->node ? -1 : 1;
    return strcmp(left->missing, right->missing);
}

/* Of one file in the order in which it was added. */
static int compare(const void *left, const void *right) {
    const NamedFile *l = left, *r = right;
    const int files = compare_files(l, r);
    return files != 0 ? files : (l->owner > r->owner) - (l->owner < r->owner);
}

static Status refuse(const NamedFile *one, const NamedFile *other) {
    if (one->is_written && other->is_written)
        return status_error(STATUS_BAD_PARAMETER,
                            "%s, %.300s, and %s, %.300s, are one file, and both are written; give %s another name",
                            one->role, one->path, other->role, other->path, other->role);
    const NamedFile *read = one->is_written ? other : one, *written = one->is_written ? one : other;
    return status_error(STATUS_BAD_PARAMETER,
                        "%s, %.300s, would replace what is read as %s, %.300s: they are one file; give %s another name",
                        written->role, written->path, read->role, read->path, written->role);
}

/* @p count files that are one. */
static Status check_same(const NamedFile *file, size_t count) {
    size_t written = 0;
    while (written < count && !file[written].is_written) written++;
    if (written == count) return status_ok();
    for (size_t i = 0; i < count; i++)
        if (file[i].owner != file[written].owner)
            return i < written ? refuse(&file[i], &file[written]) : refuse(&file[written], &file[i]);
    return status_ok();
}

Status file_list_check(FileList *list) {
    if (list->count > 0) qsort(list->file, list->count, sizeof *list->file, compare);
    for (size_t begin = 0, end = 0; begin < list->count; begin = end) {
        while (end < list->count && compare_files(&list->file[begin], &list->file[end]) == 0) end++;
        TRY(check_same(list->file + begin, end - begin));
    }
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ links */

Status file_list_follow(const char *role, const char *path, char *real, size_t bytes) {
    struct stat link, target;
    const bool leads = lstat(path, &link) == 0 && S_ISLNK(link.st_mode) && stat(path, &target) == 0;
    if (!leads || !S_ISREG(target.st_mode))
        return text_copy(real, bytes, path)
                   ? status_ok()
                   : status_error(STATUS_BAD_PARAMETER, "%s, %.100s..., is too long", role, path);
    if (link.st_uid != geteuid())
        return status_error(
            STATUS_BAD_PARAMETER,
            "%s, %.400s, is a symbolic link that another user has laid; give the name that it points to", role, path);
    char *found = realpath(path, NULL);
    const bool fits = found != NULL && text_copy(real, bytes, found);
    free(found);
    return fits ? status_ok()
                : status_error(STATUS_BAD_PARAMETER,
                               "%s, %.400s, is a symbolic link that cannot be followed; give the "
                               "name that it points to",
                               role, path);
}
