/** @file
 *  A run made by hand for tests of the writer: a small experiment whose pixels say by arithmetic where they belong,
 *  written by any number of ranks in any grouping. Every function that names a communicator is collective. */
#ifndef TESSERA_FAKE_RUN_H
#define TESSERA_FAKE_RUN_H

#include "output/writer.h"
#include "team/mpi_io.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { FAKE_SLOW = 30, FAKE_FAST = 40, FAKE_TILE = 10, FAKE_TILES_FAST = 4, FAKE_TILES = 12, FAKE_COUNT = 7 };

/** The experiment and the parameters that it would come from. Must not be copied: it points into itself. */
typedef struct FakeRun {
    Parameters *parameters;
    Experiment experiment;
    Source sources[3];
    Panel panel;
    Plan plan;
    Notes notes;
} FakeRun;

static inline int fake_rank(void) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static inline int fake_ranks(void) {
    int ranks = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    return ranks;
}

/** True when @p mine is true on every rank. */
static inline bool fake_all(bool mine) {
    const int one = mine;
    int all = 0;
    MPI_Allreduce(&one, &all, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
    return all != 0;
}

/** A check that holds only if it does on every rank. */
#define FAKE_CHECK(condition) UNIT_CHECK(fake_all(condition), "on every rank: %s", #condition)

static inline void fake_set(FakeRun *run, const char *name, const char *text) {
    const Status status = parameters_set(run->parameters, name, text, "test");
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
}

/** Its panel is the run's. */
static inline Detector fake_detector(FakeRun *run) {
    run->panel = (Panel){.canvas = {0, 0, FAKE_SLOW, FAKE_FAST},
                         .pixel_size_m = {1e-4, 1e-4},
                         .fast = {0, 0, 1},
                         .slow = {0, -1, 0},
                         .normal = {1, 0, 0},
                         .pixel0_m = {0.1, 15e-4, -20e-4},
                         .beam = {1, 0, 0},
                         .close_distance_m = 0.1,
                         .distance_m = 0.1,
                         .sensor = {.layers = 1}};
    return (Detector){.fast_pixels = FAKE_FAST, .slow_pixels = FAKE_SLOW, .panel_count = 1, .panels = &run->panel};
}

static inline Crystal fake_crystal(void) {
    return (Crystal){.cell_m = {{{1e-8, 0, 0}, {0, 5e-9, 0}, {0, 0, 2.5e-9}}},
                     .reciprocal_per_m = {{{1e8, 0, 0}, {0, 2e8, 0}, {0, 0, 4e8}}},
                     .lengths_m = {1e-8, 5e-9, 2.5e-9},
                     .angles_rad = {PI / 2, PI / 2, PI / 2},
                     .cells = {5, 6, 7},
                     .domain_count = 1};
}

static inline Source fake_source(double wavelength_m, double weight) {
    return (Source){.direction = {1, 0, 0},
                    .electric = {0, 0, 1},
                    .magnetic = {0, -1, 0},
                    .wavelength_m = wavelength_m,
                    .weight = weight};
}

/** A run of FAKE_COUNT frames on MOSFLM's axes, monochromatic. */
static inline void fake_run_create(FakeRun *run, const char *kind, OutputImages images) {
    static const char *const words[] = {"expected", "counts", "both"};
    memset(run, 0, sizeof *run);
    UNIT_CHECK(status_is_ok(parameters_create(&run->parameters)), "parameters_create");
    fake_set(run, "detector.fast_pixels", "40");
    fake_set(run, "detector.slow_pixels", "30");
    fake_set(run, "sweep.kind", kind);
    fake_set(run, "sweep.count", "7");
    fake_set(run, "output.images", words[images]);
    fake_set(run, "output.writer", getenv("WRITER") != NULL ? getenv("WRITER") : "direct");
    run->sources[0] = fake_source(1e-10, 1.0);
    run->experiment = (Experiment){.factors.space_group = "P 1",
                                   .axes = {.beam = {1, 0, 0},
                                            .fast = {0, 0, 1},
                                            .slow = {0, -1, 0},
                                            .normal = {1, 0, 0},
                                            .twotheta = {0, 0, -1},
                                            .polarization = {0, 0, 1},
                                            .vertical = {0, -1, 0},
                                            .spindle = {0, 0, 1}},
                                   .beam = {.wavelength_m = 1e-10,
                                            .fluence_per_m2 = 1e24,
                                            .polarization_kahn = 0.5,
                                            .source_count = 1,
                                            .sources = run->sources},
                                   .crystal = fake_crystal(),
                                   .detector = fake_detector(run),
                                   .sampling = {.oversample = 1,
                                                .phi_steps = 5,
                                                .phi_range_rad = 0.5 * RADIANS_PER_DEGREE,
                                                .phi_step_rad = 0.1 * RADIANS_PER_DEGREE},
                                   .sweep = {.kind = (SweepKind)run->parameters->sweep_kind,
                                             .count = FAKE_COUNT,
                                             .start_rad = 10.0 * RADIANS_PER_DEGREE,
                                             .width_rad = 0.5 * RADIANS_PER_DEGREE,
                                             .seed = 11},
                                   .limits = {.sources = 1, .domains = 1, .phi_steps = 5, .terms = 5},
                                   .images = images,
                                   .signal = {.seed = 22, .gain = 1.0, .saturation = INT32_MAX}};
    run->plan = (Plan){.tile = FAKE_TILE,
                       .tiles_slow = 3,
                       .tiles_fast = FAKE_TILES_FAST,
                       .shards = 1,
                       .groups = 1,
                       .group_ranks = fake_ranks(),
                       .cluster_ranks = 1,
                       .frames_per_wave_of_group = 2,
                       .waves = 4};
    notes_add(&run->notes, "a remark");
}

static inline void fake_run_destroy(FakeRun *run) {
    parameters_destroy(&run->parameters);
}

static inline OutputRequest fake_request(const char *path, Range frames) {
    return (OutputRequest){.path = path,
                           .frames = frames,
                           .command_line = "tessera simulate --output x.nxs",
                           .build = {.version = "0.1.0",
                                     .git_revision = "abc",
                                     .git_dirty = true,
                                     .compiler = "cc 1",
                                     .flags = "-O2",
                                     .build_type = "Release"}};
}

static inline Status fake_open(const FakeRun *run, OutputRequest request, Writer **writer, bool *complete) {
    return writer_open(team_of(MPI_COMM_WORLD), run->parameters, &run->experiment, &run->plan, &run->notes, request,
                       writer, complete);
}

/** The pixel of a frame, an integer that float32 holds exactly; counts are one more. */
static inline int32_t fake_pixel(int64_t number, int64_t slow, int64_t fast) {
    return (int32_t)(100000 * number + 1000 * slow + fast);
}

/** Bytes of frame @p number in the main dataset. */
static inline uint32_t fake_crc(const FakeRun *run, int64_t number) {
    float photons[FAKE_SLOW][FAKE_FAST];
    int32_t counts[FAKE_SLOW][FAKE_FAST];
    for (int64_t s = 0; s < FAKE_SLOW; s++)
        for (int64_t f = 0; f < FAKE_FAST; f++) {
            photons[s][f] = (float)fake_pixel(number, s, f);
            counts[s][f] = fake_pixel(number, s, f) + 1;
        }
    const void *bytes = run->experiment.images == IMAGES_EXPECTED ? (void *)photons : (void *)counts;
    return (uint32_t)crc32(0, bytes, sizeof photons);
}

static inline FrameRecord fake_record(const FakeRun *run, Range frames, int64_t slot) {
    const int64_t number = frames.begin + slot;
    return (FrameRecord){.slot = slot,
                         .number = number,
                         .ub_per_m = {{1e8, 0, 0}, {0, 2e8, 0}, {0, 1e8 * (double)number, 4e8}},
                         .phi_start_rad = (10.0 + 0.5 * (double)number) * RADIANS_PER_DEGREE,
                         .fluence_per_m2 = 1e24 + (double)number,
                         .sum_photons = 3.0 * (double)number,
                         .max_photons = 2.0 * (double)number,
                         .crc32 = fake_crc(run, number),
                         .first_rank = fake_rank(),
                         .start_time = 1.5e9,
                         .wall_seconds = 0.25};
}

/** The rectangles of tiles @p begin .. @p end - 1, row by row: at most three. */
static inline int fake_rectangles(int begin, int end, Tile *rectangles) {
    int count = 0;
    while (begin < end) {
        const int row = begin / FAKE_TILES_FAST, column = begin % FAKE_TILES_FAST;
        const int whole_rows = column == 0 ? (end - begin) / FAKE_TILES_FAST : 0;
        const int rest = FAKE_TILES_FAST - column, left = end - begin;
        const int columns = whole_rows > 0 ? FAKE_TILES_FAST : left < rest ? left : rest;
        const int rows = whole_rows > 0 ? whole_rows : 1;
        rectangles[count++] = (Tile){(int64_t)FAKE_TILE * row, (int64_t)FAKE_TILE * column, (int64_t)FAKE_TILE * rows,
                                     (int64_t)FAKE_TILE * columns};
        begin += rows * columns;
    }
    return count;
}

static inline void fake_render(const WaveData *wave, Range frames, float *photons, int32_t *counts) {
    const int64_t rows = range_length(wave->rows);
    for (int64_t i = 0; i < wave->frames * rows * FAKE_FAST; i++) photons[i] = -777.0F;
    for (int64_t i = 0; i < wave->frames * rows * FAKE_FAST; i++) counts[i] = -777;
    for (int64_t k = 0; k < wave->frames; k++)
        for (int r = 0; r < wave->rectangles; r++) {
            const Tile tile = wave->rectangle[r];
            for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels; s++)
                for (int64_t f = tile.fast; f < tile.fast + tile.fast_pixels; f++) {
                    const int64_t place = (k * rows + s - wave->rows.begin) * FAKE_FAST + f;
                    const int32_t pixel = fake_pixel(frames.begin + wave->slots[k], s, f);
                    photons[place] = (float)pixel;
                    counts[place] = pixel + 1;
                }
        }
}

