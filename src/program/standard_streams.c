#include "standard_streams.h"

#include <errno.h>
#include <fcntl.h>
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

bool standard_streams_lack_output(void) {
    const int flags = fcntl(STDOUT_FILENO, F_GETFL);
    return flags < 0 || (flags & O_ACCMODE) == O_RDONLY;
}
