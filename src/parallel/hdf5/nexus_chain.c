#include "hdf5/nexus_chain.h"

#include "base/text.h"
#include "base/units.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASS_BYTES = 64, UNIT_BYTES = 32, CHAIN_MOST = 64, MEMBERS_MOST = 100000 };

/* ---------------------------------------------------------------------------------------------------------- objects */

bool nexus_exists(hid_t file, const char *path) {
    char part[NEXUS_PATH_BYTES];
    if (!text_copy(part, sizeof part, path)) return false;
    for (size_t end = 1; end <= strlen(path); end++) {
        if (path[end] != '/' && path[end] != '\0') continue;
        part[end] = '\0';
        if (H5Lexists(file, part, H5P_DEFAULT) <= 0) return false;
        part[end] = path[end];
    }
    return H5Oexists_by_name(file, path, H5P_DEFAULT) > 0;
}

bool nexus_has_attribute(hid_t file, const char *object, const char *name) {
    return H5Aexists_by_name(file, object, name, H5P_DEFAULT) > 0;
}

void nexus_join(const char *parent, const char *name, char *joined) {
    const char *slash = strcmp(parent, "/") == 0 ? "" : "/";
    if (snprintf(joined, NEXUS_PATH_BYTES, "%s%s%s", parent, slash, name) >= NEXUS_PATH_BYTES) *joined = '\0';
}

static bool has_class(hid_t file, const char *path, const char *nx_class) {
    char found[CLASS_BYTES] = "";
    return nexus_exists(file, path) && nexus_has_attribute(file, path, "NX_class") &&
           status_is_ok(hdf5_read_attribute_text(file, path, "NX_class", sizeof found, found)) &&
           strcmp(found, nx_class) == 0;
}

static herr_t take_member(hid_t group, const char *name, const H5L_info_t *info, void *context) {
    NexusMembers *members = context;
    char path[NEXUS_PATH_BYTES];
    (void)group;
    (void)info;
    nexus_join(members->parent, name, path);
    if (*path == '\0' || !has_class(members->file, path, members->nx_class)) return 0;
    if (members->count > MEMBERS_MOST) return -1;
    if ((members->count & (members->count - 1)) == 0) {
        void *larger =
            realloc(members->path, (members->count == 0 ? 1 : 2 * (size_t)members->count) * NEXUS_PATH_BYTES);
        if (larger == NULL) return -1;
        members->path = larger;
    }
    (void)text_copy(members->path[members->count++], NEXUS_PATH_BYTES, path);
    return 0;
}

Status nexus_find_members(hid_t file, const char *parent, const char *nx_class, NexusMembers *members) {
    *members = (NexusMembers){.file = file, .parent = parent, .nx_class = nx_class};
    const herr_t walked =
        H5Literate_by_name(file, parent, H5_INDEX_NAME, H5_ITER_INC, NULL, take_member, members, H5P_DEFAULT);
    return walked < 0 ? status_error(STATUS_BAD_FILE, "cannot walk through %s", parent) : status_ok();
}

void nexus_find_class(hid_t file, const char *parent, const char *nx_class, size_t bytes, char *found) {
    NexusMembers members;
    (void)nexus_find_members(file, parent, nx_class, &members);
    (void)text_copy(found, bytes, members.count > 0 ? members.path[0] : "");
    free(members.path);
}

/* ------------------------------------------------------------------------------------------------------------ texts */

/* Text of variable length is HDF5's own memory. */
static Status read_variable_text(hid_t dataset, hid_t type, const char *object, size_t bytes, char *text) {
    char *stored = NULL;
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &stored) < 0)
        return hdf5_error(STATUS_BAD_FILE, "read", object);
    const bool fits = text_copy(text, bytes, stored != NULL ? stored : "");
    (void)H5free_memory(stored);
    return fits ? status_ok() : status_error(STATUS_BAD_FILE, "%s is too long a text", object);
}

Status nexus_read_text(hid_t file, const char *object, size_t bytes, char *text) {
    hid_t dataset = H5I_INVALID_HID;
    int64_t count = 0;
    TRY(hdf5_count(file, object, &count));
    TRY(hdf5_inside_open(file, object, &dataset));
    const hid_t type = H5Dget_type(dataset);
    const bool is_variable = type >= 0 && H5Tis_variable_str(type) > 0;
    Status status = status_ok();
    if (is_variable && count == 1) status = read_variable_text(dataset, type, object, bytes, text);
    if (type >= 0) (void)H5Tclose(type);
    (void)H5Dclose(dataset);
    if (is_variable && count == 1) return status;
    return hdf5_read_text(file, object, bytes, text);
}

/* ---------------------------------------------------------------------------------------------------------- numbers */

/* A length in m or an angle in rad. */
static Status factor_of_unit(const char *object, const char *unit, double *factor) {
    *factor = unit_si(unit, "length");
    if (isnan(*factor)) *factor = unit_si(unit, "angle");
    if (!isnan(*factor)) return status_ok();
    return status_error(STATUS_BAD_FILE, "the unit of %s is \"%s\"; it must be one of length or angle", object, unit);
}

