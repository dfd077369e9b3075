#include "commands/commands.h"

#include "base/build_info.h"
#include "commands/nanobragg_report.h"
#include "commands/plan_report.h"
#include "commands/progress.h"
#include "commands/progress_file.h"
#include "commands/run_profile.h"
#include "commands/trace_file.h"
#include "formats/image_header.h"
#include "nanobragg/nanobragg_differences.h"
#include "nanobragg/nanobragg_options.h"
#include "parameters/file_look.h"
#include "run/simulate.h"
#include "shared/command_line.h"
#include "shared/file_roles.h"
#include "shared/help.h"
#include "shared/standard_streams.h"
#include "shared/stop_signal.h"
#include "team/agree.h"
#include "team/frame_queue.h"
#include "team/team.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What rank 0 prints while the run goes on. */
typedef struct Screen {
    FILE *out;
    const Parameters *parameters;
    Progress progress;
    ProgressFile file;
    bool as_nanobragg;
    const Experiment *experiment; /* while it is there */
} Screen;

/* The progress file is written by one at a time: the thread that ends the process keeps it. */
static pthread_mutex_t progress_mutex = PTHREAD_MUTEX_INITIALIZER;

static void print_notes(FILE *out, const Notes *notes) {
    for (int i = 0; i < notes->count; i++) (void)fprintf(out, "note: %s\n", notes->text[i]);
}

static Status announce(void *context, const Experiment *experiment, const Plan *plan, Range slice, const Notes *notes) {
    Screen *screen = context;
    screen->experiment = experiment;
    const Parameters *p = screen->parameters;
    if (p->run_verbosity != VERBOSITY_QUIET) {
        Notes differences = {.count = 0};
        if (screen->as_nanobragg) nanobragg_note_differences(p, experiment, &differences);
        print_notes(screen->out, notes);
        print_notes(screen->out, &differences);
        const bool detailed = p->run_verbosity == VERBOSITY_VERBOSE;
        plan_report(screen->out, experiment, plan, slice, NULL, detailed);
        (void)fflush(screen->out);
    }
    const ProgressKind kind = p->run_verbosity == VERBOSITY_QUIET ? PROGRESS_NONE : (ProgressKind)p->run_progress;
    screen->file = progress_file_start(p, plan->request.ranks);
    screen->progress = progress_start(screen->out, kind, p->run_report_every_s);
    return trace_file_write(p, experiment, slice.begin);
}

static void report(void *context, RunProgress progress) {
    Screen *screen = context;
    progress_show(&screen->progress, progress);
    (void)pthread_mutex_lock(&progress_mutex);
    progress_file_show(&screen->file, progress);
    (void)pthread_mutex_unlock(&progress_mutex);
    const bool ends = progress.frames_done == progress.frames;
    char text[OUTLOOK_TEXT_BYTES];
    if (!ends || !outlook_dark(screen->experiment, progress.result, text)) return;
    (void)fflush(screen->out);
    (void)fprintf(stderr, "tessera: %s: %s\n", screen->as_nanobragg ? "note" : "warning", text);
}

/* Where the main thread has said its last word, this one is not needed. */
static void end_at_once(void *context, const Status *status) {
    Screen *screen = context;
    (void)pthread_mutex_lock(&progress_mutex);
    progress_file_end(&screen->file, status);
    (void)fprintf(stderr, "tessera: error: %s\n", status->message);
}

static void show_first_image(void *context, const Parameters *parameters, const Experiment *experiment, int64_t frame,
                             const float *image, const NanobraggReport *report_of_image) {
    const Screen *screen = context;
    if (nanobragg_files_print_pixels(parameters))
        nanobragg_report_pixels(screen->out, parameters, experiment, frame, image);
    if (screen->as_nanobragg && parameters->run_verbosity != VERBOSITY_QUIET)
        nanobragg_report(screen->out, parameters, experiment, report_of_image);
    (void)fflush(screen->out);
}

static bool is_help(const char *argument) {
    return strcmp(argument, "-h") == 0 || strcmp(argument, "-help") == 0;
}

static const char *run_file_of(int argc, char **argv, bool as_nanobragg) {
    return !as_nanobragg && argc > 0 && argv[0][0] != '-' ? argv[0] : NULL;
}

