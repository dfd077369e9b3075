#include "merge/merge_file.h"

#include "base/clocks.h"
#include "hdf5/hdf5_copy.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "merge/merge_crystals.h"
#include "merge/merge_rows.h"
#include "nxmx/nxmx.h"
#include "nxmx/session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_PATH "/entry/simulation/frames"

enum { PATH_BYTES = 256, ROW_DATASETS_MOST = 200 };

/* Whose rows of a part get into the master. */
typedef enum RowsKind {
    ROWS_TAKEN,   /* of the frames that are taken from the part */
    ROWS_ALL,     /* of all its frames */
    ROWS_CRYSTALS /* of each crystal of the frames that are taken from it */
} RowsKind;

/* A dataset whose rows all parts fill. */
typedef struct RowDataset {
    char path[PATH_BYTES];
    RowsKind kind;
} RowDataset;

/* A merge under way. */
typedef struct Writing {
    const MergeRequest *request;
    const Merge *merge;
    hid_t master, first; /* first: the part that gives the tree */
    int rows;
    RowDataset row[ROW_DATASETS_MOST];
} Writing;

/* How a dataset of the parts gets into the master. */
typedef enum DatasetRole {
    ROLE_SHARED,   /* the same for all frames: copied from the first part */
    ROLE_IMAGES,   /* virtual */
    ROLE_COLUMN,   /* a row for each frame, of the part that the frame is taken from */
    ROLE_CRYSTALS, /* a row for each crystal of these */
    ROLE_GEOMETRY, /* a value for each frame that is known even where the image is missing */
    ROLE_COUNTER,  /* 1, 2, 3 ... */
    ROLE_TOTAL     /* the number of frames */
} DatasetRole;

/* Datasets outside the table of frames whose first axis may be the frames'. */
typedef struct FrameArray {
    const char *path;
    int least_rank;   /* with fewer axes it is the same for all frames */
    const char *step; /* dataset beside it that tells by how much it grows from frame to frame */
} FrameArray;

static const FrameArray frame_arrays[] = {
    {"/entry/sample/transformations/phi", 1, "/entry/sample/transformations/phi_increment_set"},
    {"/entry/sample/transformations/phi_end", 1, "/entry/sample/transformations/phi_increment_set"},
    {"/entry/sample/transformations/phi_increment_set", 1, NULL},
    {"/entry/instrument/beam/incident_wavelength", 1, NULL},
    {"/entry/instrument/beam/incident_wavelength_spread", 1, NULL},
    {"/entry/instrument/beam/flux_integrated", 1, NULL},
    {"/entry/instrument/beam/incident_wavelength_1D", 2, NULL},
    {"/entry/instrument/beam/incident_wavelength_1D_weights", 2, NULL},
    {"/entry/instrument/beam/incident_wavelength_1D_weight", 2, NULL},
};
enum { FRAME_ARRAYS = sizeof frame_arrays / sizeof *frame_arrays };

double merge_file_bytes(const Merge *merge) {
    enum { ROW_BYTES = 300, FIXED_BYTES = 8 << 20, PART_BYTES = 1 << 17 };
    return FIXED_BYTES + (double)PART_BYTES * merge->parts + (double)ROW_BYTES * (double)range_length(merge->frames);
}

/* ------------------------------------------------------------------------------------------------------------ roles */

static const FrameArray *find_array(const char *path) {
    for (int i = 0; i < FRAME_ARRAYS; i++)
        if (strcmp(frame_arrays[i].path, path) == 0) return &frame_arrays[i];
    return NULL;
}

