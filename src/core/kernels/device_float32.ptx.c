/* The float32 kernel for NVIDIA's devices, in plain C: clang compiles it to PTX, once for each shape of crystals, with
 * and without structure factors, with sources in one direction or many. The build sets DEVICE_FUNCTION,
 * DEVICE_SHAPE, DEVICE_HAS_TABLE and DEVICE_SOURCES_DIFFER. */
#include "kernels/device_float32.h"

static __attribute__((address_space(3))) DeviceShared shared_by_group;

__attribute__((nvptx_kernel)) void DEVICE_FUNCTION(DeviceArguments arguments) {
    const DeviceVariant variant = {DEVICE_SHAPE, DEVICE_HAS_TABLE, DEVICE_SOURCES_DIFFER};
    const DeviceArguments *a = &arguments;
    DeviceShared *shared = (DeviceShared *)&shared_by_group;
    const DeviceBlock *block = &a->blocks[__nvvm_read_ptx_sreg_ctaid_x()];
    DeviceThread own;
    if (*a->stop != 0) return;
#define EACH
#define THREAD __nvvm_read_ptx_sreg_tid_x()
#define OWN (&own)
    DEVICE_GROUP(a, variant, block, shared, EACH, __syncthreads())
}
