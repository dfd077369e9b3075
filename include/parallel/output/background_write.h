/** @file
 *  The images of one wave, written by a thread of their own while the next wave is computed. Until it has ended, the
 *  thread alone calls HDF5. */
#ifndef TESSERA_BACKGROUND_WRITE_H
#define TESSERA_BACKGROUND_WRITE_H

#include "output/image_writer.h"

#include <pthread.h>

/** What is to be written. The images, the target and what it names are borrowed until background_write_finish. */
typedef struct ImageJob {
    const ImageWriter *writer;
    ImageTarget *target;
    ImageValues values;
    bool in_thread; /**< else at once, by background_write_start */
    bool syncs;     /**< to the disk too, as others than this machine's processes will look at it */
} ImageJob;

/** A write that goes on. Must not be moved meanwhile. */
typedef struct BackgroundWrite {
    ImageJob job;
    bool started, has_thread;
    pthread_t thread;
    Status status;
    double begin_s, end_s; /**< on clocks_steady_s */
} BackgroundWrite;

/** Starts it; without a thread to be had the images are written at once. None may be going on. */
void background_write_start(BackgroundWrite *write, ImageJob job);

/** Waits for its end.
 *  @return what came of it; success when none was started */
Status background_write_finish(BackgroundWrite *write);

#endif
