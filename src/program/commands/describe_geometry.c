#include "commands/describe_geometry.h"

#include "hdf5/geometry_file.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/nexus_chain.h"
#include "shared/json_writer.h"
#include "shared/options.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What is asked for. */
typedef struct Asked {
    bool geometry, json, without_masks;
    double clen_mm;
    const char *axes;
} Asked;

#define FIELD(field) offsetof(Asked, field)
static const Option option_list[] = {
    {OPTION("--geometry", OPTION_FLAG, 0, 0, FIELD(geometry), "", "of an NXmx file of tessera too")},
    {OPTION("--json", OPTION_FLAG, 0, 0, FIELD(json), "", "the same for programs, with all digits")},
    {OPTION("--without-masks", OPTION_FLAG, 0, 0, FIELD(without_masks), "", "do not read masks that the file names")},
    {OPTION("--detector.clen", OPTION_REAL, -1e9, 1e9, FIELD(clen_mm), "MM",
            "camera length, where a .geom names a place in the image files")},
    {OPTION("--detector.panel_axes", OPTION_TEXT, 0, 0, FIELD(axes), "LAW",
            "axes of a .geom: orthogonal, the nearest pair at right angles, or exact")},
};
static const OptionTable table = {
    .command = "describe", .option = option_list, .options = sizeof option_list / sizeof *option_list};

/* A beamline's file: it has a detector, and no record of ours. */
static bool is_nexus_of_others(const char *path) {
    hid_t file = H5I_INVALID_HID;
    char entry[256] = "";
    hdf5_prepare();
    if (!status_is_ok(hdf5_open_file(path, false, &file))) return false;
    nexus_find_class(file, "/", "NXentry", sizeof entry, entry);
    const bool others = *entry != '\0' && H5Lexists(file, "/entry/simulation", H5P_DEFAULT) <= 0;
    (void)hdf5_close_file(path, &file);
    return others;
}

bool describe_geometry_is_meant(int argc, char *const *argv) {
    GeometryForm form = GEOMETRY_STREAM;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--geometry") == 0) return true;
    if (argc < 2 || argv[1][0] == '-' || !status_is_ok(geometry_file_form(argv[1], &form))) return false;
    return form == GEOMETRY_NEXUS ? is_nexus_of_others(argv[1]) : form != GEOMETRY_STREAM;
}

/* ------------------------------------------------------------------------------------------------------------- text */

static int64_t count_good(const DetectorGeometry *geometry, int64_t *in_panels) {
    const size_t pixels = (size_t)(geometry->canvas_pixels[0] * geometry->canvas_pixels[1]);
    int64_t count = 0;
    *in_panels = 0;
    for (int i = 0; i < geometry->panels; i++)
        *in_panels += geometry->panel[i].pixels[0] * geometry->panel[i].pixels[1];
    uint8_t *good = geometry->masks == 0 ? NULL : malloc(pixels);
    if (good == NULL) return *in_panels;
    panel_geometry_good_pixels(geometry, good);
    for (size_t i = 0; i < pixels; i++) count += good[i];
    free(good);
    return count;
}

static void print_panel(const PanelGeometry *p, FILE *out) {
    (void)fprintf(out,
                  "  %-16s %5" PRId64 ",%-5" PRId64 " %5" PRId64 " x %-5" PRId64
                  " %11.5f %11.5f %11.5f  %9.6f %9.6f %9.6f  %9.6f %9.6f %9.6f\n",
                  p->name, p->canvas[0], p->canvas[1], p->pixels[0], p->pixels[1], 1e3 * p->corner_m.x,
                  1e3 * p->corner_m.y, 1e3 * p->corner_m.z, p->fast.x, p->fast.y, p->fast.z, p->slow.x, p->slow.y,
                  p->slow.z);
}

static void print_text(const char *path, const DetectorGeometry *geometry, FILE *out) {
    const PanelGeometry *first = geometry->panel;
    int64_t in_panels = 0;
    const int64_t good = count_good(geometry, &in_panels);
    (void)fprintf(out, "%s: a detector of %d panel%s in %d group%s\n", path, geometry->panels,
                  geometry->panels == 1 ? "" : "s", geometry->groups, geometry->groups == 1 ? "" : "s");
    (void)fprintf(out,
                  "  image            %" PRId64 " x %" PRId64 " pixels (fast x slow), %" PRId64 " in panels, %" PRId64
                  " of them bad\n",
                  geometry->canvas_pixels[0], geometry->canvas_pixels[1], in_panels, in_panels - good);
    (void)fprintf(out, "  pixels           %.9g x %.9g mm\n", 1e3 * first->pixel_size_m[0],
                  1e3 * first->pixel_size_m[1]);
    if (first->thickness_m > 0.0)
        (void)fprintf(out, "  sensor           %.9g mm %s\n", 1e3 * first->thickness_m, first->material);
    (void)fputs(
        "  axes             x to the right seen towards the source, y up, z from the crystal to the source\n"
        "  panel            first pixel     pixels              corner (mm)                    fast axis        "
        "              slow axis\n",
        out);
    for (int i = 0; i < geometry->panels; i++) print_panel(&geometry->panel[i], out);
}

