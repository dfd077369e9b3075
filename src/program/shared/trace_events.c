#include "shared/trace_events.h"

JsonWriter trace_events_begin(FILE *file) {
    JsonWriter json = {.file = file};
    json_open_group(&json, NULL, '{');
    json_put_text(&json, "displayTimeUnit", "ms");
    json_open_group(&json, "traceEvents", '[');
    return json;
}

/* A metadata event ("M") that names the process. */
static void name_rank(JsonWriter *json, int rank) {
    char name[32];
    (void)snprintf(name, sizeof name, "rank %d", rank);
    json_open_group(json, NULL, '{');
    json_put_text(json, "name", "process_name");
    json_put_text(json, "ph", "M");
    json_put_integer(json, "pid", rank);
    json_open_group(json, "args", '{');
    json_put_text(json, "name", name);
    json_close_group(json, '}');
    json_close_group(json, '}');
}

/* Complete events ("X"), times in microseconds. */
void trace_events_add(JsonWriter *json, int rank, const TimelineEvent *events, int count, double start_s) {
    name_rank(json, rank);
    for (int i = 0; i < count; i++) {
        const TimelineEvent *event = &events[i];
        json_open_group(json, NULL, '{');
        json_put_text(json, "name", event->name);
        json_put_text(json, "cat", timeline_phase_name(event->phase));
        json_put_text(json, "ph", "X");
        json_put_number(json, "ts", 1e6 * (event->begin_s - start_s));
        json_put_number(json, "dur", 1e6 * (event->end_s - event->begin_s));
        json_put_integer(json, "pid", rank);
        json_put_integer(json, "tid", event->thread);
        json_close_group(json, '}');
    }
}

bool trace_events_end(JsonWriter *json) {
    json_close_group(json, ']');
    json_close_group(json, '}');
    return !ferror(json->file);
}
