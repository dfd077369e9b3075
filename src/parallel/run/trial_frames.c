#include "run/trial_frames.h"

#include "kernels/cpu_kernel.h"
#include "kernels/kernel.h"
#include "kernels/kernel_table.h"
#include "run/render.h"
#include "setup/frames.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FRAMES_MOST = 12 };
static const double RENDER_S = 2.0, COUNT_S = 1.0, PIECE_S = 1.0;

/* What a trial may take of the machine's memory. */
static const double MEMORY_SHARE = 0.25, BYTES_OF_PIXEL = 9.0;
static const double GOLDEN = 0.6180339887498949;

/* Half the edge of the square in which a spot is looked at, and how far away its surroundings are. */
enum { SPOT_REACH = 24, SPOT_AROUND = 16 };

/* A trial under way. */
typedef struct Trial {
    const Experiment *experiment;
    Plan plan; /* for one rank */
    Renderer *renderer;
    KernelWork **works; /* [kernel_count] */
    Tile *tiles;        /* of a frame, those that follow each other far apart */
    Range part;
    float *expected;  /* [slow][fast]; NAN: not computed */
    uint8_t *is_real; /* the same shape: computed, not filled in */
    int32_t *counts;  /* NULL where not wanted */
    double render_s, steps, rest_s, sums;
    int64_t counted, summed;
    TrialFrames *result;
} Trial;

/* A crystal of a frame that is rendered. */
typedef struct Watched {
    double begin_s, budget_s, elapsed_s, fraction;
} Watched;

