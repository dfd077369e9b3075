/** @file
 *  What can be told before a run of how bright it will be, and after it why it is dark. */
#ifndef TESSERA_OUTLOOK_H
#define TESSERA_OUTLOOK_H

#include "model/experiment.h"

/** Remarks that no reflection but 000 can be excited, that the list of structure factors ends before the detector does,
 * and that the fluence is too low for a single photon.
 *  @param experiment  complete but for its limits
 *  @return BAD_PARAMETER or BAD_FILE when every frame must be exactly 0, unless run.empty accepts that */
Status outlook_check(const Parameters *parameters, const Experiment *experiment, Notes *notes);

/** Where the list of structure factors ends: the smallest spacing (m) of a reflection that is not 0; 0 without a list.
 */
double outlook_end_of_reflections(const Experiment *experiment);

/** What frames have turned out to be. */
typedef struct OutlookResult {
    int64_t frames;          /**< that were rendered */
    double brightest;        /**< greatest sum of a frame's image, photons or counts */
    double expected_photons; /**< of all frames of counts that are 0, together */
} OutlookResult;

/** The bytes of outlook_dark()'s text. */
enum { OUTLOOK_TEXT_BYTES = 512 };

/** True when all frames are dark, or will be as soon as photons are counted; then @p text says so and why.
 *  @param text  [OUTLOOK_TEXT_BYTES] */
bool outlook_dark(const Experiment *experiment, OutlookResult result, char *text);

#endif
