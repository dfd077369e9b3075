#include "simulate.h"

#include "active_pixels.h"
#include "agree.h"
#include "broadcast.h"
#include "clocks.h"
#include "kernel.h"
#include "large_memory.h"
#include "render.h"
#include "text.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What rank 0 decided, for all. Plain data. */
typedef struct Decision {
    Plan plan;
    Range slice;
} Decision;

/* Images of a wave: while one side is written, the other is computed. */
typedef struct WaveBuffers {
    float *expected; /* [frames of a wave][own rows][fast_pixels] */
    int32_t *counts; /* the same, NULL where not wanted */
} WaveBuffers;
enum { SIDES = 2 };

/* One run on one rank. */
typedef struct Run {
    Team team;
    const SimulateRequest *request;
    Parameters *parameters;
    Experiment *experiment;
    SharedMemory grid;
    Decision decision;
    Notes notes; /* on rank 0 */
    Writer *writer;
    Renderer *renderer;
    Frame frame;
    int64_t *slots; /* [plan.request.frames] places in the file of the frames to render */
    WaveBuffers buffers[SIDES];
    float *image;         /* the first frame on the rank that writes ancestor_files, else NULL */
    FrameRecord *records; /* [frames of a wave] */
    RankRecord done;
} Run;

/* Bytes of whole rows of a rank's share of a frame, and of some more rows; every member's share is about the same. */
static double row_bytes(const Plan *plan, double more_rows, double bytes_of_pixel) {
    const double pixels = (double)plan->request.slow_pixels * (double)plan->request.fast_pixels;
    const double rows = 2.0 * (double)plan->tile + more_rows;
    return bytes_of_pixel * fmin(pixels, pixels / plan->group_ranks + rows * (double)plan->request.fast_pixels);
}

/* A single wave needs one. */
static int sides_of(const Plan *plan) {
    return plan->waves > 1 ? SIDES : 1;
}

double simulate_buffer_bytes(const Plan *plan, const Experiment *experiment) {
    const PointSpread *spread = &experiment->signal.spread;
    const bool counts = experiment->images != IMAGES_EXPECTED;
    const double images =
        row_bytes(plan, 0.0, counts ? 8.0 : 4.0) * (double)plan->frames_per_wave_of_group * sides_of(plan);
    const bool spreads = counts && spread->kind != PSF_NONE;
    return images + (spreads ? row_bytes(plan, 2.0 * (double)spread->radius, 8.0) : 0.0);
}

static Status check_memory(const Experiment *e, const Plan *plan) {
    const double node = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    const double need = simulate_buffer_bytes(plan, e);
    if (need <= node) return status_ok();
    return status_error(STATUS_NO_MEMORY,
                        "each rank needs %.3g GiB for its part of a frame of %" PRId64 " x %" PRId64
                        " pixels, and this node has %.3g GiB; use more ranks or a smaller detector",
                        need / 1073741824.0, e->detector.slow_pixels, e->detector.fast_pixels, node / 1073741824.0);
}

/* A:B, or the whole sweep when nothing was said. */
static Status read_slice(const Parameters *p, int64_t count, Range *slice) {
    const char *text = p->run_frames, *rest = text;
    *slice = (Range){0, count};
    if (*text == '\0') return status_ok();
    const bool read = text_read_integer(text, &slice->begin, &rest) && *rest == ':' &&
                      text_read_integer(rest + 1, &slice->end, &rest) && *rest == '\0';
    if (read && slice->begin >= 0 && slice->begin < slice->end && slice->end <= count) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "%s: run.frames is \"%s\"; it must be A:B within this sweep's frames 0:%" PRId64
                        " (frame B is not included)",
                        p->state[PARAMETER(run, frames)].origin, text, count);
}

Status simulate_plan(const Parameters *p, const Experiment *e, int ranks, int threads, Plan *plan, Range *slice,
                     Notes *notes) {
    TRY(read_slice(p, e->sweep.count, slice));
    const Tile frame = {0, 0, e->detector.slow_pixels, e->detector.fast_pixels};
    const PlanRequest request = {.slow_pixels = frame.slow_pixels,
                                 .fast_pixels = frame.fast_pixels,
                                 .active = active_pixels_within(e->active, frame.fast_pixels, frame),
                                 .blocks = kernel_blocks(e),
                                 .steps_per_pixel = kernel_steps(e, 1, (Range){0, kernel_blocks(e)}),
                                 .frames = range_length(*slice),
                                 .ranks = ranks,
                                 .threads = threads,
                                 .tile = p->run_tile,
                                 .shards = p->run_shards,
                                 .wave = p->run_wave};
    *plan = plan_create(request, notes);
    return check_memory(e, plan);
}

