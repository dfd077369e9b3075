#include "output/image_writer.h"

static Status open_nothing(ImageTarget *target) {
    (void)target;
    return status_ok();
}

static Status write_past_hdf5(ImageTarget *target, const ImageValues *values) {
    TRY(image_set_write(&target->main, target->descriptor, &values->wave, values->main));
    return target->has_twin ? image_set_write(&target->twin, target->descriptor, &values->wave, values->twin)
                            : status_ok();
}

static Status close_nothing(ImageTarget *target, bool failed) {
    (void)target;
    (void)failed;
    return status_ok();
}

const ImageWriter image_writer_direct = {
    .name = "direct", .open = open_nothing, .write = write_past_hdf5, .close = close_nothing};

const ImageWriter *image_writer_of(OutputWriter writer) {
    return writer == WRITER_COLLECTIVE ? &image_writer_collective
           : writer == WRITER_FILES    ? &image_writer_files
                                       : &image_writer_direct;
}
