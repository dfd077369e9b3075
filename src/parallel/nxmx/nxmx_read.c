#include "nxmx/nxmx_read.h"

#include "base/size.h"
#include "base/text.h"
#include "base/units.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "hdf5/hdf5_parts.h"
#include "hdf5/nexus_panels.h"
#include "nxmx/data_files.h"
#include "nxmx/frame_record.h"
#include "nxmx/nxmx.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MODULE "/entry/instrument/detector/module/"
#define DETECTOR "/entry/instrument/detector/"
#define BEAM "/entry/instrument/beam/"
#define ROTATION "/entry/sample/transformations/"
#define TABLE "/entry/simulation/frames/"

enum { PATH_BYTES = 256, UNIT_BYTES = 16, CHAIN_MOST = 16 };

struct NxmxReader {
    char *path;
    hid_t file, main, expected; /* expected: negative where there is none beside counts */
    NxmxDescription description;
    DetectorGeometry panels;
    NxmxFrame *frame; /* [frames] */
    Notes *notes;     /* while it is opened */
};

const NxmxDescription *nxmx_reader_description(const NxmxReader *reader) {
    return &reader->description;
}

const DetectorGeometry *nxmx_reader_panels(const NxmxReader *reader) {
    return &reader->panels;
}

const NxmxFrame *nxmx_reader_frame(const NxmxReader *reader, int64_t frame) {
    return &reader->frame[frame];
}

/* True when every link on the way is there and the object too. */
static bool has_object(hid_t file, const char *path) {
    char part[PATH_BYTES];
    if (!text_copy(part, sizeof part, path)) return false;
    for (size_t end = 1; end <= strlen(path); end++) {
        if (path[end] != '/' && path[end] != '\0') continue;
        part[end] = '\0';
        if (H5Lexists(file, part, H5P_DEFAULT) <= 0) return false;
        part[end] = path[end];
    }
    return H5Oexists_by_name(file, path, H5P_DEFAULT) > 0;
}

/* --------------------------------------------------------------------------------------------------------- numbers */

/* A length in metres or a time in seconds. */
static Status read_number(hid_t file, const char *path, const char *quantity, double *value) {
    char unit[UNIT_BYTES] = "";
    TRY(hdf5_read(file, path, H5T_NATIVE_DOUBLE, 1, value));
    TRY(hdf5_read_attribute_text(file, path, "units", sizeof unit, unit));
    *value *= unit_si(unit, quantity);
    if (isfinite(*value)) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s is no finite number in a unit of %s (its unit is \"%s\")", path, quantity,
                        unit);
}

static Status read_attribute_vector(hid_t file, const char *path, const char *name, Vec3 *vector) {
    double values[3] = {0.0};
    const hid_t attribute = H5Aopen_by_name(file, path, name, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t space = attribute < 0 ? H5I_INVALID_HID : H5Aget_space(attribute);
    const bool read =
        space >= 0 && H5Sget_simple_extent_npoints(space) == 3 && H5Aread(attribute, H5T_NATIVE_DOUBLE, values) >= 0;
    if (space >= 0) (void)H5Sclose(space);
    if (attribute >= 0) (void)H5Aclose(attribute);
    *vector = vec3(values[0], values[1], values[2]);
    if (read && isfinite(vec3_length(*vector))) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s has no vector \"%s\" of three numbers", path, name);
}

static Status read_direction(hid_t file, const char *path, Vec3 *direction) {
    TRY(read_attribute_vector(file, path, "vector", direction));
    if (vec3_length(*direction) > 0.0) {
        *direction = vec3_unit(*direction);
        return status_ok();
    }
    return status_error(STATUS_BAD_FILE, "the vector of %s is zero", path);
}

/* -------------------------------------------------------------------------------------------------------- geometry */

