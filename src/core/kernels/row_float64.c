#include "kernels/cpu_kernel.h"

static const char *no_obstacle(const Experiment *e) {
    (void)e;
    return NULL;
}

/* Rounded figure of one core, for the choice only. */
static double step_ns(const Experiment *e) {
    (void)e;
    return 20.0;
}

static const CpuKernel cpu = {.accumulate = CPU_VARIANTS_OF(kernel64_accumulate),
                              .strip = {.slow_pixels = 8, .fast_pixels = 256},
                              .steps_at_a_time = 5000000};

const Kernel kernel_row_float64 = {.name = "float64",
                                   .summary = "every step in double precision",
                                   .precision = PRECISION_FLOAT64,
                                   .obstacle = no_obstacle,
                                   .doubt = no_obstacle,
                                   .step_ns = step_ns,
                                   .cpu = &cpu,
                                   CPU_KERNEL};
