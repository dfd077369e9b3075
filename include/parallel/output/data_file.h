/** @file
 *  One data file (data_files.h) that is being written. It grows as NAME_data_NNNNNN.h5.partial and gets its name when
 * it is on the disk: what has the name is whole. For one process. */
#ifndef TESSERA_DATA_FILE_H
#define TESSERA_DATA_FILE_H

#include "base/status.h"
#include "nxmx/data_files.h"
#include "output/frame_codec.h"

/** What all data files of a run share. Borrows all that it points to. */
typedef struct DataFileKind {
    const DataFiles *files;
    const char *master;   /**< path of the master: the files lie in its folder */
    int64_t frames;       /**< of the master */
    int64_t first_number; /**< of its first frame in the sweep */
    bool has_twin;        /**< counts and photons are kept */
    hid_t type;           /**< of the main images */
    int64_t slow_pixels, fast_pixels;
    FrameCodec main, twin;
    const uint8_t *states; /**< [frames]: what an earlier run has completed is taken over */
} DataFileKind;

/** A packed frame. Borrows its bytes. */
typedef struct PackedFrame {
    int64_t slot;   /**< place in the master */
    uint32_t crc32; /**< of the main image */
    const void *main, *twin;
    size_t main_bytes, twin_bytes;
} PackedFrame;

/** A file in work. */
typedef struct DataFile DataFile;

/** Begins file @p index, from 0, with the complete frames of the one that has its name, if any.
 *  @param file  NULL when that fails
 *  @return OUTPUT_FAILED, BAD_FILE, NO_MEMORY */
Status data_file_begin(const DataFileKind *kind, int64_t index, DataFile **file);

/** Adds a frame. */
Status data_file_put(DataFile *file, const PackedFrame *frame);

/** True when it has all its frames. */
bool data_file_is_whole(const DataFile *file);

/** Brings it to the disk and gives it its name, with the frames that it has, and leaves NULL; what fails is removed. */
Status data_file_publish(DataFile **file);

/** Removes what is in work, and leaves NULL; accepts NULL. */
void data_file_discard(DataFile **file);

/** Looks for files that have the names of a new master's.
 *  @param overwrite  they may be replaced, if they are tessera's; else they are an error
 *  @param removes    and they are removed
 *  @return BAD_PARAMETER, OUTPUT_FAILED */
Status data_file_clear_all(const DataFiles *files, const char *master, int64_t frames, bool overwrite, bool removes);

#endif
