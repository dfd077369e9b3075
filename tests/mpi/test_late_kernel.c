/* A kernel that takes several jobs and answers later, as one of a device does, gives the files that those of the CPU
 * give: the renderer keeps jobs, crystals and frames in their order, and drops what is in work behind a frame that is
 * given up. The linker turns kernel_at() into the one below. The same on 1, 2, 3 and 4 ranks. */
#include "fake_run.h"
#include "hdf5/hdf5_helpers.h"
#include "kernels/kernel.h"
#include "kernels/kernel_table.h"
#include "run/simulate.h"
#include "team/frame_queue.h"

#include <unistd.h>

enum { JOBS = 3, ROWS_MOST = 16, SETTINGS_MOST = 12, PIXELS_MOST = 1 << 16 };

/* What the kernels of this process are to do, and have done. */
typedef struct Late {
    bool on;
    int most; /* jobs that were in flight at a time */
    bool gave_sums;
    int give_up; /* number of the job that is given up and sets the word, counted down; 0: none */
    int stop;    /* a StopLevel */
} Late;
static Late late;

/* ------------------------------------------------------------------------------------------------------- the kernel */

typedef struct LateJob {
    KernelJob job;
    KernelResult result;
    KernelScale scale;
    DoubleDouble *sums;
} LateJob;

typedef struct LateWork {
    KernelWork base, *cpu;
    KernelSetup setup;
    LateJob job[JOBS];
    int submitted, collected;
} LateWork;

const Kernel *__real_kernel_at(int row);
const Kernel *__wrap_kernel_at(int row);

static Status late_create(const Kernel *kernel, KernelSetup setup, KernelWork **work) {
    LateWork *created = calloc(1, sizeof *created);
    const Kernel *cpu = NULL;
    if (created == NULL) abort();
    for (int row = 0; row < kernel_count(); row++)
        if (strcmp(__real_kernel_at(row)->name, kernel->name) == 0) cpu = __real_kernel_at(row);
    created->base.kernel = kernel;
    created->setup = setup;
    *work = &created->base;
    return cpu->create(cpu, setup, &created->cpu);
}

static void deliver(const LateWork *w, const LateJob *kept) {
    const KernelJob *job = &kept->job;
    const DoubleDouble *next = kept->sums;
    for (int64_t t = w->setup.parts[job->part].begin; t < w->setup.parts[job->part].end; t++) {
        const Tile tile = w->setup.tiles[t];
        const int64_t pixels = tile.slow_pixels * tile.fast_pixels;
        if (job->sums != NULL)
            memcpy(job->sums + (next - kept->sums), next, (size_t)pixels * sizeof *next);
        else
            kernel_store(w->setup.experiment, kept->scale, tile, next,
                         job->expected + (tile.slow - job->first_row) * job->width + tile.fast, job->width);
        next += pixels;
    }
}

static void late_submit(KernelWork *work, const Frame *frame, KernelJob job) {
    LateWork *w = (LateWork *)work;
    LateJob *kept = &w->job[w->submitted++ % JOBS];
    const int in_flight = w->submitted - w->collected;
    KernelJob own = job;
    int64_t pixels = 1;
    CU_ASSERT(in_flight <= JOBS);
    if (in_flight > late.most) late.most = in_flight;
    late.gave_sums = late.gave_sums || job.sums != NULL;
    for (int64_t t = w->setup.parts[job.part].begin; t < w->setup.parts[job.part].end; t++)
        pixels += w->setup.tiles[t].slow_pixels * w->setup.tiles[t].fast_pixels;
    *kept = (LateJob){.job = job, .scale = kernel_scale(frame), .sums = calloc((size_t)pixels, sizeof *kept->sums)};
    if (kept->sums == NULL) abort();
    own.sums = kept->sums;
    w->cpu->kernel->submit(w->cpu, frame, own);
    kept->result = w->cpu->kernel->collect(w->cpu);
    if (work->kernel->by_reflections) deliver(w, kept); /* one that is done early */
    kept->result.abandoned = late.give_up > 0 && --late.give_up == 0;
}

