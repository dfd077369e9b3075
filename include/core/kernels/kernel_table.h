/** @file
 *  The table of kernels: what computes the expected photons of runs of terms on tiles. Who renders hands over tiles and
 *  gets photons or sums. docs/architecture.md, "Adding a kernel". */
#ifndef TESSERA_KERNEL_TABLE_H
#define TESSERA_KERNEL_TABLE_H

#include "base/double_double.h"
#include "base/tile.h"
#include "base/timeline.h"
#include "model/frame.h"

typedef struct Kernel Kernel;

/** Asked now and then while a job is computed, by the thread that handed it over. */
typedef struct KernelWatch {
    /** True when the job is to be given up, of which @p fraction is done; NULL: it never is */
    bool (*gives_up)(void *context, double fraction);
    void *context;
} KernelWatch;

/** Who tells the user what goes wrong with a device; the run goes on. */
typedef struct KernelWarn {
    void (*say)(void *context, const char *text); /**< NULL: nobody is told */
    void *context;
} KernelWarn;

/** What a kernel needs once for a run. Everything is borrowed for as long as the work lasts. */
typedef struct KernelSetup {
    const Experiment *experiment; /**< the run's; frames may have their own */
    const Tile *tiles;            /**< all that will be asked for, each within the detector */
    const Range *parts;           /**< [part_count] runs of tiles: a job computes one part */
    int64_t part_count;
    Timeline *timeline; /**< may be NULL */
    const char *label;  /**< of its events */
    KernelWarn warn;
} KernelSetup;

/** One piece of work: a run of terms of one crystal of a frame on the tiles of a part. */
typedef struct KernelJob {
    int64_t part;
    Range blocks;       /**< blocks of KERNEL_BLOCK_TERMS terms, block 0 being terms 0..31; may be empty */
    DoubleDouble *sums; /**< of the part's tiles one after the other, each [slow][fast]: set, 0 where nothing is
                           computed. NULL: photons are wanted, of all blocks */
    float *expected; /**< of pixel (first_row, 0), rows @p width apart: active pixels are set, or for a frame's crystals
                        after the first added to */
    int64_t first_row, width;
    KernelWatch watch;
} KernelJob;

/** What has become of a job. */
typedef struct KernelResult {
    int64_t steps;  /**< pixel x sub-pixel x layer x term; 0 when it was given up */
    bool abandoned; /**< what was written is worth nothing */
    double idle_s;  /**< that threads waited for the last of them, all together */
} KernelResult;

/** A kernel at work on a run. A kernel's own type begins with this. */
typedef struct KernelWork {
    const Kernel *kernel;
} KernelWork;

/** A row of the table. Constant. */
struct Kernel {
    const char *name;    /**< one word, in notes, provenance and benchmarks */
    const char *summary; /**< what it does, for notes */
    /** Rows with the same precision and the same choice of steps give the same bytes. */
    Precision precision; /**< of every step */
    bool by_reflections; /**< only what spots reach within sampling.tolerance is computed */

    /** Why it cannot render an experiment; NULL when it can. A kernel of the CPU looks at the experiment alone, so that
     *  all ranks agree; to one of a device, a device that this rank has not is an obstacle too. */
    const char *(*obstacle)(const Experiment *experiment);
    /** Why it is not exact enough to be chosen automatically though it can; NULL when it is. */
    const char *(*doubt)(const Experiment *experiment);
    /** Estimated time of a step (ns) on one core, those that are skipped counted too: decides between kernels. */
    double (*step_ns)(const Experiment *experiment);
    /** The same measured now on a frame, in seconds; NAN when there is no memory. For forecasts. */
    double (*trial_step_s)(const Experiment *experiment, const Frame *frame);

    /** Makes a work. @return NO_MEMORY */
    Status (*create)(const Kernel *kernel, KernelSetup setup, KernelWork **work);
    /** Jobs that may have been submitted and not collected, at least 1: that many sums and frames it keeps apart. */
    int jobs_in_flight;
    /** Begins a job; may return before it is done. The frame may be changed as soon as it returns, what the job points
     *  to may not be touched before it is collected. Cannot fail: what may is done by create. */
    void (*submit)(KernelWork *work, const Frame *frame, KernelJob job);
    /** Waits for the job that was submitted first of those that are not collected. */
    KernelResult (*collect)(KernelWork *work);
    /** Frees it and leaves NULL; accepts NULL. No job is in flight. */
    void (*destroy)(KernelWork **work);

    const struct CpuKernel *cpu; /**< what a thread calls; NULL: it is none of the CPU's */
};

/* ------------------------------------------------------------------------------------------------------- the table */

/** Number of rows, and each of them. */
int kernel_count(void);
const Kernel *kernel_at(int row);

/** Number of the row that renders an experiment, or a frame's own, on this rank: the first without an obstacle of those
 *  that compute the steps that were chosen, in their precision. */
int kernel_row_of(const Experiment *experiment);

/** Number of the row that renders a frame of a run: as the run's own would be rendered with the frame's precision and
 *  steps. What its kernel cannot do in a single frame is the kernel's own matter. */
int kernel_row_for(const Experiment *run, const Experiment *frame);

/** True when some frame of a run is rendered by row @p row on this rank. */
bool kernel_is_needed(int row, const Experiment *experiment);

/** True when some frame of a run has this kernel's precision and steps. */
bool kernel_is_used(const Kernel *kernel, const Experiment *experiment);

/** The bytes of kernel_names()'s text. */
enum { KERNEL_NAMES_BYTES = 96 };

/** Names of the kernels that render the frames of a run on this rank, "float32, reflections", and of its device.
 *  @param text  [KERNEL_NAMES_BYTES] */
void kernel_names(const Experiment *experiment, char *text);

#define KERNEL(name) extern const Kernel kernel_row_##name;
#include "kernels/kernels.def"
#undef KERNEL

#endif