/** Writes the frames of these slots in one wave: groups of @p group_ranks ranks take runs of slots, the last group the
 *  first run, their members runs of tiles; ranks that are left over are idle. */
static inline Status fake_write(const FakeRun *run, Writer *writer, Range frames, const int64_t *slots, int count,
                                int group_ranks) {
    const int members = group_ranks < fake_ranks() ? group_ranks : fake_ranks();
    const int groups = fake_ranks() / members;
    const int group = fake_rank() / members, member = fake_rank() % members;
    const int run_index = groups - 1 - group;
    const int first = run_index >= 0 ? count * run_index / groups : 0;
    const int last = run_index >= 0 ? count * (run_index + 1) / groups : 0;
    WaveData wave = {.frames = last - first, .slots = slots + first};
    wave.rectangles =
        fake_rectangles(FAKE_TILES * member / members, FAKE_TILES * (member + 1) / members, wave.rectangle);
    const Tile end = wave.rectangle[wave.rectangles - 1];
    wave.rows = (Range){wave.rectangle[0].slow, end.slow + end.slow_pixels};
    float *photons = calloc(FAKE_COUNT * FAKE_SLOW * FAKE_FAST, sizeof *photons);
    int32_t *counted = calloc(FAKE_COUNT * FAKE_SLOW * FAKE_FAST, sizeof *counted);
    FrameRecord records[FAKE_COUNT];
    fake_render(&wave, frames, photons, counted);
    wave.expected = wave.frames > 0 && run->experiment.images != IMAGES_COUNTS ? photons : NULL;
    wave.counts = wave.frames > 0 && run->experiment.images != IMAGES_EXPECTED ? counted : NULL;
    wave.records = member == 0 ? wave.frames : 0;
    wave.record = records;
    for (int64_t i = 0; i < wave.records; i++) records[i] = fake_record(run, frames, wave.slots[i]);
    Status status = writer_write(writer, &wave);
    if (status_is_ok(status)) status = writer_settle(writer);
    free(counted);
    free(photons);
    return status;
}

