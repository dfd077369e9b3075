/** @file
 *  Arrays as numpy.save writes them: formats 1.0, 2.0 and 3.0, of truths, integers and real numbers. */
#ifndef TESSERA_NPY_H
#define TESSERA_NPY_H

#include "formats/mask_image.h"

/** Reads a mask [slow][fast].
 *  @param contents  the file, [bytes]
 *  @param image     its path is set; the caller frees it whatever is returned
 *  @return BAD_FILE for a file that is cut off or longer than its array, for arrays of objects and of other types than
 *          these, and for a value that is no number; BAD_PARAMETER for another shape than the detector's; NO_MEMORY */
Status npy_read_mask(const char *contents, size_t bytes, const Detector *detector, MaskImage *image);

#endif
