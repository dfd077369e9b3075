/** @file
 *  What a file that no reader takes is, told by its first bytes: for messages. */
#ifndef TESSERA_FILE_KIND_H
#define TESSERA_FILE_KIND_H

#include <stddef.h>

/** "a TIFF image", "an HDF5 file", ...; NULL for a text or what is not known. */
const char *file_kind_of(const char *contents, size_t bytes);

#endif
