#include "formats/crystfel_geometry.h"

#include "base/text.h"
#include "formats/crystfel_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is made of the lines. */
typedef struct Building {
    const CrystfelLines *lines;
    CrystfelOptions options;
    DetectorGeometry *geometry;
    Notes *notes;
    int *block;              /* [panels] number of the array that holds its pixels */
    double shift_pixels;     /* the largest of a corner */
    const char *shift_panel; /* whose corner */
} Building;

static Status bad_panel(const Building *building, const CrystfelPanel *panel, const char *what) {
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": panel \"%s\" %s", building->lines->name, panel->line,
                        panel->name, what);
}

/* CrystFEL's frame is turned by 180 degrees about y. */
static Vec3 to_laboratory(Vec3 v) {
    return vec3(-v.x, v.y, -v.z);
}

/* -------------------------------------------------------------------------------------------------------- complete */

/* Numbers that a panel cannot do without. */
static Status check_complete(const Building *building, const CrystfelPanel *panel) {
    static const char *const names[] = {"min_fs", "max_fs", "min_ss", "max_ss", "corner_x", "corner_y", "res"};
    char what[160];
    const char *missing = NULL;
    for (int i = 0; i < 7; i++)
        if (isnan(panel->value[i])) missing = names[i];
    if (!panel->has_fs) missing = "fs";
    if (!panel->has_ss) missing = "ss";
    if (missing != NULL) {
        (void)snprintf(what, sizeof what, "has no %s; give it as %.60s/%s = VALUE", missing, panel->name, missing);
        return bad_panel(building, panel, what);
    }
    if (!(panel->value[CRYSTFEL_RES] > 0.0)) return bad_panel(building, panel, "has a res that is not larger than 0");
    for (int i = CRYSTFEL_MIN_FS; i <= CRYSTFEL_MAX_SS; i++)
        if (panel->value[i] != floor(panel->value[i]) || panel->value[i] < 0.0 || panel->value[i] > INT32_MAX / 2)
            return bad_panel(building, panel, "has a range of fs or ss that is not of whole numbers from 0");
    if (panel->value[CRYSTFEL_MAX_FS] < panel->value[CRYSTFEL_MIN_FS] ||
        panel->value[CRYSTFEL_MAX_SS] < panel->value[CRYSTFEL_MIN_SS])
        return bad_panel(building, panel,
                         "has a max_fs or max_ss below its min_fs or min_ss; the ranges hold both ends");
    return status_ok();
}

