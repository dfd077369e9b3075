/** @file
 *  When each phase of a run was, on each thread: Chrome's trace events, which Perfetto and chrome://tracing show. */
#ifndef TESSERA_TIMELINE_H
#define TESSERA_TIMELINE_H

#include <stdbool.h>
#include <stdio.h>

/** One phase. */
typedef struct TimelineEvent {
    char name[48];
    int thread;            /**< 0: the one that everything but computing runs on */
    double begin_s, end_s; /**< on the clock of timeline_now */
} TimelineEvent;

/** The phases so far. Owns `events`: timeline_free frees them. */
typedef struct Timeline {
    TimelineEvent *events;
    int count, room;
    double start_s;
} Timeline;

/** Seconds on a clock that only goes forward. */
double timeline_now(void);

/** Seconds of CPU that this process has used, all threads together. */
double timeline_cpu(void);

/** Adds a phase to @p timeline, which may be NULL; where there is no memory it is dropped. */
void timeline_add(Timeline *timeline, const char *name, int thread, double begin_s, double end_s);

/** Writes all phases as a trace.
 *  @return false when @p file takes no more; errno says why */
bool timeline_print(FILE *file, const Timeline *timeline);

/** Frees the phases. */
void timeline_free(Timeline *timeline);

#endif
