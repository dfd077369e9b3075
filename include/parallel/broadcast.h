/** @file
 *  What rank 0 read and checked, on every rank. */
#ifndef TESSERA_BROADCAST_H
#define TESSERA_BROADCAST_H

#include "experiment.h"
#include "parameters.h"
#include "status.h"

#include <mpi.h>

/** The structure factors' grid, once per node. */
typedef struct SharedGrid {
    MPI_Win window; /**< MPI_WIN_NULL when there is no grid */
    double *values; /**< borrowed from the window */
} SharedGrid;

/** Gives every rank a copy of rank 0's parameters. Collective.
 *  @param parameters  rank 0's own on rank 0; elsewhere allocated, to be destroyed by the caller */
Status broadcast_parameters(MPI_Comm communicator, Parameters **parameters);

/** Gives every rank a copy of rank 0's experiment, whose structure factors lie in memory shared by each node's ranks.
 *  Collective.
 *  @param experiment  rank 0's own on rank 0, which loses its grid; elsewhere allocated, to be destroyed by the caller
 *  @param grid        to be freed with broadcast_free_grid when the experiment is no longer used */
Status broadcast_experiment(MPI_Comm communicator, Experiment **experiment, SharedGrid *grid);

/** Frees the shared grid. Collective. */
void broadcast_free_grid(SharedGrid *grid);

#endif
