#include "benchmark/benchmark_report.h"

#include "parameters/instructions.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* -------------------------------------------------------------------------------------------------------- one size */

static void print_phases(FILE *out, const char *title, const double *seconds) {
    (void)fprintf(out, "  %-12s", title);
    for (int i = 0; i < 6; i++) (void)fprintf(out, " %9.4f", seconds[i]);
    (void)fputc('\n', out);
}

static void print_times(FILE *out, const BenchmarkResult *result) {
    double (*const figures[])(const BenchmarkRound *, int64_t) = {figure_setup,  figure_load,  figure_compute,
                                                                  figure_reduce, figure_write, figure_total};
    const BenchmarkTimes *cold = &result->cold;
    double warm[6], spread[6];
    for (int i = 0; i < 6; i++) {
        const Spread found = benchmark_spread(result, figures[i]);
        warm[i] = found.median;
        spread[i] = found.spread;
    }
    (void)fprintf(out, "  seconds         set-up      load   compute    reduce     write     total\n");
    print_phases(out, "cold",
                 (const double[]){cold->setup, cold->load, cold->compute, cold->reduce, cold->write, cold->total});
    print_phases(out, "warm median", warm);
    print_phases(out, "warm spread", spread);
}

static void print_speed(FILE *out, const BenchmarkResult *result) {
    const Spread rate = benchmark_spread(result, figure_steps_per_second);
    const Spread step = benchmark_spread(result, figure_nanoseconds);
    const Spread plain = benchmark_spread(result, figure_yardstick_nanoseconds);
    const Spread ratio = benchmark_spread(result, figure_yardstick_ratio);
    (void)fprintf(out, "  speed        %.4g steps/s (wall); %.4g ns of CPU time per step, spread %.2g\n", rate.median,
                  step.median, step.spread);
    (void)fprintf(out,
                  "  yardstick    %.4g ns per step of the plain libm loop on %" PRId64
                  " pixels: ratio %.4g, spread %.2g; the image is within %.2g of it\n",
                  plain.median, result->rounds[0].yardstick.pixels, ratio.median, ratio.spread,
                  result->rounds[0].yardstick.largest_error);
    if (!result->has_reference) return;
    const Spread wall = benchmark_spread(result, figure_reference_wall);
    const Spread cpu = benchmark_spread(result, figure_reference_cpu);
    (void)fprintf(out, "  reference    %.4g s wall, %.4g s CPU: speed-up %.4g wall, %.4g CPU\n", wall.median,
                  cpu.median, benchmark_spread(result, figure_speed_up_wall).median,
                  benchmark_spread(result, figure_speed_up_cpu).median);
}

static void print_shares(FILE *out, const BenchmarkResult *result) {
    const BenchmarkShares shares = benchmark_shares(result);
    (void)fprintf(out,
                  "  shares       compute %.1f %%, waiting of threads %.1f %%, reduce %.1f %%, write %.1f %%, "
                  "set-up and load %.1f %%\n",
                  100.0 * shares.compute, 100.0 * shares.wait, 100.0 * shares.reduce, 100.0 * shares.write,
                  100.0 * shares.setup);
}

static void print_parity_line(FILE *out, const char *title, const Parity *parity) {
    const Comparison *figures = &parity->figures;
    (void)fprintf(out, "  %-12s %11.3g %11.3g %11.3g %11.3g %11.3g %11.3g  %s\n", title, figures->one_minus_correlation,
                  figures->sum_error, figures->rms_error, figures->max_error, figures->max_relative_error,
                  figures->peak_max_pixels, parity->passed ? "PASSED" : "FAILED");
}

void benchmark_report_size(FILE *out, const BenchmarkOptions *options, const BenchmarkResult *result) {
    (void)fprintf(out, "%" PRId64 " x %" PRId64 " pixels, %" PRId64 " steps, %s, %s, %d thread%s, %" PRId64 " warm\n",
                  result->slow_pixels, result->fast_pixels, result->steps, result->kernel,
                  instructions_name(result->instructions), result->threads, result->threads == 1 ? "" : "s",
                  result->round_count);
    print_times(out, result);
    print_speed(out, result);
    if (options->profile) print_shares(out, result);
    (void)fprintf(out, "  parity with      1 - corr     sum - 1        rmse     max abs     max rel     peak px\n");
    print_parity_line(out, "our float64", &result->oracle);
    if (result->has_reference) print_parity_line(out, "reference", &result->reference);
    if (*result->skipped != '\0') (void)fprintf(out, "  reference    skipped: %s\n", result->skipped);
    (void)fprintf(out, "  photons      sha256 %s\n", result->sha256);
    (void)fprintf(out, "  %s\n", benchmark_passed(result) ? "PASSED" : "BLOCKED: the timings above are UNTRUSTED");
}

/* ---------------------------------------------------------------------------------------------------- correlation.txt
 */

