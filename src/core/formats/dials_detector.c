#include "formats/dials_experiment.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double MILLIMETRE = 1e-3;

/* Axes further from right angles than this are refused, by dxtbx too. */
static const double RIGHT_ANGLE = 1e-6;

/* A frame in the laboratory: columns of P and the origin. */
typedef struct Frame {
    Vec3 fast, slow, normal, origin_m;
} Frame;

/* What the walk through a hierarchy needs. */
typedef struct Walk {
    JsonNode panels;
    DetectorGeometry *geometry;
    bool *placed; /* [panels] */
} Walk;

static Status read_vector(JsonNode from, const char *key, Vec3 *vector) {
    double values[3] = {0.0};
    TRY(json_numbers(from, key, 3, values));
    *vector = vec3(values[0], values[1], values[2]);
    return status_ok();
}

/* The frame of a panel or group in that of its parent. */
static Status read_frame(JsonNode from, Frame *frame) {
    char what[96];
    TRY(read_vector(from, "fast_axis", &frame->fast));
    TRY(read_vector(from, "slow_axis", &frame->slow));
    TRY(read_vector(from, "origin", &frame->origin_m));
    if (!(vec3_length(frame->fast) > 0.0)) return json_error(from, "fast_axis", "has no direction");
    if (!(vec3_length(frame->slow) > 0.0)) return json_error(from, "slow_axis", "has no direction");
    frame->fast = vec3_unit(frame->fast);
    frame->slow = vec3_unit(frame->slow);
    frame->normal = vec3_cross(frame->fast, frame->slow);
    frame->origin_m = vec3_scale(MILLIMETRE, frame->origin_m);
    const double cosine = vec3_dot(frame->fast, frame->slow);
    if (fabs(cosine) < RIGHT_ANGLE) return status_ok();
    (void)snprintf(what, sizeof what, "is not at right angles to fast_axis (cosine %.3g); DIALS needs that", cosine);
    return json_error(from, "slow_axis", what);
}

static Vec3 turned(const Frame *parent, Vec3 v) {
    return vec3_add(vec3_add(vec3_scale(v.x, parent->fast), vec3_scale(v.y, parent->slow)),
                    vec3_scale(v.z, parent->normal));
}

/* f = P f_local, s = P s_local, o = o_parent + P o_local */
static Frame within(const Frame *parent, const Frame *local) {
    return (Frame){.fast = turned(parent, local->fast),
                   .slow = turned(parent, local->slow),
                   .normal = turned(parent, local->normal),
                   .origin_m = vec3_add(parent->origin_m, turned(parent, local->origin_m))};
}

/* A number where there is one, else @p otherwise. */
static Status optional_number(JsonNode from, const char *key, double otherwise, double *value) {
    *value = otherwise;
    const JsonNode found = json_find(from, key);
    return json_exists(found) && !json_is_null(found) ? json_number(from, key, value) : status_ok();
}

static Status optional_text(JsonNode from, const char *key, size_t bytes, char *text) {
    const char *found = "";
    const JsonNode node = json_find(from, key);
    if (json_exists(node) && !json_is_null(node)) TRY(json_text(from, key, &found));
    if (text_copy(text, bytes, found)) return status_ok();
    return json_error(from, key, "is too long");
}

static Status read_whole_numbers(JsonNode from, const char *key, int64_t least, int64_t *whole) {
    double values[2];
    TRY(json_numbers(from, key, 2, values));
    for (int i = 0; i < 2; i++) {
        if (!(values[i] >= (double)least && values[i] <= INT32_MAX && values[i] == floor(values[i])))
            return json_error(from, key, "must be two whole numbers, of pixels along fast and slow");
        whole[i] = (int64_t)values[i];
    }
    return status_ok();
}

/* Values that count as good. dxtbx before 3.12 writes one below the least of them, which no file says: -1 stands for
 * 0. */
static Status read_trusted_range(JsonNode panel, double *trusted) {
    trusted[0] = trusted[1] = NAN;
    if (!json_exists(json_find(panel, "trusted_range"))) return status_ok();
    TRY(json_numbers(panel, "trusted_range", 2, trusted));
    if (trusted[0] == -1.0) trusted[0] = 0.0;
    return status_ok();
}

