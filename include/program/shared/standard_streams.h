/** @file
 *  The standard streams of a process that was started without some of them (`tessera ... >&-`). */
#ifndef TESSERA_STANDARD_STREAMS_H
#define TESSERA_STANDARD_STREAMS_H

#include "base/status.h"

#include <stdbool.h>

/** Takes the place of each of the descriptors 0, 1 and 2 that is closed, so that no file that is opened later gets it,
 *  and with it what is printed. Reading gives the end, writing fails. Before anything else is opened.
 *  @return false when a place could not be taken: nothing may be opened then */
bool standard_streams_guard(void);

/** That what was printed has got where it should. Nobody needs to read a pipe to its end (`tessera ... | head -1`).
 *  @param makes_files  printing is not all that the command does: it does without a standard output if it was started
 * so
 *  @return OUTPUT_FAILED with the reason */
Status standard_streams_check_output(bool makes_files);

#endif
