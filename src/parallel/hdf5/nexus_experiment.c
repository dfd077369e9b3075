#include "hdf5/nexus_experiment.h"

#include "base/text.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/nexus_chain.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES "/entry/simulation/frames/"
#define CRYSTALS FRAMES "crystals/"

enum { AXES_MOST = 64, UNIT_BYTES = 32, MATRICES_MOST = 100000000 };
static const double ANGSTROM = 1e-10;

/* Of a step: by how much measured angles may be off. */
static const double STEP_TOLERANCE = 1e-2;

/* A file that is being read. */
typedef struct Reading {
    hid_t file;
    const char *path;
    char entry[NEXUS_PATH_BYTES], sample[NEXUS_PATH_BYTES], beam[NEXUS_PATH_BYTES];
    RecordedExperiment *experiment;
    Notes *notes;
} Reading;

/* McStas' frame is turned by 180 degrees about y. */
static Vec3 from_mcstas(Vec3 v) {
    return vec3(-v.x, v.y, -v.z);
}

/* All numbers of a dataset without a unit.
 * @param values  the caller frees it */
static Status read_numbers(hid_t file, const char *object, int64_t *count, double **values) {
    *values = NULL;
    TRY(hdf5_count(file, object, count));
    if (*count < 1 || *count > MATRICES_MOST) return status_error(STATUS_BAD_FILE, "%s holds no number", object);
    *values = malloc((size_t)*count * sizeof **values);
    if (*values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %s", object);
    return hdf5_read(file, object, H5T_NATIVE_DOUBLE, *count, *values);
}

static Status no_memory(const Reading *reading) {
    return status_error(STATUS_NO_MEMORY, "no memory for the experiment of %s", reading->path);
}

/* ------------------------------------------------------------------------------------------------------------ beam */

/* Stokes' parameters say along which direction across the beam the electric vector is, and how much. */
static void read_polarization(const Reading *reading, RecordedBeam *beam) {
    char object[NEXUS_PATH_BYTES];
    int64_t count = 0;
    double *stokes = NULL;
    beam->electric_vector = vec3(1.0, 0.0, 0.0);
    beam->polarization = NAN;
    nexus_join(reading->beam, "incident_polarization_stokes", object);
    if (!nexus_exists(reading->file, object)) return;
    if (status_is_ok(read_numbers(reading->file, object, &count, &stokes)) && count >= 4) {
        const double kahn = hypot(stokes[1], stokes[2]) / stokes[0], angle = 0.5 * atan2(stokes[2], stokes[1]);
        if (kahn <= 1.0) {
            beam->electric_vector = from_mcstas(vec3(cos(angle), sin(angle), 0.0));
            beam->polarization = kahn;
        }
    }
    free(stokes);
}

/* The fluence, where there is one for all frames. */
static double read_fluence(const Reading *reading) {
    char object[NEXUS_PATH_BYTES], unit[UNIT_BYTES] = "";
    double fluence = NAN;
    int64_t count = 0;
    nexus_join(reading->beam, "flux_integrated", object);
    if (!nexus_exists(reading->file, object) || !status_is_ok(hdf5_count(reading->file, object, &count)) || count != 1)
        return NAN;
    if (!status_is_ok(hdf5_read_attribute_text(reading->file, object, "units", sizeof unit, unit)) ||
        strcmp(unit, "m^-2") != 0 || !status_is_ok(hdf5_read(reading->file, object, H5T_NATIVE_DOUBLE, 1, &fluence)))
        return NAN;
    return fluence > 0.0 && isfinite(fluence) ? fluence : NAN;
}

static bool has_spectrum(const Reading *reading) {
    static const char *const names[] = {"incident_wavelength_1D", "incident_wavelength_weights",
                                        "incident_wavelength_weight"};
    char object[NEXUS_PATH_BYTES];
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        nexus_join(reading->beam, names[i], object);
        found = found || nexus_exists(reading->file, object);
    }
    return found;
}

/* One beam, or where wavelengths differ one for each frame. */
static Status make_beams(Reading *reading, const double *wavelengths_m, int64_t count) {
    RecordedExperiment *e = reading->experiment;
    RecordedBeam common = {.direction = {0.0, 0.0, -1.0}, .fluence_per_m2 = read_fluence(reading)};
    bool differ = false;
    read_polarization(reading, &common);
    for (int64_t i = 0; i < count; i++) {
        if (!(wavelengths_m[i] > 0.0 && isfinite(wavelengths_m[i])))
            return status_error(STATUS_BAD_FILE, "wavelength %" PRId64 " of %s is %g; it must be larger than 0", i,
                                reading->beam, wavelengths_m[i] / ANGSTROM);
        differ = differ || wavelengths_m[i] != wavelengths_m[0];
    }
    e->beams = differ ? (int)count : 1;
    e->beam = calloc((size_t)e->beams, sizeof *e->beam);
    if (e->beam == NULL) return no_memory(reading);
    for (int i = 0; i < e->beams; i++) {
        e->beam[i] = common;
        e->beam[i].wavelength_m = wavelengths_m[i];
    }
    return status_ok();
}

