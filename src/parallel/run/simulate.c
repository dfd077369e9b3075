#include "run/simulate.h"

#include "base/clocks.h"
#include "base/large_memory.h"
#include "base/text.h"
#include "files/output_lock.h"
#include "files/unfinished_files.h"
#include "hdf5/sweep_files.h"
#include "kernels/kernel.h"
#include "output/writer_choice.h"
#include "parameters/instructions.h"
#include "plan/schedule.h"
#include "run/devices.h"
#include "run/render.h"
#include "run/watchdog.h"
#include "setup/frames.h"
#include "team/agree.h"
#include "team/broadcast.h"
#include "team/frame_queue.h"
#include "team/mpi_calls.h"
#include "team/periodic_thread.h"

#include <assert.h>
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What one call of collective writing may take, unless run.stall_timeout says otherwise. */
static const double COLLECTIVE_STALL_S = 60.0;

/* What rank 0 decided, for all. Plain data. */
typedef struct Decision {
    Plan plan;
    Range slice;
} Decision;

/* The frames that a group has rendered in a wave: this rank's part of them. While those of one side are written, those
 * of the other are rendered. */
typedef struct WaveBuffers {
    int64_t frames, pixels; /* so far, and of a frame */
    float *expected;        /* [room][own rows][fast_pixels] */
    int32_t *counts;        /* the same, NULL where not wanted */
    FrameRecord *records;   /* [room] */
    int64_t *slots;         /* [room] ascending when the wave is written */
} WaveBuffers;
enum { SIDES = 2 };

/* A frame that has been begun and not ended. */
typedef struct FrameInWork {
    Frame frame;
    int64_t slot;
    float *expected; /* its places in the buffers */
    int32_t *counts; /* NULL where not wanted */
    double start_time, begin_s;
} FrameInWork;

/* What ends the process of rank 0 when the second signal has come and it does not end by itself, as a disk is slow or a
 * library does not come back. */
typedef struct HardStop {
    PeriodicThread thread;
    const SimulateRequest *request;
    double since_s; /* of the second signal, by the steady clock; 0 before it */
} HardStop;
static const double HARD_STOP_LOOKS_EVERY_S = 0.1, HARD_STOP_AFTER_S = 0.5;

/* One run on one rank. */
typedef struct Run {
    Team team;
    const SimulateRequest *request;
    Parameters *parameters;
    Experiment *experiment;
    SharedMemory grid;
    SharedMemory lists; /* of the sweep */
    Decision decision;
    Notes notes;      /* on rank 0 */
    OutputLock *lock; /* on rank 0 */
    Watchdog *watchdog;
    Writer *writer;
    Renderer *renderer;
    FrameQueue *queue;
    FrameInWork *in_work; /* [in_work_most] ring */
    int64_t in_work_most, begun, ended;
    int64_t *slots; /* [plan.request.frames] places in the file of the frames to render, the costliest first */
    int64_t next;   /* index in slots of the frame that this group renders next, or NOT_CLAIMED */
    WaveBuffers sides[SIDES];
    WaveBuffers *held; /* the side of the wave in work */
    float *image;      /* the first frame on the rank that writes nanobragg_files, else NULL */
    RankRecord done;
    int64_t frames_done;  /* of all ranks */
    double brightest;     /* greatest sum of a frame of this rank */
    double dark_photons;  /* expected on this rank in frames of counts that are 0 */
    ProgressPulse *pulse; /* on rank 0, NULL elsewhere */
    HardStop hard_stop;
} Run;

enum { NOT_CLAIMED = -1 };

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

/* One grid of structure factors and its table. */
static double grid_bytes(const StructureFactors *factors) {
    const double table = factors->table != NULL ? 4.0 * (double)structure_factors_table_size(factors) : 0.0;
    return table + 8.0 * (double)structure_factors_grid_size(factors);
}

double simulate_buffer_bytes(const Plan *plan, const Experiment *experiment) {
    const PointSpread *spread = &experiment->signal.spread;
    const bool counts = experiment->images != IMAGES_EXPECTED;
    const double images = row_bytes(plan, 0.0, counts ? 8.0 : 4.0) * (double)plan_room_of_group(plan) * sides_of(plan);
    const bool spreads = counts && spread->kind != PSF_NONE;
    const double factors = experiment->factors.unscaled != NULL ? grid_bytes(&experiment->factors) : 0.0;
    return images + factors + (spreads ? row_bytes(plan, 2.0 * (double)spread->reach, 8.0) : 0.0);
}

