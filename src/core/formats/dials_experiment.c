#include "formats/dials_experiment.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double ANGSTROM = 1e-10;

/* Notes of what is not carried over are made once for a file. */
typedef struct Reading {
    JsonNode root;
    RecordedExperiment *experiment;
    bool *mask_known; /* [detectors] */
    int varying_beams, varying_goniometers, other_probes;
} Reading;

static Status read_vector(JsonNode from, const char *key, Vec3 *vector) {
    double values[3] = {0.0};
    TRY(json_numbers(from, key, 3, values));
    *vector = vec3(values[0], values[1], values[2]);
    return status_ok();
}

static Status read_matrix(JsonNode from, const char *key, Mat3 *matrix) {
    double values[9];
    TRY(json_numbers(from, key, 9, values));
    for (int i = 0; i < 3; i++) matrix->row[i] = vec3(values[3 * i], values[3 * i + 1], values[3 * i + 2]);
    return status_ok();
}

static Status optional_number(JsonNode from, const char *key, double otherwise, double *value) {
    *value = otherwise;
    const JsonNode found = json_find(from, key);
    return json_exists(found) && !json_is_null(found) ? json_number(from, key, value) : status_ok();
}

static bool has(JsonNode from, const char *key) {
    const JsonNode found = json_find(from, key);
    return json_exists(found) && !json_is_null(found);
}

/* ------------------------------------------------------------------------------------------------------------ beam */