static Status read_beam(Reading *reading) {
    char object[NEXUS_PATH_BYTES], instrument[NEXUS_PATH_BYTES];
    int64_t count = 0;
    double *wavelengths_m = NULL;
    nexus_find_class(reading->file, reading->entry, "NXinstrument", sizeof instrument, instrument);
    nexus_find_class(reading->file, instrument, "NXbeam", sizeof reading->beam, reading->beam);
    if (*reading->beam == '\0' && *reading->sample != '\0')
        nexus_find_class(reading->file, reading->sample, "NXbeam", sizeof reading->beam, reading->beam);
    nexus_join(reading->beam, "incident_wavelength", object);
    if (*reading->beam == '\0' || !nexus_exists(reading->file, object)) {
        notes_add(reading->notes, "%s has no incident_wavelength; give beam.wavelength", reading->path);
        return status_ok();
    }
    if (has_spectrum(reading))
        notes_add(reading->notes, "%s: its spectrum is not taken; give beam.spectrum", reading->path);
    TRY(nexus_read_values(reading->file, object, "angstrom", &count, &wavelengths_m));
    const Status status = make_beams(reading, wavelengths_m, count);
    free(wavelengths_m);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ scan */

/* A rotation of the goniometer, and what it is at each frame. */
typedef struct Axis {
    NexusTransformation at;
    int64_t frames;
    double first_rad, step_rad; /* step 0: it stands still */
} Axis;

/* The exposure's width where one value does not say it: NAME_increment_set, or NAME_end. */
static Status read_width(const Reading *reading, const char *object, Axis *axis) {
    static const char *const endings[] = {"_increment_set", "_end"};
    char path[NEXUS_PATH_BYTES];
    for (int i = 0; i < 2 && axis->step_rad == 0.0; i++) {
        int64_t count = 0;
        double *values = NULL;
        if (snprintf(path, sizeof path, "%s%s", object, endings[i]) >= (int)sizeof path) return status_ok();
        if (!nexus_exists(reading->file, path)) continue;
        TRY(nexus_read_values(reading->file, path, "deg", &count, &values));
        axis->step_rad = i == 0 ? values[0] : values[0] - axis->first_rad;
        free(values);
        if (!isfinite(axis->step_rad)) return status_error(STATUS_BAD_FILE, "%s is not a finite number", path);
    }
    return status_ok();
}

static Status read_axis(const Reading *reading, const char *object, Axis *axis) {
    NexusFile from = {.file = reading->file};
    double *values = NULL;
    *axis = (Axis){.frames = 1};
    TRY(nexus_read_transformation(&from, object, &axis->at));
    if (!axis->at.rotation) return status_ok();
    TRY(nexus_read_values(reading->file, object, "deg", &axis->frames, &values));
    axis->first_rad = values[0];
    if (axis->frames > 1) axis->step_rad = (values[axis->frames - 1] - values[0]) / (double)(axis->frames - 1);
    Status status = status_ok();
    for (int64_t i = 0; i < axis->frames && status_is_ok(status); i++) {
        const double off = values[i] - values[0] - (double)i * axis->step_rad;
        if (!(fabs(off) <= STEP_TOLERANCE * fabs(axis->step_rad) + 1e-9))
            status = status_error(STATUS_BAD_FILE,
                                  "the angles of %s do not go on in equal steps, as value %" PRId64
                                  " shows; import the .expt that DIALS makes of it",
                                  object, i);
    }
    free(values);
    TRY(status);
    return axis->frames == 1 ? read_width(reading, object, axis) : status_ok();
}

/* The axes from the crystal to the base: those before the one that turns are the fixed rotation, those behind it the
 * setting. */
static Status make_goniometer(Reading *reading, const char *start) {
    RecordedExperiment *e = reading->experiment;
    RecordedGoniometer *goniometer = e->goniometer;
    char path[NEXUS_PATH_BYTES];
    *goniometer = (RecordedGoniometer){.fixed = mat3_identity(), .setting = mat3_identity()};
    (void)text_copy(path, sizeof path, start);
    for (int i = 0; strcmp(path, ".") != 0; i++) {
        Axis axis;
        if (i == AXES_MOST)
            return status_error(STATUS_BAD_FILE, "the goniometer does not end within %d axes", AXES_MOST);
        TRY(read_axis(reading, path, &axis));
        (void)text_copy(path, sizeof path, axis.at.depends_on);
        if (!axis.at.rotation) continue;
        const Vec3 about = from_mcstas(axis.at.vector);
        Mat3 *into = e->scans == 0 ? &goniometer->fixed : &goniometer->setting;
        if (axis.step_rad == 0.0) {
            *into = mat3_multiply(mat3_rotation_about(about, axis.first_rad), *into);
            continue;
        }
        if (e->scans > 0) return status_error(STATUS_BAD_FILE, "two axes of its goniometer turn at once");
        goniometer->axis = about;
        e->scan[0] = (RecordedScan){.start_rad = axis.first_rad,
                                    .width_rad = axis.step_rad,
                                    .exposure_s = NAN,
                                    .frames = axis.frames,
                                    .first_image = 1};
        e->scans = 1;
    }
    e->goniometers = e->scans;
    return status_ok();
}

/* The path of what the sample depends on, "." where it stands still. */
static Status find_goniometer(const Reading *reading, char *start) {
    char object[NEXUS_PATH_BYTES], text[NEXUS_PATH_BYTES] = ".";
    (void)text_copy(start, NEXUS_PATH_BYTES, ".");
    if (*reading->sample == '\0') return status_ok();
    nexus_join(reading->sample, "depends_on", object);
    if (!nexus_exists(reading->file, object)) return status_ok();
    TRY(nexus_read_text(reading->file, object, sizeof text, text));
    if (text[0] == '/' || strcmp(text, ".") == 0)
        (void)text_copy(start, NEXUS_PATH_BYTES, text);
    else
        nexus_join(reading->sample, text, start);
    return status_ok();
}

static Status read_scan(Reading *reading) {
    RecordedExperiment *e = reading->experiment;
    char start[NEXUS_PATH_BYTES];
    TRY(find_goniometer(reading, start));
    e->goniometer = calloc(1, sizeof *e->goniometer);
    e->scan = calloc(1, sizeof *e->scan);
    if (e->goniometer == NULL || e->scan == NULL) return no_memory(reading);
    return make_goniometer(reading, start);
}

/* -------------------------------------------------------------------------------------------------------- crystals */

static Status check_matrices(const char *object, const double *ub, int64_t count) {
    if (count % 9 != 0)
        return status_error(STATUS_BAD_FILE, "%s has %" PRId64 " numbers, not nine for each crystal", object, count);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(ub[i]) && !(isnan(ub[i]) && isnan(ub[i - i % 9])))
            return status_error(STATUS_BAD_FILE, "matrix %" PRId64 " of %s has an element that is not finite", i / 9,
                                object);
    return status_ok();
}