/* On rank 0: everything that can be found wrong is found here, before anything is computed or written. */
static Status decide(Run *run) {
    const SimulateRequest *request = run->request;
    const Parameters *p = request->parameters;
    if (request->notes != NULL) run->notes = *request->notes;
    if (*p->run_output == '\0' && !ancestor_files_wanted(p))
        return status_error(STATUS_BAD_PARAMETER, "there is nowhere to write to; give --output FILE.nxs");
    if (p->run_overwrite && p->run_resume)
        return status_error(STATUS_BAD_PARAMETER, "--overwrite and --resume exclude each other; give one");
    TRY(ancestor_files_check(p, request->replaces_files));
    TRY(experiment_create(p, &run->experiment, &run->notes));
    return simulate_plan(p, run->experiment, run->team.ranks, omp_get_max_threads(), &run->decision.plan,
                         &run->decision.slice, &run->notes);
}

/* Machines without FMA round the fast kernel's sums otherwise: one run must not mix them. */
static Status agree_on_instructions(const Run *run) {
    const int mine = strcmp(kernel_instructions(), "portable") == 0;
    const bool alike = team_least(run->team, mine) == team_greatest(run->team, mine);
    if (alike || run->experiment->precision == PRECISION_FLOAT64) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "some nodes have AVX2 and FMA and some have not, so that float32 would round differently; give "
                        "run.precision=float64 or nodes of one kind");
}

