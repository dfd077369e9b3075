#include "formats/xds_geometry.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char FIRST_WORD[] = "XPARM.XDS";
static const double ANGSTROM = 1e-10, MILLIMETRE = 1e-3;

/* Of a pixel's number to the corner of it that is nearer to pixel (1,1): its centre is at a whole number. */
static const double CORNER = -0.5;

/* XDS writes cosines with six digits. */
static const double RIGHT_ANGLE = 1e-4;

enum { SEGMENTS_MOST = 100000 };

/* A file on its way. `axis` are the detector's X, Y and normal in the laboratory. */
typedef struct Reading {
    LineReader reader;
    RecordedExperiment *experiment;
    Mat3 to_imgcif;
    double pixel_m[2], origin_pixels[2], distance_m;
    int64_t pixels[2];
    Vec3 axis[3];
} Reading;

bool xds_looks_alike(const char *text) {
    text += strspn(text, " \t\r\n");
    return strncmp(text, FIRST_WORD, sizeof FIRST_WORD - 1) == 0;
}

/* ------------------------------------------------------------------------------------------------------------ lines */

static Status bad_line(const Reading *reading, const char *what) {
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %s", reading->reader.path, reading->reader.line, what);
}

/* The numbers of the next line, which has so many. */
static Status next_numbers(Reading *reading, const char *what, int wanted, double *values) {
    char text[160];
    bool found = false;
    int count = 0;
    TRY(text_next_line(&reading->reader, &found));
    if (!found)
        return status_error(STATUS_BAD_FILE, "%s ends where %s should follow; is it cut?", reading->reader.path, what);
    double read[10];
    TRY(text_line_numbers(&reading->reader, 10, read, &count));
    if (count == wanted) {
        memcpy(values, read, (size_t)wanted * sizeof *values);
        return status_ok();
    }
    (void)snprintf(text, sizeof text, "there are %d numbers where %s should be, which is %d", count, what, wanted);
    return bad_line(reading, text);
}

static Status whole_number(const Reading *reading, const char *what, double value, double least, int64_t *whole) {
    char text[160];
    *whole = value >= least && value <= INT32_MAX && value == floor(value) ? (int64_t)value : (int64_t)least - 1;
    if (*whole >= (int64_t)least) return status_ok();
    (void)snprintf(text, sizeof text, "%s is %.17g; it must be a whole number from %.0f on", what, value, least);
    return bad_line(reading, text);
}

static Status direction(const Reading *reading, const char *what, const double *values, Vec3 *unit) {
    char text[160];
    const Vec3 v = vec3(values[0], values[1], values[2]);
    *unit = vec3_unit(v);
    if (vec3_length(v) > 0.0 && isfinite(vec3_length(v))) return status_ok();
    (void)snprintf(text, sizeof text, "%s has no direction", what);
    return bad_line(reading, text);
}

/* ---------------------------------------------------------------------------------------- spindle, beam and crystal */

/* Rows: the axes of imgCIF's frame, x along the spindle and z, across it, as close to the source as can be. */
static Status find_frame(Reading *reading, Vec3 spindle, Vec3 beam) {
    const Vec3 across = vec3_subtract(vec3_scale(vec3_dot(beam, spindle), spindle), beam);
    if (!(vec3_length(across) > 1e-3)) return bad_line(reading, "the beam is along the rotation axis");
    const Vec3 z = vec3_unit(across);
    reading->to_imgcif = (Mat3){{spindle, vec3_cross(z, spindle), z}};
    return status_ok();
}

