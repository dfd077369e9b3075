#include "commands/command_table.h"

#include "commands/command_benchmark.h"
#include "commands/command_compare.h"
#include "commands/command_compress.h"
#include "commands/command_describe.h"
#include "commands/command_export.h"
#include "commands/command_merge.h"
#include "commands/commands.h"
#include "help/help.h"

#include <stdlib.h>
#include <string.h>

#define UNDER "\n                    "

static const Command table[] = {
    {"simulate", NULL, help_run_options, true,
     "[RUN.yaml] [--section.name=value ...] --output FILE.nxs" UNDER
     "[--overwrite | --resume] [--frames A:B] [--quiet | --verbose]"},
    {"plan", command_plan, help_plan_options, false,
     "the same arguments, and --ranks N or --simulate-ranks N: says what would be done"},
    {"nanobragg", NULL, help_nanobragg, true, "nanoBragg's options [-nxs FILE.nxs] [--section.name=value ...]"},
    {"compare", command_compare, NULL, false,
     "REFERENCE TEST [--min-correlation R] [--max-sum-error E]" UNDER
     "[--max-relative-error E] ...: compares two images"},
    {"describe", command_describe, NULL, false,
     "FILE.nxs [--yaml | --json] [--verify]: what was run, and the state of every frame;" UNDER
     "FILE [--crystal.name=value ...]: what a file of structure factors holds"},
    {"merge", command_merge, NULL, true,
     "OUT.nxs PART.nxs ... [--frames A:B] [--overwrite] [--allow-missing]:" UNDER "one file over the parts of a sweep"},
    {"export", command_export, NULL, true,
     "FILE.nxs [--frame N | --frames A:B] --output OUT: SMV, miniCBF, PNG, raw numbers"},
    {"compress", command_compress, NULL, true,
     "FILE.nxs --with deflate|bitshuffle: makes the images of a finished file smaller"},
    {"benchmark", command_benchmark, NULL, false,
     "[--sizes N,N] [--case cubic|mosaic|protein|RUN.yaml] [--reference PATH] ...:" UNDER
     "speed, after parity with double precision (and with nanoBragg) has been shown"},
};

const Command *command_table(int *count) {
    *count = (int)(sizeof table / sizeof *table);
    return table;
}

bool command_makes_files(const char *name) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(name, table[i].name) == 0) return table[i].makes_files;
    return false;
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
