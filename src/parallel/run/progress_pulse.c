#include "run/progress_pulse.h"

#include "base/clocks.h"
#include "team/periodic_thread.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

static const double EVERY_S = 0.5;

/* Fractions are kept in whole numbers, which threads exchange without a lock. */
static const double PARTS_OF_ONE = 1e6;

struct ProgressPulse {
    PeriodicThread thread;
    pthread_mutex_t mutex; /* for what follows, and for the report */
    ProgressReport report;
    void *context;
    RunProgress wave;
    double wave_s;                  /* steady clock */
    int64_t frame, fraction, parts; /* atomic */
};

static double load_fraction(const int64_t *value) {
    return (double)__atomic_load_n(value, __ATOMIC_RELAXED) / PARTS_OF_ONE;
}

static void tell(void *context) {
    ProgressPulse *p = context;
    (void)pthread_mutex_lock(&p->mutex);
    RunProgress now = p->wave;
    now.silent_s = clocks_steady_s() - p->wave_s;
    now.frame = __atomic_load_n(&p->frame, __ATOMIC_RELAXED);
    now.fraction = load_fraction(&p->fraction);
    now.frames_in_part = fmin((double)now.frames_done + load_fraction(&p->parts), (double)now.frames);
    if (now.frames_done < now.frames) p->report(p->context, now);
    (void)pthread_mutex_unlock(&p->mutex);
}

ProgressPulse *progress_pulse_start(ProgressReport report, void *context) {
    ProgressPulse *p = calloc(1, sizeof *p);
    if (p == NULL) return NULL;
    p->report = report;
    p->context = context;
    p->frame = -1;
    p->wave_s = clocks_steady_s();
    (void)pthread_mutex_init(&p->mutex, NULL);
    (void)periodic_thread_start(&p->thread, EVERY_S, tell, p);
    return p;
}

void progress_pulse_stop(ProgressPulse **pulse) {
    ProgressPulse *p = *pulse;
    if (p == NULL) return;
    periodic_thread_stop(&p->thread);
    (void)pthread_mutex_destroy(&p->mutex);
    free(p);
    *pulse = NULL;
}

void progress_pulse_set_wave(ProgressPulse *p, RunProgress progress) {
    if (p == NULL) return;
    (void)pthread_mutex_lock(&p->mutex);
    progress_pulse_set_frame(p, -1, 0.0, 0.0);
    progress.silent_s = 0.0;
    progress.frame = -1;
    progress.fraction = 0.0;
    progress.frames_in_part = (double)progress.frames_done;
    p->wave = progress;
    p->wave_s = clocks_steady_s();
    p->report(p->context, progress);
    (void)pthread_mutex_unlock(&p->mutex);
}

void progress_pulse_set_frame(ProgressPulse *p, int64_t frame, double fraction, double parts) {
    if (p == NULL) return;
    __atomic_store_n(&p->frame, frame, __ATOMIC_RELAXED);
    __atomic_store_n(&p->fraction, (int64_t)(PARTS_OF_ONE * fraction), __ATOMIC_RELAXED);
    __atomic_store_n(&p->parts, (int64_t)(PARTS_OF_ONE * parts), __ATOMIC_RELAXED);
}
