#include "base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int new_file_create(const char *path) {
    if (unlink(path) != 0 && errno != ENOENT) return -1;
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
}

FILE *new_file_open(const char *path) {
    const int descriptor = new_file_create(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (file == NULL && descriptor >= 0) (void)close(descriptor);
    return file;
}
