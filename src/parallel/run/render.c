#include "run/render.h"

#include "base/clocks.h"
#include "kernels/kernel.h"
#include "kernels/kernel_table.h"
#include "run/counting.h"
#include "run/image_totals.h"
#include "setup/frames.h"
#include "team/agree.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sums that a cluster reduces at a time, and the edges of the pieces that its tiles are cut into for that. */
static const int64_t BATCH_PIXELS = INT64_C(1) << 17;
enum { PIECE_EDGE = 256 };

/* A frame that has been begun and not ended. */
typedef struct Flight {
    Renderer *renderer;
    float *expected;
    double started_s;
    int64_t jobs, jobs_done;
    bool abandoned;
} Flight;

/* A job that is not collected: one part of one crystal of a frame. */
typedef struct PendingJob {
    KernelWork *work; /* NULL: nothing is computed, as the frame was given up */
    Flight *flight;
    int64_t part;
    DoubleDouble *sums; /* NULL: photons */
    KernelScale scale;
} PendingJob;

struct Renderer {
    const Experiment *experiment;
    const Plan *plan;
    Team group, cluster;
    int rank, member, place; /* in the team, in group and in cluster */
    Reduction reduction;
    OwnPart own;
    Tile *tiles;
    Range *parts; /* of the tiles: what is computed by one job, and reduced together to one owner */
    int *owners;  /* rank in the cluster that owns each part */
    int64_t tile_count, part_count;
    KernelWork **works;  /* [kernel_count] NULL where no frame needs it */
    int in_flight;       /* jobs that may be, on every member */
    PendingJob *pending; /* [in_flight] ring */
    int64_t submitted, collected;
    DoubleDouble *sums;  /* [in_flight] of a part each, when the cluster has several ranks */
    int64_t most_pixels; /* of a part */
    Flight *flights;     /* [in_flight] ring */
    int64_t begun, ended;
    Counting *counting;
    int64_t steps;
    Timeline *timeline;
    RenderWatch watch;
    bool abandoned; /* the frame that was ended last */
};

