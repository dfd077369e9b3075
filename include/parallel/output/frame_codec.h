/** @file
 *  Packs chunks of pixels as the filters of an HDF5 dataset do, in any thread and without HDF5: the bytes are for
 *  H5Dwrite_chunk. */
#ifndef TESSERA_FRAME_CODEC_H
#define TESSERA_FRAME_CODEC_H

#include "base/status.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The bitshuffle filter's number at the HDF Group. */
#define FRAME_CODEC_BITSHUFFLE_ID 32008

/** Methods. */
typedef enum PackMethod { PACK_NONE, PACK_DEFLATE, PACK_BITSHUFFLE } PackMethod;

/** How to pack. Plain data. */
typedef struct Packing {
    PackMethod method;
    int level;                /**< of deflate, 1 fast to 9 small */
    bool shuffle;             /**< before deflate: bytes of equal weight side by side */
    const volatile int *stop; /**< set by a signal: give up; may be NULL */
} Packing;

enum { FRAME_CODEC_VALUES_MOST = 16 };

/** What packs the chunks of one dataset. Plain data. */
typedef struct FrameCodec {
    Packing packing;
    size_t pixel_bytes, chunk_bytes;
    H5Z_func_t filter; /**< of the plugin; NULL for other methods */
    size_t values;
    unsigned value[FRAME_CODEC_VALUES_MOST]; /**< what HDF5 hands to the filter */
} FrameCodec;

/** Checks that the method can be used here.
 *  @return BAD_PARAMETER naming the plugin that is missing and where it was looked for */
Status frame_codec_check(PackMethod method);

/** Sets the filters of a dataset that is to be created.
 *  @return false where HDF5 fails */
bool frame_codec_set_filters(hid_t creation, Packing packing);

/** Makes the codec for chunks [1][slow][fast] of numbers of @p type. Calls HDF5.
 *  @return BAD_PARAMETER when the plugin has no function to call; NO_MEMORY */
Status frame_codec_create(Packing packing, hid_t type, int64_t slow_pixels, int64_t fast_pixels, FrameCodec *codec);

/** The most bytes that a chunk has when it is packed. */
size_t frame_codec_bytes_most(const FrameCodec *codec);

/** Packs one chunk.
 *  @param pixels  [chunk_bytes]
 *  @param packed  the caller frees it
 *  @return false when there is no memory, or the filter fails */
bool frame_codec_pack(const FrameCodec *codec, const void *pixels, void **packed, size_t *packed_bytes);

/** CRC-32 of bytes, of any number. */
uint32_t frame_codec_crc32(const void *bytes, size_t count);

#endif