/* One of each model. */
static Status make_room(RecordedExperiment *e) {
    e->beam = calloc(1, sizeof *e->beam);
    e->detector = calloc(1, sizeof *e->detector);
    e->goniometer = calloc(1, sizeof *e->goniometer);
    e->scan = calloc(1, sizeof *e->scan);
    e->crystal = calloc(1, sizeof *e->crystal);
    e->shot = calloc(1, sizeof *e->shot);
    if (e->beam == NULL || e->detector == NULL || e->goniometer == NULL || e->scan == NULL || e->crystal == NULL ||
        e->shot == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for an experiment");
    e->beams = e->detectors = e->goniometers = e->scans = e->crystals = e->shots = 1;
    e->images = 1;
    return status_ok();
}

/* The polarization is no matter of this file. */
static Status read_scan_and_beam(Reading *reading) {
    RecordedExperiment *e = reading->experiment;
    double scan[6], beam[4];
    Vec3 spindle, along;
    int64_t first = 0;
    TRY(next_numbers(reading, "the line of the scan: frame, angle, step, rotation axis", 6, scan));
    TRY(whole_number(reading, "the number of the first frame", scan[0], 0.0, &first));
    TRY(direction(reading, "the rotation axis", scan + 3, &spindle));
    TRY(next_numbers(reading, "the line of the beam: wavelength, direction", 4, beam));
    TRY(direction(reading, "the beam", beam + 1, &along));
    if (!(beam[0] > 0.0)) return bad_line(reading, "the wavelength must be larger than 0");
    TRY(find_frame(reading, spindle, along));
    *e->beam = (RecordedBeam){.direction = mat3_apply(reading->to_imgcif, along),
                              .wavelength_m = beam[0] * ANGSTROM,
                              .polarization = NAN,
                              .fluence_per_m2 = NAN};
    e->beam->electric_vector = vec3_unit(vec3_cross(vec3(0.0, 1.0, 0.0), e->beam->direction));
    *e->goniometer =
        (RecordedGoniometer){.axis = {1.0, 0.0, 0.0}, .fixed = mat3_identity(), .setting = mat3_identity()};
    *e->scan = (RecordedScan){.start_rad = scan[1] * RADIANS_PER_DEGREE,
                              .width_rad = scan[2] * RADIANS_PER_DEGREE,
                              .exposure_s = NAN,
                              .frames = 1,
                              .first_image = first};
    return status_ok();
}

static Status read_crystal(Reading *reading) {
    RecordedCrystal *crystal = reading->experiment->crystal;
    double cell[7], axis[3];
    Vec3 edge_m[3];
    int64_t group = 0;
    TRY(next_numbers(reading, "the line of the space group and the cell", 7, cell));
    TRY(whole_number(reading, "the space group", cell[0], 1.0, &group));
    for (int i = 0; i < 3; i++) {
        TRY(next_numbers(reading, "an axis of the crystal", 3, axis));
        edge_m[i] = vec3_scale(ANGSTROM, mat3_apply(reading->to_imgcif, vec3(axis[0], axis[1], axis[2])));
    }
    const double volume_m3 = vec3_dot(edge_m[0], vec3_cross(edge_m[1], edge_m[2]));
    const double edges_m3 = vec3_length(edge_m[0]) * vec3_length(edge_m[1]) * vec3_length(edge_m[2]);
    if (!(fabs(volume_m3) > 1e-6 * edges_m3)) return bad_line(reading, "the axes of the crystal lie in one plane");
    for (int i = 0; i < 3; i++)
        crystal->reciprocal_per_m.row[i] =
            vec3_scale(1.0 / volume_m3, vec3_cross(edge_m[(i + 1) % 3], edge_m[(i + 2) % 3]));
    (void)snprintf(crystal->space_group, sizeof crystal->space_group, "%" PRId64, group);
    crystal->mosaic_spread_rad = crystal->domain_size_m = NAN;
    return status_ok();
}

/* --------------------------------------------------------------------------------------------------------- detector */

/* The nearest pair at right angles to two unit vectors. */
static Status straighten(const Reading *reading, Vec3 *fast, Vec3 *slow) {
    if (!(fabs(vec3_dot(*fast, *slow)) < RIGHT_ANGLE))
        return bad_line(reading, "X and Y axis of the detector are not at right angles");
    const Vec3 sum = vec3_unit(vec3_add(*fast, *slow)), difference = vec3_unit(vec3_subtract(*fast, *slow));
    *fast = vec3_scale(sqrt(0.5), vec3_add(sum, difference));
    *slow = vec3_scale(sqrt(0.5), vec3_subtract(sum, difference));
    return status_ok();
}

static Status read_detector(Reading *reading, int64_t *segments) {
    double size[5], origin[3], axis[9];
    TRY(next_numbers(reading, "the line of the detector: segments, NX, NY, QX, QY", 5, size));
    TRY(whole_number(reading, "the number of segments", size[0], 1.0, segments));
    if (*segments > SEGMENTS_MOST) return bad_line(reading, "there are too many segments");
    for (int i = 0; i < 2; i++) {
        TRY(whole_number(reading, i == 0 ? "NX" : "NY", size[1 + i], 1.0, &reading->pixels[i]));
        if (!(size[3 + i] > 0.0)) return bad_line(reading, "QX and QY must be larger than 0");
        reading->pixel_m[i] = size[3 + i] * MILLIMETRE;
    }
    TRY(next_numbers(reading, "the line of ORGX, ORGY and the distance", 3, origin));
    reading->origin_pixels[0] = origin[0];
    reading->origin_pixels[1] = origin[1];
    reading->distance_m = origin[2] * MILLIMETRE;
    for (int i = 0; i < 3; i++) {
        TRY(next_numbers(reading, "an axis of the detector", 3, axis + 3 * i));
        TRY(direction(reading, "the axis of the detector", axis + 3 * i, &reading->axis[i]));
        reading->axis[i] = mat3_apply(reading->to_imgcif, reading->axis[i]);
    }
    const Vec3 normal = reading->axis[2];
    TRY(straighten(reading, &reading->axis[0], &reading->axis[1]));
    reading->axis[2] = vec3_cross(reading->axis[0], reading->axis[1]);
    return vec3_dot(reading->axis[2], normal) > 0.99
               ? status_ok()
               : bad_line(reading, "the third axis of the detector is not X x Y of the first two");
}

/* A vector of the detector's frame in the laboratory. */
static Vec3 of_detector(const Reading *reading, Vec3 v) {
    return vec3_add(vec3_add(vec3_scale(v.x, reading->axis[0]), vec3_scale(v.y, reading->axis[1])),
                    vec3_scale(v.z, reading->axis[2]));
}

/* Pixels x1..x2, y1..y2 of the image, numbered from 1. */
static Status read_limits(Reading *reading, PanelGeometry *panel) {
    double limits[5];
    TRY(next_numbers(reading, "the line of a segment: number, x1, x2, y1, y2", 5, limits));
    for (int i = 0; i < 2; i++) {
        int64_t first = 0, last = 0;
        TRY(whole_number(reading, "the first pixel of a segment", limits[1 + 2 * i], 1.0, &first));
        TRY(whole_number(reading, "the last pixel of a segment", limits[2 + 2 * i], (double)first, &last));
        if (last > reading->pixels[i]) return bad_line(reading, "the segment reaches beyond NX or NY");
        panel->canvas[i] = first - 1;
        panel->pixels[i] = last - first + 1;
        panel->pixel_size_m[i] = reading->pixel_m[i];
    }
    (void)snprintf(panel->name, sizeof panel->name, "segment %.0f", limits[0]);
    return status_ok();
}

/* Pixel (x, y) lies at QX (x - ORGXS), QY (y - ORGYS), FS along the segment's axes from a point that is -QX ORGX,
 * -QY ORGY, F from the crystal along the detector's. */
static Status read_segment(Reading *reading) {
    PanelGeometry panel = {.group = -1, .absorption_per_m = NAN, .gain = NAN, .pedestal = NAN, .trusted = {NAN, NAN}};
    double place[9];
    Vec3 fast, slow;
    TRY(read_limits(reading, &panel));
    TRY(next_numbers(reading, "the line of ORGXS, ORGYS, FS and the axes of the segment", 9, place));
    TRY(direction(reading, "the X axis of the segment", place + 3, &fast));
    TRY(direction(reading, "the Y axis of the segment", place + 6, &slow));
    TRY(straighten(reading, &fast, &slow));
    const double x_m = panel.pixel_size_m[0] * ((double)panel.canvas[0] + 1.0 + CORNER - place[0]);
    const double y_m = panel.pixel_size_m[1] * ((double)panel.canvas[1] + 1.0 + CORNER - place[1]);
    const Vec3 origin_m = vec3(-reading->pixel_m[0] * reading->origin_pixels[0],
                               -reading->pixel_m[1] * reading->origin_pixels[1], reading->distance_m);
    const Vec3 in_plane_m = vec3_add(vec3_scale(x_m, fast), vec3_scale(y_m, slow));
    const Vec3 above_m = vec3_scale(place[2] * MILLIMETRE, vec3_cross(fast, slow));
    panel.fast = of_detector(reading, fast);
    panel.slow = of_detector(reading, slow);
    panel.corner_m = of_detector(reading, vec3_add(origin_m, vec3_add(in_plane_m, above_m)));
    return panel_geometry_add_panel(reading->experiment->detector, &panel);
}

Status xds_experiment_of_text(const char *name, const char *text, size_t bytes, RecordedExperiment *experiment) {
    Reading reading = {.reader = text_lines(name, text, bytes), .experiment = experiment};
    int64_t segments = 0;
    bool found = false;
    *experiment = (RecordedExperiment){0};
    TRY(make_room(experiment));
    TRY(text_next_line(&reading.reader, &found)); /* its name and version */
    TRY(read_scan_and_beam(&reading));
    TRY(read_crystal(&reading));
    TRY(read_detector(&reading, &segments));
    for (int64_t i = 0; i < segments; i++) TRY(read_segment(&reading));
    return panel_geometry_check(experiment->detector, name);
}
