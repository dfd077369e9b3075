#include "hdf5/nexus_panels.h"

#include "base/text.h"
#include "base/units.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 512, CLASS_BYTES = 64, UNIT_BYTES = 32, CHAIN_MOST = 64, MODULES_MOST = 100000 };

/* Files of Tessera say so of sensors whose thickness is ignored: DIALS wants some. */
#define NO_THICKNESS_M 1e-9

/* A file that is being read. */
typedef struct Reading {
    hid_t file;
    const char *path;
    char detector[PATH_BYTES];
    DetectorGeometry *geometry;
    Notes *notes;
    bool varies; /* a transformation has several values */
} Reading;

/* One transformation, or the axis of a module's pixels. */
typedef struct Transformation {
    bool rotation;
    double value; /* m or rad */
    Vec3 vector, offset_m;
    char depends_on[PATH_BYTES];
} Transformation;

/* ---------------------------------------------------------------------------------------------------------- objects */

static bool exists(hid_t file, const char *path) {
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

static bool has_attribute(hid_t file, const char *object, const char *name) {
    return H5Aexists_by_name(file, object, name, H5P_DEFAULT) > 0;
}

/* @param joined  [PATH_BYTES] */
static void join(const char *parent, const char *name, char *joined) {
    const char *slash = strcmp(parent, "/") == 0 ? "" : "/";
    if (snprintf(joined, PATH_BYTES, "%s%s%s", parent, slash, name) >= PATH_BYTES) *joined = '\0';
}

static bool has_class(hid_t file, const char *path, const char *nx_class) {
    char found[CLASS_BYTES] = "";
    return exists(file, path) && has_attribute(file, path, "NX_class") &&
           status_is_ok(hdf5_read_attribute_text(file, path, "NX_class", sizeof found, found)) &&
           strcmp(found, nx_class) == 0;
}

/* A group's members of one class, in the order of their names. */
typedef struct Members {
    hid_t file;
    const char *parent, *nx_class;
    int count;
    char (*path)[PATH_BYTES]; /* [count], owned */
} Members;

static herr_t take_member(hid_t group, const char *name, const H5L_info_t *info, void *context) {
    Members *members = context;
    char path[PATH_BYTES];
    (void)group;
    (void)info;
    join(members->parent, name, path);
    if (*path == '\0' || !has_class(members->file, path, members->nx_class)) return 0;
    if (members->count > MODULES_MOST) return -1;
    if ((members->count & (members->count - 1)) == 0) {
        void *larger = realloc(members->path, (members->count == 0 ? 1 : 2 * (size_t)members->count) * PATH_BYTES);
        if (larger == NULL) return -1;
        members->path = larger;
    }
    (void)text_copy(members->path[members->count++], PATH_BYTES, path);
    return 0;
}

static Status find_members(hid_t file, const char *parent, const char *nx_class, Members *members) {
    *members = (Members){.file = file, .parent = parent, .nx_class = nx_class};
    const herr_t walked =
        H5Literate_by_name(file, parent, H5_INDEX_NAME, H5_ITER_INC, NULL, take_member, members, H5P_DEFAULT);
    return walked < 0 ? status_error(STATUS_BAD_FILE, "cannot walk through %s", parent) : status_ok();
}

void nexus_find_class(hid_t file, const char *parent, const char *nx_class, size_t bytes, char *found) {
    Members members;
    (void)find_members(file, parent, nx_class, &members);
    (void)text_copy(found, bytes, members.count > 0 ? members.path[0] : "");
    free(members.path);
}

/* ---------------------------------------------------------------------------------------------------------- numbers */

/* A length in m or an angle in rad. */
static Status factor_of_unit(const char *object, const char *unit, double *factor) {
    *factor = unit_si(unit, "length");
    if (isnan(*factor)) *factor = unit_si(unit, "angle");
    if (!isnan(*factor)) return status_ok();
    return status_error(STATUS_BAD_FILE, "the unit of %s is \"%s\"; it must be one of length or angle", object, unit);
}

/* The first number of a dataset, in m or rad. */
static Status read_quantity(Reading *reading, const char *object, double *value) {
    char unit[UNIT_BYTES] = "m";
    int64_t count = 0;
    double factor = 1.0;
    TRY(hdf5_count(reading->file, object, &count));
    if (count < 1 || count > INT32_MAX) return status_error(STATUS_BAD_FILE, "%s holds no number", object);
    double *values = malloc((size_t)count * sizeof *values);
    if (values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %s", object);
    Status status = hdf5_read(reading->file, object, H5T_NATIVE_DOUBLE, count, values);
    *value = status_is_ok(status) ? values[0] : 0.0;
    for (int64_t i = 1; status_is_ok(status) && i < count; i++)
        reading->varies = reading->varies || values[i] != values[0];
    free(values);
    TRY(status);
    if (has_attribute(reading->file, object, "units"))
        TRY(hdf5_read_attribute_text(reading->file, object, "units", sizeof unit, unit));
    TRY(factor_of_unit(object, unit, &factor));
    *value *= factor;
    return isfinite(*value) ? status_ok() : status_error(STATUS_BAD_FILE, "%s is not a finite number", object);
}

static Status read_vector(hid_t file, const char *object, const char *name, Vec3 *vector) {
    double values[3] = {0.0, 0.0, 0.0};
    const hid_t attribute = H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT);
    const bool read =
        attribute >= 0 && hdf5_attribute_count(attribute) == 3 && H5Aread(attribute, H5T_NATIVE_DOUBLE, values) >= 0;
    if (attribute >= 0) (void)H5Aclose(attribute);
    *vector = vec3(values[0], values[1], values[2]);
    if (read && isfinite(vec3_length(*vector))) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s has no attribute \"%s\" of three finite numbers", object, name);
}

