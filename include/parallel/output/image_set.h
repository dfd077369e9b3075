/** @file
 *  A dataset of images [frame][slow][fast] of 4-byte pixels: created and found by one process with HDF5, and what ranks
 *  can write to it past HDF5, each for itself. As the images lie in one piece that is allocated with the file, that is
 *  a matter of offsets; no rank waits for another. */
#ifndef TESSERA_IMAGE_SET_H
#define TESSERA_IMAGE_SET_H

#include "base/status.h"
#include "output/writer.h"
#include "team/team.h"

#include <hdf5.h>

enum { IMAGE_PIXEL_BYTES = 4 };

/** Where the images lie in the file. Plain data, the same on every rank. */
typedef struct ImageSet {
    int64_t offset; /**< bytes from the beginning of the file */
    int64_t frames, slow_pixels, fast_pixels;
    bool reals; /**< float32, else int32 */
} ImageSet;

/** Finds dataset @p path. For one process.
 *  @return BAD_FILE when it is not there or not in one piece */
Status image_set_locate(hid_t file, const char *path, ImageSet *set);

/** @return OUTPUT_FAILED when the pixels of a wave do not lie within the images */
Status image_set_check(const ImageSet *set, const WaveData *wave);

/** Writes the rectangles of a wave. Local; calls neither MPI nor HDF5.
 *  @param descriptor  of the file, open for writing
 *  @param values      [frames][rows][fast_pixels] as in @p wave, of the set's type; NULL for a rank without frames
 *  @return OUTPUT_FAILED when the disk is full and the like, or when the pixels do not lie within the images */
Status image_set_write(const ImageSet *set, int descriptor, const WaveData *wave, const void *values);

/** Writes -1 to whole frames, in their order, which the ranks share among them; the rest is left out when @p patience
 *  ends. Collective.
 *  @param slots  [count], ascending, the same on every rank
 *  @return the same on every rank */
Status image_set_fill(const ImageSet *set, Team team, int descriptor, const int64_t *slots, int64_t count,
                      Patience patience);

#endif
