#include "team/frame_queue.h"

#include "base/clocks.h"
#include "team/agree.h"
#include "team/mpi_calls.h"
#include "team/waiting.h"

#include <math.h>
#include <stdlib.h>

/* What lies in rank 0's memory. */
enum { CELL_NEXT, CELL_STOP, CELLS };

/* Between two looks at rank 0's memory; all ranks together look at most some ten thousand times a second. */
static const double LOOK_EVERY_S = 0.1, LOOK_EVERY_S_PER_RANK = 1e-4;

struct FrameQueue {
    Team team;
    MPI_Win window;     /* MPI_WIN_NULL for one rank, and where MPI has none between these nodes */
    int64_t own[CELLS]; /* this rank's own cells where there is no window */
    int64_t stride;     /* from one place to the next in those */
    const volatile int *stop;
    double grace_s, look_every_s;
    double looked_s, heard_s; /* steady clock */
    StopLevel level;
};

/* Not every Open MPI has one-sided communication for every network. Collective. */
static MPI_Win make_window(Team team, int64_t **cells) {
    MPI_Win window = MPI_WIN_NULL;
    const MPI_Aint bytes = team.rank == 0 ? (MPI_Aint)(CELLS * sizeof **cells) : 0;
    MPI_Comm_set_errhandler(team.communicator, MPI_ERRORS_RETURN);
    const bool made =
        MPI_Win_allocate(bytes, sizeof **cells, MPI_INFO_NULL, team.communicator, cells, &window) == MPI_SUCCESS;
    MPI_Comm_set_errhandler(team.communicator, MPI_ERRORS_ARE_FATAL);
    if (team_least(team, made) != 0) return window;
    if (made) MPI_Win_free(&window);
    return MPI_WIN_NULL;
}

Status frame_queue_create(Team team, int group, int groups, const volatile int *stop, double grace_s,
                          FrameQueue **queue) {
    FrameQueue *q = calloc(1, sizeof *q);
    const Status status =
        agree(team, q == NULL ? status_error(STATUS_NO_MEMORY, "no memory for the queue of frames") : status_ok());
    *queue = status_is_ok(status) ? q : NULL;
    if (!status_is_ok(status)) {
        free(q);
        return status;
    }
    *q = (FrameQueue){.team = team,
                      .window = MPI_WIN_NULL,
                      .own = {groups + group, STOP_NONE},
                      .stride = groups,
                      .stop = stop,
                      .grace_s = grace_s,
                      .look_every_s = fmax(LOOK_EVERY_S, LOOK_EVERY_S_PER_RANK * team.ranks),
                      .level = STOP_NONE};
    if (team.ranks == 1) return status;
    int64_t *cells = NULL;
    q->window = make_window(team, &cells);
    if (q->window == MPI_WIN_NULL) return status;
    MPI_Win_lock_all(MPI_MODE_NOCHECK, q->window);
    if (team.rank == 0) {
        cells[CELL_NEXT] = groups;
        cells[CELL_STOP] = STOP_NONE;
    }
    MPI_Win_sync(q->window);
    MPI_Barrier(team.communicator);
    return status;
}

void frame_queue_destroy(FrameQueue **queue) {
    FrameQueue *q = *queue;
    if (q == NULL) return;
    if (q->window != MPI_WIN_NULL) {
        MPI_Win_unlock_all(q->window);
        MPI_Win_free(&q->window);
    }
    free(q);
    *queue = NULL;
}

/* What a cell held before @p operation was applied to it. */
static int64_t exchange(FrameQueue *q, int cell, int64_t value, MPI_Op operation) {
    int64_t before = 0;
    MPI_Fetch_and_op(&value, &before, MPI_INT64_T, 0, cell, operation, q->window);
    MPI_Win_flush(0, q->window);
    return before;
}

static void hear(FrameQueue *q, StopLevel level) {
    if (level <= q->level) return;
    if (q->level == STOP_NONE) q->heard_s = clocks_steady_s();
    q->level = level;
}

StopLevel frame_queue_listen(FrameQueue *q) {
    const StopLevel mine = stop_level_of(q->stop);
    const bool is_new = mine > q->level;
    hear(q, mine);
    if (q->window == MPI_WIN_NULL) return q->level;
    const double now = clocks_steady_s();
    if (is_new || now - q->looked_s >= q->look_every_s) {
        q->looked_s = now;
        hear(q, (StopLevel)exchange(q, CELL_STOP, (int64_t)q->level, MPI_MAX));
    }
    return q->level;
}

int64_t frame_queue_claim(FrameQueue *q) {
    if (frame_queue_listen(q) != STOP_NONE) return FRAME_QUEUE_EMPTY;
    if (q->window != MPI_WIN_NULL) return exchange(q, CELL_NEXT, 1, MPI_SUM);
    const int64_t place = q->own[CELL_NEXT];
    q->own[CELL_NEXT] += q->stride;
    return place;
}

double frame_queue_seconds_left(const FrameQueue *q) {
    if (q->level == STOP_NONE) return INFINITY;
    return q->level == STOP_NOW ? 0.0 : fmax(q->heard_s + q->grace_s - clocks_steady_s(), 0.0);
}

bool frame_queue_gives_up(FrameQueue *q, double elapsed_s, double fraction) {
    if (frame_queue_listen(q) == STOP_NONE) return false;
    return fraction < 1.0 && elapsed_s * (1.0 - fraction) > fraction * (frame_queue_seconds_left(q) - 0.5 * q->grace_s);
}

StopLevel frame_queue_wait(FrameQueue *q) {
    if (q->team.ranks == 1) return frame_queue_listen(q);
    const double start = clocks_steady_s();
    int done = 0;
    MPI_Request request;
    MPI_Ibarrier(q->team.communicator, &request);
    (void)mpi_calls_enter(mpi_calls_started());
    for (;;) {
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
        const StopLevel level = frame_queue_listen(q);
        if (done) {
            (void)mpi_calls_enter(NULL);
            hear(q, (StopLevel)team_greatest(q->team, (int64_t)level));
            return q->level;
        }
        waiting_pause(clocks_steady_s() - start);
    }
}