double simulate_grid_bytes(const Experiment *experiment) {
    const StructureFactors *factors = &experiment->factors;
    const double unscaled = factors->unscaled != NULL ? 8.0 * (double)structure_factors_grid_size(factors) : 0.0;
    return grid_bytes(factors) + unscaled + 4.0 * (double)structure_factors_forms_size(factors);
}

int simulate_ranks_of_node(int ranks) {
    static const char *const variables[] = {
        "OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE",
        "SLURM_TASKS_PER_NODE"}; /* the last may be "4(x2),3": the largest is first */
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *text = getenv(variables[i]);
        const long count = text != NULL ? strtol(text, NULL, 10) : 0;
        if (count > 0) return count < ranks ? (int)count : ranks;
    }
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 && cores < ranks ? (int)cores : ranks;
}

static Status check_memory(const Experiment *e, const Plan *plan) {
    const double node = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    const double each = simulate_buffer_bytes(plan, e);
    const int of_node = simulate_ranks_of_node(plan->request.ranks);
    if (each * of_node + simulate_grid_bytes(e) <= node) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "%d ranks of a node need %.3g GiB each for their part of a frame of %" PRId64 " x %" PRId64
                        " pixels, and this node has %.3g GiB; use fewer ranks on a node, a smaller run.wave or a "
                        "smaller detector",
                        of_node, each / 1073741824.0, e->detector.slow_pixels, e->detector.fast_pixels,
                        node / 1073741824.0);
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
    TRY(mpi_io_check_hints(p->output_mpi_hints, p->state[PARAMETER(output, mpi_hints)].origin));
    TRY(read_slice(p, e->sweep.count, slice));
    const Tile frame = {0, 0, e->detector.slow_pixels, e->detector.fast_pixels};
    const PlanRequest request = {.slow_pixels = frame.slow_pixels,
                                 .fast_pixels = frame.fast_pixels,
                                 .active = tile_active_part(e->active, frame.fast_pixels, frame),
                                 .blocks = (e->limits.terms + KERNEL_BLOCK_TERMS - 1) / KERNEL_BLOCK_TERMS,
                                 .steps_per_pixel = e->limits.steps_per_pixel,
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
    if (*p->run_output == '\0' && !nanobragg_files_wanted(p))
        return status_error(STATUS_BAD_PARAMETER, "there is nowhere to write to; give --output FILE.nxs");
    if (p->run_overwrite && p->run_resume)
        return status_error(STATUS_BAD_PARAMETER, "--overwrite and --resume exclude each other; give one");
    if (p->run_verify && !p->run_resume)
        return status_error(STATUS_BAD_PARAMETER, "--run.verify checks a file that --resume goes on with; give both");
    TRY(nanobragg_files_check(p, request->replaces_files));
    TRY(sweep_files_experiment(p, &run->experiment, &run->notes));
    return simulate_plan(p, run->experiment, run->team.ranks, omp_get_max_threads(), &run->decision.plan,
                         &run->decision.slice, &run->notes);
}

/* Machines without FMA round the kernels' sums otherwise: one run must not mix them. */
static Status agree_on_instructions(const Run *run) {
    Experiment *e = run->experiment;
    TRY(agree(run->team, instructions_choose((Instructions)run->parameters->run_instructions, &e->instructions)));
    const int mine = e->instructions == INSTRUCTIONS_PORTABLE;
    const bool alike = team_least(run->team, mine) == team_greatest(run->team, mine);
    if (alike || !e->limits.rounds_by_instructions) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "some nodes have AVX2 and FMA and some have not, so that they would round differently; give "
                        "run.instructions=portable or nodes of one kind");
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
    if (run->parameters->run_check_collectives)
        notes_add(&run->notes, "run.check_collectives does nothing any more: libmpi_check.so, built with the tests and "
                               "preloaded, compares the MPI calls of all ranks (docs/reliability.md)");
    TRY(broadcast_experiment(run->team, &run->experiment, &run->grid));
    TRY(broadcast_sweep(run->team, run->experiment, &run->lists));
    TRY(agree_on_instructions(run));
    TRY(devices_choose(run->team, run->parameters, run->experiment, &run->notes));
    team_broadcast(run->team, 0, &run->decision, sizeof run->decision);
    return status_ok();
}

