/** @file
 *  Every MPI call of this program that can wait passes through mpi_calls.c: MPI's profiling interface lets a program
 *  define MPI_Bcast and the like itself and go on with PMPI_Bcast, so no caller needs to know. So the watchdog knows
 *  what a rank is waiting in. tests/support/mpi_check.c, loaded before the program, catches PMPI_Bcast and the like,
 * and compares the calls of all ranks. */
#ifndef TESSERA_MPI_CALLS_H
#define TESSERA_MPI_CALLS_H

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

#endif
