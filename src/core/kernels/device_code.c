#include "kernels/device_code.h"

#include <stddef.h>
#include <string.h>

#ifdef TESSERA_DEVICE_COMPILER

/* Each text as its file is, with a zero behind it. */
#define DEVICE_CODE(PRECISION, SHAPE, factors, differ, name, file)                                                     \
    extern const char device_##name[];                                                                                 \
    __asm__(".section .rodata\n.balign 64\n.globl device_" #name "\n.hidden device_" #name "\ndevice_" #name           \
            ":\n.incbin \"" file "\"\n.byte 0\n.previous");
#include TESSERA_DEVICE_LIST
#undef DEVICE_CODE

/* One of them. */
typedef struct CodeRow {
    DeviceVariant variant;
    DeviceText text;
} CodeRow;

static const CodeRow rows[] = {
#define DEVICE_CODE(PRECISION, SHAPE, factors, differ, name, file)                                                     \
    {{PRECISION_##PRECISION, SHAPE_##SHAPE, factors, differ}, {"device_" #name, device_##name}},
#include TESSERA_DEVICE_LIST
#undef DEVICE_CODE
};

const char *device_code_compiler(void) {
    return TESSERA_DEVICE_COMPILER;
}

const DeviceText *device_code_find(DeviceVariant variant) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (device_variant_is_same(rows[i].variant, variant)) return &rows[i].text;
    }
    return NULL;
}

bool device_code_variant(const char *function, DeviceVariant *variant) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *variant = rows[i].variant;
        if (strcmp(rows[i].text.function, function) == 0) return true;
    }
    return false;
}

#else

const char *device_code_compiler(void) {
    return NULL;
}

const DeviceText *device_code_find(DeviceVariant variant) {
    (void)variant;
    return NULL;
}

bool device_code_variant(const char *function, DeviceVariant *variant) {
    (void)function;
    (void)variant;
    return false;
}

#endif
