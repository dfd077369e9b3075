#include "run/render.h"

#include "base/clocks.h"
#include "kernels/kernel.h"
#include "model/active_pixels.h"
#include "run/counting.h"
#include "run/image_totals.h"
#include "team/agree.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* A thread looks up after about so many steps: some tenths of a second. Where most are skipped it takes more. */
static const int64_t STEPS_AT_A_TIME = 5000000, SKIPPED_STEPS_AT_A_TIME = 100000000;

/* Of a strip whose every pixel takes long. */
enum { SHORT_STRIP_COLUMNS = 64 };

/* Sums that a cluster reduces at a time. */
static const int64_t BATCH_PIXELS = INT64_C(1) << 17;

/* A thread's unit of work, anchored to the detector's corner. */
typedef struct Strip {
    Tile pixels;
    int64_t offset; /* of its sums in the batch */
} Strip;

/* Strips whose sums are reduced together to one owner. */
typedef struct Batch {
    int64_t first, end; /* strips */
    int64_t pixels;
    int owner; /* rank in the cluster */
} Batch;

/* When a thread computed. */
typedef struct ThreadSpan {
    double begin_s, end_s;
} ThreadSpan;

struct Renderer {
    const Experiment *experiment;
    const Plan *plan;
    Team group, cluster;
    int member, place; /* rank in group and in cluster */
    Reduction reduction;
    OwnPart own;
    Tile strip; /* edges of a strip */
    Strip *strips;
    Batch *batches;
    int64_t strip_count, batch_count;
    DoubleDouble *sums; /* one batch when the cluster has several ranks, else a strip for each thread */
    Counting *counting;
    int64_t steps;
    Timeline *timeline;
    ThreadSpan *spans; /* [threads] */
    RenderWatch watch;
    double started_s;              /* the frame in work */
    int64_t strips_done, crystals; /* of a frame: each takes all strips */
    Range blocks;                  /* of the crystal that is being computed */
    bool abandoned;
};

