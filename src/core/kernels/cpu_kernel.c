#include "kernels/cpu_kernel.h"

#include "base/clocks.h"
#include "kernels/kernel.h"
#include "physics/step.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------------------------- one tile, one thread */

/* Which of a row's functions are an experiment's. */
static int variant_of(const Experiment *e) {
    return e->instructions == INSTRUCTIONS_V4 ? 2 : e->instructions == INSTRUCTIONS_V3 ? 1 : 0;
}

void kernel_accumulate(const Experiment *e, const Frame *frame, Tile tile, Range blocks, DoubleDouble *sums) {
    const bool by_reflections = e->sampling.by_reflections;
    const Kernel *kernel = cpu_kernel_with(e->precision, by_reflections);
    /* without a term it adds the background alone */
    if (by_reflections && blocks.begin == 0 && e->background.molecules > 0.0)
        cpu_kernel_with(e->precision, false)->cpu->accumulate[variant_of(e)](e, frame, tile, (Range){0, 0}, sums);
    kernel->cpu->accumulate[variant_of(e)](e, frame, tile, blocks, sums);
}

static bool is_all_active(const Experiment *e, Tile tile) {
    for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels && e->active != NULL; s++)
        if (memchr(e->active + s * e->detector.fast_pixels + tile.fast, 0, (size_t)tile.fast_pixels) != NULL)
            return false;
    return true;
}

/* What computes photons without sums, where one flush of the sums is all there is. */
static KernelDirectFunction direct_of(const Experiment *e, const Frame *frame, Tile tile) {
    const int layers = detector_layers_at(&e->detector, tile.slow, tile.fast);
    const bool one_flush = kernel_blocks(e) == 1 && e->sampling.oversample == 1 && layers == 1;
    if (!one_flush || frame->crystal != 0 || e->background.molecules > 0.0 || !is_all_active(e, tile)) return NULL;
    return cpu_kernel_with(e->precision, e->sampling.by_reflections)->cpu->expected[variant_of(e)];
}

void kernel_expected(const Experiment *e, const Frame *frame, Tile tile, DoubleDouble *sums, float *expected,
                     int64_t width) {
    const KernelDirectFunction direct = direct_of(e, frame, tile);
    if (direct != NULL) {
        direct(e, frame, tile, step_photons(e, frame), expected, width);
        return;
    }
    memset(sums, 0, (size_t)(tile.slow_pixels * tile.fast_pixels) * sizeof *sums);
    kernel_accumulate(e, frame, tile, (Range){0, kernel_blocks(e)}, sums);
    kernel_store(e, kernel_scale(frame), tile, sums, expected, width);
}

/* ------------------------------------------------------------------------------------------------------------ strips
 */

/* Of a strip whose every pixel takes long. */
enum { SHORT_STRIP_COLUMNS = 64, STRIPS_OF_THREAD = 8 };

/* A thread's unit of work, anchored to its panel's corner. */
typedef struct Strip {
    Tile pixels;
    int64_t offset, width; /* of its sums within the part, and from one row of its tile to the next */
} Strip;

/* When a thread computed. */
typedef struct ThreadSpan {
    double begin_s, end_s;
} ThreadSpan;

typedef struct CpuWork {
    KernelWork base;
    KernelSetup setup;
    Tile strip; /* edges */
    Strip *strips;
    Range *parts;       /* [setup.part_count] strips of each */
    int64_t *sums;      /* [setup.part_count] of each part */
    DoubleDouble *room; /* a strip for each thread */
    ThreadSpan *spans;  /* [threads] */
    int threads;
    /* the job in work */
    const Frame *frame;
    KernelJob job;
    int64_t strips_done;
    bool abandoned;
    KernelResult result;
} CpuWork;

