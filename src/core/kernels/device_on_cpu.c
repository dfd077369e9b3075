#include "kernels/device_on_cpu.h"

#include "kernels/device_float32.h"
#include "kernels/device_float64.h"

#include <stddef.h>

#define EACH for (int thread = 0; thread < THREADS; thread++)
#define THREAD thread
#define OWN (&own[thread])

/* A group's threads one after the other. */
static void compute32(const DeviceArguments *a, DeviceVariant variant, const DeviceBlock *block) {
    enum { THREADS = DEVICE_THREADS };
    DeviceShared of_group, *shared = &of_group;
    DeviceThread own[THREADS];
    DEVICE_GROUP(device32, DEVICE_TERMS, a, variant, block, shared, EACH, (void)0)
}

static void compute64(const DeviceArguments *a, DeviceVariant variant, const DeviceBlock *block) {
    enum { THREADS = DEVICE64_THREADS };
    Device64Shared of_group, *shared = &of_group;
    Device64Thread own[THREADS];
    DEVICE_GROUP(device64, DEVICE64_TERMS, a, variant, block, shared, EACH, (void)0)
}

void KERNEL_VARIANT(device_on_cpu)(const DeviceArguments *arguments, DeviceVariant variant, int64_t blocks) {
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < blocks; i++) {
        if (*arguments->stop != 0) continue;
        if (variant.precision == PRECISION_FLOAT32)
            compute32(arguments, variant, &arguments->blocks[i]);
        else
            compute64(arguments, variant, &arguments->blocks[i]);
    }
}
