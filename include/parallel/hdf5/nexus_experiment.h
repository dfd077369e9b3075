/** @file
 *  What an NXmx file, ours or a beamline's, says beside the detector: beam, goniometer, scan and crystals. */
#ifndef TESSERA_NEXUS_EXPERIMENT_H
#define TESSERA_NEXUS_EXPERIMENT_H

#include "model/recorded_experiment.h"

/** Reads them. A file of Tessera has the crystals of each frame, another one at most its sample's UB matrix; without
 *  either, one shot without a crystal has the beam and the scan.
 *  @param experiment  its detectors stay empty; the caller frees it, also after a failure
 *  @param notes       what is in the file and is not taken
 *  @return BAD_FILE naming the file and what cannot be understood: a wavelength that is none, angles without equal
 *          steps, several axes that turn, matrices that are not three by three or not finite */
Status nexus_experiment_read(const char *path, RecordedExperiment *experiment, Notes *notes);

#endif
