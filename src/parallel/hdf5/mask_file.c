#include "hdf5/mask_file.h"

#include "base/text.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "parameters/input.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 1024, LIST_BYTES = 512, DEPTH_MOST = 32 };
static const char usual_dataset[] = "/entry/instrument/detector/pixel_mask";

/* What a dataset holds. */
typedef enum Contents { HOLDS_NO_NUMBERS, HOLDS_INTEGERS, HOLDS_REALS, HOLDS_TRUTHS, HOLDS_BITS } Contents;

/* An open dataset. */
typedef struct Layout {
    int rank;
    hsize_t length[H5S_MAX_RANK];
    Contents contents;
} Layout;

/* h5py's way of writing bool. */
static bool is_boolean(hid_t type) {
    if (H5Tget_nmembers(type) != 2) return false;
    char *first = H5Tget_member_name(type, 0), *second = H5Tget_member_name(type, 1);
    const bool boolean = first != NULL && second != NULL && strcmp(first, "FALSE") == 0 && strcmp(second, "TRUE") == 0;
    if (first != NULL) (void)H5free_memory(first);
    if (second != NULL) (void)H5free_memory(second);
    return boolean;
}

static Contents contents_of(hid_t type) {
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        return HOLDS_INTEGERS;
    case H5T_FLOAT:
        return HOLDS_REALS;
    case H5T_BITFIELD: /* PyTables' way of writing bool */
        return H5Tget_size(type) == 1 ? HOLDS_BITS : HOLDS_NO_NUMBERS;
    case H5T_ENUM:
        return is_boolean(type) ? HOLDS_TRUTHS : HOLDS_NO_NUMBERS;
    default:
        return HOLDS_NO_NUMBERS;
    }
}

static Layout layout_of(hid_t dataset) {
    Layout layout = {.rank = -1};
    const hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    if (space >= 0) layout.rank = H5Sget_simple_extent_dims(space, layout.length, NULL);
    if (type >= 0) layout.contents = contents_of(type);
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
    return layout;
}

/* Of a stack of one image the first axis does not count. */
static bool is_image(const Layout *layout) {
    return layout->rank == 2 || (layout->rank == 3 && layout->length[0] == 1);
}

static bool has_shape(const Layout *layout, const Detector *detector) {
    const hsize_t *last = layout->length + layout->rank - 2;
    return is_image(layout) && last[0] == (hsize_t)detector->slow_pixels && last[1] == (hsize_t)detector->fast_pixels;
}

/* ----------------------------------------------------------------------------------------------------------- choice */

/* The datasets that a mask could be. */
typedef struct Search {
    const Detector *detector;
    int found;
    char name[NAME_BYTES]; /* of the first */
    char list[LIST_BYTES]; /* of all, for a message */
    bool too_deep;
} Search;

static bool lies_too_deep(const char *name) {
    int depth = 0;
    for (; *name != '\0'; name++) depth += *name == '/';
    return depth > DEPTH_MOST;
}

static void add_found(Search *search, const char *name) {
    const size_t used = strlen(search->list);
    if (search->found == 0) (void)snprintf(search->name, sizeof search->name, "/%s", name);
    (void)snprintf(search->list + used, sizeof search->list - used, "%s/%.120s", search->found == 0 ? "" : ", ", name);
    search->found++;
}

/* Passes over what cannot be opened: values that lie in other files are not looked for. */
static herr_t look_at_object(hid_t file, const char *name, const H5O_info_t *info, void *context) {
    Search *search = context;
    hid_t dataset = H5I_INVALID_HID;
    search->too_deep = search->too_deep || lies_too_deep(name);
    if (search->too_deep) return -1;
    if (info->type != H5O_TYPE_DATASET || strlen(name) + 2 > NAME_BYTES) return 0;
    if (!status_is_ok(hdf5_inside_open(file, name, &dataset))) return 0;
    const Layout layout = layout_of(dataset);
    if (has_shape(&layout, search->detector) && layout.contents != HOLDS_NO_NUMBERS) add_found(search, name);
    (void)H5Dclose(dataset);
    return 0;
}

static Status search_file(hid_t file, const char *path, Search *search) {
    const herr_t visited = H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, look_at_object, search);
    if (search->too_deep)
        return status_error(STATUS_BAD_FILE,
                            "detector.mask %s: its groups lie too deep in one another; give detector.mask_dataset",
                            path);
    if (visited < 0) return hdf5_error(STATUS_BAD_FILE, "read", path);
    if (search->found == 1) return status_ok();
    const Detector *detector = search->detector;
    if (search->found == 0)
        return status_error(STATUS_BAD_FILE,
                            "detector.mask %s has no %s and no other dataset of numbers of the detector's shape, "
                            "[%" PRId64 ", %" PRId64 "] (slow, fast); give detector.mask_dataset",
                            path, usual_dataset, detector->slow_pixels, detector->fast_pixels);
    return status_error(STATUS_BAD_FILE,
                        "detector.mask %s has %d datasets of the detector's shape: %s; give one as "
                        "detector.mask_dataset",
                        path, search->found, search->list);
}

