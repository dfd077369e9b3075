/** @file
 *  A device's kernel computed by the threads of the CPU, from the same source and with the same bytes: for what a
 * device had begun when it failed, and for tests on machines without one. */
#ifndef TESSERA_DEVICE_ON_CPU_H
#define TESSERA_DEVICE_ON_CPU_H

#include "kernels/device_variant.h"
#include "kernels/kernel_variants.h"

/** Computes so many blocks of pixels. @p arguments are addresses of the host's. */
void device_on_cpu_portable(const DeviceArguments *arguments, DeviceVariant variant, int64_t blocks);
void device_on_cpu_v3(const DeviceArguments *arguments, DeviceVariant variant, int64_t blocks);
void device_on_cpu_v4(const DeviceArguments *arguments, DeviceVariant variant, int64_t blocks);

#endif
