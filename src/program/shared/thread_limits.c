#include "shared/thread_limits.h"

#include "base/core_quota.h"

#include <ctype.h>
#include <omp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

/* The largest frame has 74 KiB; what calls it, the thread's own variables and handlers of signals come on top, and in
 * the first thread MPI's, HDF5's and libccp4's functions. Runs with half of these sizes still ended well. */
static const double MAIN_LEAST_BYTES = 524288.0, THREAD_LEAST_BYTES = 262144.0;

int thread_limits_heed_quota(void) {
    const char *given = getenv("OMP_NUM_THREADS");
    if (given != NULL && *given != '\0') return 0;
    const int quota = core_quota("/proc/self/cgroup", "/sys/fs/cgroup");
    if (quota == 0 || quota >= omp_get_num_procs()) return 0;
    if (quota < omp_get_max_threads()) omp_set_num_threads(quota);
    return quota;
}

/* A number and one of B, K, M, G, T, in any case; KiB without. Negative for what OpenMP would not take either. */
static double bytes_of(const char *text) {
    char *end = NULL;
    const double number = strtod(text, &end);
    if (end == text || !(number > 0.0)) return -1.0;
    while (isspace((unsigned char)*end)) end++;
    switch (toupper((unsigned char)*end)) {
    case 'B':
        return number;
    case 'M':
        return number * 1048576.0;
    case 'G':
        return number * 1073741824.0;
    case 'T':
        return number * 1099511627776.0;
    default:
        return number * 1024.0;
    }
}

Status thread_limits_check_stacks(void) {
    static const char *const variables[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE", "KMP_STACKSIZE"};
    struct rlimit limit;
    const bool limited = getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    if (limited && (double)limit.rlim_cur < MAIN_LEAST_BYTES)
        return status_error(STATUS_BAD_PARAMETER,
                            "the stack may have %.0f KiB (ulimit -s); at least %.0f are needed: ulimit -s 8192",
                            (double)limit.rlim_cur / 1024.0, MAIN_LEAST_BYTES / 1024.0);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *text = getenv(variables[i]);
        const double bytes = text == NULL ? -1.0 : bytes_of(text);
        if (bytes >= 0.0 && bytes < THREAD_LEAST_BYTES)
            return status_error(
                STATUS_BAD_PARAMETER,
                "%s is \"%.40s\": threads would have stacks of %.4g KiB, and %.0f are needed; unset it, or "
                "give %s=4M",
                variables[i], text, bytes / 1024.0, THREAD_LEAST_BYTES / 1024.0, variables[i]);
    }
    return status_ok();
}
