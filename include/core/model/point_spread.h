/** @file
 *  Point spread: the photons that fall into the middle of a pixel are counted in its neighbours too. */
#ifndef TESSERA_POINT_SPREAD_H
#define TESSERA_POINT_SPREAD_H

#include "base/status.h"
#include "base/tile.h"
#include "model/detector.h"
#include "parameters/parameters.h"

/** Shape and reach of the point spread, the same on all panels. Plain data. */
typedef struct PointSpread {
    PointSpreadKind kind;  /**< PSF_NONE: nothing spreads */
    double fwhm_m;         /**< full width at half maximum */
    int64_t radius_pixels; /**< to each side, beyond which nothing is spread; PARAMETER_AUTO: by the width */
    int64_t reach;         /**< the greatest radius along slow on any panel; 0 for PSF_NONE */
} PointSpread;

/** The same in the pixels of a panel, along fast and slow. Plain data. */
typedef struct SpreadWindow {
    PointSpreadKind kind;
    double fwhm_pixels[2];
    int64_t radius[2]; /**< 0 for PSF_NONE */
} SpreadWindow;

/** What detector.psf and its companions say.
 *  @return BAD_PARAMETER for a spread without a width, or of more than 1000 pixels' reach */
Status point_spread_create(const Parameters *parameters, const Detector *detector, PointSpread *spread);

/** The window of a panel's pixels. */
SpreadWindow point_spread_window(const PointSpread *spread, const Panel *panel);

/** The part of a pixel's photons that is counted in each pixel of the window around it; all parts together are 1.
 *  @param weights  PSF_GAUSS: a factor for each axis, [2 radius + 1] along slow and then [2 radius + 1] along fast;
 *                  PSF_FIBER: [2 radius + 1][2 radius + 1], fast varying fastest; NULL for PSF_NONE. The caller frees
 *                  them */
Status point_spread_weights(const SpreadWindow *window, double **weights);

/** The part that stays in the pixel itself; 1 for PSF_NONE. */
double point_spread_middle(const SpreadWindow *window, const double *weights);

/** Whole rows of photons. */
typedef struct PhotonRows {
    Range rows;          /**< slow */
    int64_t fast_pixels; /**< width of the canvas */
    double *photons;     /**< [rows][fast_pixels] */
} PhotonRows;

/** Spread photons of one row of a panel's pixels. Each is a sum in an order of its own, whatever rows and columns are
 *  asked for. Nothing comes from beyond the panel or beyond @p source.
 *  @param source   at least all rows of the panel within the radius of row @p slow
 *  @param panel    its pixels of the canvas
 *  @param slow     row of the canvas
 *  @param columns  of row @p slow that are wanted, all of the panel
 *  @param scratch  [fast_pixels]
 *  @param spread_photons  [fast_pixels]; only @p columns are written */
void point_spread_row(const SpreadWindow *window, const double *weights, const PhotonRows *source, Tile panel,
                      int64_t slow, Range columns, double *scratch, double *spread_photons);

#endif
