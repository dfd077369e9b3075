#include "shared/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool standard_streams_guard(void) {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
        int taken = open("/dev/null", O_RDONLY); /* the lowest that is free */
        if (taken < 0) taken = open("/", O_RDONLY);
        if (taken != stream) return false;
    }
    return true;
}

/* The program was started without a standard output, or with one that only reads. */
static bool is_missing(void) {
    const int flags = fcntl(STDOUT_FILENO, F_GETFL);
    return flags < 0 || (flags & O_ACCMODE) == O_RDONLY;
}

static bool has_no_reader(void) {
    struct pollfd stream = {.fd = STDOUT_FILENO, .events = POLLOUT};
    struct stat info;
    const bool is_pipe = fstat(STDOUT_FILENO, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
    return is_pipe && poll(&stream, 1, 0) > 0 && (stream.revents & (POLLERR | POLLHUP)) != 0;
}

Status standard_streams_check_output(bool makes_files) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return status_ok();
    if (has_no_reader() || (makes_files && is_missing())) return status_ok();
    if (errno == 0 && write(STDOUT_FILENO, "\n", 1) == 1) errno = 0; /* an earlier write has failed: why? */
    const int failure = errno;
    return status_error(STATUS_OUTPUT_FAILED, "the standard output cannot be written: %s%s",
                        failure != 0 ? strerror(failure) : "an earlier part of it is lost",
                        makes_files ? "; the command has done its work" : "");
}
