/** @file
 *  From parameters and the files that they name to a checked experiment. */
#ifndef TESSERA_EXPERIMENT_CREATE_H
#define TESSERA_EXPERIMENT_CREATE_H

#include "formats/mask_image.h"
#include "model/experiment.h"

/** Reads and checks everything that @p parameters name.
 *  @param experiment  the caller destroys it
 *  @param notes       choices made automatically and warnings; may be NULL
 *  @return the first failure, before anything is computed or written */
Status experiment_create(const Parameters *parameters, Experiment **experiment, Notes *notes);

/** What is read by somebody who knows the format. */
typedef struct ExperimentInputs {
    SweepInputs sweep;              /**< list or spectrum */
    MaskHdf5Reader *mask;           /**< NULL: a mask in HDF5 is refused */
    const DetectorGeometry *panels; /**< of the detector; NULL: it is the one panel of the parameters. Borrowed */
} ExperimentInputs;

/** The same with such inputs. */
Status experiment_create_from(const Parameters *parameters, const ExperimentInputs *inputs, Experiment **experiment,
                              Notes *notes);

#endif
