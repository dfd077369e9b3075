#include "commands/command_merge.h"

#include "base/text.h"
#include "commands/command_line.h"
#include "commands/file_roles.h"
#include "commands/frame_report.h"
#include "commands/stop_signal.h"
#include "merge/merge.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What the command line asks for. */
typedef struct MergeOptions {
    MergeRequest request;
    char output[OUTPUT_PATH_BYTES];
    bool allow_missing, help;
} MergeOptions;

static void print_help(FILE *out) {
    (void)fputs(
        "tessera merge OUT.nxs PART.nxs ... [--frames A:B] [--overwrite] [--allow-missing]: one file over the\n"
        "parts of a sweep\n"
        "  The images of OUT.nxs are virtual: they stay in the parts, which must keep their places beside it.\n"
        "  Frames that no part has complete read as -1 and are named. A part that does not exist is replaced\n"
        "  by its .partial, or named as missing; a frame in several parts is taken from the first of them.\n"
        "  --frames A:B    the master has frames A to B-1 (the whole sweep)\n"
        "  --overwrite     replace OUT.nxs\n"
        "  --allow-missing exit code 0 although frames are missing; without it the file is made and the code is 1\n",
        out);
}

static Status read_frames(const char *text, MergeRequest *request) {
    const char *rest = text;
    request->slice = text_read_integer(text, &request->frames.begin, &rest) && *rest == ':' &&
                     text_read_integer(rest + 1, &request->frames.end, &rest) && *rest == '\0';
    return request->slice ? status_ok()
                          : status_error(STATUS_BAD_PARAMETER, "merge: --frames is \"%.60s\"; it must be A:B", text);
}

static Status unknown_option(const char *argument) {
    char remedy[TEXT_REMEDY_BYTES];
    TextNearest nearest = text_nearest_to(argument);
    text_nearest_try(&nearest, "--frames");
    text_nearest_try(&nearest, "--overwrite");
    text_nearest_try(&nearest, "--allow-missing");
    text_nearest_try(&nearest, "--help");
    text_nearest_remedy(&nearest, "see tessera merge --help", remedy);
    return status_error(STATUS_BAD_PARAMETER, "merge has no option \"%.60s\"%s", argument, remedy);
}

/* The value behind '=', or the next argument. */
static Status value_of(int argc, char **argv, int *i, const char **value) {
    const char *equals = strchr(argv[*i], '=');
    if (equals == NULL && *i + 1 >= argc)
        return status_error(STATUS_BAD_PARAMETER, "merge: %s needs a value", argv[*i]);
    *value = equals != NULL ? equals + 1 : argv[++*i];
    return status_ok();
}

/* @p names  [argc] */
static Status read_arguments(int argc, char **argv, char **names, MergeOptions *options) {
    for (int i = 1; i < argc; i++) {
        const char *value = NULL;
        if (strcmp(argv[i], "--help") == 0)
            options->help = true;
        else if (strcmp(argv[i], "--overwrite") == 0)
            options->request.overwrite = true;
        else if (strcmp(argv[i], "--allow-missing") == 0)
            options->allow_missing = true;
        else if (strcmp(argv[i], "--frames") == 0 || strncmp(argv[i], "--frames=", 9) == 0) {
            TRY(value_of(argc, argv, &i, &value));
            TRY(read_frames(value, &options->request));
        } else if (argv[i][0] == '-')
            return unknown_option(argv[i]);
        else if (options->request.output == NULL)
            options->request.output = argv[i];
        else
            names[options->request.names++] = argv[i];
    }
    options->request.name = names;
    if (options->help || options->request.names > 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "merge needs a name for the master and its parts: tessera merge OUT.nxs "
                                              "PART.nxs ...");
}

static void report(FILE *out, const Merge *merge) {
    const int64_t frames = range_length(merge->frames);
    (void)fprintf(out, "merged     %s: frames %" PRId64 ":%" PRId64 " from %d parts\n", merge->output.complete,
                  merge->frames.begin, merge->frames.end, merge->parts);
    frame_report(out, merge->states, frames, merge->frames.begin);
    for (int i = 0; i < merge->notes.count; i++) (void)fprintf(out, "note: %s\n", merge->notes.text[i]);
}

/* The file is there all the same; a script that looks at the exit code alone must not take it for the whole sweep. */
static Status check_whole(const Merge *merge) {
    const int64_t frames = range_length(merge->frames);
    if (merge->complete == frames) return status_ok();
    return status_error(STATUS_COMPARISON_FAILED,
                        "%" PRId64 " of the %" PRId64 " frames of %.400s are missing and read as -1; render them with "
                        "tessera simulate --frames A:B, or --resume, and merge again, or give --allow-missing",
                        frames - merge->complete, frames, merge->output.complete);
}

/* The files of the request; its output is the file that a link leads to. */
static Status check_files(MergeOptions *options) {
    MergeRequest *request = &options->request;
    TRY(file_list_follow("OUT.nxs", request->output, options->output, sizeof options->output));
    request->output = options->output;
    return file_roles_check_merge(request->output, request->name, request->names);
}

static Status merge_and_report(int argc, char **argv, FILE *out, MergeOptions *options) {
    char *text = NULL;
    Merge merge;
    TRY(check_files(options));
    TRY(command_line_text(argc, argv, &text));
    options->request.command_line = text;
    options->request.build = build_info();
    (void)stop_signal_catch(STOP_AT_ONCE);
    Status status = merge_run(&options->request, &merge);
    if (status_is_ok(status)) {
        report(out, &merge);
        if (!options->allow_missing) status = check_whole(&merge);
    }
    merge_free(&merge);
    free(text);
    return status;
}

Status command_merge(int argc, char **argv, FILE *out) {
    MergeOptions options = {.help = false};
    char **names = calloc((size_t)argc, sizeof *names);
    if (names == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d names", argc);
    Status status = read_arguments(argc, argv, names, &options);
    if (status_is_ok(status) && options.help)
        print_help(out);
    else if (status_is_ok(status))
        status = merge_and_report(argc, argv, out, &options);
    free(names);
    return status;
}
