#include "commands/command_compare.h"

#include "base/text.h"
#include "commands/trace_file.h"
#include "formats/compare.h"
#include "hdf5/image_file.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

/* What the command line asks for; NAN is "not given", and so is IMAGE_FRAME_NONE. */
typedef struct CompareOptions {
    const char *images[2]; /* REFERENCE, TEST */
    double min_correlation, max_one_minus_correlation, max_sum_error, max_relative_error, max_rms_error;
    double max_peak_displacement, floor, scale;
    int64_t frame, reference_frame;
    int64_t block_sum;
    int64_t shape[2];  /* 0: square */
    int64_t region[4]; /* slow begin, end, fast begin, end; all 0: everything */
    bool json, help, traces;
    int named; /* images */
} CompareOptions;

static Status take_image(const Option *option, const char *word, void *asked) {
    CompareOptions *compare = asked;
    (void)option;
    if (compare->named == 2)
        return status_error(STATUS_BAD_PARAMETER, "compare takes two images; \"%.200s\" is one too many", word);
    compare->images[compare->named++] = word;
    return status_ok();
}

#define FIELD(field) offsetof(CompareOptions, field)
static const Option options[] = {
    {OPTION("--min-correlation", OPTION_REAL, -1, 1, FIELD(min_correlation), "R", "least correlation (0.999999)")},
    {OPTION("--max-one-minus-correlation", OPTION_REAL, 0, INFINITY, FIELD(max_one_minus_correlation), "E",
            "the same, for correlations very near 1")},
    {OPTION("--max-sum-error", OPTION_REAL, 0, INFINITY, FIELD(max_sum_error), "E",
            "greatest |sum of TEST / sum of REFERENCE - 1| (1e-5)")},
    {OPTION("--max-relative-error", OPTION_REAL, 0, INFINITY, FIELD(max_relative_error), "E",
            "greatest relative error of a pixel above the floor (not checked)")},
    {OPTION("--max-rms-error", OPTION_REAL, 0, INFINITY, FIELD(max_rms_error), "E",
            "greatest rms of the relative errors (not checked)")},
    {OPTION("--max-peak-displacement", OPTION_REAL, 0, INFINITY, FIELD(max_peak_displacement), "PX",
            "greatest displacement of the 25 strongest peaks, in pixels (0.5)")},
    {OPTION("--floor", OPTION_REAL, 0, 1, FIELD(floor), "F",
            "relative errors are of pixels above F x the greatest of REFERENCE (1e-6)")},
    {OPTION("--scale-reference", OPTION_REAL, -INFINITY, INFINITY, FIELD(scale), "S", "factor on REFERENCE (1)")},
    {OPTION("--frame", OPTION_INTEGER, 0, 1e15, FIELD(frame), "N",
            "frame of TEST, and of REFERENCE if that has several; FILE#N says the same")},
    {OPTION("--reference-frame", OPTION_INTEGER, 0, 1e15, FIELD(reference_frame), "N", "frame of REFERENCE")},
    {OPTION("--shape", OPTION_INTEGER, 1, 2147483647, FIELD(shape), "SLOW,FAST", "pixels of .bin files (square)"),
     .count = 2},
    {OPTION("--region", OPTION_INTEGER, 0, 2147483647, FIELD(region), "S0,S1,F0,F1",
            "rows S0..S1-1 and columns F0..F1-1; an image that is of that size is not cut"),
     .count = 4},
    {OPTION("--block-sum", OPTION_INTEGER, 1, 2147483647, FIELD(block_sum), "N",
            "sums over N x N pixels of TEST are compared; REFERENCE holds such sums (1)")},
    {OPTION("--traces", OPTION_FLAG, 0, 0, FIELD(traces), "",
            "both are traces of a pixel: names the first quantity that differs (by 1e-9 or --max-relative-error)")},
    {OPTION("--json", OPTION_FLAG, 0, 0, FIELD(json), "", "print one line of JSON")},
    {OPTION("--help", OPTION_FLAG, 0, 0, FIELD(help), "", "print this")},
};
const OptionTable command_compare_options = {
    .command = "compare",
    .option = options,
    .options = sizeof options / sizeof *options,
    .before = "tessera compare REFERENCE TEST [OPTION ...]: compares two images; exit code 0 within the limits, 1 "
              "outside.\n"
              "An image is FILE, FILE:DATASET, FILE#FRAME or FILE:DATASET#FRAME, where FILE is .h5 .hdf5 .nxs .bin "
              ".raw .img",
    .word = take_image};

