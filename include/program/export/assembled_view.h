/** @file
 *  The panels of a detector as they are seen along the beam. */
#ifndef TESSERA_ASSEMBLED_VIEW_H
#define TESSERA_ASSEMBLED_VIEW_H

#include "base/status.h"
#include "model/panel_geometry.h"

/** A picture of square points, as large as the smallest edge of a pixel, or larger where panels lie far apart. Plain
 * data but for what assembled_view_free frees. */
typedef struct AssembledView {
    int64_t rows, columns;
    int64_t
        *pixel; /**< [rows][columns] number of the pixel on the image that a point shows; -1 between panels. Owned */
} AssembledView;

/** Makes the view, y up and x to the right in the panels' frame: a panel that faces the beam appears as its image.
 *  @param view  the caller frees it
 *  @return NO_MEMORY */
Status assembled_view_create(const DetectorGeometry *panels, AssembledView *view);

/** Frees what @p view owns. */
void assembled_view_free(AssembledView *view);

/** Takes the values of an image; NAN between panels.
 *  @param points  [rows][columns] */
void assembled_view_take(const AssembledView *view, const double *pixels, double *points);

#endif
