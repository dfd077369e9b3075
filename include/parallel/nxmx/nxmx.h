/** @file
 *  The structure of the NXmx file: every group, attribute and small value, and the empty images. For one process. */
#ifndef TESSERA_NXMX_H
#define TESSERA_NXMX_H

#include "base/status.h"
#include "hdf5/hdf5_inside.h"
#include "model/experiment.h"
#include "nxmx/data_files.h"
#include "nxmx/provenance.h"
#include "parameters/parameters.h"

#include <hdf5.h>

/** Number of images, where Neggia (XDS) looks for it. */
#define NXMX_FRAME_COUNT "/entry/instrument/detector/detectorSpecific/nimages"

/** What the file is made from. Borrows all that it points to. */
typedef struct NxmxContents {
    const char *complete_path; /**< of the file when it is complete */
    const Parameters *parameters;
    const Experiment *experiment;
    const Provenance *provenance;
    Range frames;    /**< absolute numbers */
    DataFiles files; /**< where the images lie */
} NxmxContents;

/** Type of the pixels of the main dataset. */
hid_t nxmx_image_type(OutputImages images);

/** Bytes of the images alone that the file itself holds. */
double nxmx_image_bytes(const NxmxContents *contents);

/** Bytes that the file will have, nearly. */
double nxmx_bytes(const NxmxContents *contents);

/** Writes everything but pixels and sessions into a new, empty file. */
Status nxmx_create(hid_t file, const NxmxContents *contents);

/** An error unless what nxmx_complete writes to is there or can be added, and is one text each. */
Status nxmx_check_end(hid_t file);

/** Adds what a file of an older version lacks and nxmx_complete writes to. */
Status nxmx_make_room_for_end(hid_t file);

/** Writes the times that only a complete file has to an open file. Changes nothing but values. */
Status nxmx_complete(hid_t file);

#endif
