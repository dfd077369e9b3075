#include "commands/command_export.h"

#include "base/text.h"
#include "export/export_geometry.h"
#include "export/export_image.h"
#include "files/output_lock.h"
#include "files/output_path.h"
#include "formats/colour_map.h"
#include "nxmx/nxmx_read.h"
#include "parameters/file_look.h"
#include "shared/file_roles.h"
#include "shared/options.h"
#include "shared/stop_signal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef enum Format { FORMAT_SMV, FORMAT_CBF, FORMAT_PNG, FORMAT_RAW, FORMATS } Format;

enum { PATH_BYTES = OUTPUT_PATH_BYTES, DIGITS_MOST = 12 };

/* What the command line asks for. */
typedef struct ExportOptions {
    const char *file, *output, *format, *frames, *scale, *curve, *colours;
    int64_t frame; /* negative: not given */
    double low, high, clen_mm;
    bool expected, flip, approximate, overwrite, quiet, help;
} ExportOptions;

#define FIELD(field) offsetof(ExportOptions, field)
static const Option options[] = {
    {OPTION("--output", OPTION_TEXT, 0, 0, FIELD(output), "OUT",
            "file to write; for several frames with the place of the number:"
            " name_#####.img or name_%05d.img (first image: 1)")},
    {OPTION("--format", OPTION_TEXT, 0, 0, FIELD(format), "F",
            "smv, cbf, png or raw (by the end of OUT: .img .smv .cbf .png .raw); geom or expt: the geometry alone")},
    {OPTION("--frame", OPTION_INTEGER, 0, 1e15, FIELD(frame), "N", "one frame, its place in the file from 0 (0)")},
    {OPTION("--frames", OPTION_TEXT, 0, 0, FIELD(frames), "A:B", "frames A to B-1, or \"all\"")},
    {OPTION("--expected", OPTION_FLAG, 0, 0, FIELD(expected), "",
            "the expected photons that a file keeps beside counts")},
    {OPTION("--scale", OPTION_TEXT, 0, 0, FIELD(scale), "S",
            "smv, cbf: factor of the pixels, or \"auto\": the brightest of all "
            "frames becomes 55000 (1)")},
    {OPTION("--flip", OPTION_FLAG, 0, 0, FIELD(flip), "", "smv, cbf: rows in reverse order")},
    {OPTION("--approximate", OPTION_FLAG, 0, 0, FIELD(approximate), "",
            "smv, cbf: write a header even if it cannot tell the geometry")},
    {OPTION("--curve", OPTION_TEXT, 0, 0, FIELD(curve), "C", "png: log or linear (log)")},
    {OPTION("--low", OPTION_REAL, 0, 1e300, FIELD(low), "V",
            "png: value of the lowest level (log: a millionth of --high, 0.5 of "
            "counts; linear: 0)")},
    {OPTION("--high", OPTION_REAL, 1e-300, 1e300, FIELD(high), "V",
            "png: value of the highest level (log: the brightest pixel; "
            "linear: a thousandth of the pixels is above)")},
    {OPTION("--colours", OPTION_TEXT, 0, 0, FIELD(colours), "MAP", "png: paper, grey, heat or viridis (paper)")},
    {OPTION("--detector.clen", OPTION_REAL, -1e9, 1e9, FIELD(clen_mm), "MM",
            "geom, expt: camera length, where a .geom names a place in the image files")},
    {OPTION("--overwrite", OPTION_FLAG, 0, 0, FIELD(overwrite), "", "replace files")},
    {OPTION("--quiet", OPTION_FLAG, 0, 0, FIELD(quiet), "", "print nothing but losses")},
    {OPTION("--help", OPTION_FLAG, 0, 0, FIELD(help), "", "print this")},
};
const OptionTable command_export_options = {
    .command = "export",
    .option = options,
    .options = sizeof options / sizeof *options,
    .before =
        "tessera export FILE.nxs --output OUT [OPTION ...]: frames in other programs' formats\n\n"
        "tessera export FILE --output OUT.geom or OUT.expt: the detector's geometry for CrystFEL or DIALS, of an\n"
        "NXmx file or of another geometry"};