static void print_parity(FILE *out, const char *title, const Parity *parity) {
    const Comparison *figures = &parity->figures;
    const struct {
        const char *name;
        double value;
    } lines[] = {{"correlation", figures->correlation},
                 {"one_minus_correlation", figures->one_minus_correlation},
                 {"sum_ratio", 1.0 + figures->sum_error},
                 {"sum_error", figures->sum_error},
                 {"rms_error", figures->rms_error},
                 {"max_error", figures->max_error},
                 {"max_relative_error", figures->max_relative_error},
                 {"peak_max_pixels", figures->peak_max_pixels},
                 {"limit_one_minus_correlation", parity->gate.one_minus_correlation},
                 {"limit_sum_error", parity->gate.sum_error}};
    (void)fprintf(out, "against %s: %s\n", title, parity->passed ? "PASSED" : "FAILED");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        (void)fprintf(out, "  %-28s %.15g\n", lines[i].name, lines[i].value);
}

void benchmark_report_parity(FILE *out, const BenchmarkResult *results, int count) {
    for (int i = 0; i < count; i++) {
        const BenchmarkResult *result = &results[i];
        (void)fprintf(out, "%" PRId64 " x %" PRId64 " pixels: %s\n", result->slow_pixels, result->fast_pixels,
                      benchmark_passed(result) ? "PASSED" : "BLOCKED");
        print_parity(out, "our float64", &result->oracle);
        if (result->has_reference) print_parity(out, "the reference", &result->reference);
        if (*result->skipped != '\0') (void)fprintf(out, "against the reference: skipped: %s\n", result->skipped);
    }
}

/* --------------------------------------------------------------------------------------------------------- blocking.md
 */

static void print_failures(FILE *out, const char *title, const Parity *parity) {
    const Comparison *figures = &parity->figures;
    if (parity->passed) return;
    if (figures->reference_nonfinite + figures->test_nonfinite > 0)
        (void)fprintf(out, "- against %s: %" PRId64 " pixels of it and %" PRId64 " of ours are not finite\n", title,
                      figures->reference_nonfinite, figures->test_nonfinite);
    if (!(figures->one_minus_correlation <= parity->gate.one_minus_correlation))
        (void)fprintf(out, "- against %s: correlation %.9g, least allowed %.9g (1 - correlation %.3g, limit %.3g)\n",
                      title, figures->correlation, 1.0 - parity->gate.one_minus_correlation,
                      figures->one_minus_correlation, parity->gate.one_minus_correlation);
    if (!(fabs(figures->sum_error) <= parity->gate.sum_error))
        (void)fprintf(out, "- against %s: sum / its sum - 1 is %.3g, limit %.3g in size\n", title, figures->sum_error,
                      parity->gate.sum_error);
    (void)fprintf(out,
                  "- against %s: worst pixel slow %" PRId64 ", fast %" PRId64
                  " (relative error %.3g); peaks are displaced by up to %.3g pixels\n",
                  title, figures->worst_slow, figures->worst_fast, figures->max_relative_error,
                  figures->peak_max_pixels);
}

static void print_arguments(FILE *out, const NanobraggArguments *arguments) {
    for (int i = 0; i < arguments->count; i++) {
        const bool plain = strpbrk(arguments->word[i], " \t'\"\\$*?&|;<>()") == NULL;
        (void)fprintf(out, plain ? " %s" : " '%s'", arguments->word[i]);
    }
}

static void print_advice(FILE *out, const BenchmarkResult *result) {
    const Comparison *figures =
        result->has_reference && !result->reference.passed ? &result->reference.figures : &result->oracle.figures;
    (void)fprintf(out, "\nWhat to look at:\n\n");
    if (!result->oracle.passed)
        (void)fprintf(out, "- our own two precisions differ: `--precision float64` shows whether float32 is to blame;\n"
                           "  `run.precision` auto says why it avoids it (docs/physics.md, \"Precision\")\n");
    if (result->has_reference && !result->reference.passed) {
        (void)fprintf(out, "- the reference ran with:\n\n      nanoBragg");
        print_arguments(out, &result->arguments);
        (void)fprintf(out, "\n\n- docs/differences.md lists where nanoBragg is wrong; is this case one of these?\n"
                           "- is the reference the program it should be, with nothing added to its arguments?\n");
    }
    (void)fprintf(out,
                  "- the worst pixel, step by step: `tessera nanobragg ... --trace-pixel %" PRId64 ",%" PRId64
                  " --trace-file a.json`,\n  the same of the other program, and `tessera compare --traces a.json "
                  "b.json`, which names the first\n  quantity that differs\n- the previews "
                  "preview_*_ours.png, preview_*_reference.png and preview_*_difference.png beside this file\n",
                  figures->worst_slow, figures->worst_fast);
}

void benchmark_report_blocking(FILE *out, const BenchmarkOptions *options, const BenchmarkResult *results, int count) {
    (void)fprintf(out,
                  "# BLOCKED: case %s\n\nThe images differ by more than the gate allows. No timing of a blocked "
                  "size is to be trusted.\n",
                  options->case_name);
    for (int i = 0; i < count; i++) {
        if (benchmark_passed(&results[i])) continue;
        (void)fprintf(out, "\n## %" PRId64 " x %" PRId64 " pixels\n\n", results[i].slow_pixels, results[i].fast_pixels);
        print_failures(out, "our float64", &results[i].oracle);
        if (results[i].has_reference) print_failures(out, "the reference", &results[i].reference);
        print_advice(out, &results[i]);
    }
}
