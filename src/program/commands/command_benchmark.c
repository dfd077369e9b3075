#include "commands/command_benchmark.h"

#include "base/clocks.h"
#include "benchmark/benchmark_artifacts.h"
#include "benchmark/benchmark_case.h"
#include "benchmark/benchmark_report.h"
#include "hdf5/sweep_files.h"
#include "setup/frames.h"
#include "shared/scratch_folder.h"
#include "shared/stop_signal.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Steps that the yardstick computes in a round, and the time that runs of the reference may take in all rounds of a
 * size; the first is always run. */
static const int64_t YARDSTICK_STEPS = 1000000;
static const double REFERENCE_SECONDS_MOST = 60.0;

/* What all sizes share. */
typedef struct Benchmark {
    const BenchmarkOptions *options;
    BenchmarkSession session;
    ScratchFolder folder;
    char *reference; /* absolute path, or NULL */
    FILE *out;
} Benchmark;

/* What one size needs while it is measured. */
typedef struct Size {
    Parameters *parameters, *oracle_parameters;
    Experiment *experiment; /* of the oracle */
    Frame frame;
    BenchmarkImage ours, oracle, reference;
} Size;

static Status prepare(const Benchmark *b, int64_t edge, Size *size, BenchmarkResult *result) {
    TRY(benchmark_case_create(b->options, edge, &size->parameters, &result->notes));
    size->oracle_parameters = malloc(sizeof *size->oracle_parameters);
    if (size->oracle_parameters == NULL) return status_error(STATUS_NO_MEMORY, "no memory for parameters");
    memcpy(size->oracle_parameters, size->parameters, sizeof *size->parameters);
    TRY(parameters_set(size->oracle_parameters, "sampling.tolerance", "0", "benchmark")); /* every step */
    return parameters_set(size->oracle_parameters, "run.precision", "float64", "benchmark");
}

/* The experiment in double precision, and the words for the reference. */
static Status describe(const Benchmark *b, Size *size, BenchmarkResult *result) {
    TRY(sweep_files_experiment(size->oracle_parameters, &size->experiment, NULL));
    TRY(frame_create(size->experiment, &size->frame));
    frame_set(size->experiment, 0, &size->frame);
    if (b->reference == NULL) return status_ok();
    const Status status = nanobragg_arguments_create(size->parameters, size->experiment, &result->arguments);
    result->has_reference = status_is_ok(status);
    if (status.code != STATUS_BAD_PARAMETER) return status;
    (void)snprintf(result->skipped, sizeof result->skipped, "%.500s", status.message);
    return status_ok();
}

static Status measure_reference(const Benchmark *b, Size *size, BenchmarkResult *result, BenchmarkRound *round,
                                double *spent_s) {
    round->reference = (ReferenceTimes){NAN, NAN};
    if (!result->has_reference || *spent_s > REFERENCE_SECONDS_MOST) return status_ok();
    TRY(benchmark_reference_run(b->session, b->reference, &result->arguments, &b->folder, &size->reference,
                                &round->reference));
    *spent_s += round->reference.wall_s;
    return status_ok();
}

static Status measure_round(const Benchmark *b, Size *size, BenchmarkResult *result, const char *output,
                            BenchmarkRound *round, double *reference_s) {
    TRY(benchmark_pass(b->session, "warm", size->parameters, output, &size->ours, &round->ours));
    const double begin = clocks_steady_s();
    round->yardstick = yardstick_measure(size->experiment, &size->frame, YARDSTICK_STEPS, size->ours.pixels);
    timeline_add_until_now(b->session.timeline, PHASE_COMPUTE, "yardstick", begin);
    return measure_reference(b, size, result, round, reference_s);
}

/* The cold pass comes before all else that could warm it; then ours, the yardstick and the reference in turns. */
static Status measure_passes(const Benchmark *b, Size *size, BenchmarkResult *result) {
    char output[SCRATCH_FILE_BYTES];
    double reference_s = 0.0;
    scratch_folder_file(&b->folder, "ours.bin", output);
    TRY(benchmark_pass(b->session, "cold", size->parameters, output, &size->ours, &result->cold));
    result->slow_pixels = size->reference.slow_pixels = size->ours.slow_pixels;
    result->fast_pixels = size->reference.fast_pixels = size->ours.fast_pixels;
    result->steps = size->ours.steps;
    result->kernel = size->ours.kernel;
    result->instructions = size->ours.instructions;
    TRY(describe(b, size, result));
    for (int64_t i = 0; i < result->round_count; i++)
        TRY(measure_round(b, size, result, output, &result->rounds[i], &reference_s));
    return status_ok();
}

static Status as_doubles(const BenchmarkImage *image, double **pixels, ImageView *view) {
    const size_t count = (size_t)(image->slow_pixels * image->fast_pixels);
    *pixels = malloc(count * sizeof **pixels);
    if (*pixels == NULL) return status_error(STATUS_NO_MEMORY, "no memory to compare images");
    for (size_t i = 0; i < count; i++) (*pixels)[i] = (double)image->pixels[i];
    *view = (ImageView){*pixels, image->slow_pixels, image->fast_pixels, image->fast_pixels};
    return status_ok();
}

/* @p buffers  [3], for the caller to free */
static Status compare_and_show(const Benchmark *b, const Size *size, BenchmarkResult *result, double **buffers) {
    ImageView ours, other;
    TRY(as_doubles(&size->ours, &buffers[0], &ours));
    TRY(as_doubles(&size->oracle, &buffers[1], &other));
    result->oracle = benchmark_parity(other, ours, benchmark_gate(b->options, true));
    if (result->has_reference) {
        TRY(as_doubles(&size->reference, &buffers[2], &other));
        result->reference = benchmark_parity(other, ours, benchmark_gate(b->options, false));
    }
    if (b->options->artifacts == NULL) return status_ok();
    return benchmark_artifacts_previews(b->options->artifacts, other, ours);
}

