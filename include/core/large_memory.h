/** @file
 *  Memory for images: in huge pages where the system has them, as every first touch of a page costs. */
#ifndef TESSERA_LARGE_MEMORY_H
#define TESSERA_LARGE_MEMORY_H

#include <stddef.h>

/** Memory for @p count items of @p item_bytes, to be freed with free(); NULL when there is not enough. It is untouched:
 *  its pages come to lie near the threads that write to them first. */
void *large_memory(size_t count, size_t item_bytes);

#endif
