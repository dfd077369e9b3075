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

void clocks_utc(char *text) {
    const time_t now = time(NULL);
    struct tm utc = {.tm_year = 70};
    (void)gmtime_r(&now, &utc);
    text[0] = '\0';
    (void)strftime(text, CLOCKS_UTC_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