/* The whole numbers of a dataset of two or three of them.
 * @return their number, 0 where there is no such dataset */
static int read_few(hid_t file, const char *object, int64_t *values) {
    int64_t count = 0;
    if (!exists(file, object) || !status_is_ok(hdf5_count(file, object, &count)) || count < 2 || count > 3) return 0;
    return status_is_ok(hdf5_read(file, object, H5T_NATIVE_INT64, count, values)) ? (int)count : 0;
}

/* -------------------------------------------------------------------------------------------------- transformations */

/* What depends_on names from an object: a whole path, or one from the object's group, or from the group above it.
 * @param next  [PATH_BYTES], "." at the end of a chain */
static Status resolve(hid_t file, const char *object, const char *depends_on, char *next) {
    char folder[PATH_BYTES];
    if (strcmp(depends_on, ".") == 0 || depends_on[0] == '/') {
        (void)text_copy(next, PATH_BYTES, depends_on);
        return status_ok();
    }
    (void)text_copy(folder, sizeof folder, object);
    for (int level = 0; level < 2; level++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL || slash == folder) break;
        *slash = '\0';
        join(folder, depends_on, next);
        if (*next != '\0' && exists(file, next)) return status_ok();
    }
    return status_error(STATUS_BAD_FILE, "%s depends on \"%s\", which is not there", object, depends_on);
}

static Status read_transformation(Reading *reading, const char *object, Transformation *t) {
    char type[UNIT_BYTES] = "translation", depends_on[PATH_BYTES] = ".", unit[UNIT_BYTES] = "m";
    const hid_t file = reading->file;
    double factor = 1.0;
    *t = (Transformation){.value = 0.0};
    if (!exists(file, object)) return status_error(STATUS_BAD_FILE, "it has no %s", object);
    TRY(read_quantity(reading, object, &t->value));
    TRY(read_vector(file, object, "vector", &t->vector));
    if (!(vec3_length(t->vector) > 0.0)) return status_error(STATUS_BAD_FILE, "the vector of %s is zero", object);
    t->vector = vec3_unit(t->vector);
    if (has_attribute(file, object, "transformation_type"))
        TRY(hdf5_read_attribute_text(file, object, "transformation_type", sizeof type, type));
    t->rotation = strcmp(type, "rotation") == 0;
    if (!t->rotation && strcmp(type, "translation") != 0)
        return status_error(STATUS_BAD_FILE, "%s is a \"%s\"; it must be a translation or a rotation", object, type);
    if (has_attribute(file, object, "offset")) {
        TRY(read_vector(file, object, "offset", &t->offset_m));
        const char *name = has_attribute(file, object, "offset_units") ? "offset_units" : "units";
        if (has_attribute(file, object, name) && (!t->rotation || strcmp(name, "units") != 0))
            TRY(hdf5_read_attribute_text(file, object, name, sizeof unit, unit));
        TRY(factor_of_unit(object, unit, &factor));
        t->offset_m = vec3_scale(factor, t->offset_m);
    }
    if (has_attribute(file, object, "depends_on"))
        TRY(hdf5_read_attribute_text(file, object, "depends_on", sizeof depends_on, depends_on));
    return resolve(file, object, depends_on, t->depends_on);
}

