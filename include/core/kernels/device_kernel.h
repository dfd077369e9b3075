/** @file
 *  Kernels of a device: jobs go to it while earlier ones are computed or brought back. Whatever a device does not do,
 * the CPU does: a frame that its kernel cannot render, and everything from the first error on. */
#ifndef TESSERA_DEVICE_KERNEL_H
#define TESSERA_DEVICE_KERNEL_H

#include "kernels/kernel_table.h"

/** The functions of a row of a device. */
enum { DEVICE_JOBS_IN_FLIGHT = 2 };
Status device_kernel_create(const Kernel *kernel, KernelSetup setup, KernelWork **work);
void device_kernel_submit(KernelWork *work, const Frame *frame, KernelJob job);
KernelResult device_kernel_collect(KernelWork *work);
void device_kernel_destroy(KernelWork **work);

#endif
