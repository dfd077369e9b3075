/** @file
 *  A dataset of images [frame][slow][fast]: created by one process, written by all ranks at once. */
#ifndef TESSERA_IMAGE_SET_H
#define TESSERA_IMAGE_SET_H

#include "status.h"
#include "team.h"
#include "writer.h"

#include <hdf5.h>

/** An open dataset of images. Owns its handles. */
typedef struct ImageSet {
    Team team;
    int64_t slow_pixels, fast_pixels;
    hid_t type; /**< H5T_NATIVE_FLOAT or H5T_NATIVE_INT32 */
    hid_t dataset, transfer;
} ImageSet;

/** Creates an empty dataset of images: contiguous, allocated at once, never filled, fill value -1. For one process.
 *  @param type  H5T_NATIVE_FLOAT or H5T_NATIVE_INT32 */
Status image_set_create(hid_t parent, const char *name, hid_t type, int64_t frames, int64_t slow_pixels,
                        int64_t fast_pixels);

/** How several ranks write. A collective write that fails on one rank leaves the others waiting for it within
 * HDF5 1.10, so it is only for files that cannot run out of space. */
typedef enum ImageTransfer { IMAGE_TRANSFER_COLLECTIVE, IMAGE_TRANSFER_INDEPENDENT } ImageTransfer;

/** Opens dataset @p path, which every rank has in @p file. Collective. */
Status image_set_open(Team team, hid_t file, const char *path, hid_t type, ImageTransfer transfer, ImageSet *set);

/** Closes it; accepts one that is not open. Collective. */
void image_set_close(ImageSet *set);

/** Writes the rectangles of a wave; every rank makes the same number of calls, whatever fails. Collective.
 *  @param values  [frames][rows][fast_pixels] as in @p wave, of the set's type; NULL for a rank without frames
 *  @return this rank's failure only */
Status image_set_write(const ImageSet *set, const WaveData *wave, const void *values);

/** Writes -1 to whole frames, which the ranks share among them. Collective.
 *  @param slots  [count], ascending, the same on every rank
 *  @return the same on every rank */
Status image_set_fill(const ImageSet *set, const int64_t *slots, int64_t count);

#endif
