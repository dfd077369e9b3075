#include "output/background_write.h"

#include "base/clocks.h"
#include "team/mpi_calls.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static Status write_images(const ImageJob *job) {
    const int descriptor = job->target->descriptor;
    TRY(job->writer->write(job->target, &job->values));
    /* EINVAL: a file system on which there is nothing to be synchronized */
    if (job->syncs && job->values.wave.frames > 0 && fdatasync(descriptor) != 0 && errno != EINVAL)
        return status_error(STATUS_OUTPUT_FAILED, "cannot bring the images to the disk: %s", strerror(errno));
    return status_ok();
}

static void write_timed(BackgroundWrite *write) {
    write->begin_s = clocks_steady_s();
    write->status = write_images(&write->job);
    write->end_s = clocks_steady_s();
}

static void *run(void *context) {
    mpi_calls_take_lane(MPI_LANE_WRITER);
    write_timed(context);
    return NULL;
}

void background_write_start(BackgroundWrite *write, ImageJob job) {
    write->job = job;
    write->started = true;
    write->has_thread = job.in_thread && pthread_create(&write->thread, NULL, run, write) == 0;
    if (!write->has_thread) write_timed(write);
}

Status background_write_finish(BackgroundWrite *write) {
    if (!write->started) return status_ok();
    if (write->has_thread) (void)pthread_join(write->thread, NULL);
    write->started = false;
    return write->status;
}
