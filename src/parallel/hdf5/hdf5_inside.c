#define _DEFAULT_SOURCE /* realpath */

#include "hdf5/hdf5_inside.h"

#include "base/text.h"
#include "hdf5/hdf5_helpers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 1024, FILE_NAME_BYTES = 4096, DEPTH_MOST = 32, OBJECTS_MOST = 2000000, SHARED_MOST = 256 };

/* -------------------------------------------------------------------------------------------- links to other files
 */

/* The value of such a link: a byte of no meaning, the name of the file and that of the object, each with its zero. */
enum { LINK_BYTES = 1 + FILE_NAME_BYTES + PATH_BYTES };

static hid_t follow_nothing(const char *name, hid_t group, const void *value, size_t bytes, hid_t access,
                            hid_t transfer) {
    (void)name, (void)group, (void)value, (void)bytes, (void)access, (void)transfer;
    return H5I_INVALID_HID;
}

static ssize_t tell_value(const char *name, const void *value, size_t bytes, void *copy, size_t room) {
    (void)name;
    if (copy != NULL) memcpy(copy, value, bytes < room ? bytes : room);
    return (ssize_t)bytes;
}

void hdf5_inside_forget_external_links(void) {
    static const H5L_class_t unfollowed = {.version = H5L_LINK_CLASS_T_VERS,
                                           .id = H5L_TYPE_EXTERNAL,
                                           .comment = "external, never followed",
                                           .trav_func = follow_nothing,
                                           .query_func = tell_value};
    (void)H5Lregister(&unfollowed);
}

Status hdf5_inside_link_to_part(hid_t group, const char *name, const char *file, const char *path) {
    char value[LINK_BYTES] = "";
    const size_t file_bytes = strlen(file) + 1, path_bytes = strlen(path) + 1;
    if (1 + file_bytes + path_bytes > sizeof value)
        return status_error(STATUS_BAD_PARAMETER, "the name %.100s is too long", file);
    memcpy(value + 1, file, file_bytes);
    memcpy(value + 1 + file_bytes, path, path_bytes);
    return H5Lcreate_ud(group, name, H5L_TYPE_EXTERNAL, value, 1 + file_bytes + path_bytes, H5P_DEFAULT, H5P_DEFAULT) <
                   0
               ? hdf5_error(STATUS_OUTPUT_FAILED, "link", name)
               : status_ok();
}

/* "data_NNNNNN" to the images of "ANYTHING_data_NNNNNN.h5" in the same folder: what a master has for each data file. It
 * is for other programs, and is not followed. */
bool hdf5_inside_is_part_link(hid_t group, const char *path_of_link, const H5L_info_t *info) {
    const char *slash = strrchr(path_of_link, '/'), *name = slash == NULL ? path_of_link : slash + 1;
    char value[LINK_BYTES] = "";
    enum { NAME_LENGTH = 11 };
    if (info->type != H5L_TYPE_EXTERNAL || strlen(name) != NAME_LENGTH || strncmp(name, "data_", 5) != 0 ||
        strspn(name + 5, "0123456789") != NAME_LENGTH - 5 || info->u.val_size < 4 || info->u.val_size > sizeof value ||
        H5Lget_val(group, path_of_link, value, sizeof value, H5P_DEFAULT) < 0 || value[info->u.val_size - 1] != '\0')
        return false;
    const char *file = value + 1, *path = file + strlen(file) + 1;
    const size_t length = strlen(file), ending = NAME_LENGTH + 4; /* "_" before it, ".h5" behind it */
    return path < value + info->u.val_size && strcmp(path, NXMX_IMAGES) == 0 && strchr(file, '/') == NULL &&
           length > ending && file[length - ending] == '_' &&
           strncmp(file + length - ending + 1, name, NAME_LENGTH) == 0 && strcmp(file + length - 3, ".h5") == 0;
}

/* ------------------------------------------------------------------------------------------------ parts of a dataset
 */

/* A part of a virtual dataset: %% stands for % there. */
typedef struct Part {
    char file[FILE_NAME_BYTES], dataset[PATH_BYTES];
} Part;

/* @return false where another % begins a pattern of names */
static bool unescape(char *name) {
    char *to = name;
    for (const char *from = name; *from != '\0'; from++) {
        if (*from == '%' && *++from != '%') return false;
        *to++ = *from;
    }
    *to = '\0';
    return true;
}