static Status parse(int argc, char **argv, CompareOptions *asked) {
    *asked = (CompareOptions){.min_correlation = NAN,
                              .max_one_minus_correlation = NAN,
                              .max_sum_error = 1e-5,
                              .max_relative_error = INFINITY,
                              .max_rms_error = INFINITY,
                              .max_peak_displacement = 0.5,
                              .floor = 1e-6,
                              .scale = 1.0,
                              .block_sum = 1,
                              .frame = IMAGE_FRAME_NONE,
                              .reference_frame = IMAGE_FRAME_NONE};
    TRY(options_read(&command_compare_options, argc, argv, asked, NULL));
    if (!asked->help && asked->named < 2)
        return status_error(STATUS_BAD_PARAMETER, "compare needs two images: tessera compare REFERENCE TEST");
    if (!isfinite(asked->scale) || asked->scale == 0.0)
        return status_error(STATUS_BAD_PARAMETER, "compare: --scale-reference is %g; it must be finite and not 0",
                            asked->scale);
    return status_ok();
}

/* ----------------------------------------------------------------------------------------------------------- gates */

/* A figure and what it must not exceed. */
typedef struct Gate {
    const char *name, *title;
    double value, limit;
} Gate;
enum { GATES = 5 };

static bool is_kept(Gate gate) {
    return gate.value <= gate.limit;
}

static double correlation_limit(const CompareOptions *asked) {
    const bool none_given = isnan(asked->min_correlation) && isnan(asked->max_one_minus_correlation);
    return none_given ? 1.0 - 0.999999 : fmin(1.0 - asked->min_correlation, asked->max_one_minus_correlation);
}

static void make_gates(const CompareOptions *asked, const Comparison *found, Gate *gates) {
    gates[0] =
        (Gate){"one_minus_correlation", "1 - correlation", found->one_minus_correlation, correlation_limit(asked)};
    gates[1] = (Gate){"sum_error", "|sum error|", fabs(found->sum_error), asked->max_sum_error};
    gates[2] =
        (Gate){"max_relative_error", "largest relative error", found->max_relative_error, asked->max_relative_error};
    gates[3] = (Gate){"rms_relative_error", "rms relative error", found->rms_relative_error, asked->max_rms_error};
    gates[4] =
        (Gate){"peak_max_pixels", "largest peak displacement", found->peak_max_pixels, asked->max_peak_displacement};
}

static Status judge(const CompareOptions *asked, const Comparison *found, const Gate *gates) {
    char failures[512] = "";
    if (found->test_nonfinite > 0 || found->reference_nonfinite > 0)
        (void)snprintf(failures, sizeof failures,
                       "; %" PRId64 " pixels of REFERENCE and %" PRId64 " of TEST are not finite",
                       found->reference_nonfinite, found->test_nonfinite);
    for (int i = 0; i < GATES; i++) {
        const size_t used = strlen(failures);
        if (!is_kept(gates[i]))
            (void)snprintf(failures + used, sizeof failures - used, "; %s %.3g is above %.3g", gates[i].title,
                           gates[i].value, gates[i].limit);
    }
    if (failures[0] == '\0') return status_ok();
    return status_error(STATUS_COMPARISON_FAILED, "%.200s differs from %.200s:%s", asked->images[1], asked->images[0],
                        failures + 1);
}

/* -------------------------------------------------------------------------------------------------------- printing */

