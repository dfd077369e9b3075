/** @file
 *  Memory whose first touch is cheap: in huge pages where the system has them, or many pages at once. */
#ifndef TESSERA_LARGE_MEMORY_H
#define TESSERA_LARGE_MEMORY_H

#include <stddef.h>

/** Memory for @p count items of @p item_bytes, to be freed with free(); NULL when there is not enough. It is untouched:
 *  its pages come to lie near the threads that write to them first. */
void *large_memory(size_t count, size_t item_bytes);

/** For the first thing of a process, before it has threads: gives the heap what a short run needs of it in one call of
 * the system instead of a thousand first touches, and lets it keep what is freed. Does nothing where the system cannot.
 */
void large_memory_prepare_heap(void);

#endif
