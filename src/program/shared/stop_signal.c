#define _GNU_SOURCE /* syscall */
#include "shared/stop_signal.h"

#include "files/unfinished_files.h"
#include "team/frame_queue.h"

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What signals may touch: a StopLevel, and when it was first set. sig_atomic_t is an int where signals are POSIX's. */
static volatile sig_atomic_t stop_level = STOP_NONE;
static volatile sig_atomic_t stop_manner = STOP_BY_WAVES;
static volatile struct timespec stop_time;

static void end_at_once(void) {
    static const char message[] = "tessera: error: stopped by a signal; what was begun is removed\n";
    unfinished_files_remove();
    const ssize_t said = write(STDERR_FILENO, message, sizeof message - 1);
    (void)said;
    _exit(status_exit_code(STATUS_INTERRUPTED));
}

/* A launcher and a batch system may pass one request on as two signals: only a later one is a second request. */
static void request_stop(int number) {
    struct timespec now;
    if (stop_manner == STOP_AT_ONCE) end_at_once();
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (stop_level_of(&stop_level) == STOP_NONE) {
        stop_time.tv_sec = now.tv_sec;
        stop_time.tv_nsec = now.tv_nsec;
        __atomic_store_n(&stop_level, STOP_SOON, __ATOMIC_RELAXED);
    } else if (number != SIGXCPU &&
               (double)(now.tv_sec - stop_time.tv_sec) + 1e-9 * (double)(now.tv_nsec - stop_time.tv_nsec) > 0.1) {
        __atomic_store_n(&stop_level, STOP_NOW, __ATOMIC_RELAXED);
        if (stop_manner == STOP_BY_LOOKING) end_at_once();
    }
}

static const int caught[] = {SIGHUP, SIGINT, SIGTERM, SIGXCPU, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM};
enum { CAUGHT = sizeof caught / sizeof *caught };
static int stays_ignored[CAUGHT]; /* as the program was started */

/* Before the constructors of libraries, as UCX, by which Open MPI and MPICH send, sets a handler of HUP in its own. */
__attribute__((no_sanitize("address", "undefined", "thread"))) static void note_ignored(void) {
    struct { /* the kernel's, as sanitizers' sigaction is not there yet */
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } before;
    for (int i = 0; i < CAUGHT; i++)
        stays_ignored[i] =
            syscall(SYS_rt_sigaction, caught[i], NULL, &before, sizeof before.mask) == 0 && before.handler == SIG_IGN;
}
__attribute__((section(".preinit_array"), used)) static void (*const first_of_all)(void) = note_ignored;

void stop_signal_prepare(void) {
    static const int harmless[] = {SIGPIPE, SIGXFSZ};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigemptyset(&ignore.sa_mask);
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) (void)sigaction(harmless[i], &ignore, NULL);
}

const volatile int *stop_signal_catch(StopManner manner) {
    struct sigaction action = {.sa_handler = request_stop}, ignore = {.sa_handler = SIG_IGN};
    if (manner != STOP_BY_LOOKING) action.sa_flags = SA_RESTART; /* a write must not fail */
    (void)sigfillset(&action.sa_mask);
    stop_manner = (sig_atomic_t)manner;
    (void)sigemptyset(&ignore.sa_mask);
    for (int i = 0; i < CAUGHT; i++) (void)sigaction(caught[i], stays_ignored[i] ? &ignore : &action, NULL);
    return &stop_level;
}
