#include "export/export_geometry.h"

#include "base/constants.h"
#include "base/file_list.h"
#include "base/new_file.h"
#include "hdf5/geometry_file.h"
#include "hdf5/nexus_panels.h"
#include "shared/json_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_BYTES = PANEL_NAME_BYTES + 16 };

/* Rectangles that are written one by one; beyond, programs read the mask itself. */
static const int64_t REGIONS_MOST = 20000;

/* What is written. */
typedef struct Writing {
    const GeometryExport *asked;
    const DetectorGeometry *geometry;
    NexusBeam beam; /* NAN where the file does not say */
    bool of_nexus;
    FILE *file;
} Writing;

static Vec3 to_crystfel(Vec3 v) {
    return vec3(-v.x, v.y, -v.z);
}

/* -------------------------------------------------------------------------------------------------------- CrystFEL */

/* The last part of a name, of letters, digits and _, which begins with none of the words that mean something else.
 * @param made  [NAME_BYTES] */
static void plain_name(const char *name, char *made) {
    static const char *const taken[] = {"bad", "group", "rigid_group"};
    const char *slash = strrchr(name, '/'), *from = slash == NULL ? name : slash + 1;
    bool prefix = *from == '\0';
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        prefix = prefix || strncmp(from, taken[i], strlen(taken[i])) == 0;
    (void)snprintf(made, NAME_BYTES, "%s%s", prefix ? "p_" : "", from);
    for (char *c = made; *c != '\0'; c++) {
        const bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        if (!plain) *c = '_';
    }
}

/* The name of a panel; its number is added where several would have one name. */
static void panel_name(const DetectorGeometry *geometry, int index, char *made) {
    char other[NAME_BYTES];
    plain_name(geometry->panel[index].name, made);
    bool alone = true;
    for (int i = 0; i < geometry->panels && alone; i++) {
        plain_name(geometry->panel[i].name, other);
        alone = i == index || strcmp(other, made) != 0;
    }
    const size_t length = strlen(made);
    if (!alone) (void)snprintf(made + length, NAME_BYTES - length, "_%d", index);
}

static void group_name(const DetectorGeometry *geometry, int index, char *made) {
    plain_name(geometry->group[index].name, made);
    const size_t length = strlen(made);
    (void)snprintf(made + length, NAME_BYTES - length, "_g%d", index); /* groups of a hierarchy may share a name */
}

static void print_panel(const Writing *w, int index, double clen_m) {
    const PanelGeometry *p = &w->geometry->panel[index];
    const double res = 1.0 / p->pixel_size_m[0];
    const Vec3 corner = to_crystfel(p->corner_m), fast = to_crystfel(p->fast);
    const Vec3 slow = vec3_scale(p->pixel_size_m[1] / p->pixel_size_m[0], to_crystfel(p->slow));
    char name[NAME_BYTES];
    panel_name(w->geometry, index, name);
    (void)fprintf(
        w->file,
        "\n%s/min_fs = %" PRId64 "\n%s/max_fs = %" PRId64 "\n%s/min_ss = %" PRId64 "\n%s/max_ss = %" PRId64 "\n", name,
        p->canvas[0], name, p->canvas[0] + p->pixels[0] - 1, name, p->canvas[1], name, p->canvas[1] + p->pixels[1] - 1);
    (void)fprintf(w->file, "%s/fs = %+.15fx %+.15fy %+.15fz\n%s/ss = %+.15fx %+.15fy %+.15fz\n", name, fast.x, fast.y,
                  fast.z, name, slow.x, slow.y, slow.z);
    (void)fprintf(w->file, "%s/res = %.17g\n%s/corner_x = %.12f\n%s/corner_y = %.12f\n%s/coffset = %.15f\n", name, res,
                  name, corner.x * res, name, corner.y * res, name, corner.z - clen_m);
    (void)fprintf(w->file, "%s/adu_per_photon = %.17g\n", name, isnan(p->gain) ? 1.0 : p->gain);
    if (!isnan(p->trusted[1])) (void)fprintf(w->file, "%s/max_adu = %.17g\n", name, p->trusted[1]);
}

/* Groups stand behind those that they hold; the outermost is called "all". */
static void print_groups(const Writing *w) {
    const DetectorGeometry *g = w->geometry;
    char name[NAME_BYTES];
    for (int group = g->groups - 1; group >= -1; group--) {
        int count = 0;
        if (group >= 0) group_name(g, group, name);
        (void)fprintf(w->file, "\ngroup_%s = ", group >= 0 ? name : "all");
        for (int i = group + 1; i < g->groups; i++) {
            if (g->group[i].parent != group) continue;
            group_name(g, i, name);
            (void)fprintf(w->file, "%s%s", count++ > 0 ? "," : "", name);
        }
        for (int i = 0; i < g->panels; i++) {
            if (g->panel[i].group != group) continue;
            panel_name(g, i, name);
            (void)fprintf(w->file, "%s%s", count++ > 0 ? "," : "", name);
        }
    }
    (void)fputc('\n', w->file);
}

