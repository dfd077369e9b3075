#include "shared/scratch_folder.h"

#include "shared/absolute_path.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Status scratch_folder_create(ScratchFolder *folder) {
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || *parent == '\0') parent = "/tmp";
    char path[SCRATCH_FOLDER_BYTES];
    const int length = snprintf(path, sizeof path, "%s/tessera-benchmark-XXXXXX", parent);
    folder->path[0] = '\0';
    if (length < 0 || (size_t)length >= sizeof path || mkdtemp(path) == NULL)
        return status_error(STATUS_OUTPUT_FAILED, "no temporary folder can be made in %s: %s; set TMPDIR", parent,
                            strerror(errno));
    /* its name must hold after a change of folder */
    char *absolute = absolute_path(path);
    if (absolute == NULL || strlen(absolute) >= sizeof folder->path) {
        free(absolute);
        (void)rmdir(path);
        return status_error(STATUS_OUTPUT_FAILED, "the temporary folder %s cannot be used; set TMPDIR", path);
    }
    memcpy(folder->path, absolute, strlen(absolute) + 1);
    free(absolute);
    return status_ok();
}

void scratch_folder_file(const ScratchFolder *folder, const char *name, char *path) {
    (void)snprintf(path, SCRATCH_FILE_BYTES, "%s/%.50s", folder->path, name);
}

void scratch_folder_clear(const ScratchFolder *folder) {
    DIR *entries = *folder->path == '\0' ? NULL : opendir(folder->path);
    if (entries == NULL) return;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(entries), entry->d_name, 0);
    (void)closedir(entries);
}

void scratch_folder_remove(ScratchFolder *folder) {
    if (*folder->path == '\0') return;
    scratch_folder_clear(folder);
    (void)rmdir(folder->path);
    folder->path[0] = '\0';
}
