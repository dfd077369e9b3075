#include "float_file.h"

#include "parameters.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Status float_file_check(const char *path) {
    char folder[PARAMETER_TEXT_BYTES] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) (void)snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (access(folder, W_OK | X_OK) == 0) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "%s cannot be written in %s: %s", path, folder, strerror(errno));
}

Status float_file_write(const char *path, int64_t pixels, const float *image) {
    char partial[PARAMETER_TEXT_BYTES + 16];
    (void)snprintf(partial, sizeof partial, "%s.partial", path);
    FILE *file = fopen(partial, "wb");
    if (file == NULL) return status_error(STATUS_OUTPUT_FAILED, "%s cannot be written: %s", partial, strerror(errno));
    const bool written = fwrite(image, sizeof *image, (size_t)pixels, file) == (size_t)pixels;
    const bool closed = fclose(file) == 0;
    if (!written || !closed || rename(partial, path) != 0) {
        const int error = errno;
        (void)remove(partial);
        return status_error(STATUS_OUTPUT_FAILED, "%s cannot be written: %s", path, strerror(error));
    }
    return status_ok();
}
