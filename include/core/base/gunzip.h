/** @file
 *  Files compressed by gzip. */
#ifndef TESSERA_GUNZIP_H
#define TESSERA_GUNZIP_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/** True when @p contents begin as gzip does (RFC 1952). */
bool gunzip_is(const char *contents, size_t bytes);

/** Decompresses @p contents, of one or several members.
 *  @param path         for messages
 *  @param most_bytes   more is refused
 *  @param text         allocated, with a zero byte appended; the caller frees it
 *  @return BAD_FILE when it is damaged, cut off or too large; NO_MEMORY */
Status gunzip(const char *path, const char *contents, size_t bytes, size_t most_bytes, char **text, size_t *text_bytes);

#endif
