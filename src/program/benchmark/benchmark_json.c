#include "benchmark/benchmark_json.h"

#include "base/build_info.h"
#include "benchmark/benchmark_report.h"
#include "parameters/instructions.h"
#include "shared/json_writer.h"

#include <hdf5.h>
#include <math.h>
#include <mpi.h>
#include <omp.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

/* --------------------------------------------------------------------------------------------------------- results */

static void put_times(JsonWriter *json, const char *name, const BenchmarkTimes *times) {
    json_open_group(json, name, '{');
    json_put_number(json, "setup_s", times->setup);
    json_put_number(json, "structure_factors_s", times->load);
    json_put_number(json, "compute_s", times->compute);
    json_put_number(json, "compute_cpu_s", times->compute_cpu);
    json_put_number(json, "reduce_s", times->reduce);
    json_put_number(json, "write_s", times->write);
    json_put_number(json, "wait_s", times->wait);
    json_put_number(json, "total_s", times->total);
    json_put_number(json, "total_cpu_s", times->total_cpu);
    json_close_group(json, '}');
}

static void put_spread(JsonWriter *json, const char *name, const BenchmarkResult *result,
                       double (*figure)(const BenchmarkRound *, int64_t)) {
    const Spread found = benchmark_spread(result, figure);
    json_open_group(json, name, '{');
    json_put_number(json, "median", found.median);
    json_put_number(json, "spread", found.spread);
    json_close_group(json, '}');
}

static void put_warm(JsonWriter *json, const BenchmarkResult *result) {
    json_open_group(json, "warm", '{');
    put_spread(json, "setup_s", result, figure_setup);
    put_spread(json, "structure_factors_s", result, figure_load);
    put_spread(json, "compute_s", result, figure_compute);
    put_spread(json, "reduce_s", result, figure_reduce);
    put_spread(json, "write_s", result, figure_write);
    put_spread(json, "total_s", result, figure_total);
    json_open_group(json, "passes", '[');
    for (int64_t i = 0; i < result->round_count; i++) put_times(json, NULL, &result->rounds[i].ours);
    json_close_group(json, ']');
    json_close_group(json, '}');
}

static void put_shares(JsonWriter *json, const BenchmarkResult *result) {
    const BenchmarkShares shares = benchmark_shares(result);
    json_open_group(json, "shares", '{');
    json_put_number(json, "compute", shares.compute);
    json_put_number(json, "wait", shares.wait);
    json_put_number(json, "reduce", shares.reduce);
    json_put_number(json, "write", shares.write);
    json_put_number(json, "setup", shares.setup);
    json_close_group(json, '}');
}

static void put_yardstick(JsonWriter *json, const BenchmarkResult *result) {
    json_open_group(json, "yardstick", '{');
    json_put_integer(json, "pixels", result->rounds[0].yardstick.pixels);
    put_spread(json, "ns_per_step", result, figure_yardstick_nanoseconds);
    put_spread(json, "ratio", result, figure_yardstick_ratio);
    json_put_number(json, "largest_error_of_maximum", result->rounds[0].yardstick.largest_error);
    json_close_group(json, '}');
}

static void put_figures(JsonWriter *json, const Parity *parity) {
    const Comparison *figures = &parity->figures;
    json_put_flag(json, "passed", parity->passed);
    json_put_number(json, "correlation", figures->correlation);
    json_put_number(json, "one_minus_correlation", figures->one_minus_correlation);
    json_put_number(json, "sum_ratio", 1.0 + figures->sum_error);
    json_put_number(json, "sum_error", figures->sum_error);
    json_put_number(json, "rms_error", figures->rms_error);
    json_put_number(json, "max_error", figures->max_error);
    json_put_number(json, "max_relative_error", figures->max_relative_error);
    json_put_number(json, "peak_max_pixels", figures->peak_max_pixels);
    json_put_integer(json, "nonfinite", figures->reference_nonfinite + figures->test_nonfinite);
    json_put_number(json, "limit_one_minus_correlation", parity->gate.one_minus_correlation);
    json_put_number(json, "limit_sum_error", parity->gate.sum_error);
}

static void put_reference(JsonWriter *json, const BenchmarkOptions *options, const BenchmarkResult *result) {
    json_open_group(json, "reference", '{');
    if (options->reference != NULL) json_put_text(json, "program", options->reference);
    if (*result->skipped != '\0') json_put_text(json, "skipped", result->skipped);
    if (result->has_reference) {
        json_open_group(json, "arguments", '[');
        for (int i = 0; i < result->arguments.count; i++) json_put_text(json, NULL, result->arguments.word[i]);
        json_close_group(json, ']');
        put_spread(json, "wall_s", result, figure_reference_wall);
        put_spread(json, "cpu_s", result, figure_reference_cpu);
        put_spread(json, "speed_up_wall", result, figure_speed_up_wall);
        put_spread(json, "speed_up_cpu", result, figure_speed_up_cpu);
        put_figures(json, &result->reference);
    }
    json_close_group(json, '}');
}

