#include "commands/commands.h"

#include "commands/forecast_report.h"
#include "commands/plan_report.h"
#include "formats/image_header.h"
#include "hdf5/sweep_files.h"
#include "run/simulate.h"
#include "run/trial_frames.h"
#include "setup/frames.h"
#include "shared/command_line.h"
#include "shared/file_roles.h"
#include "shared/help.h"
#include "shared/thread_limits.h"

#include <math.h>
#include <omp.h>
#include <time.h>

/* CPU time of this process, which has read and made what a run reads and makes. */
static double own_seconds(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The plan, what it takes, and with --simulate-ranks what each wave would do. */
static Status report_plan(const Parameters *parameters, const Experiment *experiment, const Plan *plan, Range slice,
                          bool simulated, FILE *out) {
    const double start_s = own_seconds(), threads = (double)plan->request.ranks * plan->request.threads;
    const double steps = experiment_steps(experiment, slice.begin, slice.end);
    double bytes = plan_report_bytes_of_images(experiment, plan);
    TrialFrames trial;
    trial_frames(experiment, plan, slice, &trial);
    const PlanTime time = plan_report_time(experiment, plan, slice, &trial, start_s);
    const bool detailed = parameters->run_verbosity == VERBOSITY_VERBOSE || simulated;
    plan_report_physics(out, experiment, &trial);
    plan_report(out, experiment, plan, slice, &time, detailed);
    const double seconds = time.frames_s / threads;
    const ForecastRun run = {parameters, experiment, plan, slice, seconds, bytes};
    if (*parameters->run_output != '\0') bytes = forecast_writer(out, &run);
    forecast_warn(out, parameters, seconds, bytes);
    return simulated ? forecast_report(out, &run, time.frames_s / fmax(steps, 1.0), bytes) : status_ok();
}

static Status plan_and_report(const Parameters *parameters, const CommandLine *line, FILE *out, Notes *notes) {
    const bool simulated = line->simulated_ranks > 0;
    const int ranks = (int)(simulated ? line->simulated_ranks : line->ranks > 0 ? line->ranks : 1);
    Experiment *experiment = NULL;
    Plan plan;
    Range slice;
    TRY(sweep_files_experiment(parameters, &experiment, notes));
    Status status = simulate_plan(parameters, experiment, ranks, omp_get_max_threads(), &plan, &slice, notes);
    const int quota = thread_limits_heed_quota();
    if (quota > 0)
        notes_add(notes, "threads: %d, the quota of cores of this control group; OMP_NUM_THREADS overrides it", quota);
    if (status_is_ok(status)) {
        for (int i = 0; i < notes->count; i++) (void)fprintf(out, "note: %s\n", notes->text[i]);
        status = report_plan(parameters, experiment, &plan, slice, simulated, out);
    }
    experiment_destroy(&experiment);
    return status;
}

static Status read_and_plan(int argc, char **argv, Parameters *parameters, FILE *out) {
    CommandLine line;
    Notes notes = {.count = 0};
    TRY(command_line_read(argc - 1, argv + 1, true, parameters, &line));
    if (line.help) {
        if (*line.help_section != '\0') return help_parameters(out, line.help_section);
        help_run(out, &command_line_of_plan);
        return status_ok();
    }
    TRY(file_roles_check_run(parameters, argc > 1 && argv[1][0] != '-' ? argv[1] : NULL));
    TRY(image_header_import(parameters, &notes));
    return plan_and_report(parameters, &line, out, &notes);
}

Status command_plan(int argc, char **argv, FILE *out) {
    Parameters *parameters = NULL;
    TRY(parameters_create(&parameters));
    const Status status = read_and_plan(argc, argv, parameters, out);
    parameters_destroy(&parameters);
    return status;
}
