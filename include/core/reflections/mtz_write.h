/** @file
 *  Writing of MTZ files, for other programs and to be read again. */
#ifndef TESSERA_MTZ_WRITE_H
#define TESSERA_MTZ_WRITE_H

#include "reflections/reflections.h"

/** Writes all columns of @p reflections that have values, in single precision as MTZ files do: under PATH.partial until
 *  it has been read again and found complete.
 *  @param reflections   with a cell and symmetry
 *  @param wavelength_m  of the dataset
 *  @param title         at most 70 characters
 *  @return OUTPUT_FAILED when it cannot be written; NO_MEMORY */
Status mtz_write(const char *path, const Reflections *reflections, double wavelength_m, const char *title);

#endif