/* An export under way. */
typedef struct Export {
    ExportOptions asked;
    Format format;
    NxmxReader *reader;
    Notes notes;
    NxmxDescription description; /* as written: flipped where asked */
    int64_t begin, end;
    double scale, *pixels;
    uint32_t *mask;
    AssembledView view; /* of several panels, for a picture */
    uint8_t colours[COLOUR_MAP_BYTES];
    FILE *out;
} Export;

/* ------------------------------------------------------------------------------------------------------- file names */

/* Where the number goes: "#####", or "%05d". */
typedef struct Place {
    size_t begin, length;
    int digits;
} Place;

/* The last such place in the name of the file, not of its folder; length 0 where there is none. */
static Place place_of_number(const char *output) {
    const char *slash = strrchr(output, '/');
    const size_t first = slash == NULL ? 0 : (size_t)(slash + 1 - output);
    Place place = {.length = 0};
    for (size_t i = first; output[i] != '\0';) {
        const size_t hashes = strspn(output + i, "#");
        const size_t digits = output[i] == '%' ? strspn(output + i + 1, "0123456789") : 0;
        const bool percent = output[i] == '%' && digits <= 2 && output[i + 1 + digits] == 'd';
        if (hashes > 0 && hashes <= DIGITS_MOST) place = (Place){i, hashes, (int)hashes};
        if (percent) place = (Place){i, digits + 2, digits > 0 ? (int)strtol(output + i + 1, NULL, 10) : 1};
        i += hashes > 0 ? hashes : percent ? digits + 2 : 1;
    }
    return place;
}

/* A link to a file is followed. */
static Status name_of_frame(const void *context, int64_t frame, char *path) {
    const Export *e = context;
    const char *output = e->asked.output;
    const Place place = place_of_number(output);
    char name[PATH_BYTES];
    int length = 0;
    if (place.length == 0)
        length = snprintf(name, PATH_BYTES, "%s", output);
    else
        length = snprintf(name, PATH_BYTES, "%.*s%0*" PRId64 "%s", (int)place.begin, output,
                          place.digits < DIGITS_MOST ? place.digits : DIGITS_MOST, frame + 1,
                          output + place.begin + place.length);
    if (length >= PATH_BYTES - 16)
        return status_error(STATUS_BAD_PARAMETER, "export: --output %.60s... is too long", output);
    return file_list_follow("export: --output", name, path, PATH_BYTES - 16);
}

static Status check_is_free(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "export: %.400s exists; add --overwrite to replace it", path);
}

static Status check_is_file(const char *path) {
    if (!file_look_is_special(path)) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "export: %.400s is no regular file; give another name", path);
}

