#include "commands.h"

#include "agree.h"
#include "ancestor.h"
#include "build_info.h"
#include "command_line.h"
#include "help.h"
#include "plan_report.h"
#include "progress.h"
#include "simulate.h"

#include <inttypes.h>
#include <mpi.h>
#include <signal.h>
#include <stdlib.h>

/* The one thing that a signal may touch. */
static volatile sig_atomic_t stop_requested = 0;

static void request_stop(int number) {
    (void)number;
    stop_requested = 1;
}

static void catch_signals(void) {
    struct sigaction action = {.sa_handler = request_stop};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGUSR1, &action, NULL);
    (void)sigaction(SIGUSR2, &action, NULL);
}

/* What rank 0 prints while the run goes on. */
typedef struct Screen {
    FILE *out;
    const Parameters *parameters;
    Progress progress;
} Screen;

static void announce(void *context, const Experiment *experiment, const Plan *plan, const Notes *notes) {
    Screen *screen = context;
    const Parameters *p = screen->parameters;
    if (p->run_verbosity != VERBOSITY_QUIET) {
        for (int i = 0; i < notes->count; i++) (void)fprintf(screen->out, "note: %s\n", notes->text[i]);
        plan_report(screen->out, experiment, plan, p->run_verbosity == VERBOSITY_VERBOSE);
        (void)fflush(screen->out);
    }
    const ProgressKind kind = p->run_verbosity == VERBOSITY_QUIET ? PROGRESS_NONE : (ProgressKind)p->run_progress;
    screen->progress = progress_start(screen->out, kind, p->run_report_every_s);
}

static void report(void *context, int64_t frames_done, int64_t frames, double steps_done) {
    progress_show(&((Screen *)context)->progress, frames_done, frames, steps_done);
}

/* On rank 0: reads the arguments; @p only_help when there is nothing to run. */
static Status read_arguments(int argc, char **argv, bool as_ancestor, FILE *out, Parameters **parameters,
                             bool *only_help) {
    CommandLine line = {.help = false};
    int used = 0;
    *only_help = as_ancestor && argc == 2 && argv[1][0] == '-' && argv[1][1] == 'h';
    if (*only_help) {
        help_ancestor(out);
        return status_ok();
    }
    TRY(parameters_create(parameters));
    if (as_ancestor) TRY(ancestor_parse(argc - 1, argv + 1, *parameters, &used));
    TRY(command_line_read(argc - 1 - used, argv + 1 + used, !as_ancestor, *parameters, &line));
    *only_help = line.help;
    if (!line.help) return status_ok();
    if (as_ancestor) {
        help_ancestor(out);
        return status_ok();
    }
    if (*line.help_section == '\0') help_commands(out);
    return help_parameters(out, line.help_section);
}

static Status run(int rank, int argc, char **argv, bool as_ancestor, FILE *out) {
    Parameters *parameters = NULL;
    char *text = NULL;
    bool only_help = false;
    Status status = status_ok();
    if (rank == 0) status = read_arguments(argc, argv, as_ancestor, out, &parameters, &only_help);
    if (rank == 0 && status_is_ok(status)) status = command_line_text(argc, argv, &text);
    status = agree(MPI_COMM_WORLD, status);
    MPI_Bcast(&only_help, (int)sizeof only_help, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (status_is_ok(status) && !only_help) {
        Screen screen = {.out = out, .parameters = parameters};
        status = simulate(MPI_COMM_WORLD, (SimulateRequest){.parameters = parameters,
                                                            .replaces_float_file = as_ancestor,
                                                            .command_line = text,
                                                            .build = build_info(),
                                                            .announce = announce,
                                                            .progress = report,
                                                            .context = &screen,
                                                            .stop = &stop_requested});
    }
    free(text);
    parameters_destroy(&parameters);
    return status;
}

Status command_simulate(int argc, char **argv, bool as_ancestor, FILE *out, bool *reports) {
    int provided = 0, rank = 0;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    catch_signals();
    *reports = rank == 0;
    const Status status = run(rank, argc, argv, as_ancestor, out);
    (void)fflush(out);
    MPI_Finalize();
    return status;
}