/* A link that leads nowhere is none. */
static bool has_usual_dataset(hid_t file) {
    char way[sizeof usual_dataset];
    for (size_t end = 1; end <= strlen(usual_dataset); end++) {
        if (usual_dataset[end] != '/' && usual_dataset[end] != '\0') continue;
        (void)snprintf(way, sizeof way, "%.*s", (int)end, usual_dataset);
        if (!hdf5_has(file, way)) return false;
    }
    return true;
}

/* @param name  [NAME_BYTES] */
static Status choose_dataset(const Parameters *p, const Detector *detector, hid_t file, char *name, Notes *notes) {
    if (*p->detector_mask_dataset != '\0') {
        (void)text_copy(name, NAME_BYTES, p->detector_mask_dataset);
        return status_ok();
    }
    (void)text_copy(name, NAME_BYTES, usual_dataset);
    if (!has_usual_dataset(file)) {
        Search search = {.detector = detector};
        TRY(search_file(file, p->detector_mask_file, &search));
        (void)text_copy(name, NAME_BYTES, search.name);
    }
    notes_add(notes, "detector.mask_dataset: %.200s, selected automatically", name);
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- reading */

/* HDF5 cuts a whole number to the range of what it is read into, which leaves its sign. */
static Status read_small(hid_t dataset, hid_t type, const char *name, const Detector *detector, MaskImage *image) {
    int8_t *values = (int8_t *)image->signs;
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        return hdf5_error(STATUS_BAD_FILE, "read", name);
    for (int64_t i = 0; i < detector_pixels(detector); i++)
        image->signs[i] = type == H5T_NATIVE_B8 && values[i] != 0 ? MASK_POSITIVE : mask_sign(values[i]);
    return status_ok();
}

static Status read_reals(hid_t dataset, const char *name, const Detector *detector, MaskImage *image) {
    const int64_t pixels = detector_pixels(detector);
    double *values = malloc((size_t)pixels * sizeof *values);
    if (values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the values of %s", image->path);
    Status status = H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0
                        ? hdf5_error(STATUS_BAD_FILE, "read", name)
                        : status_ok();
    for (int64_t i = 0; status_is_ok(status) && i < pixels; i++) {
        if (isnan(values[i]))
            status = status_error(STATUS_BAD_FILE, "%s: %s[%" PRId64 ", %" PRId64 "] (slow, fast) is not a number",
                                  image->path, name, i / detector->fast_pixels, i % detector->fast_pixels);
        image->signs[i] = mask_sign(values[i]);
    }
    free(values);
    return status;
}

static bool is_pixel_mask(const char *name) {
    const char *slash = strrchr(name, '/');
    return strcmp(slash == NULL ? name : slash + 1, "pixel_mask") == 0;
}

static Status read_dataset(hid_t dataset, const char *name, const Detector *detector, MaskImage *image) {
    char what[NAME_BYTES];
    const Layout layout = layout_of(dataset);
    if (layout.contents == HOLDS_NO_NUMBERS)
        return status_error(STATUS_BAD_FILE, "detector.mask %s: %s holds neither numbers nor truths", image->path,
                            name);
    if (!is_image(&layout))
        return status_error(STATUS_BAD_FILE,
                            "detector.mask %s: %s has %d dimensions%s; a mask has two, [slow, fast], or a first one of "
                            "length 1 before them",
                            image->path, name, layout.rank, layout.rank == 3 ? " and several images" : "");
    const hsize_t *last = layout.length + layout.rank - 2;
    (void)snprintf(what, sizeof what, ": %.300s", name);
    TRY(mask_image_check_shape(image->path, what, (int64_t)last[0], (int64_t)last[1], detector));
    TRY(hdf5_check_filters(dataset, image->path));
    TRY(mask_image_allocate(detector, image));
    const bool is_truths = layout.contents == HOLDS_TRUTHS || layout.contents == HOLDS_BITS;
    image->kind = is_pixel_mask(name) ? MASK_OF_FAULTS : is_truths ? MASK_OF_TRUTHS : MASK_OF_NUMBERS;
    if (layout.contents == HOLDS_REALS) return read_reals(dataset, name, detector, image);
    return read_small(dataset, layout.contents == HOLDS_BITS ? H5T_NATIVE_B8 : H5T_NATIVE_INT8, name, detector, image);
}

static Status read_file(const Parameters *p, const Detector *detector, hid_t file, MaskImage *image, Notes *notes) {
    char name[NAME_BYTES];
    hid_t dataset = H5I_INVALID_HID;
    TRY(choose_dataset(p, detector, file, name, notes));
    TRY(hdf5_inside_check_way(file, image->path, name));
    TRY(hdf5_inside_open(file, name, &dataset));
    const Status status = read_dataset(dataset, name, detector, image);
    (void)H5Dclose(dataset);
    return status;
}

Status mask_file_read(const Parameters *p, const Detector *detector, MaskImage *image, Notes *notes) {
    Input input;
    hid_t file = H5I_INVALID_HID;
    TRY(input_open(p, PARAMETER(detector, mask), &input));
    Status status = hdf5_open_file(input.path, false, &file);
    if (status_is_ok(status)) status = read_file(p, detector, file, image, notes);
    (void)hdf5_close_file(image->path, &file);
    input_close(&input);
    return status;
}