static Status judge(const Benchmark *b, Size *size, BenchmarkResult *result) {
    BenchmarkTimes times;
    double *buffers[3] = {NULL, NULL, NULL};
    TRY(benchmark_pass(b->session, "oracle", size->oracle_parameters, NULL, &size->oracle, &times));
    sha256_of_bytes(size->ours.pixels,
                    (size_t)(size->ours.slow_pixels * size->ours.fast_pixels) * sizeof *size->ours.pixels,
                    result->sha256);
    const Status status = compare_and_show(b, size, result, buffers);
    for (int i = 0; i < 3; i++) free(buffers[i]);
    return status;
}

static Status measure(const Benchmark *b, int64_t edge, Size *size, BenchmarkResult *result) {
    result->threads = omp_get_max_threads();
    result->rounds = calloc((size_t)b->options->iterations, sizeof *result->rounds);
    if (result->rounds == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the results");
    result->round_count = b->options->iterations;
    TRY(prepare(b, edge, size, result));
    TRY(measure_passes(b, size, result));
    return judge(b, size, result);
}

static void release(Size *size) {
    benchmark_image_free(&size->reference);
    benchmark_image_free(&size->oracle);
    benchmark_image_free(&size->ours);
    frame_destroy(&size->frame);
    experiment_destroy(&size->experiment);
    parameters_destroy(&size->oracle_parameters);
    parameters_destroy(&size->parameters);
}

static Status measure_size(const Benchmark *b, int64_t edge, BenchmarkResult *result) {
    Size size = {.parameters = NULL};
    const Status status = measure(b, edge, &size, result);
    release(&size);
    if (!status_is_ok(status)) return status;
    benchmark_report_size(b->out, b->options, result);
    (void)fflush(b->out);
    return status_ok();
}

/* A run file knows its own size. */
static void choose_sizes(BenchmarkOptions *options) {
    static const int64_t usual[] = {256, 512, 1024};
    if (options->sizes > 0) return;
    options->sizes = benchmark_case_is_file(options->case_name) ? 1 : (int)(sizeof usual / sizeof *usual);
    if (!benchmark_case_is_file(options->case_name)) memcpy(options->size, usual, sizeof usual);
}

static Status verdict(const BenchmarkOptions *options, const BenchmarkResult *results) {
    int blocked = 0;
    for (int i = 0; i < options->sizes; i++) blocked += !benchmark_passed(&results[i]);
    if (blocked == 0) return status_ok();
    return status_error(
        STATUS_COMPARISON_FAILED,
        "BLOCKED: %d of %d sizes fail the parity gate, and their timings are not to be trusted%s%.300s%s", blocked,
        options->sizes, options->artifacts == NULL ? "; --keep-artifacts DIR says more" : "; see ",
        options->artifacts == NULL ? "" : options->artifacts, options->artifacts == NULL ? "" : "/blocking.md");
}

static Status measure_all(const Benchmark *b, BenchmarkResult *results) {
    const BenchmarkOptions *options = b->options;
    for (int i = 0; i < options->sizes; i++) TRY(measure_size(b, options->size[i], &results[i]));
    if (options->artifacts != NULL)
        TRY(benchmark_artifacts_write(options->artifacts, options, results, options->sizes, b->session.timeline));
    return verdict(options, results);
}

static Status begin_artifacts(const BenchmarkOptions *options, const char *reference) {
    Parameters *parameters = NULL;
    Notes notes = {.count = 0};
    TRY(benchmark_case_create(options, options->size[0], &parameters, &notes));
    const Status status = benchmark_artifacts_check(options, parameters, reference);
    parameters_destroy(&parameters);
    TRY(status);
    return benchmark_artifacts_begin(options->artifacts);
}

static Status start(Benchmark *b) {
    const BenchmarkOptions *options = b->options;
    if (options->profile && options->artifacts == NULL)
        (void)fputs("note: --profile without --keep-artifacts DIR writes no trace.json\n", b->out);
    if (options->reference != NULL) TRY(benchmark_reference_find(options->reference, &b->reference));
    if (options->artifacts != NULL) TRY(begin_artifacts(options, b->reference));
    return scratch_folder_create(&b->folder);
}

static Status run(const BenchmarkOptions *options, const volatile int *stop, FILE *out) {
    Timeline timeline = timeline_start(true);
    Benchmark benchmark = {
        .options = options, .session = {.timeline = options->profile ? &timeline : NULL, .stop = stop}, .out = out};
    BenchmarkResult *results = calloc((size_t)options->sizes, sizeof *results);
    Status status = results == NULL ? status_error(STATUS_NO_MEMORY, "no memory for the results") : status_ok();
    if (status_is_ok(status)) status = start(&benchmark);
    if (status_is_ok(status)) status = measure_all(&benchmark, results);
    scratch_folder_remove(&benchmark.folder);
    for (int i = 0; results != NULL && i < options->sizes; i++) benchmark_result_free(&results[i]);
    free(benchmark.reference);
    free(results);
    timeline_free(&timeline);
    return status;
}

Status command_benchmark(int argc, char **argv, FILE *out) {
    BenchmarkOptions options;
    TRY(benchmark_options_read(argc, argv, &options));
    if (options.help) {
        options_print(&benchmark_options, out);
        return status_ok();
    }
    choose_sizes(&options);
    (void)fprintf(out, "case %s\n", options.case_name);
    return run(&options, stop_signal_catch(STOP_BY_LOOKING), out);
}
