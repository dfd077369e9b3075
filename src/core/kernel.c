#include "kernel.h"

#include "kernel_variants.h"
#include "shape.h"

#include <string.h>

const char *kernel_instructions(void) {
#ifdef KERNEL_HAS_VARIANTS
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return "x86-64-v4";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        return "x86-64-v3";
#endif
    return "portable";
}

/* The function for the widest instructions that this machine has. */
static KernelFunction choose(Precision precision) {
    const bool single = precision == PRECISION_FLOAT32;
#ifdef KERNEL_HAS_VARIANTS
    const char *instructions = kernel_instructions();
    if (strcmp(instructions, "x86-64-v4") == 0) return single ? kernel32_accumulate_v4 : kernel64_accumulate_v4;
    if (strcmp(instructions, "x86-64-v3") == 0) return single ? kernel32_accumulate_v3 : kernel64_accumulate_v3;
#endif
    return single ? kernel32_accumulate_portable : kernel64_accumulate_portable;
}

void kernel_accumulate(const Experiment *experiment, const Frame *frame, Tile tile, Range blocks, DoubleDouble *sums) {
    choose(experiment->precision)(experiment, frame, tile, blocks, sums);
}

double kernel_photons(const Experiment *e, const Frame *frame) {
    const double parts = (double)e->sampling.phi_steps * (double)e->crystal.domain_count *
                         (double)e->sampling.oversample * (double)e->sampling.oversample;
    return THOMSON_CROSS_SECTION_M2 * frame->fluence_per_m2 / parts;
}

int64_t kernel_blocks(const Experiment *experiment) {
    return (experiment_terms(experiment) + KERNEL_BLOCK_TERMS - 1) / KERNEL_BLOCK_TERMS;
}

int64_t kernel_steps(const Experiment *e, int64_t pixels, Range blocks) {
    const int64_t all = experiment_terms(e), begin = blocks.begin * KERNEL_BLOCK_TERMS;
    const int64_t end = blocks.end * KERNEL_BLOCK_TERMS;
    const int64_t of_pixel = (int64_t)e->sampling.oversample * e->sampling.oversample * e->detector.sensor_layers;
    return pixels * of_pixel * ((end < all ? end : all) - begin);
}

double kernel_interference(double miller, double cells) {
    return shape_interference(miller, cells);
}
