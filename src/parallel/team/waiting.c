#include "team/waiting.h"

#include "base/clocks.h"
#include "team/mpi_calls.h"

#include <math.h>
#include <sched.h>
#include <time.h>

/* What ranks in step need for a collective call; a nap takes longer. */
static const double IN_STEP_S = 1e-4;

void waiting_pause(double waited_s) {
    if (waited_s < IN_STEP_S) {
        (void)sched_yield();
        return;
    }
    const struct timespec time = {.tv_sec = 0, .tv_nsec = (long)(1e9 * fmin(5e-3, 0.05 * waited_s))};
    (void)nanosleep(&time, NULL);
}

void waiting_for(int count, MPI_Request *requests) {
    const double start_s = clocks_steady_s();
    const char *before = mpi_calls_enter(mpi_calls_started());
    for (int finished = 0; finished < count;) {
        int done = 0;
        MPI_Test(&requests[finished], &done, MPI_STATUS_IGNORE);
        finished += done;
        if (!done) waiting_pause(clocks_steady_s() - start_s);
    }
    (void)mpi_calls_enter(before);
}
