/** @file
 *  Which frame a group of ranks renders next, and whether anyone was asked to stop: a counter that groups claim places
 *  from, one by one, and a word that a signal to any rank sets for all. Both lie in rank 0's memory; nobody waits for
 *  rank 0, nor for any other rank, except in frame_queue_wait. */
#ifndef TESSERA_FRAME_QUEUE_H
#define TESSERA_FRAME_QUEUE_H

#include "base/status.h"
#include "team/team.h"

#include <stdbool.h>
#include <stdint.h>

/** How far a run is asked to stop. */
typedef enum StopLevel {
    STOP_NONE, /**< go on */
    STOP_SOON, /**< finish what can be finished in time, drop the rest */
    STOP_NOW   /**< drop everything that is not written: a second signal */
} StopLevel;

/** What a word says that a signal may set at any moment, whichever thread asks; STOP_NONE where @p stop is NULL. */
static inline StopLevel stop_level_of(const volatile int *stop) {
    return stop == NULL ? STOP_NONE : (StopLevel)__atomic_load_n(stop, __ATOMIC_RELAXED);
}

/** The queue of a run. */
typedef struct FrameQueue FrameQueue;

/** No place is left, or the run is to stop. */
#define FRAME_QUEUE_EMPTY INT64_MAX

/** Makes the queue. Where MPI has no one-sided communication between the nodes, each group claims every groups-th
 * place, and a signal reaches the other ranks at the end of a wave only. Collective.
 *  @param group, groups  this rank's group; each group has the place of its own number without claiming it
 *  @param stop     this rank's StopLevel, set by signals; may be NULL. Borrowed
 *  @param grace_s  from the first signal to the end of the process */
Status frame_queue_create(Team team, int group, int groups, const volatile int *stop, double grace_s,
                          FrameQueue **queue);

/** Frees it and leaves NULL; accepts NULL. Collective. */
void frame_queue_destroy(FrameQueue **queue);

/** The next place, which nobody else gets. For the main thread. */
int64_t frame_queue_claim(FrameQueue *queue);

/** Looks for a signal to this rank and, some times a second, to the others. For the main thread. */
StopLevel frame_queue_listen(FrameQueue *queue);

/** True when work must be given up that began @p elapsed_s ago and of which @p fraction is done: the half of the grace
 *  that is for computing would not be enough for the rest. Listens. For the main thread. */
bool frame_queue_gives_up(FrameQueue *queue, double elapsed_s, double fraction);

/** Seconds of the grace that are left; 0 after a second signal, infinite before the first. */
double frame_queue_seconds_left(const FrameQueue *queue);

/** Waits for all ranks, asleep for the most part, and listens meanwhile. Collective.
 *  @return the greatest level that any rank has heard, the same on every rank */
StopLevel frame_queue_wait(FrameQueue *queue);

#endif
