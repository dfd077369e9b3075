/** @file
 *  Strict reading of SMV images (ADSC): a text header "{ KEY=VALUE; ... }", then unsigned 16-bit pixels. */
#ifndef TESSERA_SMV_H
#define TESSERA_SMV_H

#include "base/status.h"
#include "parameters/parameters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** An SMV file. Owns text and pixels: smv_free frees them. */
typedef struct SmvImage {
    const char *path; /**< for messages; borrowed */
    char *header;     /**< the text between the braces, ending with a zero */
    int64_t fast_pixels, slow_pixels;
    uint16_t *pixels; /**< [slow][fast] in this machine's byte order; NULL when only the header was read */
} SmvImage;

/** Reads an image.
 *  @param image  the caller frees it
 *  @return BAD_FILE naming the file when it is missing, has no or a contradictory header, is too short for its pixels,
 *          or holds anything but unsigned 16-bit pixels; NO_MEMORY */
Status smv_read(const char *path, SmvImage *image);

/** Reads the header alone, whatever follows it. */
Status smv_read_header(const char *path, SmvImage *image);

/** Reads the image that row @p row names, or its header alone. */
Status smv_read_input(const Parameters *parameters, int row, bool with_pixels, SmvImage *image);

/** Frees what @p image owns; accepts one that is all zero. */
void smv_free(SmvImage *image);

/** The value of exactly this key, without blanks at its ends; of a key that stands there twice, the last one.
 *  @param value  [value_bytes]; "" when there is no such key
 *  @return BAD_FILE when the value is too long */
Status smv_text(const SmvImage *image, const char *key, char *value, size_t value_bytes);

/** The number of exactly this key.
 *  @param number  NAN when there is no such key
 *  @return BAD_FILE when the value is no finite number */
Status smv_number(const SmvImage *image, const char *key, double *number);

/** True on a machine that stores the low byte first. */
bool smv_machine_is_little_endian(void);

#endif
