#include "commands/progress.h"

#include "base/clocks.h"
#include "team/launcher.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_UNKNOWN = 80, COLUMNS_LEAST = 10, COLUMNS_MOST = 400, PART_BYTES = 64, BAR_CELLS_MOST = 30 };
static const double BAR_EVERY_S = 0.2, SILENCE_S = 10.0;

/* Of a frame: less tells nothing of the time. */
static const double PART_LEAST = 0.01;

Progress progress_start(FILE *out, ProgressKind kind, double every_s) {
    if (kind == PROGRESS_AUTO)
        kind = isatty(fileno(out)) && !launcher_is_there(launcher_find()) ? PROGRESS_BAR : PROGRESS_LINES;
    return (Progress){.out = out, .kind = kind, .every_s = every_s, .start = clocks_steady_s(), .shown = 0.0};
}

void progress_duration(double seconds, char *text, size_t bytes) {
    const double year_s = 3.15576e7;
    if (!(seconds < year_s)) {
        (void)snprintf(text, bytes, isfinite(seconds) ? "%.3g years" : "unknown", seconds / year_s);
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

double progress_seconds_left(RunProgress run, double elapsed_s) {
    const double done = fmax(run.frames_in_part, (double)run.frames_done);
    if (run.frames_done >= run.frames) return 0.0;
    return done >= PART_LEAST ? elapsed_s * ((double)run.frames - done) / done : (double)INFINITY;
}

/* What a line is made of, each "" where there is nothing to say. */
typedef struct Parts {
    char bar[2][PART_BYTES]; /* a long and a short one */
    char frames[2][PART_BYTES];
    char frame[PART_BYTES]; /* in work, when no frame has been finished for long */
    char silence[PART_BYTES], rate[PART_BYTES], steps[PART_BYTES], imbalance[PART_BYTES];
    char left[2][PART_BYTES];
} Parts;

static void fill_bar(RunProgress run, int cells, char *text) {
    const double done = fmax(run.frames_in_part, (double)run.frames_done);
    const int filled = (int)(cells * done / (double)run.frames);
    text[0] = '[';
    for (int i = 0; i < cells; i++) text[1 + i] = i < filled ? '#' : '.';
    memcpy(text + 1 + cells, "] ", 3);
}

static void fill_times(RunProgress run, double elapsed_s, Parts *parts) {
    char time[40];
    const bool ends = run.frames_done >= run.frames;
    const double left_s = progress_seconds_left(run, elapsed_s);
    progress_duration(ends ? elapsed_s : left_s, time, sizeof time);
    if (ends && elapsed_s < 10.0) (void)snprintf(time, sizeof time, "%.2f s", elapsed_s);
    if (!ends && isinf(left_s)) return;
    (void)snprintf(parts->left[0], PART_BYTES, ends ? ", done in %s" : ", %s left", time);
    (void)snprintf(parts->left[1], PART_BYTES, " %s", time);
}

static void fill_parts(RunProgress run, double elapsed_s, Parts *parts) {
    const bool is_silent = run.silent_s >= SILENCE_S && run.frames_done < run.frames;
    fill_bar(run, BAR_CELLS_MOST, parts->bar[0]);
    fill_bar(run, BAR_CELLS_MOST / 3, parts->bar[1]);
    (void)snprintf(parts->frames[0], PART_BYTES, "%" PRId64 "/%" PRId64 " frames", run.frames_done, run.frames);
    (void)snprintf(parts->frames[1], PART_BYTES, "%" PRId64 "/%" PRId64, run.frames_done, run.frames);
    if (is_silent) {
        char time[40];
        progress_duration(run.silent_s, time, sizeof time);
        (void)snprintf(parts->silence, PART_BYTES, ", none done for %s", time);
        (void)snprintf(parts->frame, PART_BYTES, "frame %" PRId64 ": %.0f %%", run.frame, floor(100.0 * run.fraction));
        if (run.frame < 0) (void)snprintf(parts->frame, PART_BYTES, "other ranks");
    } else if (run.frames_done > 0) {
        (void)snprintf(parts->rate, PART_BYTES, ", %.3g frames/s", (double)run.frames_done / elapsed_s);
        (void)snprintf(parts->steps, PART_BYTES, ", %.3g steps/s", run.steps_done / elapsed_s);
        if (run.imbalance > 1.005) (void)snprintf(parts->imbalance, PART_BYTES, ", imbalance %.2f", run.imbalance);
    }
    fill_times(run, elapsed_s, parts);
}

/* The line at a level of brevity, 0 being all. */
static int print_level(const Parts *p, bool has_bar, int level, char *text, size_t bytes) {
    const bool is_silent = *p->frame != '\0';
    const char *bar = !has_bar || level > (is_silent ? 5 : 4) ? "" : p->bar[level >= 3];
    if (level < 7)
        return snprintf(text, bytes, "%s%s%s%s%s%s%s%s%s", bar, p->frames[0], level < 4 ? p->rate : "",
                        level < 1 ? p->steps : "", level < 4 ? p->silence : "", level < 2 ? p->imbalance : "",
                        is_silent ? ", " : "", p->frame, !is_silent || level < 5 ? p->left[0] : "");
    if (is_silent && level < 9) return snprintf(text, bytes, "%s %s", level < 8 ? p->frames[1] : "", p->frame);
    return snprintf(text, bytes, "%s%s", p->frames[1], level < 9 ? p->left[1] : "");
}

void progress_line(RunProgress run, double elapsed_s, bool has_bar, int columns, char *text) {
    enum { LEVELS = 10 };
    Parts parts = {.frame = ""};
    fill_parts(run, elapsed_s, &parts);
    for (int level = 0; level < LEVELS; level++)
        if (print_level(&parts, has_bar, level, text, (size_t)columns + 1) <= columns) return;
}

/* Of the terminal as it is now; the last column stays free, as a character there may begin a new line. */
static int columns_of(FILE *out) {
    struct winsize size;
    int columns = COLUMNS_UNKNOWN;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) columns = size.ws_col;
    columns = columns < COLUMNS_MOST ? columns - 1 : COLUMNS_MOST;
    return columns > COLUMNS_LEAST ? columns : COLUMNS_LEAST;
}

/* Over the bar that stands there; a window that has become smaller has wrapped what was longer. */
static void print_bar(Progress *progress, RunProgress run, double elapsed_s, bool last) {
    const int columns = columns_of(progress->out);
    char text[COLUMNS_MOST + 1];
    progress_line(run, elapsed_s, true, columns, text);
    const int length = (int)strlen(text), before = progress->columns < columns ? progress->columns : columns;
    (void)fprintf(progress->out, "\r%s%*s%s", text, before > length ? before - length : 0, "", last ? "\n" : "");
    progress->columns = last ? 0 : length;
}

static bool is_due(const Progress *progress, RunProgress run, double time) {
    const bool is_bar = progress->kind == PROGRESS_BAR;
    if (run.frames_done >= run.frames) return true;
    if (time - progress->shown < (is_bar ? BAR_EVERY_S : progress->every_s)) return false;
    if (is_bar) return true;
    if (run.silent_s > 0.0) return run.silent_s >= SILENCE_S;
    return run.frames_done > 0;
}

void progress_show(Progress *progress, RunProgress run) {
    const double time = clocks_steady_s(), elapsed_s = fmax(time - progress->start, 1e-6);
    if (progress->kind == PROGRESS_NONE || run.frames == 0) return;
    if (!is_due(progress, run, time)) {
        if (progress->shown == 0.0) progress->shown = time;
        return;
    }
    progress->shown = time;
    if (progress->kind == PROGRESS_BAR) {
        print_bar(progress, run, elapsed_s, run.frames_done >= run.frames);
    } else {
        char text[COLUMNS_MOST + 1];
        progress_line(run, elapsed_s, false, COLUMNS_MOST, text);
        (void)fprintf(progress->out, "%s\n", text);
    }
    (void)fflush(progress->out);
}

void progress_end(Progress *progress) {
    if (progress->out == NULL || progress->columns == 0) return;
    progress->columns = 0;
    (void)fputs("\n", progress->out);
    (void)fflush(progress->out);
}
