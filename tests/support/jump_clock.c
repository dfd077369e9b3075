/* Loaded before the C library (LD_PRELOAD): the date jumps by three hours, there and back, several times a second. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const time_t JUMP_S = 3 * 3600;

static time_t jump(void) {
    struct timespec steady = {.tv_sec = 0};
    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &steady);
    const long phase = steady.tv_nsec / 50000000 % 3; /* 0, 1, 2 in turn, each for 0.05 s */
    return (phase - 1) * JUMP_S;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    const int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += jump();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec time;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &time) != 0) return -1;
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec date;
    (void)clock_gettime(CLOCK_REALTIME, &date);
    if (now != NULL) *now = date.tv_sec;
    return date.tv_sec;
}
