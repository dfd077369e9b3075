/** @file
 *  What nanoBragg prints of an image, in its words. */
#ifndef TESSERA_NANOBRAGG_REPORT_H
#define TESSERA_NANOBRAGG_REPORT_H

#include "run/nanobragg_files.h"

#include <stdio.h>

/** Statistics, scales and the files that were written. */
void nanobragg_report(FILE *out, const Parameters *parameters, const Experiment *experiment,
                      const NanobraggReport *report);

/** What the last step had at output.printout_pixel, or at every computed pixel.
 *  @param image  [slow][fast] of frame @p frame */
void nanobragg_report_pixels(FILE *out, const Parameters *parameters, const Experiment *experiment, int64_t frame,
                             const float *image);

#endif
