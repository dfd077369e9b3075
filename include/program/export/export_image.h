/** @file
 *  Writes one frame of an NXmx file in other programs' formats. Every writer replaces its file whole: it grows as
 *  FILE.partial and gets its name at the end. */
#ifndef TESSERA_EXPORT_IMAGE_H
#define TESSERA_EXPORT_IMAGE_H

#include "base/status.h"
#include "export/assembled_view.h"
#include "nxmx/nxmx_read.h"

#include <stdint.h>

/** A frame to be written. Borrows all that it points to. */
typedef struct ExportFrame {
    const char *source; /**< name of the NXmx file, for the record */
    const NxmxDescription *description;
    const DetectorGeometry *panels;
    const NxmxFrame *record;
    int64_t frame;        /**< place in the file, from 0 */
    bool expected;        /**< the expected photons beside counts */
    const double *pixels; /**< [slow][fast] */
    const uint32_t *mask; /**< [slow][fast] by NXmx's bits; NULL: all pixels are good */
    double scale;         /**< factor of the pixels in integer formats */
} ExportFrame;

/** Pixels whose value did not fit. */
typedef struct ExportLosses {
    int64_t overloads; /**< above the greatest integer of the format, cut to it */
    int64_t negatives; /**< below 0, made 0 */
} ExportLosses;

/** How levels of a picture are made. */
typedef struct ExportPicture {
    bool logarithmic;
    double low, high;       /**< values of levels 0 and 255; NAN: chosen from the image */
    const uint8_t *colours; /**< [COLOUR_MAP_BYTES] */
} ExportPicture;

/** What an SMV or miniCBF header cannot say of the geometry, as a sentence.
 *  @param flippable  writing the rows in reverse order is all that is needed
 *  @return false when it can say everything */
bool export_header_misses(const NxmxDescription *description, char *what, size_t bytes, bool *flippable);

/** The description of the image with its rows in reverse order. */
NxmxDescription export_flipped(const NxmxDescription *description);

/** SMV with unsigned 16-bit pixels: value x scale, rounded; bad and negative pixels are 0. */
Status export_smv(const char *path, const ExportFrame *frame, ExportLosses *losses);

/** miniCBF with signed 32-bit pixels: value x scale, rounded; pixels that are not computed are -1, bad ones -2. */
Status export_cbf(const char *path, const ExportFrame *frame, ExportLosses *losses);

/** PNG.
 *  @param view  of the panels; NULL: the image as it is */
Status export_png(const char *path, const ExportFrame *frame, const ExportPicture *picture, const AssembledView *view);

/** Raw little-endian [slow][fast], counts as int32 and expected photons as float32, and PATH.json with shape, units,
 * geometry and the frame's record. */
Status export_raw(const char *path, const ExportFrame *frame);

#endif
