/* The kernels for NVIDIA's devices, in plain C: clang compiles them to PTX, once for each precision and shape of
 * crystals, way of looking structure factors up, and with sources in one direction or many. The build sets
 * DEVICE_FUNCTION, DEVICE_PRECISION (32 or 64), DEVICE_SHAPE, DEVICE_FACTORS_OF and DEVICE_SOURCES_DIFFER. */
#include "kernels/device_float32.h"
#include "kernels/device_float64.h"

#define THREAD __nvvm_read_ptx_sreg_tid_x()
#define EACH
#define OWN (&own)
#if DEVICE_PRECISION == 32
static __attribute__((address_space(3))) DeviceShared shared_by_group;
#else
static __attribute__((address_space(3))) Device64Shared shared_by_group;
#endif

__attribute__((nvptx_kernel)) void DEVICE_FUNCTION(DeviceArguments arguments) {
    const DeviceVariant variant = {
        .shape = DEVICE_SHAPE, .factors = DEVICE_FACTORS_OF, .sources_differ = DEVICE_SOURCES_DIFFER};
    const DeviceArguments *a = &arguments;
    const DeviceBlock *block = &a->blocks[__nvvm_read_ptx_sreg_ctaid_x()];
    if (*a->stop != 0) return;
#if DEVICE_PRECISION == 32
    DeviceShared *shared = (DeviceShared *)&shared_by_group;
    DeviceThread own;
    DEVICE_GROUP(device32, DEVICE_TERMS, a, variant, block, shared, EACH, __syncthreads())
#else
    Device64Shared *shared = (Device64Shared *)&shared_by_group;
    Device64Thread own;
    DEVICE_GROUP(device64, DEVICE64_TERMS, a, variant, block, shared, EACH, __syncthreads())
#endif
}
