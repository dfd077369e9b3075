/** @file
 *  An empty dataset of images [frame][slow][fast] of 4-byte pixels. */
#ifndef TESSERA_IMAGE_DATASET_H
#define TESSERA_IMAGE_DATASET_H

#include "base/status.h"

#include <hdf5.h>
#include <stdint.h>

/** Creates an empty dataset of images: contiguous, allocated at once, never filled, fill value -1. For one process.
 *  @param type  H5T_NATIVE_FLOAT or H5T_NATIVE_INT32 */
Status image_dataset_create(hid_t parent, const char *name, hid_t type, int64_t frames, int64_t slow_pixels,
                            int64_t fast_pixels);

#endif
