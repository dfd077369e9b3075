/* A driver of NVIDIA's devices for machines that have none: libcuda.so.1 with what Tessera calls. Its device is the
 * CPU, on which the kernel's own source runs (device_on_cpu.h), so images are the same where the host's side is right.
 *
 *   MOCK_DEVICES=N    how many devices there are (1)
 *   MOCK_FAIL_AT=N    call N of the process, from 1, fails and all after it do, as of a device that fell off its bus
 *   MOCK_CALLS=FILE   where the number of calls is written when the process ends
 *   MOCK_WRONG=1, 2   the device computes another value for one pixel, always or of whole frames alone
 *   MOCK_SLOW=1       a job is asked for three times before it is done */
#define _GNU_SOURCE /* program_invocation_name */
#include "kernels/device_code.h"
#include "kernels/device_driver.h"
#include "kernels/device_float64.h"
#include "kernels/device_on_cpu.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERROR_LOST = 999, ERROR_INVALID = 1, ERROR_FOUND = 500 };

static atomic_long calls, allocations;
static int asked;

static long number_of(const char *variable, long otherwise) {
    const char *text = getenv(variable);
    return text == NULL ? otherwise : strtol(text, NULL, 10);
}

static void write_calls(void) {
    const char *path = getenv("MOCK_CALLS");
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    if (file == NULL) return;
    (void)fprintf(file, "%ld %ld\n", (long)calls, (long)allocations);
    (void)fclose(file);
}

/* Every call begins with it. */
static int counted(void) {
    const long number = ++calls, fails = number_of("MOCK_FAIL_AT", 0);
    if (number == 1) (void)atexit(write_calls);
    return fails > 0 && number >= fails ? ERROR_LOST : 0;
}
#define COUNTED                                                                                                        \
    const int code = counted();                                                                                        \
    if (code != 0) return code

DeviceCode cuInit(unsigned flags);
DeviceCode cuInit(unsigned flags) {
    COUNTED;
    return flags == 0 ? 0 : ERROR_INVALID;
}

DeviceCode cuGetErrorName(DeviceCode error, const char **name);
DeviceCode cuGetErrorName(DeviceCode error, const char **name) {
    *name = error == ERROR_LOST ? "MOCK_LOST" : "MOCK_ERROR";
    return 0;
}

DeviceCode cuDriverGetVersion(int *version);
DeviceCode cuDriverGetVersion(int *version) {
    COUNTED;
    *version = 13010;
    return 0;
}

DeviceCode cuDeviceGetCount(int *count);
DeviceCode cuDeviceGetCount(int *count) {
    COUNTED;
    *count = (int)number_of("MOCK_DEVICES", 1);
    return 0;
}

DeviceCode cuDeviceGet(int *device, int ordinal);
DeviceCode cuDeviceGet(int *device, int ordinal) {
    COUNTED;
    *device = 100 + ordinal;
    return ordinal < number_of("MOCK_DEVICES", 1) ? 0 : ERROR_INVALID;
}

DeviceCode cuDeviceGetName(char *name, int bytes, int device);
DeviceCode cuDeviceGetName(char *name, int bytes, int device) {
    COUNTED;
    (void)snprintf(name, (size_t)bytes, "Mock %d", device - 100);
    return 0;
}

DeviceCode cuDeviceTotalMem_v2(size_t *bytes, int device);
DeviceCode cuDeviceTotalMem_v2(size_t *bytes, int device) {
    COUNTED;
    *bytes = (size_t)1 << 34;
    return device >= 100 ? 0 : ERROR_INVALID;
}

DeviceCode cuDeviceGetAttribute(int *value, int attribute, int device);
DeviceCode cuDeviceGetAttribute(int *value, int attribute, int device) {
    COUNTED;
    *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 132;
    return device >= 100 ? 0 : ERROR_INVALID;
}

DeviceCode cuDevicePrimaryCtxRetain(DeviceContextHandle *context, int device);
DeviceCode cuDevicePrimaryCtxRetain(DeviceContextHandle *context, int device) {
    COUNTED;
    *context = (DeviceContextHandle)&calls;
    return device >= 100 ? 0 : ERROR_INVALID;
}

