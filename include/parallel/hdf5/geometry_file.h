/** @file
 *  Reads the geometry of a detector from a file of any form that is known: .expt of DIALS, .geom and .stream of
 * CrystFEL, XPARM.XDS, NXmx. A further form is one row of the table in geometry_file.c. For one process. */
#ifndef TESSERA_GEOMETRY_FILE_H
#define TESSERA_GEOMETRY_FILE_H

#include "formats/crystfel_geometry.h"
#include "model/panel_geometry.h"

/** How it is to be read. */
typedef struct GeometryRequest {
    const char *path;         /**< to open it by */
    const char *name;         /**< for messages, and for the folder of the masks that it names; NULL: the path */
    CrystfelOptions crystfel; /**< of a .geom */
    bool own_mask;            /**< detector.mask is given, so that masks which the file names do not count */
    bool confined;            /**< the file may not name others (run.sandbox_inputs) */
} GeometryRequest;

/** Reads panels, groups and bad pixels, also those of mask files in HDF5; none of these is left in @p geometry.
 *  @param geometry  the caller frees it, also after a failure
 *  @return BAD_FILE for a file that is none of these, or as their readers do; and for a mask that cannot be read, as
 *          pickles of Python cannot: names it, and detector.mask as the way out */
Status geometry_file_read(const GeometryRequest *request, DetectorGeometry *geometry, Notes *notes);

/** The forms, told by the first bytes. */
typedef enum GeometryForm {
    GEOMETRY_DIALS,
    GEOMETRY_NEXUS,
    GEOMETRY_STREAM,
    GEOMETRY_CRYSTFEL,
    GEOMETRY_XDS
} GeometryForm;

/** Tells the form of a file.
 *  @return BAD_FILE when it cannot be read or has none of them */
Status geometry_file_form(const char *path, GeometryForm *form);

/** Reads the mask files of @p geometry, adds their bad pixels to its masks and removes them from it.
 *  @param name  the geometry's file, from whose folder they count */
Status geometry_masks_read(const GeometryRequest *request, DetectorGeometry *geometry, Notes *notes);

#endif
