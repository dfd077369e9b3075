/** @file
 *  The rows of a wave come to rank 0. */
#ifndef TESSERA_WAVE_RECORDS_H
#define TESSERA_WAVE_RECORDS_H

#include "output/writer.h"

/** The rows of a wave: on rank 0 all of them, on the others none. */
typedef struct WaveRecords {
    int64_t count;
    FrameRecord *record; /**< [count], ascending by slot */
} WaveRecords;

/** Brings the records of all ranks to rank 0; it frees them. Collective. */
Status wave_records_gather(Team team, const WaveData *wave, WaveRecords *records);

#endif
