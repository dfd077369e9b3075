#include "kernels/cpu_kernel.h"
#include "kernels/device_code.h"
#include "kernels/device_kernel.h"

static const int64_t LATTICES_MOST = 1 << 24; /* 1.2 GB */

static const char *obstacle_of_panel(const Panel *panel) {
    if (panel->curved) return "the detector is curved";
    return panel->sensor.thickness_m > 0.0 ? "the sensor's thickness counts" : NULL;
}

/* What the code for devices does not do. */
static const char *obstacle_of_scene(const Experiment *e) {
    if (crystal_shape_facts(e->crystal.shape).end == SPOTS_STOP) return "spots have a sharp edge";
    if (e->sampling.interpolate) return "structure factors are interpolated";
    if (e->background.molecules > 0.0) return "there is a background";
    if (experiment_terms(e) > INT32_MAX) return "there are more than 2147483647 terms";
    if (e->sampling.phi_steps * e->crystal.domain_count > LATTICES_MOST)
        return "there are more than 16777216 spindle angles and domains";
    for (int i = 0; i < e->detector.panel_count; i++) {
        const char *obstacle = obstacle_of_panel(&e->detector.panels[i]);
        if (obstacle != NULL) return obstacle;
    }
    return NULL;
}

static const char *obstacle(const Experiment *e) {
    const char *of_cpu = cpu_kernel_with(PRECISION_FLOAT32, false)->obstacle(e);
    if (!e->device.is_used) return "no device is used";
    if (e->instructions == INSTRUCTIONS_PORTABLE) return "run.instructions=portable rounds otherwise";
    return of_cpu != NULL ? of_cpu : obstacle_of_scene(e);
}

static const char *no_doubt(const Experiment *e) {
    return cpu_kernel_with(PRECISION_FLOAT32, false)->doubt(e);
}

/* Rounded figure of one H200, for estimates only. */
static double step_ns(const Experiment *e) {
    (void)e;
    return 1.0 / 300.0;
}

static double trial_step_s(const Experiment *e, const Frame *frame) {
    (void)frame;
    return 1e-9 * step_ns(e);
}

const Kernel kernel_row_device32 = {.name = "device32",
                                    .summary = "every step in single precision, by a device",
                                    .precision = PRECISION_FLOAT32,
                                    .obstacle = obstacle,
                                    .doubt = no_doubt,
                                    .step_ns = step_ns,
                                    .trial_step_s = trial_step_s,
                                    .create = device_kernel_create,
                                    .jobs_in_flight = DEVICE_JOBS_IN_FLIGHT,
                                    .submit = device_kernel_submit,
                                    .collect = device_kernel_collect,
                                    .destroy = device_kernel_destroy};