/* One translation of the chain. */
static Status add_translation(hid_t file, const char *path, Vec3 *sum_m) {
    char type[UNIT_BYTES] = "", offset_unit[UNIT_BYTES] = "";
    Vec3 direction, offset = vec3(0.0, 0.0, 0.0);
    double value_m = 0.0;
    TRY(hdf5_read_attribute_text(file, path, "transformation_type", sizeof type, type));
    if (strcmp(type, "translation") != 0)
        return status_error(STATUS_BAD_FILE,
                            "%s is a %s; only translations are understood in the chain of the detector", path, type);
    TRY(read_number(file, path, "length", &value_m));
    TRY(read_direction(file, path, &direction));
    *sum_m = vec3_add(*sum_m, vec3_scale(value_m, direction));
    if (H5Aexists_by_name(file, path, "offset", H5P_DEFAULT) <= 0) return status_ok();
    TRY(read_attribute_vector(file, path, "offset", &offset));
    if (!(vec3_length(offset) > 0.0)) return status_ok();
    TRY(hdf5_read_attribute_text(file, path, "offset_units", sizeof offset_unit, offset_unit));
    *sum_m = vec3_add(*sum_m, vec3_scale(unit_si(offset_unit, "length"), offset));
    return status_ok();
}

/* Follows depends_on from what @p start depends on to the end: the corner of pixel (0,0). */
static Status read_corner(hid_t file, const char *start, Vec3 *corner_m) {
    char path[PATH_BYTES] = "";
    *corner_m = vec3(0.0, 0.0, 0.0);
    TRY(hdf5_read_attribute_text(file, start, "depends_on", sizeof path, path));
    for (int step = 0; step < CHAIN_MOST; step++) {
        if (strcmp(path, ".") == 0) return status_ok();
        if (path[0] != '/' || !has_object(file, path)) break;
        TRY(add_translation(file, path, corner_m));
        TRY(hdf5_read_attribute_text(file, path, "depends_on", sizeof path, path));
    }
    return status_error(STATUS_BAD_FILE, "the chain of transformations from %s does not end (at \"%s\")", start, path);
}

/* What follows from axes and corner. */
static void set_plane(NxmxDescription *d) {
    const Vec3 across = vec3_cross(d->fast, d->slow);
    const double side = vec3_dot(across, d->corner_m);
    d->normal = vec3_unit(side < 0.0 ? vec3_scale(-1.0, across) : across);
    d->distance_m = vec3_dot(d->normal, d->corner_m);
    d->beam_meets = fabs(vec3_dot(d->fast, d->slow)) <= 1e-6 && d->normal.z > 1e-6 && d->distance_m > 0.0;
    d->beam_distance_m = d->distance_m / d->normal.z;
    const Vec3 beam = vec3_subtract(vec3(0.0, 0.0, d->beam_distance_m), d->corner_m);
    const Vec3 closest = vec3_subtract(vec3_scale(d->distance_m, d->normal), d->corner_m);
    const Vec3 axis[2] = {d->fast, d->slow};
    for (int i = 0; i < 2; i++) {
        d->beam_centre_pixels[i] = vec3_dot(beam, axis[i]) / d->pixel_size_m[i];
        d->closest_pixels[i] = vec3_dot(closest, axis[i]) / d->pixel_size_m[i];
    }
}

/* A detector of several panels has no plane of its own. */
static Status read_geometry(NxmxReader *reader) {
    const hid_t file = reader->file;
    NxmxDescription *d = &reader->description;
    d->panels = 1;
    if (!has_object(file, DETECTOR "module")) {
        TRY(nexus_panels_of_file(file, reader->path, &reader->panels, NULL));
        d->panels = reader->panels.panels;
        return status_ok();
    }
    TRY(read_direction(file, MODULE "fast_pixel_direction", &d->fast));
    TRY(read_direction(file, MODULE "slow_pixel_direction", &d->slow));
    TRY(read_number(file, MODULE "fast_pixel_direction", "length", &d->pixel_size_m[0]));
    TRY(read_number(file, MODULE "slow_pixel_direction", "length", &d->pixel_size_m[1]));
    if (!(d->pixel_size_m[0] > 0.0 && d->pixel_size_m[1] > 0.0))
        return status_error(STATUS_BAD_FILE, "the size of the pixels is not positive");
    TRY(read_corner(file, MODULE "fast_pixel_direction", &d->corner_m));
    set_plane(d);
    return status_ok();
}

static Status read_detector(hid_t file, NxmxDescription *d) {
    TRY(hdf5_read_text(file, DETECTOR "sensor_material", sizeof d->sensor_material, d->sensor_material));
    TRY(read_number(file, DETECTOR "sensor_thickness", "length", &d->sensor_thickness_m));
    TRY(read_number(file, DETECTOR "count_time", "time", &d->exposure_s));
    TRY(hdf5_read(file, DETECTOR "saturation_value", H5T_NATIVE_DOUBLE, 1, &d->saturation));
    return hdf5_read_text(file, "/entry/start_time", sizeof d->start_time, d->start_time);
}