/* Takes a direction and a point through the chain that begins at an object: R v, and R p + offset, or p + value vector
 * + offset. */
static Status follow_chain(Reading *reading, const char *start, Vec3 *direction, Vec3 *point_m) {
    char path[PATH_BYTES];
    (void)text_copy(path, sizeof path, start);
    for (int step = 0; step < CHAIN_MOST; step++) {
        Transformation t;
        if (strcmp(path, ".") == 0) return status_ok();
        TRY(read_transformation(reading, path, &t));
        if (t.rotation) {
            *direction = vec3_rotate_about(*direction, t.vector, t.value);
            *point_m = vec3_rotate_about(*point_m, t.vector, t.value);
        } else {
            *point_m = vec3_add(*point_m, vec3_scale(t.value, t.vector));
        }
        *point_m = vec3_add(*point_m, t.offset_m);
        (void)text_copy(path, sizeof path, t.depends_on);
    }
    return status_error(STATUS_BAD_FILE, "the chain of transformations from %s does not end within %d steps", start,
                        CHAIN_MOST);
}

/* ---------------------------------------------------------------------------------------------------------- modules */

/* Height and width of the images, or of the mask; 0 where there is neither. */
static void image_shape(const Reading *reading, int64_t *shape) {
    char mask[PATH_BYTES];
    join(reading->detector, "pixel_mask", mask);
    const char *const names[] = {NXMX_IMAGES, mask};
    shape[0] = shape[1] = 0;
    for (int i = 0; i < 2 && shape[0] == 0; i++) {
        hsize_t length[H5S_MAX_RANK] = {0};
        if (!exists(reading->file, names[i])) continue;
        hid_t dataset = H5I_INVALID_HID;
        if (!status_is_ok(hdf5_inside_open(reading->file, names[i], &dataset))) continue;
        const hid_t space = dataset < 0 ? H5I_INVALID_HID : H5Dget_space(dataset);
        const int rank = space < 0 ? -1 : H5Sget_simple_extent_dims(space, length, NULL);
        if (rank >= 2 && rank <= 3 && length[rank - 1] <= INT32_MAX && length[rank - 2] <= INT32_MAX) {
            shape[0] = (int64_t)length[rank - 2];
            shape[1] = (int64_t)length[rank - 1];
        }
        if (space >= 0) (void)H5Sclose(space);
        if (dataset >= 0) (void)H5Dclose(dataset);
    }
}

/* Where the module lies in the image: [slow, fast], or with a module's number before them, which then lie one after
 * another along slow. One module alone without these numbers is the whole image. */
static Status place_on_canvas(const Reading *reading, const char *module, bool alone, PanelGeometry *panel) {
    char origin_path[PATH_BYTES], size_path[PATH_BYTES];
    int64_t origin[3] = {0, 0, 0}, size[3] = {0, 0, 0}, shape[2];
    join(module, "data_origin", origin_path);
    join(module, "data_size", size_path);
    const int count = read_few(reading->file, size_path, size);
    const bool placed = count > 0 && read_few(reading->file, origin_path, origin) == count;
    image_shape(reading, shape);
    if (alone && shape[0] > 0) {
        panel->pixels[0] = shape[1];
        panel->pixels[1] = shape[0];
        return status_ok();
    }
    if (!placed)
        return status_error(STATUS_BAD_FILE, "%s has no data_origin and data_size of two numbers each", module);
    panel->pixels[0] = size[count - 1];
    panel->pixels[1] = size[count - 2];
    panel->canvas[0] = origin[count - 1];
    panel->canvas[1] = origin[count - 2];
    if (count == 3 && (origin[0] < 0 || origin[0] > MODULES_MOST || shape[0] > INT32_MAX / (MODULES_MOST + 1)))
        return status_error(STATUS_BAD_FILE, "the data_origin of %s is beyond the largest image that there is", module);
    if (count == 3) panel->canvas[1] += origin[0] * (shape[0] > 0 ? shape[0] : size[1]);
    return status_ok();
}

