#include "commands.h"

#include "command_line.h"
#include "help.h"
#include "image_header.h"
#include "plan_report.h"
#include "simulate.h"

#include <omp.h>

static Status plan_and_report(const Parameters *parameters, int ranks, FILE *out, Notes *notes) {
    Experiment *experiment = NULL;
    Plan plan;
    Range slice;
    TRY(experiment_create(parameters, &experiment, notes));
    const Status status = simulate_plan(parameters, experiment, ranks, omp_get_max_threads(), &plan, &slice, notes);
    if (status_is_ok(status)) {
        for (int i = 0; i < notes->count; i++) (void)fprintf(out, "note: %s\n", notes->text[i]);
        plan_report(out, experiment, &plan, true);
    }
    experiment_destroy(&experiment);
    return status;
}

static Status read_and_plan(int argc, char **argv, Parameters *parameters, FILE *out) {
    CommandLine line;
    Notes notes = {.count = 0};
    TRY(command_line_read(argc - 1, argv + 1, true, parameters, &line));
    if (line.help) {
        if (*line.help_section == '\0') help_commands(out);
        return help_parameters(out, line.help_section);
    }
    TRY(image_header_import(parameters, &notes));
    return plan_and_report(parameters, line.ranks > 0 ? line.ranks : 1, out, &notes);
}

Status command_plan(int argc, char **argv, FILE *out) {
    Parameters *parameters = NULL;
    TRY(parameters_create(&parameters));
    const Status status = read_and_plan(argc, argv, parameters, out);
    parameters_destroy(&parameters);
    return status;
}