/* The direction points to the source. The electric vector is along normal x beam. */
static Status read_beam(Reading *reading, JsonNode node, RecordedBeam *beam) {
    Vec3 to_source = vec3(0.0, 0.0, 0.0), normal = vec3(0.0, 1.0, 0.0);
    double wavelength_angstrom = 0.0, fraction = 0.5;
    const char *probe = "";
    TRY(read_vector(node, "direction", &to_source));
    if (!(vec3_length(to_source) > 0.0)) return json_error(node, "direction", "has no direction");
    TRY(json_number(node, "wavelength", &wavelength_angstrom));
    if (!(wavelength_angstrom > 0.0)) return json_error(node, "wavelength", "must be larger than 0");
    beam->direction = vec3_scale(-1.0, vec3_unit(to_source));
    beam->wavelength_m = ANGSTROM * wavelength_angstrom;
    beam->fluence_per_m2 = NAN;
    TRY(optional_number(node, "polarization_fraction", 0.5, &fraction));
    if (!(fraction >= 0.0 && fraction <= 1.0)) return json_error(node, "polarization_fraction", "must be from 0 to 1");

    if (has(node, "polarization_normal")) TRY(read_vector(node, "polarization_normal", &normal));
    beam->electric_vector = vec3_unit(vec3_cross(normal, beam->direction));
    if (!(vec3_length(beam->electric_vector) > 0.5))
        return json_error(node, "polarization_normal", "is along the beam; it must be across it");
    beam->polarization = 2.0 * fraction - 1.0;
    if (has(node, "s0_at_scan_points")) reading->varying_beams++;
    if (has(node, "probe")) TRY(json_text(node, "probe", &probe));
    if (*probe != '\0' && strcmp(probe, "x-ray") != 0) reading->other_probes++;
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------- goniometer, scan */

/* Axes in the order from the crystal to the base: those before the scan's are the fixed rotation, those behind it the
 * setting. */
static Status read_axes(JsonNode node, RecordedGoniometer *goniometer) {
    const int axes = json_length(json_find(node, "axes"));
    double scanned = 0.0;
    TRY(json_number(node, "scan_axis", &scanned));
    if (!(scanned >= 0.0 && scanned < axes && scanned == floor(scanned)))
        return json_error(node, "scan_axis", "must be the number of one of the axes");
    for (int i = 0; i < axes; i++) {
        char key[32];
        Vec3 axis = vec3(0.0, 0.0, 0.0);
        double angle_deg = 0.0;
        (void)snprintf(key, sizeof key, "axes/%d", i);
        TRY(read_vector(node, key, &axis));
        if (!(vec3_length(axis) > 0.0)) return json_error(node, key, "has no direction");
        if (i == (int)scanned) {
            goniometer->axis = vec3_unit(axis);
            continue;
        }
        (void)snprintf(key, sizeof key, "angles/%d", i);
        TRY(json_number(node, key, &angle_deg));
        Mat3 *rotation = i < (int)scanned ? &goniometer->fixed : &goniometer->setting;
        *rotation = mat3_multiply(mat3_rotation_about(vec3_unit(axis), angle_deg * RADIANS_PER_DEGREE), *rotation);
    }
    return status_ok();
}

static Status read_goniometer(Reading *reading, JsonNode node, RecordedGoniometer *goniometer) {
    *goniometer = (RecordedGoniometer){.fixed = mat3_identity(), .setting = mat3_identity()};
    if (has(node, "setting_rotation_at_scan_points")) reading->varying_goniometers++;
    if (has(node, "axes")) return read_axes(node, goniometer);
    TRY(read_vector(node, "rotation_axis", &goniometer->axis));
    if (!(vec3_length(goniometer->axis) > 0.0)) return json_error(node, "rotation_axis", "has no direction");
    goniometer->axis = vec3_unit(goniometer->axis);
    if (has(node, "fixed_rotation")) TRY(read_matrix(node, "fixed_rotation", &goniometer->fixed));
    if (has(node, "setting_rotation")) TRY(read_matrix(node, "setting_rotation", &goniometer->setting));
    return status_ok();
}

/* Newer files have the angle where each image begins, older ones the first and the width. */
static Status read_oscillation(JsonNode node, RecordedScan *scan) {
    double degrees[2] = {0.0, 0.0}, second = 0.0;
    const JsonNode properties = json_find(node, "properties"), starts = json_find(properties, "oscillation");
    if (has(node, "oscillation")) {
        TRY(json_numbers(node, "oscillation", 2, degrees));
    } else if (json_exists(starts)) {
        TRY(json_number(starts, "0", &degrees[0]));
        if (json_length(starts) > 1) {
            TRY(json_number(starts, "1", &second));
            degrees[1] = second - degrees[0];
        } else if (has(properties, "oscillation_width")) {
            TRY(json_number(properties, "oscillation_width/0", &degrees[1]));
        }
    }
    scan->start_rad = degrees[0] * RADIANS_PER_DEGREE;
    scan->width_rad = degrees[1] * RADIANS_PER_DEGREE;
    return status_ok();
}

static Status read_scan(JsonNode node, RecordedScan *scan) {
    double range[2];
    TRY(json_numbers(node, "image_range", 2, range));
    if (!(range[0] == floor(range[0]) && range[1] == floor(range[1]) && range[1] >= range[0] &&
          fabs(range[0]) < INT32_MAX && fabs(range[1]) < INT32_MAX))
        return json_error(node, "image_range", "must be the numbers of the first and the last image");
    scan->first_image = (int64_t)range[0];
    scan->frames = (int64_t)range[1] - scan->first_image + 1;
    TRY(read_oscillation(node, scan));
    const char *old = "exposure_time/0", *new = "properties/exposure_time/0";
    TRY(optional_number(node, json_exists(json_find(node, old)) ? old : new, NAN, &scan->exposure_s));
    if (!(scan->exposure_s > 0.0)) scan->exposure_s = NAN;
    return status_ok();
}

/* --------------------------------------------------------------------------------------------------------- crystal */

/* Columns a*, b*, c* (1/A) as nine numbers, into rows (1/m). */
static Mat3 rows_of_columns(const double *columns) {
    Mat3 rows;
    for (int i = 0; i < 3; i++)
        rows.row[i] = vec3_scale(1.0 / ANGSTROM, vec3(columns[i], columns[3 + i], columns[6 + i]));
    return rows;
}

/* Rows a*, b*, c* of rows a, b, c. */
static Status invert(JsonNode node, Mat3 real, Mat3 *reciprocal) {
    const double volume = vec3_dot(real.row[0], vec3_cross(real.row[1], real.row[2]));
    const double edges = vec3_length(real.row[0]) * vec3_length(real.row[1]) * vec3_length(real.row[2]);
    if (!(fabs(volume) > 1e-6 * edges) || !isfinite(volume))
        return json_error(node, "real_space_c", "lies in the plane of real_space_a and real_space_b");
    for (int i = 0; i < 3; i++)
        reciprocal->row[i] = vec3_scale(1.0 / volume, vec3_cross(real.row[(i + 1) % 3], real.row[(i + 2) % 3]));
    return status_ok();
}

static Status read_scan_points(JsonNode node, RecordedCrystal *crystal) {
    const JsonNode points = json_find(node, "A_at_scan_points");
    const int count = json_length(points);
    if (count == 0) return status_ok();
    crystal->reciprocal_at_points_per_m = calloc((size_t)count, sizeof *crystal->reciprocal_at_points_per_m);
    if (crystal->reciprocal_at_points_per_m == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for a crystal at %d scan points", count);
    for (int i = 0; i < count; i++) {
        double columns[9];
        TRY(json_numbers(json_item(points, i), "", 9, columns));
        crystal->reciprocal_at_points_per_m[i] = rows_of_columns(columns);
    }
    crystal->scan_points = count;
    return status_ok();
}

static Status read_crystal(JsonNode node, RecordedCrystal *crystal) {
    static const char *const names[] = {"real_space_a", "real_space_b", "real_space_c"};
    Mat3 real;
    double spread_deg = NAN, domain_angstrom = NAN;
    const char *symbol = "";
    for (int i = 0; i < 3; i++) {
        TRY(read_vector(node, names[i], &real.row[i]));
        real.row[i] = vec3_scale(ANGSTROM, real.row[i]);
    }
    TRY(invert(node, real, &crystal->reciprocal_per_m));
    if (has(node, "space_group_hall_symbol")) TRY(json_text(node, "space_group_hall_symbol", &symbol));
    if (!text_copy(crystal->space_group, sizeof crystal->space_group, symbol))
        return json_error(node, "space_group_hall_symbol", "is too long");
    const bool ml = has(node, "ML_half_mosaicity_deg");
    TRY(optional_number(node, ml ? "ML_half_mosaicity_deg" : "mosaicity", NAN, &spread_deg));
    TRY(optional_number(node, "ML_domain_size_ang", NAN, &domain_angstrom));
    crystal->mosaic_spread_rad = spread_deg * RADIANS_PER_DEGREE;
    crystal->domain_size_m = domain_angstrom * ANGSTROM;
    return read_scan_points(node, crystal);
}

/* ----------------------------------------------------------------------------------------------------- experiments */

/* Number of a model that an experiment names, -1 where it has none. */
static Status read_index(JsonNode shot, const char *key, int count, int *index) {
    double number = 0.0;
    char what[96];
    *index = -1;
    if (!has(shot, key)) return status_ok();
    TRY(json_number(shot, key, &number));
    if (number >= 0.0 && number < count && number == floor(number)) {
        *index = (int)number;
        return status_ok();
    }
    (void)snprintf(what, sizeof what, "is %.17g; the file has %d of them, counted from 0", number, count);
    return json_error(shot, key, what);
}

static Status read_shot(const Reading *reading, JsonNode node, RecordedShot *shot, int *imageset) {
    const RecordedExperiment *e = reading->experiment;
    TRY(read_index(node, "beam", e->beams, &shot->beam));
    TRY(read_index(node, "detector", e->detectors, &shot->detector));
    TRY(read_index(node, "goniometer", e->goniometers, &shot->goniometer));
    TRY(read_index(node, "scan", e->scans, &shot->scan));
    TRY(read_index(node, "crystal", e->crystals, &shot->crystal));
    TRY(read_index(node, "imageset", json_length(json_find(reading->root, "imageset")), imageset));
    if (shot->scan < 0 || shot->crystal < 0) return status_ok();
    const int64_t points = e->crystal[shot->crystal].scan_points, frames = e->scan[shot->scan].frames;
    char what[96];
    if (points == 0 || points == frames + 1) return status_ok();
    (void)snprintf(what, sizeof what, "has a crystal at %lld scan points and a scan of %lld images, not one fewer",
                   (long long)points, (long long)frames);
    return json_error(node, "", what);
}

/* What tells an image: its file and number there, or without one the imageset. */
typedef struct ImageKey {
    const char *file;
    int64_t place;
    int imageset, shot;
} ImageKey;

static ImageKey key_of_image(const Reading *reading, const RecordedShot *shot, int imageset, int place) {
    ImageKey key = {.file = "", .imageset = imageset, .shot = place};
    const JsonNode set = json_item(json_find(reading->root, "imageset"), imageset);
    const JsonNode images = json_find(set, "images");
    double index = 0.0;
    if (imageset < 0) key.place = place; /* nothing says that it shares its image */
    const bool told =
        status_is_ok(json_text(images, "0", &key.file)) || status_is_ok(json_text(set, "template", &key.file));
    if (told) key.imageset = -1;
    if (status_is_ok(json_number(set, "single_file_indices/0", &index))) key.place = (int64_t)index;
    if (shot->scan >= 0) key.place = reading->experiment->scan[shot->scan].first_image;
    return key;
}

static int compare_keys(const ImageKey *a, const ImageKey *b) {
    const int file = strcmp(a->file, b->file);
    if (file != 0) return file;
    if (a->imageset != b->imageset) return a->imageset < b->imageset ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static int by_image(const void *left, const void *right) {
    const ImageKey *a = left, *b = right;
    const int order = compare_keys(a, b);
    return order != 0 ? order : a->shot < b->shot ? -1 : a->shot > b->shot;
}

/* Numbers the images in the order in which experiments name them. */
static void number_images(RecordedExperiment *e, ImageKey *key) {
    qsort(key, (size_t)e->shots, sizeof *key, by_image);
    int first = 0; /* the first experiment of the image */
    for (int i = 0; i < e->shots; i++) {
        if (i == 0 || compare_keys(&key[i - 1], &key[i]) != 0) first = key[i].shot;
        e->shot[key[i].shot].image = first;
    }
    for (int i = 0; i < e->shots; i++) {
        const int64_t same = e->shot[i].image;
        e->shot[i].image = same == i ? e->images++ : e->shot[same].image;
    }
}

/* The mask that an imageset names belongs to the detector. */
static Status note_mask(Reading *reading, const RecordedShot *shot, int imageset) {
    const char *path = "";
    const JsonNode set = json_item(json_find(reading->root, "imageset"), imageset);
    if (shot->detector < 0 || reading->mask_known[shot->detector]) return status_ok();
    if (!status_is_ok(json_text(set, "mask", &path)) || *path == '\0') return status_ok();
    reading->mask_known[shot->detector] = true;
    const PanelMaskFile pickle = {.path = (char *)path, .panel = -1};
    return panel_geometry_add_mask_file(&reading->experiment->detector[shot->detector], &pickle);
}

static Status read_shots(Reading *reading) {
    RecordedExperiment *e = reading->experiment;
    const JsonNode list = json_find(reading->root, "experiment");
    const size_t count = (size_t)json_length(list);
    ImageKey *key = calloc(count + 1, sizeof *key);
    e->shot = calloc(count + 1, sizeof *e->shot);
    reading->mask_known = calloc((size_t)e->detectors + 1, sizeof *reading->mask_known);
    Status status = key != NULL && e->shot != NULL && reading->mask_known != NULL
                        ? status_ok()
                        : status_error(STATUS_NO_MEMORY, "no memory for %zu experiments", count);
    for (size_t i = 0; status_is_ok(status) && i < count; i++) {
        int imageset = -1;
        RecordedShot *shot = &e->shot[i];
        status = read_shot(reading, json_item(list, (int)i), shot, &imageset);
        if (status_is_ok(status)) status = note_mask(reading, shot, imageset);
        if (status_is_ok(status)) key[i] = key_of_image(reading, shot, imageset, (int)i);
        if (status_is_ok(status)) e->shots++;
    }
    if (status_is_ok(status)) number_images(e, key);
    free(reading->mask_known);
    free(key);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ file */

/* Room for the models of one kind. */
static Status make_room(JsonNode models, size_t size, void **list) {
    *list = calloc((size_t)json_length(models) + 1, size);
    return *list != NULL ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for %d models", json_length(models));
}

static Status read_detectors(Reading *reading) {
    RecordedExperiment *e = reading->experiment;
    const JsonNode list = json_find(reading->root, "detector");
    void *room = NULL;
    TRY(make_room(list, sizeof *e->detector, &room));
    e->detector = room;
    while (e->detectors < json_length(list)) {
        e->detectors++;
        TRY(dials_detector_read(json_item(list, e->detectors - 1), &e->detector[e->detectors - 1]));
    }
    return status_ok();
}

static Status read_beams_and_crystals(Reading *reading) {
    RecordedExperiment *e = reading->experiment;
    const JsonNode beams = json_find(reading->root, "beam"), crystals = json_find(reading->root, "crystal");
    void *room = NULL;
    TRY(make_room(beams, sizeof *e->beam, &room));
    e->beam = room;
    TRY(make_room(crystals, sizeof *e->crystal, &room));
    e->crystal = room;
    while (e->beams < json_length(beams)) {
        e->beams++;
        TRY(read_beam(reading, json_item(beams, e->beams - 1), &e->beam[e->beams - 1]));
    }
    while (e->crystals < json_length(crystals)) {
        e->crystals++;
        TRY(read_crystal(json_item(crystals, e->crystals - 1), &e->crystal[e->crystals - 1]));
    }
    return status_ok();
}

static Status read_goniometers_and_scans(Reading *reading) {
    RecordedExperiment *e = reading->experiment;
    const JsonNode goniometers = json_find(reading->root, "goniometer"), scans = json_find(reading->root, "scan");
    void *room = NULL;
    TRY(make_room(goniometers, sizeof *e->goniometer, &room));
    e->goniometer = room;
    TRY(make_room(scans, sizeof *e->scan, &room));
    e->scan = room;
    for (; e->goniometers < json_length(goniometers); e->goniometers++)
        TRY(read_goniometer(reading, json_item(goniometers, e->goniometers), &e->goniometer[e->goniometers]));
    for (; e->scans < json_length(scans); e->scans++) TRY(read_scan(json_item(scans, e->scans), &e->scan[e->scans]));
    return status_ok();
}

static void note_what_is_lost(const Reading *reading, Notes *notes) {
    const char *path = json_path(reading->root);
    if (reading->varying_beams > 0)
        notes_add(notes, "%s: s0_at_scan_points is not carried over: the beam keeps its mean direction", path);
    if (reading->varying_goniometers > 0)
        notes_add(notes,
                  "%s: setting_rotation_at_scan_points is not carried over: the goniometer keeps setting_rotation",
                  path);
    if (reading->other_probes > 0)
        notes_add(notes, "%s: its beam is not of X-rays; scattering is computed for X-rays", path);
}

static Status check_root(JsonNode root) {
    if (json_kind(root) == JSON_ARRAY)
        return json_error(root, "",
                          "is a list, as of a datablock of old DIALS; import the images again with "
                          "dials.import, which writes .expt");
    if (json_kind(root) != JSON_OBJECT) return json_error(root, "", "is no experiment list of DIALS");
    if (!json_exists(json_find(root, "experiment"))) return json_error(root, "experiment", "is missing");
    return status_ok();
}

static Status read_models(Reading *reading) {
    TRY(check_root(reading->root));
    TRY(read_detectors(reading));
    TRY(read_beams_and_crystals(reading));
    TRY(read_goniometers_and_scans(reading));
    return read_shots(reading);
}

Status dials_experiment_read(const char *path, RecordedExperiment *experiment, Notes *notes) {
    Json *json = NULL;
    *experiment = (RecordedExperiment){0};
    TRY(json_open(path, &json));
    Reading reading = {.root = json_root(json), .experiment = experiment};
    const Status status = read_models(&reading);
    if (status_is_ok(status)) note_what_is_lost(&reading, notes);
    json_close(&json);
    return status;
}

/* ------------------------------------------------------------------------------------------------- detector alone */

/* The one detector that all experiments use. */
static Status used_detector(const Reading *reading, int *number) {
    const RecordedExperiment *e = reading->experiment;
    *number = -1;
    for (int i = 0; i < e->shots; i++) {
        const int used = e->shot[i].detector;
        if (used < 0 || used == *number) continue;
        if (*number >= 0 && panel_geometry_is_same(&e->detector[*number], &e->detector[used])) continue;
        if (*number >= 0)
            return status_error(STATUS_BAD_FILE,
                                "%s: experiments use the detectors %d and %d; one run has one: split the file with "
                                "dials.split_experiments by_detector=True",
                                json_path(reading->root), *number, used);
        *number = used;
    }
    if (*number >= 0) return status_ok();
    return json_error(reading->root, "experiment", "names no detector");
}

Status dials_detector_of_file(const char *path, DetectorGeometry *geometry) {
    Json *json = NULL;
    int used = 0;
    RecordedExperiment experiment = {0};
    *geometry = (DetectorGeometry){0};
    TRY(json_open(path, &json));
    Reading reading = {.root = json_root(json), .experiment = &experiment};
    const bool is_detector = json_exists(json_find(reading.root, "panels"));
    Status status = is_detector ? dials_detector_read(reading.root, geometry) : read_models(&reading);
    if (!is_detector && status_is_ok(status)) status = used_detector(&reading, &used);
    if (!is_detector && status_is_ok(status)) {
        *geometry = experiment.detector[used];
        experiment.detector[used] = (DetectorGeometry){0};
    }
    recorded_experiment_free(&experiment);
    json_close(&json);
    return status;
}