static Status place_in_space(Reading *reading, const char *module, PanelGeometry *panel) {
    char fast_path[PATH_BYTES], slow_path[PATH_BYTES];
    Transformation fast, slow;
    Vec3 corner_m = vec3(0.0, 0.0, 0.0), ignored = corner_m;
    join(module, "fast_pixel_direction", fast_path);
    join(module, "slow_pixel_direction", slow_path);
    TRY(read_transformation(reading, fast_path, &fast));
    TRY(read_transformation(reading, slow_path, &slow));
    panel->pixel_size_m[0] = fast.value;
    panel->pixel_size_m[1] = slow.value;
    corner_m = fast.offset_m;
    TRY(follow_chain(reading, fast.depends_on, &fast.vector, &corner_m));
    TRY(follow_chain(reading, slow.depends_on, &slow.vector, &ignored));
    /* McStas' frame is turned by 180 degrees about y */
    panel->fast = vec3(-fast.vector.x, fast.vector.y, -fast.vector.z);
    panel->slow = vec3(-slow.vector.x, slow.vector.y, -slow.vector.z);
    panel->corner_m = vec3(-corner_m.x, corner_m.y, -corner_m.z);
    return status_ok();
}

static double optional_quantity(Reading *reading, const char *group, const char *name, double otherwise) {
    char object[PATH_BYTES];
    double value = otherwise;
    join(group, name, object);
    if (!exists(reading->file, object) || !status_is_ok(read_quantity(reading, object, &value))) return otherwise;
    return value;
}

static double optional_number(const Reading *reading, const char *name) {
    char object[PATH_BYTES];
    double value = NAN;
    join(reading->detector, name, object);
    if (!exists(reading->file, object) || !status_is_ok(hdf5_read(reading->file, object, H5T_NATIVE_DOUBLE, 1, &value)))
        return NAN;
    return isfinite(value) ? value : NAN;
}

/* What all modules have in common. */
static PanelGeometry common_panel(Reading *reading) {
    char object[PATH_BYTES], material[PANEL_MATERIAL_BYTES] = "";
    PanelGeometry panel = {.group = -1, .absorption_per_m = NAN, .gain = NAN, .pedestal = NAN};
    panel.thickness_m = fmax(0.0, optional_quantity(reading, reading->detector, "sensor_thickness", 0.0));
    if (panel.thickness_m <= NO_THICKNESS_M) panel.thickness_m = 0.0;
    panel.trusted[0] = optional_number(reading, "underload_value");
    panel.trusted[1] = optional_number(reading, "saturation_value");
    join(reading->detector, "sensor_material", object);
    if (exists(reading->file, object) && status_is_ok(hdf5_read_text(reading->file, object, sizeof material, material)))
        (void)text_copy(panel.material, sizeof panel.material, material);
    return panel;
}

/* What our own files say of each panel. */
static void read_own(Reading *reading, const char *module, PanelGeometry *panel) {
    char object[PATH_BYTES], name[PANEL_NAME_BYTES] = "";
    panel->thickness_m = fmax(0.0, optional_quantity(reading, module, "sensor_thickness", panel->thickness_m));
    panel->absorption_per_m = 1.0 / optional_quantity(reading, module, "sensor_attenuation", NAN);
    join(module, "local_name", object);
    if (exists(reading->file, object) && status_is_ok(hdf5_read_text(reading->file, object, sizeof name, name)))
        (void)text_copy(panel->name, sizeof panel->name, name);
}

static Status read_modules(Reading *reading, const Members *modules) {
    const PanelGeometry common = common_panel(reading);
    for (int i = 0; i < modules->count; i++) {
        PanelGeometry panel = common;
        const char *name = strrchr(modules->path[i], '/');
        (void)text_copy(panel.name, sizeof panel.name, name == NULL ? modules->path[i] : name + 1);
        read_own(reading, modules->path[i], &panel);
        TRY(place_in_space(reading, modules->path[i], &panel));
        TRY(place_on_canvas(reading, modules->path[i], modules->count == 1, &panel));
        TRY(panel_geometry_add_panel(reading->geometry, &panel));
    }
    return status_ok();
}