static Status check_names(const Export *e) {
    char path[PATH_BYTES], sidecar[PATH_BYTES];
    for (int64_t i = e->begin; i < e->end; i++) {
        TRY(name_of_frame(e, i, path));
        TRY(check_is_file(path));
        if (e->asked.overwrite) continue;
        TRY(check_is_free(path));
        (void)snprintf(sidecar, sizeof sidecar, "%.*s.json", PATH_BYTES - 16, path);
        if (e->format == FORMAT_RAW) TRY(check_is_free(sidecar));
    }
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------- what is asked */

static bool ends_with(const char *text, const char *end) {
    const size_t text_length = strlen(text), end_length = strlen(end);
    return text_length > end_length && strcmp(text + text_length - end_length, end) == 0;
}

static Status choose_format(const ExportOptions *asked, Format *format) {
    static const char *const names[FORMATS] = {"smv", "cbf", "png", "raw"};
    static const struct {
        const char *end;
        Format format;
    } ends[] = {{".img", FORMAT_SMV}, {".smv", FORMAT_SMV}, {".cbf", FORMAT_CBF},
                {".png", FORMAT_PNG}, {".raw", FORMAT_RAW}, {".bin", FORMAT_RAW}};
    for (int i = 0; asked->format != NULL && i < FORMATS; i++) {
        *format = (Format)i;
        if (strcmp(names[i], asked->format) == 0) return status_ok();
    }
    for (size_t i = 0; asked->format == NULL && i < sizeof ends / sizeof *ends; i++) {
        *format = ends[i].format;
        if (ends_with(asked->output, ends[i].end)) return status_ok();
    }
    if (asked->format != NULL)
        return status_error(STATUS_BAD_PARAMETER,
                            "export: --format is \"%.60s\"; it must be smv, cbf, png, raw, geom or expt",
                            asked->format);
    return status_error(
        STATUS_BAD_PARAMETER,
        "export: the end of \"%.200s\" names no format that is written; it must be .img (SMV), .cbf, .png, .raw, "
        ".geom or .expt, or give --format",
        asked->output);
}

static Status choose_frames(Export *e) {
    const int64_t frames = nxmx_reader_description(e->reader)->frames;
    const char *text = e->asked.frames, *rest = text;
    e->begin = e->asked.frame < 0 ? 0 : e->asked.frame;
    e->end = e->begin + 1;
    if (text != NULL && e->asked.frame >= 0)
        return status_error(STATUS_BAD_PARAMETER, "export: --frame and --frames exclude each other; give one");
    if (text != NULL && strcmp(text, "all") == 0) {
        e->end = frames;
        return status_ok();
    }
    if (text != NULL && !(text_read_integer(text, &e->begin, &rest) && *rest == ':' &&
                          text_read_integer(rest + 1, &e->end, &rest) && *rest == '\0'))
        return status_error(STATUS_BAD_PARAMETER, "export: --frames is \"%.60s\"; it must be A:B or \"all\"", text);
    if (e->begin >= 0 && e->begin < e->end && e->end <= frames) return status_ok();
    if (text == NULL)
        return status_error(STATUS_BAD_PARAMETER, "export: %.400s has no frame %" PRId64 "; it has %" PRId64 ", from 0",
                            e->asked.file, e->begin, frames);
    return status_error(STATUS_BAD_PARAMETER,
                        "export: --frames is \"%.60s\"; it must be A:B within the file's frames 0:%" PRId64
                        " (frame B is not included)",
                        text, frames);
}

/* Missing frames hold no image. */
static Status check_complete(const Export *e) {
    char list[128] = "";
    int64_t missing = 0;
    for (int64_t i = e->begin; i < e->end; i++) {
        if (nxmx_reader_frame(e->reader, i)->complete) continue;
        const size_t used = strlen(list);
        if (++missing <= 5) (void)snprintf(list + used, sizeof list - used, "%s%" PRId64, missing > 1 ? ", " : "", i);
    }
    if (missing == 0) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "export: %.400s: %" PRId64 " of the frames are not complete (%s%s); choose others, or finish "
                        "the run with --resume",
                        e->asked.file, missing, list, missing > 5 ? " ..." : "");
}

/* dxtbx takes the number of an image from its name, and opens none without, not even a still. */
static void warn_of_name(const Export *e) {
    const char *name = strrchr(e->asked.output, '/'), *output = name == NULL ? e->asked.output : name + 1;
    const char *dot = strrchr(output, '.');
    const char *end = dot == NULL ? output + strlen(output) : dot;
    const Place place = place_of_number(e->asked.output);
    const bool is_place = place.length > 0 && e->asked.output + place.begin + place.length == end;
    if (is_place || (end > output && isdigit((unsigned char)end[-1]))) return;
    (void)fprintf(
        e->out,
        "warning: %s: DIALS and dxtbx want a number before the end of the name, as in %.*s_0001%s; they refuse "
        "this one\n",
        e->asked.output, (int)(end - e->asked.output), e->asked.output, end);
}

