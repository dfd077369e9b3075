#include "run/trial_frame.h"

#include "base/clocks.h"
#include "hdf5/hdf5_helpers.h"
#include "run/render.h"
#include "setup/frames.h"

#include <inttypes.h>
#include <stdlib.h>

/* The images of a frame: [slow][fast], counts where they are wanted. */
typedef struct Images {
    float *expected;
    int32_t *counts;
} Images;

static Status render(const Experiment *experiment, const Plan *plan, int64_t number, const Images *images) {
    const Team alone = {.communicator = MPI_COMM_NULL, .rank = 0, .ranks = 1};
    Renderer *renderer = NULL;
    Frame frame;
    TRY(renderer_create(alone, experiment, plan, NULL, &renderer));
    const Status status = frame_create(experiment, &frame);
    if (status_is_ok(status)) {
        const int64_t first = renderer_own_part(renderer)->rows.begin * plan->request.fast_pixels;
        frame_set(experiment, number, &frame);
        renderer_begin(renderer, &frame, images->expected + first);
        renderer_end(renderer);
        if (images->counts != NULL) renderer_counts(renderer, &frame, images->expected + first, images->counts + first);
    }
    frame_destroy(&frame);
    renderer_destroy(&renderer);
    return status;
}

static Status pack(const Plan *plan, Packing packing, hid_t type, const void *pixels, TrialFrame *trial) {
    FrameCodec codec;
    void *packed = NULL;
    size_t bytes = 0;
    TRY(frame_codec_create(packing, type, plan->request.slow_pixels, plan->request.fast_pixels, &codec));
    const double begin_s = clocks_steady_s();
    if (!frame_codec_pack(&codec, pixels, &packed, &bytes))
        return status_error(STATUS_NO_MEMORY, "no memory to pack a frame");
    trial->bytes_per_s += clocks_steady_s() - begin_s; /* seconds so far */
    trial->bytes += (double)codec.chunk_bytes;
    trial->packed_bytes += (double)bytes;
    free(packed);
    return status_ok();
}

static Status measure(const Experiment *experiment, const Plan *plan, Packing packing, const Images *images,
                      TrialFrame *trial) {
    TRY(render(experiment, plan, trial->number, images));
    if (images->counts != NULL) TRY(pack(plan, packing, H5T_NATIVE_INT32, images->counts, trial));
    if (experiment->images != IMAGES_COUNTS) TRY(pack(plan, packing, H5T_NATIVE_FLOAT, images->expected, trial));
    trial->bytes_per_s = trial->bytes / (trial->bytes_per_s > 0.0 ? trial->bytes_per_s : 1e-9);
    return status_ok();
}

Status trial_frame_pack(const Experiment *experiment, const Plan *plan, Range slice, Packing packing,
                        TrialFrame *trial) {
    PlanRequest request = plan->request;
    request.frames = 1;
    request.ranks = 1;
    const Plan single = plan_create(request, NULL);
    const size_t pixels = (size_t)(request.slow_pixels * request.fast_pixels);
    const bool counts = experiment->images != IMAGES_EXPECTED;
    const Images images = {.expected = calloc(pixels, sizeof(float)),
                           .counts = counts ? calloc(pixels, sizeof(int32_t)) : NULL};
    *trial = (TrialFrame){.number = slice.begin + range_length(slice) / 2};
    hdf5_prepare();
    const bool made = images.expected != NULL && (images.counts != NULL || !counts);
    const Status status = made ? measure(experiment, &single, packing, &images, trial)
                               : status_error(STATUS_NO_MEMORY, "no memory for a frame of %zu pixels", pixels);
    free(images.counts);
    free(images.expected);
    return status;
}
