/** @file
 *  The code for devices that this program carries: PTX, which their driver compiles. */
#ifndef TESSERA_DEVICE_CODE_H
#define TESSERA_DEVICE_CODE_H

#include "kernels/device_variant.h"

/** The compiler that made it, for people; NULL where the build found none that can, and there is no code. */
const char *device_code_compiler(void);

/** The PTX of a kernel, and the name of the function in it. */
typedef struct DeviceText {
    const char *function, *text;
} DeviceText;

/** The PTX for a variant; NULL where there is none. */
const DeviceText *device_code_find(DeviceVariant variant);

/** The variant of a function's name; false for none. For drivers of tests. */
bool device_code_variant(const char *function, DeviceVariant *variant);

#endif
