/** @file
 *  The symmetry of the structure factors in a sweep whose frames have cells of their own: a frame whose cell has it no
 *  longer is another crystal, for which reflections that were made equivalent are not. */
#ifndef TESSERA_KEPT_SYMMETRY_H
#define TESSERA_KEPT_SYMMETRY_H

#include "model/experiment.h"

/** Rotations of the space group, and how far from them a cell may be: symmetry_misfit. */
typedef struct KeptSymmetry {
    Symmetry rotations;
    double tolerance;
    char path[PARAMETER_TEXT_BYTES]; /**< of the structure factors */
} KeptSymmetry;

/** What frames must keep; NULL where cells do not vary, where the file has no symmetry or where
 *  crystal.ignore_file_cell says that they need not.
 *  @param given  the parameters as they are given, not as a frame sets them
 *  @param kept   the caller frees it
 *  @return NO_MEMORY */
Status kept_symmetry_create(const Parameters *given, const Sweep *sweep, const Reflections *reflections,
                            KeptSymmetry **kept);

/** Checks a crystal against @p kept, which may be NULL.
 *  @return BAD_PARAMETER naming the cell and the space group */
Status kept_symmetry_check(const KeptSymmetry *kept, const Crystal *crystal);

#endif
