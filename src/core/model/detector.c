#include "model/detector.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Axes of each convention: beam, fast, slow, normal, twotheta, polarization, spindle (docs/physics.md, "Conventions").
 */
typedef struct ConventionAxes {
    Vec3 beam, fast, slow, normal, twotheta, polarization, spindle;
    Pivot pivot;
} ConventionAxes;

static const ConventionAxes conventions[] = {
    [CONVENTION_MOSFLM] = {{1, 0, 0}, {0, 0, 1}, {0, -1, 0}, {1, 0, 0}, {0, 0, -1}, {0, 0, 1}, {0, 0, 1}, PIVOT_BEAM},
    [CONVENTION_DENZO] = {{1, 0, 0}, {0, 0, 1}, {0, -1, 0}, {1, 0, 0}, {0, 0, -1}, {0, 0, 1}, {0, 0, 1}, PIVOT_BEAM},
    [CONVENTION_ADXV] = {{0, 0, 1}, {1, 0, 0}, {0, -1, 0}, {0, 0, 1}, {-1, 0, 0}, {1, 0, 0}, {1, 0, 0}, PIVOT_BEAM},
    [CONVENTION_XDS] = {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}, {1, 0, 0}, {1, 0, 0}, PIVOT_SAMPLE},
    [CONVENTION_DIALS] = {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 0}, {0, 1, 0}, PIVOT_SAMPLE},
    [CONVENTION_CUSTOM] = {{1, 0, 0}, {0, 0, 1}, {0, -1, 0}, {0, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, 1}, PIVOT_BEAM},
};

/* Of a geometry's file: imgCIF's and DIALS' frame, with DIALS' defaults for electric field and spindle. */
static const ConventionAxes of_file = {{0, 0, -1}, {1, 0, 0}, {0, -1, 0}, {0, 0, -1},
                                       {0, 1, 0},  {1, 0, 0}, {1, 0, 0},  PIVOT_SAMPLE};

/* The user's axis, or the convention's. */
static Status choose_axis(const Parameters *parameters, int index, const double *user, Vec3 otherwise, Vec3 *axis) {
    *axis = otherwise;
    if (!parameters_is_given(parameters, index) || isnan(user[0])) return status_ok();
    *axis = vec3_unit(vec3(user[0], user[1], user[2]));
    if (!(vec3_length(*axis) > 0.0))
        return status_error(STATUS_BAD_PARAMETER, "%s: %s is \"%s\"; it must have a direction, not length zero",
                            parameters->state[index].origin, parameters_row(index)->public_name,
                            parameters->state[index].text);
    return status_ok();
}

/* Across fast and slow, away from the crystal: as the first pixel lies where it is given, else as the beam goes. The
 * axes may be left-handed: x to the right and y down, seen along a beam to +z, are. */
static Vec3 automatic_normal(const Parameters *p, const LaboratoryAxes *axes) {
    const double *corner_m = p->detector_pixel0_m;
    const Vec3 normal = vec3_unit(vec3_cross(axes->fast, axes->slow));
    const Vec3 away = isnan(corner_m[0]) ? axes->beam : vec3(corner_m[0], corner_m[1], corner_m[2]);
    return vec3_dot(normal, away) < 0.0 ? vec3_scale(-1.0, normal) : normal;
}

Status detector_axes(const Parameters *p, const DetectorGeometry *geometry, LaboratoryAxes *axes) {
    const ConventionAxes *own = geometry != NULL ? &of_file : &conventions[p->detector_convention];
    TRY(choose_axis(p, PARAMETER(beam, direction), p->beam_direction, own->beam, &axes->beam));
    TRY(choose_axis(p, PARAMETER(detector, fast_vector), p->detector_fast_vector, own->fast, &axes->fast));
    TRY(choose_axis(p, PARAMETER(detector, slow_vector), p->detector_slow_vector, own->slow, &axes->slow));
    Vec3 normal = own->normal;
    if (vec3_length(normal) == 0.0) normal = automatic_normal(p, axes);
    TRY(choose_axis(p, PARAMETER(detector, normal_vector), p->detector_normal_vector, normal, &axes->normal));
    TRY(choose_axis(p, PARAMETER(detector, twotheta_axis), p->detector_twotheta_axis, own->twotheta, &axes->twotheta));
    TRY(choose_axis(p, PARAMETER(beam, polarization_axis), p->beam_polarization_axis, own->polarization,
                    &axes->polarization));
    TRY(choose_axis(p, PARAMETER(sampling, spindle_axis), p->sampling_spindle_axis, own->spindle, &axes->spindle));
    axes->vertical = vec3_unit(vec3_cross(axes->beam, axes->polarization));
    if (!(vec3_length(axes->normal) > 0.0))
        return status_error(STATUS_BAD_PARAMETER, "detector.fast_vector and detector.slow_vector are parallel; they "
                                                  "must span the detector's plane");
    if (!(vec3_length(axes->vertical) > 0.0))
        return status_error(STATUS_BAD_PARAMETER,
                            "beam.polarization_axis is along the beam; it must have a component across it");
    return status_ok();
}

