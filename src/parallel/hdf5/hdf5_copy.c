#include "hdf5/hdf5_copy.h"

#include "base/text.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 1024, FILE_NAME_BYTES = 4096 };

/* Of a dataset that is copied by way of memory. */
static const double PLAIN_BYTES_MOST = 1 << 28;

/* An object with several hard links, and the first of them. */
typedef struct Known {
    haddr_t address;
    char path[PATH_BYTES];
} Known;

/* A copy under way. */
typedef struct Copy {
    hid_t source_file, target_file;
    const char *source_path;
    Hdf5CopyObject copy_one;
    void *context;
    int knowns, room;
    Known *known;
} Copy;

/* A group of it. */
typedef struct CopiedGroup {
    Copy *copy;
    hid_t target;
    const char *path; /* "" for the root */
    Status status;
} CopiedGroup;

/* ------------------------------------------------------------------------------------------------------- attributes */

/* An object whose attributes are copied. */
typedef struct CopiedAttributes {
    hid_t target;
    Status status;
} CopiedAttributes;

static bool has_pointers(hid_t type) {
    return H5Tdetect_class(type, H5T_VLEN) > 0 || H5Tis_variable_str(type) > 0;
}

/* Text of variable length is held by pointers, which are freed. */
static Status copy_attribute_values(hid_t from, hid_t to, hid_t type, hid_t space, const char *name) {
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    void *values = calloc(count > 0 ? (size_t)count : 1, H5Tget_size(type));
    if (values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for attribute %s", name);
    const bool is_read = H5Aread(from, type, values) >= 0;
    Status status = is_read && H5Awrite(to, type, values) >= 0
                        ? status_ok()
                        : hdf5_error(STATUS_OUTPUT_FAILED, "copy attribute", name);
    if (is_read && has_pointers(type)) (void)H5Dvlen_reclaim(type, space, H5P_DEFAULT, values);
    free(values);
    return status;
}

/* Text of fixed length, as earlier revisions wrote it, becomes text of variable length like all attributes.
 * @param type  of the texts, each with room for a final zero */
static Status renew_text_attribute(hid_t from, hid_t target, hid_t type, hid_t space, const char *name) {
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    const size_t bytes = H5Tget_size(type);
    char *texts = calloc(count > 0 ? (size_t)count : 1, bytes);
    if (texts == NULL) return status_error(STATUS_NO_MEMORY, "no memory for attribute %s", name);
    Status status = H5Aread(from, type, texts) < 0 ? hdf5_error(STATUS_BAD_FILE, "read attribute", name) : status_ok();
    for (hssize_t i = 0; i < count; i++) texts[(size_t)(i + 1) * bytes - 1] = '\0';
    if (status_is_ok(status))
        status = H5Sget_simple_extent_ndims(space) == 0
                     ? hdf5_attribute_text(target, ".", name, texts)
                     : hdf5_attribute_texts(target, ".", name, (int64_t)count, bytes, texts);
    free(texts);
    return status;
}

/* @return a type with room for a final zero, which the caller closes; negative where nothing has to be renewed */
static hid_t type_of_old_text(hid_t type, hid_t space) {
    const bool old = type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
                     H5Sget_simple_extent_ndims(space) <= 1;
    const hid_t wider = old ? H5Tcopy(type) : H5I_INVALID_HID;
    if (wider >= 0) (void)H5Tset_size(wider, H5Tget_size(type) + 1);
    if (wider >= 0) (void)H5Tset_strpad(wider, H5T_STR_NULLTERM);
    return wider;
}

static Status copy_as_it_is(hid_t from, hid_t target, hid_t type, hid_t space, const char *name) {
    const hid_t to = H5Acreate2(target, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const Status status = to < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "copy attribute", name)
                                 : copy_attribute_values(from, to, type, space, name);
    if (to >= 0) (void)H5Aclose(to);
    return status;
}

static herr_t copy_attribute(hid_t source, const char *name, const H5A_info_t *info, void *context) {
    (void)info;
    CopiedAttributes *copied = context;
    const hid_t from = H5Aopen(source, name, H5P_DEFAULT);
    const hid_t type = from < 0 ? H5I_INVALID_HID : H5Aget_type(from);
    const hid_t space = from < 0 ? H5I_INVALID_HID : H5Aget_space(from);
    const hid_t old = type < 0 || space < 0 ? H5I_INVALID_HID : type_of_old_text(type, space);
    copied->status = type < 0 || space < 0 ? hdf5_error(STATUS_BAD_FILE, "read attribute", name)
                     : old >= 0            ? renew_text_attribute(from, copied->target, old, space, name)
                                           : copy_as_it_is(from, copied->target, type, space, name);
    if (old >= 0) (void)H5Tclose(old);
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
    if (from >= 0) (void)H5Aclose(from);
    return status_is_ok(copied->status) ? 0 : -1;
}

Status hdf5_copy_attributes(hid_t source, hid_t target) {
    CopiedAttributes copied = {.target = target, .status = status_ok()};
    hsize_t next = 0;
    if (H5Aiterate2(source, H5_INDEX_NAME, H5_ITER_NATIVE, &next, copy_attribute, &copied) >= 0) return status_ok();
    return status_first(copied.status, hdf5_error(STATUS_OUTPUT_FAILED, "copy", "attributes"));
}

/* --------------------------------------------------------------------------------------------------------- datasets */

/* Names are relative to the folder of the file that has the virtual dataset. */
static bool part_is_there(const char *file, const char *part) {
    char beside[FILE_NAME_BYTES];
    const char *slash = strrchr(file, '/');
    const int folder = slash == NULL || part[0] == '/' ? 0 : (int)(slash + 1 - file);
    return snprintf(beside, sizeof beside, "%.*s%s", folder, file, part) < (int)sizeof beside &&
           (access(beside, R_OK) == 0 || access(part, R_OK) == 0);
}

static Status check_parts(hid_t creation, const char *path) {
    size_t parts = 0;
    if (H5Pget_virtual_count(creation, &parts) < 0) return hdf5_error(STATUS_BAD_FILE, "read the parts of", path);
    for (size_t i = 0; i < parts; i++) {
        char part[FILE_NAME_BYTES / 2] = "";
        if (H5Pget_virtual_filename(creation, i, part, sizeof part) < 0)
            return hdf5_error(STATUS_BAD_FILE, "read the parts of", path);
        if (strcmp(part, ".") != 0 && !part_is_there(path, part))
            return status_error(STATUS_BAD_FILE, "%.400s: its part %.400s is missing", path, part);
    }
    return status_ok();
}

Status hdf5_check_virtual(hid_t dataset, const char *path, bool *is_virtual) {
    const hid_t creation = H5Dget_create_plist(dataset);
    *is_virtual = creation >= 0 && H5Pget_layout(creation) == H5D_VIRTUAL;
    const Status status = *is_virtual ? check_parts(creation, path) : status_ok();
    if (creation >= 0) (void)H5Pclose(creation);
    return status;
}

/* A new dataset with the attributes of @p from, and with @p values unless they are NULL, which are of @p type. */
static Status write_copy(hid_t from, hid_t target, const char *name, hid_t type, hid_t creation, const void *values) {
    const hid_t space = H5Dget_space(from);
    const hid_t to =
        space < 0 ? H5I_INVALID_HID : H5Dcreate2(target, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    Status status = to < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "create", name) : status_ok();
    if (status_is_ok(status) && values != NULL && H5Dwrite(to, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        status = hdf5_error(STATUS_OUTPUT_FAILED, "write", name);
    if (status_is_ok(status)) status = hdf5_copy_attributes(from, to);
    if (to >= 0 && H5Dclose(to) < 0 && status_is_ok(status)) status = hdf5_error(STATUS_OUTPUT_FAILED, "write", name);
    if (space >= 0) (void)H5Sclose(space);
    return status;
}

/* Text that needs no more becomes ASCII, as it is written today: the bytes are the same. */
static void mark_ascii(hid_t type, const unsigned char *values, size_t bytes) {
    if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0) return;
    for (size_t i = 0; i < bytes; i++)
        if (values[i] >= 0x80) return;
    (void)H5Tset_cset(type, H5T_CSET_ASCII);
}

/* A new dataset with the attributes of @p from and the values that it shows, where any have been written. */
static Status copy_shown(hid_t from, hid_t target, const char *name, hid_t creation, bool is_written) {
    const hid_t type = H5Dget_type(from), space = H5Dget_space(from);
    const hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    const size_t bytes = type < 0 || count < 1 ? 1 : (size_t)count * H5Tget_size(type);
    void *values = is_written ? calloc(bytes, 1) : NULL;
    Status status = is_written && values == NULL ? status_error(STATUS_NO_MEMORY, "no memory for %s", name)
                    : type < 0 || count < 0      ? hdf5_error(STATUS_BAD_FILE, "read", name)
                                                 : status_ok();
    if (status_is_ok(status) && is_written && H5Dread(from, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        status = hdf5_error(STATUS_BAD_FILE, "read", name);
    if (status_is_ok(status) && is_written) mark_ascii(type, values, bytes);
    if (status_is_ok(status)) status = write_copy(from, target, name, type, creation, values);
    free(values);
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
    return status;
}

/* Values that lie in the file as they lie in memory, and in not too much of it. */
static bool is_plain(hid_t dataset) {
    const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    const double count = space < 0 ? 0.0 : (double)H5Sget_simple_extent_npoints(space);
    const bool plain = type >= 0 && space >= 0 && !has_pointers(type) && H5Tdetect_class(type, H5T_REFERENCE) == 0 &&
                       count * (double)H5Tget_size(type) <= PLAIN_BYTES_MOST;
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
    return plain;
}

/* Plain values by our own hands: HDF5 1.10 ends with a segmentation fault when H5Ocopy finds the disk full. */
static Status copy_stored(hid_t source, hid_t dataset, hid_t target, const char *name) {
    if (!is_plain(dataset))
        return H5Ocopy(source, name, target, name, H5P_DEFAULT, H5P_DEFAULT) < 0
                   ? hdf5_error(STATUS_OUTPUT_FAILED, "copy", name)
                   : status_ok();
    const hid_t creation = H5Dget_create_plist(dataset);
    if (creation < 0) return hdf5_error(STATUS_BAD_FILE, "read", name);
    const Status status = copy_shown(dataset, target, name, creation, H5Dget_storage_size(dataset) > 0);
    (void)H5Pclose(creation);
    return status;
}

static Status copy_dataset(const CopiedGroup *group, hid_t source, hid_t dataset, const char *name) {
    bool is_virtual = false;
    TRY(hdf5_check_virtual(dataset, group->copy->source_path, &is_virtual));
    return is_virtual ? copy_shown(dataset, group->target, name, H5P_DEFAULT, true)
                      : copy_stored(source, dataset, group->target, name);
}

/* ----------------------------------------------------------------------------------------------------------- groups */

static const Known *find_known(const Copy *copy, haddr_t address) {
    for (int i = 0; i < copy->knowns; i++)
        if (copy->known[i].address == address) return &copy->known[i];
    return NULL;
}

static Status remember(Copy *copy, haddr_t address, const char *path) {
    if (copy->knowns == copy->room) {
        const int room = 2 * copy->room + 16;
        Known *known = realloc(copy->known, (size_t)room * sizeof *known);
        if (known == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a list of links");
        copy->known = known;
        copy->room = room;
    }
    copy->known[copy->knowns].address = address;
    (void)text_copy(copy->known[copy->knowns++].path, PATH_BYTES, path);
    return status_ok();
}

static Status copy_members(Copy *copy, hid_t source, hid_t target, const char *path);

static Status copy_group(const CopiedGroup *group, hid_t source, const char *name, const char *path) {
    const hid_t creation = H5Gget_create_plist(source);
    const hid_t target = H5Gcreate2(group->target, name, H5P_DEFAULT, creation, H5P_DEFAULT);
    Status status = target < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "create group", path) : status_ok();
    if (status_is_ok(status)) status = copy_members(group->copy, source, target, path);
    if (target >= 0) (void)H5Gclose(target);
    if (creation >= 0) (void)H5Pclose(creation);
    return status;
}

/* An object behind a hard link. */
static Status copy_object(const CopiedGroup *group, hid_t source, hid_t object, const char *name) {
    char path[PATH_BYTES];
    bool taken = false;
    H5O_info_t info;
    if (snprintf(path, sizeof path, "%s/%s", group->path, name) >= (int)sizeof path)
        return status_error(STATUS_BAD_FILE, "the name %.100s... of an object is too long", path);
    if (object < 0 || H5Oget_info(object, &info) < 0) return hdf5_error(STATUS_BAD_FILE, "open", path);
    const Known *known = info.rc > 1 ? find_known(group->copy, info.addr) : NULL;
    if (known != NULL)
        return H5Lcreate_hard(group->copy->target_file, known->path, group->target, name, H5P_DEFAULT, H5P_DEFAULT) < 0
                   ? hdf5_error(STATUS_OUTPUT_FAILED, "link", path)
                   : status_ok();
    if (info.rc > 1) TRY(remember(group->copy, info.addr, path));
    TRY(group->copy->copy_one(source, group->target, name, path, group->copy->context, &taken));
    if (taken) return status_ok();
    if (info.type == H5O_TYPE_GROUP) return copy_group(group, object, name, path);
    if (info.type == H5O_TYPE_DATASET) return copy_dataset(group, source, object, name);
    return H5Ocopy(source, name, group->target, name, H5P_DEFAULT, H5P_DEFAULT) < 0
               ? hdf5_error(STATUS_OUTPUT_FAILED, "copy", path)
               : status_ok();
}

static herr_t copy_link(hid_t source, const char *name, const H5L_info_t *info, void *context) {
    CopiedGroup *group = context;
    if (info->type == H5L_TYPE_HARD) {
        const hid_t object = H5Oopen(source, name, H5P_DEFAULT);
        group->status = copy_object(group, source, object, name);
        if (object >= 0) (void)H5Oclose(object);
    } else if (hdf5_inside_is_part_link(source, name, info)) {
        return 0; /* the copy has the values themselves */
    } else if (H5Lcopy(source, name, group->target, name, H5P_DEFAULT, H5P_DEFAULT) < 0) {
        group->status = hdf5_error(STATUS_OUTPUT_FAILED, "copy link", name);
    }
    return status_is_ok(group->status) ? 0 : -1;
}

static Status copy_members(Copy *copy, hid_t source, hid_t target, const char *path) {
    CopiedGroup group = {.copy = copy, .target = target, .path = path, .status = status_ok()};
    TRY(hdf5_copy_attributes(source, target));
    if (H5Literate(source, H5_INDEX_NAME, H5_ITER_INC, NULL, copy_link, &group) < 0)
        return status_first(group.status, hdf5_error(STATUS_BAD_FILE, "read group", path));
    return status_ok();
}

static Status take_nothing(hid_t source, hid_t target, const char *name, const char *path, void *context, bool *taken) {
    (void)source, (void)target, (void)name, (void)path, (void)context;
    *taken = false;
    return status_ok();
}

Status hdf5_copy_object(hid_t source, hid_t target, const char *name) {
    char path[FILE_NAME_BYTES] = "";
    Copy copy = {.source_file = source, .target_file = target, .source_path = path, .copy_one = take_nothing};
    (void)H5Fget_name(source, path, sizeof path);
    const CopiedGroup group = {.copy = &copy, .target = target, .path = "."};
    const hid_t object = H5Oopen(source, name, H5P_DEFAULT);
    const Status status = copy_object(&group, source, object, name);
    if (object >= 0) (void)H5Oclose(object);
    free(copy.known);
    return status;
}

Status hdf5_copy_file(hid_t source, hid_t target, Hdf5CopyObject copy_one, void *context) {
    char path[FILE_NAME_BYTES] = "";
    Copy copy = {
        .source_file = source, .target_file = target, .source_path = path, .copy_one = copy_one, .context = context};
    (void)H5Fget_name(source, path, sizeof path);
    const hid_t from = H5Gopen2(source, "/", H5P_DEFAULT), to = H5Gopen2(target, "/", H5P_DEFAULT);
    const Status status =
        from < 0 || to < 0 ? hdf5_error(STATUS_BAD_FILE, "open", path) : copy_members(&copy, from, to, "");
    if (to >= 0) (void)H5Gclose(to);
    if (from >= 0) (void)H5Gclose(from);
    free(copy.known);
    return status;
}
