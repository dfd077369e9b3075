/** @file
 *  A fresh temporary folder, which is removed with all that is in it. */
#ifndef TESSERA_SCRATCH_FOLDER_H
#define TESSERA_SCRATCH_FOLDER_H

#include "base/status.h"

/** Room for the name of a folder, and for that of a file in it. */
enum { SCRATCH_FOLDER_BYTES = 512, SCRATCH_FILE_BYTES = SCRATCH_FOLDER_BYTES + 64 };

/** The folder; path "" when there is none. */
typedef struct ScratchFolder {
    char path[SCRATCH_FOLDER_BYTES];
} ScratchFolder;

/** Makes one in $TMPDIR, or /tmp.
 *  @return OUTPUT_FAILED */
Status scratch_folder_create(ScratchFolder *folder);

/** Name of a file in it, of at most 50 characters.
 *  @param path  [SCRATCH_FILE_BYTES] */
void scratch_folder_file(const ScratchFolder *folder, const char *name, char *path);

/** Removes the files in it. */
void scratch_folder_clear(const ScratchFolder *folder);

/** Removes it and its files; accepts that there is none. */
void scratch_folder_remove(ScratchFolder *folder);

#endif
