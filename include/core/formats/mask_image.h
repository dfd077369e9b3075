/** @file
 *  The image that detector.mask names: an SMV image, an array of numpy, a CBF image or a dataset of an HDF5 file, in
 * one form, and which of its values mark pixels that are computed. */
#ifndef TESSERA_MASK_IMAGE_H
#define TESSERA_MASK_IMAGE_H

#include "base/status.h"
#include "model/detector.h"
#include "parameters/parameters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Told by the first bytes. */
typedef enum MaskForm { MASK_SMV, MASK_NPY, MASK_CBF, MASK_HDF5 } MaskForm;

/** All that the rules ask of a value. */
typedef enum MaskSign { MASK_ZERO, MASK_POSITIVE, MASK_NEGATIVE } MaskSign;

/** What the form says of the values, where the user does not. */
typedef enum MaskKind {
    MASK_OF_NUMBERS,  /**< 0 is not computed: the rule of detector.mask */
    MASK_OF_TRUTHS,   /**< False is not computed: the same */
    MASK_OF_FAULTS,   /**< NXmx pixel_mask: 0 is good */
    MASK_OF_INTENSITY /**< an image of a detector: what is not counted is negative */
} MaskKind;

/** A mask of the detector's size. Owns its values: mask_image_free. */
typedef struct MaskImage {
    const char *path; /**< for messages; borrowed */
    MaskKind kind;
    uint8_t *signs; /**< [slow][fast] of MaskSign */
} MaskImage;

/** Reads a dataset of the HDF5 file detector.mask; core does not know that form.
 *  @param image  its path is set; the caller frees it whatever is returned */
typedef Status MaskHdf5Reader(const Parameters *parameters, const Detector *detector, MaskImage *image, Notes *notes);

/** Looks at the first bytes of detector.mask.
 *  @return BAD_FILE for a file that cannot be read, and for forms that are known and not read: names them */
Status mask_image_form(const Parameters *parameters, MaskForm *form);

/** Reads detector.mask.
 *  @param hdf5   NULL: HDF5 is refused
 *  @param image  the caller frees it whatever is returned
 *  @return BAD_FILE, BAD_PARAMETER for another size than the detector's (with both shapes), NO_MEMORY */
Status mask_image_read(const Parameters *parameters, const Detector *detector, MaskHdf5Reader *hdf5, MaskImage *image,
                       Notes *notes);

/** Frees what @p image owns; accepts one that is all zero. */
void mask_image_free(MaskImage *image);

/** An error where a mask's shape is not the detector's; says so where it is the transposed one.
 *  @param what  of the file, for the message: " dataset /mask", or "" */
Status mask_image_check_shape(const char *path, const char *what, int64_t slow_pixels, int64_t fast_pixels,
                              const Detector *detector);

/** Makes room for the signs of the detector's pixels. */
Status mask_image_allocate(const Detector *detector, MaskImage *image);

/** Sets @p active to which pixels are computed, by detector.mask_values or, where that is auto, by what the form says;
 *  a note says what was taken.
 *  @param active  [slow][fast] of the detector
 *  @return BAD_FILE where auto does not make sense of the values */
Status mask_image_apply(const Parameters *parameters, const Detector *detector, const MaskImage *image, uint8_t *active,
                        Notes *notes);

/** The sign of a number; NAN counts as positive. */
static inline uint8_t mask_sign(double value) {
    return value == 0.0 ? MASK_ZERO : value < 0.0 ? MASK_NEGATIVE : MASK_POSITIVE;
}

#endif