/* The part of a rectangle that lies in a panel, in pixels of the canvas.
 * @return false where none does */
static bool cut(const PanelGeometry *p, PanelMask *mask) {
    if (mask->fast_first < p->canvas[0]) mask->fast_first = p->canvas[0];
    if (mask->slow_first < p->canvas[1]) mask->slow_first = p->canvas[1];
    if (mask->fast_end > p->canvas[0] + p->pixels[0]) mask->fast_end = p->canvas[0] + p->pixels[0];
    if (mask->slow_end > p->canvas[1] + p->pixels[1]) mask->slow_end = p->canvas[1] + p->pixels[1];
    return mask->fast_first < mask->fast_end && mask->slow_first < mask->slow_end;
}

static void print_regions(const Writing *w) {
    const DetectorGeometry *g = w->geometry;
    char name[NAME_BYTES];
    int number = 0;
    for (int i = 0; i < g->masks; i++)
        for (int k = 0; k < g->panels; k++) {
            PanelMask m = g->mask[i];
            if (!cut(&g->panel[k], &m)) continue;
            panel_name(g, k, name);
            (void)fprintf(w->file,
                          "\nbad%d/min_fs = %" PRId64 "\nbad%d/max_fs = %" PRId64 "\nbad%d/min_ss = %" PRId64
                          "\nbad%d/max_ss = %" PRId64 "\nbad%d/panel = %s\n",
                          number, m.fast_first, number, m.fast_end - 1, number, m.slow_first, number, m.slow_end - 1,
                          number, name);
            number++;
        }
}

static void print_crystfel(const Writing *w) {
    const double clen_m = -w->geometry->panel[0].corner_m.z;
    (void)fprintf(w->file, "; Made by tessera export of %s\n", w->asked->file);
    if (!isnan(w->beam.wavelength_m))
        (void)fprintf(w->file, "photon_energy = %.17g eV\n", 1e-10 * PLANCK_LIGHT_EV_A / w->beam.wavelength_m);
    (void)fprintf(w->file, "clen = %.15f m\n", clen_m);
    (void)fputs("data = /entry/data/data\ndim0 = %\ndim1 = ss\ndim2 = fs\n", w->file);
    if (w->of_nexus)
        (void)fputs(
            "mask0_data = /entry/instrument/detector/pixel_mask\nmask0_goodbits = 0\nmask0_badbits = 0xffffffff\n",
            w->file);
    for (int i = 0; i < w->geometry->panels; i++) print_panel(w, i, clen_m);
    print_groups(w);
    if (!w->of_nexus) print_regions(w);
}

/* ----------------------------------------------------------------------------------------------------------- DIALS */

/* A frame: columns fast, slow, their normal, and the origin. */
typedef struct Frame {
    Vec3 fast, slow, origin_m;
} Frame;

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

/* A direction in the frame of a parent. */
static Vec3 within(const Frame *parent, Vec3 v) {
    return vec3(vec3_dot(parent->fast, v), vec3_dot(parent->slow, v),
                vec3_dot(vec3_cross(parent->fast, parent->slow), v));
}

static Frame frame_of_group(const DetectorGeometry *geometry, int group) {
    if (group < 0) return (Frame){{1, 0, 0}, {0, 1, 0}, {0, 0, 0}};
    const PanelGroup *g = &geometry->group[group];
    return (Frame){g->fast, g->slow, g->origin_m};
}

static void put_frame(JsonWriter *json, const Frame *parent, const Frame *own) {
    put_vector(json, "fast_axis", 1.0, within(parent, own->fast));
    put_vector(json, "slow_axis", 1.0, within(parent, own->slow));
    put_vector(json, "origin", 1e3, within(parent, vec3_subtract(own->origin_m, parent->origin_m)));
}

static void put_masks(JsonWriter *json, const DetectorGeometry *geometry, const PanelGeometry *p) {
    json_open_group(json, "mask", '[');
    for (int i = 0; i < geometry->masks; i++) {
        PanelMask m = geometry->mask[i];
        if (!cut(p, &m)) continue;
        json_open_group(json, NULL, '[');
        json_put_integer(json, NULL, m.fast_first - p->canvas[0]);
        json_put_integer(json, NULL, m.slow_first - p->canvas[1]);
        json_put_integer(json, NULL, m.fast_end - p->canvas[0]);
        json_put_integer(json, NULL, m.slow_end - p->canvas[1]);
        json_close_group(json, ']');
    }
    json_close_group(json, ']');
}

