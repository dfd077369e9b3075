#include "commands/frame_report.h"

#include "nxmx/nxmx_reader.h"

#include <inttypes.h>

enum { RANGES_MOST = 40 };

void frame_report_ranges(FILE *out, const uint8_t *states, int64_t count, int64_t first, bool complete) {
    int64_t ranges = 0;
    for (Range run = nxmx_next_run(states, count, 0, complete); range_length(run) > 0;
         run = nxmx_next_run(states, count, run.end, complete)) {
        if (ranges++ >= RANGES_MOST) continue;
        (void)fprintf(out, "%s%" PRId64, ranges > 1 ? ", " : "", first + run.begin);
        if (range_length(run) > 1) (void)fprintf(out, ":%" PRId64, first + run.end);
    }
    if (ranges > RANGES_MOST) (void)fprintf(out, " and %" PRId64 " more ranges", ranges - RANGES_MOST);
}

static void print_line(FILE *out, const char *name, const uint8_t *states, int64_t count, int64_t first,
                       bool complete) {
    int64_t frames = 0;
    for (Range run = nxmx_next_run(states, count, 0, complete); range_length(run) > 0;
         run = nxmx_next_run(states, count, run.end, complete))
        frames += range_length(run);
    (void)fprintf(out, "%-10s %" PRId64 "%s", name, frames, frames > 0 ? ": " : "");
    frame_report_ranges(out, states, count, first, complete);
    (void)fputc('\n', out);
}

void frame_report(FILE *out, const uint8_t *states, int64_t count, int64_t first) {
    print_line(out, "complete", states, count, first, true);
    print_line(out, "missing", states, count, first, false);
}
