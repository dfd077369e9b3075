#include "benchmark/benchmark_case.h"

#include "base/text.h"
#include "formats/image_header.h"
#include "formats/run_file.h"
#include "nanobragg/nanobragg_options.h"
#include "shared/command_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CASE_ARGUMENTS_MOST = 32 };

/* A built-in case in nanoBragg's options. */
typedef struct BuiltInCase {
    const char *name;
    char *arguments[CASE_ARGUMENTS_MOST]; /* NULL ends them */
} BuiltInCase;

#define CUBIC_CELL "-cell", "100", "100", "100", "90", "90", "90"
static const BuiltInCase cases[] = {
    {"cubic", {CUBIC_CELL, "-default_F", "100", "-lambda", "6.2", "-N", "5", "-distance", "100", NULL}},
    {"mosaic",
     {CUBIC_CELL, "-default_F",  "100", "-lambda",     "1", "-N",         "20", "-distance",   "100", "-mosaic",
      "0.5",      "-mosaic_dom", "50",  "-dispersion", "1", "-dispsteps", "5",  "-oversample", "1",   NULL}},
    /* 2ERL in P1; the file of structure factors is the user's */
    {"protein",
     {"-lambda", "1", "-N", "12", "-distance", "60", "-mosaic", "0.3", "-mosaic_dom", "10", "-oversample", "1", NULL}},
};
enum { CASES = sizeof cases / sizeof *cases };
static const char protein_cell[] = "53.9,23.08,23.11,90,110.4,90"; /* A, degrees */

bool benchmark_case_is_file(const char *case_name) {
    for (int i = 0; i < CASES; i++)
        if (strcmp(case_name, cases[i].name) == 0) return false;
    return true;
}

static Status unknown_case(const char *name) {
    char remedy[TEXT_REMEDY_BYTES];
    TextNearest nearest = text_nearest_to(name);
    for (int i = 0; i < CASES; i++) text_nearest_try(&nearest, cases[i].name);
    text_nearest_remedy(&nearest, "it must be cubic, mosaic, protein, or a run file (.yaml or .yml)", remedy);
    return status_error(STATUS_BAD_PARAMETER, "benchmark: there is no case \"%.200s\"%s", name, remedy);
}

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static Status read_case(const char *name, Parameters *p, Notes *notes) {
    for (int i = 0; i < CASES; i++) {
        int count = 0;
        if (strcmp(name, cases[i].name) != 0) continue;
        while (cases[i].arguments[count] != NULL) count++;
        TRY(nanobragg_parse(count, cases[i].arguments, p, NULL, notes));
        return parameters_set(p, "run.precision", "auto", "benchmark");
    }
    if (ends_with(name, ".yaml") || ends_with(name, ".yml")) return run_file_read(name, p);
    return unknown_case(name);
}

static Status set_size(int64_t size, Parameters *p) {
    char text[32];
    if (size == 0) return status_ok();
    (void)snprintf(text, sizeof text, "%" PRId64, size);
    TRY(parameters_set(p, "detector.fast_pixels", text, "--sizes"));
    return parameters_set(p, "detector.slow_pixels", text, "--sizes");
}

static Status complete_protein(Parameters *p) {
    if (*p->crystal_structure_factors_file == '\0')
        return status_error(STATUS_BAD_PARAMETER,
                            "benchmark: the case protein needs structure factors; give "
                            "--crystal.structure_factors=FILE (golden/inputs/2erl_P1.hkl of the source), and its "
                            "cell or matrix if it is not 2ERL's");
    if (*p->crystal_matrix_file != '\0' || parameters_is_given(p, PARAMETER(crystal, cell))) return status_ok();
    return parameters_set(p, "crystal.cell", protein_cell, "benchmark");
}

static Status fill(const BenchmarkOptions *options, int64_t size, Parameters *p, Notes *notes) {
    TRY(read_case(options->case_name, p, notes));
    TRY(set_size(size, p));
    if (options->precision != NULL) TRY(parameters_set(p, "run.precision", options->precision, "--precision"));
    for (int i = 0; i < options->overrides; i++) {
        CommandLine line;
        TRY(command_line_read(1, &options->override[i], false, p, &line));
    }
    if (strcmp(options->case_name, "protein") == 0) TRY(complete_protein(p));
    return image_header_import(p, notes);
}

Status benchmark_case_create(const BenchmarkOptions *options, int64_t size, Parameters **parameters, Notes *notes) {
    TRY(parameters_create(parameters));
    const Status status = fill(options, size, *parameters, notes);
    if (!status_is_ok(status)) parameters_destroy(parameters);
    return status;
}
