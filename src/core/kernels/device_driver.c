#include "kernels/device_driver.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const char LIBRARY[] = "libcuda.so.1";

/* Of CUdevice_attribute. */
enum { ATTRIBUTE_PROCESSORS = 16, ATTRIBUTE_MAJOR = 75, ATTRIBUTE_MINOR = 76 };

static Status find_call(void *library, const char *symbol, void *function) {
    void *found = dlsym(library, symbol);
    if (found == NULL)
        return status_error(STATUS_BAD_PARAMETER, "%s has no %s: the driver is too old", LIBRARY, symbol);
    memcpy(function, &found, sizeof found); /* POSIX: a function's address fits into a pointer */
    return status_ok();
}

static Status find_calls(DeviceDriver *driver) {
#define CALL(member, symbol, arguments) TRY(find_call(driver->library, symbol, &driver->member));
    DEVICE_CALLS(CALL)
#undef CALL
    return status_ok();
}

Status device_driver_error(const DeviceDriver *driver, DeviceCode code, const char *what) {
    const char *name = NULL;
    if (code == 0) return status_ok();
    if (driver->error_name(code, &name) != 0 || name == NULL) name = "unknown";
    return status_error(STATUS_BAD_PARAMETER, "the device's driver could not %s: error %d (%s)", what, code, name);
}

static Status start(DeviceDriver *driver) {
    TRY(find_calls(driver));
    TRY(device_driver_error(driver, driver->init(0), "start"));
    TRY(device_driver_error(driver, driver->count(&driver->devices), "count devices"));
    return driver->devices > 0 ? status_ok() : status_error(STATUS_BAD_PARAMETER, "this machine has no device");
}

Status device_driver_open(DeviceDriver *driver) {
    *driver = (DeviceDriver){.library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL)};
    if (driver->library == NULL)
        return status_error(STATUS_BAD_PARAMETER, "this machine has no driver of NVIDIA's devices (%s)", LIBRARY);
    const Status status = start(driver);
    if (!status_is_ok(status)) device_driver_close(driver);
    return status;
}

void device_driver_close(DeviceDriver *driver) {
    if (driver->library != NULL) (void)dlclose(driver->library);
    driver->library = NULL;
}

Status device_driver_facts(const DeviceDriver *driver, int ordinal, DeviceFacts *facts) {
    int device = 0, major = 0, minor = 0;
    *facts = (DeviceFacts){.memory_bytes = 0};
    TRY(device_driver_error(driver, driver->get(&device, ordinal), "find the device"));
    TRY(device_driver_error(driver, driver->name(facts->name, DEVICE_NAME_BYTES, device), "name the device"));
    TRY(device_driver_error(driver, driver->memory(&facts->memory_bytes, device), "tell the device's memory"));
    TRY(device_driver_error(driver, driver->driver_version(&facts->driver_version), "tell its version"));
    TRY(device_driver_error(driver, driver->attribute(&facts->processors, ATTRIBUTE_PROCESSORS, device),
                            "describe the device"));
    TRY(device_driver_error(driver, driver->attribute(&major, ATTRIBUTE_MAJOR, device), "describe the device"));
    TRY(device_driver_error(driver, driver->attribute(&minor, ATTRIBUTE_MINOR, device), "describe the device"));
    facts->capability = 10 * major + minor;
    return status_ok();
}
