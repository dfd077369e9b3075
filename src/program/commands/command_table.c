#include "commands/command_table.h"

#include "benchmark/benchmark_options.h"
#include "commands/command_benchmark.h"
#include "commands/command_compare.h"
#include "commands/command_compress.h"
#include "commands/command_describe.h"
#include "commands/command_export.h"
#include "commands/command_line.h"
#include "commands/command_merge.h"
#include "commands/commands.h"
#include "help/help.h"

#include <string.h>

#define UNDER "\n                    "

static const Command table[] = {
    {"simulate", NULL, &command_line_of_simulate, true,
     "[RUN.yaml] [--section.name=value ...] --output FILE.nxs" UNDER
     "[--overwrite | --resume] [--frames A:B] [--quiet | --verbose]"},
    {"plan", command_plan, &command_line_of_plan, false,
     "the same arguments, and --ranks N or --simulate-ranks N: says what would be done"},
    {"nanobragg", NULL, &help_nanobragg_options, true,
     "nanoBragg's options [-nxs FILE.nxs] [--section.name=value ...]"},
    {"compare", command_compare, &command_compare_options, false,
     "REFERENCE TEST [--min-correlation R] [--max-sum-error E]" UNDER
     "[--max-relative-error E] ...: compares two images"},
    {"describe", command_describe, &command_describe_options, false,
     "FILE.nxs [--yaml | --json] [--verify]: what was run, and the state of every frame;" UNDER
     "FILE [--crystal.name=value ...]: what a file of structure factors holds"},
    {"merge", command_merge, &command_merge_options, true,
     "OUT.nxs PART.nxs ... [--frames A:B] [--overwrite] [--allow-missing]:" UNDER "one file over the parts of a sweep"},
    {"export", command_export, &command_export_options, true,
     "FILE.nxs [--frame N | --frames A:B] --output OUT: SMV, miniCBF, PNG, raw numbers"},
    {"compress", command_compress, &command_compress_options, true,
     "FILE.nxs --with deflate|bitshuffle: makes the images of a finished file smaller"},
    {"benchmark", command_benchmark, &benchmark_options, false,
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
