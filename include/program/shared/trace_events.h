/** @file
 *  Timelines as Chrome's trace events, which Perfetto and chrome://tracing show: one process for each rank. */
#ifndef TESSERA_TRACE_EVENTS_H
#define TESSERA_TRACE_EVENTS_H

#include "base/timeline.h"
#include "shared/json_writer.h"

/** Begins the trace in @p file. */
JsonWriter trace_events_begin(FILE *file);

/** Adds the events of one rank.
 *  @param count    of @p events
 *  @param start_s  the trace's time 0 on the clock of the events */
void trace_events_add(JsonWriter *json, int rank, const TimelineEvent *events, int count, double start_s);

/** Ends the trace; false when the file took not all. */
bool trace_events_end(JsonWriter *json);

#endif