static int64_t least_of(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t greatest_of(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t pixels_of(Tile tile) {
    return tile.slow_pixels * tile.fast_pixels;
}

/* ------------------------------------------------------------------------------------------------------------ tiles */

static bool is_alone(const Renderer *r) {
    return r->plan->cluster_ranks == 1;
}

/* Starts a part of one owner's tiles. */
static void begin_part(Renderer *r, int owner) {
    r->owners[r->part_count] = owner;
    r->parts[r->part_count++] = (Range){r->tile_count, r->tile_count};
}

/* Appends the pieces of a tile to the last part, or to new ones of the same owner where it grows too large; with a list
 * of tiles NULL it only counts. Pieces are cut to what is active. */
static int64_t cut_tile(Renderer *r, Tile tile, int owner, int64_t *pixels_of_part) {
    const int64_t slow_end = tile.slow + tile.slow_pixels, fast_end = tile.fast + tile.fast_pixels;
    int64_t count = 0, next_s = 0, next_f = 0;
    for (int64_t s = tile.slow; s < slow_end; s = next_s) {
        next_s = least_of((s / PIECE_EDGE + 1) * PIECE_EDGE, slow_end);
        for (int64_t f = tile.fast; f < fast_end; f = next_f) {
            next_f = least_of((f / PIECE_EDGE + 1) * PIECE_EDGE, fast_end);
            const Tile piece = tile_active_part(r->experiment->active, r->plan->request.fast_pixels,
                                                (Tile){s, f, next_s - s, next_f - f});
            if (pixels_of(piece) == 0) continue;
            count++;
            if (r->tiles == NULL) continue;
            if (*pixels_of_part + pixels_of(piece) > BATCH_PIXELS) *pixels_of_part = 0;
            if (*pixels_of_part == 0) begin_part(r, owner);
            *pixels_of_part += pixels_of(piece);
            r->tiles[r->tile_count++] = piece;
            r->parts[r->part_count - 1].end = r->tile_count;
            r->most_pixels = greatest_of(r->most_pixels, *pixels_of_part);
        }
    }
    return count;
}

/* The tiles of a cluster, owner by owner, in parts that are reduced one by one; with a list of tiles NULL it only
 * counts. */
static int64_t cut_cluster(Renderer *r) {
    const int first_member = r->member - r->place;
    int64_t count = 0;
    for (int owner = 0; owner < r->plan->cluster_ranks; owner++) {
        const Range tiles = plan_tiles_of_member(r->plan, first_member + owner);
        int64_t pixels_of_part = 0;
        for (int64_t t = tiles.begin; t < tiles.end; t++)
            count += cut_tile(r, plan_tile(r->plan, t), owner, &pixels_of_part);
    }
    return count;
}

/* The tiles of a rank that computes all terms of its own: one part. */
static void list_own_tiles(Renderer *r) {
    const Range tiles = plan_tiles_of_member(r->plan, r->member);
    for (int64_t t = tiles.begin; t < tiles.end; t++) r->tiles[r->tile_count++] = plan_tile(r->plan, t);
    if (r->tile_count > 0) begin_part(r, r->place);
    if (r->tile_count > 0) r->parts[0] = (Range){0, r->tile_count};
}

static Status set_tiles(Renderer *r) {
    const int64_t tiles = is_alone(r) ? range_length(plan_tiles_of_member(r->plan, r->member)) : cut_cluster(r);
    const size_t room = (size_t)tiles + 1; /* a part has a tile or more */
    Tile *list = malloc(room * sizeof *list);
    r->tiles = list;
    r->parts = malloc(room * sizeof *r->parts);
    r->owners = malloc(room * sizeof *r->owners);
    if (r->tiles == NULL || r->parts == NULL || r->owners == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the list of %" PRId64 " tiles; give a larger run.tile",
                            tiles);
    if (is_alone(r))
        list_own_tiles(r);
    else
        (void)cut_cluster(r);
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- kernels */

/* Said at once: what comes after takes another time than was expected. */
static void warn_of_device(void *context, const char *text) {
    const Renderer *r = context;
    char line[1200];
    const int length = snprintf(line, sizeof line, "tessera: warning: rank %d: %.1100s\n", r->rank, text);
    if (write(STDERR_FILENO, line, (size_t)length) < 0) errno = 0;
}

/* A work for each kernel that some frame needs. */
static Status create_works(Renderer *r) {
    const KernelSetup setup = {.experiment = r->experiment,
                               .tiles = r->tiles,
                               .parts = r->parts,
                               .part_count = r->part_count,
                               .timeline = r->timeline,
                               .label = "photons",
                               .warn = {warn_of_device, r}};
    r->works = calloc((size_t)kernel_count(), sizeof *r->works);
    if (r->works == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the kernels");
    for (int row = 0; row < kernel_count(); row++) {
        const Kernel *kernel = kernel_at(row);
        if (!kernel_is_needed(row, r->experiment)) continue;
        TRY(kernel->create(kernel, setup, &r->works[row]));
    }
    return status_ok();
}

static void destroy_works(Renderer *r) {
    for (int row = 0; r->works != NULL && row < kernel_count(); row++)
        if (r->works[row] != NULL) r->works[row]->kernel->destroy(&r->works[row]);
    free(r->works);
}

/* Jobs in flight that all kernels of this rank allow. */
static int64_t jobs_in_flight(const Renderer *r) {
    int64_t least = INT32_MAX;
    for (int row = 0; r->works != NULL && row < kernel_count(); row++)
        if (r->works[row] != NULL) least = least_of(least, r->works[row]->kernel->jobs_in_flight);
    return least;
}

/* Room for jobs and frames in flight: as many on every member of the group, as jobs are reduced in their order. */
static Status allocate_flights(Renderer *r) {
    const size_t room = (size_t)r->in_flight;
    r->pending = calloc(room, sizeof *r->pending);
    r->flights = calloc(room, sizeof *r->flights);
    if (!is_alone(r)) r->sums = malloc((room * (size_t)r->most_pixels + 1) * sizeof *r->sums);
    if (r->pending != NULL && r->flights != NULL && (is_alone(r) || r->sums != NULL)) return status_ok();
    return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " sums", r->in_flight * r->most_pixels);
}

static OwnPart own_part(const Plan *plan, int member) {
    OwnPart own = {.rectangles = 0, .rows = {0, 0}};
    own.rectangles = plan_rectangles(plan, plan_tiles_of_member(plan, member), own.rectangle);
    for (int i = 0; i < own.rectangles; i++) {
        const Tile tile = own.rectangle[i];
        if (i == 0) own.rows.begin = tile.slow;
        own.rows.end = tile.slow + tile.slow_pixels;
        own.pixels += pixels_of(tile);
    }
    return own;
}

Status renderer_create(Team team, const Experiment *experiment, const Plan *plan, Timeline *timeline,
                       Renderer **renderer) {
    Renderer *r = calloc(1, sizeof *r);
    *renderer = r;
    Status status = r == NULL ? status_error(STATUS_NO_MEMORY, "no memory for the renderer") : status_ok();
    status = agree(team, status);
    if (!status_is_ok(status)) {
        free(r);
        *renderer = NULL;
        return status;
    }
    r->experiment = experiment;
    r->plan = plan;
    r->timeline = timeline;
    r->rank = team.rank;
    r->member = plan_member_of_rank(plan, team.rank);
    r->place = r->member % plan->cluster_ranks;
    r->group = team_split(team, plan_group_of_rank(plan, team.rank), team.rank);
    r->cluster = team_split(r->group, r->member / plan->cluster_ranks, r->member);
    r->reduction = reduction_create(team);
    r->own = own_part(plan, r->member);
    status = set_tiles(r);
    if (status_is_ok(status)) status = create_works(r);
    r->in_flight = (int)team_least(r->group, jobs_in_flight(r));
    if (status_is_ok(status)) status = allocate_flights(r);
    if (status_is_ok(status)) status = counting_create(r->group, experiment, plan, r->member, &r->own, &r->counting);
    status = agree(team, status);
    if (!status_is_ok(status)) renderer_destroy(renderer);
    return status;
}

void renderer_destroy(Renderer **renderer) {
    Renderer *r = *renderer;
    if (r == NULL) return;
    counting_destroy(&r->counting);
    free(r->sums);
    free(r->flights);
    free(r->pending);
    destroy_works(r);
    free(r->owners);
    free(r->parts);
    free(r->tiles);
    reduction_destroy(&r->reduction);
    team_free(&r->cluster);
    team_free(&r->group);
    free(r);
    *renderer = NULL;
}

const OwnPart *renderer_own_part(const Renderer *renderer) {
    return &renderer->own;
}

int64_t renderer_steps(const Renderer *renderer) {
    return renderer->steps;
}

/* Place of a pixel in a buffer of own rows. */
static int64_t place_of(const Renderer *r, int64_t slow, int64_t fast) {
    return (slow - r->own.rows.begin) * r->plan->request.fast_pixels + fast;
}

/* The blocks of this member's shards; frames may differ in the number of their terms. */
static Range own_blocks(const Renderer *r, const Frame *frame) {
    Plan plan = *r->plan;
    plan.request.blocks = kernel_blocks(frame->experiment);
    return plan_blocks_of_shards(&plan, plan_shards_of_member(&plan, r->member));
}

/* ------------------------------------------------------------------------------------------------------------- jobs */

/* Whether to give a frame up; it is computed no further then, but all that ranks do together goes on as if it were. */
static bool gives_up(void *context, double fraction) {
    const Flight *flight = context;
    const RenderWatch watch = flight->renderer->watch;
    const double done = ((double)flight->jobs_done + fraction) / (double)flight->jobs;
    return watch.gives_up != NULL && watch.gives_up(watch.context, clocks_steady_s() - flight->started_s, done);
}

/* The sums of a part go to its owner, who makes photons of them. */
static void reduce_part(Renderer *r, const PendingJob *job) {
    const Range tiles = r->parts[job->part];
    const int owner = r->owners[job->part];
    const DoubleDouble *sums = job->sums;
    int64_t pixels = 0;
    for (int64_t t = tiles.begin; t < tiles.end; t++) pixels += pixels_of(r->tiles[t]);
    const double reduce_s = clocks_steady_s();
    reduction_to_owner(&r->reduction, r->cluster, owner, pixels, job->sums);
    timeline_add_until_now(r->timeline, PHASE_REDUCE, "reduce", reduce_s);
    for (int64_t t = tiles.begin; t < tiles.end && owner == r->place; t++) {
        const Tile tile = r->tiles[t];
        kernel_store(r->experiment, job->scale, tile, sums, &job->flight->expected[place_of(r, tile.slow, tile.fast)],
                     r->plan->request.fast_pixels);
        sums += pixels_of(tile);
    }
}

/* The oldest job. Collective over the cluster. */
static void collect_job(Renderer *r) {
    const PendingJob *job = &r->pending[r->collected++ % r->in_flight];
    Flight *flight = job->flight;
    if (job->work != NULL) {
        const KernelResult result = job->work->kernel->collect(job->work);
        r->steps += result.steps;
        flight->abandoned = flight->abandoned || result.abandoned;
    }
    if (job->sums != NULL) reduce_part(r, job);
    flight->jobs_done++;
}

/* Crystals are added in their order: another kernel may not overtake. */
static bool is_overtaking(const Renderer *r, const KernelWork *work) {
    return is_alone(r) && r->submitted > r->collected && r->pending[(r->submitted - 1) % r->in_flight].work != work;
}

static void submit_job(Renderer *r, const Frame *frame, int64_t part, Range blocks, Flight *flight) {
    KernelWork *work = r->works[kernel_row_for(r->experiment, frame->experiment)];
    while (r->submitted - r->collected == r->in_flight || is_overtaking(r, work)) collect_job(r);
    const int64_t slot = r->submitted++ % r->in_flight;
    DoubleDouble *sums = is_alone(r) ? NULL : r->sums + slot * r->most_pixels;
    const bool computes = !flight->abandoned;
    r->pending[slot] = (PendingJob){computes ? work : NULL, flight, part, sums, kernel_scale(frame)};
    const KernelJob job = {.part = part,
                           .blocks = blocks,
                           .sums = sums,
                           .expected = flight->expected,
                           .first_row = r->own.rows.begin,
                           .width = r->plan->request.fast_pixels,
                           .watch = {gives_up, flight}};
    if (computes) work->kernel->submit(work, frame, job);
    if (!computes && sums != NULL) memset(sums, 0, (size_t)r->most_pixels * sizeof *sums);
}

static void submit_crystal(Renderer *r, const Frame *frame, Flight *flight) {
    const Range blocks = own_blocks(r, frame);
    for (int64_t part = 0; part < r->part_count; part++) submit_job(r, frame, part, blocks, flight);
}

void renderer_begin(Renderer *r, Frame *frame, float *expected) {
    assert(r->begun - r->ended < r->in_flight);
    Flight *flight = &r->flights[r->begun++ % r->in_flight];
    *flight = (Flight){
        .renderer = r, .expected = expected, .started_s = clocks_steady_s(), .jobs = frame->crystals * r->part_count};
    if (r->experiment->active != NULL)
        memset(expected, 0, (size_t)(range_length(r->own.rows) * r->plan->request.fast_pixels) * sizeof *expected);
    submit_crystal(r, frame, flight);
    for (int64_t crystal = 1; crystal < frame->crystals; crystal++) {
        frame_set_crystal(r->experiment, frame->number, crystal, frame);
        submit_crystal(r, frame, flight);
    }
    if (frame->crystals > 1) frame_set(r->experiment, frame->number, frame);
}

void renderer_end(Renderer *r) {
    const Flight *flight = &r->flights[r->ended++ % r->in_flight];
    while (flight->jobs_done < flight->jobs) collect_job(r);
    r->abandoned = flight->abandoned;
}

int renderer_frames_in_flight(const Renderer *r) {
    return r->in_flight;
}

void renderer_watch(Renderer *r, RenderWatch watch) {
    r->watch = watch;
}

int64_t renderer_share(const Renderer *r, int64_t value) {
    team_broadcast(r->group, 0, &value, sizeof value);
    return value;
}

void renderer_counts(Renderer *r, const Frame *frame, const float *expected, int32_t *counts) {
    counting_frame(r->counting, frame, expected, counts);
}

ImageTotals renderer_totals(const Renderer *r, const float *expected, const int32_t *counts) {
    const ImageRows rows = {.slow_pixels = r->plan->request.slow_pixels,
                            .fast_pixels = r->plan->request.fast_pixels,
                            .first_row = r->own.rows.begin,
                            .photons = expected,
                            .counts = counts};
    PartTotals mine = image_totals(rows, r->own.rectangle, r->own.rectangles);
    reduction_to_owner(&r->reduction, r->group, 0, 1, &mine.sum);
    double sum = mine.sum.high + mine.sum.low;
    team_broadcast(r->group, 0, &sum, sizeof sum);
    return (ImageTotals){.sum = sum,
                         .max = team_greatest_real(r->group, mine.max),
                         .crc32 = team_exclusive_or(r->group, mine.crc32),
                         .abandoned = team_greatest(r->group, r->abandoned) != 0};
}

double renderer_own_sum(const Renderer *r, const float *expected) {
    double sum = 0.0;
    for (int i = 0; i < r->own.rectangles; i++) {
        const Tile tile = r->own.rectangle[i];
        for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels; s++) {
            const float *row = expected + place_of(r, s, tile.fast);
            for (int64_t f = 0; f < tile.fast_pixels; f++) sum += (double)row[f];
        }
    }
    return sum;
}

/* Sends, or on the first member receives into the image, the rows of one rectangle. */
static void move_rectangle(const Renderer *r, int member, Tile tile, const float *expected, float *image) {
    const int64_t width = r->plan->request.fast_pixels;
    for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels; s++) {
        const int length = (int)tile.fast_pixels;
        if (r->member == 0 && member == 0)
            memcpy(image + s * width + tile.fast, expected + place_of(r, s, tile.fast), (size_t)length * 4);
        else if (r->member == 0)
            MPI_Recv(image + s * width + tile.fast, length, MPI_FLOAT, member, 0, r->group.communicator,
                     MPI_STATUS_IGNORE);
        else
            MPI_Send(expected + place_of(r, s, tile.fast), length, MPI_FLOAT, 0, 0, r->group.communicator);
    }
}

void renderer_gather(const Renderer *r, const float *expected, float *image) {
    for (int member = 0; member < r->plan->group_ranks; member++) {
        if (r->member != 0 && r->member != member) continue;
        const OwnPart part = own_part(r->plan, member);
        for (int i = 0; i < part.rectangles; i++) move_rectangle(r, member, part.rectangle[i], expected, image);
    }
}