static Status check_header(Export *e) {
    char what[256] = "";
    bool flippable = false;
    e->description = *nxmx_reader_description(e->reader);
    if (e->format != FORMAT_SMV && e->format != FORMAT_CBF) return status_ok();
    if (e->description.panels > 1)
        return status_error(
            STATUS_BAD_FILE,
            "export: %.400s: the detector has %" PRId64 " panels, and no header of an SMV or miniCBF image "
            "can say where they are; give DIALS the .nxs itself, write the geometry as .expt or .geom, or the "
            "numbers as --format raw or png",
            e->asked.file, e->description.panels);
    if (!e->description.beam_meets)
        return status_error(STATUS_BAD_FILE,
                            "export: %.400s: the beam does not meet the detector, or its axes are not at right angles: "
                            "no header of an SMV or miniCBF image can say where it is; give DIALS the .nxs itself, or "
                            "write --format raw",
                            e->asked.file);
    warn_of_name(e);
    if (e->asked.flip) e->description = export_flipped(&e->description);
    if (!export_header_misses(&e->description, what, sizeof what, &flippable)) return status_ok();
    if (e->asked.approximate) {
        (void)fprintf(e->out, "warning: %s, which the header cannot say: programs will take it for otherwise\n", what);
        return status_ok();
    }
    return status_error(STATUS_BAD_PARAMETER,
                        "export: %.400s: %s, which the header of an SMV or miniCBF image cannot say; %s", e->asked.file,
                        what,
                        flippable ? "add --flip to write the rows in reverse order"
                                  : "give DIALS the .nxs itself, or add --approximate to write it all the same");
}

/* The greatest value of all frames to write. */
static Status find_brightest(const Export *e, double *brightest) {
    const int64_t pixels = e->description.slow_pixels * e->description.fast_pixels;
    *brightest = 0.0;
    for (int64_t i = e->begin; i < e->end; i++) {
        const double recorded = nxmx_reader_frame(e->reader, i)->max_photons;
        const bool is_known = isfinite(recorded) && !e->asked.expected;
        if (is_known) *brightest = fmax(*brightest, recorded);
        if (is_known) continue;
        TRY(nxmx_reader_image(e->reader, i, e->asked.expected, e->pixels));
        for (int64_t pixel = 0; pixel < pixels; pixel++) *brightest = fmax(*brightest, e->pixels[pixel]);
    }
    return status_ok();
}

static Status choose_scale(Export *e) {
    const char *text = e->asked.scale, *rest = text;
    e->scale = 1.0;
    if (text == NULL) return status_ok();
    if (strcmp(text, "auto") == 0) {
        double brightest = 0.0;
        TRY(find_brightest(e, &brightest));
        e->scale = brightest > 0.0 ? 55000.0 / brightest : 1.0;
        return status_ok();
    }
    if (text_read_real(text, &e->scale, &rest) && *rest == '\0' && e->scale > 0.0 && isfinite(e->scale))
        return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "export: --scale is \"%.60s\"; it must be a positive number or \"auto\"",
                        text);
}

static Status check_picture(Export *e) {
    const ExportOptions *asked = &e->asked;
    const char *curve = asked->curve == NULL ? "log" : asked->curve;
    if (strcmp(curve, "log") != 0 && strcmp(curve, "linear") != 0)
        return status_error(STATUS_BAD_PARAMETER, "export: --curve is \"%.60s\"; it must be log or linear", curve);
    if (asked->low >= asked->high || (asked->low == 0.0 && strcmp(curve, "log") == 0))
        return status_error(STATUS_BAD_PARAMETER,
                            "export: --low is %g; it must be below --high, and above 0 on a logarithmic curve",
                            asked->low);
    return colour_map(asked->colours == NULL ? "paper" : asked->colours, e->colours);
}

static Status check_expected(const Export *e) {
    const NxmxDescription *d = nxmx_reader_description(e->reader);
    if (!e->asked.expected || d->has_expected || !d->counts) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "export: --expected: %.400s keeps no expected photons (output.images=both does)",
                        e->asked.file);
}

/* An option that another format takes is a mistake. */
static Status check_options(const Export *e) {
    const ExportOptions *a = &e->asked;
    const bool integers = e->format == FORMAT_SMV || e->format == FORMAT_CBF;
    const bool for_integers = a->scale != NULL || a->flip || a->approximate;
    const bool for_pictures = a->curve != NULL || a->colours != NULL || !isnan(a->low) || !isnan(a->high);
    if (for_integers && !integers)
        return status_error(STATUS_BAD_PARAMETER, "export: --scale, --flip and --approximate are for smv and cbf");
    if (for_pictures && e->format != FORMAT_PNG)
        return status_error(STATUS_BAD_PARAMETER, "export: --curve, --low, --high and --colours are for png");
    return status_ok();
}