static Status share_decision(Run *run) {
    run->parameters = NULL;
    if (run->team.rank == 0) {
        run->parameters = malloc(sizeof *run->parameters);
        if (run->parameters != NULL) memcpy(run->parameters, run->request->parameters, sizeof *run->parameters);
    }
    const bool copied = run->team.rank != 0 || run->parameters != NULL;
    TRY(agree(run->team, copied ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for parameters")));
    TRY(broadcast_parameters(run->team, &run->parameters));
    TRY(broadcast_experiment(run->team, &run->experiment, &run->grid));
    TRY(agree_on_instructions(run));
    team_broadcast(run->team, 0, &run->decision, sizeof run->decision);
    return status_ok();
}

static Status open_output(Run *run, bool *complete) {
    *complete = false;
    const Parameters *p = run->parameters;
    if (*p->run_output == '\0') return status_ok();
    const OutputRequest output = {.path = p->run_output,
                                  .overwrite = p->run_overwrite,
                                  .resume = p->run_resume,
                                  .frames = run->decision.slice,
                                  .command_line = run->request->command_line,
                                  .build = run->request->build,
                                  .compression = (OutputCompression)p->output_compression,
                                  .compression_level = (int)p->output_compression_level,
                                  .stop = run->request->stop,
                                  .timeline = run->request->timeline};
    return writer_open(run->team, p, run->experiment, &run->decision.plan, &run->notes, output, &run->writer, complete);
}

/* The frames that are not yet complete in the file. The plan is made anew for their number, the same on every rank. */
static Status list_missing_frames(Run *run) {
    const int64_t all = range_length(run->decision.slice);
    run->slots = malloc((size_t)all * sizeof *run->slots);
    if (run->slots == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a list of %" PRId64 " frames", all);
    const uint8_t *states = run->writer == NULL ? NULL : writer_states(run->writer);
    int64_t missing = 0;
    for (int64_t slot = 0; slot < all; slot++)
        if (states == NULL || states[slot] != FRAME_COMPLETE) run->slots[missing++] = slot;
    PlanRequest request = run->decision.plan.request;
    request.frames = missing;
    run->decision.plan = plan_create(request, NULL);
    return status_ok();
}

static bool allocate_side(const Run *run, size_t pixels, WaveBuffers *buffers) {
    const bool counts = run->experiment->images != IMAGES_EXPECTED;
    buffers->expected = large_memory(pixels, sizeof *buffers->expected);
    if (counts) buffers->counts = large_memory(pixels, sizeof *buffers->counts);
    return buffers->expected != NULL && (!counts || buffers->counts != NULL);
}

static Status allocate_buffers(Run *run) {
    const Plan *plan = &run->decision.plan;
    const int64_t frames = plan->frames_per_wave_of_group;
    const int64_t pixels = range_length(renderer_own_part(run->renderer)->rows) * plan->request.fast_pixels * frames;
    TRY(frame_create(run->experiment, &run->frame));
    bool allocated = true;
    for (int side = 0; side < sides_of(plan); side++)
        allocated = allocate_side(run, (size_t)pixels, &run->buffers[side]) && allocated;
    run->records = calloc((size_t)frames, sizeof *run->records);
    const bool writes_image = ancestor_files_need_image(run->parameters) && run->team.rank == 0;
    if (writes_image) run->image = malloc((size_t)detector_pixels(&run->experiment->detector) * sizeof *run->image);
    if (!allocated || run->records == NULL || (run->image == NULL && writes_image))
        return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " pixels of the frames in work", pixels);
    return status_ok();
}

/* One frame into place @p index of the buffers. Collective over the group. */
static void render_frame(Run *run, WaveBuffers buffers, int64_t slot, int64_t index) {
    const Plan *plan = &run->decision.plan;
    const int64_t pixels = range_length(renderer_own_part(run->renderer)->rows) * plan->request.fast_pixels;
    float *expected = buffers.expected + index * pixels;
    int32_t *counts = buffers.counts == NULL ? NULL : buffers.counts + index * pixels;
    const double start = clocks_since_1970_s(), clock = clocks_steady_s();
    frame_set(run->experiment, run->decision.slice.begin + slot, &run->frame);
    renderer_expected(run->renderer, &run->frame, expected);
    const double rest_s = clocks_steady_s();
    if (counts != NULL) renderer_counts(run->renderer, &run->frame, expected, counts);
    run->done.compute_seconds += clocks_steady_s() - clock;
    const double fluence_per_m2 = (counts != NULL ? run->frame.flicker : 1.0) * run->frame.fluence_per_m2;
    const ImageTotals totals = renderer_totals(run->renderer, expected, counts);
    timeline_add_until_now(run->request->timeline, PHASE_COMPUTE, counts != NULL ? "counts and totals" : "totals",
                           rest_s);
    FrameRecord *record = &run->records[index];
    *record = (FrameRecord){.slot = slot,
                            .number = run->frame.number,
                            .phi_start_rad = run->frame.phi_start_rad,
                            .fluence_per_m2 = fluence_per_m2,
                            .sum_photons = totals.sum,
                            .max_photons = totals.max,
                            .crc32 = totals.crc32,
                            .first_rank = run->team.rank,
                            .start_time = start,
                            .wall_seconds = clocks_steady_s() - clock};
    for (int i = 0; i < 3; i++) {
        const Vec3 row = run->frame.reciprocal_per_m.row[i];
        record->ub_per_m[i][0] = row.x;
        record->ub_per_m[i][1] = row.y;
        record->ub_per_m[i][2] = row.z;
    }
}

/* The first frame's own files, written by rank 0. Collective over its group. */
static Status write_first_frame(Run *run) {
    const Parameters *p = run->parameters;
    const SimulateRequest *request = run->request;
    const int64_t frame = run->decision.slice.begin + run->slots[0];
    AncestorReport result;
    if (ancestor_files_need_image(p)) renderer_gather(run->renderer, run->buffers[0].expected, run->image);
    if (run->team.rank != 0) return status_ok();
    TRY(ancestor_files_write(p, run->experiment, frame, run->image, &result));
    if (run->image != NULL && request->first_image != NULL)
        request->first_image(request->context, p, run->experiment, frame, run->image, &result);
    return status_ok();
}

static Status write_wave(Run *run, WaveBuffers buffers, Range frames, bool first_wave) {
    const Plan *plan = &run->decision.plan;
    const OwnPart *own = renderer_own_part(run->renderer);
    const bool is_first = first_wave && run->slots[0] == 0 && plan_group_of_rank(plan, run->team.rank) == 0;
    Status status = status_ok();
    if (is_first && ancestor_files_wanted(run->parameters)) status = write_first_frame(run);
    const double wait_s = clocks_steady_s();
    status = agree(run->team, status);
    timeline_add_until_now(run->request->timeline, PHASE_WAIT, "others' frames", wait_s);
    TRY(status);
    if (run->writer == NULL) return status_ok();
    WaveData wave = {.frames = range_length(frames),
                     .slots = run->slots + frames.begin,
                     .rectangles = own->rectangles,
                     .rows = own->rows,
                     .expected = run->experiment->images == IMAGES_COUNTS ? NULL : buffers.expected,
                     .counts = buffers.counts,
                     .records = plan_member_of_rank(plan, run->team.rank) == 0 ? range_length(frames) : 0,
                     .record = run->records};
    memcpy(wave.rectangle, own->rectangle, sizeof wave.rectangle);
    const int64_t datasets = run->experiment->images == IMAGES_BOTH ? 2 : 1;
    run->done.bytes_written += 4 * own->pixels * range_length(frames) * datasets;
    return writer_write(run->writer, &wave);
}

static bool someone_stops(const Run *run) {
    const int mine = run->request->stop != NULL && *run->request->stop != 0;
    return team_greatest(run->team, mine) != 0;
}

static void report(const Run *run, int64_t done) {
    if (run->team.rank != 0 || run->request->progress == NULL) return;
    const Plan *plan = &run->decision.plan;
    const double steps_of_frame = (double)run->experiment->active_pixels * (double)plan->request.steps_per_pixel;
    run->request->progress(run->request->context, done, plan->request.frames, steps_of_frame * (double)done);
}

static Status render_waves(Run *run) {
    const Plan *plan = &run->decision.plan;
    const int group = plan_group_of_rank(plan, run->team.rank);
    report(run, 0);
    for (int64_t wave = 0; wave < plan->waves; wave++) {
        const Range frames = plan_frames_of_group(plan, wave, group);
        const WaveBuffers buffers = run->buffers[wave % SIDES];
        for (int64_t i = frames.begin; i < frames.end; i++) render_frame(run, buffers, run->slots[i], i - frames.begin);
        TRY(write_wave(run, buffers, frames, wave == 0));
        const bool last = wave + 1 == plan->waves, stops = !last && someone_stops(run);
        if ((last || stops) && run->writer != NULL) TRY(writer_settle(run->writer));
        report(run, plan_frames_of_wave(plan, wave).end);
        if (stops)
            return status_error(STATUS_INTERRUPTED,
                                "stopped by a signal after %" PRId64 " of %" PRId64
                                " frames; run again with --resume to go on",
                                plan_frames_of_wave(plan, wave).end, plan->request.frames);
    }
    return status_ok();
}

static Status render_missing(Run *run) {
    TRY(agree(run->team, list_missing_frames(run)));
    if (run->decision.plan.request.frames == 0) return status_ok();
    TRY(renderer_create(run->team, run->experiment, &run->decision.plan, run->request->timeline, &run->renderer));
    TRY(agree(run->team, allocate_buffers(run)));
    if (run->request->timeline != NULL)
        timeline_add_until_now(run->request->timeline, PHASE_SETUP, "set-up", run->request->timeline->start_s);
    return render_waves(run);
}

static Status render_and_close(Run *run) {
    Status status = status_ok();
    if (run->team.rank == 0 && run->request->announce != NULL)
        status = run->request->announce(run->request->context, run->experiment, &run->decision.plan,
                                        run->decision.slice, &run->notes);
    status = agree(run->team, status);
    if (status_is_ok(status)) status = render_missing(run);
    run->done.steps = run->renderer == NULL ? 0 : renderer_steps(run->renderer);
    const double close_s = clocks_steady_s();
    const Status closed = writer_close(&run->writer, status_is_ok(status), &run->decision.plan, run->done);
    timeline_add_until_now(run->request->timeline, PHASE_WRITE, "close the file", close_s);
    return status_first(status, closed);
}

static void release(Run *run) {
    free(run->records);
    free(run->image);
    for (int side = 0; side < SIDES; side++) {
        free(run->buffers[side].counts);
        free(run->buffers[side].expected);
    }
    frame_destroy(&run->frame);
    renderer_destroy(&run->renderer);
    free(run->slots);
    team_unshare(&run->grid);
    experiment_destroy(&run->experiment);
    parameters_destroy(&run->parameters);
}

Status simulate(Team team, SimulateRequest request) {
    Run *run = calloc(1, sizeof *run);
    TRY(agree(team, run != NULL ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for the run")));
    run->team = team;
    run->request = &request;
    run->grid = team_no_memory();
    bool complete = false;
    Status status = agree(team, run->team.rank == 0 ? decide(run) : status_ok());
    if (status_is_ok(status)) status = share_decision(run);
    if (status_is_ok(status)) status = open_output(run, &complete);
    if (status_is_ok(status) && !complete) status = render_and_close(run);
    release(run);
    free(run);
    return status;
}
