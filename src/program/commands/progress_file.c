#include "commands/progress_file.h"

#include "base/clocks.h"
#include "base/new_file.h"
#include "base/text.h"
#include "commands/progress.h"
#include "shared/json_writer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double EVERY_S = 1.0, BETWEEN_WAVES_S = 10.0;

ProgressFile progress_file_start(const Parameters *parameters, int ranks) {
    ProgressFile file = {
        .path = "", .ranks = ranks, .started_s = clocks_steady_s(), .written_s = -INFINITY, .last = {.frame = -1}};
    if (parameters->run_progress == PROGRESS_NONE || *parameters->run_output == '\0') return file;
    (void)snprintf(file.path, sizeof file.path, "%s.progress.json", parameters->run_output);
    (void)snprintf(file.next, sizeof file.next, "%s.progress.json.new", parameters->run_output);
    return file;
}

static void print_time(JsonWriter *json, const char *name) {
    char text[32] = "";
    const time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) != NULL) (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    json_put_text(json, name, text);
}

static void print_state(FILE *out, const ProgressFile *file, const char *state, const char *message) {
    const RunProgress *p = &file->last;
    const double elapsed_s = clocks_steady_s() - file->started_s, done = (double)p->frames_done;
    JsonWriter json = {.file = out};
    json_open_group(&json, NULL, '{');
    json_put_text(&json, "state", state);
    if (message != NULL) json_put_text(&json, "message", message);
    json_put_integer(&json, "frames_done", p->frames_done);
    json_put_integer(&json, "frames", p->frames);
    json_put_number(&json, "elapsed_s", elapsed_s);
    json_put_number(&json, "remaining_s", progress_seconds_left(*p, elapsed_s)); /* infinite: null */
    json_put_number(&json, "silent_s", p->silent_s);
    json_put_number(&json, "frame", p->frame >= 0 ? (double)p->frame : (double)NAN);
    json_put_number(&json, "frame_fraction", p->frame >= 0 ? p->fraction : (double)NAN);
    json_put_number(&json, "frames_per_s", done / elapsed_s);
    json_put_number(&json, "steps_per_s", p->steps_done / elapsed_s);
    json_put_number(&json, "imbalance", p->imbalance);
    json_put_integer(&json, "ranks", file->ranks);
    print_time(&json, "updated");
    json_close_group(&json, '}');
}

static void write_state(ProgressFile *file, const char *state, const char *message) {
    if (file->path[0] == '\0') return;
    FILE *out = new_file_open(file->next);
    if (out == NULL) return;
    print_state(out, file, state, message);
    const bool is_written = !ferror(out);
    if (fclose(out) == 0 && is_written && rename(file->next, file->path) == 0)
        file->written_s = clocks_steady_s();
    else
        (void)unlink(file->next);
}

void progress_file_show(ProgressFile *file, RunProgress progress) {
    file->last = progress;
    const double every_s = progress.silent_s > 0.0 ? BETWEEN_WAVES_S : EVERY_S;
    if (clocks_steady_s() - file->written_s >= every_s) write_state(file, "running", NULL);
}

void progress_file_end(ProgressFile *file, const Status *status) {
    const bool stopped = status->code == STATUS_INTERRUPTED;
    if (status_is_ok(*status))
        write_state(file, "done", NULL);
    else
        write_state(file, stopped ? "stopped" : "failed", status->message);
}
