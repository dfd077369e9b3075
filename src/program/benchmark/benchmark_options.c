#include "benchmark/benchmark_options.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum OptionName {
    NAME_SIZES,
    NAME_CASE,
    NAME_PRECISION,
    NAME_ITERATIONS,
    NAME_REFERENCE,
    NAME_ARTIFACTS,
    NAME_MIN_CORRELATION,
    NAME_MAX_SUM_ERROR,
    NAME_PROFILE,
    NAME_HELP,
    NAMES
} OptionName;

static const struct {
    const char *name, *argument, *help;
} options_known[NAMES] = {
    [NAME_SIZES] = {"--sizes", "N,N,...", "edges of the detector in pixels (256,512,1024; a run file's own)"},
    [NAME_CASE] = {"--case", "CASE", "cubic, mosaic, protein (needs --crystal.structure_factors), or a run file"},
    [NAME_PRECISION] = {"--precision", "P", "float32, float64 or auto (auto; a run file's own)"},
    [NAME_ITERATIONS] = {"--iterations", "N", "warm passes for each size (3)"},
    [NAME_REFERENCE] = {"--reference", "PATH", "a binary of the ancestor, run with the same arguments (NB_C_BIN)"},
    [NAME_ARTIFACTS] = {"--keep-artifacts", "DIR", "write results, environment, previews and trace there"},
    [NAME_MIN_CORRELATION] = {"--min-correlation", "R", "gate: least correlation with the reference (0.999)"},
    [NAME_MAX_SUM_ERROR] = {"--max-sum-error", "E", "gate: greatest |sum / sum of the reference - 1| (5e-3)"},
    [NAME_PROFILE] = {"--profile", "", "shares of the phases, and DIR/trace.json for Perfetto"},
    [NAME_HELP] = {"--help", "", "print this"},
};

void benchmark_options_help(FILE *out) {
    (void)fputs("tessera benchmark [OPTION ...] [--section.key=value ...]: speed, after parity has been shown.\n"
                "Each size is computed once cold and then N times warm, and compared with our double precision and,\n"
                "given one, with a binary of the ancestor. A size that differs too much is BLOCKED: exit code 1, its\n"
                "timings are not to be trusted. OMP_NUM_THREADS sets the number of threads.\n",
                out);
    for (int i = 0; i < NAMES; i++) {
        char left[64];
        (void)snprintf(left, sizeof left, "%s %s", options_known[i].name, options_known[i].argument);
        (void)fprintf(out, "  %-24s %s\n", left, options_known[i].help);
    }
    (void)fputs("The gate against our double precision is 0.999999 and 1e-5; the options can make it tighter, never "
                "looser.\n",
                out);
}

static Status find_name(const char *argument, size_t length, OptionName *found) {
    char name[64] = "", remedy[TEXT_REMEDY_BYTES];
    if (length < sizeof name) memcpy(name, argument, length);
    TextNearest nearest = text_nearest_to(name);
    for (int i = 0; i < NAMES; i++) {
        *found = (OptionName)i;
        if (strcmp(name, options_known[i].name) == 0) return status_ok();
        text_nearest_try(&nearest, options_known[i].name);
    }
    text_nearest_remedy(&nearest, "see tessera benchmark --help", remedy);
    return status_error(STATUS_BAD_PARAMETER, "benchmark has no option \"%.60s\"%s", argument, remedy);
}

static Status read_integer(const char *name, const char *text, const char **rest, int64_t greatest, int64_t *value) {
    if (text_read_integer(text, value, rest) && *value >= 1 && *value <= greatest) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "benchmark: %s is \"%.100s\"; it must be a whole number from 1 to %lld",
                        name, text, (long long)greatest);
}

static Status read_sizes(const char *text, BenchmarkOptions *options) {
    options->sizes = 0;
    for (const char *next = text;; next++) {
        if (options->sizes == BENCHMARK_SIZES_MOST)
            return status_error(STATUS_BAD_PARAMETER, "benchmark: --sizes takes at most %d", BENCHMARK_SIZES_MOST);
        TRY(read_integer("--sizes", next, &next, 65536, &options->size[options->sizes++]));
        if (*next == '\0') return status_ok();
        if (*next != ',')
            return status_error(STATUS_BAD_PARAMETER, "benchmark: --sizes is \"%.100s\"; write 256,512", text);
    }
}

