/* Loaded before the C library (LD_PRELOAD): on rank HANG_RANK the write number HANG_AT into a file never returns, as on
 * a file system whose server is gone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Images; what HDF5 writes is smaller. */
enum { LEAST_BYTES = 30000 };

static int hangs_now(size_t bytes) {
    static _Atomic int writes;
    const char *rank = getenv("OMPI_COMM_WORLD_RANK"), *wanted = getenv("HANG_RANK"), *at = getenv("HANG_AT");
    if (wanted == NULL || at == NULL || bytes < LEAST_BYTES || strcmp(rank != NULL ? rank : "0", wanted) != 0) return 0;
    return atomic_fetch_add(&writes, 1) == atoi(at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t place) {
    ssize_t (*next)(int, const void *, size_t, off_t) = NULL;
    *(void **)&next = dlsym(RTLD_NEXT, "pwrite64");
    while (hangs_now(count))
        for (;;) (void)pause();
    return next(file, bytes, count, place);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) {
    return pwrite64(file, bytes, count, place);
}