static Status read_sensor(JsonNode node, PanelGeometry *panel) {
    double thickness_mm = 0.0, mu_per_mm = 0.0;
    TRY(optional_number(node, "thickness", 0.0, &thickness_mm));
    TRY(optional_number(node, "mu", 0.0, &mu_per_mm));
    TRY(optional_text(node, "material", sizeof panel->material, panel->material));
    TRY(optional_number(node, "gain", NAN, &panel->gain));
    TRY(optional_number(node, "pedestal", NAN, &panel->pedestal));
    if (thickness_mm < 0.0) return json_error(node, "thickness", "must not be negative");
    if (mu_per_mm < 0.0) return json_error(node, "mu", "must not be negative");
    panel->thickness_m = MILLIMETRE * thickness_mm;
    panel->absorption_per_m = mu_per_mm > 0.0 ? mu_per_mm / MILLIMETRE : NAN;
    return read_trusted_range(node, panel->trusted);
}

static Status read_panel(JsonNode node, PanelGeometry *panel) {
    Frame frame;
    double pixel_mm[2];
    *panel = (PanelGeometry){.group = -1};
    TRY(read_frame(node, &frame));
    TRY(json_numbers(node, "pixel_size", 2, pixel_mm));
    TRY(read_whole_numbers(node, "image_size", 1, panel->pixels));
    TRY(optional_text(node, "name", sizeof panel->name, panel->name));
    for (int i = 0; i < 2; i++) panel->pixel_size_m[i] = MILLIMETRE * pixel_mm[i];
    if (!(pixel_mm[0] > 0.0 && pixel_mm[1] > 0.0)) return json_error(node, "pixel_size", "must be larger than 0");
    if (json_exists(json_find(node, "raw_image_offset")))
        TRY(read_whole_numbers(node, "raw_image_offset", 0, panel->canvas));
    panel->fast = frame.fast;
    panel->slow = frame.slow;
    panel->corner_m = frame.origin_m;
    return read_sensor(node, panel);
}

/* ------------------------------------------------------------------------------------------------------- hierarchy */

static Status place_panel(const Walk *walk, JsonNode leaf, const Frame *parent, int group) {
    double number = 0.0;
    char what[128];
    TRY(json_number(leaf, "panel", &number));
    const int panels = json_length(walk->panels);
    if (!(number >= 0.0 && number < panels && number == floor(number))) {
        (void)snprintf(what, sizeof what, "is %.17g; the detector has the panels 0 to %d", number, panels - 1);
        return json_error(leaf, "panel", what);
    }
    if (walk->placed[(int)number]) {
        (void)snprintf(what, sizeof what, "is %d, which the hierarchy holds already; each panel has one place in it",
                       (int)number);
        return json_error(leaf, "panel", what);
    }
    walk->placed[(int)number] = true;
    PanelGeometry *panel = &walk->geometry->panel[(int)number];
    const Frame local = {panel->fast, panel->slow, vec3_cross(panel->fast, panel->slow), panel->corner_m};
    const Frame global = within(parent, &local);
    panel->fast = global.fast;
    panel->slow = global.slow;
    panel->corner_m = global.origin_m;
    panel->group = group;
    return status_ok();
}

/* The children of a group. The document's own depth bounds the recursion. */
static Status walk_group(const Walk *walk, JsonNode node, const Frame *frame, int group) {
    const JsonNode children = json_find(node, "children");
    if (json_kind(children) != JSON_ARRAY) return json_error(node, "children", "must be a list of groups and panels");
    for (int i = 0; i < json_length(children); i++) {
        const JsonNode child = json_item(children, i);
        if (json_exists(json_find(child, "panel"))) {
            TRY(place_panel(walk, child, frame, group));
            continue;
        }
        Frame local;
        PanelGroup added = {.parent = group};
        TRY(read_frame(child, &local));
        const Frame global = within(frame, &local);
        TRY(optional_text(child, "name", sizeof added.name, added.name));
        added.fast = global.fast;
        added.slow = global.slow;
        added.origin_m = global.origin_m;
        TRY(panel_geometry_add_group(walk->geometry, &added));
        TRY(walk_group(walk, child, &global, walk->geometry->groups - 1));
    }
    return status_ok();
}

