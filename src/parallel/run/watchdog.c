#include "run/watchdog.h"

#include "base/clocks.h"
#include "base/text.h"
#include "files/output_path.h"
#include "nxmx/session.h"
#include "team/agree.h"
#include "team/mpi_calls.h"
#include "team/periodic_thread.h"
#include "team/place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Signs in a timeout, and the longest time between two. */
static const double SIGNS_OF_TIMEOUT = 8.0, MOST_BETWEEN_S = 30.0;

/* Less processor time than this is that of threads that only look after something. */
static const double IDLE_CPU_S = 2e-4, IDLE_CPU_FRACTION = 1e-4;

/* Between the message and the end of the other ranks, so that the launcher passes it on. */
static const double END_AFTER_S = 1.0;

enum { PATH_BYTES = OUTPUT_PATH_BYTES + 16, HOST_BYTES = 64, CALL_BYTES = 32 };

/* A rank's sign of life, at its place in the file; behind those of all ranks one that is not empty ends the run. */
typedef struct Sign {
    double run; /* random, of this run: those of a killed one may still be written */
    int64_t beats, process;
    double idle_s, waiting_s, in_file_s; /* in_file_s: in one call of MPI-IO */
    char host[HOST_BYTES], call[CALL_BYTES], file_call[CALL_BYTES];
} Sign;

struct Watchdog {
    Team team;
    double timeout_s, every_s;
    char path[PATH_BYTES];
    Sign mine;
    double at_s, cpu_s; /* of the last sign */
    int64_t wait;       /* the last one seen */
    int64_t wait_of_writer;
    Sign *seen;       /* [ranks] */
    double *silent_s; /* [ranks] since the sign changed */
    PeriodicThread watching;
};

static off_t place_of(int rank) {
    return (off_t)rank * (off_t)sizeof(Sign);
}

