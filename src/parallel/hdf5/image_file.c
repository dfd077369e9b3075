#include "hdf5/image_file.h"

#include "base/text.h"
#include "formats/smv.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "hdf5/hdf5_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A request's name taken apart. */
typedef struct ImageName {
    char path[4096];
    char dataset[1024]; /* "" when none was given */
    int64_t frame;
} ImageName;

static bool file_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

static Status split_frame(const char *name, int64_t frame, ImageName *split) {
    split->frame = frame;
    char *mark = strrchr(split->path, '#');
    if (mark == NULL) return status_ok();
    const char *rest = mark + 1;
    int64_t number = 0;
    if (!text_read_integer(mark + 1, &number, &rest) || *rest != '\0' || number < 0)
        return status_error(STATUS_BAD_PARAMETER, "%s: what follows # is no frame number (0, 1, 2 ...)", name);
    if (frame != IMAGE_FRAME_NONE && frame != number)
        return status_error(STATUS_BAD_PARAMETER, "%s: frame %" PRId64 " was given too; give one of them", name, frame);
    split->frame = number;
    *mark = '\0';
    return status_ok();
}

/* A name that is a file as it stands is taken as it stands. */
static Status split_name(ImageRequest request, ImageName *split) {
    *split = (ImageName){.path = "", .dataset = "", .frame = request.frame};
    if (!text_copy(split->path, sizeof split->path, request.name))
        return status_error(STATUS_BAD_PARAMETER, "the name %.60s... of an image is too long", request.name);
    if (file_exists(split->path)) return status_ok();
    TRY(split_frame(request.name, request.frame, split));
    char *colon = strrchr(split->path, ':');
    if (file_exists(split->path) || colon == NULL) return status_ok();
    if (!text_copy(split->dataset, sizeof split->dataset, colon + 1) || split->dataset[0] == '\0')
        return status_error(STATUS_BAD_PARAMETER, "%s: what follows : is no name of a dataset", request.name);
    *colon = '\0';
    return status_ok();
}

static Status allocate(const char *path, uint64_t slow_pixels, uint64_t fast_pixels, Image *image) {
    if (slow_pixels == 0 || fast_pixels == 0) return status_error(STATUS_BAD_FILE, "%s: the image has no pixels", path);
    if (fast_pixels > (uint64_t)INT64_MAX / sizeof(double) / slow_pixels)
        return status_error(STATUS_BAD_FILE, "%s: an image of %" PRIu64 " x %" PRIu64 " pixels is too large", path,
                            slow_pixels, fast_pixels);
    *image = (Image){.pixels = malloc((size_t)(slow_pixels * fast_pixels) * sizeof(double)),
                     .slow_pixels = (int64_t)slow_pixels,
                     .fast_pixels = (int64_t)fast_pixels};
    if (image->pixels == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the %" PRIu64 " x %" PRIu64 " pixels of %s", slow_pixels,
                            fast_pixels, path);
    return status_ok();
}

void image_free(Image *image) {
    free(image->pixels);
    *image = (Image){.pixels = NULL};
}

/* ------------------------------------------------------------------------------------------------------------ HDF5 */

/* Where the image lies in its dataset. */
typedef struct Slab {
    int rank;
    hsize_t start[3], count[3];
} Slab;

/* True when every link on the way to @p dataset is there, so that asking for it is no error. */
static bool dataset_is_there(hid_t file, const char *dataset) {
    char path[1024];
    if (!text_copy(path, sizeof path, dataset)) return false;
    for (size_t end = 1; end <= strlen(dataset); end++) {
        if (dataset[end] != '/' && dataset[end] != '\0') continue;
        path[end] = '\0';
        if (end > 1 && H5Lexists(file, path, H5P_DEFAULT) <= 0) return false;
        path[end] = dataset[end];
    }
    return H5Oexists_by_name(file, dataset, H5P_DEFAULT) > 0;
}