/* Room for the numbers of a dataset, and the numbers. */
static Status read_all(hid_t file, const char *object, int64_t *count, double **values) {
    TRY(hdf5_count(file, object, count));
    if (*count < 1 || *count > INT32_MAX) return status_error(STATUS_BAD_FILE, "%s holds no number", object);
    *values = malloc((size_t)*count * sizeof **values);
    if (*values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %s", object);
    return hdf5_read(file, object, H5T_NATIVE_DOUBLE, *count, *values);
}

Status nexus_read_values(hid_t file, const char *object, const char *unit, int64_t *count, double **values) {
    char own[UNIT_BYTES];
    double factor = 1.0;
    *values = NULL;
    (void)text_copy(own, sizeof own, unit);
    Status status = read_all(file, object, count, values);
    if (status_is_ok(status) && nexus_has_attribute(file, object, "units"))
        status = hdf5_read_attribute_text(file, object, "units", sizeof own, own);
    if (status_is_ok(status)) status = factor_of_unit(object, own, &factor);
    for (int64_t i = 0; status_is_ok(status) && i < *count; i++) (*values)[i] *= factor;
    if (status_is_ok(status)) return status;
    free(*values);
    *values = NULL;
    return status;
}

Status nexus_read_quantity(NexusFile *from, const char *object, double *value) {
    int64_t count = 0;
    double *values = NULL;
    TRY(nexus_read_values(from->file, object, "m", &count, &values));
    *value = values[0];
    for (int64_t i = 1; i < count; i++) from->varies = from->varies || values[i] != values[0];
    free(values);
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

/* -------------------------------------------------------------------------------------------------- transformations */

/* What depends_on names from an object: a whole path, or one from the object's group, or from the group above it.
 * @param next  [NEXUS_PATH_BYTES], "." at the end of a chain */
static Status resolve(hid_t file, const char *object, const char *depends_on, char *next) {
    char folder[NEXUS_PATH_BYTES];
    if (strcmp(depends_on, ".") == 0 || depends_on[0] == '/') {
        (void)text_copy(next, NEXUS_PATH_BYTES, depends_on);
        return status_ok();
    }
    (void)text_copy(folder, sizeof folder, object);
    for (int level = 0; level < 2; level++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL || slash == folder) break;
        *slash = '\0';
        nexus_join(folder, depends_on, next);
        if (*next != '\0' && nexus_exists(file, next)) return status_ok();
    }
    return status_error(STATUS_BAD_FILE, "%s depends on \"%s\", which is not there", object, depends_on);
}

Status nexus_read_transformation(NexusFile *from, const char *object, NexusTransformation *t) {
    char type[UNIT_BYTES] = "translation", depends_on[NEXUS_PATH_BYTES] = ".", unit[UNIT_BYTES] = "m";
    const hid_t file = from->file;
    double factor = 1.0;
    *t = (NexusTransformation){.value = 0.0};
    if (!nexus_exists(file, object)) return status_error(STATUS_BAD_FILE, "it has no %s", object);
    TRY(nexus_read_quantity(from, object, &t->value));
    TRY(read_vector(file, object, "vector", &t->vector));
    if (!(vec3_length(t->vector) > 0.0)) return status_error(STATUS_BAD_FILE, "the vector of %s is zero", object);
    t->vector = vec3_unit(t->vector);
    if (nexus_has_attribute(file, object, "transformation_type"))
        TRY(hdf5_read_attribute_text(file, object, "transformation_type", sizeof type, type));
    t->rotation = strcmp(type, "rotation") == 0;
    if (!t->rotation && strcmp(type, "translation") != 0)
        return status_error(STATUS_BAD_FILE, "%s is a \"%s\"; it must be a translation or a rotation", object, type);
    if (nexus_has_attribute(file, object, "offset")) {
        TRY(read_vector(file, object, "offset", &t->offset_m));
        const char *name = nexus_has_attribute(file, object, "offset_units") ? "offset_units" : "units";
        if (nexus_has_attribute(file, object, name) && (!t->rotation || strcmp(name, "units") != 0))
            TRY(hdf5_read_attribute_text(file, object, name, sizeof unit, unit));
        TRY(factor_of_unit(object, unit, &factor));
        t->offset_m = vec3_scale(factor, t->offset_m);
    }
    if (nexus_has_attribute(file, object, "depends_on"))
        TRY(hdf5_read_attribute_text(file, object, "depends_on", sizeof depends_on, depends_on));
    return resolve(file, object, depends_on, t->depends_on);
}

Status nexus_follow_chain(NexusFile *from, const char *start, Vec3 *direction, Vec3 *point_m) {
    char path[NEXUS_PATH_BYTES];
    (void)text_copy(path, sizeof path, start);
    for (int step = 0; step < CHAIN_MOST; step++) {
        NexusTransformation t;
        if (strcmp(path, ".") == 0) return status_ok();
        TRY(nexus_read_transformation(from, path, &t));
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
