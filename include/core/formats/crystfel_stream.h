/** @file
 *  Reads streams of CrystFEL (.stream): the geometry, and the crystals that were indexed in each image. */
#ifndef TESSERA_CRYSTFEL_STREAM_H
#define TESSERA_CRYSTFEL_STREAM_H

#include "formats/crystfel_geometry.h"
#include "model/recorded_experiment.h"

/** Reads the text of a stream, which is changed: one shot for each crystal, with a beam for each image. Images without
 *  a crystal are left out.
 *  @param name        of the file, for messages
 *  @param experiment  the caller frees it, also after a failure
 *  @return BAD_FILE naming file and line */
Status crystfel_stream_read(const char *name, char *text, CrystfelOptions options, RecordedExperiment *experiment,
                            Notes *notes);

#endif