static Status place_panels(JsonNode detector, DetectorGeometry *geometry) {
    const JsonNode hierarchy = json_find(detector, "hierarchy");
    if (!json_exists(hierarchy) || json_is_null(hierarchy)) return status_ok();
    Frame root;
    TRY(read_frame(hierarchy, &root));
    Walk walk = {.panels = json_find(detector, "panels"), .geometry = geometry};
    walk.placed = calloc((size_t)geometry->panels, sizeof *walk.placed);
    if (walk.placed == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d panels", geometry->panels);
    Status status = walk_group(&walk, hierarchy, &root, -1);
    for (int i = 0; status_is_ok(status) && i < geometry->panels; i++)
        if (!walk.placed[i])
            status = json_error(json_item(walk.panels, i), "",
                                "stands in no group of the hierarchy, so nothing says where it is");
    free(walk.placed);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------- canvas */

/* One after another along slow, unless offsets tell where each panel is. */
static Status place_on_canvas(JsonNode panels, DetectorGeometry *geometry) {
    bool alike = true;
    int64_t slow = 0;
    for (int i = 1; i < geometry->panels; i++)
        alike = alike && memcmp(geometry->panel[i].canvas, geometry->panel[0].canvas, sizeof(int64_t[2])) == 0;
    for (int i = 0; alike && i < geometry->panels; i++) {
        PanelGeometry *panel = &geometry->panel[i];
        panel->canvas[0] = 0;
        panel->canvas[1] = slow;
        slow += panel->pixels[1];
        if (slow > INT32_MAX) return json_error(panels, "", "have too many rows of pixels together");
    }
    return status_ok();
}

/* Rectangles [fast, slow, end of fast, end of slow] of the panel's own pixels. */
static Status add_masks(JsonNode node, const PanelGeometry *panel, DetectorGeometry *geometry) {
    const JsonNode masks = json_find(node, "mask");
    for (int i = 0; i < json_length(masks); i++) {
        double edge[4];
        TRY(json_numbers(json_item(masks, i), "", 4, edge));
        for (int k = 0; k < 4; k++)
            edge[k] = fmin(fmax(edge[k], 0.0), (double)panel->pixels[k % 2]) + (double)panel->canvas[k % 2];
        const PanelMask mask = {(int64_t)edge[0], (int64_t)edge[1], (int64_t)edge[2], (int64_t)edge[3]};
        TRY(panel_geometry_add_mask(geometry, mask));
    }
    return status_ok();
}

static Status read_panels(JsonNode panels, DetectorGeometry *geometry) {
    for (int i = 0; i < json_length(panels); i++) {
        PanelGeometry panel;
        TRY(read_panel(json_item(panels, i), &panel));
        if (*panel.name == '\0') (void)snprintf(panel.name, sizeof panel.name, "panel %d", i);
        TRY(panel_geometry_add_panel(geometry, &panel));
    }
    return status_ok();
}

Status dials_detector_read(JsonNode detector, DetectorGeometry *geometry) {
    char origin[2 * JSON_WHERE_BYTES], where[JSON_WHERE_BYTES];
    const JsonNode panels = json_find(detector, "panels");
    if (!json_exists(panels)) return json_error(detector, "panels", "is missing");
    if (json_kind(panels) != JSON_ARRAY || json_length(panels) == 0)
        return json_error(panels, "", "must be a list of at least one panel");
    TRY(read_panels(panels, geometry));
    TRY(place_panels(detector, geometry));
    TRY(place_on_canvas(panels, geometry));
    for (int i = 0; i < geometry->panels; i++) TRY(add_masks(json_item(panels, i), &geometry->panel[i], geometry));
    json_where(detector, where);
    (void)snprintf(origin, sizeof origin, "%s: %s", json_path(detector), where);
    return panel_geometry_check(geometry, origin);
}
