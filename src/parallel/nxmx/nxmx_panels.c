#include "nxmx/nxmx_panels.h"

#include "hdf5/hdf5_helpers.h"
#include "nxmx/nxmx_chain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRANSFORMATIONS "/entry/instrument/detector/transformations/"
enum { NAME_BYTES = 128 };

/* Name of panel @p number: readers take modules in the order of their names.
 * @param name  [NAME_BYTES] */
static void name_module(const Detector *detector, int number, char *name) {
    enum { DIGITS = 10 };
    char text[DIGITS + 2];
    int digits = 1;
    for (int most = detector->panel_count - 1; most > 9; most /= 10) digits++;
    (void)snprintf(text, sizeof text, "%0*d", DIGITS, number);
    (void)snprintf(name, NAME_BYTES, "module_%s", text + DIGITS - digits);
}

/* Axes and origin of a panel or group, in the laboratory's frame of the file. */
typedef struct Place {
    Mat3 axes; /* rows: fast, slow at right angles to it, and across both */
    Vec3 origin_m;
} Place;

static Place place_of(const NexusGeometry *geometry, Vec3 fast, Vec3 slow, Vec3 origin_m) {
    Place place = {.origin_m = mat3_apply(geometry->to_mcstas, origin_m)};
    const Vec3 along = mat3_apply(geometry->to_mcstas, fast);
    const Vec3 across = vec3_unit(vec3_cross(along, mat3_apply(geometry->to_mcstas, slow)));
    place.axes = (Mat3){{along, vec3_cross(across, along), across}};
    return place;
}

/* What all chains end with: the laboratory's axes at the end of det_z. */
static Place place_of_base(const NexusGeometry *geometry) {
    return (Place){mat3_identity(), vec3(0.0, 0.0, geometry->detector_z_m)};
}

static Place place_of_group(const Detector *detector, const NexusGeometry *geometry, int group) {
    if (group < 0) return place_of_base(geometry);
    const PanelGroup *g = &detector->groups[group];
    return place_of(geometry, g->fast, g->slow, g->origin_m);
}

/* The last element of a group's chain, on which what lies in it depends.
 * @param path  [NAME_BYTES] */
static void path_of_group(int group, char *path) {
    if (group < 0)
        (void)snprintf(path, NAME_BYTES, "%s", NXMX_DETECTOR_Z);
    else
        (void)snprintf(path, NAME_BYTES, TRANSFORMATIONS "group_%d_rotation", group);
}

/* Rotation and offset of a place as seen from the one that it lies in: v -> rotation v + offset. */
static Status write_place(hid_t group, const char *name, Place place, Place parent, const char *depends_on) {
    char rotation[NAME_BYTES], offset[NAME_BYTES], path[NAME_BYTES];
    const Vec3 from_parent = mat3_apply(parent.axes, vec3_subtract(place.origin_m, parent.origin_m));
    const double length_m = vec3_length(from_parent);
    const Mat3 turned = mat3_multiply(parent.axes, mat3_transpose(place.axes));
    (void)snprintf(rotation, sizeof rotation, "%.40s_rotation", name);
    (void)snprintf(offset, sizeof offset, "%.40s_offset", name);
    (void)snprintf(path, sizeof path, TRANSFORMATIONS "%.50s", offset);
    TRY(nxmx_chain_translation(group, offset, length_m, length_m > 0.0 ? vec3_unit(from_parent) : vec3(0.0, 0.0, 1.0),
                               depends_on));
    return nxmx_chain_rotation(group, rotation, turned, path);
}

Status nxmx_panels_place(hid_t transformations, const Detector *detector, const NexusGeometry *geometry) {
    char name[NAME_BYTES], depends_on[NAME_BYTES];
    if (detector->panel_count == 1) return status_ok();
    for (int i = 0; i < detector->group_count; i++) {
        const int parent = detector->groups[i].parent;
        (void)snprintf(name, sizeof name, "group_%d", i);
        path_of_group(parent, depends_on);
        TRY(write_place(transformations, name, place_of_group(detector, geometry, i),
                        place_of_group(detector, geometry, parent), depends_on));
    }
    for (int i = 0; i < detector->panel_count; i++) {
        const Panel *panel = &detector->panels[i];
        name_module(detector, i, name);
        path_of_group(panel->group, depends_on);
        TRY(write_place(transformations, name, place_of(geometry, panel->fast, panel->slow, panel->pixel0_m),
                        place_of_group(detector, geometry, panel->group), depends_on));
    }
    return status_ok();
}