static Mat3 rows_of_ub(const double *ub) {
    Mat3 rows;
    for (int i = 0; i < 3; i++)
        rows.row[i] = from_mcstas(vec3_scale(1.0 / ANGSTROM, vec3(ub[i], ub[3 + i], ub[6 + i])));
    return rows;
}

/* Room for the shots of @p crystals crystals, each with a scan of its own. */
static Status make_room_for_shots(Reading *reading, int64_t shots, int64_t crystals) {
    RecordedExperiment *e = reading->experiment;
    RecordedScan *scans = calloc((size_t)shots, sizeof *scans);
    free(e->scan);
    e->scan = scans;
    e->shot = calloc((size_t)shots, sizeof *e->shot);
    e->crystal = calloc((size_t)crystals, sizeof *e->crystal);
    if (e->shot == NULL || e->crystal == NULL || scans == NULL) return no_memory(reading);
    e->scans = e->scans > 0 ? (int)shots : 0;
    e->shots = (int)shots;
    e->crystals = (int)crystals;
    e->images = shots;
    return status_ok();
}

/* Crystals of frames, or one of all frames: a shot for each frame, but for one crystal in one beam.
 * @param frame  [count] slots of the frames; NULL: they follow one another */
static Status add_shots(Reading *reading, const double *ub, const double *frame, int64_t count) {
    RecordedExperiment *e = reading->experiment;
    const bool turns = e->scans > 0, alone = count == 1 && frame == NULL;
    const RecordedScan whole = turns ? e->scan[0] : (RecordedScan){.frames = alone ? e->beams : INT32_MAX};
    const int64_t shots = alone && e->beams > 1 ? whole.frames : count;
    const bool one_for_all = alone && shots == 1;
    if (shots > INT32_MAX) return status_error(STATUS_BAD_FILE, "it has too many frames");
    TRY(make_room_for_shots(reading, shots, count));
    for (int i = 0; i < count; i++)
        e->crystal[i] = (RecordedCrystal){
            .reciprocal_per_m = rows_of_ub(ub + 9 * (ptrdiff_t)i), .mosaic_spread_rad = NAN, .domain_size_m = NAN};
    for (int i = 0; i < shots; i++) {
        const double slot = frame == NULL ? i : frame[i];
        const int crystal = alone ? 0 : i, beam = e->beams > 1 ? (int)fmin(fmax(slot, 0.0), INT32_MAX) : e->beams - 1;
        if (!(slot >= 0.0 && slot < (double)whole.frames) || beam >= e->beams)
            return status_error(STATUS_BAD_FILE, "it has a crystal of frame %g, counted from 0, which is not there",
                                slot);
        e->shot[i] = (RecordedShot){.beam = beam,
                                    .goniometer = turns ? 0 : -1,
                                    .scan = turns ? i : -1,
                                    .crystal = isnan(ub[9 * crystal]) ? -1 : crystal, /* a frame that is missing */
                                    .image = (int64_t)slot};
        e->scan[i] = whole;
        if (one_for_all) continue;
        e->scan[i].start_rad += slot * whole.width_rad;
        e->scan[i].frames = 1;
    }
    return status_ok();
}