/* ---------------------------------------------------------------------------------------------------------- images */

/* The shape of [frame][slow][fast] images. */
static Status read_shape(hid_t dataset, const char *path, int64_t *shape) {
    const hid_t space = H5Dget_space(dataset);
    hsize_t length[3] = {0};
    const bool fits = space >= 0 && H5Sget_simple_extent_ndims(space) == 3 &&
                      H5Sget_simple_extent_dims(space, length, NULL) == 3 && length[0] > 0 && length[1] > 0 &&
                      length[2] > 0 && length[1] <= INT32_MAX && length[2] <= INT32_MAX && length[0] <= INT32_MAX;
    if (space >= 0) (void)H5Sclose(space);
    if (fits && !size_fits_image((int64_t)length[1], (int64_t)length[2]))
        return status_error(STATUS_BAD_FILE, "%s: images of %" PRIu64 " x %" PRIu64 " pixels are too large", path,
                            (uint64_t)length[1], (uint64_t)length[2]);
    if (!fits) return status_error(STATUS_BAD_FILE, "%s are no images: they must be [frame][slow][fast]", path);
    for (int i = 0; i < 3; i++) shape[i] = (int64_t)length[i];
    return status_ok();
}

static Status open_images(hid_t file, const char *path, hid_t *dataset, int64_t *shape) {
    if (!has_object(file, path)) return status_error(STATUS_BAD_FILE, "it has no %s", path);
    TRY(hdf5_inside_open(file, path, dataset));
    return read_shape(*dataset, path, shape);
}

static bool is_of_integers(hid_t dataset) {
    const hid_t type = H5Dget_type(dataset);
    const bool integers = type >= 0 && H5Tget_class(type) == H5T_INTEGER;
    if (type >= 0) (void)H5Tclose(type);
    return integers;
}

static Status open_all_images(NxmxReader *reader) {
    NxmxDescription *d = &reader->description;
    int64_t shape[3] = {0}, twin[3] = {0};
    TRY(open_images(reader->file, NXMX_IMAGES, &reader->main, shape));
    TRY(hdf5_parts_check_filters(reader->main, reader->path));
    d->frames = shape[0];
    d->slow_pixels = shape[1];
    d->fast_pixels = shape[2];
    d->counts = is_of_integers(reader->main);
    d->has_expected = has_object(reader->file, NXMX_TWIN);
    if (!d->has_expected) return status_ok();
    TRY(open_images(reader->file, NXMX_TWIN, &reader->expected, twin));
    if (memcmp(shape, twin, sizeof shape) == 0) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s and %s are not of one shape", NXMX_IMAGES, NXMX_TWIN);
}

Status nxmx_reader_image(const NxmxReader *reader, int64_t frame, bool expected, double *pixels) {
    const NxmxDescription *d = &reader->description;
    const hid_t dataset = expected && reader->expected >= 0 ? reader->expected : reader->main;
    const hsize_t start[3] = {(hsize_t)frame, 0, 0};
    const hsize_t length[3] = {1, (hsize_t)d->slow_pixels, (hsize_t)d->fast_pixels};
    const hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(3, length, NULL);
    const bool read = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, length, NULL) >= 0 &&
                      H5Dread(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, pixels) >= 0;
    const Status status = read ? status_ok() : hdf5_error(STATUS_BAD_FILE, "read an image of", reader->path);
    if (memory >= 0) (void)H5Sclose(memory);
    if (space >= 0) (void)H5Sclose(space);
    return status;
}