static void put_result(JsonWriter *json, const BenchmarkOptions *options, const BenchmarkResult *result) {
    json_open_group(json, NULL, '{');
    json_put_integer(json, "slow_pixels", result->slow_pixels);
    json_put_integer(json, "fast_pixels", result->fast_pixels);
    json_put_text(json, "status", benchmark_passed(result) ? "PASSED" : "BLOCKED");
    json_put_flag(json, "timings_trusted", benchmark_passed(result));
    json_put_text(json, "kernel", result->kernel);
    json_put_text(json, "instructions", instructions_name(result->instructions));
    json_put_integer(json, "threads", result->threads);
    json_put_integer(json, "steps", result->steps);
    json_put_text(json, "photons_sha256", result->sha256);
    put_spread(json, "steps_per_second", result, figure_steps_per_second);
    put_spread(json, "ns_per_step", result, figure_nanoseconds);
    put_times(json, "cold", &result->cold);
    put_warm(json, result);
    put_shares(json, result);
    put_yardstick(json, result);
    json_open_group(json, "oracle", '{');
    put_figures(json, &result->oracle);
    json_close_group(json, '}');
    put_reference(json, options, result);
    json_open_group(json, "notes", '[');
    for (int i = 0; i < result->notes.count; i++) json_put_text(json, NULL, result->notes.text[i]);
    json_close_group(json, ']');
    json_close_group(json, '}');
}

void benchmark_json_results(FILE *file, const BenchmarkOptions *options, const BenchmarkResult *results, int count) {
    bool passed = true;
    JsonWriter json = {.file = file};
    for (int i = 0; i < count; i++) passed = passed && benchmark_passed(&results[i]);
    json_open_group(&json, NULL, '{');
    json_put_text(&json, "program", "tessera benchmark");
    json_put_text(&json, "version", build_info().version);
    json_put_text(&json, "case", options->case_name);
    json_put_text(&json, "status", passed ? "PASSED" : "BLOCKED");
    json_put_integer(&json, "iterations", options->iterations);
    json_open_group(&json, "overrides", '[');
    for (int i = 0; i < options->overrides; i++) json_put_text(&json, NULL, options->override[i]);
    json_close_group(&json, ']');
    json_open_group(&json, "results", '[');
    for (int i = 0; i < count; i++) put_result(&json, options, &results[i]);
    json_close_group(&json, ']');
    json_close_group(&json, '}');
}

/* ----------------------------------------------------------------------------------------------------- environment */

/* "model name : ..." of the first processor; "unknown" where there is no such line. */
static void processor_model(char *text, size_t bytes) {
    char line[256];
    (void)snprintf(text, bytes, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL) return;
    bool found = false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        const char *value = strchr(line, ':');
        found = strncmp(line, "model name", 10) == 0 && value != NULL;
        if (found) (void)snprintf(text, bytes, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
    }
    (void)fclose(file);
}

static void put_machine(JsonWriter *json) {
    char model[256];
    struct utsname machine;
    processor_model(model, sizeof model);
    json_open_group(json, "machine", '{');
    if (uname(&machine) == 0) {
        json_put_text(json, "host", machine.nodename);
        json_put_text(json, "system", machine.sysname);
        json_put_text(json, "release", machine.release);
        json_put_text(json, "architecture", machine.machine);
    }
    json_put_text(json, "processor", model);
    json_put_integer(json, "processors", sysconf(_SC_NPROCESSORS_ONLN));
    json_put_text(json, "instructions", instructions_name(instructions_widest()));
    json_put_integer(json, "threads", omp_get_max_threads());
    json_close_group(json, '}');
}

static void put_build(JsonWriter *json) {
    const BuildInfo build = build_info();
    json_open_group(json, "build", '{');
    json_put_text(json, "version", build.version);
    json_put_text(json, "git_revision", build.git_revision);
    json_put_flag(json, "git_dirty", build.git_dirty);
    json_put_text(json, "compiler", build.compiler);
    json_put_text(json, "flags", build.flags);
    json_put_text(json, "build_type", build.build_type);
    json_close_group(json, '}');
}

static void put_libraries(JsonWriter *json) {
    char mpi[MPI_MAX_LIBRARY_VERSION_STRING] = "", hdf5[64] = "unknown";
    unsigned major = 0, minor = 0, release = 0;
    int length = 0;
    MPI_Get_library_version(mpi, &length); /* allowed before MPI_Init (MPI-3.1, 8.1) */
    if (H5get_libversion(&major, &minor, &release) >= 0)
        (void)snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
    json_open_group(json, "libraries", '{');
    json_put_text(json, "mpi", mpi);
    json_put_text(json, "hdf5", hdf5);
    json_put_text(json, "zlib", zlibVersion());
    json_put_integer(json, "openmp", _OPENMP);
    json_close_group(json, '}');
}

void benchmark_json_environment(FILE *file) {
    JsonWriter json = {.file = file};
    json_open_group(&json, NULL, '{');
    put_machine(&json);
    put_build(&json);
    put_libraries(&json);
    json_close_group(&json, '}');
}
