#include "stop_signal.h"

#include "frame_queue.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

/* What signals may touch: a StopLevel, and when it was first set. sig_atomic_t is an int where signals are POSIX's. */
static volatile sig_atomic_t stop_level = STOP_NONE;
static volatile struct timespec stop_time;

/* A launcher and a batch system may pass one request on as two signals: only a later one is a second request. */
static void request_stop(int number) {
    struct timespec now;
    (void)number;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (stop_level == STOP_NONE) {
        stop_time.tv_sec = now.tv_sec;
        stop_time.tv_nsec = now.tv_nsec;
        stop_level = STOP_SOON;
    } else if ((double)(now.tv_sec - stop_time.tv_sec) + 1e-9 * (double)(now.tv_nsec - stop_time.tv_nsec) > 0.1) {
        stop_level = STOP_NOW;
    }
}

const volatile int *stop_signal_catch(void) {
    struct sigaction action = {.sa_handler = request_stop, .sa_flags = SA_RESTART}; /* a write must not fail */
    (void)sigfillset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGUSR1, &action, NULL);
    (void)sigaction(SIGUSR2, &action, NULL);
    return &stop_level;
}
