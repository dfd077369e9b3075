/* Threads with a race and without one, which ThreadSanitizer must and must not report: planted_race openmp|pthread
 * racy|quiet. The quiet one of OpenMP is kept apart by nothing but OpenMP's own barriers, critical sections and ends of
 * parallel regions. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 1000, THREADS = 4 };

static long with_openmp(int is_racy) {
    long parts[ELEMENTS], sum = 0;
#pragma omp parallel num_threads(THREADS) default(none) shared(parts, sum, is_racy)
    {
#pragma omp for
        for (int i = 0; i < ELEMENTS; i++) parts[i] = i;
        long mine = 0;
#pragma omp for
        for (int i = 0; i < ELEMENTS; i++) mine += parts[ELEMENTS - 1 - i]; /* of another thread, before the barrier */
        if (is_racy) {
            sum += mine;
        } else {
#pragma omp critical
            sum += mine;
        }
    }
    return sum;
}

typedef struct Count {
    pthread_mutex_t mutex;
    int is_racy;
    long sum;
} Count;

static void *add(void *argument) {
    Count *count = argument;
    if (!count->is_racy) (void)pthread_mutex_lock(&count->mutex);
    count->sum += ELEMENTS;
    if (!count->is_racy) (void)pthread_mutex_unlock(&count->mutex);
    return NULL;
}

static long with_pthreads(int is_racy) {
    Count count = {.mutex = PTHREAD_MUTEX_INITIALIZER, .is_racy = is_racy};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, add, &count) != 0) exit(3);
    for (int i = 0; i < THREADS; i++)
        if (pthread_join(threads[i], NULL) != 0) exit(3);
    return count.sum;
}

int main(int arguments, char **values) {
    if (arguments != 3) return 2;
    const int is_racy = strcmp(values[2], "racy") == 0;
    printf("%ld\n", strcmp(values[1], "openmp") == 0 ? with_openmp(is_racy) : with_pthreads(is_racy));
    return 0;
}
