#include "kernels/cpu_kernel.h"
#include "kernels/device_code.h"
#include "kernels/device_kernel.h"
#include "physics/float32_step.h"

static const int64_t LATTICES_MOST = 1 << 24; /* 1.2 GB */

/* What the code for devices does not do. */
static const char *obstacle_of_scene(const Experiment *e) {
    if (e->factors.form_values > 0) return "structure factors follow the wavelength";
    if (experiment_terms(e) > INT32_MAX) return "there are more than 2147483647 terms";
    if (e->sampling.phi_steps * e->crystal.domain_count > LATTICES_MOST)
        return "there are more than 16777216 spindle angles and domains";
    for (int i = 0; i < e->detector.panel_count; i++) {
        if (e->detector.panels[i].curved) return "the detector is curved";
    }
    return NULL;
}

static const char *obstacle(const Experiment *e, Precision precision) {
    const char *of_cpu = cpu_kernel_with(precision, false)->obstacle(e);
    if (!e->device.is_used) return "no device is used";
    if (e->instructions == INSTRUCTIONS_PORTABLE) return "run.instructions=portable rounds otherwise";
    return of_cpu != NULL ? of_cpu : obstacle_of_scene(e);
}

static const char *obstacle32(const Experiment *e) {
    return obstacle(e, PRECISION_FLOAT32);
}

static const char *obstacle64(const Experiment *e) {
    const char *of_all = obstacle(e, PRECISION_FLOAT64);
    if (of_all != NULL) return of_all;
    return step_is_tricubic(e) ? "structure factors are interpolated in double precision" : NULL;
}

/* Which numbers are exact enough was asked of the CPU's kernels. */
static const char *no_doubt(const Experiment *e) {
    (void)e;
    return NULL;
}

/* Rounded figures of one H200, for estimates only. */
static double step32_ns(const Experiment *e) {
    (void)e;
    return 1.0 / 300.0;
}

static double step64_ns(const Experiment *e) {
    (void)e;
    return 1.0 / 130.0;
}

static double trial32_s(const Experiment *e, const Frame *frame) {
    (void)frame;
    return 1e-9 * step32_ns(e);
}

static double trial64_s(const Experiment *e, const Frame *frame) {
    (void)frame;
    return 1e-9 * step64_ns(e);
}

#define DEVICE_KERNEL                                                                                                  \
    .doubt = no_doubt, .create = device_kernel_create, .jobs_in_flight = DEVICE_JOBS_IN_FLIGHT,                        \
    .submit = device_kernel_submit, .collect = device_kernel_collect, .destroy = device_kernel_destroy

const Kernel kernel_row_device32 = {.name = "device32",
                                    .summary = "every step in single precision, by a device",
                                    .precision = PRECISION_FLOAT32,
                                    .obstacle = obstacle32,
                                    .step_ns = step32_ns,
                                    .trial_step_s = trial32_s,
                                    DEVICE_KERNEL};

const Kernel kernel_row_device64 = {.name = "device64",
                                    .summary = "every step in double precision, by a device",
                                    .precision = PRECISION_FLOAT64,
                                    .obstacle = obstacle64,
                                    .step_ns = step64_ns,
                                    .trial_step_s = trial64_s,
                                    DEVICE_KERNEL};