static void print_table(const CompareOptions *asked, ImageView shape, const Comparison *found, const Gate *gates,
                        FILE *out) {
    (void)fprintf(out, "reference  %s   sum %.10g\ntest       %s   sum %.10g\n", asked->images[0], found->reference_sum,
                  asked->images[1], found->test_sum);
    (void)fprintf(out, "%-28s %" PRId64 " x %" PRId64 " (slow x fast)\n", "pixels", shape.slow_pixels,
                  shape.fast_pixels);
    (void)fprintf(out, "%-28s %.12g\n", "correlation", found->correlation);
    for (int i = 0; i < GATES; i++) {
        const char *failed = is_kept(gates[i]) ? "" : "  FAILED";
        if (gates[i].limit < INFINITY)
            (void)fprintf(out, "%-28s %-12.4g limit %.4g%s\n", gates[i].title, gates[i].value, gates[i].limit, failed);
        else
            (void)fprintf(out, "%-28s %.4g\n", gates[i].title, gates[i].value);
    }
    (void)fprintf(out, "%-28s %.4g, of %d peaks\n", "median peak displacement", found->peak_median_pixels,
                  found->peaks);
    (void)fprintf(out, "%-28s %.4g\n%-28s %.4g\n", "largest error", found->max_error, "rms error", found->rms_error);
    if (found->relative_pixels > 0)
        (void)fprintf(out, "%-28s slow %" PRId64 ", fast %" PRId64 "; %" PRId64 " pixels are above the floor\n",
                      "worst pixel", found->worst_slow, found->worst_fast, found->relative_pixels);
    (void)fprintf(out, "%-28s %" PRId64 "\n", "not 0 where reference is 0", found->nonzero_where_reference_is_zero);
    if (found->reference_nonfinite + found->test_nonfinite > 0)
        (void)fprintf(out, "%-28s %" PRId64 " of reference, %" PRId64 " of test  FAILED\n", "not finite",
                      found->reference_nonfinite, found->test_nonfinite);
}

static void print_json_text(const char *text, FILE *out) {
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20)
            (void)fprintf(out, "\\u%04x", (unsigned char)*text);
        else
            (void)fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
    (void)fputc('"', out);
}

/* JSON has no infinity. */
static void print_json_number(const char *name, double value, FILE *out) {
    if (isfinite(value))
        (void)fprintf(out, ",\"%s\":%.17g", name, value);
    else
        (void)fprintf(out, ",\"%s\":null", name);
}

static void print_json_gates(const Gate *gates, FILE *out) {
    const char *comma = "";
    (void)fputs(",\"limits\":{", out);
    for (int i = 0; i < GATES; i++) {
        if (!(gates[i].limit < INFINITY)) continue;
        (void)fprintf(out, "%s\"%s\":%.17g", comma, gates[i].name, gates[i].limit);
        comma = ",";
    }
    (void)fputs("},\"failed\":[", out);
    comma = "";
    for (int i = 0; i < GATES; i++) {
        if (is_kept(gates[i])) continue;
        (void)fprintf(out, "%s\"%s\"", comma, gates[i].name);
        comma = ",";
    }
    (void)fputs("]}\n", out);
}

static void print_json(const CompareOptions *asked, ImageView shape, const Comparison *found, const Gate *gates,
                       FILE *out) {
    (void)fputs("{\"reference\":", out);
    print_json_text(asked->images[0], out);
    (void)fputs(",\"test\":", out);
    print_json_text(asked->images[1], out);
    (void)fprintf(out, ",\"shape\":[%" PRId64 ",%" PRId64 "]", shape.slow_pixels, shape.fast_pixels);
    (void)fprintf(out, ",\"reference_nonfinite\":%" PRId64 ",\"test_nonfinite\":%" PRId64, found->reference_nonfinite,
                  found->test_nonfinite);
    print_json_number("reference_sum", found->reference_sum, out);
    print_json_number("test_sum", found->test_sum, out);
    print_json_number("correlation", found->correlation, out);
    print_json_number("one_minus_correlation", found->one_minus_correlation, out);
    print_json_number("sum_error", found->sum_error, out);
    print_json_number("max_relative_error", found->max_relative_error, out);
    print_json_number("rms_relative_error", found->rms_relative_error, out);
    print_json_number("max_error", found->max_error, out);
    print_json_number("rms_error", found->rms_error, out);
    (void)fprintf(out, ",\"relative_pixels\":%" PRId64 ",\"worst_pixel\":[%" PRId64 ",%" PRId64 "]",
                  found->relative_pixels, found->worst_slow, found->worst_fast);
    (void)fprintf(out, ",\"nonzero_where_reference_is_zero\":%" PRId64 ",\"peaks\":%d",
                  found->nonzero_where_reference_is_zero, found->peaks);
    print_json_number("peak_max_pixels", found->peak_max_pixels, out);
    print_json_number("peak_median_pixels", found->peak_median_pixels, out);
    print_json_gates(gates, out);
}

/* --------------------------------------------------------------------------------------------------------- command */

