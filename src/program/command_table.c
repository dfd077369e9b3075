#include "command_table.h"

#include "command_benchmark.h"
#include "command_compare.h"
#include "command_compress.h"
#include "command_describe.h"
#include "command_export.h"
#include "command_merge.h"
#include "commands.h"
#include "help.h"

#include <stdlib.h>

#define UNDER "\n                    "

static const Command table[] = {
    {"simulate", NULL, help_run_options,
     "[RUN.yaml] [--section.name=value ...] --output FILE.nxs" UNDER
     "[--overwrite | --resume] [--frames A:B] [--quiet | --verbose]"},
    {"plan", command_plan, help_plan_options,
     "the same arguments, and --ranks N or --simulate-ranks N: says what would be done"},
    {"nanobragg", NULL, help_ancestor, "nanoBragg's options [-nxs FILE.nxs] [--section.name=value ...]"},
    {"compare", command_compare, NULL,
     "REFERENCE TEST [--min-correlation R] [--max-sum-error E]" UNDER
     "[--max-relative-error E] ...: compares two images"},
    {"describe", command_describe, NULL,
     "FILE.nxs [--yaml | --json] [--verify]: what was run, and the state of every frame;" UNDER
     "FILE [--crystal.name=value ...]: what a file of structure factors holds"},
    {"merge", command_merge, NULL,
     "OUT.nxs PART.nxs ... [--frames A:B] [--overwrite]: one file over the parts of a sweep"},
    {"export", command_export, NULL,
     "FILE.nxs [--frame N | --frames A:B] --output OUT: SMV, miniCBF, PNG, raw numbers"},
    {"compress", command_compress, NULL,
     "FILE.nxs --with deflate|bitshuffle: makes the images of a finished file smaller"},
    {"benchmark", command_benchmark, NULL,
     "[--sizes N,N] [--case cubic|mosaic|protein|RUN.yaml] [--reference PATH] ...:" UNDER
     "speed, after parity with double precision (and with nanoBragg) has been shown"},
};

const Command *command_table(int *count) {
    *count = (int)(sizeof table / sizeof *table);
    return table;
}

Status command_options_text(const Command *command, char **text) {
    char name[32] = "", help[] = "--help";
    char *arguments[] = {name, help, NULL};
    size_t bytes = 0;
    *text = NULL;
    FILE *stream = open_memstream(text, &bytes);
    if (stream == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a help text");
    (void)snprintf(name, sizeof name, "%s", command->name);
    Status status = status_ok();
    if (command->print_options != NULL)
        command->print_options(stream);
    else
        status = command->run(2, arguments, stream);
    if (fclose(stream) != 0 && status_is_ok(status))
        status = status_error(STATUS_NO_MEMORY, "no memory for the help of %s", command->name);
    if (status_is_ok(status)) return status;
    free(*text);
    *text = NULL;
    return status;
}