/* Number of pixels along one axis: as given, or from the size. */
static int64_t pixels_along(int64_t given, double size_m, double pixel_size_m) {
    if (given != PARAMETER_AUTO) return given;
    const double pixels = ceil(size_m / pixel_size_m - 0.5);
    return pixels < 1.0 ? 0 : pixels > (double)INT32_MAX ? INT32_MAX : (int64_t)pixels;
}

static Status check_pixels(int64_t fast_pixels, int64_t slow_pixels) {
    const double pixels = (double)fast_pixels * (double)slow_pixels;
    if (pixels <= 1e12) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "a detector of %" PRId64 " x %" PRId64 " pixels needs %.3g GiB of memory for one frame; "
                        "give fewer detector.fast_pixels and detector.slow_pixels (at most 1e12 together)",
                        fast_pixels, slow_pixels, pixels * 4.0 / 1073741824.0);
}

static Status count_pixels(const Parameters *p, Panel *panel) {
    const double size_f_m = p->detector_size_m[0], size_s_m = p->detector_size_m[1];
    const double pixel_size_m = p->detector_pixel_size_m;
    panel->pixel_size_m[0] = panel->pixel_size_m[1] = pixel_size_m;
    panel->canvas.fast_pixels = pixels_along(p->detector_fast_pixels, size_f_m, pixel_size_m);
    panel->canvas.slow_pixels = pixels_along(p->detector_slow_pixels, size_s_m, pixel_size_m);
    if (panel->canvas.fast_pixels < 1 || panel->canvas.slow_pixels < 1)
        return status_error(STATUS_BAD_PARAMETER,
                            "detector.size is %g x %g m and detector.pixel_size is %g m: there is no pixel; give a "
                            "larger size or a smaller pixel",
                            size_f_m, size_s_m, pixel_size_m);
    return check_pixels(panel->canvas.fast_pixels, panel->canvas.slow_pixels);
}

/* Edges of a panel along fast and slow. */
static void size_of(const Panel *panel, double *size_m) {
    size_m[0] = panel->pixel_size_m[0] * (double)panel->canvas.fast_pixels;
    size_m[1] = panel->pixel_size_m[1] * (double)panel->canvas.slow_pixels;
}

/* X, Y of the beam centre in the convention's own meaning: as given, or its default. */
static void stated_centre(const Parameters *p, const Panel *panel, const double *closest_m, double *centre_m) {
    const double pixel = p->detector_pixel_size_m;
    double size_m[2];
    size_of(panel, size_m);
    const double size_f = size_m[0], size_s = size_m[1];
    const int convention = p->detector_convention;
    double otherwise[2] = {closest_m[0], closest_m[1]};
    if (convention == CONVENTION_MOSFLM || convention == CONVENTION_DENZO) {
        otherwise[0] = (size_s + pixel) / 2.0;
        otherwise[1] = (size_f + pixel) / 2.0;
    } else if (convention == CONVENTION_ADXV) {
        otherwise[0] = (size_f + pixel) / 2.0;
        otherwise[1] = (size_s - pixel) / 2.0;
    }
    for (int i = 0; i < 2; i++)
        centre_m[i] = isnan(p->detector_beam_centre_m[i]) ? otherwise[i] : p->detector_beam_centre_m[i];
}

/* Turns X, Y of the convention into fast, slow position, or with @p back the other way round. */
static void convert_centre(const Parameters *p, const Panel *panel, bool back, const double *from, double *to) {
    const double shift = (p->detector_convention == CONVENTION_MOSFLM ? 0.5 : 0.0) * p->detector_pixel_size_m;
    double size_m[2];
    size_of(panel, size_m);
    switch ((Convention)p->detector_convention) {
    case CONVENTION_MOSFLM:
    case CONVENTION_DENZO:
        to[0] = from[1] + (back ? -shift : shift);
        to[1] = from[0] + (back ? -shift : shift);
        return;
    case CONVENTION_ADXV:
        to[0] = from[0];
        to[1] = size_m[1] - from[1];
        return;
    case CONVENTION_XDS:
    case CONVENTION_DIALS:
    case CONVENTION_CUSTOM:
        to[0] = from[0];
        to[1] = from[1];
        return;
    }
}

