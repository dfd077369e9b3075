/** @file
 *  Where nanoBragg's own image of a command line differs, as it is wrong there. docs/differences.md has them all. */
#ifndef TESSERA_NANOBRAGG_DIFFERENCES_H
#define TESSERA_NANOBRAGG_DIFFERENCES_H

#include "model/experiment.h"

/** Adds a remark for each known defect of nanoBragg that this experiment meets, with its size where that can be told.
 *  @param parameters  from which the experiment was made, by nanobragg_parse */
void nanobragg_note_differences(const Parameters *parameters, const Experiment *experiment, Notes *notes);

#endif
