/** @file
 *  What the frames of a sweep set, known before anything is computed: columns of /entry/simulation/frames named after
 * the parameters, and frames/crystals, a row for each crystal, where frames have several. */
#ifndef TESSERA_FRAME_VALUES_H
#define TESSERA_FRAME_VALUES_H

#include "base/tile.h"
#include "model/experiment.h"

#include <hdf5.h>

/** Writes them into the open group. */
Status frame_values_write(hid_t group, const Experiment *experiment, Range frames);

/** Mean wavelength (m) and fluence (1/m^2) of the beam in each frame, and whether the sweep makes them differ: all
 *  parts of a sweep say the same, so that they can be merged.
 *  @param wavelengths_m, fluences_per_m2  [range_length]
 *  @return NO_MEMORY */
Status frame_values_beam(const Experiment *experiment, Range frames, double *wavelengths_m, double *fluences_per_m2,
                         bool *wavelengths_differ, bool *fluences_differ);

/** Bytes that frame_values_write needs for each frame. */
double frame_values_bytes(const Experiment *experiment);

#endif
