/** @file
 *  The driver of NVIDIA's devices, loaded when the program runs: a machine without it needs nothing. Names and
 *  signatures are those of its documentation, the CUDA Driver API. */
#ifndef TESSERA_DEVICE_DRIVER_H
#define TESSERA_DEVICE_DRIVER_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef int DeviceCode;         /**< CUresult: 0 is success */
typedef uint64_t DeviceAddress; /**< CUdeviceptr */
typedef struct DeviceContext *DeviceContextHandle;
typedef struct DeviceModule *DeviceModuleHandle;
typedef struct DeviceFunction *DeviceFunctionHandle;
typedef struct DeviceStream *DeviceStreamHandle;

/** What of the driver is called: name, name of the symbol, arguments. */
#define DEVICE_CALLS(CALL)                                                                                             \
    CALL(init, "cuInit", (unsigned))                                                                                   \
    CALL(error_name, "cuGetErrorName", (DeviceCode, const char **))                                                    \
    CALL(driver_version, "cuDriverGetVersion", (int *))                                                                \
    CALL(count, "cuDeviceGetCount", (int *))                                                                           \
    CALL(get, "cuDeviceGet", (int *, int))                                                                             \
    CALL(name, "cuDeviceGetName", (char *, int, int))                                                                  \
    CALL(memory, "cuDeviceTotalMem_v2", (size_t *, int))                                                               \
    CALL(attribute, "cuDeviceGetAttribute", (int *, int, int))                                                         \
    CALL(context_retain, "cuDevicePrimaryCtxRetain", (DeviceContextHandle *, int))                                     \
    CALL(context_release, "cuDevicePrimaryCtxRelease_v2", (int))                                                       \
    CALL(context_use, "cuCtxSetCurrent", (DeviceContextHandle))                                                        \
    CALL(module_load, "cuModuleLoadDataEx", (DeviceModuleHandle *, const void *, unsigned, int *, void **))            \
    CALL(module_unload, "cuModuleUnload", (DeviceModuleHandle))                                                        \
    CALL(module_function, "cuModuleGetFunction", (DeviceFunctionHandle *, DeviceModuleHandle, const char *))           \
    CALL(allocate, "cuMemAlloc_v2", (DeviceAddress *, size_t))                                                         \
    CALL(free, "cuMemFree_v2", (DeviceAddress))                                                                        \
    CALL(allocate_host, "cuMemHostAlloc", (void **, size_t, unsigned))                                                 \
    CALL(free_host, "cuMemFreeHost", (void *))                                                                         \
    CALL(to_device, "cuMemcpyHtoDAsync_v2", (DeviceAddress, const void *, size_t, DeviceStreamHandle))                 \
    CALL(to_host, "cuMemcpyDtoHAsync_v2", (void *, DeviceAddress, size_t, DeviceStreamHandle))                         \
    CALL(fill, "cuMemsetD32Async", (DeviceAddress, unsigned, size_t, DeviceStreamHandle))                              \
    CALL(stream_create, "cuStreamCreate", (DeviceStreamHandle *, unsigned))                                            \
    CALL(stream_destroy, "cuStreamDestroy_v2", (DeviceStreamHandle))                                                   \
    CALL(stream_wait, "cuStreamSynchronize", (DeviceStreamHandle))                                                     \
    CALL(stream_query, "cuStreamQuery", (DeviceStreamHandle))                                                          \
    CALL(launch, "cuLaunchKernel",                                                                                     \
         (DeviceFunctionHandle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,                  \
          DeviceStreamHandle, void **, void **))

/** stream_query: what was begun is not done yet. */
enum { DEVICE_NOT_READY = 600, DEVICE_STREAM_ALONE = 1 };

/** module_load: an option, the most registers of a thread. */
enum { DEVICE_REGISTERS_MOST = 0 };

/** The driver. */
typedef struct DeviceDriver {
    void *library;
#define CALL(member, symbol, arguments) DeviceCode(*member) arguments;
    DEVICE_CALLS(CALL)
#undef CALL
    int devices; /**< how many there are */
} DeviceDriver;

enum { DEVICE_NAME_BYTES = 128 };

/** A device as the driver describes it. */
typedef struct DeviceFacts {
    char name[DEVICE_NAME_BYTES];
    size_t memory_bytes;
    int processors;     /**< multiprocessors */
    int driver_version; /**< 1000 major + 10 minor, of CUDA */
    int capability;     /**< 10 major + minor: 90 for sm_90 */
} DeviceFacts;

/** Loads the driver, unless the machine has none, and looks for devices.
 *  @return BAD_PARAMETER saying why none can be used: no driver, no device, an error of the driver; nothing is open
 * then
 */
Status device_driver_open(DeviceDriver *driver);

/** Forgets it. Accepts one that is not open. */
void device_driver_close(DeviceDriver *driver);

/** Describes device @p ordinal. */
Status device_driver_facts(const DeviceDriver *driver, int ordinal, DeviceFacts *facts);

/** The error of a call, OK for success. @p what  that was done: "start the kernel" */
Status device_driver_error(const DeviceDriver *driver, DeviceCode code, const char *what);

#endif
