/** @file
 *  Masks in HDF5 files: detector.mask and detector.mask_dataset. */
#ifndef TESSERA_MASK_FILE_H
#define TESSERA_MASK_FILE_H

#include "formats/mask_image.h"

/** A MaskHdf5Reader, for one rank: reads the dataset [slow][fast], or [1][slow][fast], that detector.mask_dataset
 * names; without that /entry/instrument/detector/pixel_mask, or else the only dataset of numbers of the detector's
 * shape. A note says which was found. Links to other files are not followed.
 *  @return BAD_FILE also where there is none or several, which are listed */
Status mask_file_read(const Parameters *parameters, const Detector *detector, MaskImage *image, Notes *notes);

#endif
