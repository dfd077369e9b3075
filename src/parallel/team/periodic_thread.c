#include "team/periodic_thread.h"

#include <signal.h>
#include <stdint.h>
#include <time.h>

/* Waits for the time between two acts; false when the thread is to end. */
static bool goes_on(PeriodicThread *periodic) {
    struct timespec until;
    int waited = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    const int64_t ns = (int64_t)until.tv_nsec + (int64_t)(1e9 * periodic->every_s);
    until.tv_sec += (time_t)(ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    (void)pthread_mutex_lock(&periodic->mutex);
    while (!periodic->ends && waited == 0) waited = pthread_cond_timedwait(&periodic->ended, &periodic->mutex, &until);
    const bool ends = periodic->ends;
    (void)pthread_mutex_unlock(&periodic->mutex);
    return !ends;
}

static void *run(void *context) {
    PeriodicThread *periodic = context;
    while (goes_on(periodic)) periodic->act(periodic->context);
    return NULL;
}

static void destroy(PeriodicThread *periodic) {
    (void)pthread_cond_destroy(&periodic->ended);
    (void)pthread_mutex_destroy(&periodic->mutex);
    *periodic = (PeriodicThread){.runs = false};
}

int periodic_thread_start(PeriodicThread *periodic, double every_s, PeriodicAct act, void *context) {
    pthread_condattr_t steady;
    sigset_t all, before;
    *periodic = (PeriodicThread){.every_s = every_s, .act = act, .context = context};
    (void)pthread_mutex_init(&periodic->mutex, NULL);
    (void)pthread_condattr_init(&steady);
    (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&periodic->ended, &steady);
    (void)pthread_condattr_destroy(&steady);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failure = pthread_create(&periodic->thread, NULL, run, periodic);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0)
        destroy(periodic);
    else
        periodic->runs = true;
    return failure;
}

void periodic_thread_stop(PeriodicThread *periodic) {
    if (!periodic->runs) return;
    (void)pthread_mutex_lock(&periodic->mutex);
    periodic->ends = true;
    (void)pthread_cond_signal(&periodic->ended);
    (void)pthread_mutex_unlock(&periodic->mutex);
    (void)pthread_join(periodic->thread, NULL);
    destroy(periodic);
}
