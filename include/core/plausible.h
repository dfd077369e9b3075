/** @file
 *  Values that are accepted and that no experiment has: mostly a wrong unit. */
#ifndef TESSERA_PLAUSIBLE_H
#define TESSERA_PLAUSIBLE_H

#include "parameters.h"
#include "sweep.h"

/** Remarks on given values, and on those of the frames of @p sweep, that lie outside the range of real experiments. */
void plausible_note(const Parameters *parameters, const Sweep *sweep, Notes *notes);

#endif