Status nxmx_panels_write_sensor(hid_t module, const Panel *panel) {
    TRY(hdf5_write_real(module, "sensor_thickness", panel->sensor.thickness_m, "m"));
    if (!(panel->sensor.thickness_m > 0.0)) return status_ok();
    return hdf5_write_real(module, "sensor_attenuation", 1.0 / panel->sensor.absorption_per_m, "m");
}

/* A panel, and the name of its module. */
typedef struct Module {
    const Panel *panel;
    char name[NAME_BYTES];
} Module;

static Status fill_module(hid_t group, const void *context) {
    const Module *module = context;
    const Panel *panel = module->panel;
    const int32_t origin[2] = {(int32_t)panel->canvas.slow, (int32_t)panel->canvas.fast}, stride[2] = {1, 1};
    const int32_t size[2] = {(int32_t)panel->canvas.slow_pixels, (int32_t)panel->canvas.fast_pixels};
    const double lean = vec3_dot(panel->fast, panel->slow); /* 0 but for exact axes of CrystFEL */
    char depends_on[NAME_BYTES];
    (void)snprintf(depends_on, sizeof depends_on, TRANSFORMATIONS "%.50s_rotation", module->name);
    if (*panel->name != '\0') TRY(hdf5_write_text(group, "local_name", panel->name));
    TRY(nxmx_panels_write_sensor(group, panel));
    TRY(hdf5_write(group, "data_origin", H5T_NATIVE_INT32, hdf5_list(2), origin));
    TRY(hdf5_write(group, "data_size", H5T_NATIVE_INT32, hdf5_list(2), size));
    TRY(hdf5_write(group, "data_stride", H5T_NATIVE_INT32, hdf5_list(2), stride));
    TRY(nxmx_chain_translation(group, "module_offset", 0.0, vec3(0.0, 0.0, 1.0), depends_on));
    TRY(nxmx_chain_translation(group, "fast_pixel_direction", panel->pixel_size_m[0], vec3(1.0, 0.0, 0.0), depends_on));
    return nxmx_chain_translation(group, "slow_pixel_direction", panel->pixel_size_m[1],
                                  vec3(lean, sqrt(1.0 - lean * lean), 0.0), depends_on);
}

Status nxmx_panels_write(hid_t nxdetector, const Detector *detector) {
    for (int i = 0; i < detector->panel_count; i++) {
        Module module = {.panel = &detector->panels[i]};
        name_module(detector, i, module.name);
        TRY(hdf5_write_group(nxdetector, module.name, "NXdetector_module", fill_module, &module));
    }
    return status_ok();
}

/* One vector of each panel, at an offset within it. */
static Status write_vectors(hid_t group, const char *name, const Detector *detector, size_t offset, const char *units) {
    const int count = detector->panel_count;
    double *values = malloc(3 * (size_t)count * sizeof *values);
    if (values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the vectors of %d panels", count);
    for (int i = 0; i < count; i++) {
        Vec3 v;
        memcpy(&v, (const char *)&detector->panels[i] + offset, sizeof v);
        values[3 * i] = v.x;
        values[3 * i + 1] = v.y;
        values[3 * i + 2] = v.z;
    }
    const Hdf5Shape shape = count == 1 ? hdf5_list(3) : hdf5_table(count, 3);
    const Status status = hdf5_write_reals(group, name, shape, values, units);
    free(values);
    return status;
}

Status nxmx_panels_write_native(hid_t group, const Detector *detector) {
    TRY(write_vectors(group, "fdet", detector, offsetof(Panel, fast), NULL));
    TRY(write_vectors(group, "sdet", detector, offsetof(Panel, slow), NULL));
    TRY(write_vectors(group, "odet", detector, offsetof(Panel, normal), NULL));
    return write_vectors(group, "pix0", detector, offsetof(Panel, pixel0_m), "m");
}