static double thread_seconds(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool gives_up(void *context, double fraction) {
    Watched *watched = context;
    watched->elapsed_s = thread_seconds() - watched->begin_s;
    watched->fraction = fraction;
    return watched->elapsed_s > watched->budget_s;
}

static int64_t pixels_of(const Trial *t) {
    return t->plan.request.slow_pixels * t->plan.request.fast_pixels;
}

/* A stride without a common divisor, near the golden section of the count: what follows each other lies far apart. */
static int64_t stride_of(int64_t count) {
    int64_t stride = (int64_t)(GOLDEN * (double)count);
    for (; stride > 1; stride--) {
        int64_t a = count, b = stride;
        while (b != 0) {
            const int64_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1) break;
    }
    return stride > 1 ? stride : 1;
}

static bool list_tiles(Trial *t) {
    const int64_t count = plan_tiles(&t->plan), stride = stride_of(count);
    t->tiles = malloc((size_t)count * sizeof *t->tiles);
    t->part = (Range){0, count};
    for (int64_t i = 0, tile = count / 2; t->tiles != NULL && i < count; i++, tile = (tile + stride) % count)
        t->tiles[i] = plan_tile(&t->plan, tile);
    return t->tiles != NULL;
}

static bool create_works(Trial *t) {
    const KernelSetup setup = {
        .experiment = t->experiment, .tiles = t->tiles, .parts = &t->part, .part_count = 1, .label = "trial"};
    t->works = calloc((size_t)kernel_count(), sizeof *t->works);
    bool made = t->works != NULL;
    for (int row = 0; made && row < kernel_count(); row++) {
        const Kernel *kernel = kernel_at(row);
        if (!kernel_is_needed(row, t->experiment)) continue;
        made = kernel->cpu != NULL && status_is_ok(kernel->create(kernel, setup, &t->works[row]));
    }
    return made;
}

static void release(Trial *t) {
    for (int row = 0; t->works != NULL && row < kernel_count(); row++)
        if (t->works[row] != NULL) t->works[row]->kernel->destroy(&t->works[row]);
    free(t->works);
    free(t->tiles);
    free(t->counts);
    free(t->is_real);
    free(t->expected);
    renderer_destroy(&t->renderer);
}

static bool prepare(Trial *t) {
    const Team alone = {.communicator = MPI_COMM_NULL, .rank = 0, .ranks = 1};
    const size_t pixels = (size_t)pixels_of(t);
    const bool counts = t->experiment->images != IMAGES_EXPECTED;
    const double most_bytes = MEMORY_SHARE * (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (BYTES_OF_PIXEL * (double)pixels > most_bytes) return false;
    t->expected = malloc(pixels * sizeof *t->expected);
    t->is_real = malloc(pixels * sizeof *t->is_real);
    if (counts) t->counts = malloc(pixels * sizeof *t->counts);
    return t->expected != NULL && t->is_real != NULL && (t->counts != NULL || !counts) && list_tiles(t) &&
           create_works(t) && status_is_ok(renderer_create(alone, t->experiment, &t->plan, NULL, &t->renderer));
}

/* Nothing is computed yet; what never will be is 0. */
static void clear(Trial *t) {
    const uint8_t *active = t->experiment->active;
    for (int64_t i = 0; i < pixels_of(t); i++) t->expected[i] = active == NULL || active[i] != 0 ? NAN : 0.0F;
}

/* One crystal, or as much of it as the budget allows. @return CPU seconds of the whole crystal */
static double render_crystal(Trial *t, const Frame *frame, Watched *watched) {
    KernelWork *work = t->works[kernel_row_for(t->experiment, frame->experiment)];
    const KernelJob job = {.blocks = {0, kernel_blocks(frame->experiment)},
                           .expected = t->expected,
                           .width = t->plan.request.fast_pixels,
                           .watch = {gives_up, watched}};
    watched->begin_s = thread_seconds();
    work->kernel->submit(work, frame, job);
    const bool abandoned = work->kernel->collect(work).abandoned;
    if (!abandoned) watched->elapsed_s = thread_seconds() - watched->begin_s;
    if (!abandoned) watched->fraction = 1.0;
    return watched->elapsed_s / fmax(watched->fraction, 1e-12);
}

/* Whether even the least piece of a frame, after which a kernel asks whether to go on, takes too long. */
static bool is_too_heavy(const Trial *t, const Frame *frame) {
    const Kernel *kernel = kernel_at(kernel_row_for(t->experiment, frame->experiment));
    const Tile strip = cpu_kernel_strip(kernel, t->experiment, pixels_of(t), 1);
    const double steps = (double)kernel_steps(frame->experiment, strip, (Range){0, 1});
    return 1e-9 * steps * kernel->step_ns(frame->experiment) * (double)frame->crystals > PIECE_S;
}

/* @return the least fraction of a crystal that was computed */
static double render_frame(Trial *t, Frame *frame, int64_t number, double budget_s) {
    const double begin_s = thread_seconds();
    double least = 1.0;
    frame_set(t->experiment, number, frame);
    t->render_s += thread_seconds() - begin_s;
    clear(t);
    for (int64_t crystal = 0; crystal < frame->crystals; crystal++) {
        Watched watched = {.budget_s = budget_s / (double)frame->crystals};
        const double set_s = thread_seconds();
        if (crystal > 0) frame_set_crystal(t->experiment, number, crystal, frame);
        t->render_s += thread_seconds() - set_s;
        t->render_s += render_crystal(t, frame, &watched);
        least = fmin(least, watched.fraction);
    }
    if (frame->crystals > 1) frame_set(t->experiment, number, frame);
    t->steps += (double)experiment_frame_steps(t->experiment, number);
    return least;
}

/* ----------------------------------------------------------------------------------------------------------- images */

/* Sums what was computed, and fills what was not with what was, for the counts. */
static void look_at_image(Trial *t, double fraction, bool is_whole_crystal) {
    const int64_t pixels = pixels_of(t);
    double sum = 0.0;
    int64_t computed = 0, from = 0;
    for (int64_t i = 0; i < pixels; i++) {
        t->is_real[i] = isfinite(t->expected[i]) != 0;
        if (!t->is_real[i]) continue;
        computed++;
        sum += (double)t->expected[i];
        t->result->brightest_photons = fmax(t->result->brightest_photons, (double)t->expected[i]);
    }
    const double share = (double)computed / (double)pixels;
    const bool tells = computed > 0 && is_whole_crystal && share < 1.5 * fraction + 1e-9; /* else of unfinished sums */
    if (tells) t->sums += sum / share;
    if (tells) t->summed++;
    for (int64_t i = 0; i < pixels && computed > 0; i++) {
        if (t->is_real[i]) continue;
        while (!t->is_real[from]) from = (from + 1) % pixels;
        t->expected[i] = t->expected[from];
        from = (from + 1) % pixels;
    }
    for (int64_t i = 0; i < pixels && computed == 0; i++) t->expected[i] = 0.0F;
}

/* Above the mean of four pixels around; 0 where those are not there. */
static double excess_at(const Trial *t, int64_t slow, int64_t fast, double *around) {
    const int64_t width = t->plan.request.fast_pixels, height = t->plan.request.slow_pixels;
    double sum = 0.0;
    if (slow < SPOT_REACH || fast < SPOT_REACH || slow + SPOT_REACH >= height || fast + SPOT_REACH >= width) return 0.0;
    for (int i = 0; i < 4; i++) {
        const int64_t s = slow + (i == 0 ? SPOT_AROUND : i == 1 ? -SPOT_AROUND : 0);
        const int64_t f = fast + (i == 2 ? SPOT_AROUND : i == 3 ? -SPOT_AROUND : 0);
        if (!t->is_real[s * width + f]) return 0.0;
        sum += (double)t->expected[s * width + f];
    }
    *around = 0.25 * sum;
    return (double)t->expected[slow * width + fast] - *around;
}

/* The spot at a pixel: photons above its surroundings, and the width of a disc of the area above half of the peak. */
static void measure_spot(Trial *t, int64_t slow, int64_t fast, double peak, double around) {
    const int64_t width = t->plan.request.fast_pixels;
    double photons = 0.0, area = 0.0;
    for (int64_t s = slow - SPOT_AROUND; s <= slow + SPOT_AROUND; s++)
        for (int64_t f = fast - SPOT_AROUND; f <= fast + SPOT_AROUND; f++) {
            const double excess = (double)t->expected[s * width + f] - around;
            if (!t->is_real[s * width + f] || hypot((double)(s - slow), (double)(f - fast)) > SPOT_AROUND) continue;
            if (excess > 0.02 * peak) photons += excess;
            if (excess > 0.5 * peak) area += 1.0;
        }
    if (!(photons > t->result->spot_photons)) return;
    t->result->spot_photons = photons;
    t->result->spot_width_pixels = 2.0 * sqrt(area / PI);
}

static void find_spot(Trial *t) {
    const int64_t width = t->plan.request.fast_pixels;
    double peak = 0.0, around = 0.0, around_peak = 0.0;
    int64_t place = -1;
    for (int64_t i = 0; i < pixels_of(t); i++) {
        if (!t->is_real[i] || !((double)t->expected[i] > peak)) continue;
        const double excess = excess_at(t, i / width, i % width, &around);
        if (!(excess > peak)) continue;
        peak = excess;
        place = i;
        around_peak = around;
    }
    if (place >= 0) measure_spot(t, place / width, place % width, peak, around_peak);
}

/* Point spread, counts and totals, as long as there is time for them. */
static void count_frame(Trial *t, const Frame *frame) {
    const int64_t first = renderer_own_part(t->renderer)->rows.begin * t->plan.request.fast_pixels;
    const double begin_s = thread_seconds();
    if (t->rest_s > COUNT_S) return;
    if (t->counts != NULL) renderer_counts(t->renderer, frame, t->expected + first, t->counts + first);
    (void)renderer_totals(t->renderer, t->expected + first, t->counts == NULL ? NULL : t->counts + first);
    t->rest_s += thread_seconds() - begin_s;
    t->counted++;
}

static void try_frames(Trial *t, Range slice) {
    const int64_t frames = range_length(slice), tried = frames < FRAMES_MOST ? frames : FRAMES_MOST;
    Frame frame;
    if (status_is_ok(frame_create(t->experiment, &frame))) {
        for (int64_t i = 0; i < tried; i++) {
            const double place = frames > tried ? fmod(GOLDEN * ((double)i + 0.5), 1.0) * (double)frames : (double)i;
            const int64_t number = slice.begin + (int64_t)place;
            frame_set(t->experiment, number, &frame);
            if (is_too_heavy(t, &frame)) break;
            const double fraction = render_frame(t, &frame, number, RENDER_S / (double)tried);
            look_at_image(t, fraction, frame.crystals == 1 || fraction == 1.0);
            find_spot(t);
            count_frame(t, &frame);
            t->result->frames++;
        }
    }
    frame_destroy(&frame);
}

void trial_frames(const Experiment *experiment, const Plan *plan, Range slice, TrialFrames *result) {
    PlanRequest request = plan->request;
    const int threads = omp_get_max_threads();
    request.frames = 1;
    request.ranks = 1;
    *result = (TrialFrames){.step_s = NAN, .photons = NAN};
    Trial trial = {.experiment = experiment, .plan = plan_create(request, NULL), .result = result};
    omp_set_num_threads(1);
    if (range_length(slice) > 0 && prepare(&trial)) try_frames(&trial, slice);
    omp_set_num_threads(threads);
    if (result->frames > 0) {
        result->step_s = trial.render_s / fmax(trial.steps, 1.0);
        result->rest_s = trial.counted > 0 ? trial.rest_s / (double)trial.counted : 0.0;
        result->photons = trial.summed > 0 ? trial.sums / (double)trial.summed : (double)NAN;
    }
    release(&trial);
}