static Status read_part(hid_t creation, size_t index, const char *path, Part *part) {
    const ssize_t file = H5Pget_virtual_filename(creation, index, part->file, sizeof part->file);
    const ssize_t dataset = H5Pget_virtual_dsetname(creation, index, part->dataset, sizeof part->dataset);
    if (file <= 0 || dataset <= 0 || file >= (ssize_t)sizeof part->file || dataset >= (ssize_t)sizeof part->dataset ||
        !unescape(part->file) || !unescape(part->dataset))
        return status_error(STATUS_BAD_FILE, "%.400s: the names of the parts of a dataset cannot be read", path);
    return status_ok();
}

/* Datasets of parts hold their values themselves. */
static Status check_plain(hid_t dataset, const char *path, const char *name) {
    const hid_t creation = H5Dget_create_plist(dataset);
    const H5D_layout_t layout = creation < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(creation);
    const int external = creation < 0 ? -1 : H5Pget_external_count(creation);
    if (creation >= 0) (void)H5Pclose(creation);
    if (layout != H5D_LAYOUT_ERROR && layout != H5D_VIRTUAL && external == 0) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%.400s: the values of %.200s lie in another file, where they are not looked for; copy them "
                        "into the file with h5repack if you trust it",
                        path, name);
}

/* In a part that is no file, or has no such dataset, nothing is read. */
static Status check_dataset_of_part(hid_t file, const Part *part, const char *path) {
    const hid_t dataset = H5Dopen2(file, part->dataset, H5P_DEFAULT);
    const Status status = dataset < 0 ? status_ok() : check_plain(dataset, path, part->dataset);
    if (dataset >= 0) (void)H5Dclose(dataset);
    return status;
}

bool hdf5_inside_is_ours(hid_t file) {
    char program[16] = "";
    return status_is_ok(hdf5_read_text(file, "/entry/simulation/program", sizeof program, program)) &&
           strcmp(program, "tessera") == 0;
}

static bool is_image_of_ours(hid_t file, const Part *part) {
    const Part program = {.dataset = "/entry/simulation/program"};
    return status_is_ok(check_dataset_of_part(file, &program, "")) && hdf5_inside_is_ours(file) &&
           (strcmp(part->dataset, NXMX_IMAGES) == 0 || strcmp(part->dataset, NXMX_TWIN) == 0);
}

/* @p candidate is where HDF5 might find the part. */
static Status check_candidate(const char *candidate, const char *folder, const Part *part, const char *path) {
    struct stat info;
    hid_t file = H5I_INVALID_HID;
    char *real = realpath(candidate, NULL);
    const size_t length = strlen(folder);
    const bool inside = real != NULL && strncmp(real, folder, length) == 0 && (real[length] == '/' || length == 1);
    free(real);
    if (stat(candidate, &info) != 0) return status_ok();
    if (!S_ISREG(info.st_mode))
        return status_error(STATUS_BAD_FILE, "%.400s: its part %.400s is no regular file", path, part->file);
    if (!status_is_ok(hdf5_open_file(candidate, false, &file))) return status_ok();
    Status status = check_dataset_of_part(file, part, candidate);
    if (status_is_ok(status) && !inside && !is_image_of_ours(file, part))
        status = status_error(STATUS_BAD_FILE,
                              "%.400s: its part %.400s lies outside its folder and is no image of tessera's; put the "
                              "parts beside the file that shows them",
                              path, part->file);
    (void)hdf5_close_file(candidate, &file);
    return status;
}

/* HDF5 looks in the folder of the file, in that of the file that its name leads to, and in the working folder. */
static Status check_part(const Part *part, const char *path) {
    char candidate[3][2 * FILE_NAME_BYTES];
    if (part->file[0] == '/')
        return status_error(
            STATUS_BAD_FILE,
            "%.400s: its part %.400s has an absolute name, which is not followed; merge the parts again", path,
            part->file);
    char *real = realpath(path, NULL), *folder = NULL;
    const char *slash = strrchr(path, '/');
    if (real != NULL) *strrchr(real, '/') = '\0';
    const int beside = slash == NULL ? 0 : (int)(slash + 1 - path);
    (void)snprintf(candidate[0], sizeof *candidate, "%.*s%s", beside, path, part->file);
    (void)snprintf(candidate[1], sizeof *candidate, "%s/%s", real != NULL ? real : ".", part->file);
    (void)snprintf(candidate[2], sizeof *candidate, "%s", part->file);
    free(real);
    char named[FILE_NAME_BYTES];
    (void)snprintf(named, sizeof named, "%.*s.", beside, path);
    folder = realpath(named, NULL);
    Status status =
        folder == NULL ? status_error(STATUS_BAD_FILE, "the folder of %.400s cannot be found", path) : status_ok();
    for (size_t i = 0; status_is_ok(status) && i < sizeof candidate / sizeof *candidate; i++)
        status = check_candidate(candidate[i], folder, part, path);
    free(folder);
    return status;
}

