#include "kernels/kernel_choice.h"

#include "kernels/cpu_kernel.h"

#include <stdio.h>
#include <string.h>

/* run.precision speaks of the kernels that compute every step. */
static bool is_asked(const Parameters *p, const Kernel *kernel) {
    return !kernel->by_reflections && p->run_precision == (int64_t)kernel->precision;
}

static bool is_excluded(const Parameters *p, const Kernel *kernel) {
    return !kernel->by_reflections && p->run_precision != PRECISION_AUTO && !is_asked(p, kernel);
}

/* Kernels elsewhere give the same bytes as the CPU's. */
static const Kernel *candidate(const Parameters *p, int row) {
    const Kernel *kernel = kernel_at(row);
    return kernel->cpu == NULL || is_excluded(p, kernel) ? NULL : kernel;
}

/* Why a kernel is not chosen whatever it costs; NULL when it may be. */
static const char *against(const Parameters *p, const Kernel *kernel, const Experiment *e) {
    const char *obstacle = kernel->obstacle(e);
    return obstacle == NULL && !is_asked(p, kernel) ? kernel->doubt(e) : obstacle;
}

Status kernel_choose(const Parameters *p, Experiment *e) {
    double least_ns = INFINITY, least_of_all_steps_ns = INFINITY;
    e->sampling.tolerance = p->sampling_tolerance;
    for (int row = 0; row < kernel_count(); row++) {
        const Kernel *kernel = candidate(p, row);
        if (kernel == NULL) continue;
        const char *reason = against(p, kernel, e);
        if (reason != NULL && is_asked(p, kernel))
            return status_error(STATUS_BAD_PARAMETER, "run.precision is %s, and %s; give run.precision=float64",
                                kernel->name, reason);
        if (reason != NULL) continue;
        const double ns = kernel->step_ns(e);
        if (!kernel->by_reflections && ns < least_of_all_steps_ns) e->precision = kernel->precision;
        if (!kernel->by_reflections) least_of_all_steps_ns = fmin(least_of_all_steps_ns, ns);
        if (ns < least_ns) e->sampling.by_reflections = kernel->by_reflections;
        least_ns = fmin(least_ns, ns);
    }
    return status_ok();
}

const char *kernel_against_reflections(const Experiment *e) {
    const char *obstacle = cpu_kernel_with(PRECISION_FLOAT64, true)->obstacle(e);
    if (e->sampling.by_reflections) return NULL;
    return obstacle != NULL ? obstacle : "spots reach so many pixels that it takes no longer to compute all";
}

/* Why a kernel that would take less time does not render the experiment; NULL when there is none. */
static const char *against_cheaper(const Parameters *p, const Kernel *chosen, const Experiment *e) {
    for (int row = 0; row < kernel_count(); row++) {
        const Kernel *kernel = candidate(p, row);
        if (kernel == NULL || kernel->by_reflections || !(kernel->step_ns(e) < chosen->step_ns(e))) continue;
        return against(p, kernel, e);
    }
    return NULL;
}

/* What other frames take. */
static void name_others(const Experiment *e, const Kernel *first, char *text, size_t bytes) {
    text[0] = '\0';
    for (int row = 0; row < kernel_count(); row++) {
        const Kernel *kernel = kernel_at(row);
        if (kernel->cpu == NULL || kernel == first || !kernel_is_used(kernel, e)) continue;
        const size_t length = strlen(text);
        (void)snprintf(text + length, bytes - length, "%s%s", length == 0 ? " (other frames take " : " or ",
                       kernel->name);
    }
    if (*text != '\0') (void)snprintf(text + strlen(text), bytes - strlen(text), ")");
}

void kernel_note(const Parameters *p, const Experiment *e, Notes *notes) {
    const Kernel *kernel = cpu_kernel_with(e->precision, e->sampling.by_reflections);
    const Kernel *all_steps = cpu_kernel_with(e->precision, false);
    const bool asked = is_asked(p, kernel), has_background = e->background.molecules > 0.0;
    const char *doubt = asked ? kernel->doubt(e) : NULL, *reason = asked ? NULL : against_cheaper(p, kernel, e);
    char others[KERNEL_NAMES_BYTES + 32];
    name_others(e, kernel, others, sizeof others);
    if (kernel->by_reflections)
        notes_add(notes, "kernel: %s%s, selected automatically: %s%s%s", kernel->name, others, kernel->summary,
                  has_background ? ", and the background by " : "", has_background ? all_steps->name : "");
    else if (!asked)
        notes_add(notes, "kernel: %s%s, selected automatically%s%s", kernel->name, others, reason != NULL ? ": " : "",
                  reason != NULL ? reason : "");
    else if (doubt != NULL)
        notes_add(notes, "kernel: %s%s, as run.precision says; float64 is advised: %s", kernel->name, others, doubt);
    else if (*others != '\0')
        notes_add(notes, "kernel: %s%s, as run.precision says", kernel->name, others);
}
