/** @file
 *  A detector's geometry in the forms of other programs. */
#ifndef TESSERA_EXPORT_GEOMETRY_H
#define TESSERA_EXPORT_GEOMETRY_H

#include "base/status.h"

#include <stdbool.h>

/** What is asked for. */
typedef struct GeometryExport {
    const char *file, *output; /**< any file with a geometry, and the file to write */
    bool crystfel;             /**< a .geom of CrystFEL; else an .expt of DIALS */
    bool overwrite;
    double clen_m; /**< camera length of a .geom that names a place in the image files; NAN: its own */
} GeometryExport;

/** Writes the panels, their groups and bad pixels, and the wavelength where the file has one.
 *  @return BAD_FILE as geometry_file_read() does; BAD_PARAMETER for an output that exists; OUTPUT_FAILED */
Status export_geometry(const GeometryExport *asked, Notes *notes);

#endif
