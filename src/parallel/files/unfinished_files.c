#include "files/unfinished_files.h"

#include "base/text.h"
#include "files/output_path.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MOST = 16, PATH_BYTES = OUTPUT_PATH_BYTES + 64 };

/* is_set last and cleared first, as a signal may come in between. */
typedef struct Unfinished {
    volatile sig_atomic_t is_set, has_inode;
    dev_t device;
    ino_t inode;
    char path[PATH_BYTES];
} Unfinished;

static Unfinished files[FILES_MOST];

void unfinished_files_add(const char *path, const char *like) {
    struct stat info = {.st_ino = 0};
    int i = 0;
    while (i < FILES_MOST && files[i].is_set) i++;
    if (i == FILES_MOST || !text_copy(files[i].path, PATH_BYTES, path)) return;
    files[i].has_inode = like != NULL && lstat(like, &info) == 0;
    files[i].device = info.st_dev;
    files[i].inode = info.st_ino;
    files[i].is_set = 1;
}

void unfinished_files_forget(const char *path) {
    for (int i = 0; i < FILES_MOST; i++)
        if (files[i].is_set && strcmp(files[i].path, path) == 0) files[i].is_set = 0;
}

void unfinished_files_remove(void) {
    struct stat info;
    for (int i = 0; i < FILES_MOST; i++) {
        if (!files[i].is_set || lstat(files[i].path, &info) != 0) continue;
        const bool is_ours = !files[i].has_inode || (info.st_dev == files[i].device && info.st_ino == files[i].inode);
        if (is_ours) (void)unlink(files[i].path);
    }
}
