/** @file
 *  The undo record of a .partial, FILE.nxs.undo beside it: all of it that HDF5 may change while it adds a session. HDF5
 *  brings a change of structure to the disk in several writes; between two of them nobody could read the file. With the
 *  record the file is put back as it was, at the next --resume, whatever has ended the one before.
 *
 *  Numbers of 8 bytes, the least first: "TESSUNDO", version, length of the .partial, number of ranges; for each range
 *  its offset, bytes and use; then the bytes of all ranges, and the CRC-32 of all before. The record gets its name when
 *  it is whole and on the disk. For one process, which holds the lock of the output; no HDF5. */
#ifndef TESSERA_UNDO_H
#define TESSERA_UNDO_H

#include "base/status.h"
#include "files/output_path.h"

#include <stdint.h>

/** A part of the .partial. */
typedef struct UndoRange {
    int64_t offset, bytes;
    bool is_fixed; /**< HDF5 changes nothing there: it tells whether a record was made from this file */
} UndoRange;

/** Parts of the .partial, ascending, which do not overlap. The creator frees `range`. */
typedef struct UndoRanges {
    int64_t count;
    UndoRange *range; /**< [count] */
} UndoRanges;

/** Writes the record of the .partial, and brings it to the disk.
 *  @param length  of the .partial in bytes, as @p ranges were found
 *  @return OUTPUT_FAILED when it cannot be written: then there is none, and the .partial is as it was */
Status undo_record(const OutputPath *output, int64_t length, const UndoRanges *ranges);

/** Makes a copy of the .partial beside it (partial_new), with nothing where no range lies, for HDF5 to change.
 *  @param length  of the .partial in bytes, as @p ranges were found
 *  @return OUTPUT_FAILED when it cannot be written; NO_MEMORY */
Status undo_copy(const OutputPath *output, int64_t length, const UndoRanges *ranges);

/** Brings to the .partial what was changed in the copy: first all that was added at its end, which nobody looks at yet,
 *  then the few changed places, from memory and one directly after the other. HDF5's own writes take a hundred times as
 *  long, and a kill between them leaves a file that cannot be read before it is put back.
 *  @param length  of the .partial in bytes before, as given to undo_copy with the same @p ranges
 *  @return OUTPUT_FAILED when one of both cannot be read, or the .partial not be written; NO_MEMORY. It may have been
 *          changed in part then: undo_mend puts it back */
Status undo_apply(const OutputPath *output, int64_t length, const UndoRanges *ranges);

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
