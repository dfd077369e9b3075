/** @file
 *  The sums of a tile's shards, brought together at the tile's owner in the order of the shards. */
#ifndef TESSERA_REDUCTION_H
#define TESSERA_REDUCTION_H

#include "base/double_double.h"
#include "team/team.h"

/** MPI's handles for sums in double-double; null in a team of one. */
typedef struct Reduction {
    MPI_Datatype type; /**< one DoubleDouble */
    MPI_Op sum;        /**< double_double_sum, not commutative: operands keep the order of the ranks */
} Reduction;

/** Makes the handles for @p team and teams split from it; local. reduction_destroy frees them. */
Reduction reduction_create(Team team);

/** Frees the handles; local. */
void reduction_destroy(Reduction *reduction);

/** Adds the @p count sums of all ranks, in the order of the ranks, into those of rank @p owner; what the others hold
 *  afterwards has no meaning. Collective. */
void reduction_to_owner(const Reduction *reduction, Team team, int owner, int64_t count, DoubleDouble *sums);

#endif