/* Opened anew each time: network file systems bring it to the server, and look there, then. */
static void put(const Watchdog *w, int place, const Sign *sign) {
    const int descriptor = open(w->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return; /* then the others take this rank for silent */
    if (pwrite(descriptor, sign, sizeof *sign, place_of(place)) < 0) errno = 0;
    (void)close(descriptor);
}

/* ------------------------------------------------------------------------------------------------------------ one's
 * own
 */

static double cpu_of_thread_s(void) {
    struct timespec time = {.tv_sec = 0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool is_file_call(MpiWait wait) {
    static const char start[] = "MPI_File_";
    return wait.name != NULL && strncmp(wait.name, start, sizeof start - 1) == 0;
}

/* Ranks that wait for each other in MPI-IO spin, and look busy, and the main threads may compute meanwhile: so one call
 * has a limit of its own, as has all that a thread that writes waits in. */
static void look_at_file_calls(Watchdog *w, MpiWait of_main, MpiWait of_writer, double passed_s) {
    const bool writes = of_writer.name != NULL, is_in = writes || is_file_call(of_main);
    const bool is_same = writes ? of_writer.count == w->wait_of_writer : of_main.count == w->wait;
    w->mine.in_file_s = is_in && is_same ? w->mine.in_file_s + passed_s : 0.0;
    (void)text_copy(w->mine.file_call, sizeof w->mine.file_call, !is_in ? "" : writes ? of_writer.name : of_main.name);
    w->wait_of_writer = of_writer.count;
}

/* Seconds since the last sign in which this thread can be said to have watched. */
static double look_at_self(Watchdog *w) {
    const double now_s = clocks_steady_s(), cpu_s = clocks_cpu_s() - cpu_of_thread_s();
    const double passed_s = fmin(now_s - w->at_s, 2.0 * w->every_s);
    const bool works = cpu_s - w->cpu_s > fmax(IDLE_CPU_S, IDLE_CPU_FRACTION * (now_s - w->at_s));
    const MpiWait wait = mpi_calls_wait(MPI_LANE_MAIN), of_writer = mpi_calls_wait(MPI_LANE_WRITER);
    w->mine.idle_s = works || wait.name != NULL || of_writer.name != NULL ? 0.0 : w->mine.idle_s + passed_s;
    w->mine.waiting_s = wait.name == NULL || wait.count != w->wait ? 0.0 : w->mine.waiting_s + passed_s;
    (void)text_copy(w->mine.call, sizeof w->mine.call, wait.name != NULL ? wait.name : "");
    look_at_file_calls(w, wait, of_writer, passed_s);
    w->mine.beats++;
    w->wait = wait.count;
    w->at_s = now_s;
    w->cpu_s = cpu_s;
    return passed_s;
}

/* ---------------------------------------------------------------------------------------------------------------
 * others
 */

static void end_run(double after_s) {
    const struct timespec pause = {.tv_sec = (time_t)after_s, .tv_nsec = 0};
    (void)nanosleep(&pause, NULL);
    _exit(status_exit_code(STATUS_RANK_LOST)); /* nothing of MPI or HDF5 can be trusted to return */
}

/* Says why on this rank's standard error, and to the others. */
static void end_because(const Watchdog *w, const char *why) {
    Sign last = w->mine;
    char text[600];
    const int length = snprintf(text, sizeof text,
                                "tessera: error: %s; the run is ended, finished frames are safe: run again with "
                                "--resume (run.stall_timeout is %g s)\n",
                                why, w->timeout_s);
    if (write(STDERR_FILENO, text, (size_t)length) < 0) errno = 0;
    if (w->team.ranks > 1) put(w, w->team.ranks, &last);
    end_run(0.0);
}

static void end_because_of(const Watchdog *w, int rank, const char *what) {
    const Sign *sign = &w->seen[rank];
    char why[400], where[HOST_BYTES + 40] = "";
    if (sign->beats > 0) (void)snprintf(where, sizeof where, " (process %" PRId64 " on %s)", sign->process, sign->host);
    (void)snprintf(why, sizeof why, "rank %d%s %s", rank, where, what);
    end_because(w, why);
}

/* Reads the signs of some ranks, and sees how long each has been the same. */
static void look_at(Watchdog *w, int first, int end, double passed_s) {
    const int descriptor = open(w->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return;
    Sign last = {.run = 0.0};
    for (int rank = first; rank < end; rank++) {
        Sign sign = {.run = 0.0};
        const bool read = pread(descriptor, &sign, sizeof sign, place_of(rank)) == (ssize_t)sizeof sign;
        const bool is_new = read && sign.run == w->mine.run && sign.beats != w->seen[rank].beats;
        if (is_new) w->seen[rank] = sign;
        w->silent_s[rank] = is_new ? 0.0 : w->silent_s[rank] + passed_s;
    }
    const bool told = pread(descriptor, &last, sizeof last, place_of(w->team.ranks)) == (ssize_t)sizeof last;
    (void)close(descriptor);
    if (told && last.run == w->mine.run) end_run(END_AFTER_S);
}

static void judge(const Watchdog *w, int first, int end, double patience_s) {
    for (int rank = first; rank < end; rank++) {
        if (w->silent_s[rank] >= patience_s)
            end_because_of(w, rank, "gives no sign of life: it was stopped, or its node is gone");
        if (w->seen[rank].idle_s >= patience_s)
            end_because_of(w, rank,
                           "hangs: it neither computes nor waits for other ranks, so a system call does not "
                           "return; is its file system well?");
        if (w->team.rank == 0 && w->seen[rank].in_file_s >= patience_s) { /* ranks are there together: one tells */
            char what[160];
            (void)snprintf(what, sizeof what,
                           "hangs in %s: its file system does not answer, or a rank has not come there",
                           w->seen[rank].file_call);
            end_because_of(w, rank, what);
        }
    }
}

/* On rank 0: all wait, and nobody is there to come. */
static void judge_all(const Watchdog *w) {
    char why[400] = "all ranks wait for each other:";
    for (int rank = 0; rank < w->team.ranks; rank++)
        if (w->seen[rank].waiting_s < w->timeout_s) return;
    for (int rank = 0; rank < w->team.ranks; rank++) {
        const size_t used = strlen(why);
        (void)snprintf(why + used, sizeof why - used, "%s rank %d in %s", rank > 0 ? "," : "", rank,
                       w->seen[rank].call);
    }
    end_because(w, why);
}

static void watch(Watchdog *w, double passed_s) {
    const int ranks = w->team.ranks, rank = w->team.rank;
    if (ranks == 1) {
        w->seen[0] = w->mine;
        judge(w, 0, 1, w->timeout_s);
        return;
    }
    put(w, rank, &w->mine);
    look_at(w, 0, rank == 0 ? ranks : 1, passed_s);
    /* rank 1 speaks of rank 0, and the others only where it does not */
    judge(w, 0, rank == 0 ? ranks : 1, w->timeout_s + (rank > 1 ? 2.0 * w->every_s + END_AFTER_S : 0.0));
    if (rank == 0) judge_all(w);
}

/* ---------------------------------------------------------------------------------------------------------- the thread
 */

static void watch_once(void *context) {
    Watchdog *w = context;
    watch(w, look_at_self(w));
}

/* The first sign is there before anybody looks: a rank that stops before its second one is named too. */
static Status start_thread(Watchdog *w) {
    w->at_s = clocks_steady_s();
    w->mine.beats = 1;
    if (w->team.ranks > 1) put(w, w->team.rank, &w->mine);
    const int failure = periodic_thread_start(&w->watching, w->every_s, watch_once, w);
    if (failure == 0) return status_ok();
    return status_error(STATUS_NO_MEMORY, "cannot start the thread of run.stall_timeout: %s", strerror(failure));
}

static Status make_file(const Watchdog *w) {
    const int descriptor = open(w->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor >= 0 && close(descriptor) == 0) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "cannot create %s: %s", w->path, strerror(errno));
}

static void name_file(const char *output, char *path) {
    (void)snprintf(path, PATH_BYTES, "%.4095s.alive", output);
}

/* The lock of the output is ours: what lies there is a dead run's. */
static void remove_file_of(const char *output) {
    char path[PATH_BYTES];
    name_file(output, path);
    (void)unlink(path);
}

static Status create(Team team, const char *output, double timeout_s, Watchdog **watchdog) {
    Watchdog *w = calloc(1, sizeof *w);
    *watchdog = w;
    if (w == NULL) return status_error(STATUS_NO_MEMORY, "no memory for run.stall_timeout");
    w->team = team;
    w->timeout_s = timeout_s;
    w->every_s = fmin(timeout_s / SIGNS_OF_TIMEOUT, MOST_BETWEEN_S);
    w->mine.process = (int64_t)getpid();
    w->mine.run = clocks_since_1970_s() + 1e-9 * (double)w->mine.process;
    (void)text_copy(w->mine.host, sizeof w->mine.host, place_here().host);
    name_file(output, w->path);
    if (team.rank == 0) remove_file_of(output);
    w->seen = calloc((size_t)team.ranks, sizeof *w->seen);
    w->silent_s = calloc((size_t)team.ranks, sizeof *w->silent_s);
    if (w->seen == NULL || w->silent_s == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for run.stall_timeout");
    return team.rank == 0 && team.ranks > 1 ? make_file(w) : status_ok();
}

static void destroy(Watchdog **watchdog) {
    Watchdog *w = *watchdog;
    if (w == NULL) return;
    periodic_thread_stop(&w->watching);
    if (w->team.rank == 0 && w->team.ranks > 1) (void)unlink(w->path);
    free(w->silent_s);
    free(w->seen);
    free(w);
    *watchdog = NULL;
}

Status watchdog_start(Team team, const char *output, double timeout_s, Watchdog **watchdog) {
    *watchdog = NULL;
    if (timeout_s <= 0.0) {
        if (team.rank == 0) remove_file_of(output);
        return status_ok();
    }
    Status status = agree(team, create(team, output, timeout_s, watchdog));
    if (status_is_ok(status)) {
        team_broadcast(team, 0, &(*watchdog)->mine.run, sizeof(*watchdog)->mine.run);
        status = agree(team, start_thread(*watchdog));
    }
    if (!status_is_ok(status)) destroy(watchdog);
    return status;
}

void watchdog_stop(Watchdog **watchdog) {
    if (*watchdog == NULL) return;
    (void)team_least((*watchdog)->team, 0); /* nobody is silent before all have come here */
    destroy(watchdog);
}