static bool is_of_region(const int64_t *region, ImageView image) {
    return image.slow_pixels == region[1] - region[0] && image.fast_pixels == region[3] - region[2];
}

static Status cut_region(const CompareOptions *asked, const char *name, ImageView *image) {
    const int64_t *r = asked->region;
    const bool is_asked = r[0] != 0 || r[1] != 0 || r[2] != 0 || r[3] != 0;
    if (!is_asked || is_of_region(r, *image)) return status_ok();
    if (r[0] >= r[1] || r[2] >= r[3] || r[1] > image->slow_pixels || r[3] > image->fast_pixels)
        return status_error(STATUS_BAD_PARAMETER,
                            "compare: --region is %" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
                            "; it must be S0 < S1 <= %" PRId64 " and F0 < F1 <= %" PRId64 ", the size of %.200s",
                            r[0], r[1], r[2], r[3], image->slow_pixels, image->fast_pixels, name);
    *image = image_view_part(*image, r[0], r[2], r[1] - r[0], r[3] - r[2]);
    return status_ok();
}

static Status compare_loaded(const CompareOptions *asked, ImageView reference, ImageView test, FILE *out) {
    TRY(cut_region(asked, asked->images[0], &reference));
    TRY(cut_region(asked, asked->images[1], &test));
    if (!image_view_same_shape(reference, test))
        return status_error(STATUS_BAD_FILE,
                            "%.200s has %" PRId64 " x %" PRId64 " pixels (slow x fast) and %.200s has %" PRId64
                            " x %" PRId64 "; they must be alike",
                            asked->images[0], reference.slow_pixels, reference.fast_pixels, asked->images[1],
                            test.slow_pixels, test.fast_pixels);
    const Comparison found = compare_images(reference, test, asked->floor);
    Gate gates[GATES];
    make_gates(asked, &found, gates);
    if (asked->json)
        print_json(asked, reference, &found, gates, out);
    else
        print_table(asked, reference, &found, gates, out);
    return judge(asked, &found, gates);
}

static Status read_reference(const CompareOptions *asked, Image *image) {
    TRY(image_file_read((ImageRequest){.name = asked->images[0],
                                       .frame = asked->reference_frame,
                                       .default_frame = asked->frame,
                                       .slow_pixels = asked->shape[0],
                                       .fast_pixels = asked->shape[1]},
                        image));
    const int64_t pixels = image->slow_pixels * image->fast_pixels;
    for (int64_t i = 0; i < pixels; i++) image->pixels[i] *= asked->scale;
    return status_ok();
}

static Status sum_blocks(const CompareOptions *asked, Image *image) {
    const int64_t block = asked->block_sum;
    if (image->slow_pixels % block != 0 || image->fast_pixels % block != 0)
        return status_error(STATUS_BAD_PARAMETER,
                            "compare: --block-sum is %" PRId64 "; it must divide the %" PRId64 " x %" PRId64
                            " pixels of %.200s",
                            block, image->slow_pixels, image->fast_pixels, asked->images[1]);
    compare_sum_blocks(block, image->slow_pixels, image->fast_pixels, image->pixels);
    image->slow_pixels /= block;
    image->fast_pixels /= block;
    return status_ok();
}

static Status read_test(const CompareOptions *asked, Image *image) {
    TRY(image_file_read((ImageRequest){.name = asked->images[1],
                                       .frame = asked->frame,
                                       .default_frame = IMAGE_FRAME_NONE,
                                       .slow_pixels = asked->shape[0],
                                       .fast_pixels = asked->shape[1]},
                        image));
    return sum_blocks(asked, image);
}

Status command_compare(int argc, char **argv, FILE *out) {
    CompareOptions asked;
    TRY(parse(argc, argv, &asked));
    if (asked.help) {
        options_print(&command_compare_options, out);
        return status_ok();
    }
    if (asked.traces) {
        const double tolerance = isfinite(asked.max_relative_error) ? asked.max_relative_error : 1e-9;
        return trace_file_compare(asked.images[0], asked.images[1], tolerance, out);
    }
    Image reference = {.pixels = NULL}, test = {.pixels = NULL};
    Status status = read_reference(&asked, &reference);
    if (status_is_ok(status)) status = read_test(&asked, &test);
    if (status_is_ok(status)) status = compare_loaded(&asked, image_view(&reference), image_view(&test), out);
    image_free(&test);
    image_free(&reference);
    return status;
}
