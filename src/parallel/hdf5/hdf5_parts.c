#define _DEFAULT_SOURCE /* realpath */

#include "hdf5/hdf5_parts.h"

#include "base/text.h"
#include "hdf5/hdf5_helpers.h"

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
