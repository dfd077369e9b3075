#include "output/background_write.h"

#include "base/clocks.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static Status write_images(const ImageJob *job) {
    TRY(image_set_write(job->main, job->descriptor, &job->wave, job->main_values));
    if (job->twin != NULL) TRY(image_set_write(job->twin, job->descriptor, &job->wave, job->twin_values));
    /* EINVAL: a file system on which there is nothing to be synchronized */
    if (job->syncs && job->wave.frames > 0 && fdatasync(job->descriptor) != 0 && errno != EINVAL)
        return status_error(STATUS_OUTPUT_FAILED, "cannot bring the images to the disk: %s", strerror(errno));
    return status_ok();
}

static void *run(void *context) {
    BackgroundWrite *write = context;
    write->begin_s = clocks_steady_s();
    write->status = write_images(&write->job);
    write->end_s = clocks_steady_s();
    return NULL;
}

void background_write_start(BackgroundWrite *write, ImageJob job) {
    write->job = job;
    write->started = true;
    write->has_thread = pthread_create(&write->thread, NULL, run, write) == 0;
    if (!write->has_thread) (void)run(write);
}

Status background_write_finish(BackgroundWrite *write) {
    if (!write->started) return status_ok();
    if (write->has_thread) (void)pthread_join(write->thread, NULL);
    write->started = false;
    return write->status;
}