/* Values below the least are not trusted; dxtbx before 3.12 takes the number one below it. */
static void put_panel(JsonWriter *json, const DetectorGeometry *geometry, const PanelGeometry *p) {
    const Frame parent = frame_of_group(geometry, p->group), own = {p->fast, p->slow, p->corner_m};
    const double size_mm[2] = {1e3 * p->pixel_size_m[0], 1e3 * p->pixel_size_m[1]};
    const double trusted[2] = {isnan(p->trusted[0]) || p->trusted[0] == 0.0 ? -1.0 : p->trusted[0],
                               isnan(p->trusted[1]) ? 2147483646.0 : p->trusted[1]};
    const double mu_per_mm = isnan(p->absorption_per_m) ? 0.0 : 1e-3 * p->absorption_per_m;
    json_open_group(json, NULL, '{');
    json_put_text(json, "name", p->name);
    json_put_text(json, "type", "SENSOR_PAD");
    put_frame(json, &parent, &own);
    put_whole(json, "raw_image_offset", p->canvas);
    put_whole(json, "image_size", p->pixels);
    put_list(json, "pixel_size", 2, size_mm);
    put_list(json, "trusted_range", 2, trusted);
    json_put_number(json, "thickness", 1e3 * p->thickness_m);
    json_put_text(json, "material", p->material);
    json_put_number(json, "mu", mu_per_mm);
    json_put_text(json, "identifier", "");
    put_masks(json, geometry, p);
    json_put_number(json, "gain", isnan(p->gain) ? 1.0 : p->gain);
    json_put_number(json, "pedestal", isnan(p->pedestal) ? 0.0 : p->pedestal);
    json_open_group(json, "px_mm_strategy", '{');
    json_put_text(json, "type",
                  p->thickness_m > 0.0 && mu_per_mm > 0.0 ? "ParallaxCorrectedPxMmStrategy" : "SimplePxMmStrategy");
    json_close_group(json, '}');
    json_close_group(json, '}');
}

/* What a group has of a panel: a name and a frame. */
static void put_group_itself(JsonWriter *json, const char *name, const Frame *parent, const Frame *own) {
    const double nothing[2] = {0.0, 0.0};
    const int64_t none[2] = {0, 0};
    json_put_text(json, "name", name);
    json_put_text(json, "type", "");
    put_frame(json, parent, own);
    put_whole(json, "raw_image_offset", none);
    put_whole(json, "image_size", none);
    put_list(json, "pixel_size", 2, nothing);
    put_list(json, "trusted_range", 2, nothing);
    json_put_number(json, "thickness", 0.0);
    json_put_text(json, "material", "");
    json_put_number(json, "mu", 0.0);
    json_put_text(json, "identifier", "");
    json_open_group(json, "mask", '[');
    json_close_group(json, ']');
    json_put_number(json, "gain", 1.0);
    json_put_number(json, "pedestal", 0.0);
    json_open_group(json, "px_mm_strategy", '{');
    json_put_text(json, "type", "SimplePxMmStrategy");
    json_close_group(json, '}');
}

/* The children of a group, groups before panels; a group's children have larger numbers. */
static void put_children(JsonWriter *json, const DetectorGeometry *geometry, int group) {
    const Frame parent = frame_of_group(geometry, group);
    json_open_group(json, "children", '[');
    for (int i = group + 1; i < geometry->groups; i++) {
        if (geometry->group[i].parent != group) continue;
        const Frame own = frame_of_group(geometry, i);
        json_open_group(json, NULL, '{');
        put_group_itself(json, geometry->group[i].name, &parent, &own);
        put_children(json, geometry, i);
        json_close_group(json, '}');
    }
    for (int i = 0; i < geometry->panels; i++) {
        if (geometry->panel[i].group != group) continue;
        json_open_group(json, NULL, '{');
        json_put_integer(json, "panel", i);
        json_close_group(json, '}');
    }
    json_close_group(json, ']');
}

static void put_detector(JsonWriter *json, const DetectorGeometry *geometry) {
    const Frame laboratory = frame_of_group(geometry, -1);
    json_open_group(json, NULL, '{');
    json_open_group(json, "panels", '[');
    for (int i = 0; i < geometry->panels; i++) put_panel(json, geometry, &geometry->panel[i]);
    json_close_group(json, ']');
    json_open_group(json, "hierarchy", '{');
    put_group_itself(json, "", &laboratory, &laboratory);
    put_children(json, geometry, -1);
    json_close_group(json, '}');
    json_close_group(json, '}');
}