static Status camera_length(const Building *building, const CrystfelPanel *panel, double *length_m) {
    char what[256];
    const double offset = panel->value[CRYSTFEL_COFFSET], own = panel->value[CRYSTFEL_CLEN];
    *length_m = !isnan(building->options.clen_m) ? building->options.clen_m : own;
    if (panel->clen_place != NULL && isnan(*length_m)) {
        (void)snprintf(what, sizeof what,
                       "has the clen \"%.100s\", a place in the image files, which are not read; give the camera "
                       "length as detector.clen",
                       panel->clen_place);
        return bad_panel(building, panel, what);
    }
    if (isnan(*length_m)) return bad_panel(building, panel, "has no clen; give it in the file, or as detector.clen");
    if (!isnan(offset)) *length_m += offset;
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ axes */

/* The pair at right angles, of length 1, that is nearest to fs and ss in the sum of squares: their matrix M times
 * (M^T M)^(-1/2). */
static Status nearest_pair(const Building *building, const CrystfelPanel *panel, Vec3 *fast, Vec3 *slow) {
    const double a = vec3_dot(panel->fs, panel->fs), b = vec3_dot(panel->fs, panel->ss);
    const double c = vec3_dot(panel->ss, panel->ss), determinant = a * c - b * b;
    if (!(a > 0.81 && a < 1.21 && c > 0.81 && c < 1.21 && fabs(b) < 0.1))
        return bad_panel(building, panel,
                         "has an fs and ss that are not nearly of length 1 and at right angles; "
                         "correct them, or keep them as they are by detector.panel_axes=exact");
    const double root = sqrt(determinant), scale = 1.0 / (root * sqrt(a + c + 2.0 * root));
    *fast = vec3_add(vec3_scale(scale * (c + root), panel->fs), vec3_scale(-scale * b, panel->ss));
    *slow = vec3_add(vec3_scale(-scale * b, panel->fs), vec3_scale(scale * (a + root), panel->ss));
    return status_ok();
}

/* Turns the panel about its middle and remembers how far its corners went. */
static Status straighten(Building *building, const CrystfelPanel *from, PanelGeometry *panel) {
    Vec3 fast = from->fs, slow = from->ss;
    TRY(nearest_pair(building, from, &fast, &slow));
    const double half[2] = {0.5 * (double)panel->pixels[0], 0.5 * (double)panel->pixels[1]};
    const Vec3 change_fast = vec3_subtract(from->fs, fast), change_slow = vec3_subtract(from->ss, slow);
    for (int side = -1; side <= 1; side += 2) {
        const Vec3 shift = vec3_add(vec3_scale(half[0], change_fast), vec3_scale(side * half[1], change_slow));
        const double pixels = vec3_length(shift);
        if (!(pixels > building->shift_pixels)) continue;
        building->shift_pixels = pixels;
        building->shift_panel = from->name;
    }
    const Vec3 shift = vec3_add(vec3_scale(half[0], change_fast), vec3_scale(half[1], change_slow));
    const double pixel_m = 1.0 / from->value[CRYSTFEL_RES];
    panel->fast = to_laboratory(vec3_unit(fast));
    panel->slow = to_laboratory(vec3_unit(slow));
    panel->pixel_size_m[0] = panel->pixel_size_m[1] = pixel_m;
    panel->corner_m = vec3_add(panel->corner_m, vec3_scale(pixel_m, to_laboratory(shift)));
    return status_ok();
}

/* Pixels that are meant to be no squares: axes at right angles, of which one has another length than 1. */
static bool is_rectangular(const CrystfelPanel *panel) {
    const double fs = vec3_length(panel->fs), ss = vec3_length(panel->ss);
    const bool others = fabs(fs - 1.0) > 0.01 || fabs(ss - 1.0) > 0.01;
    return others && fabs(vec3_dot(panel->fs, panel->ss)) < 1e-7 * fs * ss;
}

static Status place_panel(Building *building, const CrystfelPanel *from, PanelGeometry *panel) {
    const double pixel_m = 1.0 / from->value[CRYSTFEL_RES];
    const double *shift_m = building->lines->shift_m;
    double length_m = 0.0;
    TRY(camera_length(building, from, &length_m));
    panel->corner_m = to_laboratory(vec3(from->value[CRYSTFEL_CORNER_X] * pixel_m + shift_m[0],
                                         from->value[CRYSTFEL_CORNER_Y] * pixel_m + shift_m[1], length_m));
    if (!building->options.exact_axes && !is_rectangular(from)) return straighten(building, from, panel);
    panel->fast = to_laboratory(vec3_unit(from->fs));
    panel->slow = to_laboratory(vec3_unit(from->ss));
    panel->pixel_size_m[0] = pixel_m * vec3_length(from->fs);
    panel->pixel_size_m[1] = pixel_m * vec3_length(from->ss);
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- panels */

static bool is_same_array(const CrystfelPanel *a, const CrystfelPanel *b) {
    const char *data_a = a->data == NULL ? "" : a->data, *data_b = b->data == NULL ? "" : b->data;
    return strcmp(data_a, data_b) == 0 && memcmp(a->axis, b->axis, sizeof a->axis) == 0;
}

/* Panels of one array lie in the image as in it; several arrays follow one another along slow. */
static Status place_on_canvas(Building *building) {
    const CrystfelLines *lines = building->lines;
    int64_t base = 0;
    int blocks = 0;
    for (int i = 0; i < lines->panels; i++) building->block[i] = -1;
    for (int i = 0; i < lines->panels; i++) {
        if (building->block[i] >= 0) continue;
        int64_t height = 0;
        for (int k = i; k < lines->panels; k++) {
            if (building->block[k] >= 0 || !is_same_array(&lines->panel[i], &lines->panel[k])) continue;
            PanelGeometry *panel = &building->geometry->panel[k];
            building->block[k] = blocks;
            if (panel->canvas[1] + panel->pixels[1] > height) height = panel->canvas[1] + panel->pixels[1];
            panel->canvas[1] += base;
        }
        base += height;
        blocks++;
        if (base > INT32_MAX)
            return bad_panel(building, &lines->panel[i], "lies beyond the largest image that there is");
    }
    return status_ok();
}

static Status build_panel(Building *building, const CrystfelPanel *from) {
    PanelGeometry panel = {.group = -1,
                           .absorption_per_m = NAN,
                           .pedestal = NAN,
                           .trusted = {NAN, from->value[CRYSTFEL_MAX_ADU]},
                           .gain = from->value[CRYSTFEL_ADU_PER_PHOTON]};
    TRY(check_complete(building, from));
    (void)snprintf(panel.name, sizeof panel.name, "%s", from->name);
    for (int axis = 0; axis < 2; axis++) {
        const double *range = &from->value[axis == 0 ? CRYSTFEL_MIN_FS : CRYSTFEL_MIN_SS];
        panel.canvas[axis] = (int64_t)range[0];
        panel.pixels[axis] = (int64_t)(range[1] - range[0]) + 1;
    }
    if (isnan(panel.gain)) panel.gain = from->value[CRYSTFEL_ADU_PER_EV] * building->lines->energy_ev;
    TRY(place_panel(building, from, &panel));
    return panel_geometry_add_panel(building->geometry, &panel);
}

/* ----------------------------------------------------------------------------------------------------------- masks */

static int find_panel(const CrystfelLines *lines, const char *name) {
    for (int i = 0; i < lines->panels; i++)
        if (strcmp(lines->panel[i].name, name) == 0) return i;
    return -1;
}

static PanelMask area_of(const PanelGeometry *panel) {
    return (PanelMask){panel->canvas[0], panel->canvas[1], panel->canvas[0] + panel->pixels[0],
                       panel->canvas[1] + panel->pixels[1]};
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* A range of fs and ss of the panel's array, cut to the panel. */
static Status add_data_region(const Building *building, const CrystfelRegion *region, int index) {
    const CrystfelPanel *from = &building->lines->panel[index];
    const PanelGeometry *panel = &building->geometry->panel[index];
    const double far = INT32_MAX, *fs = region->fs, *ss = region->ss;
    const int64_t shift = panel->canvas[1] - (int64_t)from->value[CRYSTFEL_MIN_SS];
    const PanelMask area = area_of(panel);
    const PanelMask cut = {most(area.fast_first, (int64_t)fmax(ceil(fs[0]), -far)),
                           most(area.slow_first, (int64_t)fmax(ceil(ss[0]), -far) + shift),
                           least(area.fast_end, (int64_t)fmin(floor(fs[1]), far) + 1),
                           least(area.slow_end, (int64_t)fmin(floor(ss[1]), far) + 1 + shift)};
    if (cut.fast_first >= cut.fast_end || cut.slow_first >= cut.slow_end) return status_ok();
    return panel_geometry_add_mask(building->geometry, cut);
}

/* Narrows [first, end) to the pixels f whose coordinate start + (f + 0.5) step lies in a range. */
static void narrow(double start, double step, const double *range, int64_t pixels, int64_t *first, int64_t *end) {
    if (fabs(step) < 1e-12) {
        if (start < range[0] || start > range[1]) *end = *first;
        return;
    }
    const double one = (range[0] - start) / step - 0.5, other = (range[1] - start) / step - 0.5;
    const double limit = (double)pixels;
    *first = most(*first, (int64_t)ceil(fmin(fmax(fmin(one, other), 0.0), limit)));
    *end = least(*end, (int64_t)floor(fmin(fmax(fmax(one, other), -1.0), limit)) + 1);
}

/* A rectangle of the laboratory, in pixels of the panel: row by row, rows alike together. */
static Status add_laboratory_region(const Building *building, const CrystfelRegion *region, int index) {
    const CrystfelPanel *from = &building->lines->panel[index];
    const PanelGeometry *panel = &building->geometry->panel[index];
    const double x = from->value[CRYSTFEL_CORNER_X], y = from->value[CRYSTFEL_CORNER_Y];
    PanelMask run = {0, 0, 0, 0};
    for (int64_t s = 0; s <= panel->pixels[1]; s++) {
        int64_t first = 0, end = s < panel->pixels[1] ? panel->pixels[0] : 0;
        const double row = (double)s + 0.5;
        narrow(x + row * from->ss.x, from->fs.x, region->x, panel->pixels[0], &first, &end);
        narrow(y + row * from->ss.y, from->fs.y, region->y, panel->pixels[0], &first, &end);
        if (end < first) end = first;
        const int64_t left = panel->canvas[0] + first, right = panel->canvas[0] + end;
        if (run.slow_end > run.slow_first && run.fast_first == left && run.fast_end == right) {
            run.slow_end++;
            continue;
        }
        if (run.fast_end > run.fast_first) TRY(panel_geometry_add_mask(building->geometry, run));
        run = (PanelMask){left, panel->canvas[1] + s, right, panel->canvas[1] + s + 1};
    }
    return status_ok();
}

static bool is_range(const double *range) {
    return !isnan(range[0]) && !isnan(range[1]);
}

static Status add_region(const Building *building, const CrystfelRegion *region) {
    const CrystfelLines *lines = building->lines;
    const bool data = is_range(region->fs) && is_range(region->ss);
    const bool laboratory = is_range(region->x) && is_range(region->y);
    if (data == laboratory)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": the bad region \"%s\" must have min_fs, max_fs, min_ss and max_ss, or "
                            "min_x, max_x, min_y and max_y, and not both",
                            lines->name, region->line, region->name);
    const int only = region->panel == NULL ? -1 : find_panel(lines, region->panel);
    if (region->panel != NULL && only < 0)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": the bad region \"%s\" is of panel \"%s\", which the file "
                            "does not have",
                            lines->name, region->line, region->name, region->panel);
    for (int i = 0; i < lines->panels; i++) {
        if (only >= 0 && i != only) continue;
        TRY(data ? add_data_region(building, region, i) : add_laboratory_region(building, region, i));
    }
    return status_ok();
}

/* Pixels that a panel's own lines call bad. */
static Status add_edges(const Building *building, int index) {
    const CrystfelPanel *from = &building->lines->panel[index];
    const PanelMask area = area_of(&building->geometry->panel[index]);
    const double width = from->value[CRYSTFEL_MASK_EDGE_PIXELS];
    if (from->value[CRYSTFEL_NO_INDEX] == 1.0) return panel_geometry_add_mask(building->geometry, area);
    if (!(width >= 1.0)) return status_ok();
    const int64_t edge = (int64_t)fmin(width, INT32_MAX);
    PanelMask side[4] = {area, area, area, area};
    side[0].fast_end = least(area.fast_end, area.fast_first + edge);
    side[1].fast_first = most(area.fast_first, area.fast_end - edge);
    side[2].slow_end = least(area.slow_end, area.slow_first + edge);
    side[3].slow_first = most(area.slow_first, area.slow_end - edge);
    for (int i = 0; i < 4; i++) TRY(panel_geometry_add_mask(building->geometry, side[i]));
    return status_ok();
}

/* The axes of a panel's data: slow and fast where nothing is said. */
static void take_axes(const CrystfelPanel *from, int64_t *axis) {
    memcpy(axis, from->axis, sizeof from->axis);
    for (int i = 0; i < PANEL_AXES_MOST; i++)
        if (axis[i] != PANEL_AXIS_NONE) return;
    axis[0] = PANEL_AXIS_SLOW;
    axis[1] = PANEL_AXIS_FAST;
}

static Status add_mask_files(const Building *building, int index, const char **in_images) {
    const CrystfelPanel *from = &building->lines->panel[index];
    for (int i = 0; i < CRYSTFEL_MASKS; i++) {
        const CrystfelMask *mask = &from->mask[i];
        if (mask->data == NULL && mask->file == NULL) continue;
        if (mask->data == NULL) return bad_panel(building, from, "has a mask file without the place of the mask in it");
        if (mask->file == NULL) *in_images = mask->data;
        if (mask->file == NULL) continue;
        PanelMaskFile file = {.path = (char *)mask->file,
                              .dataset = (char *)mask->data,
                              .good_bits = mask->good_bits,
                              .bad_bits = mask->bad_bits,
                              .panel = index,
                              .first = {(int64_t)from->value[CRYSTFEL_MIN_FS], (int64_t)from->value[CRYSTFEL_MIN_SS]}};
        take_axes(from, file.axis);
        TRY(panel_geometry_add_mask_file(building->geometry, &file));
    }
    return status_ok();
}

static Status build_masks(const Building *building) {
    const CrystfelLines *lines = building->lines;
    const char *in_images = NULL;
    for (int i = 0; i < lines->panels; i++) {
        TRY(add_edges(building, i));
        TRY(add_mask_files(building, i, &in_images));
    }
    for (int i = 0; i < lines->regions; i++) TRY(add_region(building, &lines->region[i]));
    if (in_images != NULL)
        notes_add(building->notes,
                  "%s: its mask %.100s is in the image files, which are not read; give it as detector.mask",
                  lines->name, in_images);
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- groups */

/* Puts a panel or a group into group @p self. Groups that stand before it in the file have larger numbers. */
static Status take_member(const Building *building, const CrystfelGroup *from, int self, const char *name) {
    DetectorGeometry *geometry = building->geometry;
    const int panel = find_panel(building->lines, name);
    int *parent = panel >= 0 ? &geometry->panel[panel].group : NULL;
    for (int i = self + 1; i < geometry->groups && parent == NULL; i++)
        if (strcmp(geometry->group[i].name, name) == 0) parent = &geometry->group[i].parent;
    if (parent == NULL)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": the group \"%s\" holds \"%s\", which is no panel and no group before it",
                            building->lines->name, from->line, from->name, name);
    if (*parent >= 0 && !from->rigid)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": the group \"%s\" holds \"%s\", which \"%s\" holds too",
                            building->lines->name, from->line, from->name, name, geometry->group[*parent].name);
    if (*parent < 0) *parent = self;
    return status_ok();
}

