/** @file
 *  One NXmx master over the files of a job array: its images are HDF5 virtual datasets over those of the parts, all
 * else is copied. For one process. */
#ifndef TESSERA_MERGE_H
#define TESSERA_MERGE_H

#include "base/build_info.h"
#include "base/status.h"
#include "base/tile.h"
#include "files/output_path.h"
#include "nxmx/data_files.h"
#include "nxmx/nxmx_reader.h"

/** What to merge. Borrows all that it points to. */
typedef struct MergeRequest {
    const char *output; /**< OUT.nxs; OUT.nxs.partial while it grows */
    bool overwrite;     /**< an existing output is replaced */
    bool slice;         /**< `frames` says which frames the master has; else it has the whole sweep */
    Range frames;
    int names;
    char *const *name; /**< [names] the parts */
    const char *command_line;
    BuildInfo build;
} MergeRequest;

/** One part. Owns its lists. */
typedef struct MergePart {
    char path[OUTPUT_PATH_BYTES];      /**< as it is opened */
    char file_name[OUTPUT_PATH_BYTES]; /**< from the folder of the master */
    NxmxFrames frames;
    DataFiles files; /**< where its images lie */
    int64_t
        *crystal; /**< [frames + 1] first row of each frame in frames/crystals, and their number; NULL without that */
} MergePart;

/** A merge that has been decided: merge_free frees it. */
typedef struct Merge {
    OutputPath output;
    Range frames;
    int parts;
    MergePart *part; /**< [parts] in the order of the names */
    int32_t *owner;  /**< [frames] part that a frame is taken from, -1 where none has it complete */
    uint8_t *states; /**< [frames] FRAME_COMPLETE or FRAME_ABSENT */
    int64_t complete;
    int64_t *crystal; /**< [frames + 1] as in the parts; a frame that none has complete has no rows */
    Notes notes;      /**< for the user and the record: parts that are missing or incomplete */
} Merge;

/** Reads and checks the parts, writes the master and gives it its name.
 *  A part that does not exist is replaced by its .partial, or else left out, with a note. A frame that is complete in
 *  several parts with the same CRC-32 is taken from the first of them.
 *  @param merge  what was done; the caller frees it, whatever is returned
 *  @return BAD_PARAMETER when the output exists, when parts differ in what decides the images (named), have a frame in
 *          two versions, or have none; BAD_FILE for a part that cannot be read; OUTPUT_FAILED. Then no file has changed
 */
Status merge_run(const MergeRequest *request, Merge *merge);

/** Frees what it holds. */
void merge_free(Merge *merge);

#endif
