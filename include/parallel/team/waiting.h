/** @file
 *  Waiting for other ranks without keeping a core busy. MPI's own collective calls spin, and with more ranks than
 * cores, or hyperthreads that share one, they take the time of those who compute. */
#ifndef TESSERA_WAITING_H
#define TESSERA_WAITING_H

#include <mpi.h>

/** Leaves the processor to others between two looks at something that has been awaited for @p waited_s seconds: at
 * first only if somebody wants it, then for a twentieth of the time, at most 5 ms. So a short wait ends at once, and a
 * long one costs next to nothing. */
void waiting_pause(double waited_s);

/** Returns when all of @p count requests have ended, like MPI_Waitall. */
void waiting_for(int count, MPI_Request *requests);

#endif