/* ----------------------------------------------------------------------------------------------------------- writing
 */

static Status make_buffers(Export *e) {
    const size_t pixels = (size_t)e->description.slow_pixels * (size_t)e->description.fast_pixels;
    e->pixels = malloc(pixels * sizeof *e->pixels);
    if (e->description.has_mask) e->mask = malloc(pixels * sizeof *e->mask);
    if (e->pixels == NULL || (e->description.has_mask && e->mask == NULL))
        return status_error(STATUS_NO_MEMORY, "no memory for an image of %.400s", e->asked.file);
    return e->mask == NULL ? status_ok() : nxmx_reader_mask(e->reader, e->mask);
}

/* Exchanges the rows of an image, first for last. */
static void flip_rows(void *image, int64_t rows, size_t row_bytes) {
    unsigned char *upper = image, *lower = upper + (size_t)(rows - 1) * row_bytes;
    for (; upper < lower; upper += row_bytes, lower -= row_bytes)
        for (size_t i = 0; i < row_bytes; i++) {
            const unsigned char byte = upper[i];
            upper[i] = lower[i];
            lower[i] = byte;
        }
}

static void report(const Export *e, int64_t frame, const char *path, ExportLosses losses) {
    if (!e->asked.quiet) (void)fprintf(e->out, "frame %" PRId64 " -> %s\n", frame, path);
    if (losses.overloads > 0)
        (void)fprintf(e->out, "warning: %s: %" PRId64 " pixels above %d were cut; choose a smaller --scale\n", path,
                      losses.overloads, e->format == FORMAT_SMV ? UINT16_MAX : INT32_MAX);
    if (losses.negatives > 0)
        (void)fprintf(e->out, "warning: %s: %" PRId64 " negative pixels became 0\n", path, losses.negatives);
}

static Status write_frame(const Export *e, int64_t frame) {
    char path[PATH_BYTES];
    const NxmxDescription *d = &e->description;
    const ExportFrame image = {.source = e->asked.file,
                               .description = d,
                               .panels = nxmx_reader_panels(e->reader),
                               .record = nxmx_reader_frame(e->reader, frame),
                               .frame = frame,
                               .expected = e->asked.expected,
                               .pixels = e->pixels,
                               .mask = e->mask,
                               .scale = e->scale};
    const ExportPicture picture = {.logarithmic = e->asked.curve == NULL || strcmp(e->asked.curve, "log") == 0,
                                   .low = e->asked.low,
                                   .high = e->asked.high,
                                   .colours = e->colours};
    ExportLosses losses = {.overloads = 0};
    TRY(name_of_frame(e, frame, path));
    TRY(nxmx_reader_image(e->reader, frame, e->asked.expected, e->pixels));
    if (e->asked.flip) flip_rows(e->pixels, d->slow_pixels, (size_t)d->fast_pixels * sizeof *e->pixels);
    if (e->format == FORMAT_SMV) TRY(export_smv(path, &image, &losses));
    if (e->format == FORMAT_CBF) TRY(export_cbf(path, &image, &losses));
    if (e->format == FORMAT_PNG) TRY(export_png(path, &image, &picture, e->view.pixel == NULL ? NULL : &e->view));
    if (e->format == FORMAT_RAW) TRY(export_raw(path, &image));
    report(e, frame, path, losses);
    return status_ok();
}

static Status check_one_name(const Export *e) {
    if (e->end - e->begin == 1 || place_of_number(e->asked.output).length > 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "export: --output is \"%.200s\", one name for %" PRId64
                        " frames; it must say where the number goes, as in name_#####.img",
                        e->asked.output, e->end - e->begin);
}

