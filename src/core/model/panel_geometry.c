#include "model/panel_geometry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Files of Tessera say 1e-9 m of a sensor whose thickness is ignored, as DIALS wants some, and DIALS says it again. */
static const double PLACEHOLDER_THICKNESS_M = 1.001e-9;

/* Unit vectors of a file are right to its digits. */
static const double UNIT_TOLERANCE = 1e-5;

void panel_geometry_free(DetectorGeometry *geometry) {
    for (int i = 0; i < geometry->mask_files; i++) {
        free(geometry->mask_file[i].path);
        free(geometry->mask_file[i].dataset);
    }
    free(geometry->panel);
    free(geometry->group);
    free(geometry->mask);
    free(geometry->mask_file);
    *geometry = (DetectorGeometry){0};
}

/* One more element at the end of an array whose room doubles. */
static Status append(void **array, int *count, size_t size, const void *element) {
    const bool full = (*count & (*count - 1)) == 0;
    if (full) {
        void *larger = *count > INT32_MAX / 2 ? NULL : realloc(*array, (*count == 0 ? 1 : 2 * (size_t)*count) * size);
        if (larger == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d panels or masks", *count + 1);
        *array = larger;
    }
    memcpy((char *)*array + (size_t)*count * size, element, size);
    (*count)++;
    return status_ok();
}

Status panel_geometry_add_panel(DetectorGeometry *geometry, const PanelGeometry *panel) {
    void *array = geometry->panel;
    PanelGeometry added = *panel;
    if (added.thickness_m <= PLACEHOLDER_THICKNESS_M) added.thickness_m = 0.0;
    const Status status = append(&array, &geometry->panels, sizeof added, &added);
    geometry->panel = array;
    return status;
}

Status panel_geometry_add_group(DetectorGeometry *geometry, const PanelGroup *group) {
    void *array = geometry->group;
    const Status status = append(&array, &geometry->groups, sizeof *group, group);
    geometry->group = array;
    return status;
}

Status panel_geometry_add_mask(DetectorGeometry *geometry, PanelMask mask) {
    void *array = geometry->mask;
    const Status status = append(&array, &geometry->masks, sizeof mask, &mask);
    geometry->mask = array;
    return status;
}

static Status copy_text(const char *text, char **copy) {
    *copy = NULL;
    if (text == NULL) return status_ok();
    *copy = malloc(strlen(text) + 1);
    if (*copy == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the name of a mask");
    memcpy(*copy, text, strlen(text) + 1);
    return status_ok();
}

Status panel_geometry_add_mask_file(DetectorGeometry *geometry, const PanelMaskFile *file) {
    PanelMaskFile added = *file;
    void *array = geometry->mask_file;
    Status status = copy_text(file->path, &added.path);
    added.dataset = NULL;
    if (status_is_ok(status)) status = copy_text(file->dataset, &added.dataset);
    if (status_is_ok(status)) status = append(&array, &geometry->mask_files, sizeof added, &added);
    geometry->mask_file = array;
    if (!status_is_ok(status)) {
        free(added.path);
        free(added.dataset);
    }
    return status;
}

static bool is_finite(Vec3 v) {
    return isfinite(v.x) && isfinite(v.y) && isfinite(v.z);
}

static Status bad_panel(const char *origin, const PanelGeometry *panel, const char *what) {
    return status_error(STATUS_BAD_FILE, "%s: panel \"%s\" %s", origin, panel->name, what);
}

static Status check_axes(const PanelGeometry *panel, const char *origin) {
    if (!is_finite(panel->fast) || !is_finite(panel->slow) || !is_finite(panel->corner_m))
        return bad_panel(origin, panel, "has axes or an origin that are not finite; correct the file");
    const double fast = vec3_length(panel->fast), slow = vec3_length(panel->slow);
    if (!(fabs(fast - 1.0) < UNIT_TOLERANCE && fabs(slow - 1.0) < UNIT_TOLERANCE))
        return status_error(STATUS_BAD_FILE,
                            "%s: panel \"%s\" has a fast and a slow axis of lengths %.7g and %.7g; both must be 1",
                            origin, panel->name, fast, slow);
    const Vec3 normal = vec3_cross(panel->fast, panel->slow);
    if (!(vec3_length(normal) > 0.5))
        return bad_panel(origin, panel, "has a fast and a slow axis that are nearly parallel; they must span a plane");
    if (!(fabs(vec3_dot(normal, panel->corner_m)) > 1e-9 * vec3_length(panel->corner_m)))
        return bad_panel(origin, panel, "lies in a plane that meets the crystal; its distance must not be 0");
    return status_ok();
}

static Status check_panel(const PanelGeometry *panel, const char *origin) {
    TRY(check_axes(panel, origin));
    for (int axis = 0; axis < 2; axis++) {
        if (!(panel->pixel_size_m[axis] > 0.0 && isfinite(panel->pixel_size_m[axis])))
            return status_error(STATUS_BAD_FILE, "%s: panel \"%s\" has pixels of %g m; they must be larger than 0",
                                origin, panel->name, panel->pixel_size_m[axis]);
        if (panel->pixels[axis] < 1 || panel->pixels[axis] > INT32_MAX)
            return status_error(STATUS_BAD_FILE,
                                "%s: panel \"%s\" has %" PRId64 " pixels along its %s axis; they must be 1 to %d",
                                origin, panel->name, panel->pixels[axis], axis == 0 ? "fast" : "slow", INT32_MAX);
        if (panel->canvas[axis] < 0 || panel->canvas[axis] > INT32_MAX - panel->pixels[axis])
            return status_error(STATUS_BAD_FILE,
                                "%s: panel \"%s\" begins at pixel %" PRId64 " of the image along its %s axis; this "
                                "must be from 0 to %d",
                                origin, panel->name, panel->canvas[axis], axis == 0 ? "fast" : "slow", INT32_MAX);
    }
    return status_ok();
}

static int by_slow(const void *left, const void *right) {
    const PanelGeometry *a = *(PanelGeometry *const *)left, *b = *(PanelGeometry *const *)right;
    if (a->canvas[1] != b->canvas[1]) return a->canvas[1] < b->canvas[1] ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* Panels sorted by their first row: only those that begin before one ends can overlap it. */
static Status check_overlap(const DetectorGeometry *geometry, const PanelGeometry **sorted, const char *origin) {
    for (int i = 0; i < geometry->panels; i++) sorted[i] = &geometry->panel[i];
    qsort(sorted, (size_t)geometry->panels, sizeof *sorted, by_slow);
    for (int i = 0; i < geometry->panels; i++) {
        const PanelGeometry *a = sorted[i];
        for (int k = i + 1; k < geometry->panels && sorted[k]->canvas[1] < a->canvas[1] + a->pixels[1]; k++) {
            const PanelGeometry *b = sorted[k];
            if (b->canvas[0] < a->canvas[0] + a->pixels[0] && a->canvas[0] < b->canvas[0] + b->pixels[0])
                return status_error(STATUS_BAD_FILE,
                                    "%s: panels \"%s\" and \"%s\" overlap at pixel fast %" PRId64 ", slow %" PRId64
                                    " of the image; each pixel belongs to one panel: correct where they begin",
                                    origin, a->name, b->name, a->canvas[0] > b->canvas[0] ? a->canvas[0] : b->canvas[0],
                                    b->canvas[1]);
        }
    }
    return status_ok();
}

Status panel_geometry_check(DetectorGeometry *geometry, const char *origin) {
    if (geometry->panels < 1) return status_error(STATUS_BAD_FILE, "%s describes no panel of a detector", origin);
    geometry->canvas_pixels[0] = geometry->canvas_pixels[1] = 0;
    for (int i = 0; i < geometry->panels; i++) {
        const PanelGeometry *panel = &geometry->panel[i];
        TRY(check_panel(panel, origin));
        for (int axis = 0; axis < 2; axis++)
            if (panel->canvas[axis] + panel->pixels[axis] > geometry->canvas_pixels[axis])
                geometry->canvas_pixels[axis] = panel->canvas[axis] + panel->pixels[axis];
    }
    const PanelGeometry **sorted = malloc((size_t)geometry->panels * sizeof *sorted);
    if (sorted == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the panels of %s", origin);
    const Status status = check_overlap(geometry, sorted, origin);
    free(sorted);
    return status;
}

/* The far corner tells the axes and the pixels' size. */
static bool is_same_panel(const PanelGeometry *a, const PanelGeometry *b) {
    if (memcmp(a->pixels, b->pixels, sizeof a->pixels) != 0 || memcmp(a->canvas, b->canvas, sizeof a->canvas) != 0)
        return false;
    for (int corner = 0; corner < 3; corner++) {
        const double f = corner == 1 ? (double)a->pixels[0] : 0.0, s = corner == 2 ? (double)a->pixels[1] : 0.0;
        const Vec3 apart = vec3_subtract(panel_geometry_position(a, f, s), panel_geometry_position(b, f, s));
        if (vec3_length(apart) > 1e-9) return false;
    }
    return true;
}

bool panel_geometry_is_same(const DetectorGeometry *a, const DetectorGeometry *b) {
    bool same = a->panels == b->panels;
    for (int i = 0; same && i < a->panels; i++) same = is_same_panel(&a->panel[i], &b->panel[i]);
    return same;
}

int panel_geometry_panel_at(const DetectorGeometry *geometry, int64_t fast, int64_t slow) {
    for (int i = 0; i < geometry->panels; i++) {
        const PanelGeometry *panel = &geometry->panel[i];
        if (fast >= panel->canvas[0] && fast < panel->canvas[0] + panel->pixels[0] && slow >= panel->canvas[1] &&
            slow < panel->canvas[1] + panel->pixels[1])
            return i;
    }
    return -1;
}

static int64_t within(int64_t value, int64_t most) {
    return value < 0 ? 0 : value > most ? most : value;
}

static void fill(const DetectorGeometry *geometry, PanelMask area, uint8_t value, uint8_t *good) {
    const int64_t width = geometry->canvas_pixels[0], height = geometry->canvas_pixels[1];
    const int64_t first = within(area.fast_first, width), end = within(area.fast_end, width);
    if (end <= first) return;
    for (int64_t s = within(area.slow_first, height); s < within(area.slow_end, height); s++)
        memset(good + s * width + first, value, (size_t)(end - first));
}

void panel_geometry_good_pixels(const DetectorGeometry *geometry, uint8_t *good) {
    memset(good, 0, (size_t)(geometry->canvas_pixels[0] * geometry->canvas_pixels[1]));
    for (int i = 0; i < geometry->panels; i++) {
        const PanelGeometry *p = &geometry->panel[i];
        const PanelMask area = {p->canvas[0], p->canvas[1], p->canvas[0] + p->pixels[0], p->canvas[1] + p->pixels[1]};
        fill(geometry, area, 1, good);
    }
    for (int i = 0; i < geometry->masks; i++) fill(geometry, geometry->mask[i], 0, good);
}
