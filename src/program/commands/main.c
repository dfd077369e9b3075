#include "base/build_info.h"
#include "base/large_memory.h"
#include "base/text.h"
#include "benchmark/benchmark_artifacts.h"
#include "commands/command_table.h"
#include "commands/commands.h"
#include "commands/completion.h"
#include "commands/manual.h"
#include "kernels/device_code.h"
#include "kernels/device_driver.h"
#include "shared/file_roles.h"
#include "shared/help.h"
#include "shared/standard_streams.h"
#include "shared/stop_signal.h"
#include "shared/thread_limits.h"
#include "team/launcher.h"
#include "team/team.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under a launcher a serial command runs once, on the first process. */
static bool is_first_process(void) {
    return launcher_find().rank == 0;
}

static Status unknown_command(const char *command) {
    int count;
    const Command *table = command_table(&count);
    TextNearest nearest = text_nearest_to(command);
    char remedy[TEXT_REMEDY_BYTES];
    for (int i = 0; i < count; i++) text_nearest_try(&nearest, table[i].name);
    text_nearest_remedy(&nearest, "tessera --help lists them", remedy);
    return status_error(STATUS_BAD_PARAMETER, "there is no command \"%.60s\"%s", command, remedy);
}

static void print_file_roles(FILE *out) {
    file_roles_print(out);
    benchmark_artifacts_print_roles(out);
}

/* What is written from the tables. */
static const struct {
    const char *name;
    void (*print)(FILE *out);
} documents[] = {{"--parameters-markdown", help_markdown},
                 {"--man", manual_print},
                 {"--bash-completion", completion_print},
                 {"--file-roles", print_file_roles}};

/* What run.device has to choose from. */
static Status print_devices(FILE *out) {
    DeviceDriver driver;
    TRY(device_driver_open(&driver));
    Status status = status_ok();
    for (int i = 0; i < driver.devices && status_is_ok(status); i++) {
        DeviceFacts facts;
        status = device_driver_facts(&driver, i, &facts);
        if (!status_is_ok(status)) break;
        (void)fprintf(out, "device %d: %s, %.0f GiB, %d processors, sm_%d, CUDA %d.%d\n", i, facts.name,
                      (double)facts.memory_bytes / 1073741824.0, facts.processors, facts.capability,
                      facts.driver_version / 1000, facts.driver_version % 1000 / 10);
    }
    device_driver_close(&driver);
    return status;
}

/* Whether a word is one of those with blanks between. */
static bool is_one_of(const char *word, const char *words) {
    for (size_t length = strcspn(words, " "); length > 0; length = strcspn(words, " ")) {
        if (strlen(word) == length && strncmp(word, words, length) == 0) return true;
        words += length;
        words += *words == ' ';
    }
    return false;
}

static Status serial_command(int argc, char **argv) {
    const char *command = argv[0];
    int count;
    const Command *table = command_table(&count);
    for (int i = 0; i < count; i++)
        if (strcmp(command, table[i].name) == 0) return table[i].run(argc, argv, stdout);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        if (strcmp(command, documents[i].name) == 0) {
            documents[i].print(stdout);
            return status_ok();
        }
    if (is_one_of(command, "--help -h -help help")) {
        command_table_print(stdout);
        return status_ok();
    }
    if (is_one_of(command, "--version -V -v version")) {
        const BuildInfo build = build_info();
        const char *device = device_code_compiler();
        (void)printf("tessera %s (%.12s%s, %s, %s, %s%s)\n", build.version, build.git_revision,
                     build.git_dirty ? "+" : "", build.compiler, build.build_type,
                     device == NULL ? "no code for devices" : "code for devices by ", device == NULL ? "" : device);
        return status_ok();
    }
    if (strcmp(command, "--devices") == 0) return print_devices(stdout);
    return unknown_command(command);
}

/* Which failures have one remedy, whatever they came of. */
static const char *remedy_of(StatusCode code) {
    return code == STATUS_NO_MEMORY ? " (ask for more memory, or for fewer ranks on a node)" : "";
}

int main(int argc, char **argv) {
    if (!standard_streams_guard()) return status_exit_code(STATUS_OUTPUT_FAILED);
    stop_signal_prepare();
    large_memory_prepare_heap();
    if (argc < 2) {
        if (is_first_process()) command_table_print(stderr);
        return status_exit_code(STATUS_BAD_PARAMETER);
    }
    char help[] = "--help";
    if (argc == 3 && strcmp(argv[1], "help") == 0) { /* "help plan" is "plan --help" */
        argv[1] = argv[2];
        argv[2] = help;
    }
    Status status = status_ok();
    bool reports = is_first_process();
    const bool as_nanobragg = strcmp(argv[1], "nanobragg") == 0;
    (void)thread_limits_heed_quota();
    if (argv[1][0] != '-') status = thread_limits_check_stacks();
    if (status_is_ok(status) && (as_nanobragg || strcmp(argv[1], "simulate") == 0))
        status = command_simulate(argc - 1, argv + 1, as_nanobragg, stdout, &reports);
    else if (status_is_ok(status) && reports) {
        status = serial_command(argc - 1, argv + 1);
        if (status_is_ok(status)) status = standard_streams_check_output(command_makes_files(argv[1]));
    }
    if (!status_is_ok(status) && reports)
        (void)fprintf(stderr, "tessera: error: %s%s\n", status.message, remedy_of(status.code));
    /* only now: a rank that has ended with a failure makes the launcher kill the others, this message and all */
    (void)fflush(NULL);
    team_end();
    return status_exit_code(status.code);
}