static Status take_members(const Building *building, const CrystfelGroup *from, int self) {
    for (char *name = from->members, *next; name != NULL; name = next) {
        next = strchr(name, ',');
        if (next != NULL) *next++ = '\0';
        name += strspn(name, " \t");
        name[strcspn(name, " \t")] = '\0';
        if (*name != '\0') TRY(take_member(building, from, self, name));
    }
    return status_ok();
}

/* Groups hold groups that stand before them, so the last one is the outermost: their order is turned round. Groups of
 * the old kind count where there are none of the new one. */
static Status build_groups(const Building *building) {
    const CrystfelLines *lines = building->lines;
    bool rigid = true;
    int count = 0;
    for (int i = 0; i < lines->groups; i++) rigid = rigid && lines->group[i].rigid;
    for (int i = lines->groups - 1; i >= 0; i--) {
        const CrystfelGroup *from = &lines->group[i];
        PanelGroup group = {.fast = {1.0, 0.0, 0.0}, .slow = {0.0, 1.0, 0.0}, .parent = -1};
        if (from->rigid != rigid) continue;
        if (!text_copy(group.name, sizeof group.name, from->name))
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": the group's name is too long", lines->name,
                                from->line);
        TRY(panel_geometry_add_group(building->geometry, &group));
    }
    for (int i = lines->groups - 1; i >= 0; i--)
        if (lines->group[i].rigid == rigid) TRY(take_members(building, &lines->group[i], count++));
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ file */

