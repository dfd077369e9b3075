/** @file
 *  States of frames in words: which are complete, which are missing, as ranges. */
#ifndef TESSERA_FRAME_REPORT_H
#define TESSERA_FRAME_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** Prints the frames that are complete, or with @p complete false are not: "0:10, 12, 14:20" (the last not included);
 *  beyond some dozens of ranges only how many more there are.
 *  @param states  [count] FrameState
 *  @param first   number of the first frame */
void frame_report_ranges(FILE *out, const uint8_t *states, int64_t count, int64_t first, bool complete);

/** Two lines: "complete" and "missing", each with its number and its ranges. */
void frame_report(FILE *out, const uint8_t *states, int64_t count, int64_t first);

#endif
