/** @file
 *  Images in files of their own: NAME_data_000001.h5 and so on lie beside NAME.nxs, each with the same number of
 * frames, the last with the rest. NAME.nxs, the master, shows them as one virtual dataset, and names each by a link.
 *
 *  A data file has /entry/data/data [frames][slow][fast], a chunk for each frame;
 * /entry/simulation/images/expected_photons beside counts; and /entry/simulation/frames with number, status and crc32,
 * so that each tells by itself what it holds. It gets its name when it is whole and is never opened for writing again.
 * For one process. */
#ifndef TESSERA_DATA_FILES_H
#define TESSERA_DATA_FILES_H

#include "base/status.h"
#include "base/tile.h"

#include <hdf5.h>
#include <stdbool.h>

enum { DATA_FILE_PREFIX_BYTES = 240, DATA_FILE_NAME_BYTES = DATA_FILE_PREFIX_BYTES + 32 };

/** Where the images of a file lie. Plain data. */
typedef struct DataFiles {
    int64_t frames_per_file;             /**< 0: in the file itself */
    char prefix[DATA_FILE_PREFIX_BYTES]; /**< of their names, "NAME_data_" */
} DataFiles;

/** The data files of a new master.
 *  @param complete_path    of the master: NAME.nxs, NAME_master.h5 ...
 *  @param frames_per_file  0: none
 *  @return BAD_PARAMETER where their names would be too long */
Status data_files_of(const char *complete_path, int64_t frames_per_file, DataFiles *files);

/** How many files @p frames take. */
int64_t data_files_count(const DataFiles *files, int64_t frames);

/** Frames of file @p index, from 0, as places in the master. */
Range data_files_range(const DataFiles *files, int64_t index, int64_t frames);

/** Name of file @p index, from 0, without a folder.
 *  @param name  [DATA_FILE_NAME_BYTES] */
void data_files_name(const DataFiles *files, int64_t index, char *name);

/** True for a name that a data file could have. */
bool data_files_is_name(const char *name);

/** Shape and type of the images of a master, a list [frames][slow][fast]. */
typedef struct DataImages {
    hid_t type;
    int64_t frames, slow_pixels, fast_pixels;
} DataImages;

/** Creates the virtual dataset of a new master, which shows -1 where a data file or a frame of it is missing.
 *  @param path  of the same dataset in the data files */
Status data_files_show(hid_t parent, const char *name, const char *path, const DataFiles *files, DataImages images);

/** Where a master says how its images lie in files. */
#define DATA_FILES_RECORD "/entry/simulation/data_files"

/** Writes that into an open /entry/simulation, where there are such files. */
Status data_files_record(hid_t simulation, const DataFiles *files);

/** Adds the links data_000001 ... to the group of the main images of a new master. */
Status data_files_link(hid_t data, const DataFiles *files, int64_t frames);

/** Reads where the images of an open file lie. */
Status data_files_read(hid_t file, DataFiles *files);

/** Looks whether the data files that the main images show are there and hold what the table of frames says; frames that
 *  they do not hold become absent. Those of parts of a merged file are looked at too.
 *  @param path    of the file
 *  @param states  [frames] FrameState
 *  @param crc32   [frames]
 *  @param notes   told what is wrong with which file; may be NULL
 *  @return BAD_FILE when this process may not open that many files; NO_MEMORY */
Status data_files_check(hid_t file, const char *path, int64_t frames, uint8_t *states, const uint32_t *crc32,
                        Notes *notes);

#endif
