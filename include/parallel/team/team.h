/** @file
 *  The processes that work together. A process that no launcher has started is a team of one and never calls MPI, whose
 *  start costs more than a small run; so a team of one needs no MPI in any of these functions. */
#ifndef TESSERA_TEAM_H
#define TESSERA_TEAM_H

#include "base/status.h"

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

/** Plain data. */
typedef struct Team {
    MPI_Comm communicator; /**< MPI_COMM_NULL where there may be no MPI: a team of one, or none */
    int rank, ranks;       /**< ranks 0: this process is not in it */
} Team;

/** All processes of this run; starts MPI when a launcher has started this process. Collective.
 *  @return BAD_PARAMETER when the launcher has started several processes that MPI does not connect */
Status team_start(Team *team);

/** Ends MPI if it was started. Collective. */
void team_end(void);

/** The team of all ranks of a communicator, which is borrowed. Local. */
Team team_of(MPI_Comm communicator);

/** The members of the same @p colour, in the order of @p key; colour -1: in none. Collective.
 *  @return to be freed with team_free */
Team team_split(Team team, int colour, int key);

/** The members on this node, which can share memory. Collective.
 *  @return to be freed with team_free */
Team team_split_node(Team team);

/** Frees a team that was split off. Collective over it. */
void team_free(Team *team);

/** Returns when all members are here; who comes early leaves its core to others. The other functions may spin while
 *  they wait, but for those that reduce to all, so they come after this or agree(). Collective. */
void team_meet(Team team);

/** Gives all members what rank @p root has, of any size. Collective. */
void team_broadcast(Team team, int root, void *data, size_t bytes);

/** Brings the same number of bytes from every member to rank 0. Collective.
 *  @param all  [ranks][bytes] on rank 0, else not used */
void team_gather(Team team, const void *mine, size_t bytes, void *all);

/** Brings different numbers of bytes from the members to rank 0. Collective.
 *  @param all             on rank 0, else not used, like the next two
 *  @param bytes_of_rank   [ranks]
 *  @param places_of_rank  [ranks] where they go, bytes from @p all */
void team_gather_parts(Team team, const void *mine, int bytes, void *all, const int *bytes_of_rank,
                       const int *places_of_rank);

/** Brings bytes from rank @p from, which is not 0, to rank 0; for these two. */
void team_bring(Team team, int from, void *data, size_t bytes);

/** Least and greatest of all members' values, their sum in any order, and their exclusive or. Collective. */
int64_t team_least(Team team, int64_t mine);
int64_t team_greatest(Team team, int64_t mine);
double team_greatest_real(Team team, double mine);
double team_sum_real(Team team, double mine);
uint32_t team_exclusive_or(Team team, uint32_t mine);

/** Sets each of @p count bytes to the greatest of all members'. Collective. */
void team_greatest_bytes(Team team, uint8_t *bytes, int64_t count);

/** Memory that all members of a node see. */
typedef struct SharedMemory {
    void *bytes;    /**< the same memory for all, aligned for doubles; NULL when there is none */
    MPI_Win window; /**< MPI_WIN_NULL for a team of one */
} SharedMemory;

/** No memory. */
SharedMemory team_no_memory(void);

/** Makes it. Collective over @p node, from team_split_node.
 *  @return NO_MEMORY, on this member */
Status team_share(Team node, size_t bytes, SharedMemory *memory);

/** What members of @p node wrote before is seen by all afterwards. Collective over the node. */
void team_share_sync(Team node, const SharedMemory *memory);

/** Frees it, if there is any. Collective over the node. */
void team_unshare(SharedMemory *memory);

#endif
