/** @file
 *  Reads XPARM.XDS and GXPARM.XDS: what IDXREF and CORRECT of XDS (version 2010 and newer) found of beam, spindle,
 *  crystal and the segments of the detector. https://xds.mr.mpg.de/html_doc/xds_files.html#XPARM.XDS */
#ifndef TESSERA_XDS_GEOMETRY_H
#define TESSERA_XDS_GEOMETRY_H

#include "model/recorded_experiment.h"

#include <stddef.h>

/** True when @p text begins as such a file does. */
bool xds_looks_alike(const char *text);

/** Reads all that the text of such a file says. XDS' laboratory frame is any; it is turned so that the spindle is x and
 *  the beam, seen along x, (0,0,-1), as dials.import_xds does. Pixel (1,1) of XDS is the first one, its centre at
 * (1,1). The scan has one frame, the first: the file does not say how many there are.
 *  @param name        of the file, for messages
 *  @param text        [bytes], as text_read_text() leaves it
 *  @param experiment  set; the caller frees it, also after a failure
 *  @return BAD_FILE naming line and value: a field that is missing or no number, axes without direction, a segment that
 *          is not on the detector */
Status xds_experiment_of_text(const char *name, const char *text, size_t bytes, RecordedExperiment *experiment);

#endif
