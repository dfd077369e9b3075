/** @file
 *  The file of crystal.anomalous_table: f' and f'' of elements as they were measured near an edge. */
#ifndef TESSERA_ANOMALOUS_TABLE_H
#define TESSERA_ANOMALOUS_TABLE_H

#include "parameters/parameters.h"
#include "reflections/anomalous.h"
#include "reflections/dispersing.h"

/** Reads the table: lines of an element's symbol, energy (eV), f' and f'' (electrons), whose energies ascend for each
 *  element; '#' begins a comment.
 *  @param curve  [DISPERSING_MOST], NULL; set to those of the file in its order, which the caller destroys, whatever is
 *                returned
 *  @return BAD_FILE naming file and line; NO_MEMORY */
Status anomalous_table_read(const Parameters *parameters, Anomalous **curve);

#endif
