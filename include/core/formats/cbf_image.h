/** @file
 *  Images in CBF files (imgCIF) with byte-offset compression: miniCBF of Pilatus and Eiger, images of XDS. */
#ifndef TESSERA_CBF_IMAGE_H
#define TESSERA_CBF_IMAGE_H

#include "formats/mask_image.h"

/** Reads the only image of a file as a mask.
 *  @param contents  the file, [bytes]
 *  @param image     its path is set; the caller frees it whatever is returned
 *  @return BAD_FILE for a file that is cut off, has several images or none, another compression (named) or values
 * beyond their type; BAD_PARAMETER for another shape than the detector's; NO_MEMORY */
Status cbf_read_mask(const char *contents, size_t bytes, const Detector *detector, MaskImage *image);

#endif
