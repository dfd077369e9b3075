#include "new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

FILE *new_file_open(const char *path) {
    if (unlink(path) != 0 && errno != ENOENT) return NULL;
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (file == NULL && descriptor >= 0) (void)close(descriptor);
    return file;
}
