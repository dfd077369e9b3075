/** @file
 *  The detector of any NXmx file, ours or a beamline's: its modules, each placed by its own chain of transformations.
 */
#ifndef TESSERA_NEXUS_PANELS_H
#define TESSERA_NEXUS_PANELS_H

#include "model/panel_geometry.h"

#include <hdf5.h>

/** Reads the modules of the file's only NXdetector; its pixel_mask becomes a mask file.
 *  @param geometry  the caller frees it, also after a failure
 *  @return BAD_FILE naming the file and what is missing, is no finite number or cannot be understood, or a chain of
 *          transformations that does not end */
Status nexus_panels_read(const char *path, DetectorGeometry *geometry, Notes *notes);

/** The same of an open file. */
Status nexus_panels_of_file(hid_t file, const char *path, DetectorGeometry *geometry, Notes *notes);

/** What an NXmx file says of the beam; NAN where it does not. Plain data. */
typedef struct NexusBeam {
    double wavelength_m; /**< of the first image */
    double polarization; /**< Kahn factor, along x of McStas' frame */
} NexusBeam;

/** Reads the beam.
 *  @return BAD_FILE when the file cannot be opened */
Status nexus_beam_read(const char *path, NexusBeam *beam);

#endif