static Status choose_dataset(hid_t file, const ImageName *name, const char **dataset) {
    if (name->dataset[0] != '\0') {
        *dataset = name->dataset;
        if (dataset_is_there(file, name->dataset)) return status_ok();
        TRY(hdf5_inside_check_way(file, name->path, name->dataset));
        return status_error(STATUS_BAD_FILE, "%s has no dataset \"%s\"", name->path, name->dataset);
    }
    *dataset = dataset_is_there(file, "/image") ? "/image" : "/entry/data/data";
    if (dataset_is_there(file, *dataset)) return status_ok();
    TRY(hdf5_inside_check_way(file, name->path, *dataset));
    return status_error(STATUS_BAD_FILE, "%s has neither /image nor /entry/data/data; name a dataset: %s:DATASET",
                        name->path, name->path);
}

static Status choose_frame(const ImageRequest *request, const ImageName *name, hsize_t frames, hsize_t *frame) {
    int64_t chosen = name->frame;
    if (chosen == IMAGE_FRAME_NONE && frames == 1) chosen = 0;
    if (chosen == IMAGE_FRAME_NONE) chosen = request->default_frame;
    if (chosen == IMAGE_FRAME_NONE)
        return status_error(STATUS_BAD_PARAMETER, "%s has %" PRIu64 " frames; say which: %s#0", name->path,
                            (uint64_t)frames, name->path);
    if ((hsize_t)chosen >= frames)
        return status_error(STATUS_BAD_FILE, "%s has no frame %" PRId64 "; it has %" PRIu64 ", from 0", name->path,
                            chosen, (uint64_t)frames);
    *frame = (hsize_t)chosen;
    return status_ok();
}

static Status choose_slab(hid_t space, const ImageRequest *request, const ImageName *name, const char *dataset,
                          Slab *slab) {
    slab->rank = H5Sget_simple_extent_ndims(space);
    if ((slab->rank != 2 && slab->rank != 3) || H5Sget_simple_extent_dims(space, slab->count, NULL) != slab->rank)
        return status_error(STATUS_BAD_FILE, "%s: %s is no image: it has %d dimensions, not 2 or 3", name->path,
                            dataset, slab->rank);
    for (int i = 0; i < slab->rank; i++) slab->start[i] = 0;
    if (slab->rank == 3) {
        TRY(choose_frame(request, name, slab->count[0], &slab->start[0]));
        slab->count[0] = 1;
        return status_ok();
    }
    hsize_t only = 0;
    return name->frame == IMAGE_FRAME_NONE ? status_ok() : choose_frame(request, name, 1, &only);
}

static bool is_number(hid_t set) {
    const hid_t type = H5Dget_type(set);
    const H5T_class_t kind = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    if (type >= 0) (void)H5Tclose(type);
    return kind == H5T_INTEGER || kind == H5T_FLOAT;
}

static Status read_slab(hid_t set, hid_t space, const Slab *slab, const ImageName *name, Image *image) {
    TRY(allocate(name->path, slab->count[slab->rank - 2], slab->count[slab->rank - 1], image));
    const hid_t memory = H5Screate_simple(slab->rank, slab->count, NULL);
    const bool is_read = memory >= 0 &&
                         H5Sselect_hyperslab(space, H5S_SELECT_SET, slab->start, NULL, slab->count, NULL) >= 0 &&
                         H5Dread(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, image->pixels) >= 0;
    if (memory >= 0) (void)H5Sclose(memory);
    if (is_read) return status_ok();
    image_free(image);
    return status_error(STATUS_BAD_FILE,
                        "%s: the pixels cannot be read; the file is damaged, or was compressed with a "
                        "filter that this HDF5 does not have",
                        name->path);
}

static Status read_dataset(hid_t file, const ImageRequest *request, const ImageName *name, Image *image) {
    const char *dataset = "";
    TRY(choose_dataset(file, name, &dataset));
    hid_t set = H5I_INVALID_HID;
    TRY(hdf5_inside_open(file, dataset, &set));
    const hid_t space = H5Dget_space(set);
    Slab slab = {.rank = 0};
    Status status = space >= 0 && is_number(set)
                        ? choose_slab(space, request, name, dataset, &slab)
                        : status_error(STATUS_BAD_FILE, "%s: %s is no dataset of numbers", name->path, dataset);
    if (status_is_ok(status)) status = hdf5_parts_check_frame(set, name->path, (int64_t)slab.start[0]);
    if (status_is_ok(status)) status = read_slab(set, space, &slab, name, image);
    if (space >= 0) (void)H5Sclose(space);
    (void)H5Dclose(set);
    return status;
}

