/** @file
 *  A uniform grid of rotations with a known covering radius, whole or reduced by a crystal's point group.
 *
 *  A rotation is a direction p on the sphere and a turn about it, Hopf's coordinates (Yershova, Jain, LaValle &
 * Mitchell, Int. J. Robotics Research 29 (2010) 801): Q^-1 = S(p) Rz(-turn), where S(p) = Rz(phi) Ry(theta) takes z to
 * p = Q^-1 z. A rotation g of the crystal turns Q into Q g and p into g^-1 p and leaves what turns about z, so the
 * point group reduces the sphere of p alone. What is left of the sphere is cut into cells, which fit together without
 * gaps: bands of latitude for the axial groups, equal angles on part of a cube's face for the cubic ones. Their middles
 * are the directions; a cell's corner is its farthest point. With delta the largest such distance and m equally spaced
 * turns, every rotation is within omega of one of the grid, cos(omega/2) = cos(delta/2) cos(pi/2m): the two errors are
 * turns about perpendicular axes. */
#ifndef TESSERA_ORIENTATION_GRID_H
#define TESSERA_ORIENTATION_GRID_H

#include "base/status.h"
#include "base/vector.h"
#include "parameters/parameters.h"

/** A grid. Plain data. */
typedef struct OrientationGrid {
    PointGroup group;
    int64_t bands;      /**< of latitude, or cells along a quarter of a cube's face */
    int64_t directions; /**< cells */
    int64_t turns;      /**< about each direction */
    double covering_rad;
} OrientationGrid;

/** The smallest grid with this covering radius, or where that is NAN the finest one with at most @p most rotations.
 *  @return BAD_PARAMETER when it would have more than @p most, or when no grid has so few */
Status orientation_grid_create(PointGroup group, double covering_rad, int64_t most, OrientationGrid *grid);

/** Number of its rotations. */
int64_t orientation_grid_count(const OrientationGrid *grid);

/** Rotation @p index, Q; turns vary fastest. In the axes that orientation_grid_axis describes. */
Mat3 orientation_grid_rotation(const OrientationGrid *grid, int64_t index);

/** Axes of the group in a crystal, as rows: z along its main axis; x along a, so far as it is across.
 *  @param cell_m  rows a, b, c */
Mat3 orientation_grid_axes(PointGroup group, Mat3 cell_m);

/** As sweep.point_group names it. */
const char *orientation_grid_name(PointGroup group);

/** Order of the group's main axis, which is z; of the cubic groups, of the axes along x, y and z. */
int orientation_grid_fold(PointGroup group);

/** Number of rotations in the group. */
int orientation_grid_order(PointGroup group);

/** Rotations that generate the group: about z, then about x or [111] where there are such. 2 in number at most.
 *  @param rotation  [2]
 *  @return their number */
int orientation_grid_generators(PointGroup group, Mat3 *rotation);

#endif
