#include "benchmark/benchmark_options.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EDGE_MOST = 65536 };

static Status take_sizes(const Option *option, const char *text, void *asked) {
    BenchmarkOptions *options = asked;
    options->sizes = 0;
    for (const char *next = text;; next++) {
        int64_t *size = &options->size[options->sizes];
        if (options->sizes++ == BENCHMARK_SIZES_MOST)
            return status_error(STATUS_BAD_PARAMETER, "benchmark: %s takes at most %d", option->name,
                                BENCHMARK_SIZES_MOST);
        if (!text_read_integer(next, size, &next) || *size < 1 || *size > EDGE_MOST)
            return status_error(STATUS_BAD_PARAMETER,
                                "benchmark: %s is \"%.100s\"; it must be whole numbers from 1 to %d", option->name,
                                text, EDGE_MOST);
        if (*next == '\0') return status_ok();
        if (*next != ',')
            return status_error(STATUS_BAD_PARAMETER, "benchmark: %s is \"%.100s\"; write 256,512", option->name, text);
    }
}

static Status take_precision(const Option *option, const char *text, void *asked) {
    ((BenchmarkOptions *)asked)->precision = text;
    if (strcmp(text, "float32") == 0 || strcmp(text, "float64") == 0 || strcmp(text, "auto") == 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "benchmark: %s is \"%.100s\"; it must be float32, float64 or auto",
                        option->name, text);
}

/* A text that must say something. */
static Status take_text(const Option *option, const char *text, void *asked) {
    *(const char **)(void *)((char *)asked + option->offset) = text;
    return *text != '\0' ? status_ok() : status_error(STATUS_BAD_PARAMETER, "benchmark: %s is empty", option->name);
}

/* --section.key=value; a run file is a case. */
static Status take_word(const Option *option, const char *word, void *asked) {
    BenchmarkOptions *options = asked;
    (void)option;
    if (word[0] != '-')
        return status_error(STATUS_BAD_PARAMETER, "benchmark: \"%.200s\" is no option; a run file is --case=%.200s",
                            word, word);
    if (options->overrides == BENCHMARK_OVERRIDES_MOST)
        return status_error(STATUS_BAD_PARAMETER, "benchmark: more than %d parameters; use a run file",
                            BENCHMARK_OVERRIDES_MOST);
    options->override[options->overrides++] = (char *)word;
    return status_ok();
}

#define FIELD(field) offsetof(BenchmarkOptions, field)
static const Option rows[] = {
    {OPTION("--sizes", OPTION_TEXT, 0, 0, 0, "N,N,...",
            "edges of the detector in pixels (256,512,1024; a run file's own)"),
     .take = take_sizes},
    {OPTION("--case", OPTION_TEXT, 0, 0, FIELD(case_name), "CASE",
            "cubic, mosaic, protein (needs --crystal.structure_factors), or a run file"),
     .take = take_text},
    {OPTION("--precision", OPTION_TEXT, 0, 0, 0, "P", "float32, float64 or auto (auto; a run file's own)"),
     .take = take_precision},
    {OPTION("--iterations", OPTION_INTEGER, 1, BENCHMARK_ITERATIONS_MOST, FIELD(iterations), "N",
            "warm passes for each size (3)")},
    {OPTION("--reference", OPTION_TEXT, 0, 0, FIELD(reference), "PATH",
            "a binary of nanoBragg, run with the same arguments (NB_C_BIN)"),
     .take = take_text},
    {OPTION("--keep-artifacts", OPTION_TEXT, 0, 0, FIELD(artifacts), "DIR",
            "write results, environment, previews and trace there"),
     .take = take_text},
    {OPTION("--min-correlation", OPTION_REAL, -1, 1, FIELD(min_correlation), "R",
            "gate: least correlation with the reference (0.999)")},
    {OPTION("--max-sum-error", OPTION_REAL, 0, INFINITY, FIELD(max_sum_error), "E",
            "gate: greatest |sum / sum of the reference - 1| (5e-3)")},
    {OPTION("--profile", OPTION_FLAG, 0, 0, FIELD(profile), "",
            "shares of the phases, and DIR/trace.json for Perfetto")},
    {OPTION("--help", OPTION_FLAG, 0, 0, FIELD(help), "", "print this")},
};
const OptionTable benchmark_options = {
    .command = "benchmark",
    .option = rows,
    .options = sizeof rows / sizeof *rows,
    .before = "tessera benchmark [OPTION ...] [--section.key=value ...]: speed, after parity has been shown.\n"
              "Each size is computed once cold and then N times warm, and compared with our double precision and,\n"
              "given one, with a binary of nanoBragg. A size that differs too much is BLOCKED: exit code 1, its\n"
              "timings are not to be trusted. OMP_NUM_THREADS sets the number of threads.",
    .after =
        "The gate against our double precision is 0.999999 and 1e-5; the options can make it tighter, never looser.",
    .word = take_word,
    .takes_parameters = true};

Status benchmark_options_read(int argc, char **argv, BenchmarkOptions *options) {
    *options = (BenchmarkOptions){.case_name = "cubic", .iterations = 3, .min_correlation = NAN, .max_sum_error = NAN};
    TRY(options_read(&benchmark_options, argc, argv, options, NULL));
    const char *installed = getenv("NB_C_BIN");
    if (options->reference == NULL && installed != NULL && *installed != '\0') options->reference = installed;
    return status_ok();
}
