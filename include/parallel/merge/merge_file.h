/** @file
 *  The master that merge_run decided on, written into a new file. */
#ifndef TESSERA_MERGE_FILE_H
#define TESSERA_MERGE_FILE_H

#include "merge/merge.h"

#include <hdf5.h>

/** Writes everything into a new, empty file.
 *  @return BAD_FILE when a part cannot be read, OUTPUT_FAILED */
Status merge_file_write(hid_t file, const MergeRequest *request, const Merge *merge);

/** Bytes that the master will have, nearly. */
double merge_file_bytes(const Merge *merge);

#endif
