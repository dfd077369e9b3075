/** @file
 *  The standard streams of a process that was started without some of them (`tessera ... >&-`). */
#ifndef TESSERA_STANDARD_STREAMS_H
#define TESSERA_STANDARD_STREAMS_H

#include <stdbool.h>

/** Takes the place of each of the descriptors 0, 1 and 2 that is closed, so that no file that is opened later gets it,
 *  and with it what is printed. Reading gives the end, writing fails. Before anything else is opened.
 *  @return false when a place could not be taken: nothing may be opened then */
bool standard_streams_guard(void);

/** True when the program was started without a standard output, or with one that only reads. */
bool standard_streams_lack_output(void);

#endif
