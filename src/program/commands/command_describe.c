#include "commands/command_describe.h"

#include "base/text.h"
#include "commands/describe_anomalous.h"
#include "commands/describe_geometry.h"
#include "commands/describe_nxmx.h"
#include "commands/describe_reflections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the command line asks for. */
typedef struct DescribeOptions {
    DescribeRequest request;
    const char *symbol, *energies; /* of --anomalous */
    const char *list;              /* that describe_reflections writes */
    bool yaml, json, help;
    bool geometry, without_masks; /* of describe_geometry */
} DescribeOptions;

static Status take_once(const Option *option, const char *text, void *asked) {
    const char **field = (const char **)(void *)((char *)asked + option->offset);
    if (*field != NULL)
        return status_error(STATUS_BAD_PARAMETER, "describe: %s is given twice; give it once", option->name);
    *field = text;
    return status_ok();
}

static Status take_word(const Option *option, const char *word, void *asked) {
    DescribeRequest *request = &((DescribeOptions *)asked)->request;
    (void)option;
    if (word[0] == '-')
        return status_error(STATUS_BAD_PARAMETER,
                            "describe: %.200s is for a file of structure factors, which comes before the options",
                            word);
    if (request->path != NULL)
        return status_error(STATUS_BAD_PARAMETER, "describe takes one file, not %.200s and %.200s", request->path,
                            word);
    request->path = word;
    return status_ok();
}

#define FIELD(field) offsetof(DescribeOptions, field)
static const Option options[] = {
    {OPTION("--yaml", OPTION_FLAG, 0, 0, FIELD(yaml), "", "the run file that renders the same images")},
    {OPTION("--inputs", OPTION_TEXT, 0, 0, FIELD(request.inputs), "FOLDER",
            "with --yaml: write the file's copies of its inputs there, and name those")},
    {OPTION("--json", OPTION_FLAG, 0, 0, FIELD(json), "", "the same as without, for programs")},
    {OPTION("--verify", OPTION_FLAG, 0, 0, FIELD(request.verify), "",
            "recompute the checksum of every complete frame; exit code 1 when one differs")},
    {OPTION("--anomalous", OPTION_TEXT, 0, 0, FIELD(symbol), "SYMBOL", "the dispersion of an element"),
     .take = take_once},
    {OPTION("--energies", OPTION_TEXT, 0, 0, FIELD(energies), "FIRST:LAST:STEP",
            "with --anomalous: in eV; a line for each: eV, f' and f'' in electrons"),
     .take = take_once},
    {OPTION("--hkl", OPTION_TEXT, 0, 0, FIELD(list), "OUT",
            "of a file of structure factors: write h k l F, all of P 1, a line each"),
     .take = take_once},
    {OPTION("--geometry", OPTION_FLAG, 0, 0, FIELD(geometry), "",
            "the panels of the detector, of an NXmx file of tessera too")},
    {OPTION("--without-masks", OPTION_FLAG, 0, 0, FIELD(without_masks), "",
            "of a geometry: do not read masks that it names")},
    {OPTION("--help", OPTION_FLAG, 0, 0, FIELD(help), "", "print this")},
};
const OptionTable command_describe_options = {
    .command = "describe",
    .option = options,
    .options = sizeof options / sizeof *options,
    .before =
        "tessera describe FILE.nxs [--yaml [--inputs FOLDER] | --json] [--verify]: the parameters, runs and frames "
        "of\n"
        "an NXmx file of tessera, its .partial or a merged file\n\n"
        "tessera describe FILE [--hkl OUT] [--crystal.NAME=value ...]: cell, symmetry, columns, resolution and "
        "completeness "
        "of\n"
        "a file of structure factors (MTZ, mmCIF, SHELX, text), or of those of atoms (PDB, CIF); the parameters "
        "of\n"
        "`tessera simulate --help crystal` choose the column, symmetry and cell; for atoms, --mtz FILE writes\n"
        "amplitudes and phases, at --beam.energy=EV and to --crystal.resolution=A\n\n"
        "tessera describe GEOMETRY [--json] [--detector.clen=MM] [--detector.panel_axes=exact]: the panels of a\n"
        "detector: an .expt of DIALS, a .geom of CrystFEL, a beamline's NXmx file, or with --geometry one of ours\n\n"
        "tessera describe --anomalous SYMBOL --energies FIRST:LAST:STEP",
    .word = take_word,
    .takes_parameters = true};

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

static Status describe_element(const DescribeOptions *asked, FILE *out) {
    const DescribeRequest *request = &asked->request;
    const char *beside = request->path != NULL     ? request->path
                         : asked->yaml             ? "--yaml"
                         : asked->json             ? "--json"
                         : request->verify         ? "--verify"
                         : request->inputs != NULL ? "--inputs"
                                                   : NULL;
    if (beside != NULL)
        return status_error(STATUS_BAD_PARAMETER,
                            "describe --anomalous takes --energies alone beside it, and not \"%.60s\"", beside);
    return describe_anomalous(asked->symbol, asked->energies, out);
}

static bool is_run_file(int argc, char **argv) {
    const char *end = argc > 1 ? strrchr(argv[1], '.') : NULL;
    return end != NULL && (strcmp(end, ".yaml") == 0 || strcmp(end, ".yml") == 0);
}

/* A file of structure factors comes first and brings options of its own: parameters. */
static bool is_of_structure_factors(int argc, char **argv) {
    struct stat info;
    return argc > 1 && argv[1][0] != '-' && stat(argv[1], &info) == 0 && S_ISREG(info.st_mode) &&
           !describe_nxmx_knows(argv[1]);
}

static Status describe(int argc, char **argv, FILE *out) {
    DescribeOptions asked = {.request = {.form = DESCRIBE_TEXT}};
    if (is_run_file(argc, argv))
        return status_error(STATUS_BAD_PARAMETER,
                            "describe: %.200s is a run file; `tessera plan %.200s` says what it does", argv[1],
                            argv[1]);
    if (describe_geometry_is_meant(argc, argv)) return describe_geometry(argc, argv, out);
    if (is_of_structure_factors(argc, argv)) return describe_reflections(argc, argv, out);
    TRY(options_read(&command_describe_options, argc, argv, &asked, NULL));
    if (asked.help) {
        options_print(&command_describe_options, out);
        return status_ok();
    }
    if (asked.symbol != NULL || asked.energies != NULL) return describe_element(&asked, out);
    if (asked.yaml && asked.json)
        return status_error(STATUS_BAD_PARAMETER, "describe: --yaml and --json exclude each other; give one");
    if (asked.list != NULL)
        return status_error(STATUS_BAD_PARAMETER,
                            "describe: --hkl is for a file of structure factors, which comes first: tessera describe "
                            "FILE.mtz --hkl %.200s",
                            asked.list);
    asked.request.form = asked.yaml ? DESCRIBE_YAML : asked.json ? DESCRIBE_JSON : DESCRIBE_TEXT;
    TRY(check_request(&asked.request));
    if (describe_nxmx_knows(asked.request.path)) return describe_nxmx(&asked.request, out);
    return status_error(STATUS_BAD_FILE,
                        "%s is no NXmx file; a file of structure factors comes before the options, which are others: "
                        "see tessera describe --help",
                        asked.request.path);
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