/* Nearest point before rotations where the user gave it: ORGX, ORGY, or the point itself; NAN where not. */
static void given_closest_point(const Parameters *p, double *closest_m) {
    for (int i = 0; i < 2; i++) {
        closest_m[i] = p->detector_closest_point_m[i];
        if (!isnan(p->detector_origin_pixels[i]))
            closest_m[i] = (p->detector_origin_pixels[i] - 0.5) * p->detector_pixel_size_m;
    }
}

static Pivot choose_pivot(const Parameters *p, const double *given_closest_m) {
    if (p->detector_pivot != PIVOT_AUTO) return (Pivot)p->detector_pivot;
    const bool closest_given = !isnan(given_closest_m[0]) || !isnan(given_closest_m[1]);
    if (closest_given && !parameters_is_given(p, PARAMETER(detector, beam_centre))) return PIVOT_SAMPLE;
    return conventions[p->detector_convention].pivot;
}

Pivot detector_pivot(const Parameters *parameters) {
    double closest_m[2];
    given_closest_point(parameters, closest_m);
    return choose_pivot(parameters, closest_m);
}

/* NanoBragg leaves the nearest point of these conventions in the middle, whatever its -Xbeam and -Ybeam say. */
static bool keeps_middle(const Parameters *p) {
    const int convention = p->detector_convention;
    return p->detector_closest_rule == CLOSEST_MIDDLE &&
           (convention == CONVENTION_MOSFLM || convention == CONVENTION_DENZO || convention == CONVENTION_ADXV);
}

static Vec3 swing(const Parameters *p, const LaboratoryAxes *axes, Vec3 v) {
    const double *rotation = p->detector_rotation_rad;
    return vec3_rotate_about(vec3_rotate_xyz(v, rotation[0], rotation[1], rotation[2]), axes->twotheta,
                             p->detector_twotheta_rad);
}

static Vec3 corner(double fast_m, Vec3 fast, double slow_m, Vec3 slow, double distance_m, Vec3 away) {
    return vec3_subtract(vec3_scale(distance_m, away), vec3_add(vec3_scale(fast_m, fast), vec3_scale(slow_m, slow)));
}

/* Sets pixel0 from beam centre or nearest point, distance and rotations. The axes of the panel are final already. */
static Status place(const Parameters *p, const LaboratoryAxes *axes, Detector *detector, Panel *panel) {
    double given[2], closest[2], beam[2], size[2];
    size_of(panel, size);
    given_closest_point(p, given);
    for (int i = 0; i < 2; i++) closest[i] = isnan(given[i]) ? 0.5 * size[i] : given[i];
    stated_centre(p, panel, closest, detector->stated_centre_m);
    convert_centre(p, panel, false, detector->stated_centre_m, beam);
    const bool both = !isnan(p->detector_beam_centre_m[0]) && !isnan(p->detector_beam_centre_m[1]);
    for (int i = 0; i < 2; i++) {
        /* the unrotated detector faces the beam, so each of the two points stands for the other */
        if (isnan(given[i]) && both && !keeps_middle(p)) closest[i] = beam[i];
        if (!isnan(given[i]) && !parameters_is_given(p, PARAMETER(detector, beam_centre))) beam[i] = given[i];
    }
    detector->pivot = choose_pivot(p, given);

    const double *rotation = p->detector_rotation_rad;
    const Vec3 rotated_normal = vec3_rotate_xyz(axes->normal, rotation[0], rotation[1], rotation[2]);
    const double ratio = vec3_dot(axes->beam, rotated_normal);
    if (fabs(ratio) < 1e-12 && isnan(p->detector_pixel0_m[0]))
        return status_error(STATUS_BAD_PARAMETER,
                            "the detector's plane runs along the beam, which never meets it; check detector.rotation "
                            "and the detector's axes");
    const double given_close = p->detector_close_distance_m;
    const double close = isnan(given_close) ? fabs(ratio * p->detector_distance_m) : given_close;

    if (!isnan(p->detector_pixel0_m[0])) {
        const double *corner_m = p->detector_pixel0_m;
        panel->pixel0_m = swing(p, axes, vec3(corner_m[0], corner_m[1], corner_m[2]));
    } else if (detector->pivot == PIVOT_SAMPLE) {
        panel->pixel0_m = swing(p, axes, corner(closest[0], axes->fast, closest[1], axes->slow, close, axes->normal));
    } else {
        /* a plane turned by more than 90 degrees still holds the beam's spot */
        const double side = vec3_dot(axes->beam, axes->normal) < 0.0 ? -1.0 : 1.0;
        const double along_beam = side * close / fabs(ratio);
        panel->pixel0_m = corner(beam[0], panel->fast, beam[1], panel->slow, along_beam, axes->beam);
    }
    return status_ok();
}

