/** @file
 *  A thread that does something small from time to time beside the computing ones. It takes no signals. */
#ifndef TESSERA_PERIODIC_THREAD_H
#define TESSERA_PERIODIC_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/** What it does, in the thread, with the context given at its start. */
typedef void (*PeriodicAct)(void *context);

/** Must stay where it is while the thread runs. All zero: none was started. */
typedef struct PeriodicThread {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    double every_s; /**< time between two acts, by the steady clock */
    PeriodicAct act;
    void *context;
    bool ends, runs;
} PeriodicThread;

/** Starts the thread; its first act is after @p every_s seconds. The context is borrowed. Returns 0, or an errno when
 * the system has no thread: @p periodic then stays all zero. */
int periodic_thread_start(PeriodicThread *periodic, double every_s, PeriodicAct act, void *context);

/** Ends the thread and waits for it; does nothing when none runs. */
void periodic_thread_stop(PeriodicThread *periodic);

#endif
