#define _DEFAULT_SOURCE /* madvise */

#include "base/large_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static const size_t HUGE_PAGE_BYTES = (size_t)2 << 20;

void *large_memory(size_t count, size_t item_bytes) {
    if (count > (SIZE_MAX - HUGE_PAGE_BYTES) / item_bytes) return NULL;
    const size_t bytes = count * item_bytes > 0 ? count * item_bytes : 1;
    if (bytes < 2 * HUGE_PAGE_BYTES) return malloc(bytes);
    const size_t pages = (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES;
    void *memory = aligned_alloc(HUGE_PAGE_BYTES, pages * HUGE_PAGE_BYTES);
#ifdef MADV_HUGEPAGE
    if (memory != NULL) (void)madvise(memory, bytes / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES, MADV_HUGEPAGE); /* a wish */
#endif
    return memory;
}

/* 4 MiB are what a run of one small frame takes, most of it HDF5's. Without the thresholds its caches of half a MiB
 * would be mapped anew at each opening of the file, and what is freed at once would go back to the system. */
void large_memory_prepare_heap(void) {
#if defined __GLIBC__ && defined MADV_POPULATE_WRITE
    enum { HEAP_BYTES = 4 << 20, KEPT_BYTES = 2 * HEAP_BYTES };
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const size_t bytes = HEAP_BYTES - page; /* with malloc's own word below the threshold */
    (void)mallopt(M_MMAP_THRESHOLD, HEAP_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    void *heap = malloc(bytes);
    if (heap == NULL) return;
    void *first = (void *)((uintptr_t)heap / page * page);
    (void)madvise(first, bytes, MADV_HUGEPAGE);
    (void)madvise(first, bytes, MADV_POPULATE_WRITE); /* Linux 5.14 */
    free(heap);
#endif
}