/* Where the mask is; NULL for none. Of panels side by side it is not where DIALS would look. */
static const char *mask_path(hid_t file) {
    static const char *const paths[] = {DETECTOR "pixel_mask", DETECTOR "detectorSpecific/pixel_mask"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (has_object(file, paths[i])) return paths[i];
    return NULL;
}

Status nxmx_reader_mask(const NxmxReader *reader, uint32_t *mask) {
    const int64_t pixels = reader->description.slow_pixels * reader->description.fast_pixels;
    const char *path = mask_path(reader->file);
    if (path != NULL) return hdf5_read(reader->file, path, H5T_NATIVE_UINT32, pixels, mask);
    memset(mask, 0, (size_t)pixels * sizeof *mask);
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- frames */

/* A column of numbers, one for each frame, or one for all. */
static Status read_column(hid_t file, const char *path, int64_t frames, double *values) {
    int64_t count = 0;
    TRY(hdf5_count(file, path, &count));
    TRY(hdf5_read(file, path, H5T_NATIVE_DOUBLE, count == 1 ? 1 : frames, values));
    for (int64_t i = 1; count == 1 && i < frames; i++) values[i] = values[0];
    return status_ok();
}

/* A column into the member at @p offset of every frame; @p needed: the file must have it. */
static Status read_member(const NxmxReader *reader, const char *path, size_t offset, bool needed, double *buffer) {
    const int64_t frames = reader->description.frames;
    if (!needed && !has_object(reader->file, path)) return status_ok();
    TRY(read_column(reader->file, path, frames, buffer));
    for (int64_t i = 0; i < frames; i++) memcpy((char *)&reader->frame[i] + offset, &buffer[i], sizeof *buffer);
    return status_ok();
}

/* Frames whose data files are missing or damaged are incomplete. */
static Status check_data_files(const NxmxReader *reader) {
    const int64_t frames = reader->description.frames;
    if (!has_object(reader->file, TABLE "crc32")) return status_ok();
    uint8_t *states = calloc((size_t)frames, sizeof *states);
    uint32_t *crc32 = calloc((size_t)frames, sizeof *crc32);
    Status status = states == NULL || crc32 == NULL
                        ? status_error(STATUS_NO_MEMORY, "no memory for the states of %" PRId64 " frames", frames)
                        : hdf5_read(reader->file, TABLE "crc32", H5T_NATIVE_UINT32, frames, crc32);
    if (status_is_ok(status)) {
        for (int64_t i = 0; i < frames; i++) states[i] = reader->frame[i].complete ? FRAME_COMPLETE : FRAME_ABSENT;
        status = data_files_check(reader->file, reader->path, frames, states, crc32, reader->notes);
        for (int64_t i = 0; i < frames; i++) reader->frame[i].complete = states[i] == FRAME_COMPLETE;
    }
    free(crc32);
    free(states);
    return status;
}

static Status read_states(const NxmxReader *reader, double *buffer) {
    const int64_t frames = reader->description.frames;
    for (int64_t i = 0; i < frames; i++) {
        reader->frame[i].complete = true;
        reader->frame[i].number = i;
    }
    if (!has_object(reader->file, TABLE "status")) return status_ok();
    TRY(hdf5_read(reader->file, TABLE "status", H5T_NATIVE_DOUBLE, frames, buffer));
    for (int64_t i = 0; i < frames; i++) reader->frame[i].complete = buffer[i] == (double)FRAME_COMPLETE;
    TRY(hdf5_read(reader->file, TABLE "number", H5T_NATIVE_DOUBLE, frames, buffer));
    for (int64_t i = 0; i < frames; i++) reader->frame[i].number = (int64_t)buffer[i];
    return check_data_files(reader);
}

static Status read_matrices(const NxmxReader *reader, double *buffer) {
    const int64_t frames = reader->description.frames;
    if (!has_object(reader->file, TABLE "ub_matrix")) return status_ok();
    TRY(hdf5_read(reader->file, TABLE "ub_matrix", H5T_NATIVE_DOUBLE, 9 * frames, buffer));
    for (int64_t i = 0; i < frames; i++)
        memcpy(reader->frame[i].ub_per_angstrom, buffer + 9 * i, sizeof reader->frame[i].ub_per_angstrom);
    return status_ok();
}

static Status read_angles(NxmxReader *reader, double *buffer) {
    char depends_on[PATH_BYTES] = "";
    NxmxDescription *d = &reader->description;
    TRY(hdf5_read_text(reader->file, "/entry/sample/depends_on", sizeof depends_on, depends_on));
    d->rotation = strcmp(depends_on, ".") != 0;
    if (!d->rotation) return status_ok();
    if (strcmp(depends_on, ROTATION "phi") != 0)
        return status_error(STATUS_BAD_FILE, "the sample depends on %s, not on %s", depends_on, ROTATION "phi");
    TRY(read_direction(reader->file, ROTATION "phi", &d->spindle));
    TRY(read_member(reader, ROTATION "phi", offsetof(NxmxFrame, phi_start_deg), true, buffer));
    return read_member(reader, ROTATION "phi_increment_set", offsetof(NxmxFrame, phi_width_deg), true, buffer);
}

static Status read_records(NxmxReader *reader, double *buffer) {
    for (int64_t i = 0; i < reader->description.frames; i++) {
        NxmxFrame *frame = &reader->frame[i];
        frame->fluence_per_m2 = frame->sum_photons = frame->max_photons = (double)NAN;
        for (int j = 0; j < 9; j++) frame->ub_per_angstrom[j] = (double)NAN;
    }
    TRY(read_states(reader, buffer));
    TRY(read_member(reader, BEAM "incident_wavelength", offsetof(NxmxFrame, wavelength_angstrom), true, buffer));
    TRY(read_member(reader, TABLE "fluence", offsetof(NxmxFrame, fluence_per_m2), false, buffer));
    TRY(read_member(reader, TABLE "sum_photons", offsetof(NxmxFrame, sum_photons), false, buffer));
    TRY(read_member(reader, TABLE "max_photons", offsetof(NxmxFrame, max_photons), false, buffer));
    TRY(read_matrices(reader, buffer));
    return read_angles(reader, buffer);
}

static Status read_frames(NxmxReader *reader) {
    const int64_t frames = reader->description.frames;
    double *buffer = calloc((size_t)frames, 9 * sizeof *buffer);
    reader->frame = calloc((size_t)frames, sizeof *reader->frame);
    Status status = status_error(STATUS_NO_MEMORY, "no memory for the records of %" PRId64 " frames", frames);
    if (buffer != NULL && reader->frame != NULL) status = read_records(reader, buffer);
    free(buffer);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ open */

static Status read_mask_kind(NxmxReader *reader) {
    NxmxDescription *d = &reader->description;
    if (mask_path(reader->file) == NULL) return status_ok();
    const int64_t pixels = d->slow_pixels * d->fast_pixels;
    uint32_t *mask = malloc((size_t)pixels * sizeof *mask);
    if (mask == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a mask of %" PRId64 " pixels", pixels);
    const Status status = nxmx_reader_mask(reader, mask);
    for (int64_t i = 0; status_is_ok(status) && i < pixels; i++) d->has_mask = d->has_mask || mask[i] != 0;
    free(mask);
    return status;
}

static Status read_file(NxmxReader *reader) {
    char definition[UNIT_BYTES] = "";
    if (!has_object(reader->file, "/entry/definition") ||
        !status_is_ok(hdf5_read_text(reader->file, "/entry/definition", sizeof definition, definition)) ||
        strcmp(definition, "NXmx") != 0)
        return status_error(STATUS_BAD_FILE, "it is no NXmx file");
    TRY(open_all_images(reader));
    TRY(read_geometry(reader));
    TRY(read_detector(reader->file, &reader->description));
    TRY(read_frames(reader));
    return read_mask_kind(reader);
}

static Status open_file(const char *path, NxmxReader *reader) {
    reader->path = malloc(strlen(path) + 1);
    if (reader->path == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the name of %s", path);
    memcpy(reader->path, path, strlen(path) + 1);
    TRY(hdf5_open_file(path, false, &reader->file));
    TRY(hdf5_inside_check_file(reader->file, path));
    const Status status = read_file(reader);
    if (status_is_ok(status)) return status;
    return status_error(status.code, "%s: %.800s", path, status.message);
}

Status nxmx_reader_open(const char *path, Notes *notes, NxmxReader **reader) {
    *reader = NULL;
    hdf5_prepare();
    NxmxReader *opened = calloc(1, sizeof *opened);
    if (opened == NULL) return status_error(STATUS_NO_MEMORY, "no memory to read %s", path);
    opened->file = opened->main = opened->expected = H5I_INVALID_HID;
    opened->notes = notes;
    const Status status = open_file(path, opened);
    opened->notes = NULL;
    if (!status_is_ok(status)) nxmx_reader_close(&opened);
    *reader = opened;
    return status;
}

void nxmx_reader_close(NxmxReader **reader) {
    NxmxReader *closing = *reader;
    if (closing == NULL) return;
    if (closing->expected >= 0) (void)H5Dclose(closing->expected);
    if (closing->main >= 0) (void)H5Dclose(closing->main);
    (void)hdf5_close_file(closing->path, &closing->file);
    panel_geometry_free(&closing->panels);
    free(closing->frame);
    free(closing->path);
    free(closing);
    *reader = NULL;
}
