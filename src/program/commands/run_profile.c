#include "commands/run_profile.h"

#include "base/clocks.h"
#include "parameters/file_look.h"
#include "shared/trace_events.h"
#include "team/agree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Status run_profile_open(const Parameters *p, bool replaces, FILE **trace) {
    *trace = NULL;
    if (*p->run_trace == '\0') return status_ok();
    if (file_look_is_special(p->run_trace) && !file_look_is_device(p->run_trace))
        return status_error(STATUS_BAD_PARAMETER, "run.trace %s is no regular file; give another name", p->run_trace);
    if (!replaces && access(p->run_trace, F_OK) == 0)
        return status_error(STATUS_BAD_PARAMETER, "run.trace %s exists; give --overwrite or another name",
                            p->run_trace);
    *trace = fopen(p->run_trace, replaces ? "w" : "wx");
    if (*trace != NULL) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "run.trace %s cannot be written: %s", p->run_trace, strerror(errno));
}

/* What a rank tells before its events. Plain data. */
typedef struct RankTimes {
    double seconds[PHASES], beside_s, all_s;
    double start_1970_s; /* the steady clock's zero, as machines have different ones */
    int count;
    int64_t dropped;
} RankTimes;

static RankTimes times_of(const Timeline *timeline) {
    const double now_s = clocks_steady_s();
    RankTimes times = {.beside_s = timeline->beside_s,
                       .all_s = now_s - timeline->start_s,
                       .start_1970_s = clocks_since_1970_s() - now_s,
                       .count = timeline->count,
                       .dropped = timeline->dropped};
    memcpy(times.seconds, timeline->seconds, sizeof times.seconds);
    return times;
}

/* Events of one rank at a time, so that rank 0 needs no more memory for many. */
static void write_events(Team team, const Timeline *timeline, const RankTimes *times, TimelineEvent *buffer,
                         FILE *trace) {
    JsonWriter json = {.file = trace};
    if (team.rank == 0 && trace != NULL) json = trace_events_begin(trace);
    for (int rank = 0; rank < team.ranks; rank++) {
        if (rank != 0 && team.rank != 0 && team.rank != rank) continue;
        const int count = team.rank == 0 ? times[rank].count : timeline->count;
        const TimelineEvent *events = rank == team.rank ? timeline->events : buffer;
        if (rank != 0)
            team_bring(team, rank, team.rank == 0 ? buffer : timeline->events, (size_t)count * sizeof *events);
        if (team.rank == 0 && trace != NULL)
            trace_events_add(&json, rank, events, count,
                             timeline->start_s + times[0].start_1970_s - times[rank].start_1970_s);
    }
    if (team.rank == 0 && trace != NULL) (void)trace_events_end(&json);
}

static void print_summary(FILE *out, const RankTimes *times, int ranks) {
    double sums[PHASES] = {0.0}, all_s = 0.0, beside_s = 0.0, most = 0.0;
    int64_t dropped = 0;
    int waiting = 0;
    for (int i = 0; i < ranks; i++) {
        for (int phase = 0; phase < PHASES; phase++) sums[phase] += times[i].seconds[phase];
        all_s += times[i].all_s;
        beside_s += times[i].beside_s;
        dropped += times[i].dropped;
        if (times[i].seconds[PHASE_WAIT] > most) {
            most = times[i].seconds[PHASE_WAIT];
            waiting = i;
        }
    }
    (void)fputs("profile   ", out);
    for (int phase = 0; phase < PHASES; phase++)
        (void)fprintf(out, " %s %.1f %%,", timeline_phase_name((Phase)phase), 100.0 * sums[phase] / all_s);
    (void)fprintf(out, " of %.3f s on %d rank%s; images written beside computing in %.3f s\n", all_s / ranks, ranks,
                  ranks > 1 ? "s, mean" : "", beside_s / ranks);
    if (ranks > 1)
        (void)fprintf(out, "           rank %d waits most: %.1f %%\n", waiting, 100.0 * most / times[waiting].all_s);
    if (dropped > 0)
        (void)fprintf(out, "note: the trace has the first %d events of each rank; %" PRId64 " more were dropped\n",
                      TIMELINE_EVENTS_MOST, dropped);
}

static Status close_trace(const Parameters *p, FILE *trace) {
    if (trace == NULL) return status_ok();
    const bool written = fflush(trace) == 0 && !ferror(trace);
    const int failure = errno;
    const bool closed = fclose(trace) == 0;
    if (written && closed) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "run.trace %s cannot be written: %s; the images are as they should be",
                        p->run_trace, strerror(written ? errno : failure));
}

Status run_profile_finish(Team team, const Parameters *parameters, const Timeline *timeline, FILE *trace, FILE *out) {
    const RankTimes mine = times_of(timeline);
    RankTimes *times = team.rank == 0 ? calloc((size_t)team.ranks, sizeof *times) : NULL;
    TimelineEvent *buffer =
        team.rank == 0 && timeline->keeps_events ? malloc(TIMELINE_EVENTS_MOST * sizeof *buffer) : NULL;
    const bool allocated = team.rank != 0 || (times != NULL && (buffer != NULL || !timeline->keeps_events));
    Status status =
        agree(team, allocated ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for the run's profile"));
    if (status_is_ok(status)) {
        team_gather(team, &mine, sizeof mine, times);
        if (timeline->keeps_events) write_events(team, timeline, times, buffer, trace);
        if (team.rank == 0 && parameters->run_profile) print_summary(out, times, team.ranks);
    }
    if (team.rank == 0) status = status_first(status, close_trace(parameters, trace));
    free(buffer);
    free(times);
    return agree(team, status);
}