static Status open_output(Run *run, bool *complete) {
    const Parameters *p = run->parameters;
    const OutputRequest output = {.path = p->run_output,
                                  .overwrite = p->run_overwrite,
                                  .resume = p->run_resume,
                                  .verify = p->run_verify,
                                  .notes = &run->notes,
                                  .frames = run->decision.slice,
                                  .command_line = run->request->command_line,
                                  .looks = run->request->looks,
                                  .build = run->request->build,
                                  .frames_per_file =
                                      writer_frames_per_file((OutputWriter)p->output_writer, p->output_frames_per_file),
                                  .compression = (OutputCompression)p->output_compression,
                                  .compression_level = (int)p->output_compression_level,
                                  .stop = run->request->stop,
                                  .timeline = run->request->timeline};
    return writer_open(run->team, p, run->experiment, &run->decision.plan, &run->notes, output, &run->writer, complete);
}

/* Ranks that write together can wait for each other for ever. Collective. */
static double stall_timeout_s(const Run *run) {
    const Parameters *p = run->parameters;
    const Plan *plan = &run->decision.plan;
    const MpiIo io = mpi_io_look();
    WriterFacts facts = {.asked = (OutputWriter)p->output_writer,
                         .ranks = run->team.ranks,
                         .has_mpi = run->team.communicator != MPI_COMM_NULL,
                         .whole_frames = plan->group_ranks == 1,
                         .io = io};
    facts.io.is_romio = team_least(run->team, io.is_romio) != 0;
    const bool may_be = writer_may_be_collective(&facts);
    return !isnan(p->run_stall_timeout_s) ? p->run_stall_timeout_s : may_be ? COLLECTIVE_STALL_S : 0.0;
}

/* Rank 0 holds the lock for all. Who had it before is told after the file is made: no names of people get in there.
 * Collective. */
static Status lock_and_open(Run *run, bool *complete) {
    const Parameters *p = run->parameters;
    assert(p != NULL); /* as share_decision() has succeeded */
    Notes about_lock = {.count = 0};
    Status status = status_ok();
    *complete = false;
    if (*p->run_output == '\0') return status;
    if (run->team.rank == 0) status = output_lock_take(p->run_output, &about_lock, &run->lock);
    TRY(agree(run->team, status));
    status = watchdog_start(run->team, p->run_output, stall_timeout_s(run), &run->watchdog);
    if (status_is_ok(status)) status = open_output(run, complete);
    if (isnan(p->run_stall_timeout_s) && run->writer != NULL && !writer_is_collective(run->writer))
        watchdog_stop(&run->watchdog);
    for (int i = 0; i < about_lock.count; i++) notes_add(&run->notes, "%s", about_lock.text[i]);
    return status;
}

static int64_t cost_of_slot(const void *context, int64_t slot) {
    const int64_t *costs = context;
    return costs[slot];
}

/* The costliest first, but in the order of data files, so that few are in work; and but for the frame that has files of
 * its own: it stays with rank 0. */