static bool begins_with(const char *text, const char *beginning) {
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static Status find_role(const Merge *merge, const char *path, const MergeRows *rows, DatasetRole *role) {
    const FrameArray *array = find_array(path);
    *role = ROLE_SHARED;
    if (strcmp(path, NXMX_IMAGES) == 0 || strcmp(path, NXMX_TWIN) == 0)
        *role = ROLE_IMAGES;
    else if (strcmp(path, "/entry/data/frame") == 0 || strcmp(path, "/entry/simulation/images/frame") == 0)
        *role = ROLE_COUNTER;
    else if (strcmp(path, NXMX_FRAME_COUNT) == 0)
        *role = ROLE_TOTAL;
    else if (begins_with(path, FRAMES_PATH "/crystals/"))
        *role = ROLE_CRYSTALS;
    else if (begins_with(path, FRAMES_PATH))
        *role = ROLE_COLUMN;
    else if (array != NULL && rows->rank >= array->least_rank)
        *role = ROLE_GEOMETRY;
    const hsize_t frames = (hsize_t)range_length(merge->part[0].frames.range);
    const bool of_all = *role == ROLE_SHARED || *role == ROLE_TOTAL || *role == ROLE_CRYSTALS;
    if (of_all || (rows->rank >= 1 && rows->length[0] == frames)) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: %s has not one row for each frame", merge->part[0].path, path);
}

/* --------------------------------------------------------------------------------------------------- tree of a part */

static Status remember(Writing *writing, const char *path, RowsKind kind) {
    if (writing->rows == ROW_DATASETS_MOST || strlen(path) >= PATH_BYTES)
        return status_error(STATUS_BAD_FILE, "there are too many columns, or too long names: %.200s", path);
    RowDataset *row = &writing->row[writing->rows++];
    (void)snprintf(row->path, sizeof row->path, "%s", path);
    row->kind = kind;
    return status_ok();
}

static Status add_geometry(Writing *writing, const char *path, const MergeRows *rows) {
    const FrameArray *array = find_array(path);
    double step = 0.0;
    assert(array != NULL); /* find_role has found it */
    if (array->step != NULL) TRY(merge_rows_first(writing->first, array->step, &step));
    TRY(merge_rows_create(writing->master, range_length(writing->merge->frames), path, rows));
    TRY(merge_rows_guess(writing->master, writing->merge, path, rows, step));
    return remember(writing, path, ROWS_ALL);
}

static Status add_open_dataset(Writing *writing, const char *path, const MergeRows *rows) {
    DatasetRole role = ROLE_SHARED;
    const int64_t frames = range_length(writing->merge->frames);
    TRY(find_role(writing->merge, path, rows, &role));
    switch (role) {
    case ROLE_SHARED:
        return hdf5_copy_object(writing->first, writing->master, path);
    case ROLE_IMAGES:
        return merge_rows_create_images(writing->master, writing->merge, path, rows);
    case ROLE_COLUMN:
        TRY(merge_rows_create(writing->master, frames, path, rows));
        return remember(writing, path, ROWS_TAKEN);
    case ROLE_CRYSTALS:
        TRY(merge_rows_create(writing->master, merge_crystals_count(writing->merge), path, rows));
        return remember(writing, path, ROWS_CRYSTALS);
    case ROLE_GEOMETRY:
        return add_geometry(writing, path, rows);
    case ROLE_COUNTER:
        return merge_rows_count(writing->master, writing->merge, path, rows);
    case ROLE_TOTAL:
        return hdf5_write_int64(writing->master, path, frames);
    }
    return status_ok();
}

/* From the first part into the master: whole, or with rows that all parts will fill. */
static Status add_dataset(Writing *writing, const char *path) {
    MergeRows rows;
    Status status = merge_rows_open(writing->first, path, &rows);
    if (status_is_ok(status)) status = add_open_dataset(writing, path, &rows);
    (void)merge_rows_close(&rows);
    return status;
}

static Status add_soft_link(const Writing *writing, const char *path, const H5L_info_t *link) {
    char target[PATH_BYTES] = "";
    if (link->u.val_size > sizeof target || H5Lget_val(writing->first, path, target, sizeof target, H5P_DEFAULT) < 0 ||
        H5Lcreate_soft(target, writing->master, path, H5P_DEFAULT, H5P_DEFAULT) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "link", path);
    return status_ok();
}

/* A walk through a group of the first part. */
typedef struct Walk {
    Writing *writing;
    const char *path; /* of the group, "" for the root */
    Status status;
} Walk;

static Status add_group(Writing *writing, const char *path);

/* What belongs to one run of the program is kept with its part, not in the master's own tree. */
static Status add_link(Writing *writing, const char *path, const H5L_info_t *link) {
    H5O_info_t info;
    if (link->type == H5L_TYPE_SOFT) return add_soft_link(writing, path, link);
    if (hdf5_inside_is_part_link(writing->first, path, link)) return status_ok(); /* the master shows more than these */
    if (link->type != H5L_TYPE_HARD) return status_error(STATUS_BAD_FILE, "%s leads to another file", path);
    if (begins_with(path, "/entry/simulation/environment")) return status_ok();
    if (strcmp(path, "/entry/simulation/" SESSION_RESUMES) == 0 || strcmp(path, DATA_FILES_RECORD) == 0)
        return status_ok();
    if (H5Oget_info_by_name(writing->first, path, &info, H5P_DEFAULT) < 0)
        return hdf5_error(STATUS_BAD_FILE, "read", path);
    return info.type == H5O_TYPE_GROUP ? add_group(writing, path) : add_dataset(writing, path);
}

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *link, void *context) {
    (void)group;
    Walk *walk = context;
    char path[PATH_BYTES];
    const int written = snprintf(path, sizeof path, "%s/%s", walk->path, name);
    walk->status = written < (int)sizeof path ? add_link(walk->writing, path, link)
                                              : status_error(STATUS_BAD_FILE, "the name %.100s is too long", name);
    return status_is_ok(walk->status) ? 0 : 1;
}