static int64_t least_of(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t greatest_of(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t next_multiple(int64_t x, int64_t of) {
    return (x / of + 1) * of;
}

static int64_t pixels_of(Tile tile) {
    return tile.slow_pixels * tile.fast_pixels;
}

static int64_t steps_at_a_time(const Experiment *e) {
    return e->sampling.by_reflections ? SKIPPED_STEPS_AT_A_TIME : STEPS_AT_A_TIME;
}

/* Appends the strips of a tile that have an active pixel, cut to those; with strips NULL it only counts. */
static int64_t cut_tile(const Renderer *r, Tile tile, Strip *strips) {
    int64_t count = 0;
    const int64_t rows = r->strip.slow_pixels, columns = r->strip.fast_pixels;
    const int64_t slow_end = tile.slow + tile.slow_pixels, fast_end = tile.fast + tile.fast_pixels;
    for (int64_t s = tile.slow; s < slow_end; s = least_of(next_multiple(s, rows), slow_end))
        for (int64_t f = tile.fast; f < fast_end; f = least_of(next_multiple(f, columns), fast_end)) {
            const Tile whole = {s, f, least_of(next_multiple(s, rows), slow_end) - s,
                                least_of(next_multiple(f, columns), fast_end) - f};
            const Tile active = active_pixels_within(r->experiment->active, r->plan->request.fast_pixels, whole);
            if (pixels_of(active) == 0) continue;
            if (strips != NULL) strips[count].pixels = active;
            count++;
        }
    return count;
}

/* Cuts the tiles of one owner into strips and batches. */
static void cut_owner(Renderer *r, int owner, Range tiles) {
    Batch *batch = NULL;
    for (int64_t t = tiles.begin; t < tiles.end; t++) {
        const int64_t added = cut_tile(r, plan_tile(r->plan, t), r->strips + r->strip_count);
        for (int64_t i = 0; i < added; i++) {
            Strip *strip = &r->strips[r->strip_count];
            if (batch == NULL || batch->pixels + pixels_of(strip->pixels) > BATCH_PIXELS) {
                batch = &r->batches[r->batch_count++];
                *batch = (Batch){.first = r->strip_count, .end = r->strip_count, .pixels = 0, .owner = owner};
            }
            strip->offset = batch->pixels;
            batch->pixels += pixels_of(strip->pixels);
            batch->end = ++r->strip_count;
        }
    }
}

static Status cut_cluster(Renderer *r) {
    const Range tiles = plan_tiles_of_cluster(r->plan, r->member);
    const int first_member = r->member - r->place;
    int64_t strips = 0, most_batch = 0, pixels = 0;
    for (int64_t t = tiles.begin; t < tiles.end; t++) pixels += pixels_of(plan_tile(r->plan, t));
    r->strip = kernel_strip(r->experiment, pixels, omp_get_max_threads());
    if (r->plan->request.steps_per_pixel > steps_at_a_time(r->experiment) / pixels_of(r->strip) &&
        r->strip.fast_pixels > SHORT_STRIP_COLUMNS)
        r->strip.fast_pixels = SHORT_STRIP_COLUMNS;
    for (int64_t t = tiles.begin; t < tiles.end; t++) strips += cut_tile(r, plan_tile(r->plan, t), NULL);
    const int64_t most_batches = strips; /* at least one strip in each */
    r->strips = malloc((size_t)(strips + 1) * sizeof *r->strips);
    r->batches = malloc((size_t)(most_batches + 1) * sizeof *r->batches);
    if (r->strips == NULL || r->batches == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the list of %" PRId64 " strips; give a larger run.tile",
                            strips);
    for (int owner = 0; owner < r->plan->cluster_ranks; owner++)
        cut_owner(r, owner, plan_tiles_of_member(r->plan, first_member + owner));
    for (int64_t i = 0; i < r->batch_count; i++) most_batch = greatest_of(most_batch, r->batches[i].pixels);
    const bool alone = r->plan->cluster_ranks == 1;
    const int64_t sums = alone ? (int64_t)omp_get_max_threads() * pixels_of(r->strip) : most_batch;
    r->sums = malloc((size_t)(sums + 1) * sizeof *r->sums);
    r->spans = calloc((size_t)omp_get_max_threads(), sizeof *r->spans);
    if (r->sums == NULL || r->spans == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " sums", sums);
    return status_ok();
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
    r->member = plan_member_of_rank(plan, team.rank);
    r->place = r->member % plan->cluster_ranks;
    r->group = team_split(team, plan_group_of_rank(plan, team.rank), team.rank);
    r->cluster = team_split(r->group, r->member / plan->cluster_ranks, r->member);
    r->reduction = reduction_create(team);
    r->own = own_part(plan, r->member);
    status = cut_cluster(r);
    if (status_is_ok(status)) status = counting_create(r->group, experiment, plan, r->member, &r->own, &r->counting);
    status = agree(team, status);
    if (!status_is_ok(status)) renderer_destroy(renderer);
    return status;
}

void renderer_destroy(Renderer **renderer) {
    Renderer *r = *renderer;
    if (r == NULL) return;
    counting_destroy(&r->counting);
    free(r->spans);
    free(r->sums);
    free(r->batches);
    free(r->strips);
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

/* What the threads did in a parallel region that has just ended, and how long the first waited for the others. */
static void record_spans(Renderer *r) {
    const double now_s = clocks_steady_s();
    for (int i = 0; i < omp_get_max_threads(); i++) {
        const ThreadSpan span = r->spans[i];
        if (span.end_s > 0.0) timeline_add(r->timeline, PHASE_COMPUTE, "photons", i, span.begin_s, span.end_s);
    }
    timeline_add(r->timeline, PHASE_WAIT, "other threads", 0, r->spans[0].end_s, now_s);
}

static bool is_abandoned(const Renderer *r) {
    bool abandoned;
#pragma omp atomic read
    abandoned = r->abandoned;
    return abandoned;
}

/* The main thread asks whether to go on; an abandoned frame is computed no further, but all that ranks do together goes
 * on as if it were. */
static void look_up(Renderer *r, double strips_done) {
    if (r->watch.gives_up == NULL || omp_get_thread_num() != 0 || is_abandoned(r)) return;
    const double fraction = strips_done / ((double)r->strip_count * (double)r->crystals);
    if (!r->watch.gives_up(r->watch.context, clocks_steady_s() - r->started_s, fraction)) return;
#pragma omp atomic write
    r->abandoned = true;
}

static int64_t pieces_of(const Renderer *r, const Frame *frame, Tile pixels) {
    if (range_length(r->blocks) == 0) return 1;
    return kernel_steps(frame->experiment, pixels_of(pixels), r->blocks) / steps_at_a_time(frame->experiment) + 1;
}

static void count_strip(Renderer *r) {
    int64_t done;
#pragma omp atomic capture
    done = ++r->strips_done;
    look_up(r, (double)done);
}

/* The sums of one strip, in pieces of so many blocks that a signal is heard in time. */
static void add_strip(Renderer *r, const Frame *frame, Tile pixels, DoubleDouble *sums) {
    const int64_t pieces = pieces_of(r, frame, pixels);
    int64_t done;
    for (int64_t i = 0; i < pieces && !is_abandoned(r); i++) {
        const Range blocks = range_part(r->blocks, pieces, i);
        if (range_length(blocks) > 0) kernel_accumulate(frame->experiment, frame, pixels, blocks, sums);
        if (i + 1 == pieces) break;
#pragma omp atomic read
        done = r->strips_done;
        look_up(r, (double)done + (double)(i + 1) / (double)pieces);
    }
    count_strip(r);
}

/* One strip, whole.
 * @param expected  of its first pixel */
static void render_strip(Renderer *r, const Frame *frame, Tile pixels, DoubleDouble *sums, float *expected) {
    const int64_t width = r->plan->request.fast_pixels;
    if (is_abandoned(r)) return;
    if (pieces_of(r, frame, pixels) == 1) {
        kernel_expected(frame->experiment, frame, pixels, sums, expected, width);
        count_strip(r);
    } else {
        memset(sums, 0, (size_t)pixels_of(pixels) * sizeof *sums);
        add_strip(r, frame, pixels, sums);
        kernel_store(frame->experiment, frame, pixels, sums, expected, width);
    }
}

/* A rank that has all shards of its tiles: each strip is finished by one thread. */
static void expected_alone(Renderer *r, const Frame *frame, float *expected) {
#pragma omp parallel
    {
        ThreadSpan *span = &r->spans[omp_get_thread_num()];
        span->begin_s = clocks_steady_s();
#pragma omp for schedule(dynamic, 1) nowait
        for (int64_t i = 0; i < r->strip_count; i++) {
            DoubleDouble *sums = r->sums + (int64_t)omp_get_thread_num() * pixels_of(r->strip);
            const Tile pixels = r->strips[i].pixels;
            render_strip(r, frame, pixels, sums, &expected[place_of(r, pixels.slow, pixels.fast)]);
        }
        span->end_s = clocks_steady_s();
    }
    record_spans(r);
}

/* A rank that has some of the shards: batch by batch, the sums go to the owner of the tiles. */
static void expected_in_cluster(Renderer *r, const Frame *frame, float *expected) {
    for (int64_t b = 0; b < r->batch_count; b++) {
        const Batch batch = r->batches[b];
        memset(r->sums, 0, (size_t)batch.pixels * sizeof *r->sums);
#pragma omp parallel
        {
            ThreadSpan *span = &r->spans[omp_get_thread_num()];
            span->begin_s = clocks_steady_s();
#pragma omp for schedule(dynamic, 1) nowait
            for (int64_t i = batch.first; i < batch.end; i++)
                add_strip(r, frame, r->strips[i].pixels, r->sums + r->strips[i].offset);
            span->end_s = clocks_steady_s();
        }
        record_spans(r);
        const double reduce_s = clocks_steady_s();
        reduction_to_owner(&r->reduction, r->cluster, batch.owner, batch.pixels, r->sums);
        timeline_add_until_now(r->timeline, PHASE_REDUCE, "reduce", reduce_s);
        if (batch.owner != r->place) continue;
        for (int64_t i = batch.first; i < batch.end; i++) {
            const Tile pixels = r->strips[i].pixels;
            kernel_store(frame->experiment, frame, pixels, r->sums + r->strips[i].offset,
                         &expected[place_of(r, pixels.slow, pixels.fast)], r->plan->request.fast_pixels);
        }
    }
}

static void add_crystal(Renderer *r, const Frame *frame, float *expected) {
    r->blocks = own_blocks(r, frame);
    if (r->plan->cluster_ranks == 1)
        expected_alone(r, frame, expected);
    else
        expected_in_cluster(r, frame, expected);
    for (int64_t i = 0; i < r->strip_count && !r->abandoned && range_length(r->blocks) > 0; i++)
        r->steps += kernel_steps(frame->experiment, pixels_of(r->strips[i].pixels), r->blocks);
}

void renderer_expected(Renderer *r, Frame *frame, float *expected) {
    r->started_s = clocks_steady_s();
    r->strips_done = 0;
    r->crystals = frame->crystals;
    r->abandoned = false;
    if (r->experiment->active != NULL)
        memset(expected, 0, (size_t)(range_length(r->own.rows) * r->plan->request.fast_pixels) * sizeof *expected);
    add_crystal(r, frame, expected);
    for (int64_t crystal = 1; crystal < r->crystals; crystal++) {
        frame_set_crystal(r->experiment, frame->number, crystal, frame);
        add_crystal(r, frame, expected);
    }
    if (r->crystals > 1) frame_set(r->experiment, frame->number, frame);
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
