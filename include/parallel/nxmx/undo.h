/** @file
 *  The undo record of a .partial, FILE.nxs.undo beside it, which earlier revisions wrote before a --resume changed the
 *  structure of the file: where the resume was killed meanwhile, nobody can read the file before it is put back.
 *
 *  Numbers of 8 bytes, the least first: "TESSUNDO", version, length of the .partial, number of ranges; for each range
 *  its offset, bytes, and 1 where nothing was to change, so that the file is known by it, else 0; then the bytes of all
 *  ranges, and the CRC-32 of all before. For one process, which holds the lock of the output; no HDF5. */
#ifndef TESSERA_UNDO_H
#define TESSERA_UNDO_H

#include "base/status.h"
#include "files/output_path.h"

/** What undo_mend has found. */
typedef struct UndoFound {
    bool put_back; /**< there was a record; the .partial is as it was, and the record is gone */
    Status damage; /**< a failure: there is something under that name which is no whole record. Nothing has changed */
} UndoFound;

/** Puts the .partial back where there is a record of it, and removes the record. It may be interrupted at any moment,
 *  and be called again.
 *  @return BAD_FILE when the record was made from another file: nothing has changed; OUTPUT_FAILED when the .partial
 *          cannot be written, or one of both cannot be read: the record is kept */
Status undo_mend(const OutputPath *output, UndoFound *found);

#endif
