/** @file
 *  Copies the contents of an HDF5 file into another one, object by object. For one process. */
#ifndef TESSERA_HDF5_COPY_H
#define TESSERA_HDF5_COPY_H

#include "base/status.h"

#include <hdf5.h>
#include <stdbool.h>

/** What may copy an object in a way of its own, or leave it out.
 *  @param source, target  groups that hold it, and will hold it, as @p name
 *  @param path            its absolute name
 *  @param taken           true when nothing more is to be done */
typedef Status (*Hdf5CopyObject)(hid_t source, hid_t target, const char *name, const char *path, void *context,
                                 bool *taken);

/** Copies everything below the root of @p source to that of @p target, a new file: groups and datasets with their
 *  attributes, soft and external links as links, further hard links as hard links. Virtual datasets become plain ones
 *  of the values that they show, and links to data files are left out.
 *  @return OUTPUT_FAILED, BAD_FILE, NO_MEMORY, or what @p copy returned */
Status hdf5_copy_file(hid_t source, hid_t target, Hdf5CopyObject copy, void *context);

/** Copies one object, a group with all that it holds, in the same way.
 *  @param source, target  groups that hold it, and will hold it, as @p name */
Status hdf5_copy_object(hid_t source, hid_t target, const char *name);

/** Copies all attributes of one object to another. */
Status hdf5_copy_attributes(hid_t source, hid_t target);

/** True when a dataset shows the values of others; checks that the files which hold them are there.
 *  @param path  of the file that holds the dataset
 *  @return BAD_FILE naming a file that is missing */
Status hdf5_check_virtual(hid_t dataset, const char *path, bool *is_virtual);

#endif
