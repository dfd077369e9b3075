#include "command_describe.h"

#include "describe_reflections.h"

#include <string.h>

Status command_describe(int argc, char **argv, FILE *out) {
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        (void)fputs("tessera describe FILE [--crystal.NAME=value ...]: cell, symmetry, columns, resolution and "
                    "completeness of\n"
                    "a file of structure factors (MTZ, mmCIF, SHELX, text); the parameters of `tessera simulate --help "
                    "crystal`\n"
                    "choose the column, symmetry and cell\n",
                    out);
        return status_ok();
    }
    if (argc < 2 || argv[1][0] == '-')
        return status_error(STATUS_BAD_PARAMETER, "describe needs a file: tessera describe FILE");
    return describe_reflections(argc, argv, out);
}
