#include "command_table.h"

#include "command_benchmark.h"
#include "command_compare.h"
#include "command_compress.h"
#include "command_describe.h"
#include "command_export.h"
#include "command_merge.h"
#include "commands.h"

#define UNDER "\n                    "

static const Command table[] = {
    {"simulate", NULL,
     "[RUN.yaml] [--section.name=value ...] --output FILE.nxs" UNDER
     "[--overwrite | --resume] [--frames A:B] [--quiet | --verbose]"},
    {"plan", command_plan, "the same arguments, and --ranks N or --simulate-ranks N: says what would be done"},
    {"nanobragg", NULL, "nanoBragg's options [-nxs FILE.nxs] [--section.name=value ...]"},
    {"compare", command_compare,
     "REFERENCE TEST [--min-correlation R] [--max-sum-error E]" UNDER
     "[--max-relative-error E] ...: compares two images"},
    {"describe", command_describe,
     "FILE.nxs [--yaml | --json] [--verify]: what was run, and the state of every frame;" UNDER
     "FILE [--crystal.name=value ...]: what a file of structure factors holds"},
    {"merge", command_merge, "OUT.nxs PART.nxs ... [--frames A:B] [--overwrite]: one file over the parts of a sweep"},
    {"export", command_export, "FILE.nxs [--frame N | --frames A:B] --output OUT: SMV, miniCBF, PNG, raw numbers"},
    {"compress", command_compress, "FILE.nxs --with deflate|bitshuffle: makes the images of a finished file smaller"},
    {"benchmark", command_benchmark,
     "[--sizes N,N] [--case cubic|mosaic|protein|RUN.yaml] [--reference PATH] ...:" UNDER
     "speed, after parity with double precision (and with nanoBragg) has been shown"},
};

const Command *command_table(int *count) {
    *count = (int)(sizeof table / sizeof *table);
    return table;
}