DeviceCode cuDevicePrimaryCtxRelease_v2(int device);
DeviceCode cuDevicePrimaryCtxRelease_v2(int device) {
    (void)device;
    COUNTED;
    return 0;
}

DeviceCode cuCtxSetCurrent(DeviceContextHandle context);
DeviceCode cuCtxSetCurrent(DeviceContextHandle context) {
    COUNTED;
    return context == (DeviceContextHandle)&calls ? 0 : ERROR_INVALID;
}

/* A module is its text. */
DeviceCode cuModuleLoadDataEx(DeviceModuleHandle *module, const void *text, unsigned options, int *option,
                              void **value);
DeviceCode cuModuleLoadDataEx(DeviceModuleHandle *module, const void *text, unsigned options, int *option,
                              void **value) {
    COUNTED;
    if (strstr(text, ".entry") == NULL || options != 1 || *option != DEVICE_REGISTERS_MOST || (uintptr_t)*value < 16 ||
        (uintptr_t)*value > 255)
        return ERROR_INVALID;
    *module = (DeviceModuleHandle)strdup(text);
    allocations++;
    return 0;
}

DeviceCode cuModuleUnload(DeviceModuleHandle module);
DeviceCode cuModuleUnload(DeviceModuleHandle module) {
    free(module);
    allocations--;
    COUNTED;
    return 0;
}

/* A function is the number of its variant. */
DeviceCode cuModuleGetFunction(DeviceFunctionHandle *function, DeviceModuleHandle module, const char *name);
DeviceCode cuModuleGetFunction(DeviceFunctionHandle *function, DeviceModuleHandle module, const char *name) {
    DeviceVariant variant;
    char entry[128];
    COUNTED;
    (void)snprintf(entry, sizeof entry, ".entry %s(", name);
    if (strstr((const char *)module, entry) == NULL || !device_code_variant(name, &variant)) return ERROR_FOUND;
    const int factors = DEVICE_FACTORS * (int)variant.shape + (int)variant.factors;
    const int is_double = variant.precision == PRECISION_FLOAT64;
    *function = (DeviceFunctionHandle)(uintptr_t)(4 * factors + 2 * is_double + variant.sources_differ + 1);
    return 0;
}

DeviceCode cuMemAlloc_v2(DeviceAddress *address, size_t bytes);
DeviceCode cuMemAlloc_v2(DeviceAddress *address, size_t bytes) {
    COUNTED;
    void *memory = malloc(bytes);
    if (memory == NULL || bytes == 0) return ERROR_INVALID;
    memset(memory, 0xa5, bytes); /* as it comes */
    *address = (DeviceAddress)(uintptr_t)memory;
    allocations++;
    return 0;
}

DeviceCode cuMemFree_v2(DeviceAddress address);
DeviceCode cuMemFree_v2(DeviceAddress address) {
    free((void *)(uintptr_t)address);
    allocations--;
    COUNTED;
    return 0;
}

DeviceCode cuMemHostAlloc(void **memory, size_t bytes, unsigned flags);
DeviceCode cuMemHostAlloc(void **memory, size_t bytes, unsigned flags) {
    (void)flags;
    COUNTED;
    *memory = malloc(bytes);
    if (*memory == NULL) return ERROR_INVALID;
    allocations++;
    return 0;
}

DeviceCode cuMemFreeHost(void *memory);
DeviceCode cuMemFreeHost(void *memory) {
    free(memory);
    allocations--;
    COUNTED;
    return 0;
}

DeviceCode cuStreamCreate(DeviceStreamHandle *stream, unsigned flags);
DeviceCode cuStreamCreate(DeviceStreamHandle *stream, unsigned flags) {
    (void)flags;
    COUNTED;
    *stream = malloc(1);
    allocations++;
    return 0;
}

