#include "nxmx/image_dataset.h"

#include "hdf5/hdf5_helpers.h"

static Status set_layout(hid_t creation, hid_t type) {
    const float minus_one = -1.0F;
    const int32_t minus_one_count = -1;
    const bool real = H5Tget_class(type) == H5T_FLOAT;
    if (creation < 0 || H5Pset_layout(creation, H5D_CONTIGUOUS) < 0 ||
        H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY) < 0 || H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) < 0 ||
        H5Pset_fill_value(creation, type, real ? (const void *)&minus_one : (const void *)&minus_one_count) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "set up", "the images");
    return status_ok();
}

Status image_dataset_create(hid_t parent, const char *name, hid_t type, int64_t frames, int64_t slow_pixels,
                            int64_t fast_pixels) {
    const Hdf5Shape shape = hdf5_block(frames, slow_pixels, fast_pixels);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t space = H5Screate_simple(shape.rank, shape.length, NULL);
    hid_t dataset = H5I_INVALID_HID;
    Status status = set_layout(creation, type);
    if (status_is_ok(status)) {
        dataset = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        if (dataset < 0) status = hdf5_error(STATUS_OUTPUT_FAILED, "create", name);
    }
    if (dataset >= 0) (void)H5Dclose(dataset);
    if (space >= 0) (void)H5Sclose(space);
    if (creation >= 0) (void)H5Pclose(creation);
    return status;
}