/* ------------------------------------------------------------------------------------------------------------- json */

static void put_list(JsonWriter *json, const char *name, int count, const double *values) {
    json_open_group(json, name, '[');
    for (int i = 0; i < count; i++) json_put_number(json, NULL, values[i]);
    json_close_group(json, ']');
}

static void put_vector(JsonWriter *json, const char *name, double factor, Vec3 v) {
    const double values[3] = {factor * v.x, factor * v.y, factor * v.z};
    put_list(json, name, 3, values);
}

static void put_whole(JsonWriter *json, const char *name, const int64_t *values) {
    json_open_group(json, name, '[');
    for (int i = 0; i < 2; i++) json_put_integer(json, NULL, values[i]);
    json_close_group(json, ']');
}

static void put_panel(JsonWriter *json, const DetectorGeometry *geometry, const PanelGeometry *p) {
    const double size_mm[2] = {1e3 * p->pixel_size_m[0], 1e3 * p->pixel_size_m[1]};
    json_open_group(json, NULL, '{');
    json_put_text(json, "name", p->name);
    json_put_text(json, "group", p->group < 0 ? "" : geometry->group[p->group].name);
    put_whole(json, "first_pixel", p->canvas);
    put_whole(json, "pixels", p->pixels);
    put_list(json, "pixel_size_mm", 2, size_mm);
    put_vector(json, "corner_mm", 1e3, p->corner_m);
    put_vector(json, "fast_axis", 1.0, p->fast);
    put_vector(json, "slow_axis", 1.0, p->slow);
    json_put_number(json, "thickness_mm", 1e3 * p->thickness_m);
    json_put_number(json, "mu_per_mm", 1e-3 * p->absorption_per_m);
    json_put_text(json, "material", p->material);
    json_put_number(json, "gain", p->gain);
    json_put_number(json, "pedestal", p->pedestal);
    put_list(json, "trusted_range", 2, p->trusted);
    json_close_group(json, '}');
}

static void print_json(const char *path, const DetectorGeometry *geometry, FILE *out) {
    JsonWriter json = {.file = out};
    int64_t in_panels = 0;
    const int64_t good = count_good(geometry, &in_panels);
    json_open_group(&json, NULL, '{');
    json_put_text(&json, "file", path);
    json_put_text(&json, "frame", "imgCIF: y up, z from the crystal to the source");
    put_whole(&json, "image_pixels", geometry->canvas_pixels);
    json_put_integer(&json, "pixels_in_panels", in_panels);
    json_put_integer(&json, "good_pixels", good);
    json_open_group(&json, "panels", '[');
    for (int i = 0; i < geometry->panels; i++) put_panel(&json, geometry, &geometry->panel[i]);
    json_close_group(&json, ']');
    json_close_group(&json, '}');
    (void)fputc('\n', out);
}

/* ---------------------------------------------------------------------------------------------------------- command */

static Status set_axes(const char *word, bool *exact) {
    *exact = word != NULL && strcmp(word, "exact") == 0;
    if (word == NULL || *exact || strcmp(word, "orthogonal") == 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "describe: --detector.panel_axes is \"%.60s\"; it must be orthogonal or "
                        "exact",
                        word);
}

Status describe_geometry(int argc, char **argv, FILE *out) {
    Asked asked = {.clen_mm = NAN};
    GeometryRequest request = {0};
    DetectorGeometry geometry;
    Notes notes = {.count = 0};
    TRY(options_read(&table, argc, argv, &asked, &request.path));
    if (request.path == NULL) return status_error(STATUS_BAD_PARAMETER, "describe --geometry needs a file");
    TRY(set_axes(asked.axes, &request.crystfel.exact_axes));
    request.crystfel.clen_m = 1e-3 * asked.clen_mm;
    request.own_mask = asked.without_masks;
    const Status status = geometry_file_read(&request, &geometry, &notes);
    if (status_is_ok(status) && asked.json) print_json(request.path, &geometry, out);
    if (status_is_ok(status) && !asked.json) print_text(request.path, &geometry, out);
    for (int i = 0; status_is_ok(status) && !asked.json && i < notes.count; i++)
        (void)fprintf(out, "note: %s\n", notes.text[i]);
    panel_geometry_free(&geometry);
    return status;
}