static void put_beam(JsonWriter *json, const NexusBeam *beam) {
    json_open_group(json, NULL, '{');
    put_vector(json, "direction", 1.0, vec3(0.0, 0.0, 1.0));
    json_put_number(json, "wavelength", 1e10 * beam->wavelength_m);
    json_put_number(json, "divergence", 0.0);
    json_put_number(json, "sigma_divergence", 0.0);
    put_vector(json, "polarization_normal", 1.0, vec3(0.0, 1.0, 0.0));
    json_put_number(json, "polarization_fraction", isnan(beam->polarization) ? 0.5 : 0.5 * (1.0 + beam->polarization));
    json_put_number(json, "flux", 0.0);
    json_put_number(json, "transmission", 1.0);
    json_close_group(json, '}');
}

static void print_dials(const Writing *w) {
    static const char *const others[] = {"imageset", "goniometer", "scan", "crystal", "profile", "scaling_model"};
    JsonWriter json = {.file = w->file};
    const bool has_beam = !isnan(w->beam.wavelength_m);
    json_open_group(&json, NULL, '{');
    json_put_text(&json, "__id__", "ExperimentList");
    json_open_group(&json, "experiment", '[');
    json_open_group(&json, NULL, '{');
    json_put_text(&json, "__id__", "Experiment");
    json_put_text(&json, "identifier", "");
    if (has_beam) json_put_integer(&json, "beam", 0);
    json_put_integer(&json, "detector", 0);
    json_close_group(&json, '}');
    json_close_group(&json, ']');
    json_open_group(&json, "beam", '[');
    if (has_beam) put_beam(&json, &w->beam);
    json_close_group(&json, ']');
    json_open_group(&json, "detector", '[');
    put_detector(&json, w->geometry);
    json_close_group(&json, ']');
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        json_open_group(&json, others[i], '[');
        json_close_group(&json, ']');
    }
    json_close_group(&json, '}');
    (void)fputc('\n', w->file);
}

/* ------------------------------------------------------------------------------------------------------------ file */

/* No output may be the file that is read. */
static Status check_files(const GeometryExport *asked) {
    static const char *const itself[] = {"", NULL};
    FileList files = {.count = 0};
    Status status = file_list_add_read(&files, "FILE", asked->file);
    if (status_is_ok(status)) status = file_list_add_written(&files, "--output", asked->output, itself);
    if (status_is_ok(status)) status = file_list_check(&files);
    file_list_free(&files);
    if (status_is_ok(status) && !asked->overwrite && access(asked->output, F_OK) == 0)
        status = status_error(STATUS_BAD_PARAMETER, "export: %s exists; choose another --output, or add --overwrite",
                              asked->output);
    return status;
}

static Status write_file(Writing *w) {
    w->file = new_file_open(w->asked->output);
    if (w->file == NULL)
        return status_error(STATUS_OUTPUT_FAILED, "cannot make %s: %s", w->asked->output, strerror(errno));
    if (w->asked->crystfel)
        print_crystfel(w);
    else
        print_dials(w);
    const bool failed = ferror(w->file) != 0;
    if (fclose(w->file) == 0 && !failed) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "cannot write %s: %s", w->asked->output, strerror(errno));
}

/* Masks of single pixels are better read as they are. */
static void drop_fragments(const Writing *w, DetectorGeometry *geometry, Notes *notes) {
    if (geometry->masks <= REGIONS_MOST || (w->of_nexus && w->asked->crystfel)) return;
    notes_add(notes, "%s: its mask has %d pieces, which are left out; give the program the mask itself", w->asked->file,
              geometry->masks);
    geometry->masks = 0;
}

Status export_geometry(const GeometryExport *asked, Notes *notes) {
    GeometryForm form = GEOMETRY_DIALS;
    DetectorGeometry geometry = {0};
    Writing w = {.asked = asked, .geometry = &geometry, .beam = {NAN, NAN}};
    TRY(check_files(asked));
    TRY(geometry_file_form(asked->file, &form));
    w.of_nexus = form == GEOMETRY_NEXUS;
    const GeometryRequest request = {
        .path = asked->file, .crystfel = {.clen_m = asked->clen_m}, .own_mask = w.of_nexus && asked->crystfel};
    Notes of_reading = {.count = 0};
    Status status = geometry_file_read(&request, &geometry, &of_reading);
    if (status_is_ok(status) && w.of_nexus) status = nexus_beam_read(asked->file, &w.beam);
    if (status_is_ok(status)) {
        drop_fragments(&w, &geometry, notes);
        status = write_file(&w);
    }
    panel_geometry_free(&geometry);
    return status;
}
