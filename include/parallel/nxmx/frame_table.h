/** @file
 *  /entry/simulation/frames: one row for each frame of the file, a dataset for each column.
 *  Rank 0 creates it serially and writes rows while the file is open on all ranks. */
#ifndef TESSERA_FRAME_TABLE_H
#define TESSERA_FRAME_TABLE_H

#include "base/status.h"
#include "model/experiment.h"
#include "nxmx/frame_record.h"

#include <hdf5.h>

/** Where the table is. */
#define FRAME_TABLE_PATH "/entry/simulation/frames"

/** Number of columns that are written when a frame is finished, the status being one more. */
enum { FRAME_TABLE_COLUMNS = 9 };

/** The open columns. */
typedef struct FrameTable {
    hid_t column[FRAME_TABLE_COLUMNS];
    hid_t status;
} FrameTable;

/** No column is open. */
FrameTable frame_table_closed(void);

/** Creates the table in an open /entry/simulation: what is known beforehand is written, the rest is allocated and NaN,
 *  -1 or 0. All columns are contiguous and allocated at once, so that rows change no metadata. */
Status frame_table_create(hid_t simulation, const Experiment *experiment, Range frames);

/** Opens the columns. Every rank that has @p file open calls it. */
Status frame_table_open(hid_t file, FrameTable *table);

/** Closes them.
 *  @return OUTPUT_FAILED when what was written to them did not reach the file */
Status frame_table_close(FrameTable *table);

/** Writes the rows of finished frames, all but their status. For one rank.
 *  @param records    [count], slots ascending
 *  @param to_mcstas  turns their reciprocal vectors into the file's frame */
Status frame_table_write(const FrameTable *table, const FrameRecord *records, int64_t count, Mat3 to_mcstas);

/** Sets the state of frames. For one rank.
 *  @param slots  [count] ascending */
Status frame_table_mark(const FrameTable *table, const int64_t *slots, int64_t count, FrameState state);

/** Reads the state of all @p frames frames. For one rank. */
Status frame_table_read_states(const FrameTable *table, int64_t frames, uint8_t *states);

#endif
