#include "parameters/instructions.h"

#include <string.h>

Instructions instructions_widest(void) {
#ifdef KERNEL_HAS_VARIANTS
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return INSTRUCTIONS_V4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        return INSTRUCTIONS_V3;
#endif
    return INSTRUCTIONS_PORTABLE;
}

Status instructions_choose(Instructions wanted, Instructions *chosen) {
    const Instructions widest = instructions_widest();
    *chosen = wanted == INSTRUCTIONS_AUTO ? widest : wanted;
    if (*chosen <= widest) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "run.instructions asks for %s, and this machine has %s; give run.instructions=auto or another "
                        "machine",
                        instructions_name(wanted), instructions_name(widest));
}

static const char PORTABLE[] = "portable";

const char *instructions_name(Instructions instructions) {
    return instructions == INSTRUCTIONS_V4 ? "x86-64-v4" : instructions == INSTRUCTIONS_V3 ? "x86-64-v3" : PORTABLE;
}

bool instructions_round_alike(const char *one, const char *other) {
    return (strcmp(one, PORTABLE) == 0) == (strcmp(other, PORTABLE) == 0);
}
