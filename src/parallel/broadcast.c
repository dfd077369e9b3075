#include "broadcast.h"

#include "agree.h"

#include <inttypes.h>
#include <stdlib.h>

static int rank_of(MPI_Comm communicator) {
    int rank = 0;
    MPI_Comm_rank(communicator, &rank);
    return rank;
}

/* MPI counts are int: large data go in pieces. */
static void broadcast_bytes(MPI_Comm communicator, void *data, size_t bytes) {
    const size_t piece = (size_t)1 << 30;
    for (size_t done = 0; done < bytes; done += piece) {
        const size_t left = bytes - done;
        MPI_Bcast((char *)data + done, (int)(left < piece ? left : piece), MPI_BYTE, 0, communicator);
    }
}

Status broadcast_parameters(MPI_Comm communicator, Parameters **parameters) {
    Status status = status_ok();
    if (rank_of(communicator) != 0) status = parameters_create(parameters);
    status = agree(communicator, status);
    if (status_is_ok(status)) broadcast_bytes(communicator, *parameters, sizeof **parameters);
    return status;
}

/* Allocates the arrays of a freshly received experiment. */
static Status allocate_arrays(Experiment *experiment) {
    Beam *beam = &experiment->beam;
    Crystal *crystal = &experiment->crystal;
    Background *background = &experiment->background;
    const bool masked = experiment->active != NULL; /* rank 0's */
    const int64_t pixels = detector_pixels(&experiment->detector);
    experiment->owned_grid = NULL;
    experiment->owned_table = NULL;
    experiment->active = masked ? malloc((size_t)pixels) : NULL;
    beam->sources = malloc((size_t)beam->source_count * sizeof *beam->sources);
    crystal->domains = malloc((size_t)crystal->domain_count * sizeof *crystal->domains);
    background->points = malloc((size_t)(background->point_count + 1) * sizeof *background->points);
    if (beam->sources == NULL || crystal->domains == NULL || background->points == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " sources and %" PRId64 " mosaic domains",
                            beam->source_count, crystal->domain_count);
    if (masked && experiment->active == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for a mask of %" PRId64 " pixels", pixels);
    return status_ok();
}

/* Rank 0 of every node allocates the window; rank 0 of the job fills its own and sends it to those of other nodes. The
 * table of the float32 kernel follows the grid. */
static Status share_grid(MPI_Comm communicator, Experiment *experiment, SharedGrid *grid) {
    const int64_t values = structure_factors_grid_size(&experiment->factors);
    *grid = (SharedGrid){.window = MPI_WIN_NULL, .values = NULL};
    experiment->factors.grid = NULL;
    experiment->factors.table = NULL;
    if (values == 0) return status_ok();
    const bool tabulated = experiment->precision == PRECISION_FLOAT32;
    const int64_t table_values = tabulated ? structure_factors_table_size(&experiment->factors) : 0;
    MPI_Comm node = MPI_COMM_NULL, leaders = MPI_COMM_NULL;
    MPI_Comm_split_type(communicator, MPI_COMM_TYPE_SHARED, rank_of(communicator), MPI_INFO_NULL, &node);
    const int place = rank_of(node);
    MPI_Comm_split(communicator, place == 0 ? 0 : MPI_UNDEFINED, rank_of(communicator), &leaders);
    const size_t all_bytes = (size_t)values * sizeof(double) + (size_t)table_values * sizeof(float);
    const MPI_Aint bytes = place == 0 ? (MPI_Aint)all_bytes : 0;
    MPI_Win_allocate_shared(bytes, sizeof(double), MPI_INFO_NULL, node, &grid->values, &grid->window);
    MPI_Aint size = 0;
    int unit = 0;
    MPI_Win_shared_query(grid->window, 0, &size, &unit, &grid->values);
    MPI_Win_fence(0, grid->window);
    if (leaders != MPI_COMM_NULL) {
        if (experiment->owned_grid != NULL)
            for (int64_t i = 0; i < values; i++) grid->values[i] = experiment->owned_grid[i];
        broadcast_bytes(leaders, grid->values, (size_t)values * sizeof(double));
        experiment->factors.grid = grid->values;
        if (tabulated) structure_factors_fill_table(&experiment->factors, (float *)(grid->values + values));
        MPI_Comm_free(&leaders);
    }
    MPI_Win_fence(0, grid->window);
    MPI_Comm_free(&node);
    free(experiment->owned_grid);
    free(experiment->owned_table);
    experiment->owned_grid = NULL;
    experiment->owned_table = NULL;
    experiment->factors.grid = grid->values;
    if (tabulated) experiment->factors.table = (const float *)(grid->values + values);
    return status_ok();
}

Status broadcast_experiment(MPI_Comm communicator, Experiment **experiment, SharedGrid *grid) {
    const bool root = rank_of(communicator) == 0;
    Status status = status_ok();
    *grid = (SharedGrid){.window = MPI_WIN_NULL, .values = NULL};
    if (!root) {
        *experiment = calloc(1, sizeof **experiment);
        if (*experiment == NULL) status = status_error(STATUS_NO_MEMORY, "no memory for the experiment");
    }
    status = agree(communicator, status);
    if (!status_is_ok(status)) return status;
    Experiment *e = *experiment;
    broadcast_bytes(communicator, e, sizeof *e);
    status = agree(communicator, root ? status_ok() : allocate_arrays(e));
    if (!status_is_ok(status)) return status;
    broadcast_bytes(communicator, e->beam.sources, (size_t)e->beam.source_count * sizeof *e->beam.sources);
    broadcast_bytes(communicator, e->crystal.domains, (size_t)e->crystal.domain_count * sizeof *e->crystal.domains);
    broadcast_bytes(communicator, e->background.points,
                    (size_t)e->background.point_count * sizeof *e->background.points);
    if (e->active != NULL) broadcast_bytes(communicator, e->active, (size_t)detector_pixels(&e->detector));
    return share_grid(communicator, e, grid);
}

void broadcast_free_grid(SharedGrid *grid) {
    if (grid->window != MPI_WIN_NULL) MPI_Win_free(&grid->window);
    grid->values = NULL;
}