static inline RankRecord fake_rank_record(void) {
    return (RankRecord){.steps = 100 + fake_rank(), .bytes_written = 4, .compute_seconds = 0.5};
}

/** Opens, writes the frames of the slots below @p written, and closes. */
static inline Status fake_run_whole(const FakeRun *run, OutputRequest request, int written, int group_ranks) {
    static const int64_t slots[FAKE_COUNT] = {0, 1, 2, 3, 4, 5, 6};
    Writer *writer = NULL;
    bool complete = false;
    Status status = fake_open(run, request, &writer, &complete);
    if (status_is_ok(status) && writer != NULL && written > 0)
        status = fake_write(run, writer, request.frames, slots, written, group_ranks);
    const Status closed = writer_close(&writer, true, &run->plan, fake_rank_record(), (Patience){NULL, NULL});
    return status_first(status, closed);
}

/** Main of a test program: all ranks run all tests, rank 0 prints, one failure on any rank is everyone's. */
static inline int fake_main(const char *suite, const UnitTest *tests) {
    int provided = 0;
    mpi_io_choose();
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
    if (fake_rank() != 0 && freopen("/dev/null", "w", stdout) == NULL) MPI_Abort(MPI_COMM_WORLD, 1);
    const bool passed = fake_all(unit_main(suite, tests) == 0);
    MPI_Finalize();
    return passed ? 0 : 1;
}

#endif