static KernelResult late_collect(KernelWork *work) {
    LateWork *w = (LateWork *)work;
    const LateJob *kept = &w->job[w->collected++ % JOBS];
    if (!work->kernel->by_reflections) deliver(w, kept);
    if (kept->result.abandoned) late.stop = STOP_SOON; /* others have been begun behind it */
    free(kept->sums);
    return kept->result;
}

static void late_destroy(KernelWork **work) {
    LateWork *w = (LateWork *)*work;
    if (w == NULL) return;
    CU_ASSERT_EQUAL(w->submitted, w->collected);
    if (w->cpu != NULL) w->cpu->kernel->destroy(&w->cpu);
    free(w);
    *work = NULL;
}

const Kernel *__wrap_kernel_at(int row) {
    static Kernel rows[ROWS_MOST];
    if (!late.on || row >= ROWS_MOST) return __real_kernel_at(row);
    rows[row] = *__real_kernel_at(row);
    rows[row].create = late_create;
    rows[row].jobs_in_flight = JOBS;
    rows[row].submit = late_submit;
    rows[row].collect = late_collect;
    rows[row].destroy = late_destroy;
    return &rows[row];
}

/* --------------------------------------------------------------------------------------------------------------- runs
 */

static const char *const small[] = {"crystal.cell=53,23,31",
                                    "crystal.default_f=9",
                                    "detector.distance=60",
                                    "detector.pixel_size=0.5",
                                    "detector.fast_pixels=60",
                                    "detector.slow_pixels=50",
                                    "run.tile=16",
                                    "run.wave=3",
                                    NULL};

static void set_all(const char *const *settings, Parameters *p) {
    for (; *settings != NULL; settings++) {
        char name[96];
        const size_t length = strcspn(*settings, "=");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, *settings);
        const Status status = parameters_set(p, name, *settings + length + 1, "test");
        UNIT_CHECK(status_is_ok(status), "%s", status.message);
    }
}

/* Collective. */
static Status run_to(const char *output, const char *const *settings, bool resume) {
    Parameters *p = NULL;
    const Team team = team_of(MPI_COMM_WORLD);
    if (team.rank == 0) {
        if (!status_is_ok(parameters_create(&p))) abort();
        set_all(small, p);
        set_all(settings, p);
        UNIT_CHECK(status_is_ok(parameters_set(p, "run.output", output, "test")), "run.output");
        UNIT_CHECK(status_is_ok(parameters_set(p, resume ? "run.resume" : "run.overwrite", "true", "test")), "resume");
    }
    const BuildInfo build = {"0", "unknown", false, "cc", "", "Test"};
    const Status status =
        simulate(team, (SimulateRequest){.parameters = p, .command_line = "test", .build = build, .stop = &late.stop});
    parameters_destroy(&p);
    return status;
}

/* All images of two files are the same bytes, on rank 0. */
static void compare(const char *one, const char *other, const char *dataset) {
    static float pixels[2][PIXELS_MOST];
    const char *const path[2] = {one, other};
    int64_t count[2] = {0, 0};
    if (fake_rank() != 0) return;
    for (int i = 0; i < 2; i++) {
        hid_t file = H5I_INVALID_HID;
        Status status = hdf5_open_file(path[i], false, &file);
        if (status_is_ok(status)) status = hdf5_count(file, dataset, &count[i]);
        if (status_is_ok(status) && count[i] <= PIXELS_MOST)
            status = hdf5_read(file, dataset, H5T_NATIVE_FLOAT, count[i], pixels[i]);
        UNIT_CHECK(status_is_ok(status), "%s", status.message);
        (void)hdf5_close_file(path[i], &file);
    }
    CU_ASSERT(count[0] > 0 && count[0] <= PIXELS_MOST && count[0] == count[1]);
    double sum = 0.0;
    for (int64_t i = 0; i < count[0]; i++) sum += (double)pixels[0][i];
    CU_ASSERT(sum > 0.0);
    UNIT_CHECK(memcmp(pixels[0], pixels[1], (size_t)count[0] * sizeof **pixels) == 0, "%s differs", dataset);
}