static int64_t least_of(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t pixels_of(Tile tile) {
    return tile.slow_pixels * tile.fast_pixels;
}

Tile cpu_kernel_strip(const Kernel *kernel, const Experiment *e, int64_t pixels, int threads) {
    const CpuKernel *cpu = kernel->cpu;
    Tile strip = cpu->strip;
    for (int64_t edge = strip.fast_pixels;
         edge > cpu->least_edge && cpu->least_edge > 0 && pixels < edge * edge * STRIPS_OF_THREAD * threads;) {
        edge /= 2;
        strip = (Tile){.slow_pixels = edge, .fast_pixels = edge};
    }
    if (e->limits.steps_per_pixel > cpu->steps_at_a_time / pixels_of(strip))
        strip.fast_pixels = least_of(strip.fast_pixels, SHORT_STRIP_COLUMNS);
    return strip;
}

/* Where a strip that begins @p from the panel's corner ends. */
static int64_t end_of_strip(int64_t from, int64_t edge, int64_t end) {
    return least_of((from / edge + 1) * edge, end);
}

/* Appends the strips of a tile that lie in a panel and have an active pixel, cut to those; with strips NULL it only
 * counts. */
static int64_t cut_panel(const CpuWork *w, const Panel *panel, Tile tile, int64_t offset, Strip *strips) {
    const Experiment *e = w->setup.experiment;
    const Tile own = panel_tile(panel, panel_overlap(panel, tile));
    const int64_t slow_end = own.slow + own.slow_pixels, fast_end = own.fast + own.fast_pixels;
    int64_t count = 0, next_s = 0, next_f = 0;
    for (int64_t s = own.slow; s < slow_end; s = next_s) {
        next_s = end_of_strip(s, w->strip.slow_pixels, slow_end);
        for (int64_t f = own.fast; f < fast_end; f = next_f) {
            next_f = end_of_strip(f, w->strip.fast_pixels, fast_end);
            const Tile whole = {panel->canvas.slow + s, panel->canvas.fast + f, next_s - s, next_f - f};
            const Tile active = tile_active_part(e->active, e->detector.fast_pixels, whole);
            if (pixels_of(active) == 0) continue;
            const int64_t place = (active.slow - tile.slow) * tile.fast_pixels + active.fast - tile.fast;
            if (strips != NULL) strips[count] = (Strip){active, offset + place, tile.fast_pixels};
            count++;
        }
    }
    return count;
}

static int64_t cut_tile(const CpuWork *w, Tile tile, int64_t offset, Strip *strips) {
    const Detector *detector = &w->setup.experiment->detector;
    int64_t count = 0;
    for (int i = 0; i < detector->panel_count; i++)
        count += cut_panel(w, &detector->panels[i], tile, offset, strips == NULL ? NULL : strips + count);
    return count;
}

/* The strips of all parts; with strips NULL it only counts. */
static int64_t cut_parts(CpuWork *w, Strip *strips) {
    int64_t count = 0;
    for (int64_t p = 0; p < w->setup.part_count; p++) {
        const Range tiles = w->setup.parts[p];
        int64_t offset = 0;
        w->parts[p].begin = count;
        for (int64_t t = tiles.begin; t < tiles.end; t++) {
            count += cut_tile(w, w->setup.tiles[t], offset, strips == NULL ? NULL : strips + count);
            offset += pixels_of(w->setup.tiles[t]);
        }
        w->parts[p].end = count;
        w->sums[p] = offset;
    }
    return count;
}

static int64_t pixels_of_all(const KernelSetup *setup) {
    int64_t pixels = 0;
    for (int64_t p = 0; p < setup->part_count; p++)
        for (int64_t t = setup->parts[p].begin; t < setup->parts[p].end; t++) pixels += pixels_of(setup->tiles[t]);
    return pixels;
}

static Status cut(CpuWork *w) {
    const size_t parts = (size_t)w->setup.part_count + 1;
    w->threads = omp_get_max_threads();
    w->strip = cpu_kernel_strip(w->base.kernel, w->setup.experiment, pixels_of_all(&w->setup), w->threads);
    w->parts = calloc(parts, sizeof *w->parts);
    w->sums = calloc(parts, sizeof *w->sums);
    if (w->parts == NULL || w->sums == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for %zu parts of a frame", parts);
    const int64_t strips = cut_parts(w, NULL), room = w->threads * pixels_of(w->strip);
    w->strips = malloc((size_t)(strips + 1) * sizeof *w->strips);
    if (w->strips == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the list of %" PRId64 " strips; give a larger run.tile",
                            strips);
    (void)cut_parts(w, w->strips);
    w->room = malloc((size_t)room * sizeof *w->room);
    w->spans = calloc((size_t)w->threads, sizeof *w->spans);
    if (w->room == NULL || w->spans == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " sums", room);
    return status_ok();
}

Status cpu_kernel_create(const Kernel *kernel, KernelSetup setup, KernelWork **work) {
    CpuWork *created = calloc(1, sizeof *created);
    *work = NULL;
    if (created == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the kernel's work");
    created->base.kernel = kernel;
    created->setup = setup;
    *work = &created->base;
    const Status status = cut(created);
    if (!status_is_ok(status)) cpu_kernel_destroy(work);
    return status;
}

void cpu_kernel_destroy(KernelWork **work) {
    CpuWork *w = (CpuWork *)*work;
    if (w == NULL) return;
    free(w->spans);
    free(w->room);
    free(w->strips);
    free(w->sums);
    free(w->parts);
    free(w);
    *work = NULL;
}

/* -------------------------------------------------------------------------------------------------------------- jobs
 */

static bool is_abandoned(const CpuWork *w) {
    bool abandoned;
#pragma omp atomic read
    abandoned = w->abandoned;
    return abandoned;
}

/* The thread that handed the job over asks whether to go on. */
static void look_up(CpuWork *w, double strips_done) {
    const KernelWatch watch = w->job.watch;
    if (watch.gives_up == NULL || omp_get_thread_num() != 0 || is_abandoned(w)) return;
    if (!watch.gives_up(watch.context, strips_done / (double)range_length(w->parts[w->job.part]))) return;
#pragma omp atomic write
    w->abandoned = true;
}

static void count_strip(CpuWork *w) {
    int64_t done;
#pragma omp atomic capture
    done = ++w->strips_done;
    look_up(w, (double)done);
}

/* Pieces that a strip's blocks are computed in, so that a signal is heard in time. */
static int64_t pieces_of(const CpuWork *w, Tile pixels) {
    return kernel_steps(w->frame->experiment, pixels, w->job.blocks) / w->base.kernel->cpu->steps_at_a_time + 1;
}

/* The sums of one strip. */
static void add_strip(CpuWork *w, Tile pixels, DoubleDouble *sums) {
    const int64_t pieces = pieces_of(w, pixels);
    int64_t done;
    memset(sums, 0, (size_t)pixels_of(pixels) * sizeof *sums);
    for (int64_t i = 0; i < pieces && !is_abandoned(w); i++) {
        const Range blocks = range_part(w->job.blocks, pieces, i);
        if (range_length(blocks) > 0) kernel_accumulate(w->frame->experiment, w->frame, pixels, blocks, sums);
        if (i + 1 == pieces) break;
#pragma omp atomic read
        done = w->strips_done;
        look_up(w, (double)done + (double)(i + 1) / (double)pieces);
    }
}

static void photons_of_strip(CpuWork *w, Tile pixels, DoubleDouble *sums) {
    const KernelJob *job = &w->job;
    const Experiment *e = w->frame->experiment;
    float *expected = job->expected + (pixels.slow - job->first_row) * job->width + pixels.fast;
    if (pieces_of(w, pixels) == 1) {
        kernel_expected(e, w->frame, pixels, sums, expected, job->width);
        return;
    }
    add_strip(w, pixels, sums);
    kernel_store(e, kernel_scale(w->frame), pixels, sums, expected, job->width);
}

static void sums_of_strip(CpuWork *w, const Strip *strip, DoubleDouble *sums) {
    const Tile pixels = strip->pixels;
    const size_t row = (size_t)pixels.fast_pixels;
    add_strip(w, pixels, sums);
    for (int64_t s = 0; s < pixels.slow_pixels; s++)
        memcpy(w->job.sums + strip->offset + s * strip->width, sums + s * pixels.fast_pixels, row * sizeof *sums);
}

static void compute_strip(CpuWork *w, const Strip *strip) {
    DoubleDouble *sums = w->room + omp_get_thread_num() * pixels_of(w->strip);
    if (is_abandoned(w)) return;
    if (w->job.sums == NULL)
        photons_of_strip(w, strip->pixels, sums);
    else
        sums_of_strip(w, strip, sums);
    count_strip(w);
}

/* What the threads did in a parallel region that began at @p begin_s and has just ended, and how long they waited. */
static double record_spans(const CpuWork *w, double begin_s) {
    const double now_s = clocks_steady_s();
    double idle_s = 0.0;
    for (int i = 0; i < w->threads; i++) {
        const ThreadSpan span = w->spans[i];
        if (!(span.end_s > 0.0)) continue;
        timeline_add(w->setup.timeline, PHASE_COMPUTE, w->setup.label, i, span.begin_s, span.end_s);
        idle_s += now_s - begin_s - (span.end_s - span.begin_s);
    }
    timeline_add(w->setup.timeline, PHASE_WAIT, "other threads", 0, w->spans[0].end_s, now_s);
    return idle_s;
}

static void compute(CpuWork *w) {
    const Range strips = w->parts[w->job.part];
    const double begin_s = clocks_steady_s();
    memset(w->spans, 0, (size_t)w->threads * sizeof *w->spans); /* fewer threads may come than were asked for */
#pragma omp parallel num_threads(w->threads)
    {
        ThreadSpan *span = &w->spans[omp_get_thread_num()];
        span->begin_s = clocks_steady_s();
#pragma omp for schedule(dynamic, 1) nowait
        for (int64_t i = strips.begin; i < strips.end; i++) compute_strip(w, &w->strips[i]);
        span->end_s = clocks_steady_s();
    }
    w->result.idle_s = record_spans(w, begin_s);
}

void cpu_kernel_submit(KernelWork *work, const Frame *frame, KernelJob job) {
    CpuWork *w = (CpuWork *)work;
    w->frame = frame;
    w->job = job;
    w->strips_done = 0;
    w->abandoned = false;
    w->result = (KernelResult){.steps = 0};
    if (job.sums != NULL) memset(job.sums, 0, (size_t)w->sums[job.part] * sizeof *job.sums);
    if (range_length(job.blocks) == 0) return;
    compute(w);
    w->result.abandoned = w->abandoned;
    const Range strips = w->parts[job.part];
    for (int64_t i = strips.begin; i < strips.end && !w->abandoned; i++)
        w->result.steps += kernel_steps(frame->experiment, w->strips[i].pixels, job.blocks);
}

KernelResult cpu_kernel_collect(KernelWork *work) {
    return ((const CpuWork *)work)->result;
}
