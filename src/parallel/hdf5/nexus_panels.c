#include "hdf5/nexus_panels.h"

#include "base/text.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "hdf5/nexus_chain.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODULES_MOST = 100000 };

/* A file that is being read. */
typedef struct Reading {
    NexusFile from;
    const char *path;
    char detector[NEXUS_PATH_BYTES];
    DetectorGeometry *geometry;
    Notes *notes;
} Reading;

/* ---------------------------------------------------------------------------------------------------------- modules */

/* The whole numbers of a dataset of two or three of them.
 * @return their number, 0 where there is no such dataset */
static int read_few(hid_t file, const char *object, int64_t *values) {
    int64_t count = 0;
    if (!nexus_exists(file, object) || !status_is_ok(hdf5_count(file, object, &count)) || count < 2 || count > 3)
        return 0;
    return status_is_ok(hdf5_read(file, object, H5T_NATIVE_INT64, count, values)) ? (int)count : 0;
}

/* Height and width of the images, or of the mask; 0 where there is neither. */
static void image_shape(const Reading *reading, int64_t *shape) {
    char mask[NEXUS_PATH_BYTES];
    nexus_join(reading->detector, "pixel_mask", mask);
    const char *const names[] = {NXMX_IMAGES, mask};
    shape[0] = shape[1] = 0;
    for (int i = 0; i < 2 && shape[0] == 0; i++) {
        hsize_t length[H5S_MAX_RANK] = {0};
        if (!nexus_exists(reading->from.file, names[i])) continue;
        hid_t dataset = H5I_INVALID_HID;
        if (!status_is_ok(hdf5_inside_open(reading->from.file, names[i], &dataset))) continue;
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
    char origin_path[NEXUS_PATH_BYTES], size_path[NEXUS_PATH_BYTES];
    int64_t origin[3] = {0, 0, 0}, size[3] = {0, 0, 0}, shape[2];
    nexus_join(module, "data_origin", origin_path);
    nexus_join(module, "data_size", size_path);
    const int count = read_few(reading->from.file, size_path, size);
    const bool placed = count > 0 && read_few(reading->from.file, origin_path, origin) == count;
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
    char fast_path[NEXUS_PATH_BYTES], slow_path[NEXUS_PATH_BYTES];
    NexusTransformation fast, slow;
    Vec3 corner_m = vec3(0.0, 0.0, 0.0), ignored = corner_m;
    nexus_join(module, "fast_pixel_direction", fast_path);
    nexus_join(module, "slow_pixel_direction", slow_path);
    TRY(nexus_read_transformation(&reading->from, fast_path, &fast));
    TRY(nexus_read_transformation(&reading->from, slow_path, &slow));
    panel->pixel_size_m[0] = fast.value;
    panel->pixel_size_m[1] = slow.value;
    corner_m = fast.offset_m;
    TRY(nexus_follow_chain(&reading->from, fast.depends_on, &fast.vector, &corner_m));
    TRY(nexus_follow_chain(&reading->from, slow.depends_on, &slow.vector, &ignored));
    /* McStas' frame is turned by 180 degrees about y */
    panel->fast = vec3(-fast.vector.x, fast.vector.y, -fast.vector.z);
    panel->slow = vec3(-slow.vector.x, slow.vector.y, -slow.vector.z);
    panel->corner_m = vec3(-corner_m.x, corner_m.y, -corner_m.z);
    return status_ok();
}

static double optional_quantity(Reading *reading, const char *group, const char *name, double otherwise) {
    char object[NEXUS_PATH_BYTES];
    double value = otherwise;
    nexus_join(group, name, object);
    if (!nexus_exists(reading->from.file, object) || !status_is_ok(nexus_read_quantity(&reading->from, object, &value)))
        return otherwise;
    return value;
}

static double optional_number(const Reading *reading, const char *name) {
    char object[NEXUS_PATH_BYTES];
    double value = NAN;
    nexus_join(reading->detector, name, object);
    if (!nexus_exists(reading->from.file, object) ||
        !status_is_ok(hdf5_read(reading->from.file, object, H5T_NATIVE_DOUBLE, 1, &value)))
        return NAN;
    return isfinite(value) ? value : NAN;
}

/* What all modules have in common. */
static PanelGeometry common_panel(Reading *reading) {
    char object[NEXUS_PATH_BYTES], material[PANEL_MATERIAL_BYTES] = "";
    PanelGeometry panel = {.group = -1, .absorption_per_m = NAN, .gain = NAN, .pedestal = NAN};
    panel.thickness_m = fmax(0.0, optional_quantity(reading, reading->detector, "sensor_thickness", 0.0));
    panel.trusted[0] = optional_number(reading, "underload_value");
    panel.trusted[1] = optional_number(reading, "saturation_value");
    nexus_join(reading->detector, "sensor_material", object);
    if (nexus_exists(reading->from.file, object) &&
        status_is_ok(nexus_read_text(reading->from.file, object, sizeof material, material)))
        (void)text_copy(panel.material, sizeof panel.material, material);
    return panel;
}

/* What our own files say of each panel. */
static void read_own(Reading *reading, const char *module, PanelGeometry *panel) {
    char object[NEXUS_PATH_BYTES], name[PANEL_NAME_BYTES] = "";
    panel->thickness_m = fmax(0.0, optional_quantity(reading, module, "sensor_thickness", panel->thickness_m));
    panel->absorption_per_m = 1.0 / optional_quantity(reading, module, "sensor_attenuation", NAN);
    nexus_join(module, "local_name", object);
    if (nexus_exists(reading->from.file, object) &&
        status_is_ok(nexus_read_text(reading->from.file, object, sizeof name, name)))
        (void)text_copy(panel->name, sizeof panel->name, name);
}

static Status read_modules(Reading *reading, const NexusMembers *modules) {
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
    char mask[NEXUS_PATH_BYTES];
    nexus_join(reading->detector, "pixel_mask", mask);
    if (!nexus_exists(reading->from.file, mask)) nexus_join(reading->detector, "detectorSpecific/pixel_mask", mask);
    if (!nexus_exists(reading->from.file, mask)) return status_ok();
    char own[] = "";
    PanelMaskFile file = {
        .path = own, .dataset = mask, .bad_bits = UINT32_MAX, .panel = -1, .axis = {PANEL_AXIS_SLOW, PANEL_AXIS_FAST}};
    for (int i = 2; i < PANEL_AXES_MOST; i++) file.axis[i] = PANEL_AXIS_NONE;
    return panel_geometry_add_mask_file(reading->geometry, &file);
}

static Status read_detector(Reading *reading) {
    char entry[NEXUS_PATH_BYTES], instrument[NEXUS_PATH_BYTES];
    NexusMembers modules;
    nexus_find_class(reading->from.file, "/", "NXentry", sizeof entry, entry);
    if (*entry == '\0') return status_error(STATUS_BAD_FILE, "it is no NeXus file: it has no NXentry");
    nexus_find_class(reading->from.file, entry, "NXinstrument", sizeof instrument, instrument);
    if (*instrument == '\0') return status_error(STATUS_BAD_FILE, "%s has no NXinstrument", entry);
    nexus_find_class(reading->from.file, instrument, "NXdetector", sizeof reading->detector, reading->detector);
    if (*reading->detector == '\0') return status_error(STATUS_BAD_FILE, "%s has no NXdetector", instrument);
    Status status = nexus_find_members(reading->from.file, reading->detector, "NXdetector_module", &modules);
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
    Reading reading = {.from = {.file = file}, .path = path, .geometry = geometry, .notes = notes};
    const Status status = read_detector(&reading);
    if (!status_is_ok(status)) return status_error(status.code, "%s: %.800s", path, status.message);
    if (reading.from.varies)
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
    if (!nexus_exists(file, object) || !status_is_ok(hdf5_count(file, object, &count)) || count < 1 ||
        count > INT32_MAX)
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
