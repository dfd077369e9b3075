/** @file
 *  Which pixels are computed: those of panels that no mask leaves out and that lie in the region of interest, as one
 * map.
 */
#ifndef TESSERA_ACTIVE_PIXELS_H
#define TESSERA_ACTIVE_PIXELS_H

#include "base/status.h"
#include "base/tile.h"
#include "formats/mask_image.h"
#include "model/detector.h"
#include "parameters/parameters.h"

/** Makes the map.
 *  @param geometry  whose masks hold, NULL: the detector has no file
 *  @param hdf5    reads a mask in HDF5; NULL: such a one is refused
 *  @param active  [slow][fast] of the canvas, 1 where a pixel is computed and 0 where it stays 0; NULL when all
 *                 are. The caller frees it
 *  @param pixels  number of ones
 *  @return BAD_FILE for a mask that cannot be read; BAD_PARAMETER when its size is not the detector's, or when no pixel
 *          is left; NO_MEMORY */
Status active_pixels_create(const Parameters *parameters, const Detector *detector, const DetectorGeometry *geometry,
                            MaskHdf5Reader *hdf5, uint8_t **active, int64_t *pixels, Notes *notes);

#endif
