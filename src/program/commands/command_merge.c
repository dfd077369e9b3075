#include "commands/command_merge.h"

#include "base/text.h"
#include "commands/frame_report.h"
#include "merge/merge.h"
#include "shared/command_line.h"
#include "shared/file_roles.h"
#include "shared/stop_signal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What the command line asks for. */
typedef struct MergeOptions {
    MergeRequest request;
    char output[OUTPUT_PATH_BYTES];
    char **names; /* of the parts */
    bool allow_missing, help;
} MergeOptions;

static Status take_frames(const Option *option, const char *text, void *asked) {
    MergeRequest *request = &((MergeOptions *)asked)->request;
    const char *rest = text;
    request->slice = text_read_integer(text, &request->frames.begin, &rest) && *rest == ':' &&
                     text_read_integer(rest + 1, &request->frames.end, &rest) && *rest == '\0';
    if (request->slice) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "merge: %s is \"%.60s\"; it must be A:B", option->name, text);
}

/* The name of the master, then those of the parts. */
static Status take_name(const Option *option, const char *word, void *asked) {
    MergeOptions *merge = asked;
    (void)option;
    if (merge->request.output == NULL)
        merge->request.output = word;
    else
        merge->names[merge->request.names++] = (char *)word;
    return status_ok();
}

#define FIELD(field) offsetof(MergeOptions, field)
static const Option options[] = {
    {OPTION("--frames", OPTION_TEXT, 0, 0, 0, "A:B", "the master has frames A to B-1 (the whole sweep)"),
     .take = take_frames},
    {OPTION("--overwrite", OPTION_FLAG, 0, 0, FIELD(request.overwrite), "", "replace OUT.nxs")},
    {OPTION("--allow-missing", OPTION_FLAG, 0, 0, FIELD(allow_missing), "",
            "exit code 0 although frames are missing; without it the file is made and the code is 1")},
    {OPTION("--help", OPTION_FLAG, 0, 0, FIELD(help), "", "print this")},
};
const OptionTable command_merge_options = {
    .command = "merge",
    .option = options,
    .options = sizeof options / sizeof *options,
    .before = "tessera merge OUT.nxs PART.nxs ... [--frames A:B] [--overwrite] [--allow-missing]: one file over the\n"
              "parts of a sweep\n\n"
              "The images of OUT.nxs are virtual: they stay in the parts, which must keep their places beside it.\n"
              "Frames that no part has complete read as -1 and are named. A part that does not exist is replaced\n"
              "by its .partial, or named as missing; a frame in several parts is taken from the first of them.",
    .word = take_name};

static Status read_arguments(int argc, char **argv, MergeOptions *asked) {
    TRY(options_read(&command_merge_options, argc, argv, asked, NULL));
    asked->request.name = asked->names;
    if (asked->help || asked->request.names > 0) return status_ok();
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
static Status check_files(MergeOptions *asked) {
    MergeRequest *request = &asked->request;
    TRY(file_list_follow("OUT.nxs", request->output, asked->output, sizeof asked->output));
    request->output = asked->output;
    return file_roles_check_merge(request->output, request->name, request->names);
}

static Status merge_and_report(int argc, char **argv, FILE *out, MergeOptions *asked) {
    char *text = NULL;
    Merge merge;
    TRY(check_files(asked));
    TRY(command_line_text(argc, argv, &text));
    asked->request.command_line = text;
    asked->request.build = build_info();
    (void)stop_signal_catch(STOP_AT_ONCE);
    Status status = merge_run(&asked->request, &merge);
    if (status_is_ok(status)) {
        report(out, &merge);
        if (!asked->allow_missing) status = check_whole(&merge);
    }
    merge_free(&merge);
    free(text);
    return status;
}

Status command_merge(int argc, char **argv, FILE *out) {
    MergeOptions asked = {.names = calloc((size_t)argc, sizeof *asked.names)};
    if (asked.names == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d names", argc);
    Status status = read_arguments(argc, argv, &asked);
    if (status_is_ok(status) && asked.help)
        options_print(&command_merge_options, out);
    else if (status_is_ok(status))
        status = merge_and_report(argc, argv, out, &asked);
    free(asked.names);
    return status;
}