/* What follows from the final axes and pixel0; false when the crystal lies in the panel's plane. */
static bool derive(const LaboratoryAxes *axes, Panel *panel) {
    const double ratio = vec3_dot(axes->beam, panel->normal);
    panel->beam = axes->beam;
    panel->close_distance_m = vec3_dot(panel->pixel0_m, panel->normal);
    panel->closest_m[0] = -vec3_dot(panel->pixel0_m, panel->fast);
    panel->closest_m[1] = -vec3_dot(panel->pixel0_m, panel->slow);
    if (!(fabs(panel->close_distance_m) > 1e-9 * vec3_length(panel->pixel0_m))) return false;
    panel->distance_m = panel->close_distance_m / ratio; /* infinite for a plane along the beam */
    const Vec3 spot = vec3_subtract(vec3_scale(panel->distance_m, axes->beam), panel->pixel0_m);
    panel->beam_centre_m[0] = vec3_dot(panel->fast, spot);
    panel->beam_centre_m[1] = vec3_dot(panel->slow, spot);
    return true;
}

static void note_skew(const LaboratoryAxes *axes, Notes *notes) {
    const double skew = fabs(vec3_dot(axes->fast, axes->slow));
    const double lean = fmax(fabs(vec3_dot(axes->fast, axes->normal)), fabs(vec3_dot(axes->slow, axes->normal)));
    if (skew < 1e-3 && lean < 1e-3) return;
    notes_add(notes,
              "the detector's axes are not at right angles (cosines up to %.2g between fast and slow, %.2g to the "
              "normal): its pixels are no squares",
              skew, lean);
}

/* What all panels have from the parameters. */
static void set_common(const Parameters *p, Detector *detector) {
    detector->point_pixel = p->detector_point_pixel;
    for (int i = 0; i < detector->panel_count; i++)
        detector->panels[i].sensor.depth_law = (DepthLaw)p->detector_sensor_depth_model;
}

/* The one panel of the parameters. */
static Status set_single(const Parameters *p, const LaboratoryAxes *axes, Detector *detector, Notes *notes) {
    Panel *panel = detector->panels;
    const double *corner_m = p->detector_pixel0_m;
    *panel =
        (Panel){.curved = p->detector_curved, .sensor = {.stated_thickness_m = NAN, .stated_absorption_per_m = NAN}};
    set_common(p, detector);
    if (!isnan(corner_m[0]) && (isnan(corner_m[1]) || isnan(corner_m[2])))
        return status_error(STATUS_BAD_PARAMETER, "detector.pixel0 is %s; it must be three lengths",
                            p->state[PARAMETER(detector, pixel0)].text);
    note_skew(axes, notes);
    TRY(count_pixels(p, panel));
    detector->fast_pixels = panel->canvas.fast_pixels;
    detector->slow_pixels = panel->canvas.slow_pixels;
    panel->fast = swing(p, axes, axes->fast);
    panel->slow = swing(p, axes, axes->slow);
    panel->normal = swing(p, axes, axes->normal);
    TRY(place(p, axes, detector, panel));
    if (!derive(axes, panel))
        return status_error(STATUS_BAD_PARAMETER,
                            "the crystal lies in the detector's plane; give another detector.rotation or "
                            "detector.twotheta, or detector.pivot=sample, which keeps the plane away from it");
    if (!isnan(p->detector_pixel0_m[0]))
        convert_centre(p, panel, true, panel->beam_centre_m, detector->stated_centre_m);
    if (panel->curved && !(panel->distance_m > 0.0 && isfinite(panel->distance_m)))
        return status_error(STATUS_BAD_PARAMETER, "detector.curved needs a detector that the beam meets in front");
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------- panels of a file */

/* Its normal points away from the crystal. */
static Status place_panel(const Parameters *p, const LaboratoryAxes *axes, Panel *panel) {
    const double *shift_m = p->detector_panels_shift_m;
    const Vec3 across = vec3_unit(vec3_cross(panel->fast, panel->slow));
    panel->pixel0_m = vec3_add(panel->file_corner_m, vec3(shift_m[0], shift_m[1], shift_m[2]));
    panel->normal = vec3_dot(across, panel->pixel0_m) < 0.0 ? vec3_scale(-1.0, across) : across;
    if (derive(axes, panel)) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "the crystal lies in the plane of panel \"%s\"; move or turn the panel",
                        panel->name);
}

