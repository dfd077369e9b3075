/** @file
 *  Lists of frames and spectra in HDF5, as the sweep takes them. */
#ifndef TESSERA_SWEEP_FILES_H
#define TESSERA_SWEEP_FILES_H

#include "model/experiment.h"

/** The same as experiment_create, with sweep.file and beam.spectrum in HDF5 too. For one rank.
 *
 *  A list holds, at the top of the file, a dataset for each column: [rows] numbers, named as in a CSV list;
 *  [rows, n] for a row of the parameter table that has n values; `quaternion` [rows, 4] and `ub` [rows, 3, 3]. An
 *  attribute `units` is checked. A spectrum holds `energies` [m] in eV, ascending, and `weights` [m] or [frames, m]. */
Status sweep_files_experiment(const Parameters *parameters, Experiment **experiment, Notes *notes);

#endif
