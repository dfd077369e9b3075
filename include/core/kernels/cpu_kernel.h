/** @file
 *  Kernels of the CPU: strips of pixels, shared among threads. A row gives what one thread computes on one strip. */
#ifndef TESSERA_CPU_KERNEL_H
#define TESSERA_CPU_KERNEL_H

#include "kernels/kernel_table.h"
#include "kernels/kernel_variants.h"

/** The same functions for each set of instructions: portable, v3, v4. */
enum { CPU_VARIANTS = 3 };
#ifdef KERNEL_HAS_VARIANTS
#define CPU_VARIANTS_OF(name)                                                                                          \
    { name##_portable, name##_v3, name##_v4 }
#else
#define CPU_VARIANTS_OF(name)                                                                                          \
    { name##_portable, name##_portable, name##_portable }
#endif

/** What a row of the CPU has of its own. */
typedef struct CpuKernel {
    KernelFunction accumulate[CPU_VARIANTS];
    KernelDirectFunction expected[CPU_VARIANTS]; /**< where one flush of the sums is all; NULL: there is none */
    Tile strip;              /**< edges of what a thread computes at a time, powers of 2. Never changes the image */
    int64_t least_edge;      /**< to which strips shrink where threads would have too few; 0: they do not */
    int64_t steps_at_a_time; /**< after about so many, some tenths of a second, a thread looks up */
} CpuKernel;

/** The functions of a row of the CPU. submit() computes; collect() has nothing to wait for. */
#define CPU_KERNEL                                                                                                     \
    .trial_step_s = cpu_kernel_trial, .create = cpu_kernel_create, .jobs_in_flight = 1, .submit = cpu_kernel_submit,   \
    .collect = cpu_kernel_collect, .destroy = cpu_kernel_destroy
double cpu_kernel_trial(const Experiment *experiment, const Frame *frame);
Status cpu_kernel_create(const Kernel *kernel, KernelSetup setup, KernelWork **work);
void cpu_kernel_submit(KernelWork *work, const Frame *frame, KernelJob job);
KernelResult cpu_kernel_collect(KernelWork *work);
void cpu_kernel_destroy(KernelWork **work);

/** The CPU's kernel of this precision that computes every step, or by reflections. */
const Kernel *cpu_kernel_with(Precision precision, bool by_reflections);

/** Edges (slow = fast = 0) of the strips of a CPU kernel where @p threads share @p pixels pixels. */
Tile cpu_kernel_strip(const Kernel *kernel, const Experiment *experiment, int64_t pixels, int threads);

#endif
