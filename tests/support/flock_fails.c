/* Loaded before the C library (LD_PRELOAD): every flock fails with the number FLOCK_ERROR, as on file systems that have
 * none (ENOSYS, ENOTSUP, 524 from NFS) or lost their lock server (ENOLCK). */
#include <errno.h>
#include <stdlib.h>
#include <sys/file.h>

int flock(int descriptor, int operation) {
    const char *number = getenv("FLOCK_ERROR");
    (void)descriptor;
    (void)operation;
    errno = number != NULL ? atoi(number) : ENOSYS;
    return -1;
}
