/** @file
 *  SHA-256 (FIPS 180-4), to name input files in the provenance. */
#ifndef TESSERA_SHA256_H
#define TESSERA_SHA256_H

#include "base/status.h"

#include <stddef.h>

/** Hexadecimal digits of a digest and the final zero. */
enum { SHA256_TEXT_BYTES = 65 };

/** Digest of @p bytes bytes at @p data, in lower-case hexadecimal.
 *  @param text  [SHA256_TEXT_BYTES] */
void sha256_of_bytes(const void *data, size_t bytes, char *text);

/** Digest of a file, read in pieces.
 *  @param text  [SHA256_TEXT_BYTES]
 *  @return BAD_FILE when it cannot be read */
Status sha256_of_file(const char *path, char *text);

#endif
