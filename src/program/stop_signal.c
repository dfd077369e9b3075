#include "stop_signal.h"

#include <signal.h>
#include <stddef.h>

/* The one thing that a signal may touch; sig_atomic_t is an int where signals are POSIX's. */
static volatile sig_atomic_t stop_requested = 0;

static void request_stop(int number) {
    (void)number;
    stop_requested = 1;
}

const volatile int *stop_signal_catch(void) {
    struct sigaction action = {.sa_handler = request_stop, .sa_flags = SA_RESTART}; /* a write must not fail */
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGUSR1, &action, NULL);
    (void)sigaction(SIGUSR2, &action, NULL);
    return &stop_requested;
}
