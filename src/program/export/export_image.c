#include "export/export_image.h"

#include "base/new_file.h"
#include "base/text.h"
#include "export/export_header.h"
#include "export/png_file.h"
#include "files/unfinished_files.h"
#include "formats/cbf.h"
#include "formats/colour_map.h"
#include "shared/json_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 4200, CBF_PADDING_BYTES = 4095 };

static int64_t pixels_of(const ExportFrame *frame) {
    return frame->description->slow_pixels * frame->description->fast_pixels;
}

static Status no_memory(const char *path) {
    return status_error(STATUS_NO_MEMORY, "no memory for the pixels of %.400s", path);
}

/* ------------------------------------------------------------------------------------------------------------ files */

/* A file that grows under another name. */
typedef struct NewFile {
    const char *path;
    char partial[NAME_BYTES];
    FILE *file;
} NewFile;

static Status cannot_write(const char *path) {
    return status_error(STATUS_OUTPUT_FAILED, "%.400s cannot be written: %s", path, strerror(errno));
}

static Status new_file(const char *path, NewFile *new) {
    new->path = path;
    if (snprintf(new->partial, sizeof new->partial, "%s.partial", path) >= (int)sizeof new->partial)
        return status_error(STATUS_BAD_PARAMETER, "the name %.60s... is too long", path);
    unfinished_files_add(new->partial, NULL);
    new->file = new_file_open(new->partial);
    return new->file == NULL ? cannot_write(path) : status_ok();
}

/* Gives the file its name, or removes it when it could not be written. */
static Status name_file(NewFile *new, Status written) {
    if (status_is_ok(written) && ferror(new->file)) written = cannot_write(new->path);
    if (fclose(new->file) != 0) written = status_first(written, cannot_write(new->path));
    if (status_is_ok(written) && rename(new->partial, new->path) != 0) written = cannot_write(new->path);
    if (!status_is_ok(written)) (void)remove(new->partial);
    unfinished_files_forget(new->partial);
    return written;
}

static void put(NewFile *new, const void *bytes, size_t count) {
    (void)fwrite(bytes, 1, count, new->file); /* name_file looks for errors */
}

/* --------------------------------------------------------------------------------------------------------- integers */

/* Rounded and cut to 0..greatest. */
static double integer_of(double value, double greatest, ExportLosses *losses) {
    const double rounded = floor(value + 0.5);
    if (rounded > greatest) losses->overloads++;
    if (rounded < 0.0) losses->negatives++;
    return fmin(fmax(rounded, 0.0), greatest);
}

Status export_smv(const char *path, const ExportFrame *frame, ExportLosses *losses) {
    const int64_t pixels = pixels_of(frame);
    char header[EXPORT_SMV_HEADER_BYTES];
    NewFile new;
    *losses = (ExportLosses){.overloads = 0};
    TRY(export_smv_header(frame, header));
    uint16_t *integers = malloc((size_t)pixels * sizeof *integers);
    if (integers == NULL) return no_memory(path);
    for (int64_t i = 0; i < pixels; i++) {
        const bool bad = frame->mask != NULL && frame->mask[i] != 0;
        integers[i] = bad ? 0 : (uint16_t)integer_of(frame->pixels[i] * frame->scale, UINT16_MAX, losses);
    }
    Status status = new_file(path, &new);
    if (status_is_ok(status)) {
        put(&new, header, sizeof header);
        put(&new, integers, (size_t)pixels * sizeof *integers);
        status = name_file(&new, status_ok());
    }
    free(integers);
    return status;
}

/* Pilatus' signs: -1 where there is no sensor, -2 for a pixel that does not work. */
static int32_t cbf_pixel(const ExportFrame *frame, int64_t i, ExportLosses *losses) {
    const uint32_t absent = UINT32_C(1) | UINT32_C(1) << 8;
    const uint32_t mask = frame->mask == NULL ? 0 : frame->mask[i];
    if ((mask & absent) != 0) return -1;
    if (mask != 0) return -2;
    return (int32_t)integer_of(frame->pixels[i] * frame->scale, INT32_MAX, losses);
}