static Panel panel_of(const PanelGeometry *from) {
    Panel panel = {
        .canvas = {from->canvas[1], from->canvas[0], from->pixels[1], from->pixels[0]},
        .pixel_size_m = {from->pixel_size_m[0], from->pixel_size_m[1]},
        .fast = from->fast,
        .slow = from->slow,
        .file_corner_m = from->corner_m,
        .group = from->group,
        .sensor = {.stated_thickness_m = from->thickness_m, .stated_absorption_per_m = from->absorption_per_m}};
    memcpy(panel.name, from->name, sizeof panel.name);
    return panel;
}

static Status place_panels(const Parameters *p, const LaboratoryAxes *axes, Detector *detector) {
    for (int i = 0; i < detector->panel_count; i++) TRY(place_panel(p, axes, &detector->panels[i]));
    for (int i = 0; i < 2; i++) detector->stated_centre_m[i] = detector->panels[0].beam_centre_m[i];
    set_common(p, detector);
    return status_ok();
}

static int compare_places(const void *one, const void *other) {
    const Tile a = ((const PanelPlace *)one)->canvas, b = ((const PanelPlace *)other)->canvas;
    const int64_t difference = a.slow != b.slow ? a.slow - b.slow : a.fast - b.fast;
    return (difference > 0) - (difference < 0);
}

static void sort_places(Detector *detector) {
    for (int i = 0; i < detector->panel_count; i++)
        detector->places[i] = (PanelPlace){.canvas = detector->panels[i].canvas, .panel = i};
    qsort(detector->places, (size_t)detector->panel_count, sizeof *detector->places, compare_places);
}

static Status set_panels(const Parameters *p, const LaboratoryAxes *axes, const DetectorGeometry *geometry,
                         Detector *detector) {
    detector->of_file = true;
    detector->of_crystfel = geometry->of_crystfel;
    detector->pivot = PIVOT_SAMPLE;
    detector->fast_pixels = geometry->canvas_pixels[0];
    detector->slow_pixels = geometry->canvas_pixels[1];
    memcpy(detector->file_material, geometry->panel[0].material, sizeof detector->file_material);
    TRY(check_pixels(detector->fast_pixels, detector->slow_pixels));
    for (int i = 0; i < detector->panel_count; i++) detector->panels[i] = panel_of(&geometry->panel[i]);
    if (detector->group_count > 0)
        memcpy(detector->groups, geometry->group, (size_t)detector->group_count * sizeof *detector->groups);
    return place_panels(p, axes, detector);
}

Status detector_create(const Parameters *p, const LaboratoryAxes *axes, const DetectorGeometry *geometry,
                       Detector *detector, Notes *notes) {
    const int panels = geometry == NULL ? 1 : geometry->panels;
    *detector = (Detector){.panel_count = panels, .group_count = geometry == NULL ? 0 : geometry->groups};
    detector->panels = calloc((size_t)panels, sizeof *detector->panels);
    detector->places = calloc((size_t)panels, sizeof *detector->places);
    if (detector->group_count > 0) detector->groups = calloc((size_t)detector->group_count, sizeof *detector->groups);
    if (detector->panels == NULL || detector->places == NULL || (detector->group_count > 0 && detector->groups == NULL))
        return status_error(STATUS_NO_MEMORY, "no memory for %d panels", panels);
    TRY(geometry == NULL ? set_single(p, axes, detector, notes) : set_panels(p, axes, geometry, detector));
    sort_places(detector);
    return status_ok();
}

Status detector_change(const Parameters *p, const LaboratoryAxes *axes, Detector *detector) {
    return detector->of_file ? place_panels(p, axes, detector) : set_single(p, axes, detector, NULL);
}

void detector_destroy(Detector *detector) {
    free(detector->panels);
    free(detector->places);
    free(detector->groups);
    detector->groups = NULL;
    detector->panels = NULL;
    detector->places = NULL;
}

