#define _DEFAULT_SOURCE /* realpath */

#include "hdf5/hdf5_parts.h"

#include "base/text.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_BYTES = 4096 };

/* A walk through the objects of a file. */
typedef struct Walk {
    const char *path; /* of the file, as the user names it */
    Hdf5PartUse *use;
    void *context;
    char last[NAME_BYTES]; /* runs of frames come from one part */
    Status status;
} Walk;

/* The folder of the file, that of the file which its name leads to, and the working folder. */
static Status use_places(Walk *walk, const char *part) {
    char place[2 * NAME_BYTES];
    if (part[0] == '/') return walk->use(part, walk->context);
    const char *slash = strrchr(walk->path, '/');
    (void)snprintf(place, sizeof place, "%.*s%s", slash == NULL ? 0 : (int)(slash + 1 - walk->path), walk->path, part);
    TRY(walk->use(place, walk->context));
    char *real = realpath(walk->path, NULL);
    if (real != NULL) (void)snprintf(place, sizeof place, "%.*s%s", (int)(strrchr(real, '/') + 1 - real), real, part);
    free(real);
    TRY(walk->use(place, walk->context));
    return walk->use(part, walk->context);
}

/* %% stands for %. */
static void unescape(char *name) {
    char *to = name;
    for (const char *from = name; *from != '\0'; from++) {
        if (from[0] == '%' && from[1] == '%') from++;
        *to++ = *from;
    }
    *to = '\0';
}

static void use_parts(hid_t creation, Walk *walk) {
    size_t count = 0;
    char part[NAME_BYTES];
    if (H5Pget_virtual_count(creation, &count) < 0) return;
    for (size_t i = 0; i < count && status_is_ok(walk->status); i++) {
        const ssize_t length = H5Pget_virtual_filename(creation, i, part, sizeof part);
        if (length <= 0 || length >= (ssize_t)sizeof part) continue;
        unescape(part);
        if (strcmp(part, ".") == 0 || strcmp(part, walk->last) == 0) continue;
        (void)text_copy(walk->last, sizeof walk->last, part);
        walk->status = use_places(walk, part);
    }
}

static herr_t visit(hid_t file, const char *name, const H5O_info_t *info, void *context) {
    Walk *walk = context;
    if (info->type != H5O_TYPE_DATASET) return 0;
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t creation = dataset < 0 ? H5I_INVALID_HID : H5Dget_create_plist(dataset);
    if (creation >= 0 && H5Pget_layout(creation) == H5D_VIRTUAL) use_parts(creation, walk);
    if (creation >= 0) (void)H5Pclose(creation);
    if (dataset >= 0) (void)H5Dclose(dataset);
    return status_is_ok(walk->status) ? 0 : -1;
}

Status hdf5_parts_visit(const char *opened_as, const char *path, Hdf5PartUse *use, void *context) {
    hid_t file = H5I_INVALID_HID;
    struct stat info;
    hdf5_prepare();
    if (stat(opened_as, &info) != 0 || !S_ISREG(info.st_mode) || !status_is_ok(hdf5_open_file(opened_as, false, &file)))
        return status_ok();
    Walk *walk = calloc(1, sizeof *walk);
    Status status =
        walk == NULL ? status_error(STATUS_NO_MEMORY, "no memory for the parts of %.400s", path) : status_ok();
    if (walk != NULL) {
        *walk = (Walk){.path = path, .use = use, .context = context, .status = status_ok()};
        (void)H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, visit, walk);
        status = walk->status;
    }
    free(walk);
    (void)hdf5_close_file(path, &file);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- checks */

/* Where the mapping says that the values are. */
typedef struct Mapping {
    char file[2 * NAME_BYTES], dataset[NAME_BYTES];
} Mapping;

static bool read_mapping(hid_t creation, size_t index, const char *path, Mapping *mapping) {
    char part[NAME_BYTES] = "";
    const ssize_t length = H5Pget_virtual_filename(creation, index, part, sizeof part);
    const ssize_t path_length = H5Pget_virtual_dsetname(creation, index, mapping->dataset, sizeof mapping->dataset);
    if (length <= 0 || length >= (ssize_t)sizeof part || path_length <= 0 ||
        path_length >= (ssize_t)sizeof mapping->dataset)
        return false;
    unescape(part);
    const char *slash = strrchr(path, '/');
    const int folder = slash == NULL || part[0] == '/' ? 0 : (int)(slash + 1 - path);
    (void)snprintf(mapping->file, sizeof mapping->file, "%.*s%s", folder, path, part);
    return true;
}

/* @param there  whether the part could be opened */
static Status check_mapping(const Mapping *mapping, const char *path, bool *there) {
    hid_t file = H5I_INVALID_HID, dataset = H5I_INVALID_HID;
    Status status = hdf5_open_file(mapping->file, false, &file);
    if (status_is_ok(status)) status = hdf5_inside_open(file, mapping->dataset, &dataset);
    *there = status_is_ok(status);
    status = *there ? hdf5_check_filters(dataset, mapping->file)
                    : status_error(STATUS_BAD_FILE, "%.300s: its part %.300s is missing or damaged: %.300s", path,
                                   mapping->file, status.message);
    if (dataset >= 0) (void)H5Dclose(dataset);
    (void)hdf5_close_file(mapping->file, &file);
    return status;
}

static bool shows_frame(hid_t creation, size_t index, int64_t frame) {
    hsize_t start[H5S_MAX_RANK] = {0}, end[H5S_MAX_RANK] = {0};
    const hid_t space = H5Pget_virtual_vspace(creation, index);
    const bool known = space >= 0 && H5Sget_select_bounds(space, start, end) >= 0;
    if (space >= 0) (void)H5Sclose(space);
    return known && (hsize_t)frame >= start[0] && (hsize_t)frame <= end[0];
}

/* @param frame  negative: any, of the first part that is there */
static Status check_parts(hid_t creation, const char *path, int64_t frame) {
    size_t count = 0;
    Mapping *mapping = malloc(sizeof *mapping);
    Status status = mapping == NULL ? status_error(STATUS_NO_MEMORY, "no memory for the name of a part") : status_ok();
    if (H5Pget_virtual_count(creation, &count) < 0) count = 0;
    for (size_t i = 0; mapping != NULL && i < count; i++) {
        bool there = false;
        if ((frame >= 0 && !shows_frame(creation, i, frame)) || !read_mapping(creation, i, path, mapping)) continue;
        if (strcmp(mapping->file, ".") == 0) continue; /* the file itself */
        status = check_mapping(mapping, path, &there);
        if (there || frame >= 0) break;
        status = status_ok();
    }
    free(mapping);
    return status;
}

static Status check(hid_t dataset, const char *path, int64_t frame) {
    const hid_t creation = H5Dget_create_plist(dataset);
    const bool is_virtual = creation >= 0 && H5Pget_layout(creation) == H5D_VIRTUAL;
    const Status status = is_virtual ? check_parts(creation, path, frame) : hdf5_check_filters(dataset, path);
    if (creation >= 0) (void)H5Pclose(creation);
    return status;
}

Status hdf5_parts_check_frame(hid_t dataset, const char *path, int64_t frame) {
    return check(dataset, path, frame);
}

Status hdf5_parts_check_filters(hid_t dataset, const char *path) {
    return check(dataset, path, -1);
}
