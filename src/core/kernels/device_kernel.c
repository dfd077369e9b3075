#include "kernels/device_kernel.h"

#include "base/clocks.h"
#include "kernels/cpu_kernel.h"
#include "kernels/device_code.h"
#include "kernels/device_driver.h"
#include "kernels/device_float64.h"
#include "kernels/device_on_cpu.h"
#include "kernels/kernel.h"
#include "physics/step.h"

#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ALIGNMENT = 256, CODES_MOST = 8, TEST_BLOCKS = 8, TEST_TERM_BLOCKS = 32 };

/* Of a thread: with fewer more groups share a processor, which an H200 likes better than what they spill (measured). */
enum { REGISTERS = 80 };

/* Between two looks at a job; so long it is asked without a pause. */
static const double PAUSE_S = 50e-6, IMPATIENT_S = 2e-3;

/* A rectangle of one panel's pixels in a tile: pixels of the canvas, and where they are in the part's result. */
typedef struct Piece {
    Tile pixels;
    int64_t place, width;
} Piece;

/* What is computed for a part, and where it goes. */
typedef struct Part {
    Piece *pieces;
    DeviceBlock *blocks; /* the host's */
    DeviceAddress on_device;
    int64_t piece_count, block_count, pixels;
} Part;

/* Memory of the device and of the host, of which the driver copies the one to the other. */
typedef struct Mirror {
    DeviceAddress device;
    char *host;
    size_t bytes;
} Mirror;

/* One job in flight. */
typedef struct Slot {
    DeviceStreamHandle stream;
    Mirror inputs, result;
    DeviceAddress own_table; /* of a frame whose structure factors are its own */
    void *own_table_host;
    size_t own_table_bytes;
    DeviceArguments there, here; /* where the device and the CPU find it */
    DeviceVariant variant;
    KernelJob job;
    const Experiment *experiment; /* the frame's, for what does not change: which pixels are active */
    KernelScale scale;
    bool is_on_device;
    KernelResult result_of_job;
    char *checked; /* what the CPU makes of the job, as the result is; NULL: it is not checked */
    int64_t frame;
} Slot;

/* Code that the driver has compiled. */
typedef struct LoadedCode {
    DeviceVariant variant;
    DeviceModuleHandle module;
    DeviceFunctionHandle function;
    bool is_tested;
} LoadedCode;

typedef struct DeviceWork {
    KernelWork base;
    KernelSetup setup;
    DeviceDriver driver;
    int device;
    DeviceContextHandle context;
    DeviceStreamHandle control; /* stops what the others do */
    DeviceAddress stop, table;
    int32_t stop_here;
    Part *parts;
    Slot slots[DEVICE_JOBS_IN_FLIGHT];
    int64_t submitted, collected;
    LoadedCode codes[CODES_MOST];
    int code_count;
    KernelWork *cpu;
    bool is_lost; /* the CPU does all from here on */
} DeviceWork;

/* ----------------------------------------------------------------------------------------------------------- errors */

static Status driven(const DeviceWork *w, DeviceCode code, const char *what) {
    return device_driver_error(&w->driver, code, what);
}

static void complain(const DeviceWork *w, const char *text) {
    if (w->setup.warn.say != NULL) w->setup.warn.say(w->setup.warn.context, text);
}

/* From here on the CPU computes. */
static void lose(DeviceWork *w, Status status) {
    char text[sizeof status.message + 64];
    if (w->is_lost) return;
    w->is_lost = true;
    (void)snprintf(text, sizeof text, "%s; the CPU goes on", status.message);
    complain(w, text);
}

/* ----------------------------------------------------------------------------------------------------------- memory */

static Status allocate(const DeviceWork *w, size_t bytes, DeviceAddress *address) {
    return driven(w, w->driver.allocate(address, bytes > 0 ? bytes : 1), "allocate memory of the device");
}

static void release(const DeviceWork *w, DeviceAddress *address) {
    if (*address != 0) (void)w->driver.free(*address);
    *address = 0;
}

static void mirror_free(const DeviceWork *w, Mirror *mirror) {
    release(w, &mirror->device);
    if (mirror->host != NULL) (void)w->driver.free_host(mirror->host);
    *mirror = (Mirror){.bytes = 0};
}

