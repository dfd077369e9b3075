#include "nxmx/data_files.h"

#include "base/text.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "nxmx/frame_record.h"
#include "nxmx/frame_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define ENDING ".h5"
#define MIDDLE "_data_"

enum { PATH_BYTES = 4096 + DATA_FILE_NAME_BYTES, DIGITS = 6, PART_NAME_BYTES = 4096, NOTES_OF_FILES = 8 };

/* Descriptors that other files of a process take. */
static const double OTHER_FILES = 64.0;

/* ------------------------------------------------------------------------------------------------------------ names */

/* NAME of NAME.nxs, NAME_master.h5 and the like. */
static size_t stem_length(const char *base) {
    static const char *const endings[] = {".nxs", ".h5", ".hdf5", "_master"};
    size_t length = strlen(base);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t ending = strlen(endings[i]);
        if (length > ending && strncmp(base + length - ending, endings[i], ending) == 0) length -= ending;
    }
    return length;
}

Status data_files_of(const char *complete_path, int64_t frames_per_file, DataFiles *files) {
    const char *slash = strrchr(complete_path, '/');
    const char *base = slash == NULL ? complete_path : slash + 1;
    *files = (DataFiles){.frames_per_file = frames_per_file};
    const size_t length = stem_length(base);
    if (frames_per_file > 0 && length + sizeof MIDDLE > sizeof files->prefix)
        return status_error(STATUS_BAD_PARAMETER, "%.80s... is too long a name for files of frames beside it", base);
    (void)snprintf(files->prefix, sizeof files->prefix, "%.*s" MIDDLE, (int)length, base);
    return status_ok();
}

int64_t data_files_count(const DataFiles *files, int64_t frames) {
    return files->frames_per_file > 0 ? (frames + files->frames_per_file - 1) / files->frames_per_file : 0;
}

Range data_files_range(const DataFiles *files, int64_t index, int64_t frames) {
    const int64_t begin = index * files->frames_per_file, end = begin + files->frames_per_file;
    return (Range){begin, end < frames ? end : frames};
}

void data_files_name(const DataFiles *files, int64_t index, char *name) {
    (void)snprintf(name, DATA_FILE_NAME_BYTES, "%s%06" PRId64 ENDING, files->prefix, index + 1);
}

bool data_files_is_name(const char *name) {
    const char *slash = strrchr(name, '/'), *base = slash == NULL ? name : slash + 1;
    const size_t length = strlen(base), tail = strlen(MIDDLE) + DIGITS + strlen(ENDING);
    if (length <= tail) return false;
    const char *middle = base + length - tail, *digits = middle + strlen(MIDDLE);
    return strncmp(middle, MIDDLE, strlen(MIDDLE)) == 0 && strspn(digits, "0123456789") == DIGITS &&
           strcmp(digits + DIGITS, ENDING) == 0;
}

/* ------------------------------------------------------------------------------------------------------- the master */

static hid_t space_of(int64_t frames, DataImages images) {
    const hsize_t length[3] = {(hsize_t)frames, (hsize_t)images.slow_pixels, (hsize_t)images.fast_pixels};
    return H5Screate_simple(3, length, NULL);
}

/* '%' begins a pattern in the name of a part. */
static void escape(const char *name, char *escaped) {
    for (; *name != '\0'; name++) {
        if (*name == '%') *escaped++ = '%';
        *escaped++ = *name;
    }
    *escaped = '\0';
}

static Status map_file(hid_t creation, hid_t space, const char *path, const DataFiles *files, int64_t index,
                       DataImages images) {
    const Range range = data_files_range(files, index, images.frames);
    const hsize_t start[3] = {(hsize_t)range.begin, 0, 0};
    const hsize_t count[3] = {(hsize_t)range_length(range), (hsize_t)images.slow_pixels, (hsize_t)images.fast_pixels};
    char name[DATA_FILE_NAME_BYTES], escaped[2 * DATA_FILE_NAME_BYTES];
    data_files_name(files, index, name);
    escape(name, escaped);
    const hid_t source = space_of(range_length(range), images);
    const bool mapped = source >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                        H5Pset_virtual(creation, space, escaped, path, source) >= 0;
    if (source >= 0) (void)H5Sclose(source);
    return mapped ? status_ok() : hdf5_error(STATUS_OUTPUT_FAILED, "map", name);
}