static Status build(Building *building) {
    const CrystfelLines *lines = building->lines;
    if (lines->panels == 0)
        return status_error(STATUS_BAD_FILE, "%s has no panel: a geometry of CrystFEL has lines such as p0/min_fs = 0",
                            lines->name);
    if (lines->shift_place != NULL)
        return status_error(
            STATUS_BAD_FILE,
            "%s: the detector's shift is \"%.100s\", a place in the image files, which are not read; give "
            "detector_shift_x and detector_shift_y as lengths",
            lines->name, lines->shift_place);
    for (int i = 0; i < lines->panels; i++) TRY(build_panel(building, &lines->panel[i]));
    TRY(place_on_canvas(building));
    TRY(build_masks(building));
    TRY(build_groups(building));
    TRY(panel_geometry_check(building->geometry, lines->name));
    if (building->shift_pixels > 1e-3)
        notes_add(building->notes,
                  "%s: fs and ss were brought to right angles and to length 1; the corners of panel \"%s\" moved most, "
                  "%.3g pixels (detector.panel_axes=exact keeps them as they are)",
                  lines->name, building->shift_panel, building->shift_pixels);
    return status_ok();
}

static void set_beam(const CrystfelLines *lines, CrystfelBeam *beam) {
    *beam = (CrystfelBeam){.energy_ev = lines->energy_ev, .bandwidth = lines->bandwidth};
    if (lines->energy_place != NULL) (void)snprintf(beam->place, sizeof beam->place, "%s", lines->energy_place);
}

Status crystfel_geometry_of_text(const char *name, int64_t first_line, char *text, CrystfelOptions options,
                                 DetectorGeometry *geometry, CrystfelBeam *beam, Notes *notes) {
    CrystfelLines lines;
    *geometry = (DetectorGeometry){.of_crystfel = true};
    Status status = crystfel_lines_read(name, first_line, text, &lines, notes);
    Building building = {.lines = &lines, .options = options, .geometry = geometry, .notes = notes};
    building.block = malloc(((size_t)lines.panels + 1) * sizeof *building.block);
    if (status_is_ok(status) && building.block == NULL)
        status = status_error(STATUS_NO_MEMORY, "no memory for %d panels", lines.panels);
    if (status_is_ok(status)) status = build(&building);
    if (status_is_ok(status) && beam != NULL) set_beam(&lines, beam);
    free(building.block);
    crystfel_lines_free(&lines);
    return status;
}
