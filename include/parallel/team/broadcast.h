/** @file
 *  What rank 0 read and checked, on every rank. */
#ifndef TESSERA_BROADCAST_H
#define TESSERA_BROADCAST_H

#include "base/status.h"
#include "model/experiment.h"
#include "parameters/parameters.h"
#include "team/team.h"

/** Gives every rank a copy of rank 0's parameters. Collective.
 *  @param parameters  rank 0's own on rank 0; elsewhere allocated, to be destroyed by the caller */
Status broadcast_parameters(Team team, Parameters **parameters);

/** Gives every rank a copy of rank 0's experiment, whose structure factors lie in memory shared by each node's ranks.
 *  Collective.
 *  @param experiment  rank 0's own on rank 0, which loses its grid; elsewhere allocated, to be destroyed by the caller
 *  @param grid        once per node; to be freed with team_unshare when the experiment is no longer used */
Status broadcast_experiment(Team team, Experiment **experiment, SharedMemory *grid);

/** Gives every rank what frames set: the parameters of frame 0, and the lists of the sweep. Collective, after
 *  broadcast_experiment.
 *  @param lists  once per node; to be freed with team_unshare when the experiment is no longer used */
Status broadcast_sweep(Team team, Experiment *experiment, SharedMemory *lists);

#endif
