/** @file
 *  An image as raw little-endian float32, as the ancestor writes it. */
#ifndef TESSERA_FLOAT_FILE_H
#define TESSERA_FLOAT_FILE_H

#include "status.h"

#include <stdint.h>

/** OUTPUT_FAILED when the folder of @p path does not exist or cannot be written to. Local. */
Status float_file_check(const char *path);

/** Writes @p pixels values to @p path by way of PATH.partial, so that no half file is ever seen under that name. Local.
 */
Status float_file_write(const char *path, int64_t pixels, const float *image);

#endif