/* On rank 0: reads the arguments; @p only_help when there is nothing to run. */
static Status read_arguments(int argc, char **argv, bool as_nanobragg, FILE *out, Parameters **parameters, Notes *notes,
                             InputLooks *looks, bool *only_help) {
    CommandLine line = {.help = false};
    int used = 0;
    for (int i = 1; as_nanobragg && i < argc; i++) *only_help = *only_help || is_help(argv[i]);
    if (*only_help) {
        options_print(&help_nanobragg_options, out);
        return status_ok();
    }
    TRY(parameters_create(parameters));
    if (as_nanobragg) TRY(nanobragg_parse(argc - 1, argv + 1, *parameters, &used, notes));
    TRY(command_line_read(argc - 1 - used, argv + 1 + used, !as_nanobragg, *parameters, &line));
    if (line.ranks > 0 || line.simulated_ranks > 0)
        return status_error(STATUS_BAD_PARAMETER, "command line: %s is for tessera plan; mpirun -n N starts N ranks",
                            line.ranks > 0 ? "--ranks" : "--simulate-ranks");
    *only_help = line.help;
    if (!line.help) {
        const Parameters *p = *parameters;
        TRY(file_roles_check_run(*parameters, run_file_of(argc - 1, argv + 1, as_nanobragg)));
        if (*p->run_output != '\0') TRY(file_look_at_inputs(p, looks));
        TRY(trace_file_check(p, as_nanobragg || p->run_overwrite || p->run_resume));
        return image_header_import(*parameters, notes);
    }
    if (as_nanobragg) {
        options_print(&help_nanobragg_options, out);
        return status_ok();
    }
    if (*line.help_section != '\0') return help_parameters(out, line.help_section);
    help_run(out, &command_line_of_simulate);
    return status_ok();
}

static Status run(Team team, int argc, char **argv, bool as_nanobragg, const volatile int *stop, FILE *out) {
    Parameters *parameters = NULL;
    char *text = NULL;
    bool only_help = false;
    InputLooks looks = {.row = {{.node = 0}}};
    Notes notes = {.count = 0};
    Timeline timeline = timeline_start(false);
    FILE *trace = NULL;
    Status status = status_ok();
    if (team.rank == 0) status = read_arguments(argc, argv, as_nanobragg, out, &parameters, &notes, &looks, &only_help);
    if (team.rank == 0 && status_is_ok(status)) status = command_line_text(argc, argv, &text);
    if (team.rank == 0 && status_is_ok(status) && !only_help)
        status =
            run_profile_open(parameters, as_nanobragg || parameters->run_overwrite || parameters->run_resume, &trace);
    status = agree(team, status);
    team_broadcast(team, 0, &only_help, sizeof only_help);
    bool keeps_events = trace != NULL;
    team_broadcast(team, 0, &keeps_events, sizeof keeps_events);
    timeline.keeps_events = keeps_events;
    if (status_is_ok(status) && !only_help) {
        Screen screen = {.out = out, .parameters = parameters, .as_nanobragg = as_nanobragg};
        status = simulate(team, (SimulateRequest){.parameters = parameters,
                                                  .replaces_files = as_nanobragg,
                                                  .notes = &notes,
                                                  .command_line = text,
                                                  .looks = &looks,
                                                  .build = build_info(),
                                                  .announce = announce,
                                                  .progress = report,
                                                  .first_image = show_first_image,
                                                  .stopped_at_once = end_at_once,
                                                  .context = &screen,
                                                  .timeline = &timeline,
                                                  .stop = stop});
        if (team.rank == 0) progress_end(&screen.progress);
        if (team.rank == 0) progress_file_end(&screen.file, &status);
        status = status_first(status, run_profile_finish(team, parameters, &timeline, trace, out));
    }
    timeline_free(&timeline);
    free(text);
    parameters_destroy(&parameters);
    return status;
}

Status command_simulate(int argc, char **argv, bool as_nanobragg, FILE *out, bool *reports) {
    Team team;
    Status status = team_start(&team);
    const volatile int *stop = stop_signal_catch(STOP_BY_WAVES);
    *reports = team.rank == 0;
    if (!status_is_ok(status)) return status;
    status = run(team, argc, argv, as_nanobragg, stop, out);
    const Status printed = team.rank == 0 ? standard_streams_check_output(true) : status_ok();
    return status_first(status, agree(team, printed));
}