static int compare_parts(const void *left, const void *right) {
    const Part *l = left, *r = right;
    const int files = strcmp(l->file, r->file);
    return files != 0 ? files : strcmp(l->dataset, r->dataset);
}

/* Runs of frames come from the same parts again and again: each is looked at once. */
static Status check_virtual(hid_t owner, hid_t creation, const char *path) {
    size_t count = 0, kept = 0;
    if (H5Pget_virtual_count(creation, &count) < 0) return hdf5_error(STATUS_BAD_FILE, "read the parts of", path);
    Part *last = calloc(2, sizeof *last), *part = last == NULL ? NULL : last + 1;
    Status status = last == NULL ? status_error(STATUS_NO_MEMORY, "no memory for the names of parts") : status_ok();
    for (size_t i = 0; status_is_ok(status) && i < count; i++) {
        status = read_part(creation, i, path, part);
        if (!status_is_ok(status) || (kept > 0 && compare_parts(last, part) == 0)) continue;
        status = strcmp(part->file, ".") == 0 ? check_dataset_of_part(owner, part, path) : check_part(part, path);
        *last = *part;
        kept++;
    }
    free(last);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- datasets
 */

/* The name by which the file was opened. */
static void name_of_file(hid_t object, char *path, size_t bytes) {
    if (H5Fget_name(object, path, bytes) < 0) path[0] = '\0';
}

static Status check_dataset(hid_t dataset, const char *path, const char *name) {
    const hid_t creation = H5Dget_create_plist(dataset);
    if (creation < 0) return hdf5_error(STATUS_BAD_FILE, "read", name);
    const bool is_virtual = H5Pget_layout(creation) == H5D_VIRTUAL;
    const hid_t file = is_virtual ? H5Iget_file_id(dataset) : H5I_INVALID_HID;
    const Status status = is_virtual ? check_virtual(file, creation, path) : check_plain(dataset, path, name);
    if (file >= 0) (void)H5Fclose(file);
    (void)H5Pclose(creation);
    return status;
}

static bool leads_elsewhere(const H5L_info_t *link) {
    return link->type != H5L_TYPE_HARD && link->type != H5L_TYPE_SOFT;
}

static Status refuse_link(const char *path, const char *name) {
    return status_error(STATUS_BAD_FILE,
                        "%.400s: %.200s is a link to another file, which is not followed; copy the values into the "
                        "file with h5repack if you trust it",
                        path, name);
}

Status hdf5_inside_check_way(hid_t parent, const char *path, const char *name) {
    char way[PATH_BYTES];
    H5L_info_t link;
    if (!text_copy(way, sizeof way, name)) return status_error(STATUS_BAD_FILE, "the name %.100s... is too long", name);
    for (size_t end = 1; end <= strlen(name); end++) {
        if (name[end] != '/' && name[end] != '\0') continue;
        way[end] = '\0';
        if (H5Lexists(parent, way, H5P_DEFAULT) <= 0 || H5Lget_info(parent, way, &link, H5P_DEFAULT) < 0) break;
        if (leads_elsewhere(&link)) return refuse_link(path, way);
        way[end] = name[end];
    }
    return status_ok();
}

Status hdf5_inside_open(hid_t parent, const char *name, hid_t *dataset) {
    char path[FILE_NAME_BYTES];
    *dataset = H5Dopen2(parent, name, H5P_DEFAULT);
    Status status = *dataset < 0 ? hdf5_error(STATUS_BAD_FILE, "read", name) : status_ok();
    name_of_file(parent, path, sizeof path);
    if (*dataset < 0) return status_first(hdf5_inside_check_way(parent, path, name), status);
    status = check_dataset(*dataset, path, name);
    if (status_is_ok(status)) return status;
    (void)H5Dclose(*dataset);
    *dataset = H5I_INVALID_HID;
    return status;
}

/* ---------------------------------------------------------------------------------------------------------- the file
 */

/* Groups that have several names. The ways through them multiply, so each is walked through once; one that is met
 * inside itself makes a ring. Beyond these the number of objects is the bound. */
typedef struct SharedGroups {
    int count;
    haddr_t address[SHARED_MOST];
    bool is_open[SHARED_MOST]; /* the walk is inside */
} SharedGroups;

/* A walk through a file. */
typedef struct Walk {
    const char *path;      /* of the file */
    char name[PATH_BYTES]; /* of the group */
    int depth;
    int64_t *left; /* objects that may still come */
    SharedGroups *shared;
    Hdf5InsideVisit *visit; /* may be NULL */
    void *context;
    Status status;
} Walk;

static Status walk_group(hid_t group, Walk *walk);

static Status walk_dataset(hid_t dataset, const Walk *walk) {
    TRY(check_dataset(dataset, walk->path, walk->name));
    return walk->visit != NULL ? walk->visit(dataset, walk->context) : status_ok();
}

static Status walk_object(hid_t object, Walk *walk) {
    const H5I_type_t type = object < 0 ? H5I_BADID : H5Iget_type(object);
    if (type == H5I_BADID) return hdf5_error(STATUS_BAD_FILE, "open", walk->name);
    if (type == H5I_DATASET) return walk_dataset(object, walk);
    return type == H5I_GROUP ? walk_group(object, walk) : status_ok();
}

static herr_t walk_link(hid_t group, const char *name, const H5L_info_t *info, void *context) {
    Walk *above = context, walk = *above;
    const int written = snprintf(walk.name, sizeof walk.name, "%s/%s", above->name, name);
    walk.depth++;
    --*walk.left;
    if (written < 0 || written >= (int)sizeof walk.name) {
        above->status = status_error(STATUS_BAD_FILE, "%.400s: the name %.100s... is too long", walk.path, walk.name);
    } else if (info->type == H5L_TYPE_HARD) {
        const hid_t object = H5Oopen(group, name, H5P_DEFAULT);
        above->status = walk_object(object, &walk);
        if (object >= 0) (void)H5Oclose(object);
    } else if (leads_elsewhere(info) && !hdf5_inside_is_part_link(group, name, info)) {
        above->status = refuse_link(walk.path, walk.name);
    }
    return status_is_ok(above->status) ? 0 : -1;
}

static Status walk_members(hid_t group, Walk *walk) {
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, walk_link, walk) >= 0) return status_ok();
    return status_first(walk->status, hdf5_error(STATUS_BAD_FILE, "read", walk->name));
}

