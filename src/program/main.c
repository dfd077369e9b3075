#include "build_info.h"
#include "command_benchmark.h"
#include "command_compare.h"
<<<<<<< HEAD
#include "command_compress.h"
#include "command_describe.h"
#include "command_export.h"
=======
#include "command_describe.h"
>>>>>>> 4a59a63 (Describe what a file holds, and print the run file that renders it again)
#include "command_merge.h"
#include "commands.h"
#include "help.h"
#include "launcher.h"
#include "team.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under a launcher a serial command runs once, on the first process. */
static bool is_first_process(void) {
    return launcher_find().rank == 0;
}

static Status unknown_command(const char *command) {
<<<<<<< HEAD
    static const char *const names[] = {"simulate", "plan",   "nanobragg", "compare",
                                        "describe", "export", "compress",  "benchmark"};
    static const char *const names[] = {"simulate", "plan", "nanobragg", "compare", "merge", "benchmark"};
=======
    static const char *const names[] = {"simulate", "plan", "nanobragg", "compare", "merge", "describe", "benchmark"};
>>>>>>> 4a59a63 (Describe what a file holds, and print the run file that renders it again)
    TextNearest nearest = text_nearest_to(command);
    char remedy[TEXT_REMEDY_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) text_nearest_try(&nearest, names[i]);
    text_nearest_remedy(&nearest, "tessera --help lists them", remedy);
    return status_error(STATUS_BAD_PARAMETER, "there is no command \"%.60s\"%s", command, remedy);
}

static Status serial_command(int argc, char **argv) {
    const char *command = argv[0];
    if (strcmp(command, "compare") == 0) return command_compare(argc, argv, stdout);
    if (strcmp(command, "describe") == 0) return command_describe(argc, argv, stdout);
    if (strcmp(command, "export") == 0) return command_export(argc, argv, stdout);
    if (strcmp(command, "compress") == 0) return command_compress(argc, argv, stdout);
    if (strcmp(command, "merge") == 0) return command_merge(argc, argv, stdout);
    if (strcmp(command, "describe") == 0) return command_describe(argc, argv, stdout);
    if (strcmp(command, "benchmark") == 0) return command_benchmark(argc, argv, stdout);
    if (strcmp(command, "plan") == 0) return command_plan(argc, argv, stdout);
    if (strcmp(command, "--parameters-markdown") == 0) {
        help_markdown(stdout);
        return status_ok();
    }
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0 || strcmp(command, "help") == 0) {
        help_commands(stdout);
        return status_ok();
    }
    if (strcmp(command, "--version") == 0) {
        const BuildInfo build = build_info();
        (void)printf("tessera %s (%.12s%s, %s, %s)\n", build.version, build.git_revision, build.git_dirty ? "+" : "",
                     build.compiler, build.build_type);
        return status_ok();
    }
    return unknown_command(command);
}

/* What a serial command prints is all that it does. */
static Status check_printed(void) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "the standard output cannot be written: %s", strerror(errno));
}

int main(int argc, char **argv) {
    if (argc < 2) {
        if (is_first_process()) help_commands(stderr);
        return status_exit_code(STATUS_BAD_PARAMETER);
    }
    Status status = status_ok();
    bool reports = is_first_process();
    const bool as_ancestor = strcmp(argv[1], "nanobragg") == 0;
    if (as_ancestor || strcmp(argv[1], "simulate") == 0)
        status = command_simulate(argc - 1, argv + 1, as_ancestor, stdout, &reports);
    else if (reports) {
        status = serial_command(argc - 1, argv + 1);
        if (status_is_ok(status)) status = check_printed();
    }
    if (!status_is_ok(status) && reports) (void)fprintf(stderr, "tessera: error: %s\n", status.message);
    /* only now: a rank that has ended with a failure makes the launcher kill the others, this message and all */
    (void)fflush(NULL);
    team_end();
    return status_exit_code(status.code);
}
