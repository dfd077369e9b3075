/** @file
 *  Reads experiments of DIALS (.expt, .json): lists of experiments with their models, as dxtbx writes them. */
#ifndef TESSERA_DIALS_EXPERIMENT_H
#define TESSERA_DIALS_EXPERIMENT_H

#include "base/json.h"
#include "model/recorded_experiment.h"

/** Reads one detector: its panels, placed by their hierarchy where there is one. Panels stand one after another along
 *  the slow axis of the canvas unless their raw_image_offset places them.
 *  @param detector  an object with "panels"
 *  @param geometry  the caller frees it
 *  @return BAD_FILE naming file, line and JSON path: a key that is missing, a number that is not finite, axes that are
 *          not at right angles, a panel that the hierarchy does not hold, holds twice or that does not exist */
Status dials_detector_read(JsonNode detector, DetectorGeometry *geometry);

/** Reads the file @p path with all models that experiments use. Masks, which are pickles of Python, become mask files
 *  without a dataset.
 *  @param experiment  the caller frees it, also after a failure
 *  @param notes       what is in the file and has no place in a recorded experiment
 *  @return BAD_FILE as above */
Status dials_experiment_read(const char *path, RecordedExperiment *experiment, Notes *notes);

/** Reads the detector of the file @p path alone: the one that its experiments use.
 *  @param geometry  the caller frees it, also after a failure
 *  @return BAD_FILE as above, and when experiments use several */
Status dials_detector_of_file(const char *path, DetectorGeometry *geometry);

#endif