static Status create_group_like(const Writing *writing, hid_t group, const char *path) {
    const hid_t made = *path == '\0' ? H5Gopen2(writing->master, "/", H5P_DEFAULT)
                                     : H5Gcreate2(writing->master, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const Status status =
        made < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "create", path) : hdf5_copy_attributes(group, made);
    if (made >= 0) (void)H5Gclose(made);
    return status;
}

static Status add_group(Writing *writing, const char *path) {
    Walk walk = {.writing = writing, .path = path, .status = status_ok()};
    const hid_t group = H5Gopen2(writing->first, *path == '\0' ? "/" : path, H5P_DEFAULT);
    if (group < 0) return hdf5_error(STATUS_BAD_FILE, "open", path);
    Status status = create_group_like(writing, group, path);
    if (status_is_ok(status) && H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_link, &walk) < 0)
        status = hdf5_error(STATUS_BAD_FILE, "read", path);
    (void)H5Gclose(group);
    return status_first(status, walk.status);
}

/* ------------------------------------------------------------------------------------------------- record of a part */

/* One part's place in the record. */
typedef struct PartRecord {
    const MergePart *part;
    hid_t simulation; /* of the part */
} PartRecord;

static Status fill_part(hid_t group, const void *context) {
    static const char *const copied[] = {"command_line", "notes", "version", "date"};
    const PartRecord *record = context;
    const NxmxFrames *frames = &record->part->frames;
    TRY(hdf5_write_text(group, "file_name", record->part->file_name));
    TRY(hdf5_write_int64(group, "first_frame", frames->range.begin));
    TRY(hdf5_write_int64(group, "frames", range_length(frames->range)));
    TRY(hdf5_write_int64(group, "complete_frames", frames->complete));
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        TRY(hdf5_copy_object(record->simulation, group, copied[i]));
    return session_copy_all(record->simulation, group);
}

static Status record_part(const Writing *writing, int index, hid_t file) {
    char name[NXMX_WORD_BYTES], path[NXMX_WORD_BYTES + 32];
    nxmx_part_name(index + 1, name);
    (void)snprintf(path, sizeof path, "%s/%s", PROVENANCE_PARTS, name);
    const hid_t simulation = H5Gopen2(file, "/entry/simulation", H5P_DEFAULT);
    const PartRecord record = {.part = &writing->merge->part[index], .simulation = simulation};
    const Status status = simulation < 0 ? hdf5_error(STATUS_BAD_FILE, "open", "/entry/simulation")
                                         : hdf5_write_group(writing->master, path, "NXcollection", fill_part, &record);
    if (simulation >= 0) (void)H5Gclose(simulation);
    return status;
}

/* Everything that one part adds to the master. */
static Status add_open_part(Writing *writing, int index, hid_t file) {
    const Merge *merge = writing->merge;
    for (int i = 0; i < writing->rows; i++) {
        const RowDataset *row = &writing->row[i];
        TRY(row->kind == ROWS_CRYSTALS
                ? merge_crystals_copy(writing->master, merge, index, file, row->path)
                : merge_rows_copy(writing->master, merge, index, file, row->path, row->kind == ROWS_ALL));
    }
    return record_part(writing, index, file);
}

static Status add_part(Writing *writing, int index) {
    const char *path = writing->merge->part[index].path;
    hid_t file = H5I_INVALID_HID;
    TRY(nxmx_open(path, &file));
    const Status status = add_open_part(writing, index, file);
    (void)hdf5_close_file(path, &file);
    return status_is_ok(status) ? status : status_error(status.code, "%s: %.700s", path, status.message);
}

/* ---------------------------------------------------------------------------------------------- what the master adds
 */

static Status fill_nothing(hid_t group, const void *context) {
    (void)group;
    (void)context;
    return status_ok();
}

static Status fill_record(hid_t group, const void *context) {
    const Writing *writing = context;
    const Merge *merge = writing->merge;
    char now[CLOCKS_UTC_BYTES], text[NOTES_MOST * NOTE_BYTES] = "";
    size_t used = 0;
    clocks_utc(now);
    for (int i = 0; i < merge->notes.count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? "\n" : "", merge->notes.text[i]);
    TRY(hdf5_write_text(group, "program", "tessera"));
    TRY(hdf5_write_text(group, "version", writing->request->build.version));
    TRY(hdf5_write_text(group, "git_hash", writing->request->build.git_revision));
    TRY(hdf5_write_text(group, "date", now));
    TRY(hdf5_write_text(group, "command_line", writing->request->command_line));
    return hdf5_write_text(group, "notes", text);
}

