/** @file
 *  What the file keeps of a finished frame beside its image, and of what a rank did. */
#ifndef TESSERA_FRAME_RECORD_H
#define TESSERA_FRAME_RECORD_H

#include <stdint.h>

/** State of a frame in the file. */
typedef enum FrameState { FRAME_ABSENT = 0, FRAME_IN_PROGRESS = 1, FRAME_COMPLETE = 2 } FrameState;

/** What the file keeps of one finished frame, beside its image. Plain data. */
typedef struct FrameRecord {
    int64_t slot;          /**< place in the file, from 0 */
    int64_t number;        /**< absolute number in the sweep */
    double ub_per_m[3][3]; /**< rows a*, b*, c* in nanoBragg's frame at phi = 0 (1/m); the file holds 1/A, McStas */
    double phi_start_rad;
    double fluence_per_m2;           /**< of the counts where there are any, else of the expected photons */
    double sum_photons, max_photons; /**< of the image in the main dataset */
    uint32_t crc32;                  /**< of the bytes of the main dataset's frame, row by row */
    int32_t first_rank;              /**< lowest rank that worked on it */
    double start_time, wall_seconds; /**< seconds since 1970, and its duration */
} FrameRecord;

/** What one rank did, for the provenance. Plain data. */
typedef struct RankRecord {
    int64_t steps, bytes_written;
    double compute_seconds;
} RankRecord;

#endif
