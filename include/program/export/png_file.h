/** @file
 *  Grey images and images of up to 256 colours as PNG (ISO/IEC 15948), 8 bits. */
#ifndef TESSERA_PNG_FILE_H
#define TESSERA_PNG_FILE_H

#include "base/status.h"
#include "formats/compare.h"

#include <stdint.h>
#include <stdio.h>

/** Writes an image.
 *  @param level    [slow][fast], 0 to 255
 *  @param colours  [COLOUR_MAP_BYTES] red, green and blue of each level; NULL: grey, 0 black to 255 white
 *  @return OUTPUT_FAILED when @p file takes no more, NO_MEMORY, BAD_PARAMETER when the image is too large for PNG */
Status png_file_write(FILE *file, const char *path, int64_t slow_pixels, int64_t fast_pixels, const uint8_t *level,
                      const uint8_t *colours);

/** Grey levels of an image on a logarithmic scale of six decades below @p greatest, the brighter the darker. Where an
 *  image is larger than @p most_pixels along an edge, each grey pixel is the brightest of a block.
 *  @param size  [2] slow, fast pixels of the result
 *  @param grey  allocated; the caller frees it */
Status png_file_grey(ImageView image, double greatest, int64_t most_pixels, int64_t *size, uint8_t **grey);

#endif
