/** @file
 *  The headers of exported images: what other programs read of geometry, beam and scan. */
#ifndef TESSERA_EXPORT_HEADER_H
#define TESSERA_EXPORT_HEADER_H

#include "export/export_image.h"

/** Bytes of an SMV header, and room for the text of a miniCBF's. */
enum { EXPORT_SMV_HEADER_BYTES = 1024, EXPORT_CBF_HEADER_BYTES = 4096 };

/** The header of an SMV image, filled with blanks, not ended by a zero.
 *  @param header  [EXPORT_SMV_HEADER_BYTES]
 *  @return BAD_FILE when the numbers are too long for it */
Status export_smv_header(const ExportFrame *frame, char *header);

/** What stands before the packed pixels of a miniCBF.
 *  @param packed_bytes  their length
 *  @param header        [EXPORT_CBF_HEADER_BYTES] */
Status export_cbf_header(const ExportFrame *frame, size_t packed_bytes, char *header);

/** The angle between the beam and the detector's normal, in degrees. */
double export_tilt_deg(const NxmxDescription *description);

#endif
