/** @file
 *  Whether the orientations that a grid leaves out (sweep.point_group) have the image of one that it has: a rotation of
 *  the group must leave all that the image knows of the crystal as it is. What belongs to the laboratory (beam,
 *  polarization, detector, spindle) is the same for all orientations and does not matter. */
#ifndef TESSERA_POINT_GROUP_H
#define TESSERA_POINT_GROUP_H

#include "model/experiment.h"

/** Checks the crystal of a frame: its cell, its numbers of cells with the form of its spots, the widths of its mosaic
 *  domains, and interpolation. Nothing to check without a grid.
 *  @return BAD_PARAMETER naming what is not symmetric */
Status point_group_check_crystal(const Experiment *experiment);

/** Checks the structure factors, reflection by reflection.
 *  @param path  of their file, for messages
 *  @return BAD_PARAMETER naming two reflections that differ */
Status point_group_check_factors(const Experiment *experiment, const char *path);

#endif
