#include "base/timeline.h"

#include "base/clocks.h"
#include "base/text.h"

#include <stdlib.h>

Timeline timeline_start(bool keeps_events) {
    return (Timeline){.start_s = clocks_steady_s(), .keeps_events = keeps_events};
}

static bool has_room(Timeline *timeline) {
    if (timeline->count < timeline->room) return true;
    if (timeline->room == TIMELINE_EVENTS_MOST) return false;
    const int room = timeline->room > 0 ? 2 * timeline->room : 256;
    TimelineEvent *events = realloc(timeline->events, (size_t)room * sizeof *events);
    if (events == NULL) return false;
    timeline->events = events;
    timeline->room = room;
    return true;
}

static void keep(Timeline *timeline, Phase phase, const char *name, int thread, double begin_s, double end_s) {
    if (!timeline->keeps_events) return;
    if (!has_room(timeline)) {
        timeline->dropped++;
        return;
    }
    TimelineEvent *event = &timeline->events[timeline->count++];
    *event = (TimelineEvent){.phase = phase, .thread = thread, .begin_s = begin_s, .end_s = end_s};
    (void)text_copy(event->name, sizeof event->name, name);
}

void timeline_add(Timeline *timeline, Phase phase, const char *name, int thread, double begin_s, double end_s) {
    if (timeline == NULL) return;
    if (thread == 0) timeline->seconds[phase] += end_s - begin_s;
    keep(timeline, phase, name, thread, begin_s, end_s);
}

void timeline_add_until_now(Timeline *timeline, Phase phase, const char *name, double begin_s) {
    timeline_add(timeline, phase, name, 0, begin_s, clocks_steady_s());
}

void timeline_add_beside(Timeline *timeline, int thread, double begin_s, double end_s) {
    if (timeline == NULL) return;
    timeline->beside_s += end_s - begin_s;
    keep(timeline, PHASE_WRITE, "images", thread, begin_s, end_s);
}

const char *timeline_phase_name(Phase phase) {
    static const char *const names[PHASES] = {"set-up", "compute", "reduce", "write", "wait"};
    return names[phase];
}

void timeline_free(Timeline *timeline) {
    free(timeline->events);
    timeline->events = NULL;
    timeline->count = timeline->room = 0;
}
