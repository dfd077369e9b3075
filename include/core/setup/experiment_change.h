/** @file
 *  What frames of a sweep change in their experiment. */
#ifndef TESSERA_EXPERIMENT_CHANGE_H
#define TESSERA_EXPERIMENT_CHANGE_H

#include "model/experiment.h"

/** Makes these parts of @p own anew, and what is made from them; @p own is a copy of @p base with its own sources and
 *  domains, and grid and table where there are any of the base and frames scale structure factors differently.
 *  @param parts    bits of ParameterPart
 *  @param renders  false: mosaic domains are only counted, structure factors left as they are
 *  @return BAD_PARAMETER when the values do not go together, NO_MEMORY */
Status experiment_change(const Experiment *base, const Parameters *parameters, int64_t frame, int64_t crystal,
                         unsigned parts, bool renders, Experiment *own);

/** Sets the coefficients of all sources, for which there must be room, where |F| differs between wavelengths. */
void experiment_set_coefficients(Experiment *experiment);

/** The beam's spectrum in a frame; without lines where the sweep has none. */
BeamSpectrum experiment_spectrum(const Sweep *sweep, int64_t frame);

/** Turns a sweep's grid of orientations to the crystal's lattice. */
void experiment_align_grid(Experiment *experiment);

#endif
