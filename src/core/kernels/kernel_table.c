#include "kernels/kernel_table.h"

#include "kernels/cpu_kernel.h"

#include <stdio.h>
#include <string.h>

static const Kernel *const table[] = {
#define KERNEL(name) &kernel_row_##name,
#include "kernels/kernels.def"
#undef KERNEL
};
enum { ROWS = sizeof table / sizeof *table };

int kernel_count(void) {
    return ROWS;
}

const Kernel *kernel_at(int row) {
    return table[row];
}

static bool computes(const Kernel *kernel, Precision precision, bool by_reflections) {
    return kernel->by_reflections == by_reflections && (by_reflections || kernel->precision == precision);
}

/* Of the rows that make the same numbers, the first that can. The CPU's always can: they were chosen. */
static int row_of(Precision precision, bool by_reflections, const Experiment *e) {
    for (int row = 0; row < ROWS; row++)
        if (computes(table[row], precision, by_reflections) &&
            (table[row]->cpu != NULL || table[row]->obstacle(e) == NULL))
            return row;
    return 0;
}

int kernel_row_of(const Experiment *e) {
    return row_of(e->precision, e->sampling.by_reflections, e);
}

int kernel_row_for(const Experiment *run, const Experiment *frame) {
    return row_of(frame->precision, frame->sampling.by_reflections, run);
}

bool kernel_is_needed(int row, const Experiment *e) {
    return kernel_is_used(table[row], e) && row == row_of(table[row]->precision, table[row]->by_reflections, e);
}

const Kernel *cpu_kernel_with(Precision precision, bool by_reflections) {
    for (int row = 0; row < ROWS; row++)
        if (table[row]->cpu != NULL && computes(table[row], precision, by_reflections)) return table[row];
    return NULL; /* no such row is missing */
}

bool kernel_is_used(const Kernel *kernel, const Experiment *e) {
    const FrameLimits *limits = &e->limits;
    return kernel->by_reflections                   ? limits->some_by_reflections
           : kernel->precision == PRECISION_FLOAT32 ? limits->some_float32
                                                    : limits->some_float64;
}

void kernel_names(const Experiment *e, char *text) {
    bool has_device = false;
    text[0] = '\0';
    for (int row = 0; row < ROWS; row++) {
        const size_t length = strlen(text);
        if (!kernel_is_needed(row, e)) continue;
        has_device = has_device || table[row]->cpu == NULL;
        (void)snprintf(text + length, KERNEL_NAMES_BYTES - length, "%s%s", length == 0 ? "" : ", ", table[row]->name);
    }
    const size_t length = strlen(text);
    if (has_device) (void)snprintf(text + length, KERNEL_NAMES_BYTES - length, " on %s", e->device.name);
}