/* What says in a file of Tessera of which frames crystals are: numbers in the sweep.
 * @param frame  [count], becomes slots of the file */
static Status read_slots(const Reading *reading, int64_t count, double *frame) {
    double *number = NULL;
    int64_t frames = 0;
    TRY(hdf5_read(reading->file, CRYSTALS "number", H5T_NATIVE_DOUBLE, count, frame));
    const Status status = read_numbers(reading->file, FRAMES "number", &frames, &number);
    for (int64_t i = 0; status_is_ok(status) && i < count; i++) frame[i] -= number[0];
    free(number);
    return status;
}

static Status read_crystals(Reading *reading) {
    char of_sample[NEXUS_PATH_BYTES];
    nexus_join(reading->sample, "ub_matrix", of_sample);
    const bool crowded = nexus_exists(reading->file, CRYSTALS "ub_matrix");
    const bool own = crowded || nexus_exists(reading->file, FRAMES "ub_matrix");
    const char *object = crowded ? CRYSTALS "ub_matrix" : own ? FRAMES "ub_matrix" : of_sample;
    int64_t count = 0;
    double *ub = NULL, *frame = NULL;
    if (*object == '\0' || !nexus_exists(reading->file, object)) return status_ok();
    if (!own)
        notes_add(reading->notes,
                  "%s: its %s is taken for columns a*, b*, c* in 1/A, in McStas' frame with all angles at 0; check it",
                  reading->path, object);
    Status status = read_numbers(reading->file, object, &count, &ub);
    if (status_is_ok(status)) status = check_matrices(object, ub, count);
    if (status_is_ok(status) && crowded) {
        frame = malloc((size_t)count / 9 * sizeof *frame);
        status = frame == NULL ? no_memory(reading) : read_slots(reading, count / 9, frame);
    }
    if (status_is_ok(status)) status = add_shots(reading, ub, frame, count / 9);
    free(frame);
    free(ub);
    return status;
}

/* Beam and scan alone. */
static Status add_shot_without_crystal(Reading *reading) {
    RecordedExperiment *e = reading->experiment;
    e->shot = calloc(1, sizeof *e->shot);
    if (e->shot == NULL) return no_memory(reading);
    e->shots = 1;
    e->images = 1;
    *e->shot = (RecordedShot){.beam = e->beams > 0 ? 0 : -1,
                              .goniometer = e->scans > 0 ? 0 : -1,
                              .scan = e->scans > 0 ? 0 : -1,
                              .crystal = -1};
    return status_ok();
}

static Status read_models(Reading *reading) {
    nexus_find_class(reading->file, "/", "NXentry", sizeof reading->entry, reading->entry);
    if (*reading->entry == '\0') return status_error(STATUS_BAD_FILE, "it is no NeXus file: it has no NXentry");
    nexus_find_class(reading->file, reading->entry, "NXsample", sizeof reading->sample, reading->sample);
    TRY(read_beam(reading));
    TRY(read_scan(reading));
    if (*reading->sample != '\0') TRY(read_crystals(reading));
    if (nexus_exists(reading->file, FRAMES "number"))
        notes_add(reading->notes,
                  "%s is of Tessera, and tessera describe --yaml makes its whole run file; here it has what files of "
                  "others have, which is no spindle angle of stills",
                  reading->path);
    return reading->experiment->shots > 0 ? status_ok() : add_shot_without_crystal(reading);
}

Status nexus_experiment_read(const char *path, RecordedExperiment *experiment, Notes *notes) {
    *experiment = (RecordedExperiment){0};
    Reading reading = {.path = path, .experiment = experiment, .notes = notes};
    hdf5_prepare();
    TRY(hdf5_open_file(path, false, &reading.file));
    const Status status = read_models(&reading);
    const Status closed = hdf5_close_file(path, &reading.file);
    if (!status_is_ok(status)) return status_error(status.code, "%s: %.800s", path, status.message);
    return closed;
}
