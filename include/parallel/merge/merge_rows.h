/** @file
 *  Datasets of a merged master that have a row for each frame: virtual images, and tables gathered from the parts. */
#ifndef TESSERA_MERGE_ROWS_H
#define TESSERA_MERGE_ROWS_H

#include "merge/merge.h"

#include <hdf5.h>

enum { MERGE_RANK_MOST = 8 };

/** An open dataset, its rows along the first axis. */
typedef struct MergeRows {
    hid_t dataset, type;
    int rank;
    hsize_t length[MERGE_RANK_MOST];
    size_t row_bytes;
} MergeRows;

/** Opens a dataset; the caller closes it, whatever is returned. */
Status merge_rows_open(hid_t file, const char *path, MergeRows *rows);

/** Closes it; accepts one that is not open.
 *  @return OUTPUT_FAILED when what was written to it did not reach the file */
Status merge_rows_close(MergeRows *rows);

/** The next run of frames of the master, from place @p from on, that have one owner; empty at the end. */
Range merge_next_run(const Merge *merge, int64_t from);

/** Creates the virtual dataset of images @p path like @p rows of a part. */
Status merge_rows_create_images(hid_t master, const Merge *merge, const char *path, const MergeRows *rows);

/** Creates a dataset like @p rows of a part with @p count rows in the master; one that is never written holds NaN, -1
 * or 0.
 */
Status merge_rows_create(hid_t master, int64_t count, const char *path, const MergeRows *rows);

/** Rows @p from of @p values, which are those of a dataset of a part, become rows from @p to on of the master's. */
Status merge_rows_put(const MergeRows *master, const char *values, Range from, int64_t to);

/** All rows of an open dataset.
 *  @param values  allocated here, NULL without memory; the caller frees it, whatever is returned */
Status merge_rows_read(const MergeRows *rows, const char *path, char **values);

/** Opens a dataset of part @p index and of the master, which must be alike with @p count rows in the part; the
 *  caller closes both, whatever is returned. */
Status merge_rows_open_pair(hid_t master, const MergePart *part, hid_t file, const char *path, int64_t count,
                            MergeRows *from, MergeRows *to);

/** Copies rows from the open file of part @p index: those of frames that are taken from it, or with @p all every one.
 */
Status merge_rows_copy(hid_t master, const Merge *merge, int index, hid_t file, const char *path, bool all);

/** Fills the rows of frames that are taken from no part as in the first part's first frame.
 *  @param step  added for each frame on the way, in the unit of the dataset, which holds doubles */
Status merge_rows_guess(hid_t master, const Merge *merge, const char *path, const MergeRows *rows, double step);

/** Numbers the rows 1, 2, 3 ... */
Status merge_rows_count(hid_t master, const Merge *merge, const char *path, const MergeRows *rows);

/** The first value of a dataset of doubles. */
Status merge_rows_first(hid_t file, const char *path, double *value);

#endif
