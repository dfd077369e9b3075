/** @file
 *  What all kernels of devices have in common: the order in which a group of threads goes through a block of pixels. */
#ifndef TESSERA_DEVICE_GROUP_H
#define TESSERA_DEVICE_GROUP_H

#include "kernels/device_variant.h"

/** Parts of a block: sub-pixels times layers. */
INLINED int device_parts(const DeviceArguments *a, const DeviceBlock *block) {
    return a->scene->oversample * a->scene->oversample * a->panels[block->panel].sensor.layers;
}

/** Gives a pixel its sum, if it is wanted. */
INLINED void device_put(const DeviceArguments *a, const DeviceBlock *block, int i, DoubleDouble sum) {
    const int row = i / BLOCK_FAST, column = i % BLOCK_FAST;
    const bool is_wanted =
        row >= block->row_begin && row < block->row_end && column >= block->column_begin && column < block->column_end;
    const int64_t place = block->place + (int64_t)row * block->width + column;
    if (!is_wanted) return;
    if (a->scene->wants_photons)
        a->photons[place] = double_double_times(a->scene->photons, sum);
    else
        a->sums[place] = sum;
}

/** All that a group does by the functions of kernel @p K (device32, device64), @p TERMS at a time, with @p EACH before
 * what every thread does, and @p WAIT between what they share. A macro, as threads of a device run side by side and
 * those of the CPU in loops. */
#define DEVICE_GROUP(K, TERMS, a, variant, block, shared, EACH, WAIT)                                                  \
    EACH {                                                                                                             \
        K##_begin(OWN);                                                                                                \
    }                                                                                                                  \
    for (int part = 0, parts = device_parts(a, block); part < parts; part++) {                                         \
        WAIT;                                                                                                          \
        EACH {                                                                                                         \
            if (THREAD == 0) K##_centre(a, block, part, shared);                                                       \
        }                                                                                                              \
        WAIT;                                                                                                          \
        EACH {                                                                                                         \
            K##_pixels(a, variant, block, part, shared, THREAD, OWN);                                                  \
        }                                                                                                              \
        for (int32_t begin = (a)->scene->term_begin; begin < (a)->scene->term_end; begin += TERMS) {                   \
            const int32_t all = (a)->scene->term_end, end = begin + TERMS < all ? begin + TERMS : all;                 \
            WAIT;                                                                                                      \
            EACH {                                                                                                     \
                K##_fill(a, variant, block, begin, end, THREAD, shared);                                               \
            }                                                                                                          \
            WAIT;                                                                                                      \
            EACH {                                                                                                     \
                K##_add(a, variant, block, shared, begin, end, THREAD, OWN);                                           \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    EACH {                                                                                                             \
        K##_store(a, block, THREAD, OWN);                                                                              \
    }

#endif
