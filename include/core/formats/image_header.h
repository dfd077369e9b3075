/** @file
 *  Parameters from the header of an SMV image: the files that detector.header and detector.mask name. */
#ifndef TESSERA_IMAGE_HEADER_H
#define TESSERA_IMAGE_HEADER_H

#include "base/status.h"
#include "parameters/parameters.h"

/** Sets what the headers say and the user did not: number and size of pixels, distance, wavelength, beam centre,
 *  origin, spindle angles and twotheta; detector.header before detector.mask. Call it when all else is set.
 *  @param notes  says what was taken; may be NULL
 *  @return BAD_FILE when a file has no readable header, BAD_PARAMETER for a value out of range, named with its key */
Status image_header_import(Parameters *parameters, Notes *notes);

#endif
