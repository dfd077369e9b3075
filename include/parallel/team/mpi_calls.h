/** @file
 *  Every MPI call of this program that can wait passes through mpi_calls.c: MPI's profiling interface lets a program
 *  define MPI_Bcast and the like itself and go on with PMPI_Bcast, so no caller needs to know. Two things are made of
 *  it: what a rank is waiting in, for the watchdog, and a debug mode that compares the collective calls of all ranks,
 * and each message with what its receiver expects.
 */
#ifndef TESSERA_MPI_CALLS_H
#define TESSERA_MPI_CALLS_H

#include "team/team.h"

#include <stdint.h>

/** What the main thread waits for other ranks in. Plain data. */
typedef struct MpiWait {
    const char *name; /**< of the call; NULL outside */
    int64_t count;    /**< of waits so far: another count is another wait */
} MpiWait;

/** For any thread. */
MpiWait mpi_calls_wait(void);

/** Says that the main thread begins to wait in @p name, or no longer does (NULL).
 *  @return what it was in before */
const char *mpi_calls_enter(const char *name);

/** The call that was started last and does not wait itself, such as MPI_Ibarrier. For the main thread. */
const char *mpi_calls_started(void);

/** From now on, until MPI ends, ranks tell each other each collective call before they make it: its name, its ranks,
 *  count, size of an element and root; and senders announce each message: its ranks, tag, bytes and type. Where they
 *  differ, or a message is left over at the end, one of them prints both and ends all ranks with exit code 4. Slower,
 * and signals are heard later. Collective.
 *  @param unanswered_s  after this, a call or message that nobody else knows of is taken for one that differs */
void mpi_calls_check(Team team, double unanswered_s);

#endif
