/** @file
 *  Reads detector geometries of CrystFEL (.geom). */
#ifndef TESSERA_CRYSTFEL_GEOMETRY_H
#define TESSERA_CRYSTFEL_GEOMETRY_H

#include "model/panel_geometry.h"

/** How a geometry is to be read. */
typedef struct CrystfelOptions {
    double clen_m;   /**< camera length in the place of the file's `clen`; NAN: the file's */
    bool exact_axes; /**< keep fs and ss as they are, with pixels of their lengths; else the nearest pair at right
                          angles, of length 1, is turned about the middle of each panel, unless they are at right
                          angles and of other lengths by more than 1 %: pixels that are no squares */
} CrystfelOptions;

/** What a geometry says of the beam. Plain data. */
typedef struct CrystfelBeam {
    double energy_ev; /**< NAN where it gives no number */
    char place[256];  /**< where else it says that the energy or wavelength is: a place in the image files; "" none */
    double bandwidth; /**< rms of the wavelength over its mean; NAN: none given */
} CrystfelBeam;

/** Reads the text of a geometry, which is changed.
 *  @param name        of the file, for messages
 *  @param first_line  number of the text's first line in it
 *  @param text        ends with a zero byte; its lines end in "\n" alone
 *  @param geometry    the caller frees it, also after a failure
 *  @param beam        may be NULL
 *  @param notes       what was turned to be at right angles, and what is in the file and has no effect
 *  @return BAD_FILE naming file, line and value: a key that a panel lacks, a camera length that is a place in another
 *          file and none in @p options, numbers that are not finite, panels that overlap in the data, a group or region
 *          of a panel that there is none of */
Status crystfel_geometry_of_text(const char *name, int64_t first_line, char *text, CrystfelOptions options,
                                 DetectorGeometry *geometry, CrystfelBeam *beam, Notes *notes);

#endif