static Status read_hdf5(const ImageRequest *request, const ImageName *name, Image *image) {
    hid_t file = H5I_INVALID_HID;
    hdf5_prepare();
    if (!status_is_ok(hdf5_open_file(name->path, false, &file)))
        return status_error(STATUS_BAD_FILE, "%s is no HDF5 file that can be read", name->path);
    const Status status = read_dataset(file, request, name, image);
    (void)hdf5_close_file(name->path, &file);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ plain bytes */

static float float_of_bytes(const unsigned char *bytes) {
    const uint32_t bits =
        (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Largest integer whose square is at most @p number. */
static uint64_t square_root(uint64_t number) {
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1)
        if ((root + bit) * (root + bit) <= number) root += bit;
    return root;
}

static Status raw_shape(const ImageRequest *request, const char *path, size_t bytes, uint64_t *slow, uint64_t *fast) {
    const uint64_t pixels = bytes / sizeof(float);
    *slow = request->slow_pixels > 0 ? (uint64_t)request->slow_pixels : square_root(pixels);
    *fast = request->slow_pixels > 0 ? (uint64_t)request->fast_pixels : *slow;
    if (bytes % sizeof(float) == 0 && pixels > 0 && pixels % *slow == 0 && pixels / *slow == *fast) return status_ok();
    if (request->slow_pixels > 0)
        return status_error(STATUS_BAD_FILE, "%s has %zu bytes, which are not %" PRIu64 " x %" PRIu64 " float32 pixels",
                            path, bytes, *slow, *fast);
    return status_error(STATUS_BAD_FILE, "%s has %zu bytes, which are no square of float32 pixels; give its --shape",
                        path, bytes);
}

static Status decode_raw(const ImageRequest *request, const char *path, const char *contents, size_t bytes,
                         Image *image) {
    uint64_t slow = 0, fast = 0;
    TRY(raw_shape(request, path, bytes, &slow, &fast));
    TRY(allocate(path, slow, fast, image));
    for (size_t i = 0; i < bytes / sizeof(float); i++)
        image->pixels[i] = (double)float_of_bytes((const unsigned char *)contents + sizeof(float) * i);
    return status_ok();
}

static bool ends_with(const char *text, const char *end) {
    const size_t text_length = strlen(text), end_length = strlen(end);
    return text_length > end_length && strcmp(text + text_length - end_length, end) == 0;
}

static Status check_only_image(const ImageName *name) {
    if (name->dataset[0] == '\0' && name->frame <= 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "%s has one image; it takes no dataset and no frame number", name->path);
}

static Status read_raw(const ImageRequest *request, const ImageName *name, Image *image) {
    char *contents = NULL;
    size_t bytes = 0;
    TRY(check_only_image(name));
    TRY(text_read_file(name->path, SIZE_MAX / 4, &contents, &bytes));
    const Status status = decode_raw(request, name->path, contents, bytes, image);
    free(contents);
    return status;
}

static Status read_smv(const ImageName *name, Image *image) {
    SmvImage smv;
    TRY(check_only_image(name));
    TRY(smv_read(name->path, &smv));
    const int64_t pixels = smv.slow_pixels * smv.fast_pixels;
    const Status status = allocate(name->path, (uint64_t)smv.slow_pixels, (uint64_t)smv.fast_pixels, image);
    for (int64_t i = 0; status_is_ok(status) && i < pixels; i++) image->pixels[i] = smv.pixels[i];
    smv_free(&smv);
    return status;
}

Status image_file_read(ImageRequest request, Image *image) {
    *image = (Image){.pixels = NULL};
    ImageName name;
    TRY(split_name(request, &name));
    if (!file_exists(name.path)) return status_error(STATUS_BAD_FILE, "%s does not exist", name.path);
    if (ends_with(name.path, ".h5") || ends_with(name.path, ".hdf5") || ends_with(name.path, ".nxs"))
        return read_hdf5(&request, &name, image);
    if (ends_with(name.path, ".bin") || ends_with(name.path, ".raw")) return read_raw(&request, &name, image);
    if (ends_with(name.path, ".img")) return read_smv(&name, image);
    return status_error(STATUS_BAD_FILE, "%s: images are read from .h5, .hdf5, .nxs, .bin, .raw and .img files",
                        name.path);
}
