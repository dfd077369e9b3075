#include "base/clocks.h"

#include <time.h>

static double seconds_of(clockid_t clock) {
    struct timespec time;
    (void)clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double clocks_steady_s(void) {
    return seconds_of(CLOCK_MONOTONIC);
}

double clocks_cpu_s(void) {
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

double clocks_since_1970_s(void) {
    return seconds_of(CLOCK_REALTIME);
}