/* The mask has the canvas's own coordinates. */
static Status add_mask(const Reading *reading) {
    char mask[PATH_BYTES];
    join(reading->detector, "pixel_mask", mask);
    if (!exists(reading->file, mask)) join(reading->detector, "detectorSpecific/pixel_mask", mask);
    if (!exists(reading->file, mask)) return status_ok();
    char own[] = "";
    PanelMaskFile file = {
        .path = own, .dataset = mask, .bad_bits = UINT32_MAX, .panel = -1, .axis = {PANEL_AXIS_SLOW, PANEL_AXIS_FAST}};
    for (int i = 2; i < PANEL_AXES_MOST; i++) file.axis[i] = PANEL_AXIS_NONE;
    return panel_geometry_add_mask_file(reading->geometry, &file);
}

static Status read_detector(Reading *reading) {
    char entry[PATH_BYTES], instrument[PATH_BYTES];
    Members modules;
    nexus_find_class(reading->file, "/", "NXentry", sizeof entry, entry);
    if (*entry == '\0') return status_error(STATUS_BAD_FILE, "it is no NeXus file: it has no NXentry");
    nexus_find_class(reading->file, entry, "NXinstrument", sizeof instrument, instrument);
    if (*instrument == '\0') return status_error(STATUS_BAD_FILE, "%s has no NXinstrument", entry);
    nexus_find_class(reading->file, instrument, "NXdetector", sizeof reading->detector, reading->detector);
    if (*reading->detector == '\0') return status_error(STATUS_BAD_FILE, "%s has no NXdetector", instrument);
    Status status = find_members(reading->file, reading->detector, "NXdetector_module", &modules);
    if (status_is_ok(status) && modules.count == 0)
        status = status_error(STATUS_BAD_FILE,
                              "%s has no NXdetector_module, which says where its pixels are; take the geometry from an "
                              ".expt that dials.import writes of it",
                              reading->detector);
    if (status_is_ok(status)) status = read_modules(reading, &modules);
    free(modules.path);
    return status_is_ok(status) ? add_mask(reading) : status;
}

Status nexus_panels_of_file(hid_t file, const char *path, DetectorGeometry *geometry, Notes *notes) {
    *geometry = (DetectorGeometry){0};
    Reading reading = {.file = file, .path = path, .geometry = geometry, .notes = notes};
    const Status status = read_detector(&reading);
    if (!status_is_ok(status)) return status_error(status.code, "%s: %.800s", path, status.message);
    if (reading.varies)
        notes_add(notes, "%s: a transformation of the detector differs between images; its first value counts", path);
    return panel_geometry_check(geometry, path);
}

Status nexus_panels_read(const char *path, DetectorGeometry *geometry, Notes *notes) {
    hid_t file = H5I_INVALID_HID;
    *geometry = (DetectorGeometry){0};
    hdf5_prepare();
    TRY(hdf5_open_file(path, false, &file));
    const Status status = nexus_panels_of_file(file, path, geometry, notes);
    return status_first(status, hdf5_close_file(path, &file));
}

/* ------------------------------------------------------------------------------------------------------------ beam */

/* The first numbers of a dataset; those that it does not have stay as they are. */
static void read_first(hid_t file, const char *object, int most, double *values) {
    int64_t count = 0;
    if (!exists(file, object) || !status_is_ok(hdf5_count(file, object, &count)) || count < 1 || count > INT32_MAX)
        return;
    double *all = malloc((size_t)count * sizeof *all);
    if (all == NULL) return;
    if (status_is_ok(hdf5_read(file, object, H5T_NATIVE_DOUBLE, count, all)))
        for (int i = 0; i < most && i < count; i++) values[i] = all[i];
    free(all);
}

Status nexus_beam_read(const char *path, NexusBeam *beam) {
    hid_t file = H5I_INVALID_HID;
    double wavelength_angstrom = NAN, stokes[2] = {NAN, NAN};
    hdf5_prepare();
    TRY(hdf5_open_file(path, false, &file));
    read_first(file, "/entry/instrument/beam/incident_wavelength", 1, &wavelength_angstrom);
    read_first(file, "/entry/instrument/beam/incident_polarization_stokes", 2, stokes);
    *beam = (NexusBeam){.wavelength_m = 1e-10 * wavelength_angstrom, .polarization = stokes[1] / stokes[0]};
    if (!(beam->wavelength_m > 0.0)) beam->wavelength_m = NAN;
    if (!(fabs(beam->polarization) <= 1.0)) beam->polarization = NAN;
    return hdf5_close_file(path, &file);
}