static Status write_cbf(const char *path, const ExportFrame *frame, const uint8_t *packed, size_t bytes) {
    static const uint8_t start[4] = {0x0c, 0x1a, 0x04, 0xd5}, padding[CBF_PADDING_BYTES] = {0};
    static const char end[] = "\r\n--CIF-BINARY-FORMAT-SECTION----\r\n;\r\n\r\n";
    char header[EXPORT_CBF_HEADER_BYTES];
    NewFile new;
    TRY(export_cbf_header(frame, bytes, header));
    TRY(new_file(path, &new));
    put(&new, header, strlen(header));
    put(&new, start, sizeof start);
    put(&new, packed, bytes);
    put(&new, padding, sizeof padding);
    put(&new, end, sizeof end - 1);
    return name_file(&new, status_ok());
}

Status export_cbf(const char *path, const ExportFrame *frame, ExportLosses *losses) {
    const int64_t pixels = pixels_of(frame);
    *losses = (ExportLosses){.overloads = 0};
    int32_t *integers = malloc((size_t)pixels * sizeof *integers);
    if (integers == NULL) return no_memory(path);
    for (int64_t i = 0; i < pixels; i++) integers[i] = cbf_pixel(frame, i, losses);
    const size_t bytes = cbf_packed_bytes(integers, pixels);
    uint8_t *packed = malloc(bytes);
    Status status = packed == NULL ? no_memory(path) : status_ok();
    if (status_is_ok(status)) {
        cbf_pack(integers, pixels, packed);
        status = write_cbf(path, frame, packed, bytes);
    }
    free(packed);
    free(integers);
    return status;
}

/* --------------------------------------------------------------------------------------------------------- pictures */

