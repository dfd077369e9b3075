/** @file
 *  Point spread: the photons that fall into the middle of a pixel are counted in its neighbours too. */
#ifndef TESSERA_POINT_SPREAD_H
#define TESSERA_POINT_SPREAD_H

#include "base/status.h"
#include "base/tile.h"
#include "model/detector.h"
#include "parameters/parameters.h"

/** Shape and reach of the point spread. Plain data. */
typedef struct PointSpread {
    PointSpreadKind kind; /**< PSF_NONE: nothing spreads */
    double fwhm_pixels;   /**< full width at half maximum */
    int64_t radius;       /**< pixels to each side beyond which nothing is spread; 0 for PSF_NONE */
} PointSpread;

/** What detector.psf and its companions say.
 *  @return BAD_PARAMETER for a spread without a width, or of more than 1000 pixels' reach */
Status point_spread_create(const Parameters *parameters, const Detector *detector, PointSpread *spread);

/** The part of a pixel's photons that is counted in each pixel of the window around it; all parts together are 1.
 *  @param weights  PSF_GAUSS: [2 radius + 1], a factor for each axis; PSF_FIBER: [2 radius + 1][2 radius + 1]; NULL for
 *                  PSF_NONE. The caller frees them */
Status point_spread_weights(const PointSpread *spread, double **weights);

/** The part that stays in the pixel itself; 1 for PSF_NONE. */
double point_spread_middle(const PointSpread *spread, const double *weights);

/** Whole rows of photons. */
typedef struct PhotonRows {
    Range rows;          /**< slow */
    int64_t fast_pixels; /**< width of the detector */
    double *photons;     /**< [rows][fast_pixels] */
} PhotonRows;

/** Spread photons of one row of pixels. Each is a sum in an order of its own, whatever rows and columns are asked for.
 *  What would come from beyond @p source is 0.
 *  @param source   at least all rows of the detector within the radius of row @p slow
 *  @param columns  of row @p slow that are wanted
 *  @param scratch  [fast_pixels]
 *  @param spread_photons  [fast_pixels]; only @p columns are written */
void point_spread_row(const PointSpread *spread, const double *weights, const PhotonRows *source, int64_t slow,
                      Range columns, double *scratch, double *spread_photons);

#endif
