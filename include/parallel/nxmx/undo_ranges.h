/** @file
 *  What of an HDF5 file its library may change when an object is added to it. */
#ifndef TESSERA_UNDO_RANGES_H
#define TESSERA_UNDO_RANGES_H

#include "nxmx/undo.h"

/** Datasets that are stored in one piece of so many bytes and more are neither changed nor needed to tell the file. */
enum { UNDO_LARGE_BYTES = 1 << 20 };

/** Finds the parts of a file that a record needs: everything but the values of large datasets that are stored in one
 *  piece. Values of small ones are fixed.
 *  @param length  of the file in bytes
 *  @param ranges  the caller frees `range`, which is NULL on failure */
Status undo_ranges_find(const char *path, int64_t length, UndoRanges *ranges);

#endif