/* The same run by both, and jobs in flight of rank 0. */
static int compare_runs(const char *const *settings) {
    late = (Late){.on = false};
    Status status = run_to("at_once.nxs", settings, false);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    late.on = true;
    status = run_to("late.nxs", settings, false);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    late.on = false;
    compare("at_once.nxs", "late.nxs", "/entry/data/data");
    return late.most;
}

static void frames_of_one_kernel(void) {
    static const char *const settings[] = {"sweep.kind=random", "sweep.count=14", NULL};
    const int most = compare_runs(settings);
    if (fake_ranks() == 1) CU_ASSERT_EQUAL(most, JOBS);
}

static void crystals_whose_ranks_share_the_terms(void) {
    static const char *const settings[] = {"crystal.mosaic_spread=1", "crystal.mosaic_domains=200", "run.shards=4",
                                           "detector.fast_pixels=12", "detector.slow_pixels=10",    "sweep.kind=random",
                                           "sweep.count=1",           "sweep.crystals=5",           NULL};
    CU_ASSERT_EQUAL(compare_runs(settings), JOBS);
    CU_ASSERT(late.gave_sums == (fake_ranks() > 1));
}

static void frames_of_several_crystals_and_a_region(void) {
    static const char *const settings[] = {"sweep.kind=random",      "sweep.count=5",     "sweep.crystals=2",
                                           "detector.roi=7,48,3,39", "background.size=1", NULL};
    CU_ASSERT(compare_runs(settings) > 1);
}

static void frames_of_different_kernels_and_their_counts(void) {
    static const char *const settings[] = {
        "crystal.shape=gauss", "sweep.kind=matrix", "sweep.matrix=crystal.cells=5,60,4,50;beam.wavelength=1,1.1",
        "output.images=both",  "beam.fluence=1e28", NULL};
    (void)compare_runs(settings);
    compare("at_once.nxs", "late.nxs", "/entry/simulation/images/expected_photons");
}

static void crystals_of_different_kernels(void) {
    static const char *const settings[] = {"crystal.shape=gauss",
                                           "sweep.kind=random",
                                           "sweep.count=6",
                                           "sweep.crystals=3",
                                           "sweep.draw=crystal.cells=uniform(4,40)",
                                           NULL};
    (void)compare_runs(settings);
}

static void a_frame_that_is_given_up_and_those_behind_it(void) {
    static const char *const settings[] = {"sweep.kind=random", "sweep.count=14", "run.wave=14", NULL};
    late = (Late){.on = false};
    Status status = run_to("at_once.nxs", settings, false);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    if (fake_rank() == 0) (void)unlink("late.nxs");
    MPI_Barrier(MPI_COMM_WORLD);
    late = (Late){.on = true, .give_up = fake_rank() == 0 ? 2 : 0};
    status = run_to("late.nxs", settings, false);
    UNIT_CHECK(status.code == STATUS_INTERRUPTED, "%s", status.message);
    late = (Late){.on = true};
    status = run_to("late.nxs", settings, true);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    late.on = false;
    compare("at_once.nxs", "late.nxs", "/entry/data/data");
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(frames_of_one_kernel),
                                     UNIT_TEST(crystals_whose_ranks_share_the_terms),
                                     UNIT_TEST(frames_of_several_crystals_and_a_region),
                                     UNIT_TEST(frames_of_different_kernels_and_their_counts),
                                     UNIT_TEST(crystals_of_different_kernels),
                                     UNIT_TEST(a_frame_that_is_given_up_and_those_behind_it),
                                     {NULL, NULL}};
    return fake_main("late_kernel", tests);
}
