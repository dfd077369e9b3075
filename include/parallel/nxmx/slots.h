/** @file
 *  Places of frames in the file, as ascending lists. */
#ifndef TESSERA_SLOTS_H
#define TESSERA_SLOTS_H

#include <stdint.h>

/** Length of the run of consecutive numbers with which @p slots begins.
 *  @param slots  [count], ascending, count >= 1 */
static inline int64_t slots_run(const int64_t *slots, int64_t count) {
    int64_t length = 1;
    while (length < count && slots[length] == slots[0] + length) length++;
    return length;
}

#endif
