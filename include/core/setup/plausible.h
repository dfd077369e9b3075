/** @file
 *  Values that are accepted and that no experiment has: mostly a wrong unit. */
#ifndef TESSERA_PLAUSIBLE_H
#define TESSERA_PLAUSIBLE_H

#include "model/experiment.h"

/** Remarks on given values, and on those of the frames of @p sweep, that lie outside the range of real experiments. */
void plausible_note(const Parameters *parameters, const Sweep *sweep, Notes *notes);

/** Remarks on what files say and no parameter holds: edges of the cells of orientation matrices, wavelengths of sources
 * and spectra, and how far the table of a background goes. @p experiment is complete to its background. */
void plausible_note_files(const Parameters *parameters, const Experiment *experiment, Notes *notes);

#endif