static int compare_numbers(const void *left, const void *right) {
    const double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* The value that one pixel in a thousand exceeds: spots are seen beside the background. */
static Status high_value(const ExportFrame *frame, double *high) {
    const int64_t pixels = pixels_of(frame);
    double *sorted = malloc((size_t)pixels * sizeof *sorted);
    if (sorted == NULL) return no_memory("a picture");
    memcpy(sorted, frame->pixels, (size_t)pixels * sizeof *sorted);
    qsort(sorted, (size_t)pixels, sizeof *sorted, compare_numbers);
    *high = sorted[pixels - 1 - pixels / 1000];
    free(sorted);
    return status_ok();
}

static double greatest_of(const ExportFrame *frame) {
    double greatest = 0.0;
    for (int64_t i = 0; i < pixels_of(frame); i++) greatest = fmax(greatest, frame->pixels[i]);
    return greatest;
}

/* Logarithmic: six decades of expected photons, or from half a count on; linear: from 0 on. */
static Status choose_range(const ExportFrame *frame, const ExportPicture *picture, double *low, double *high) {
    const bool counts = frame->description->counts && !frame->expected;
    *low = picture->low;
    *high = picture->high;
    if (isnan(*high) && picture->logarithmic) *high = greatest_of(frame);
    if (isnan(*high)) TRY(high_value(frame, high));
    if (isnan(*low)) *low = !picture->logarithmic ? 0.0 : counts ? 0.5 : *high * 1e-6;
    if (!(*high > *low)) *high = *low > 0.0 ? 2.0 * *low : *low + 1.0; /* an image of one value */
    if (!picture->logarithmic || *low > 0.0) return status_ok();
    *low = 1e-6; /* nothing but zeros */
    *high = 1.0;
    return status_ok();
}

static uint8_t level_of(double value, double low, double high, bool logarithmic) {
    const double place = logarithmic ? log(fmax(value, low) / low) / log(high / low) : (value - low) / (high - low);
    return (uint8_t)lround(255.0 * fmin(fmax(place, 0.0), 1.0));
}

/* The image, or what a view takes of it: gaps have the lowest level.
 * @param levels  the caller frees it */
static Status make_levels(const ExportFrame *frame, const ExportPicture *picture, const AssembledView *view,
                          uint8_t **levels) {
    const int64_t count = view == NULL ? pixels_of(frame) : view->rows * view->columns;
    double low = 0.0, high = 0.0;
    TRY(choose_range(frame, picture, &low, &high));
    double *points = view == NULL ? NULL : malloc((size_t)count * sizeof *points);
    *levels = malloc((size_t)count);
    if (*levels == NULL || (view != NULL && points == NULL)) {
        free(points);
        return no_memory("a picture");
    }
    if (view != NULL) assembled_view_take(view, frame->pixels, points);
    for (int64_t i = 0; i < count; i++) {
        const double value = points == NULL ? frame->pixels[i] : points[i];
        (*levels)[i] = isnan(value) ? 0 : level_of(value, low, high, picture->logarithmic);
    }
    free(points);
    return status_ok();
}

Status export_png(const char *path, const ExportFrame *frame, const ExportPicture *picture, const AssembledView *view) {
    const int64_t rows = view == NULL ? frame->description->slow_pixels : view->rows;
    const int64_t columns = view == NULL ? frame->description->fast_pixels : view->columns;
    uint8_t *levels = NULL;
    NewFile new;
    Status status = make_levels(frame, picture, view, &levels);
    if (status_is_ok(status)) status = new_file(path, &new);
    if (status_is_ok(status))
        status = name_file(&new, png_file_write(new.file, path, rows, columns, levels, picture->colours));
    free(levels);
    return status;
}

/* -------------------------------------------------------------------------------------------------------------- raw */

static void put_numbers(JsonWriter *json, const char *name, const double *values, int count) {
    json_open_group(json, name, '[');
    for (int i = 0; i < count; i++) json_put_number(json, NULL, values[i]);
    json_close_group(json, ']');
}

static void put_vector(JsonWriter *json, const char *name, Vec3 v) {
    const double values[3] = {v.x, v.y, v.z};
    put_numbers(json, name, values, 3);
}

/* Panels are described in DIALS' frame. */
static void put_panels(JsonWriter *json, const DetectorGeometry *panels) {
    json_open_group(json, "panels", '[');
    for (int i = 0; i < panels->panels; i++) {
        const PanelGeometry *panel = &panels->panel[i];
        const double first[2] = {(double)panel->canvas[1], (double)panel->canvas[0]};
        const double shape[2] = {(double)panel->pixels[1], (double)panel->pixels[0]};
        json_open_group(json, NULL, '{');
        json_put_text(json, "name", panel->name);
        put_numbers(json, "first", first, 2);
        put_numbers(json, "shape", shape, 2);
        put_vector(json, "fast", panel->fast);
        put_vector(json, "slow", panel->slow);
        put_vector(json, "corner_m", panel->corner_m);
        put_numbers(json, "pixel_size_m", panel->pixel_size_m, 2);
        json_close_group(json, '}');
    }
    json_close_group(json, ']');
}

static void put_geometry_of_panels(JsonWriter *json, const NxmxDescription *d, const DetectorGeometry *panels) {
    const Vec3 spindle = vec3(-d->spindle.x, d->spindle.y, -d->spindle.z);
    json_open_group(json, "geometry", '{');
    json_put_text(json, "frame", "imgCIF: y up, the beam along -z; first and shape are slow, fast");
    put_panels(json, panels);
    if (d->rotation) put_vector(json, "spindle", spindle);
    json_close_group(json, '}');
}

static void put_geometry(JsonWriter *json, const NxmxDescription *d) {
    json_open_group(json, "geometry", '{');
    json_put_text(json, "frame", "McStas: z along the beam");
    put_vector(json, "fast", d->fast);
    put_vector(json, "slow", d->slow);
    put_vector(json, "corner_m", d->corner_m);
    put_numbers(json, "pixel_size_m", d->pixel_size_m, 2);
    json_put_number(json, "distance_m", d->distance_m);
    if (d->beam_meets) put_numbers(json, "beam_centre_pixels", d->beam_centre_pixels, 2);
    if (d->rotation) put_vector(json, "spindle", d->spindle);
    json_close_group(json, '}');
}

static void put_record(JsonWriter *json, const ExportFrame *frame) {
    const NxmxFrame *record = frame->record;
    json_open_group(json, "record", '{');
    json_put_integer(json, "frame", frame->frame);
    json_put_integer(json, "number", record->number);
    json_put_number(json, "wavelength_angstrom", record->wavelength_angstrom);
    json_put_number(json, "phi_start_deg", record->phi_start_deg);
    json_put_number(json, "phi_width_deg", record->phi_width_deg);
    put_numbers(json, "ub_per_angstrom", record->ub_per_angstrom, 9);
    json_put_number(json, "fluence_per_m2", record->fluence_per_m2);
    json_put_number(json, "sum_photons", record->sum_photons);
    json_put_number(json, "max_photons", record->max_photons);
    json_close_group(json, '}');
}

static bool is_counts(const ExportFrame *frame) {
    return frame->description->counts && !frame->expected;
}

static Status write_sidecar(const char *name, const ExportFrame *frame) {
    NewFile new;
    TRY(new_file(name, &new));
    JsonWriter json = {.file = new.file};
    const NxmxDescription *d = frame->description;
    const double shape[2] = {(double)d->slow_pixels, (double)d->fast_pixels};
    json_open_group(&json, NULL, '{');
    json_put_text(&json, "source", frame->source);
    json_put_text(&json, "data_type", is_counts(frame) ? "int32" : "float32");
    json_put_text(&json, "byte_order", "little_endian");
    put_numbers(&json, "shape", shape, 2);
    json_put_text(&json, "order", "slow, fast; fast varies fastest");
    json_put_text(&json, "units", is_counts(frame) ? "counts" : "expected photons");
    if (d->panels > 1)
        put_geometry_of_panels(&json, d, frame->panels);
    else
        put_geometry(&json, d);
    put_record(&json, frame);
    json_close_group(&json, '}');
    return name_file(&new, status_ok());
}

static void put_bits(uint32_t bits, uint8_t *bytes) {
    for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(bits >> (8 * i) & 0xff);
}

/* Counts as whole numbers: float32 holds those above 2^24 only rounded. */
static Status fill_raw(const char *path, const ExportFrame *frame, uint8_t *bytes) {
    for (int64_t i = 0; i < pixels_of(frame); i++) {
        const double value = frame->pixels[i];
        const float number = (float)value;
        uint32_t bits;
        memcpy(&bits, &number, sizeof bits);
        if (is_counts(frame)) {
            if (!(value >= INT32_MIN && value <= INT32_MAX))
                return status_error(STATUS_BAD_FILE,
                                    "export: %.400s: pixel %" PRId64 " of frame %" PRId64
                                    " has %.0f counts, more than a raw file's int32 holds; read the .nxs itself",
                                    path, i, frame->frame, value);
            bits = (uint32_t)(int32_t)value;
        }
        put_bits(bits, bytes + 4 * i);
    }
    return status_ok();
}

Status export_raw(const char *path, const ExportFrame *frame) {
    const int64_t pixels = pixels_of(frame);
    NewFile new;
    char sidecar[NAME_BYTES];
    if (snprintf(sidecar, sizeof sidecar, "%s.json", path) >= (int)sizeof sidecar)
        return status_error(STATUS_BAD_PARAMETER, "the name %.60s... is too long", path);
    uint8_t *bytes = malloc((size_t)pixels * 4);
    if (bytes == NULL) return no_memory(path);
    Status status = fill_raw(path, frame, bytes);
    if (status_is_ok(status)) {
        unfinished_files_add(sidecar, NULL); /* which is of no use alone */
        status = write_sidecar(sidecar, frame);
    }
    if (status_is_ok(status)) status = new_file(path, &new);
    if (status_is_ok(status)) {
        put(&new, bytes, (size_t)pixels * 4);
        status = name_file(&new, status_ok());
    }
    if (!status_is_ok(status)) (void)remove(sidecar);
    unfinished_files_forget(sidecar);
    free(bytes);
    return status;
}
