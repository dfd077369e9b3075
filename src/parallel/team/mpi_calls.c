#include "team/mpi_calls.h"

#include <mpi.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* MPI gives its calls no context, so these are the process's, or a thread's. */
static _Atomic(const char *) waits_in[MPI_LANES];
static _Atomic int64_t waits[MPI_LANES];
static _Thread_local MpiLane lane = MPI_LANE_MAIN;
static _Thread_local bool is_within_file; /* in a call of MPI-IO, which calls MPI for itself */
static _Thread_local const char *started = "MPI_Test";

MpiWait mpi_calls_wait(MpiLane of) {
    return (MpiWait){.name = atomic_load(&waits_in[of]), .count = atomic_load(&waits[of])};
}

void mpi_calls_take_lane(MpiLane mine) {
    lane = mine;
}

const char *mpi_calls_enter(const char *name) {
    if (is_within_file) return NULL;
    const char *before = atomic_exchange(&waits_in[lane], name);
    if (before == NULL) (void)atomic_fetch_add(&waits[lane], 1); /* a call within a wait belongs to it */
    return before;
}

const char *mpi_calls_started(void) {
    return started;
}

const char *mpi_calls_enter_file(const char *name) {
    const char *before = mpi_calls_enter(name);
    is_within_file = true;
    return before;
}

void mpi_calls_leave_file(const char *before) {
    is_within_file = false;
    (void)mpi_calls_enter(before);
}

/* A call that waits for other ranks: its name is known to others meanwhile. */
#define WAITS(name, parameters, arguments)                                                                             \
    int MPI_##name parameters {                                                                                        \
        const char *before = mpi_calls_enter("MPI_" #name);                                                            \
        const int result = PMPI_##name arguments;                                                                      \
        (void)mpi_calls_enter(before);                                                                                 \
        return result;                                                                                                 \
    }

/* A call that others are awaited for later. */
#define STARTS(name, parameters, arguments)                                                                            \
    int MPI_##name parameters {                                                                                        \
        if (!is_within_file) started = "MPI_" #name;                                                                   \
        return PMPI_##name arguments;                                                                                  \
    }

/* clang-format off: a row for each call */
WAITS(Barrier, (MPI_Comm comm), (comm))
WAITS(Bcast, (void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm), (buffer, count, type, root, comm))
WAITS(Reduce, (const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm),
      (send, receive, count, type, op, root, comm))
WAITS(Allreduce, (const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm),
      (send, receive, count, type, op, comm))
WAITS(Gather,
      (const void *send, int count, MPI_Datatype type, void *receive, int receive_count, MPI_Datatype receive_type,
       int root, MPI_Comm comm),
      (send, count, type, receive, receive_count, receive_type, root, comm))
WAITS(Gatherv,
      (const void *send, int count, MPI_Datatype type, void *receive, const int counts[], const int places[],
       MPI_Datatype receive_type, int root, MPI_Comm comm),
      (send, count, type, receive, counts, places, receive_type, root, comm))
WAITS(Comm_split, (MPI_Comm comm, int colour, int key, MPI_Comm *made), (comm, colour, key, made))
WAITS(Comm_split_type, (MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *made), (comm, type, key, info, made))
WAITS(Comm_free, (MPI_Comm * comm), (comm))
WAITS(Win_allocate, (MPI_Aint bytes, int unit, MPI_Info info, MPI_Comm comm, void *memory, MPI_Win *window),
      (bytes, unit, info, comm, memory, window))
WAITS(Win_allocate_shared, (MPI_Aint bytes, int unit, MPI_Info info, MPI_Comm comm, void *memory, MPI_Win *window),
      (bytes, unit, info, comm, memory, window))
WAITS(Win_fence, (int assertion, MPI_Win window), (assertion, window))
WAITS(Win_free, (MPI_Win * window), (window))
WAITS(Win_flush, (int rank, MPI_Win window), (rank, window))
WAITS(Win_lock_all, (int assertion, MPI_Win window), (assertion, window))
WAITS(Win_unlock_all, (MPI_Win window), (window))
WAITS(Fetch_and_op,
      (const void *value, void *held, MPI_Datatype type, int rank, MPI_Aint place, MPI_Op op, MPI_Win window),
      (value, held, type, rank, place, op, window))
WAITS(Send, (const void *buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm),
      (buffer, count, type, to, tag, comm))
WAITS(Recv, (void *buffer, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status *status),
      (buffer, count, type, from, tag, comm, status))
WAITS(Finalize, (void), ())
STARTS(Ibarrier, (MPI_Comm comm, MPI_Request *request), (comm, request))
STARTS(Ireduce,
       (const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm,
        MPI_Request *request),
       (send, receive, count, type, op, root, comm, request))
STARTS(Iallreduce,
       (const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm, MPI_Request *request),
       (send, receive, count, type, op, comm, request))
STARTS(Isend, (const void *buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request),
       (buffer, count, type, to, tag, comm, request))
STARTS(Irecv, (void *buffer, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *request),
       (buffer, count, type, from, tag, comm, request))
/* clang-format on */
