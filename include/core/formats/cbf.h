/** @file
 *  The byte-offset compression of CBF images (CBFlib, "x-CBF_BYTE_OFFSET"). */
#ifndef TESSERA_CBF_H
#define TESSERA_CBF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes that @p pixels take when packed.
 *  @param pixels  [count] */
size_t cbf_packed_bytes(const int32_t *pixels, int64_t count);

/** Packs @p pixels: the differences of neighbours in as few bytes as they need, low byte first.
 *  @param packed  [cbf_packed_bytes] */
void cbf_pack(const int32_t *pixels, int64_t count, uint8_t *packed);

/** Reads one difference, and moves @p next behind it.
 *  @return false where the bytes end within it */
bool cbf_unpack(const uint8_t **next, const uint8_t *end, int64_t *difference);

#endif
