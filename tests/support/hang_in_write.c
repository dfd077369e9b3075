/* Loaded before the C library (LD_PRELOAD): on rank HANG_RANK the write number HANG_AT into a file never returns, as on
 * a file system whose server is gone. */
#define _GNU_SOURCE
#include "rank.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Images in a growing file; what HDF5 writes there is smaller. */
enum { LEAST_BYTES = 30000, NAME_BYTES = 4096 };

static int is_partial(int file) {
    static const char ending[] = ".partial";
    char link[32], name[NAME_BYTES];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t length = readlink(link, name, sizeof name);
    const ssize_t end = (ssize_t)sizeof ending - 1;
    return length >= end && memcmp(name + length - end, ending, (size_t)end) == 0;
}

static int hangs_now(int file, size_t bytes) {
    static _Atomic int writes;
    const char *wanted = getenv("HANG_RANK"), *at = getenv("HANG_AT");
    if (wanted == NULL || at == NULL || bytes < LEAST_BYTES || strcmp(rank_of_process(), wanted) != 0) return 0;
    if (!is_partial(file)) return 0;
    return atomic_fetch_add(&writes, 1) == atoi(at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t place) {
    ssize_t (*next)(int, const void *, size_t, off_t) = NULL;
    *(void **)&next = dlsym(RTLD_NEXT, "pwrite64");
    while (hangs_now(file, count))
        for (;;) (void)pause();
    return next(file, bytes, count, place);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) {
    return pwrite64(file, bytes, count, place);
}
