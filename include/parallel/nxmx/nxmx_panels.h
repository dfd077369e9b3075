/** @file
 *  Where the panels of a detector are, in the file: a module for each, with the pixels of the image that it covers and
 * a chain of its own, rotation -> offset -> those of its group -> det_z. A detector of one panel has another, shorter
 *  form. For one process. */
#ifndef TESSERA_NXMX_PANELS_H
#define TESSERA_NXMX_PANELS_H

#include "base/status.h"
#include "formats/nexus_geometry.h"
#include "model/detector.h"

#include <hdf5.h>

/** Where the chains end. */
#define NXMX_DETECTOR_Z "/entry/instrument/detector/transformations/det_z"

/** Writes rotations and offsets of groups and panels into an open group of transformations that holds det_z; nothing
 * for one panel. */
Status nxmx_panels_place(hid_t transformations, const Detector *detector, const NexusGeometry *geometry);

/** Writes a module for each panel into an open detector: module_0 and so on, with zeros such that their names are in
 * the order of the panels. */
Status nxmx_panels_write(hid_t nxdetector, const Detector *detector);

/** Writes the panel's own sensor into its module: thickness, 0 where it is ignored, and attenuation length. */
Status nxmx_panels_write_sensor(hid_t module, const Panel *panel);

/** Writes axes and corner in the laboratory frame: [3] of the only panel, else [panels][3]. */
Status nxmx_panels_write_native(hid_t group, const Detector *detector);

#endif
