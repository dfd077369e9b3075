#include "commands/command_table.h"

#include "benchmark/benchmark_options.h"
#include "commands/command_benchmark.h"
#include "commands/command_compare.h"
#include "commands/command_compress.h"
#include "commands/command_describe.h"
#include "commands/command_export.h"
#include "commands/command_merge.h"
#include "commands/commands.h"
#include "import/command_import.h"
#include "shared/command_line.h"
#include "shared/help.h"

#include <string.h>

#define UNDER "\n                    "

static const Command table[] = {
    {"simulate", NULL, &command_line_of_simulate, true, "render the images of a run file",
     "[RUN.yaml] [--section.name=value ...] --output FILE.nxs" UNDER
     "[--overwrite | --resume] [--frames A:B] [--quiet | --verbose]"},
    {"plan", command_plan, &command_line_of_plan, false, "check a run file; say what it brings and takes",
     "the same arguments, and --ranks N or --simulate-ranks N: says what would be done"},
    {"nanobragg", NULL, &help_nanobragg_options, true, "render by nanoBragg's command line",
     "nanoBragg's options [-nxs FILE.nxs] [--section.name=value ...]"},
    {"compare", command_compare, &command_compare_options, false, "compare two images",
     "REFERENCE TEST [--min-correlation R] [--max-sum-error E]" UNDER
     "[--max-relative-error E] ...: compares two images"},
    {"describe", command_describe, &command_describe_options, false,
     "say what a file holds: a run, reflections, a geometry",
     "FILE.nxs [--yaml | --json] [--verify]: what was run, and the state of every frame;" UNDER
     "FILE [--crystal.name=value ...]: what a file of structure factors holds"},
    {"import", command_import, &command_import_options, true, "make a run file of an experiment (DIALS, XDS, CrystFEL)",
     "FILE [more] --output RUN.yaml: a run file of an experiment of DIALS or CrystFEL"},
    {"merge", command_merge, &command_merge_options, true, "join the parts of a sweep in one file",
     "OUT.nxs PART.nxs ... [--frames A:B] [--overwrite] [--allow-missing]:" UNDER "one file over the parts of a sweep"},
    {"export", command_export, &command_export_options, true, "write frames as SMV, miniCBF, PNG or raw numbers",
     "FILE.nxs [--frame N | --frames A:B] --output OUT: SMV, miniCBF, PNG, raw numbers"},
    {"compress", command_compress, &command_compress_options, true, "make a finished file smaller",
     "FILE.nxs --with deflate|bitshuffle: makes the images of a finished file smaller"},
    {"benchmark", command_benchmark, &benchmark_options, false, "measure speed, after parity has been shown",
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

void command_table_print(FILE *out) {
    int count;
    (void)command_table(&count);
    (void)fputs("Tessera: X-ray diffraction images of nanocrystals at cluster scale\n\n", out);
    for (int i = 0; i < count; i++) (void)fprintf(out, "  tessera %-10s %s\n", table[i].name, table[i].summary);
    (void)fputs("\n"
                "  tessera COMMAND --help           options of a command\n"
                "  tessera simulate --help SECTION  parameters of beam, crystal, detector, ...\n"
                "  tessera --man, --bash-completion, --parameters-markdown, --devices, --version\n"
                "\n",
                out);
    (void)fprintf(out, "%s\n", help_exit_codes());
}
