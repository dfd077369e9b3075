#define _DEFAULT_SOURCE /* madvise */

#include "large_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

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
