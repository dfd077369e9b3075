#include "commands/progress.h"

#include "team/launcher.h"

#include <inttypes.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

enum { BAR_CELLS = 30 };
static const double BAR_EVERY_S = 0.2;

static double steady_seconds(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

Progress progress_start(FILE *out, ProgressKind kind, double every_s) {
    if (kind == PROGRESS_AUTO)
        kind = isatty(fileno(out)) && !launcher_is_there(launcher_find()) ? PROGRESS_BAR : PROGRESS_LINES;
    return (Progress){.out = out, .kind = kind, .every_s = every_s, .start = steady_seconds(), .shown = 0.0};
}

void progress_duration(double seconds, char *text, size_t bytes) {
    if (!(seconds < 3.6e7)) {
        (void)snprintf(text, bytes, "unknown");
        return;
    }
    const int64_t s = (int64_t)(seconds + 0.5);
    if (s >= 3600)
        (void)snprintf(text, bytes, "%" PRId64 " h %02" PRId64 " min", s / 3600, s / 60 % 60);
    else if (s >= 60)
        (void)snprintf(text, bytes, "%" PRId64 " min %02" PRId64 " s", s / 60, s % 60);
    else
        (void)snprintf(text, bytes, "%" PRId64 " s", s);
}

static void print_state(Progress *progress, RunProgress run, double elapsed) {
    const int64_t done = run.frames_done, frames = run.frames;
    char left[40];
    progress_duration(done > 0 ? elapsed * (double)(frames - done) / (double)done : INFINITY, left, sizeof left);
    (void)fprintf(progress->out, "%" PRId64 "/%" PRId64 " frames, %.3g frames/s, %.3g steps/s, ", done, frames,
                  (double)done / elapsed, run.steps_done / elapsed);
    if (run.imbalance > 1.005) (void)fprintf(progress->out, "imbalance %.2f, ", run.imbalance);
    if (done < frames) {
        (void)fprintf(progress->out, "%s left", left);
    } else {
        progress_duration(elapsed, left, sizeof left);
        (void)fprintf(progress->out, "done in %s", elapsed < 10.0 ? "" : left);
        if (elapsed < 10.0) (void)fprintf(progress->out, "%.2f s", elapsed);
    }
}

static void print_bar(Progress *progress, int64_t done, int64_t frames) {
    const int filled = (int)(BAR_CELLS * done / frames);
    (void)fputs("\r[", progress->out);
    for (int i = 0; i < BAR_CELLS; i++) (void)fputc(i < filled ? '#' : '.', progress->out);
    (void)fputs("] ", progress->out);
}

void progress_show(Progress *progress, RunProgress run) {
    const int64_t done = run.frames_done, frames = run.frames;
    const double time = steady_seconds(), elapsed = fmax(time - progress->start, 1e-6);
    const double due = progress->kind == PROGRESS_BAR ? BAR_EVERY_S : progress->every_s;
    const bool last = done >= frames;
    if (progress->kind == PROGRESS_NONE || frames == 0) return;
    if (!last && (time - progress->shown < due || (done == 0 && progress->kind == PROGRESS_LINES))) {
        if (progress->shown == 0.0) progress->shown = time;
        return;
    }
    progress->shown = time;
    if (progress->kind == PROGRESS_BAR) print_bar(progress, done, frames);
    print_state(progress, run, elapsed);
    (void)fputs(progress->kind == PROGRESS_BAR && !last ? "   " : "\n", progress->out);
    (void)fflush(progress->out);
}