static Status sort_slots(Run *run, int64_t count) {
    if (run->writer != NULL && writer_has_data_files(run->writer)) return status_ok();
    const bool first_stays = count > 0 && run->slots[0] == 0 && nanobragg_files_wanted(run->parameters);
    const int64_t skip = first_stays ? 1 : 0, all = range_length(run->decision.slice);
    int64_t *costs = malloc((size_t)all * sizeof *costs);
    if (costs == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a list of %" PRId64 " frames", all);
    Status status = frame_steps(run->experiment, run->decision.slice, costs);
    if (status_is_ok(status)) status = schedule_sort(run->slots + skip, count - skip, cost_of_slot, costs);
    free(costs);
    return status;
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
    return sort_slots(run, missing);
}

static bool allocate_side(const Run *run, size_t room, WaveBuffers *side) {
    const bool has_counts = run->experiment->images != IMAGES_EXPECTED;
    side->pixels = range_length(renderer_own_part(run->renderer)->rows) * run->decision.plan.request.fast_pixels;
    side->expected = large_memory((size_t)side->pixels * room, sizeof *side->expected);
    if (has_counts) side->counts = large_memory((size_t)side->pixels * room, sizeof *side->counts);
    side->records = calloc(room, sizeof *side->records);
    side->slots = calloc(room, sizeof *side->slots);
    return side->expected != NULL && side->records != NULL && side->slots != NULL &&
           (!has_counts || side->counts != NULL);
}

static Status create_frames(Run *run) {
    run->in_work_most = renderer_frames_in_flight(run->renderer);
    run->in_work = calloc((size_t)run->in_work_most, sizeof *run->in_work);
    if (run->in_work == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the frames in work");
    for (int64_t i = 0; i < run->in_work_most; i++) TRY(frame_create(run->experiment, &run->in_work[i].frame));
    return status_ok();
}

static Status allocate_buffers(Run *run) {
    const Plan *plan = &run->decision.plan;
    const size_t room = (size_t)plan_room_of_group(plan);
    const bool writes_image = nanobragg_files_need_image(run->parameters) && run->team.rank == 0;
    bool allocated = true;
    TRY(create_frames(run));
    for (int i = 0; i < sides_of(plan); i++) allocated = allocate_side(run, room, &run->sides[i]) && allocated;
    run->held = &run->sides[0];
    if (writes_image) run->image = malloc((size_t)detector_pixels(&run->experiment->detector) * sizeof *run->image);
    if (allocated && (run->image != NULL || !writes_image)) return status_ok();
    return status_error(STATUS_NO_MEMORY, "no memory for %zu frames of %" PRId64 " pixels", room, run->held->pixels);
}

static void free_side(WaveBuffers *side) {
    free(side->slots);
    free(side->records);
    free(side->counts);
    free(side->expected);
}

static int64_t frames_in_work(const Run *run) {
    return run->begun - run->ended;
}

/* How far this group is, with @p fraction of the frame that was begun first; NOT_RENDERING: it waits for others. */
static const double NOT_RENDERING = -1.0;
static void tell_part(const Run *run, double fraction) {
    const FrameInWork *work = &run->in_work[run->ended % run->in_work_most];
    const bool renders = fraction != NOT_RENDERING;
    const double rendered = (double)run->held->frames + (renders ? fraction : 0.0);
    progress_pulse_set_frame(run->pulse, renders ? work->frame.number : -1, renders ? fraction : 0.0,
                             rendered * run->decision.plan.groups);
}

/* A frame behind those that are held or in work. Collective over the group. */
static void begin_frame(Run *run, int64_t slot) {
    WaveBuffers *held = run->held;
    FrameInWork *work = &run->in_work[run->begun % run->in_work_most];
    const int64_t place = (held->frames + frames_in_work(run)) * held->pixels;
    work->slot = slot;
    work->start_time = clocks_since_1970_s();
    work->begin_s = clocks_steady_s();
    work->expected = held->expected + place;
    work->counts = held->counts == NULL ? NULL : held->counts + place;
    run->begun++;
    frame_set(run->experiment, run->decision.slice.begin + slot, &work->frame);
    renderer_begin(run->renderer, &work->frame, work->expected);
    run->done.compute_seconds += clocks_steady_s() - work->begin_s;
}

static void record_frame(Run *run, const FrameInWork *work, ImageTotals totals) {
    WaveBuffers *held = run->held;
    const Frame *frame = &work->frame;
    FrameRecord *record = &held->records[held->frames];
    held->slots[held->frames++] = work->slot;
    *record = (FrameRecord){.slot = work->slot,
                            .number = frame->number,
                            .phi_start_rad = frame->phi_start_rad,
                            .fluence_per_m2 = (work->counts != NULL ? frame->flicker : 1.0) * frame->fluence_per_m2,
                            .sum_photons = totals.sum,
                            .max_photons = totals.max,
                            .crc32 = totals.crc32,
                            .first_rank = run->team.rank,
                            .start_time = work->start_time,
                            .wall_seconds = clocks_steady_s() - work->begin_s};
    for (int i = 0; i < 3; i++) {
        const Vec3 row = frame->reciprocal_per_m.row[i];
        record->ub_per_m[i][0] = row.x;
        record->ub_per_m[i][1] = row.y;
        record->ub_per_m[i][2] = row.z;
    }
}

/* The frame that was begun first. Collective over the group.
 * @return false when it was given up */
static bool end_frame(Run *run) {
    const FrameInWork *work = &run->in_work[run->ended++ % run->in_work_most];
    const double begin_s = clocks_steady_s();
    renderer_end(run->renderer);
    const double rest_s = clocks_steady_s();
    if (work->counts != NULL) renderer_counts(run->renderer, &work->frame, work->expected, work->counts);
    run->done.compute_seconds += clocks_steady_s() - begin_s;
    const ImageTotals totals = renderer_totals(run->renderer, work->expected, work->counts);
    timeline_add_until_now(run->request->timeline, PHASE_COMPUTE, work->counts != NULL ? "counts and totals" : "totals",
                           rest_s);
    if (totals.abandoned) return false;
    run->brightest = fmax(run->brightest, totals.sum);
    if (!(totals.sum > 0.0) && work->counts != NULL)
        run->dark_photons += renderer_own_sum(run->renderer, work->expected);
    record_frame(run, work, totals);
    return true;
}

/* Those behind a frame that was given up. Collective over the group. */
static void drop_frames(Run *run) {
    for (; frames_in_work(run) > 0; run->ended++) renderer_end(run->renderer);
}

static void swap_bytes(void *left, void *right, size_t bytes) {
    char *l = left, *r = right, piece[4096];
    for (size_t done = 0; done < bytes; done += sizeof piece) {
        const size_t length = bytes - done < sizeof piece ? bytes - done : sizeof piece;
        memcpy(piece, l + done, length);
        memcpy(l + done, r + done, length);
        memcpy(r + done, piece, length);
    }
}

static void swap_frames(WaveBuffers *held, int64_t i, int64_t j) {
    const size_t bytes = (size_t)held->pixels * sizeof(float);
    swap_bytes(&held->slots[i], &held->slots[j], sizeof *held->slots);
    swap_bytes(&held->records[i], &held->records[j], sizeof *held->records);
    swap_bytes(held->expected + i * held->pixels, held->expected + j * held->pixels, bytes);
    if (held->counts != NULL) swap_bytes(held->counts + i * held->pixels, held->counts + j * held->pixels, bytes);
}

/* In the order of the file: frames of different cost were claimed in another. */
static void sort_frames(WaveBuffers *held) {
    for (int64_t i = 0; i + 1 < held->frames; i++) {
        int64_t least = i;
        for (int64_t j = i + 1; j < held->frames; j++)
            if (held->slots[j] < held->slots[least]) least = j;
        if (least != i) swap_frames(held, i, least);
    }
}

/* Begins the next frame of the wave that ends before place @p end, where there is one and room for it. What was claimed
 * beyond the end is for the next wave. Collective over the group. */
static bool begin_claimed(Run *run, int64_t end) {
    const Plan *plan = &run->decision.plan;
    const bool leads = plan_member_of_rank(plan, run->team.rank) == 0;
    if (run->held->frames + frames_in_work(run) == plan_room_of_group(plan)) return false;
    if (run->next == NOT_CLAIMED) run->next = renderer_share(run->renderer, leads ? frame_queue_claim(run->queue) : 0);
    if (run->next >= end) return false;
    const int64_t slot = run->slots[run->next];
    run->next = NOT_CLAIMED;
    begin_frame(run, slot);
    return true;
}

/* Renders frames of a wave, as many at a time as the kernels take, until none is left or there is no room. Collective
 * over the group. */
static void render_claimed(Run *run, int64_t end) {
    bool goes_on = true;
    run->held->frames = 0;
    while (goes_on) {
        const bool begun = begin_claimed(run, end);
        const bool is_full = frames_in_work(run) == run->in_work_most;
        goes_on = begun || frames_in_work(run) > 0;
        if (goes_on && (is_full || !begun)) goes_on = end_frame(run);
    }
    drop_frames(run);
    sort_frames(run->held);
}

/* The first frame's own files, written by rank 0. Collective over its group. */
static Status write_first_frame(Run *run) {
    const Parameters *p = run->parameters;
    const SimulateRequest *request = run->request;
    const int64_t frame = run->decision.slice.begin;
    NanobraggReport result;
    if (nanobragg_files_need_image(p)) renderer_gather(run->renderer, run->held->expected, run->image);
    if (run->team.rank != 0) return status_ok();
    TRY(nanobragg_files_write(p, run->experiment, frame, run->image, &result));
    if (run->image != NULL && request->first_image != NULL)
        request->first_image(request->context, p, run->experiment, frame, run->image, &result);
    return status_ok();
}

static Status write_wave(Run *run) {
    const Plan *plan = &run->decision.plan;
    const OwnPart *own = renderer_own_part(run->renderer);
    const WaveBuffers *held = run->held;
    const bool has_first = held->frames > 0 && held->slots[0] == 0;
    Status status = status_ok();
    if (has_first && nanobragg_files_wanted(run->parameters)) status = write_first_frame(run);
    if (run->lock != NULL) status = status_first(status, output_lock_check(run->lock));
    const double wait_s = clocks_steady_s();
    status = agree(run->team, status);
    timeline_add_until_now(run->request->timeline, PHASE_WAIT, "others' frames", wait_s);
    TRY(status);
    if (run->writer == NULL) return status_ok();
    WaveData wave = {.frames = held->frames,
                     .slots = held->slots,
                     .rectangles = own->rectangles,
                     .rows = own->rows,
                     .expected = run->experiment->images == IMAGES_COUNTS ? NULL : held->expected,
                     .counts = held->counts,
                     .records = plan_member_of_rank(plan, run->team.rank) == 0 ? held->frames : 0,
                     .record = held->records};
    memcpy(wave.rectangle, own->rectangle, sizeof wave.rectangle);
    const int64_t datasets = run->experiment->images == IMAGES_BOTH ? 2 : 1;
    run->done.bytes_written += 4 * own->pixels * held->frames * datasets;
    return writer_write(run->writer, &wave);
}

/* Adds what all groups have finished in a wave and shows it. Collective. */
static void report(Run *run) {
    const WaveBuffers *held = run->held;
    const bool leads = plan_member_of_rank(&run->decision.plan, run->team.rank) == 0;
    const double mine[4] = {leads ? (double)held->frames : 0.0, (double)renderer_steps(run->renderer),
                            run->done.compute_seconds, run->dark_photons};
    double all[4];
    for (int i = 0; i < 4; i++) all[i] = team_sum_real(run->team, mine[i]);
    const double most_seconds = team_greatest_real(run->team, mine[2]);
    const double brightest = team_greatest_real(run->team, run->brightest);
    run->frames_done += (int64_t)all[0];
    progress_pulse_set_wave(run->pulse,
                            (RunProgress){.frames_done = run->frames_done,
                                          .frames = run->decision.plan.request.frames,
                                          .steps_done = all[1],
                                          .imbalance = all[2] > 0.0 ? most_seconds * run->team.ranks / all[2] : 1.0,
                                          .result = {run->frames_done, brightest, all[3]}});
}

/* For rank 0's message. Frames of earlier sessions are safe too. */
static Status stopped(const Run *run) {
    const Parameters *p = run->parameters;
    const int64_t all = range_length(run->decision.slice);
    const int64_t safe = all - run->decision.plan.request.frames + run->frames_done;
    if (*p->run_output == '\0' || safe == 0)
        return status_error(STATUS_INTERRUPTED, "stopped before a frame was finished; the same command starts again");
    return status_error(STATUS_INTERRUPTED,
                        "stopped: %" PRId64 " of %" PRId64
                        " frames are safe in %.600s.partial; the same command with --resume%s goes on",
                        safe, all, p->run_output, p->run_overwrite ? " instead of --overwrite" : "");
}

/* A signal to any rank that came before there is a queue of frames. Collective. */
static Status check_early_stop(const Run *run) {
    const volatile int *stop = run->request->stop;
    const bool mine = stop_level_of(stop) != STOP_NONE;
    if (team_greatest(run->team, mine) == 0) return status_ok();
    return status_error(STATUS_INTERRUPTED, "stopped before a frame was begun; the same command starts again");
}

/* Waits for the end of a wave. Collective. */
static StopLevel wait_for_groups(const Run *run) {
    const double begin_s = clocks_steady_s();
    tell_part(run, NOT_RENDERING);
    const StopLevel level = frame_queue_wait(run->queue);
    timeline_add_until_now(run->request->timeline, PHASE_WAIT, "others' frames", begin_s);
    return level;
}

static Status render_waves(Run *run) {
    const Plan *plan = &run->decision.plan;
    if (run->team.rank == 0 && run->request->progress != NULL)
        run->pulse = progress_pulse_start(run->request->progress, run->request->context);
    report(run);
    for (int64_t wave = 0; wave < plan->waves; wave++) {
        run->held = &run->sides[wave % sides_of(plan)];
        render_claimed(run, plan_frames_of_wave(plan, wave).end);
        const StopLevel level = wait_for_groups(run);
        if (level == STOP_NOW) return stopped(run);
        TRY(write_wave(run));
        const bool is_last = wave + 1 == plan->waves || level != STOP_NONE;
        if (is_last && run->writer != NULL) TRY(writer_settle(run->writer));
        report(run);
        if (level != STOP_NONE && run->frames_done < plan->request.frames) return stopped(run);
    }
    return status_ok();
}

static bool gives_up(void *context, double elapsed_s, double fraction) {
    const Run *run = context;
    tell_part(run, fraction);
    return frame_queue_gives_up(run->queue, elapsed_s, fraction);
}

/* Each group has its first frame by its number; the others are claimed. */
static Status start_queue(Run *run) {
    const Plan *plan = &run->decision.plan;
    const int group = plan_group_of_rank(plan, run->team.rank);
    TRY(frame_queue_create(run->team, group, plan->groups, run->request->stop, run->parameters->run_grace_s,
                           &run->queue));
    run->next = group;
    renderer_watch(run->renderer, (RenderWatch){.gives_up = gives_up, .context = run});
    return status_ok();
}

/* In a file that another revision of the program began, one of the finished frames must come out as it is there: frames
 * of one file are of one kind. Rendered by the first group. */
static Status render_witness(Run *run, const WriterWitness *witness) {
    begin_frame(run, witness->slot);
    if (!end_frame(run)) return status_ok();
    const bool same = run->held->records[0].crc32 == witness->crc32;
    run->held->frames = 0;
    if (same) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "%s was begun by revision %.12s of tessera, whose frame %" PRId64
                        " has other bytes than this revision gives it (CHANGELOG.md says what has changed); go on with "
                        "that revision, or begin anew with --overwrite",
                        run->parameters->run_output, witness->revision, run->decision.slice.begin + witness->slot);
}

/* Collective. */
static Status check_witness(Run *run) {
    WriterWitness witness = {.is_wanted = false};
    if (run->writer != NULL) witness = writer_witness(run->writer);
    if (!witness.is_wanted || run->parameters->run_mix_instructions) return status_ok();
    const bool renders = plan_group_of_rank(&run->decision.plan, run->team.rank) == 0;
    return agree(run->team, renders ? render_witness(run, &witness) : status_ok());
}

static Status render_missing(Run *run) {
    TRY(agree(run->team, list_missing_frames(run)));
    if (run->decision.plan.request.frames == 0) return status_ok();
    TRY(renderer_create(run->team, run->experiment, &run->decision.plan, run->request->timeline, &run->renderer));
    TRY(agree(run->team, allocate_buffers(run)));
    TRY(check_witness(run));
    TRY(start_queue(run));
    if (run->request->timeline != NULL)
        timeline_add_until_now(run->request->timeline, PHASE_SETUP, "set-up", run->request->timeline->start_s);
    return render_waves(run);
}

/* A quarter of the grace may go into marking missing pixels. */
static bool has_time_to_fill(void *context) {
    const Run *run = context;
    if (run->queue == NULL) return true;
    (void)frame_queue_listen(run->queue);
    return frame_queue_seconds_left(run->queue) > 0.25 * run->parameters->run_grace_s;
}

/* A job that slept while another one took its lock leaves the file alone. Collective. */
static Status close_output(Run *run, bool finished) {
    const Patience patience = {.has_time = has_time_to_fill, .context = run};
    const Status held = agree(run->team, run->lock != NULL ? output_lock_check(run->lock) : status_ok());
    if (status_is_ok(held)) return writer_close(&run->writer, finished, &run->decision.plan, run->done, patience);
    writer_abandon(&run->writer);
    return held;
}

static Status render_and_close(Run *run) {
    Status status = status_ok();
    if (run->team.rank == 0 && run->request->announce != NULL)
        status = run->request->announce(run->request->context, run->experiment, &run->decision.plan,
                                        run->decision.slice, &run->notes);
    status = agree(run->team, status);
    if (status_is_ok(status)) status = render_missing(run);
    progress_pulse_stop(&run->pulse);
    run->done.steps = run->renderer == NULL ? 0 : renderer_steps(run->renderer);
    const double close_s = clocks_steady_s();
    const Status closed = close_output(run, status_is_ok(status));
    timeline_add_until_now(run->request->timeline, PHASE_WRITE, "close the file", close_s);
    const bool all_is_said = status.code == STATUS_INTERRUPTED && status_is_ok(closed);
    return all_is_said ? status : status_first(status.code == STATUS_INTERRUPTED ? closed : status, closed);
}

static void stop_hard(void *context) {
    HardStop *hard = context;
    const SimulateRequest *request = hard->request;
    const double now_s = clocks_steady_s();
    if (stop_level_of(request->stop) != STOP_NOW) return;
    if (hard->since_s == 0.0) hard->since_s = now_s;
    if (now_s - hard->since_s < HARD_STOP_AFTER_S) return;
    const Status status =
        status_error(STATUS_INTERRUPTED, "stopped at once by a second signal; frames that were finished are safe, and "
                                         "the same command with --resume goes on");
    if (request->stopped_at_once != NULL) request->stopped_at_once(request->context, &status);
    unfinished_files_remove();
    _exit(status_exit_code(status.code));
}

/* Without such a thread the second signal is obeyed when rank 0 comes to it. */
static void watch_for_second_signal(Run *run) {
    run->hard_stop.request = run->request;
    if (run->team.rank != 0 || run->request->stop == NULL) return;
    (void)periodic_thread_start(&run->hard_stop.thread, HARD_STOP_LOOKS_EVERY_S, stop_hard, &run->hard_stop);
}

static void release(Run *run) {
    periodic_thread_stop(&run->hard_stop.thread);
    watchdog_stop(&run->watchdog);
    output_lock_release(&run->lock);
    free(run->image);
    for (int i = 0; i < SIDES; i++) free_side(&run->sides[i]);
    frame_queue_destroy(&run->queue);
    for (int64_t i = 0; run->in_work != NULL && i < run->in_work_most; i++) frame_destroy(&run->in_work[i].frame);
    free(run->in_work);
    renderer_destroy(&run->renderer);
    free(run->slots);
    team_unshare(&run->lists);
    team_unshare(&run->grid);
    experiment_destroy(&run->experiment);
    parameters_destroy(&run->parameters);
}

Status simulate(Team team, SimulateRequest request) {
    Run *run = calloc(1, sizeof *run);
    const Status allocated =
        agree(team, run != NULL ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for the run"));
    if (!status_is_ok(allocated)) {
        free(run); /* of a rank that had memory */
        return allocated;
    }
    run->team = team;
    run->request = &request;
    run->grid = team_no_memory();
    run->lists = team_no_memory();
    bool complete = false;
    watch_for_second_signal(run);
    Status status = agree(team, run->team.rank == 0 ? decide(run) : status_ok());
    if (status_is_ok(status)) status = share_decision(run);
    if (status_is_ok(status)) status = check_early_stop(run);
    if (status_is_ok(status)) status = lock_and_open(run, &complete);
    if (status_is_ok(status) && !complete) status = render_and_close(run);
    release(run);
    free(run);
    return status;
}