static Status write_text_parameter(hid_t parameters, const char *name) {
    if (hdf5_has(parameters, name) && H5Ldelete(parameters, name, H5P_DEFAULT) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "replace", name);
    TRY(hdf5_write_text(parameters, name, ""));
    TRY(hdf5_attribute_text(parameters, name, "units", ""));
    TRY(hdf5_attribute_text(parameters, name, "user_text", ""));
    TRY(hdf5_attribute_text(parameters, name, "origin", "tessera merge"));
    return hdf5_attribute_int32(parameters, name, "given", 0);
}

/* The slices and names of the parts are not those of the master. */
static Status forget_slice(hid_t parameters, const void *context) {
    (void)context;
    TRY(write_text_parameter(parameters, "run.frames"));
    return write_text_parameter(parameters, "run.output");
}

/* Where each frame comes from: the number of its part and its place there, both -1 for a missing one. */
static Status fill_origins(hid_t group, const void *context) {
    const Merge *merge = ((const Writing *)context)->merge;
    const int64_t frames = range_length(merge->frames);
    int32_t *parts = malloc((size_t)frames * sizeof *parts);
    int64_t *places = malloc((size_t)frames * sizeof *places), *numbers = malloc((size_t)frames * sizeof *numbers);
    Status status = parts == NULL || places == NULL || numbers == NULL
                        ? status_error(STATUS_NO_MEMORY, "no memory for the table of frames")
                        : status_ok();
    for (int64_t i = 0; status_is_ok(status) && i < frames; i++) {
        const int32_t owner = merge->owner[i];
        numbers[i] = merge->frames.begin + i;
        parts[i] = owner < 0 ? -1 : owner + 1;
        places[i] = owner < 0 ? -1 : numbers[i] - merge->part[owner].frames.range.begin;
    }
    if (status_is_ok(status)) status = hdf5_write(group, "part", H5T_NATIVE_INT32, hdf5_list(frames), parts);
    if (status_is_ok(status)) status = hdf5_write(group, "part_frame", H5T_NATIVE_INT64, hdf5_list(frames), places);
    if (status_is_ok(status)) status = hdf5_overwrite(group, "number", H5T_NATIVE_INT64, frames, numbers);
    if (status_is_ok(status)) status = hdf5_overwrite(group, "status", H5T_NATIVE_UINT8, frames, merge->states);
    free(numbers);
    free(places);
    free(parts);
    return status;
}

static Status replace_root_text(hid_t file, const char *name, const char *text) {
    if (H5Aexists(file, name) > 0 && H5Adelete(file, name) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "replace", name);
    return hdf5_attribute_text(file, ".", name, text);
}

/* Only a file that misses no frame has an end. */
static Status write_end(const Writing *writing) {
    const hid_t file = writing->master;
    char now[CLOCKS_UTC_BYTES];
    clocks_utc(now);
    TRY(replace_root_text(file, "file_name", writing->merge->output.complete));
    TRY(replace_root_text(file, "file_time", now));
    if (writing->merge->complete == range_length(writing->merge->frames)) return nxmx_complete(file);
    return hdf5_has(file, "/entry/end_time") && H5Ldelete(file, "/entry/end_time", H5P_DEFAULT) < 0
               ? hdf5_error(STATUS_OUTPUT_FAILED, "remove", "/entry/end_time")
               : status_ok();
}

/* The tree is that of the first part. */
static Status add_tree(Writing *writing) {
    const char *path = writing->merge->part[0].path;
    TRY(nxmx_open(path, &writing->first));
    const Status status = add_group(writing, "");
    (void)hdf5_close_file(path, &writing->first);
    return status_is_ok(status) ? status : status_error(status.code, "%s: %.700s", path, status.message);
}

static Status write_all(Writing *writing) {
    const hid_t file = writing->master;
    TRY(add_tree(writing));
    TRY(hdf5_write_group(file, PROVENANCE_PARTS, "NXcollection", fill_nothing, NULL));
    for (int i = 0; i < writing->merge->parts; i++) TRY(add_part(writing, i));
    TRY(hdf5_use_group(file, FRAMES_PATH, fill_origins, writing));
    TRY(hdf5_use_group(file, "/entry/simulation/parameters", forget_slice, NULL));
    TRY(hdf5_write_group(file, "/entry/simulation/merge", "NXcollection", fill_record, writing));
    return write_end(writing);
}

Status merge_file_write(hid_t file, const MergeRequest *request, const Merge *merge) {
    Writing *writing = calloc(1, sizeof *writing);
    if (writing == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the list of columns");
    writing->request = request;
    writing->merge = merge;
    writing->master = file;
    writing->first = H5I_INVALID_HID;
    const Status status = write_all(writing);
    free(writing);
    return status;
}
