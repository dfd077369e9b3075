/** @file
 *  How a device's kernel is compiled: what is constant in its code. */
#ifndef TESSERA_DEVICE_VARIANT_H
#define TESSERA_DEVICE_VARIANT_H

#include "kernels/device_scene.h"

/** How |F| is looked up. */
typedef enum DeviceFactors { DEVICE_DEFAULT, DEVICE_NEAREST, DEVICE_TRICUBIC, DEVICE_FACTORS } DeviceFactors;

/** Constants where a function of device_float32.h is called. */
typedef struct DeviceVariant {
    Precision precision;
    CrystalShape shape;
    DeviceFactors factors;
    bool sources_differ; /**< polarization or resolution limit differ between them */
} DeviceVariant;

static inline bool device_variant_is_same(DeviceVariant a, DeviceVariant b) {
    return a.precision == b.precision && a.shape == b.shape && a.factors == b.factors &&
           a.sources_differ == b.sources_differ;
}

#endif