static Status map_all(hid_t creation, hid_t space, const char *path, const DataFiles *files, DataImages images) {
    const float minus_one = -1.0F;
    const int32_t minus_one_count = -1;
    const bool real = H5Tget_class(images.type) == H5T_FLOAT;
    if (creation < 0 || space < 0 ||
        H5Pset_fill_value(creation, images.type, real ? (const void *)&minus_one : (const void *)&minus_one_count) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "set up", "the images");
    for (int64_t i = 0; i < data_files_count(files, images.frames); i++)
        TRY(map_file(creation, space, path, files, i, images));
    return status_ok();
}

Status data_files_show(hid_t parent, const char *name, const char *path, const DataFiles *files, DataImages images) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t space = space_of(images.frames, images), selection = space_of(images.frames, images);
    hid_t dataset = H5I_INVALID_HID;
    Status status = map_all(creation, selection, path, files, images);
    if (status_is_ok(status)) {
        dataset = H5Dcreate2(parent, name, images.type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        if (dataset < 0) status = hdf5_error(STATUS_OUTPUT_FAILED, "create", name);
    }
    if (dataset >= 0) (void)H5Dclose(dataset);
    if (selection >= 0) (void)H5Sclose(selection);
    if (space >= 0) (void)H5Sclose(space);
    if (creation >= 0) (void)H5Pclose(creation);
    return status;
}

static Status fill_record(hid_t group, const void *context) {
    const DataFiles *files = context;
    TRY(hdf5_write_int64(group, "frames_per_file", files->frames_per_file));
    return hdf5_write_text(group, "prefix", files->prefix);
}

Status data_files_record(hid_t simulation, const DataFiles *files) {
    return files->frames_per_file > 0 ? hdf5_write_group(simulation, "data_files", "NXcollection", fill_record, files)
                                      : status_ok();
}

Status data_files_link(hid_t data, const DataFiles *files, int64_t frames) {
    for (int64_t i = 0; i < data_files_count(files, frames); i++) {
        char name[DATA_FILE_NAME_BYTES], link[32];
        data_files_name(files, i, name);
        (void)snprintf(link, sizeof link, "data_%06" PRId64, i + 1);
        TRY(hdf5_inside_link_to_part(data, link, name, NXMX_IMAGES));
    }
    return status_ok();
}

static Status read_record(hid_t group, const void *context) {
    DataFiles *files = *(DataFiles *const *)context;
    TRY(hdf5_read(group, "frames_per_file", H5T_NATIVE_INT64, 1, &files->frames_per_file));
    TRY(hdf5_read_text(group, "prefix", sizeof files->prefix, files->prefix));
    const bool sound = files->frames_per_file > 0 && files->frames_per_file <= INT32_MAX && files->prefix[0] != '\0' &&
                       strchr(files->prefix, '/') == NULL;
    return sound ? status_ok() : status_error(STATUS_BAD_FILE, "%s makes no sense", DATA_FILES_RECORD);
}

