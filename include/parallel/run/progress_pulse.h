/** @file
 *  How far a run is, told after every wave and, by a thread beside it, while none ends. */
#ifndef TESSERA_PROGRESS_PULSE_H
#define TESSERA_PROGRESS_PULSE_H

#include "setup/outlook.h"

#include <stdint.h>

/** How far a run is. Plain data. */
typedef struct RunProgress {
    int64_t frames_done, frames; /**< in this session */
    double frames_in_part; /**< frames_done and the parts of those in work, as if all groups were as far as rank 0's */
    double steps_done;
    double imbalance; /**< computing time of the busiest rank over the mean, so far */
    OutlookResult result;
    double silent_s; /**< since frames_done changed or the run began; 0 when it has just changed */
    int64_t frame;   /**< number in the sweep of the one that rank 0 computes; -1: none, it waits for others */
    double fraction; /**< of rank 0's share of that frame, 0..1 */
} RunProgress;

/** Called on rank 0: before the first and after every wave, and in between by a thread, never twice at a time. */
typedef void (*ProgressReport)(void *context, RunProgress progress);

/** What tells it. */
typedef struct ProgressPulse ProgressPulse;

/** Starts telling @p report twice a second what pulse_set_wave and pulse_set_frame have said last; where the system has
 *  no thread, only waves are told. NULL when there is no memory: the other functions accept that and do nothing. */
ProgressPulse *progress_pulse_start(ProgressReport report, void *context);

/** Ends the thread, frees it and leaves NULL; accepts NULL. */
void progress_pulse_stop(ProgressPulse **pulse);

/** Tells at once what a wave has brought; its last four members are not looked at, nor frames_in_part. */
void progress_pulse_set_wave(ProgressPulse *pulse, RunProgress progress);

/** How far the frame in work is: cheap, for the inside of a rendering.
 *  @param parts  of frames that all groups have rendered in this wave, estimated */
void progress_pulse_set_frame(ProgressPulse *pulse, int64_t frame, double fraction, double parts);

#endif
