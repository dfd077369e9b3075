/** @file
 *  Which device computes the frames of a rank. */
#ifndef TESSERA_DEVICES_H
#define TESSERA_DEVICES_H

#include "model/experiment.h"
#include "team/team.h"

/** Gives each rank a device as run.device and run.devices say: the ranks of a node take those of its driver in turn.
 *  What SLURM or CUDA_VISIBLE_DEVICES bind a process to is all that the driver shows. Collective.
 *  @param experiment  its `device` is set
 *  @param notes       on rank 0: what is used, or why nothing is although there are devices
 *  @return BAD_PARAMETER where a device is required and a rank finds none */
Status devices_choose(Team team, const Parameters *parameters, Experiment *experiment, Notes *notes);

#endif