/* Before there is a lock, which is a file as well. */
static Status choose(Export *e) {
    TRY(choose_format(&e->asked, &e->format));
    TRY(check_options(e));
    TRY(nxmx_reader_open(e->asked.file, &e->notes, &e->reader));
    TRY(choose_frames(e));
    TRY(check_one_name(e));
    const ExportFiles files = {.source = e->asked.file,
                               .output = e->asked.output,
                               .name_of_frame = name_of_frame,
                               .context = e,
                               .begin = e->begin,
                               .end = e->end,
                               .has_sidecars = e->format == FORMAT_RAW};
    return file_roles_check_export(&files);
}

static Status export_frames(Export *e) {
    TRY(check_complete(e));
    TRY(check_expected(e));
    TRY(check_header(e));
    TRY(check_picture(e));
    TRY(check_names(e));
    TRY(make_buffers(e));
    if (e->format == FORMAT_PNG && e->description.panels > 1)
        TRY(assembled_view_create(nxmx_reader_panels(e->reader), &e->view));
    TRY(choose_scale(e));
    if (e->asked.flip && e->mask != NULL)
        flip_rows(e->mask, e->description.slow_pixels, (size_t)e->description.fast_pixels * sizeof *e->mask);
    for (int64_t frame = e->begin; frame < e->end; frame++) TRY(write_frame(e, frame));
    return status_ok();
}

static Status export_under_lock(Export *e) {
    OutputLock *lock = NULL;
    TRY(output_lock_take(e->asked.output, &e->notes, &lock));
    for (int i = 0; i < e->notes.count && !e->asked.quiet; i++) (void)fprintf(e->out, "note: %s\n", e->notes.text[i]);
    const Status status = export_frames(e);
    output_lock_release(&lock);
    return status;
}

/* Told by the format, or by the end of the name. */
static bool is_geometry(const ExportOptions *asked, const char *format, const char *end) {
    return asked->format != NULL ? strcmp(asked->format, format) == 0 : ends_with(asked->output, end);
}

static Status write_geometry(const ExportOptions *asked, bool crystfel, FILE *out) {
    Notes notes = {.count = 0};
    const bool for_frames = asked->frame >= 0 || asked->frames != NULL || asked->scale != NULL ||
                            asked->curve != NULL || asked->colours != NULL || asked->expected || asked->flip ||
                            asked->approximate || !isnan(asked->low) || !isnan(asked->high);
    if (for_frames)
        return status_error(
            STATUS_BAD_PARAMETER,
            "export: geom and expt are the geometry alone; they take --output, --overwrite and --quiet");
    const GeometryExport geometry = {.file = asked->file,
                                     .output = asked->output,
                                     .crystfel = crystfel,
                                     .overwrite = asked->overwrite,
                                     .clen_m = 1e-3 * asked->clen_mm};
    TRY(export_geometry(&geometry, &notes));
    if (!asked->quiet) (void)fprintf(out, "geometry -> %s\n", asked->output);
    for (int i = 0; i < notes.count; i++) (void)fprintf(out, "note: %s\n", notes.text[i]);
    return status_ok();
}

Status command_export(int argc, char **argv, FILE *out) {
    Export e = {.asked = {.frame = -1, .low = (double)NAN, .high = (double)NAN, .clen_mm = (double)NAN}, .out = out};
    TRY(options_read(&command_export_options, argc, argv, &e.asked, &e.asked.file));
    if (e.asked.help) {
        options_print(&command_export_options, out);
        return status_ok();
    }
    if (e.asked.file == NULL || e.asked.output == NULL)
        return status_error(STATUS_BAD_PARAMETER,
                            "export needs a file and a name: tessera export FILE.nxs --output OUT");
    (void)stop_signal_catch(STOP_AT_ONCE);
    const bool crystfel = is_geometry(&e.asked, "geom", ".geom");
    if (crystfel || is_geometry(&e.asked, "expt", ".expt")) return write_geometry(&e.asked, crystfel, out);
    Status status = choose(&e);
    if (status_is_ok(status)) status = export_under_lock(&e);
    assembled_view_free(&e.view);
    free(e.mask);
    free(e.pixels);
    nxmx_reader_close(&e.reader);
    return status;
}
