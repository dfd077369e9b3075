/** @file
 *  The main job: frames rendered by all ranks and written to one file. */
#ifndef TESSERA_SIMULATE_H
#define TESSERA_SIMULATE_H

#include "base/build_info.h"
#include "base/timeline.h"
#include "model/experiment.h"
#include "output/writer.h"
#include "parameters/file_look.h"
#include "parameters/parameters.h"
#include "plan/plan.h"
#include "run/nanobragg_files.h"
#include "run/progress_pulse.h"
#include "team/team.h"

/** Called on rank 0 when the first frame is rendered and its files are written, if nanobragg_files_need_image.
 *  @param frame  number in the sweep
 *  @param image  [slow][fast] its expected photons */
typedef void (*FirstImageReport)(void *context, const Parameters *parameters, const Experiment *experiment,
                                 int64_t frame, const float *image, const NanobraggReport *report);

/** What to do, the same on every rank except where said. */
typedef struct SimulateRequest {
    const Parameters *parameters; /**< on rank 0; NULL elsewhere */
    bool replaces_files;          /**< existing files of output.* are replaced even without run.overwrite */
    const Notes *notes;           /**< on rank 0: remarks made while reading the parameters; may be NULL */
    const char *command_line;     /**< on rank 0 */
    const InputLooks *looks;      /**< on rank 0: at the input files before any was read; may be NULL */
    BuildInfo build;
    Status (*announce)(void *context, const Experiment *experiment, const Plan *plan, Range slice, const Notes *notes);
    /**< called on rank 0 before anything is computed; may be NULL */
    ProgressReport progress;      /**< may be NULL */
    FirstImageReport first_image; /**< may be NULL */
    void (*stopped_at_once)(void *context, const Status *status);
    /**< called on rank 0 in a thread of its own, before a second signal ends the process; may be NULL */
    void *context;            /**< for the four */
    Timeline *timeline;       /**< for the phases, on every rank; may be NULL */
    const volatile int *stop; /**< a StopLevel (frame_queue.h) that signals set; may be NULL */
} SimulateRequest;

/** Reads and checks on rank 0, then renders and writes on all ranks. Collective.
 *  The slice, the output and whether to overwrite or resume are parameters (run.frames, run.output, ...).
 *  @return the same status on every rank */
Status simulate(Team team, SimulateRequest request);

/** The plan for @p experiment on so many ranks and threads, and the slice of the sweep that run.frames names. Local.
 *  @return BAD_PARAMETER for a slice outside the sweep, or when this node cannot hold a rank's part of a frame */
Status simulate_plan(const Parameters *parameters, const Experiment *experiment, int ranks, int threads, Plan *plan,
                     Range *slice, Notes *notes);

/** Ranks that share a node's memory, of @p ranks: as the launcher says (OMPI_COMM_WORLD_LOCAL_SIZE,
 * SLURM_NTASKS_PER_NODE, SLURM_TASKS_PER_NODE), else one for each core of this machine. */
int simulate_ranks_of_node(int ranks);

/** Bytes of structure factors that the ranks of a node share. */
double simulate_grid_bytes(const Experiment *experiment);

/** Bytes of image buffers that a rank needs under @p plan. */
double simulate_buffer_bytes(const Plan *plan, const Experiment *experiment);

#endif
