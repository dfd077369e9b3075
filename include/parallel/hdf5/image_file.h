/** @file
 *  Reads one image of a file, serially, as double. */
#ifndef TESSERA_IMAGE_FILE_H
#define TESSERA_IMAGE_FILE_H

#include "base/status.h"
#include "formats/compare.h"

/** No frame number was given. */
#define IMAGE_FRAME_NONE (-1)

/** An image in memory, [slow][fast], fast varying fastest. Owns its pixels: image_free frees them. */
typedef struct Image {
    double *pixels;
    int64_t slow_pixels, fast_pixels;
} Image;

/** Which image of the file is meant. */
typedef struct ImageRequest {
    /** FILE, FILE:DATASET, FILE#FRAME or FILE:DATASET#FRAME. The end of the file's name says what it is:
     *  .h5 .hdf5 .nxs  HDF5; the dataset is by default `image`, else `/entry/data/data`
     *  .bin .raw       little-endian float32 and nothing else
     *  .img            SMV with unsigned 16-bit pixels. Borrowed */
    const char *name;
    int64_t frame;         /**< of a dataset [frame][slow][fast], or IMAGE_FRAME_NONE; `name` may give it too */
    int64_t default_frame; /**< taken where there are several frames and no number was given, or IMAGE_FRAME_NONE */
    int64_t slow_pixels, fast_pixels; /**< shape of a .bin file; 0: it is square */
} ImageRequest;

/** Reads the image.
 *  @param image  the caller frees it
 *  @return BAD_FILE naming the file when it is missing, unreadable, damaged or has no such image; BAD_PARAMETER when a
 *          frame is given twice, or missing; NO_MEMORY */
Status image_file_read(ImageRequest request, Image *image);

/** Frees the pixels; accepts an image without any. */
void image_free(Image *image);

/** The whole image. */
static inline ImageView image_view(const Image *image) {
    return (ImageView){.pixels = image->pixels,
                       .slow_pixels = image->slow_pixels,
                       .fast_pixels = image->fast_pixels,
                       .row_pixels = image->fast_pixels};
}

#endif
