#include "commands/command_describe.h"

#include "base/text.h"
#include "commands/describe_anomalous.h"
#include "commands/describe_nxmx.h"
#include "commands/describe_reflections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void print_help(FILE *out) {
    (void)fputs(
        "tessera describe FILE.nxs [--yaml [--inputs FOLDER] | --json] [--verify]: the parameters, runs and frames of\n"
        "an NXmx file of tessera, its .partial or a merged file\n"
        "  --yaml            the run file that renders the same images\n"
        "  --inputs FOLDER   with --yaml: write the file's copies of its inputs there, and name those\n"
        "  --json            the same as without, for programs\n"
        "  --verify          recompute the checksum of every complete frame; exit code 1 when one differs\n"
        "tessera describe FILE [--crystal.NAME=value ...]: cell, symmetry, columns, resolution and completeness of\n"
        "a file of structure factors (MTZ, mmCIF, SHELX, text), or of those of atoms (PDB, CIF); the parameters of\n"
        "`tessera simulate --help crystal` choose the column, symmetry and cell\n"
        "tessera describe --anomalous SYMBOL --energies FIRST:LAST:STEP: the dispersion of an element, a line for\n"
        "each energy: eV, f' and f'' in electrons\n",
        out);
}

static Status unknown_option(const char *argument) {
    static const char *const names[] = {"--yaml", "--json",      "--verify",  "--inputs",
                                        "--help", "--anomalous", "--energies"};
    char remedy[TEXT_REMEDY_BYTES];
    TextNearest nearest = text_nearest_to(argument);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) text_nearest_try(&nearest, names[i]);
    text_nearest_remedy(&nearest, "see tessera describe --help", remedy);
    return status_error(STATUS_BAD_PARAMETER, "describe has no option \"%.60s\"%s", argument, remedy);
}

static Status set_form(DescribeForm form, DescribeRequest *request) {
    if (request->form != DESCRIBE_TEXT && request->form != form)
        return status_error(STATUS_BAD_PARAMETER, "describe: --yaml and --json exclude each other; give one");
    request->form = form;
    return status_ok();
}

static Status read_argument(int argc, char **argv, int *i, DescribeRequest *request, bool *help) {
    const char *argument = argv[*i];
    if (strcmp(argument, "--yaml") == 0) return set_form(DESCRIBE_YAML, request);
    if (strcmp(argument, "--json") == 0) return set_form(DESCRIBE_JSON, request);
    if (strcmp(argument, "--inputs") == 0) {
        if (*i + 1 >= argc) return status_error(STATUS_BAD_PARAMETER, "describe: --inputs needs a folder");
        request->inputs = argv[++*i];
    } else if (strncmp(argument, "--inputs=", 9) == 0) {
        request->inputs = argument + 9;
    } else if (strcmp(argument, "--verify") == 0) {
        request->verify = true;
    } else if (strcmp(argument, "--help") == 0) {
        *help = true;
    } else if (argument[0] == '-') {
        return unknown_option(argument);
    } else if (request->path != NULL) {
        return status_error(STATUS_BAD_PARAMETER, "describe takes one file, not %.200s and %.200s", request->path,
                            argument);
    } else {
        request->path = argument;
    }
    return status_ok();
}

static Status check_request(const DescribeRequest *request) {
    struct stat info;
    if (request->path == NULL)
        return status_error(STATUS_BAD_PARAMETER, "describe needs a file: tessera describe FILE");
    if (request->inputs != NULL && request->form != DESCRIBE_YAML)
        return status_error(STATUS_BAD_PARAMETER, "describe: --inputs belongs to --yaml; give both");
    if (request->form == DESCRIBE_YAML && request->verify)
        return status_error(STATUS_BAD_PARAMETER, "describe: --verify has nothing to say in a run file; leave one out");
    if (stat(request->path, &info) != 0)
        return status_error(STATUS_BAD_FILE, "cannot read %s: %s", request->path, strerror(errno));
    return S_ISREG(info.st_mode) ? status_ok() : status_error(STATUS_BAD_FILE, "%s is no file", request->path);
}

/* A file of structure factors comes first and brings options of its own: parameters. */
static bool is_of_structure_factors(int argc, char **argv) {
    struct stat info;
    return argc > 1 && argv[1][0] != '-' && stat(argv[1], &info) == 0 && S_ISREG(info.st_mode) &&
           !describe_nxmx_knows(argv[1]);
}

static Status describe(int argc, char **argv, FILE *out) {
    if (describe_anomalous_is_meant(argc, argv)) return describe_anomalous(argc, argv, out);
    if (is_of_structure_factors(argc, argv)) return describe_reflections(argc, argv, out);
    DescribeRequest request = {.form = DESCRIBE_TEXT};
    bool help = false;
    for (int i = 1; i < argc; i++) TRY(read_argument(argc, argv, &i, &request, &help));
    if (help) {
        print_help(out);
        return status_ok();
    }
    TRY(check_request(&request));
    if (describe_nxmx_knows(request.path)) return describe_nxmx(&request, out);
    return status_error(STATUS_BAD_FILE,
                        "%s is no NXmx file; a file of structure factors comes before the options, which are others: "
                        "see tessera describe --help",
                        request.path);
}

/* What stands in the file may hold anything: only its lines are kept as they are. */
static void print_printable(const char *text, FILE *out) {
    while (*text != '\0') {
        const size_t sign = *text == '\n' ? 1 : text_sign_bytes(text);
        if (sign > 0)
            (void)fwrite(text, 1, sign, out);
        else
            (void)fprintf(out, "\\x%02x", (unsigned)(unsigned char)*text);
        text += sign > 0 ? sign : 1;
    }
}

Status command_describe(int argc, char **argv, FILE *out) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *memory = open_memstream(&text, &bytes);
    if (memory == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a description");
    const Status status = describe(argc, argv, memory);
    if (fclose(memory) == 0) print_printable(text, out);
    free(text);
    return status;
}
