/** @file
 *  When each phase of a run was, on each thread of a process, and how long the phases took together. */
#ifndef TESSERA_TIMELINE_H
#define TESSERA_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/** What the time went to. */
typedef enum Phase {
    PHASE_SETUP,   /**< from the start to the first frame */
    PHASE_COMPUTE, /**< photons, counts and totals */
    PHASE_REDUCE,  /**< sums between ranks */
    PHASE_WRITE,   /**< the file, as far as computing stands still for it */
    PHASE_WAIT,    /**< for other ranks and threads */
    PHASES
} Phase;

/** One phase. Plain data. */
typedef struct TimelineEvent {
    char name[48];
    Phase phase;
    int thread;            /**< 0: the one that everything but computing runs on */
    double begin_s, end_s; /**< on clocks_steady_s */
} TimelineEvent;

/** The phases so far. Owns `events`: timeline_free frees them. */
typedef struct Timeline {
    double start_s;
    double seconds[PHASES]; /**< of thread 0 */
    double beside_s;        /**< of writing beside computing */
    bool keeps_events;
    TimelineEvent *events; /**< [count], at most TIMELINE_EVENTS_MOST */
    int count, room;
    int64_t dropped; /**< events that were too many */
} Timeline;

enum { TIMELINE_EVENTS_MOST = 1 << 15 };

/** Starts now; with @p keeps_events not only the sums are kept. */
Timeline timeline_start(bool keeps_events);

/** Adds a phase to @p timeline, which may be NULL. For one thread. Of the events, those that are too many, or for which
 *  there is no memory, are dropped; the sums go on. */
void timeline_add(Timeline *timeline, Phase phase, const char *name, int thread, double begin_s, double end_s);

/** Adds a phase of thread 0 that ends now. */
void timeline_add_until_now(Timeline *timeline, Phase phase, const char *name, double begin_s);

/** Adds what the thread that writes images did: it is no part of the sums.
 *  @param thread  a number that no computing thread has */
void timeline_add_beside(Timeline *timeline, int thread, double begin_s, double end_s);

/** Name of a phase for people. */
const char *timeline_phase_name(Phase phase);

/** Frees the events. */
void timeline_free(Timeline *timeline);

#endif
