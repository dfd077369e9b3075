#include "kernels/device_on_cpu.h"

#include "kernels/device_float32.h"

#include <stddef.h>

/* A group's threads one after the other. */
static void compute_group(const DeviceArguments *a, DeviceVariant variant, const DeviceBlock *block) {
    DeviceShared of_group, *shared = &of_group;
    DeviceThread own[DEVICE_THREADS];
#define EACH for (int thread = 0; thread < DEVICE_THREADS; thread++)
#define THREAD thread
#define OWN (&own[thread])
    DEVICE_GROUP(a, variant, block, shared, EACH, (void)0)
}

void KERNEL_VARIANT(device_float32_on_cpu)(const DeviceArguments *arguments, DeviceVariant variant, int64_t blocks) {
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < blocks; i++)
        if (*arguments->stop == 0) compute_group(arguments, variant, &arguments->blocks[i]);
}