Status data_files_read(hid_t file, DataFiles *files) {
    *files = (DataFiles){.frames_per_file = 0};
    if (!hdf5_has(file, DATA_FILES_RECORD)) return status_ok();
    const Status status = hdf5_use_group(file, DATA_FILES_RECORD, read_record, &files);
    if (!status_is_ok(status)) files->frames_per_file = 0;
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- checks */

/* What a data file says of its frames. */
typedef struct PartTable {
    char name[PART_NAME_BYTES]; /* as the master names it */
    int64_t frames;
    uint8_t *states;
    uint32_t *crc32;
    Status status; /* why there is no table */
} PartTable;

/* A look at all parts. */
typedef struct Look {
    const char *path; /* of the master */
    int64_t frames;
    uint8_t *states;
    const uint32_t *crc32;
    Notes *notes;
    int files_noted;
    PartTable part; /* the last one that was read */
} Look;

static void free_table(PartTable *part) {
    free(part->crc32);
    free(part->states);
    *part = (PartTable){.frames = 0};
}

static Status read_lists(hid_t file, PartTable *part) {
    part->states = calloc((size_t)part->frames, sizeof *part->states);
    part->crc32 = calloc((size_t)part->frames, sizeof *part->crc32);
    if (part->states == NULL || part->crc32 == NULL) return status_error(STATUS_NO_MEMORY, "no memory for its frames");
    TRY(hdf5_read(file, FRAME_TABLE_PATH "/status", H5T_NATIVE_UINT8, part->frames, part->states));
    return hdf5_read(file, FRAME_TABLE_PATH "/crc32", H5T_NATIVE_UINT32, part->frames, part->crc32);
}

/* The images must be there too, as many as the table has rows. */
static Status read_open_part(hid_t file, PartTable *part) {
    hid_t dataset = H5I_INVALID_HID;
    hsize_t length[3] = {0, 0, 0};
    TRY(hdf5_count(file, FRAME_TABLE_PATH "/status", &part->frames));
    if (part->frames < 1 || part->frames > INT32_MAX) return status_error(STATUS_BAD_FILE, "it has no frames");
    TRY(hdf5_inside_open(file, NXMX_IMAGES, &dataset));
    const hid_t space = H5Dget_space(dataset);
    const bool is_list = space >= 0 && H5Sget_simple_extent_ndims(space) == 3 &&
                         H5Sget_simple_extent_dims(space, length, NULL) == 3 && (int64_t)length[0] == part->frames;
    if (space >= 0) (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    return is_list ? read_lists(file, part)
                   : status_error(STATUS_BAD_FILE, "it does not hold %" PRId64 " images", part->frames);
}

static Status read_part(const char *path, PartTable *part) {
    hid_t file = H5I_INVALID_HID;
    TRY(hdf5_open_file(path, false, &file));
    const Status status = read_open_part(file, part);
    (void)hdf5_close_file(path, &file);
    return status;
}

static void note_part(Look *look, const char *reason) {
    if (look->notes == NULL) return;
    if (look->files_noted == NOTES_OF_FILES)
        notes_add(look->notes, "and more of the files of frames are missing or damaged");
    if (look->files_noted++ < NOTES_OF_FILES)
        notes_add(look->notes, "%.300s: %.300s; its frames are missing", look->part.name, reason);
}

/* Reads the table of the part @p name, unless it was the last one. */
static Status take_part(Look *look, const char *name) {
    char path[2 * PATH_BYTES];
    if (strcmp(look->part.name, name) == 0) return status_ok();
    const char *slash = strrchr(look->path, '/');
    const int folder = slash == NULL ? 0 : (int)(slash + 1 - look->path);
    free_table(&look->part);
    (void)text_copy(look->part.name, sizeof look->part.name, name);
    (void)snprintf(path, sizeof path, "%.*s%s", folder, look->path, name);
    look->part.status = read_part(path, &look->part);
    if (!status_is_ok(look->part.status)) look->part.frames = 0;
    return look->part.status.code == STATUS_NO_MEMORY ? look->part.status : status_ok();
}

/* Frames @p shown of the master are those of the last part from @p first on. */
static void compare_frames(Look *look, Range shown, int64_t first) {
    int64_t differing = 0;
    const PartTable *part = &look->part;
    for (int64_t i = shown.begin; i < shown.end && i < look->frames; i++) {
        const int64_t place = first + i - shown.begin;
        const bool held =
            place < part->frames && part->states[place] == FRAME_COMPLETE && part->crc32[place] == look->crc32[i];
        if (held || look->states[i] != FRAME_COMPLETE) continue;
        look->states[i] = FRAME_ABSENT;
        differing++;
    }
    if (differing > 0)
        note_part(look, status_is_ok(part->status) ? "it does not hold what the table of frames says, or other images"
                                                   : part->status.message);
}

/* Frames of a selection. Of all that a part has HDF5 may not know the number: it is empty from 0 on. */
static bool frames_of(hid_t space, Range *range) {
    hsize_t start[H5S_MAX_RANK] = {0}, end[H5S_MAX_RANK] = {0};
    *range = (Range){0, 0};
    if (space < 0) return false;
    if (H5Sget_select_type(space) == H5S_SEL_ALL) return true;
    if (H5Sget_select_bounds(space, start, end) < 0) return false;
    *range = (Range){(int64_t)start[0], (int64_t)end[0] + 1};
    return true;
}

static void unescape(char *name) {
    char *to = name;
    for (const char *from = name; *from != '\0'; from++) {
        if (from[0] == '%' && from[1] == '%') from++;
        *to++ = *from;
    }
    *to = '\0';
}

static Status look_at_mapping(hid_t creation, size_t index, Look *look) {
    char name[PART_NAME_BYTES] = "";
    Range shown = {0, 0}, held = {0, 0};
    const ssize_t length = H5Pget_virtual_filename(creation, index, name, sizeof name);
    if (length <= 0 || length >= (ssize_t)sizeof name) return status_ok();
    unescape(name);
    if (!data_files_is_name(name)) return status_ok();
    const hid_t here = H5Pget_virtual_vspace(creation, index), there = H5Pget_virtual_srcspace(creation, index);
    const bool known = frames_of(here, &shown) && frames_of(there, &held);
    if (there >= 0) (void)H5Sclose(there);
    if (here >= 0) (void)H5Sclose(here);
    if (!known) return hdf5_error(STATUS_BAD_FILE, "read the parts of", look->path);
    if (shown.end == 0) shown.end = look->frames;
    TRY(take_part(look, name));
    compare_frames(look, shown, held.begin);
    return status_ok();
}

/* HDF5 keeps each part open, and shows -1 where it may not open one more. */
static Status check_limit(const char *path, size_t parts) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return status_ok();
    if ((double)parts + OTHER_FILES <= (double)limit.rlim_cur) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%s shows %zu files, and this process may open %.0f: raise that limit (ulimit -n), or render "
                        "with more frames to a file",
                        path, parts, (double)limit.rlim_cur);
}

