/** @file
 *  Packs a dataset of images [frame][slow][fast] into compressed chunks. Threads compress, one calls HDF5; memory does
 * not grow with the number of frames. For one process. */
#ifndef TESSERA_IMAGE_PACK_H
#define TESSERA_IMAGE_PACK_H

#include "output/frame_codec.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/** The pixels of one frame, or of some of its rows. Plain data. */
typedef struct PackedImages {
    int64_t frames, slow_pixels, fast_pixels;
    size_t pixel_bytes;
    int64_t rows;             /**< of a chunk */
    int64_t chunks_per_frame; /**< the last of a frame may be cut short by the frame's end */
    uint32_t *crc32;          /**< [frames x chunks_per_frame] of what was read, without padding */
} PackedImages;

/** The shape of @p dataset and of its chunks, with room for its checksums; image_pack_free frees them.
 *  @return BAD_FILE when these are no images; NO_MEMORY */
Status image_pack_shape(hid_t dataset, const char *name, PackedImages *images);

/** Frees what @p images owns; accepts one that is all zero. */
void image_pack_free(PackedImages *images);

/** Creates dataset @p name in @p target with the values and attributes of @p source and fills in the checksums.
 *  @return INTERRUPTED when a signal came; BAD_FILE, OUTPUT_FAILED, NO_MEMORY */
Status image_pack(hid_t source, hid_t target, const char *name, Packing packing, PackedImages *images);

/** Reads all of a packed dataset and compares it with the checksums. */
Status image_pack_verify(hid_t dataset, const char *name, Packing packing, const PackedImages *images);

/** Checksum of the bytes of a whole frame. */
uint32_t image_pack_frame_crc32(const PackedImages *images, int64_t frame);

/** Share of their bytes that a sample of the images takes when packed, from above 0 on. */
Status image_pack_sample(hid_t dataset, const char *name, const PackedImages *images, double *share);

#endif
