/** @file
 *  Tables of a merged master that have a row for each crystal of each frame. */
#ifndef TESSERA_MERGE_CRYSTALS_H
#define TESSERA_MERGE_CRYSTALS_H

#include "merge/merge.h"

#include <hdf5.h>

/** Finds the rows of each frame in frames/crystals of a part, where it has any.
 *  @return BAD_FILE when they are not in the order of the frames */
Status merge_crystals_read(hid_t file, MergePart *part);

/** Gives the crystals of the frames that have an owner their rows in the master.
 *  @return BAD_FILE when some of the parts list their crystals and others do not */
Status merge_crystals_place(Merge *merge);

/** Rows of the master's tables. */
int64_t merge_crystals_count(const Merge *merge);

/** Copies the rows of frames that are taken from part @p index, whose file is open. */
Status merge_crystals_copy(hid_t master, const Merge *merge, int index, hid_t file, const char *path);

#endif
