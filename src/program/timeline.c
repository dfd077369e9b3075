#include "timeline.h"

#include "json_writer.h"
#include "text.h"

#include <stdlib.h>
#include <time.h>

static double seconds_of(clockid_t clock) {
    struct timespec time;
    (void)clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double timeline_now(void) {
    return seconds_of(CLOCK_MONOTONIC);
}

double timeline_cpu(void) {
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

void timeline_add(Timeline *timeline, const char *name, int thread, double begin_s, double end_s) {
    if (timeline == NULL) return;
    if (timeline->count == timeline->room) {
        const int room = timeline->room > 0 ? 2 * timeline->room : 256;
        TimelineEvent *events = realloc(timeline->events, (size_t)room * sizeof *events);
        if (events == NULL) return;
        timeline->events = events;
        timeline->room = room;
    }
    TimelineEvent *event = &timeline->events[timeline->count++];
    *event = (TimelineEvent){.thread = thread, .begin_s = begin_s, .end_s = end_s};
    (void)text_copy(event->name, sizeof event->name, name);
}

/* Complete events ("X") of one process, times in microseconds. */
bool timeline_print(FILE *file, const Timeline *timeline) {
    JsonWriter json = {.file = file};
    json_open_group(&json, NULL, '{');
    json_put_text(&json, "displayTimeUnit", "ms");
    json_open_group(&json, "traceEvents", '[');
    for (int i = 0; i < timeline->count; i++) {
        const TimelineEvent *event = &timeline->events[i];
        json_open_group(&json, NULL, '{');
        json_put_text(&json, "name", event->name);
        json_put_text(&json, "cat", "tessera");
        json_put_text(&json, "ph", "X");
        json_put_number(&json, "ts", 1e6 * (event->begin_s - timeline->start_s));
        json_put_number(&json, "dur", 1e6 * (event->end_s - event->begin_s));
        json_put_integer(&json, "pid", 0);
        json_put_integer(&json, "tid", event->thread);
        json_close_group(&json, '}');
    }
    json_close_group(&json, ']');
    json_close_group(&json, '}');
    return !ferror(file);
}

void timeline_free(Timeline *timeline) {
    free(timeline->events);
    *timeline = (Timeline){.events = NULL};
}
