/** @file
 *  What the ancestor prints of an image, in its words. */
#ifndef TESSERA_ANCESTOR_REPORT_H
#define TESSERA_ANCESTOR_REPORT_H

#include "ancestor_files.h"

#include <stdio.h>

/** Statistics, scales and the files that were written. */
void ancestor_report(FILE *out, const Parameters *parameters, const Experiment *experiment,
                     const AncestorReport *report);

/** What the last step had at output.printout_pixel, or at every computed pixel.
 *  @param image  [slow][fast] of frame @p frame */
void ancestor_report_pixels(FILE *out, const Parameters *parameters, const Experiment *experiment, int64_t frame,
                            const float *image);

#endif