static Status look_at_all(hid_t creation, Look *look) {
    size_t count = 0;
    if (H5Pget_layout(creation) != H5D_VIRTUAL) return status_ok();
    if (H5Pget_virtual_count(creation, &count) < 0) return hdf5_error(STATUS_BAD_FILE, "read the parts of", look->path);
    TRY(check_limit(look->path, count));
    for (size_t i = 0; i < count; i++) TRY(look_at_mapping(creation, i, look));
    return status_ok();
}

Status data_files_check(hid_t file, const char *path, int64_t frames, uint8_t *states, const uint32_t *crc32,
                        Notes *notes) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(file, NXMX_IMAGES, &dataset));
    const hid_t creation = H5Dget_create_plist(dataset);
    Look *look = calloc(1, sizeof *look);
    Status status = look == NULL   ? status_error(STATUS_NO_MEMORY, "no memory to look at the parts of %s", path)
                    : creation < 0 ? hdf5_error(STATUS_BAD_FILE, "read", NXMX_IMAGES)
                                   : status_ok();
    if (status_is_ok(status)) {
        *look = (Look){.path = path, .frames = frames, .states = states, .crc32 = crc32, .notes = notes};
        status = look_at_all(creation, look);
        free_table(&look->part);
    }
    free(look);
    if (creation >= 0) (void)H5Pclose(creation);
    (void)H5Dclose(dataset);
    return status;
}
