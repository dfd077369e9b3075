/** @file
 *  The other files that the datasets of an HDF5 file show. */
#ifndef TESSERA_HDF5_PARTS_H
#define TESSERA_HDF5_PARTS_H

#include "base/status.h"

#include <hdf5.h>
#include <stdint.h>

/** Does something with the name of a file. */
typedef Status Hdf5PartUse(const char *path, void *context);

/** Calls @p use with every place where HDF5 would look for a part of a virtual dataset, whether there is anything or
 * not. A file that is none of HDF5's, or is damaged, has no parts: who reads it says so.
 *  @param opened_as, path  the name to open it by, and its own
 *  @return the first failure of @p use; NO_MEMORY */
Status hdf5_parts_visit(const char *opened_as, const char *path, Hdf5PartUse *use, void *context);

/** Checks that the part of a virtual dataset [frame]... that shows a frame is there and can be read; HDF5 shows -1
 * else.
 *  @param path  of the file that holds the dataset
 *  @return BAD_FILE naming the part that is missing or damaged, or the plug-in that it lacks */
Status hdf5_parts_check_frame(hid_t dataset, const char *path, int64_t frame);

/** Checks that HDF5 has the filters of the first part that is there, and those of the dataset itself.
 *  @return BAD_FILE naming the plug-in that is missing */
Status hdf5_parts_check_filters(hid_t dataset, const char *path);

#endif