/* At least so large; what it held is lost. */
static Status mirror_grow(const DeviceWork *w, size_t bytes, Mirror *mirror) {
    void *host = NULL;
    if (mirror->bytes >= bytes) return status_ok();
    mirror_free(w, mirror);
    TRY(allocate(w, bytes, &mirror->device));
    const Status status = driven(w, w->driver.allocate_host(&host, bytes, 0), "allocate memory of the host");
    if (!status_is_ok(status)) {
        mirror_free(w, mirror);
        return status;
    }
    mirror->host = host;
    mirror->bytes = bytes;
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ parts */

static int64_t pixels_of(Tile tile) {
    return tile.slow_pixels * tile.fast_pixels;
}

static int64_t least_of(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t most_of(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static bool has_active(const Experiment *e, Tile tile) {
    return pixels_of(tile_active_part(e->active, e->detector.fast_pixels, tile)) > 0;
}

/* The blocks of one piece, unless @p blocks is NULL. */
static int64_t cut_piece(const Experiment *e, int panel_number, const Piece *piece, DeviceBlock *blocks) {
    const Panel *panel = &e->detector.panels[panel_number];
    const Tile own = panel_tile(panel, piece->pixels);
    const int64_t slow_end = own.slow + own.slow_pixels, fast_end = own.fast + own.fast_pixels;
    int64_t count = 0;
    for (int64_t s = own.slow / BLOCK_SLOW * BLOCK_SLOW; s < slow_end; s += BLOCK_SLOW)
        for (int64_t f = own.fast / BLOCK_FAST * BLOCK_FAST; f < fast_end; f += BLOCK_FAST) {
            const int64_t s0 = most_of(s, own.slow), s1 = least_of(s + BLOCK_SLOW, slow_end);
            const int64_t f0 = most_of(f, own.fast), f1 = least_of(f + BLOCK_FAST, fast_end);
            if (!has_active(e, (Tile){panel->canvas.slow + s0, panel->canvas.fast + f0, s1 - s0, f1 - f0})) continue;
            if (blocks != NULL)
                blocks[count] = (DeviceBlock){.panel = panel_number,
                                              .slow = (int32_t)s,
                                              .fast = (int32_t)f,
                                              .row_begin = (int32_t)(s0 - s),
                                              .row_end = (int32_t)(s1 - s),
                                              .column_begin = (int32_t)(f0 - f),
                                              .column_end = (int32_t)(f1 - f),
                                              .width = (int32_t)piece->width,
                                              .place = piece->place + (s - own.slow) * piece->width + (f - own.fast)};
            count++;
        }
    return count;
}

/* Pieces and blocks of a part; with NULL for both it only counts. */
static void cut_part(const DeviceWork *w, Range tiles, Part *part) {
    const Experiment *e = w->setup.experiment;
    part->piece_count = part->block_count = part->pixels = 0;
    for (int64_t t = tiles.begin; t < tiles.end; t++) {
        const Tile tile = w->setup.tiles[t];
        for (int i = 0; i < e->detector.panel_count; i++) {
            const Tile own = panel_overlap(&e->detector.panels[i], tile);
            if (pixels_of(own) == 0) continue;
            const int64_t place = (own.slow - tile.slow) * tile.fast_pixels + own.fast - tile.fast;
            const Piece piece = {own, part->pixels + place, tile.fast_pixels};
            if (part->pieces != NULL) part->pieces[part->piece_count] = piece;
            part->piece_count++;
            part->block_count +=
                cut_piece(e, i, &piece, part->blocks == NULL ? NULL : part->blocks + part->block_count);
        }
        part->pixels += pixels_of(tile);
    }
}

static Status create_part(const DeviceWork *w, Range tiles, Part *part) {
    cut_part(w, tiles, part);
    const size_t bytes = (size_t)part->block_count * sizeof *part->blocks;
    part->pieces = malloc((size_t)(part->piece_count + 1) * sizeof *part->pieces);
    part->blocks = malloc(bytes + 1);
    if (part->pieces == NULL || part->blocks == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the blocks of pixels of a device");
    cut_part(w, tiles, part);
    TRY(allocate(w, bytes, &part->on_device));
    if (bytes == 0) return status_ok();
    TRY(driven(w, w->driver.to_device(part->on_device, part->blocks, bytes, w->control), "copy to the device"));
    return driven(w, w->driver.stream_wait(w->control), "copy to the device");
}

/* ---------------------------------------------------------------------------------------------------------- the work
 */

static Status start_device(DeviceWork *w) {
    TRY(device_driver_open(&w->driver));
    const int ordinal = w->setup.experiment->device.ordinal;
    TRY(driven(w, w->driver.get(&w->device, ordinal), "find the device"));
    TRY(driven(w, w->driver.context_retain(&w->context, w->device), "start the device"));
    TRY(driven(w, w->driver.context_use(w->context), "start the device"));
    TRY(driven(w, w->driver.stream_create(&w->control, DEVICE_STREAM_ALONE), "start the device"));
    for (int i = 0; i < DEVICE_JOBS_IN_FLIGHT; i++)
        TRY(driven(w, w->driver.stream_create(&w->slots[i].stream, DEVICE_STREAM_ALONE), "start the device"));
    TRY(allocate(w, sizeof(int32_t), &w->stop));
    TRY(driven(w, w->driver.fill(w->stop, 0, 1, w->control), "start the device"));
    return driven(w, w->driver.stream_wait(w->control), "start the device");
}

/* What structure factors are looked up in: a table in single precision, the grid in double. */
static const void *table_of(const DeviceWork *w, const StructureFactors *factors, size_t *bytes) {
    const bool is_single = w->base.kernel->precision == PRECISION_FLOAT32;
    *bytes = is_single ? (size_t)structure_factors_table_size(factors) * sizeof(float)
                       : (size_t)structure_factors_grid_size(factors) * sizeof(double);
    if (factors->grid == NULL) *bytes = 0;
    return is_single ? (const void *)factors->table : (const void *)factors->grid;
}

/* The run's own. */
static Status put_table(DeviceWork *w) {
    size_t bytes = 0;
    const void *table = table_of(w, &w->setup.experiment->factors, &bytes);
    if (bytes == 0 || table == NULL) return status_ok();
    TRY(allocate(w, bytes, &w->table));
    TRY(driven(w, w->driver.to_device(w->table, table, bytes, w->control), "copy to the device"));
    return driven(w, w->driver.stream_wait(w->control), "copy to the device");
}

static Status set_up(DeviceWork *w) {
    TRY(start_device(w));
    TRY(put_table(w));
    for (int64_t i = 0; i < w->setup.part_count; i++) TRY(create_part(w, w->setup.parts[i], &w->parts[i]));
    return status_ok();
}

Status device_kernel_create(const Kernel *kernel, KernelSetup setup, KernelWork **work) {
    DeviceWork *w = calloc(1, sizeof *w);
    const Kernel *cpu = cpu_kernel_with(kernel->precision, kernel->by_reflections);
    *work = NULL;
    if (w == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the device's work");
    w->base.kernel = kernel;
    w->setup = setup;
    *work = &w->base;
    w->parts = calloc((size_t)setup.part_count + 1, sizeof *w->parts);
    Status status = w->parts == NULL ? status_error(STATUS_NO_MEMORY, "no memory for the device's work") : status_ok();
    if (status_is_ok(status)) status = cpu->create(cpu, setup, &w->cpu);
    if (!status_is_ok(status)) {
        device_kernel_destroy(work);
        return status;
    }
    status = set_up(w);
    if (!status_is_ok(status)) lose(w, status);
    return status_ok();
}

static void free_slot(DeviceWork *w, Slot *slot) {
    mirror_free(w, &slot->inputs);
    mirror_free(w, &slot->result);
    release(w, &slot->own_table);
    if (slot->stream != NULL) (void)w->driver.stream_destroy(slot->stream);
    free(slot->own_table_host);
    free(slot->checked);
}

void device_kernel_destroy(KernelWork **work) {
    DeviceWork *w = (DeviceWork *)*work;
    if (w == NULL) return;
    for (int i = 0; i < DEVICE_JOBS_IN_FLIGHT && w->driver.library != NULL; i++) free_slot(w, &w->slots[i]);
    for (int64_t i = 0; w->parts != NULL && i < w->setup.part_count; i++) {
        release(w, &w->parts[i].on_device);
        free(w->parts[i].blocks);
        free(w->parts[i].pieces);
    }
    for (int i = 0; i < w->code_count; i++)
        if (w->codes[i].module != NULL) (void)w->driver.module_unload(w->codes[i].module);
    if (w->driver.library != NULL) {
        release(w, &w->table);
        release(w, &w->stop);
        if (w->control != NULL) (void)w->driver.stream_destroy(w->control);
        if (w->context != NULL) (void)w->driver.context_release(w->device);
        device_driver_close(&w->driver);
    }
    if (w->cpu != NULL) w->cpu->kernel->destroy(&w->cpu);
    free(w->parts);
    free(w);
    *work = NULL;
}

/* ------------------------------------------------------------------------------------------------------------- code */

/* The kernel for a variant, which the driver compiles at its first use. */
static Status find_code(DeviceWork *w, DeviceVariant variant, LoadedCode **code) {
    for (int i = 0; i < w->code_count; i++) {
        const DeviceVariant own = w->codes[i].variant;
        *code = &w->codes[i];
        if (device_variant_is_same(own, variant)) return status_ok();
    }
    const DeviceText *text = device_code_find(variant);
    if (text == NULL || w->code_count == CODES_MOST)
        return status_error(STATUS_BAD_PARAMETER, "there is no code for the device for this crystal");
    *code = &w->codes[w->code_count];
    **code = (LoadedCode){.variant = variant};
    int option = DEVICE_REGISTERS_MOST;
    void *registers = (void *)(intptr_t)REGISTERS;
    TRY(driven(w, w->driver.module_load(&(*code)->module, text->text, 1, &option, &registers), "compile the kernel"));
    w->code_count++;
    return driven(w, w->driver.module_function(&(*code)->function, (*code)->module, text->function), "find the kernel");
}

/* ----------------------------------------------------------------------------------------------------------- inputs */

static DeviceVariant variant_of(const DeviceWork *w, const Experiment *e) {
    const bool has_table = e->factors.grid != NULL;
    DeviceVariant variant = {.precision = w->base.kernel->precision,
                             .shape = e->crystal.shape,
                             .factors = has_table ? DEVICE_NEAREST : DEVICE_DEFAULT};
    if (has_table && step_is_tricubic(e)) variant.factors = DEVICE_TRICUBIC;
    for (int i = 0; i < e->detector.panel_count; i++)
        for (int64_t n = 1; n < e->beam.source_count && !variant.sources_differ; n++)
            variant.sources_differ = experiment_sources_differ(e, &e->detector.panels[i].sensor,
                                                               &e->beam.sources[n - 1], &e->beam.sources[n]);
    return variant;
}

static DeviceScene scene_of(const Experiment *e, const Frame *frame, const KernelJob *job) {
    const int64_t all = experiment_terms(e), begin = job->blocks.begin * KERNEL_BLOCK_TERMS;
    const int64_t end = least_of(job->blocks.end * KERNEL_BLOCK_TERMS, all);
    DeviceScene scene = {.spot = make_spot(&e->crystal),
                         .last = table_end(e->factors.count),
                         .oversample = e->sampling.oversample,
                         .sources = (int32_t)e->beam.source_count,
                         .term_begin = (int32_t)begin,
                         .term_end = (int32_t)end,
                         .point_pixel = e->detector.point_pixel,
                         .wants_photons = job->sums == NULL,
                         .layers = detector_layers(&e->detector),
                         .dmin_m = e->sampling.dmin_m,
                         .crystal = e->crystal,
                         .longest_m =
                             fmax(e->crystal.lengths_m[0], fmax(e->crystal.lengths_m[1], e->crystal.lengths_m[2])),
                         .background = e->background,
                         .times = (double)e->sampling.phi_steps * (double)e->crystal.domain_count,
                         .half = e->beam.polarization_correction ? 0.5 : 0.0,
                         .default_f = e->factors.default_f,
                         .scale = e->factors.grid != NULL ? 1.0 : e->factors.default_f * e->factors.default_f,
                         .photons = step_photons(e, frame)};
    scene.full_kahn = e->beam.polarization_kahn;
    scene.kahn = scene.half * scene.full_kahn;
    if (begin > 0) scene.background.molecules = 0.0; /* block 0 brings it */
    memcpy(scene.least, e->factors.least, sizeof scene.least);
    memcpy(scene.count, e->factors.count, sizeof scene.count);
    return scene;
}

/* Where the pieces of the inputs begin. */
typedef struct Layout {
    size_t panels, depths, points, sources, lattices, bytes;
} Layout;

static size_t aligned(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static int64_t lattices_of(const Experiment *e) {
    return e->sampling.phi_steps * e->crystal.domain_count;
}

static int64_t depths_of(const Experiment *e) {
    return (int64_t)e->detector.panel_count * detector_layers(&e->detector);
}

static Layout layout_of(const Experiment *e) {
    Layout layout = {.panels = aligned(sizeof(DeviceScene))};
    layout.depths = layout.panels + aligned((size_t)e->detector.panel_count * sizeof(Panel));
    layout.points = layout.depths + aligned((size_t)depths_of(e) * sizeof(double));
    layout.sources = layout.points + aligned((size_t)e->background.point_count * sizeof *e->background.points);
    layout.lattices = layout.sources + aligned((size_t)e->beam.source_count * sizeof(Source));
    layout.bytes = layout.lattices + aligned((size_t)lattices_of(e) * sizeof(Mat3));
    return layout;
}

static void fill_inputs(const Experiment *e, const Frame *frame, const KernelJob *job, Layout layout, char *inputs) {
    const DeviceScene scene = scene_of(e, frame, job);
    Mat3 *lattices = (Mat3 *)(void *)(inputs + layout.lattices);
    const int64_t phi_steps = e->sampling.phi_steps, count = lattices_of(e);
    memcpy(inputs, &scene, sizeof scene);
    memcpy(inputs + layout.panels, e->detector.panels, (size_t)e->detector.panel_count * sizeof(Panel));
    double *depths_m = (double *)(void *)(inputs + layout.depths);
    for (int i = 0, layers = detector_layers(&e->detector); i < e->detector.panel_count; i++)
        for (int layer = 0; layer < layers; layer++)
            depths_m[i * layers + layer] = sensor_depth(&e->detector.panels[i].sensor, layer);
    if (e->background.point_count > 0)
        memcpy(inputs + layout.points, e->background.points,
               (size_t)e->background.point_count * sizeof *e->background.points);
    memcpy(inputs + layout.sources, e->beam.sources, (size_t)e->beam.source_count * sizeof(Source));
#pragma omp parallel for if (count > 1000)
    for (int64_t n = 0; n < count; n++)
        lattices[n] = crystal_domain(&e->crystal, frame->cells_m[n % phi_steps], n / phi_steps);
}

/* Structure factors of a frame's own, kept: the frame may change once the job is submitted. */
static Status put_own_table(DeviceWork *w, const void *table, size_t bytes, Slot *slot) {
    if (slot->own_table_bytes < bytes) {
        release(w, &slot->own_table);
        free(slot->own_table_host);
        slot->own_table_bytes = 0;
        slot->own_table_host = malloc(bytes);
        if (slot->own_table_host == NULL) return status_error(STATUS_NO_MEMORY, "no memory for structure factors");
        TRY(allocate(w, bytes, &slot->own_table));
        slot->own_table_bytes = bytes;
    }
    memcpy(slot->own_table_host, table, bytes);
    return driven(w, w->driver.to_device(slot->own_table, slot->own_table_host, bytes, slot->stream),
                  "copy to the device");
}

static DeviceArguments arguments_at(uintptr_t base, Layout layout) {
    return (DeviceArguments){.scene = (const DeviceScene *)base,
                             .panels = (const Panel *)(base + layout.panels),
                             .depths_m = (const double *)(base + layout.depths),
                             .points = (double(*)[2])(base + layout.points),
                             .sources = (const Source *)(base + layout.sources),
                             .lattices = (const Mat3 *)(base + layout.lattices)};
}

static void set_result(uintptr_t result, bool photons, DeviceArguments *arguments) {
    arguments->photons = photons ? (float *)result : NULL;
    arguments->sums = photons ? NULL : (DoubleDouble *)result;
}

static void set_table(uintptr_t table, DeviceArguments *arguments) {
    arguments->table = (const float *)table;
    arguments->grid = (const double *)table;
}

/* The inputs on both sides. */
static Status put_inputs(DeviceWork *w, const Frame *frame, Slot *slot) {
    const Experiment *e = frame->experiment;
    const Layout layout = layout_of(e);
    const Part *part = &w->parts[slot->job.part];
    const bool photons = slot->job.sums == NULL;
    const size_t bytes = (size_t)part->pixels * (photons ? sizeof(float) : sizeof(DoubleDouble));
    size_t table_bytes = 0, unused = 0;
    const void *table = table_of(w, &e->factors, &table_bytes);
    const bool has_own_table = table_bytes > 0 && table != table_of(w, &w->setup.experiment->factors, &unused);
    TRY(mirror_grow(w, layout.bytes, &slot->inputs));
    TRY(mirror_grow(w, bytes, &slot->result));
    fill_inputs(e, frame, &slot->job, layout, slot->inputs.host);
    TRY(driven(w, w->driver.to_device(slot->inputs.device, slot->inputs.host, layout.bytes, slot->stream),
               "copy to the device"));
    if (has_own_table) TRY(put_own_table(w, table, table_bytes, slot));
    slot->there = arguments_at((uintptr_t)slot->inputs.device, layout);
    set_table(has_own_table ? slot->own_table : w->table, &slot->there);
    slot->there.blocks = (const DeviceBlock *)(uintptr_t)part->on_device;
    slot->there.stop = (const int32_t *)(uintptr_t)w->stop;
    set_result((uintptr_t)slot->result.device, photons, &slot->there);
    slot->here = arguments_at((uintptr_t)slot->inputs.host, layout);
    set_table((uintptr_t)(has_own_table ? slot->own_table_host : table), &slot->here);
    slot->here.blocks = part->blocks;
    slot->here.stop = &w->stop_here;
    set_result((uintptr_t)slot->result.host, photons, &slot->here);
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------- jobs */

static unsigned threads_of(const Slot *slot) {
    return slot->variant.precision == PRECISION_FLOAT32 ? (unsigned)DEVICE_THREADS : (unsigned)DEVICE64_THREADS;
}

static Status launch(DeviceWork *w, const LoadedCode *code, int64_t blocks, Slot *slot, size_t bytes) {
    DeviceArguments arguments = slot->there;
    void *list[] = {&arguments};
    TRY(driven(w, w->driver.fill(slot->result.device, 0, bytes / 4, slot->stream), "clear its memory"));
    if (blocks > 0)
        TRY(driven(w,
                   w->driver.launch(code->function, (unsigned)blocks, 1, 1, threads_of(slot), 1, 1, 0, slot->stream,
                                    list, NULL),
                   "start the kernel"));
    return driven(w, w->driver.to_host(slot->result.host, slot->result.device, bytes, slot->stream),
                  "copy from the device");
}

/* The same code, by the CPU's threads. */
static void on_cpu(const Slot *slot, int64_t blocks) {
#ifdef KERNEL_HAS_VARIANTS
    device_on_cpu_v3(&slot->here, slot->variant, blocks);
#else
    device_on_cpu_portable(&slot->here, slot->variant, blocks);
#endif
}

/* Holds the device against the CPU on the first pixels and terms of a job, once for each kernel. */
static Status test_code(DeviceWork *w, const Frame *frame, LoadedCode *code, Slot *slot) {
    const KernelJob whole = slot->job;
    const Part *part = &w->parts[whole.part];
    const int64_t blocks = least_of(part->block_count, TEST_BLOCKS);
    const size_t bytes = (size_t)part->pixels * sizeof(DoubleDouble);
    if (code->is_tested || blocks == 0) return status_ok();
    DoubleDouble none = {0.0, 0.0}, *sums = calloc((size_t)part->pixels + 1, sizeof *sums);
    if (sums == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the test of the device");
    slot->job.sums = &none; /* sums are wanted, not photons */
    slot->job.blocks.end = least_of(whole.blocks.end, whole.blocks.begin + TEST_TERM_BLOCKS);
    Status status = put_inputs(w, frame, slot);
    if (status_is_ok(status)) status = launch(w, code, blocks, slot, bytes);
    if (status_is_ok(status)) status = driven(w, w->driver.stream_wait(slot->stream), "run the kernel");
    if (status_is_ok(status)) {
        set_result((uintptr_t)sums, false, &slot->here);
        on_cpu(slot, blocks);
        code->is_tested = memcmp(sums, slot->result.host, bytes) == 0;
        if (!code->is_tested)
            status = status_error(STATUS_BAD_PARAMETER, "the device computes other bytes than the CPU");
    }
    slot->job = whole;
    free(sums);
    return status;
}

static size_t result_bytes(const DeviceWork *w, const Slot *slot) {
    return (size_t)w->parts[slot->job.part].pixels * (slot->job.sums == NULL ? sizeof(float) : sizeof(DoubleDouble));
}

static Status begin_on_device(DeviceWork *w, const Frame *frame, Slot *slot) {
    LoadedCode *code = NULL;
    slot->variant = variant_of(w, frame->experiment);
    TRY(driven(w, w->driver.context_use(w->context), "use the device"));
    TRY(find_code(w, slot->variant, &code));
    TRY(test_code(w, frame, code, slot));
    TRY(put_inputs(w, frame, slot));
    return launch(w, code, w->parts[slot->job.part].block_count, slot, result_bytes(w, slot));
}

static int64_t steps_of(const DeviceWork *w, const Frame *frame, const KernelJob *job) {
    const Part *part = &w->parts[job->part];
    const Experiment *e = frame->experiment;
    int64_t steps = 0;
    for (int64_t i = 0; i < part->piece_count; i++) {
        const Tile active = tile_active_part(e->active, e->detector.fast_pixels, part->pieces[i].pixels);
        if (pixels_of(active) > 0) steps += kernel_steps(e, active, job->blocks);
    }
    return steps;
}

/* What the CPU's kernel does instead. */
static void compute_on_cpu(DeviceWork *w, const Frame *frame, Slot *slot) {
    slot->is_on_device = false;
    w->cpu->kernel->submit(w->cpu, frame, slot->job);
    slot->result_of_job = w->cpu->kernel->collect(w->cpu);
}

/* ----------------------------------------------------------------------------------------------------- by the CPU too
 */

static bool is_checked(const Experiment *e, int64_t frame) {
    const double share = e->device.check_share;
    return floor((double)(frame + 1) * share) > floor((double)frame * share);
}

/* Rows of the canvas that the part's pieces lie in. */
static Range rows_of(const Part *part) {
    Range rows = {INT64_MAX, 0};
    for (int64_t i = 0; i < part->piece_count; i++) {
        const Tile pixels = part->pieces[i].pixels;
        rows.begin = least_of(rows.begin, pixels.slow);
        rows.end = most_of(rows.end, pixels.slow + pixels.slow_pixels);
    }
    return part->piece_count > 0 ? rows : (Range){0, 0};
}

/* Photons by the CPU's kernel, into the places that the device gives them. */
static void take_photons(const Part *part, const float *photons, Range rows, int64_t width, float *taken) {
    for (int64_t i = 0; i < part->piece_count; i++) {
        const Tile t = part->pieces[i].pixels;
        for (int64_t s = 0; s < t.slow_pixels; s++)
            memcpy(taken + part->pieces[i].place + s * part->pieces[i].width,
                   photons + (t.slow + s - rows.begin) * width + t.fast, (size_t)t.fast_pixels * sizeof *taken);
    }
}

/* Without memory for it a job is not checked. */
static void compute_check(DeviceWork *w, const Frame *frame, Slot *slot) {
    const Part *part = &w->parts[slot->job.part];
    const Range rows = rows_of(part);
    KernelJob job = slot->job;
    float *photons = calloc((size_t)(range_length(rows) * job.width) + 1, sizeof *photons);
    slot->checked = calloc(result_bytes(w, slot) + 1, 1);
    if (photons == NULL || slot->checked == NULL) {
        free(photons);
        free(slot->checked);
        slot->checked = NULL;
        return;
    }
    job.expected = photons;
    job.first_row = rows.begin;
    job.watch = (KernelWatch){.gives_up = NULL};
    if (job.sums != NULL) job.sums = (DoubleDouble *)(void *)slot->checked;
    w->cpu->kernel->submit(w->cpu, frame, job);
    (void)w->cpu->kernel->collect(w->cpu);
    if (job.sums == NULL) take_photons(part, photons, rows, job.width, (float *)(void *)slot->checked);
    free(photons);
}

static bool is_same_row(const Slot *slot, const Piece *piece, int64_t s) {
    const Experiment *e = slot->experiment;
    const size_t bytes = slot->job.sums == NULL ? sizeof(float) : sizeof(DoubleDouble);
    const uint8_t *active =
        e->active == NULL ? NULL : e->active + (piece->pixels.slow + s) * e->detector.fast_pixels + piece->pixels.fast;
    for (int64_t f = 0; f < piece->pixels.fast_pixels; f++) {
        const size_t place = bytes * (size_t)(piece->place + s * piece->width + f);
        if ((active == NULL || active[f] != 0) && memcmp(slot->checked + place, slot->result.host + place, bytes) != 0)
            return false;
    }
    return true;
}

/* The CPU's word counts. */
static void check_result(DeviceWork *w, Slot *slot) {
    const Part *part = &w->parts[slot->job.part];
    bool is_same = true;
    for (int64_t i = 0; i < part->piece_count && is_same; i++)
        for (int64_t s = 0; s < part->pieces[i].pixels.slow_pixels && is_same; s++)
            is_same = is_same_row(slot, &part->pieces[i], s);
    if (!is_same) {
        lose(w, status_error(STATUS_BAD_PARAMETER, "the device computes other bytes than the CPU in frame %lld",
                             (long long)slot->frame));
        memcpy(slot->result.host, slot->checked, result_bytes(w, slot));
    }
    free(slot->checked);
    slot->checked = NULL;
}

void device_kernel_submit(KernelWork *work, const Frame *frame, KernelJob job) {
    DeviceWork *w = (DeviceWork *)work;
    Slot *slot = &w->slots[w->submitted++ % DEVICE_JOBS_IN_FLIGHT];
    slot->job = job;
    slot->experiment = w->setup.experiment;
    slot->scale = kernel_scale(frame);
    slot->frame = frame->number;
    const bool can = work->kernel->obstacle(frame->experiment) == NULL && range_length(job.blocks) > 0;
    if (w->is_lost || !can) {
        compute_on_cpu(w, frame, slot);
        return;
    }
    slot->is_on_device = true;
    slot->result_of_job = (KernelResult){.steps = steps_of(w, frame, &job)};
    const Status status = begin_on_device(w, frame, slot);
    if (status_is_ok(status) && is_checked(w->setup.experiment, frame->number)) compute_check(w, frame, slot);
    if (status_is_ok(status)) return;
    lose(w, status);
    compute_on_cpu(w, frame, slot);
}

static void pause_s(double seconds) {
    const struct timespec time = {.tv_nsec = (long)(1e9 * seconds)};
    (void)nanosleep(&time, NULL);
}

/* Waits for a job; asks now and then whether it is to be given up. */
static Status wait_for(DeviceWork *w, Slot *slot) {
    const KernelWatch watch = slot->job.watch;
    const double begin_s = clocks_steady_s();
    DeviceCode code = w->driver.stream_query(slot->stream);
    for (; code == DEVICE_NOT_READY; code = w->driver.stream_query(slot->stream)) {
        if (!slot->result_of_job.abandoned && watch.gives_up != NULL && watch.gives_up(watch.context, 0.0)) {
            slot->result_of_job = (KernelResult){.abandoned = true};
            TRY(driven(w, w->driver.fill(w->stop, 1, 1, w->control), "stop"));
        }
        if (clocks_steady_s() - begin_s > IMPATIENT_S)
            pause_s(PAUSE_S);
        else
            (void)sched_yield();
    }
    TRY(driven(w, code, "run the kernel"));
    if (!slot->result_of_job.abandoned) return status_ok();
    TRY(driven(w, w->driver.fill(w->stop, 0, 1, w->control), "go on"));
    return driven(w, w->driver.stream_wait(w->control), "go on");
}

/* A row of photons; inactive pixels are left alone. */
static void put_row(const Slot *slot, const float *photons, const uint8_t *active, int64_t pixels, float *row) {
    if (active == NULL && !slot->scale.adds) {
        memcpy(row, photons, (size_t)pixels * sizeof *row);
        return;
    }
    for (int64_t f = 0; f < pixels; f++)
        if (active == NULL || active[f] != 0) row[f] = slot->scale.adds ? row[f] + photons[f] : photons[f];
}

static void put_photons(const DeviceWork *w, const Slot *slot) {
    const Part *part = &w->parts[slot->job.part];
    const Experiment *e = slot->experiment;
    const float *photons = (const float *)(const void *)slot->result.host;
    for (int64_t i = 0; i < part->piece_count; i++) {
        const Piece *piece = &part->pieces[i];
        const Tile t = piece->pixels;
#pragma omp parallel for schedule(static) if (pixels_of(t) > 100000)
        for (int64_t s = 0; s < t.slow_pixels; s++) {
            const int64_t canvas = (t.slow + s) * e->detector.fast_pixels + t.fast;
            put_row(slot, photons + piece->place + s * piece->width, e->active == NULL ? NULL : e->active + canvas,
                    t.fast_pixels, slot->job.expected + (t.slow + s - slot->job.first_row) * slot->job.width + t.fast);
        }
    }
}

KernelResult device_kernel_collect(KernelWork *work) {
    DeviceWork *w = (DeviceWork *)work;
    Slot *slot = &w->slots[w->collected++ % DEVICE_JOBS_IN_FLIGHT];
    if (!slot->is_on_device) return slot->result_of_job;
    const double begin_s = clocks_steady_s();
    const Status status = w->is_lost ? status_error(STATUS_BAD_PARAMETER, "lost") : wait_for(w, slot);
    if (!status_is_ok(status)) {
        lose(w, status);
        memset(slot->result.host, 0, result_bytes(w, slot));
        on_cpu(slot, w->parts[slot->job.part].block_count);
    }
    timeline_add(w->setup.timeline, PHASE_COMPUTE, w->setup.label, 0, begin_s, clocks_steady_s());
    if (slot->result_of_job.abandoned) return slot->result_of_job;
    if (slot->checked != NULL) check_result(w, slot);
    if (slot->job.sums == NULL)
        put_photons(w, slot);
    else
        memcpy(slot->job.sums, slot->result.host, result_bytes(w, slot));
    return slot->result_of_job;
}
