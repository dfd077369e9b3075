/** @file
 *  Lattices: the reciprocal of a cell, and the inverse of a lattice. */
#ifndef TESSERA_CELL_H
#define TESSERA_CELL_H

#include "base/status.h"
#include "base/vector.h"

/** Reciprocal vectors of a cell: a* along x, b* in the xy plane (nanoBragg's and Busing & Levy's setting).
 *  @param lengths_m, angles_rad  [3] a, b, c and alpha, beta, gamma
 *  @param reciprocal_per_m       rows a*, b*, c*
 *  @return BAD_PARAMETER when no cell has these angles */
Status cell_reciprocal(const double *lengths_m, const double *angles_rad, Mat3 *reciprocal_per_m);

/** Inverse lattice: rows a, b, c from rows a*, b*, c*, or the other way round. */
Mat3 cell_dual(Mat3 lattice);

#endif
