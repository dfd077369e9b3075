/** @file
 *  Finished frames of a file against their checksums. */
#ifndef TESSERA_VERIFY_H
#define TESSERA_VERIFY_H

#include "base/status.h"
#include "team/team.h"

#include <hdf5.h>

/** Reads the images of all finished frames, which the ranks share among them, and compares the CRC-32 of their bytes
 * with the file's. Changes nothing. Collective.
 *  @param type     of the images, H5T_NATIVE_FLOAT or H5T_NATIVE_INT32
 *  @param damaged  [frames] 1 for a frame whose image does not match or cannot be read, else 0; the same on every rank
 *  @return BAD_FILE when the file has no such images and checksums, when the plug-in to read them is missing, or when
 *          frames of a compressed file, which cannot be written again, are damaged */
Status verify_images(Team team, const char *path, hid_t type, int64_t frames, uint8_t *damaged);

/** Marks frames as absent, so that they are rendered again. For one process, while no other has the file open.
 *  @param damaged  [frames] as from verify_images */
Status verify_discard(const char *path, const uint8_t *damaged, int64_t frames);

/** Adds "N of the finished frames ..." with their numbers, "3, 7-9", to @p notes; nothing when none is damaged.
 *  @param first  number of the file's first frame in the sweep */
void verify_note(const uint8_t *damaged, int64_t frames, int64_t first, Notes *notes);

#endif
