/** @file
 *  How a device's kernel is compiled: what is constant in its code. */
#ifndef TESSERA_DEVICE_VARIANT_H
#define TESSERA_DEVICE_VARIANT_H

#include "kernels/device_scene.h"

/** Constants where a function of device_float32.h is called. */
typedef struct DeviceVariant {
    CrystalShape shape;
    bool has_table;      /**< of structure factors */
    bool sources_differ; /**< polarization or resolution limit differ between them */
} DeviceVariant;

#endif