/* --------------------------------------------------------------------------------------------------------- panels */

static Vec3 curved_position(const Panel *panel, double fast_m, double slow_m, double depth_m) {
    const double distance = panel->distance_m;
    /* for axes that are left-handed with the normal the same turns go the other way round */
    const double hand = vec3_dot(vec3_cross(panel->fast, panel->slow), panel->normal) < 0.0 ? -1.0 : 1.0;
    const double along_slow = (slow_m - panel->beam_centre_m[1]) / distance;
    const double along_fast = (fast_m - panel->beam_centre_m[0]) / distance;
    const Vec3 turned = vec3_rotate_about(panel->beam, panel->fast, -hand * along_slow);
    return vec3_scale(distance + depth_m, vec3_rotate_about(turned, panel->slow, hand * along_fast));
}

Vec3 panel_position(const Panel *panel, double fast_m, double slow_m, double depth_m) {
    return panel->curved ? curved_position(panel, fast_m, slow_m, depth_m)
                         : panel_flat_position(panel, fast_m, slow_m, depth_m);
}

static Range common(int64_t begin, int64_t length, int64_t other_begin, int64_t other_length) {
    const int64_t end = begin + length, other_end = other_begin + other_length;
    const Range both = {begin > other_begin ? begin : other_begin, end < other_end ? end : other_end};
    return both.end > both.begin ? both : (Range){both.begin, both.begin};
}

Tile panel_overlap(const Panel *panel, Tile tile) {
    const Tile own = panel->canvas;
    const Range slow = common(own.slow, own.slow_pixels, tile.slow, tile.slow_pixels);
    const Range fast = common(own.fast, own.fast_pixels, tile.fast, tile.fast_pixels);
    return (Tile){slow.begin, fast.begin, range_length(slow), range_length(fast)};
}

Tile panel_tile(const Panel *panel, Tile tile) {
    return (Tile){tile.slow - panel->canvas.slow, tile.fast - panel->canvas.fast, tile.slow_pixels, tile.fast_pixels};
}

/* --------------------------------------------------------------------------------------------------------- detector */

static bool has_pixel(Tile canvas, int64_t slow, int64_t fast) {
    const int64_t s = slow - canvas.slow, f = fast - canvas.fast;
    return s >= 0 && s < canvas.slow_pixels && f >= 0 && f < canvas.fast_pixels;
}

/* Only panels whose first pixel comes no later can have it: the nearest of them first. */
const Panel *detector_panel_at(const Detector *detector, int64_t slow, int64_t fast) {
    if (detector->panel_count == 1) return has_pixel(detector->panels->canvas, slow, fast) ? detector->panels : NULL;
    int low = 0, high = detector->panel_count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        const Tile canvas = detector->places[middle].canvas;
        if (canvas.slow < slow || (canvas.slow == slow && canvas.fast <= fast))
            low = middle + 1;
        else
            high = middle;
    }
    while (low > 0) {
        const PanelPlace *place = &detector->places[--low];
        if (has_pixel(place->canvas, slow, fast)) return &detector->panels[place->panel];
    }
    return NULL;
}

int detector_points_along(const Detector *detector, int points) {
    const int each = 1 + (int)((points - 1) / ceil(sqrt((double)detector->panel_count)));
    return each > 3 ? each : 3;
}

int detector_layers_at(const Detector *detector, int64_t slow, int64_t fast) {
    return detector->common_layers > 0 ? detector->common_layers
                                       : detector_panel_at(detector, slow, fast)->sensor.layers;
}

int detector_layers(const Detector *detector) {
    int layers = 1;
    for (int i = 0; i < detector->panel_count; i++)
        if (detector->panels[i].sensor.layers > layers) layers = detector->panels[i].sensor.layers;
    return layers;
}

bool detector_is_thick(const Detector *detector) {
    for (int i = 0; i < detector->panel_count; i++)
        if (detector->panels[i].sensor.thickness_m > 0.0) return true;
    return false;
}

bool detector_is_covered(const Detector *detector) {
    int64_t pixels = 0;
    for (int i = 0; i < detector->panel_count; i++)
        pixels += detector->panels[i].canvas.slow_pixels * detector->panels[i].canvas.fast_pixels;
    return pixels == detector_pixels(detector);
}

int64_t detector_pixels(const Detector *detector) {
    return detector->fast_pixels * detector->slow_pixels;
}