static Status read_iterations(const char *text, int64_t *iterations) {
    const char *rest = text;
    TRY(read_integer("--iterations", text, &rest, BENCHMARK_ITERATIONS_MOST, iterations));
    if (*rest == '\0') return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "benchmark: --iterations is \"%.100s\"; it must be a whole number", text);
}

static Status read_real(const char *name, const char *text, double least, double greatest, double *value) {
    const char *rest = text;
    if (text_read_real(text, value, &rest) && *rest == '\0' && *value >= least && *value <= greatest)
        return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "benchmark: %s is \"%.100s\"; it must be a number from %g to %g", name,
                        text, least, greatest);
}

static Status read_precision(const char *text, const char **precision) {
    *precision = text;
    if (strcmp(text, "float32") == 0 || strcmp(text, "float64") == 0 || strcmp(text, "auto") == 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "benchmark: --precision is \"%.100s\"; it must be float32, float64 or "
                        "auto",
                        text);
}

static Status read_text(const char *name, const char *text, const char **value) {
    *value = text;
    return *text != '\0' ? status_ok() : status_error(STATUS_BAD_PARAMETER, "benchmark: %s is empty", name);
}

static Status set_option(OptionName name, const char *text, BenchmarkOptions *options) {
    switch (name) {
    case NAME_SIZES:
        return read_sizes(text, options);
    case NAME_CASE:
        return read_text("--case", text, &options->case_name);
    case NAME_PRECISION:
        return read_precision(text, &options->precision);
    case NAME_ITERATIONS:
        return read_iterations(text, &options->iterations);
    case NAME_REFERENCE:
        return read_text("--reference", text, &options->reference);
    case NAME_ARTIFACTS:
        return read_text("--keep-artifacts", text, &options->artifacts);
    case NAME_MIN_CORRELATION:
        return read_real("--min-correlation", text, -1.0, 1.0, &options->min_correlation);
    case NAME_MAX_SUM_ERROR:
        return read_real("--max-sum-error", text, 0.0, INFINITY, &options->max_sum_error);
    case NAME_PROFILE:
        options->profile = true;
        break;
    case NAME_HELP:
        options->help = true;
        break;
    case NAMES:
        break;
    }
    return status_ok();
}

/* One option at argv[*index], "--name value" or "--name=value"; leaves *index at its last word. */
static Status take_option(int argc, char **argv, int *index, BenchmarkOptions *options) {
    const char *argument = argv[*index];
    const size_t length = strcspn(argument, "=");
    OptionName name = NAMES;
    TRY(find_name(argument, length, &name));
    const char *known = options_known[name].name;
    const bool has_text = argument[length] == '=', wants_text = *options_known[name].argument != '\0';
    if (has_text && !wants_text) return status_error(STATUS_BAD_PARAMETER, "benchmark: %s takes no value", known);
    if (has_text || !wants_text) return set_option(name, has_text ? argument + length + 1 : "", options);
    if (*index + 1 >= argc)
        return status_error(STATUS_BAD_PARAMETER, "benchmark: %s needs a value: %s %s", known, known,
                            options_known[name].argument);
    return set_option(name, argv[++*index], options);
}

static Status take_argument(int argc, char **argv, int *index, BenchmarkOptions *options) {
    char *argument = argv[*index];
    if (strncmp(argument, "--", 2) != 0)
        return status_error(STATUS_BAD_PARAMETER, "benchmark: \"%.200s\" is no option; a run file is --case=%.200s",
                            argument, argument);
    if (memchr(argument, '.', strcspn(argument, "=")) == NULL) return take_option(argc, argv, index, options);
    if (options->overrides == BENCHMARK_OVERRIDES_MOST)
        return status_error(STATUS_BAD_PARAMETER, "benchmark: more than %d parameters; use a run file",
                            BENCHMARK_OVERRIDES_MOST);
    options->override[options->overrides++] = argument;
    return status_ok();
}

Status benchmark_options_read(int argc, char **argv, BenchmarkOptions *options) {
    *options = (BenchmarkOptions){.case_name = "cubic", .iterations = 3, .min_correlation = NAN, .max_sum_error = NAN};
    for (int i = 1; i < argc; i++) TRY(take_argument(argc, argv, &i, options));
    const char *installed = getenv("NB_C_BIN");
    if (options->reference == NULL && installed != NULL && *installed != '\0') options->reference = installed;
    return status_ok();
}