DeviceCode cuStreamDestroy_v2(DeviceStreamHandle stream);
DeviceCode cuStreamDestroy_v2(DeviceStreamHandle stream) {
    free(stream);
    allocations--;
    COUNTED;
    return 0;
}

DeviceCode cuStreamSynchronize(DeviceStreamHandle stream);
DeviceCode cuStreamSynchronize(DeviceStreamHandle stream) {
    COUNTED;
    return stream != NULL ? 0 : ERROR_INVALID;
}

DeviceCode cuStreamQuery(DeviceStreamHandle stream);
DeviceCode cuStreamQuery(DeviceStreamHandle stream) {
    COUNTED;
    if (number_of("MOCK_SLOW", 0) != 0 && ++asked % 3 != 0) return DEVICE_NOT_READY;
    return stream != NULL ? 0 : ERROR_INVALID;
}

DeviceCode cuMemcpyHtoDAsync_v2(DeviceAddress to, const void *from, size_t bytes, DeviceStreamHandle stream);
DeviceCode cuMemcpyHtoDAsync_v2(DeviceAddress to, const void *from, size_t bytes, DeviceStreamHandle stream) {
    COUNTED;
    memcpy((void *)(uintptr_t)to, from, bytes);
    return stream != NULL ? 0 : ERROR_INVALID;
}

DeviceCode cuMemcpyDtoHAsync_v2(void *to, DeviceAddress from, size_t bytes, DeviceStreamHandle stream);
DeviceCode cuMemcpyDtoHAsync_v2(void *to, DeviceAddress from, size_t bytes, DeviceStreamHandle stream) {
    COUNTED;
    memcpy(to, (const void *)(uintptr_t)from, bytes);
    return stream != NULL ? 0 : ERROR_INVALID;
}

DeviceCode cuMemsetD32Async(DeviceAddress to, unsigned value, size_t words, DeviceStreamHandle stream);
DeviceCode cuMemsetD32Async(DeviceAddress to, unsigned value, size_t words, DeviceStreamHandle stream) {
    unsigned *memory = (unsigned *)(uintptr_t)to;
    COUNTED;
    for (size_t i = 0; i < words; i++) memory[i] = value;
    return stream != NULL ? 0 : ERROR_INVALID;
}

DeviceCode cuLaunchKernel(DeviceFunctionHandle function, unsigned blocks, unsigned y, unsigned z, unsigned threads,
                          unsigned thread_y, unsigned thread_z, unsigned shared_bytes, DeviceStreamHandle stream,
                          void **arguments, void **more);
DeviceCode cuLaunchKernel(DeviceFunctionHandle function, unsigned blocks, unsigned y, unsigned z, unsigned threads,
                          unsigned thread_y, unsigned thread_z, unsigned shared_bytes, DeviceStreamHandle stream,
                          void **arguments, void **more) {
    const int number = (int)(uintptr_t)function - 1;
    const DeviceVariant variant = {(number & 2) != 0 ? PRECISION_FLOAT64 : PRECISION_FLOAT32,
                                   (CrystalShape)(number / 4 / DEVICE_FACTORS),
                                   (DeviceFactors)(number / 4 % DEVICE_FACTORS), (number & 1) != 0};
    const unsigned threads_right = (number & 2) != 0 ? (unsigned)DEVICE64_THREADS : (unsigned)DEVICE_THREADS;
    const DeviceArguments *a = arguments[0];
    COUNTED;
    if (blocks == 0 || y * z * thread_y * thread_z != 1 || threads != threads_right || shared_bytes != 0 ||
        stream == NULL || more != NULL)
        return ERROR_INVALID;
#ifdef KERNEL_HAS_VARIANTS
    device_on_cpu_v3(a, variant, blocks);
#else
    device_on_cpu_portable(a, variant, blocks);
#endif
    if (number_of("MOCK_WRONG", 0) != 0 && a->photons != NULL) a->photons[a->blocks[0].place] += 1.0f;
    if (number_of("MOCK_WRONG", 0) == 1 && a->sums != NULL) a->sums[a->blocks[0].place].low += 1e-30;
    return 0;
}
