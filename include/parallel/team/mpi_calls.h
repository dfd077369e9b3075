/** @file
 *  Every MPI call of this program that can wait passes through mpi_calls.c: MPI's profiling interface lets a program
 *  define MPI_Bcast and the like itself and go on with PMPI_Bcast, so no caller needs to know. So the watchdog knows
 *  what a rank is waiting in. tests/support/mpi_check.c, loaded before the program, catches PMPI_Bcast and the like,
 * and compares the calls of all ranks. */
#ifndef TESSERA_MPI_CALLS_H
#define TESSERA_MPI_CALLS_H

#include <stdint.h>

/** The threads of a rank that call MPI: the one that computes, and one that writes beside it. */
typedef enum MpiLane { MPI_LANE_MAIN, MPI_LANE_WRITER, MPI_LANES } MpiLane;

/** What a thread waits for other ranks in. Plain data. */
typedef struct MpiWait {
    const char *name; /**< of the call; NULL outside */
    int64_t count;    /**< of waits so far: another count is another wait */
} MpiWait;

/** What the thread of @p lane waits in. For any thread. */
MpiWait mpi_calls_wait(MpiLane lane);

/** Says that the calling thread is that of @p lane; a thread that says nothing is the main one. */
void mpi_calls_take_lane(MpiLane lane);

/** Says that the calling thread begins to wait in @p name, or no longer does (NULL).
 *  @return what it was in before */
const char *mpi_calls_enter(const char *name);

/** The call that this thread started last and that does not wait itself, such as MPI_Ibarrier. */
const char *mpi_calls_started(void);

/** Begins a call of MPI-IO, in whose own calls of MPI this thread does not wait for anything else until
 *  mpi_calls_leave_file.
 *  @return for mpi_calls_leave_file */
const char *mpi_calls_enter_file(const char *name);
void mpi_calls_leave_file(const char *before);

#endif
