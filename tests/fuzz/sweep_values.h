/** @file
 *  What must hold of a sweep that has been read. */
#ifndef TESSERA_SWEEP_VALUES_H
#define TESSERA_SWEEP_VALUES_H

#include "model/sweep.h"

/** Aborts unless the first frames of the sweep have values that make sense. */
void check_sweep(const Sweep *sweep);

#endif
