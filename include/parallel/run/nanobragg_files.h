/** @file
 *  The files that nanoBragg writes, of a run's first frame, and the two that only say how the run was made. */
#ifndef TESSERA_NANOBRAGG_FILES_H
#define TESSERA_NANOBRAGG_FILES_H

#include "base/status.h"
#include "model/experiment.h"
#include "nanobragg/nanobragg_image.h"
#include "parameters/parameters.h"

/** What was written, and what nanoBragg says of it. */
typedef struct NanobraggReport {
    ImageStatistics statistics;
    double int_scale, pgm_scale;
    double photons; /**< on the noise image */
    int64_t overloads;
} NanobraggReport;

/** True when one of these files is asked for. */
bool nanobragg_files_wanted(const Parameters *parameters);

/** True when the last steps of pixels are to be printed: of all, or of output.printout_pixel. */
bool nanobragg_files_print_pixels(const Parameters *parameters);

/** True when one of them, or output.printout, needs the pixels of the first frame. */
bool nanobragg_files_need_image(const Parameters *parameters);

/** Checks that all of them can be written. Local.
 *  @param replaces  existing ones are replaced even without run.overwrite or run.resume
 *  @return BAD_PARAMETER when one exists, or two have the same name; OUTPUT_FAILED when a folder takes no file */
Status nanobragg_files_check(const Parameters *parameters, bool replaces);

/** Writes them all, each by way of FILE.partial, so that no half file is ever seen under its name. Local.
 *  @param frame   number of the frame in the sweep
 *  @param image   [slow][fast] its expected photons; NULL when no file needs it
 *  @param report  filled when there is an image */
Status nanobragg_files_write(const Parameters *parameters, const Experiment *experiment, int64_t frame,
                             const float *image, NanobraggReport *report);

#endif