static Status refuse_ring(const Walk *walk) {
    return status_error(STATUS_BAD_FILE, "%.400s: its groups lie too deep in one another, or in a ring: %.200s",
                        walk->path, walk->name);
}

static int find_shared(const SharedGroups *shared, haddr_t address) {
    int i = 0;
    while (i < shared->count && shared->address[i] != address) i++;
    return i;
}

static Status walk_group(hid_t group, Walk *walk) {
    SharedGroups *shared = walk->shared;
    H5O_info_t info;
    if (walk->depth > DEPTH_MOST || *walk->left < 0) return refuse_ring(walk);
    if (H5Oget_info(group, &info) < 0) return hdf5_error(STATUS_BAD_FILE, "read", walk->name);
    const int index = find_shared(shared, info.addr);
    if (index < shared->count) return shared->is_open[index] ? refuse_ring(walk) : status_ok();
    if (info.rc < 2 || index == SHARED_MOST) return walk_members(group, walk);
    shared->count++;
    shared->address[index] = info.addr;
    shared->is_open[index] = true;
    const Status status = walk_members(group, walk);
    shared->is_open[index] = false;
    return status;
}

Status hdf5_inside_visit(hid_t file, const char *path, Hdf5InsideVisit *visit, void *context) {
    int64_t left = OBJECTS_MOST;
    SharedGroups shared = {.count = 0};
    Walk walk = {.path = path,
                 .name = "",
                 .left = &left,
                 .shared = &shared,
                 .visit = visit,
                 .context = context,
                 .status = status_ok()};
    const hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    if (root < 0) return hdf5_error(STATUS_BAD_FILE, "open", path);
    const Status status = walk_group(root, &walk);
    (void)H5Gclose(root);
    return status;
}

Status hdf5_inside_check_file(hid_t file, const char *path) {
    return hdf5_inside_visit(file, path, NULL, NULL);
}
