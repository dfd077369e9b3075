/** @file
 *  Describes an NXmx file of tessera, its .partial or a merged master. */
#ifndef TESSERA_DESCRIBE_NXMX_H
#define TESSERA_DESCRIBE_NXMX_H

#include "commands/command_describe.h"

/** True when the file begins as HDF5 does. */
bool describe_nxmx_knows(const char *path);

/** Prints what the file says of itself.
 *  @return BAD_FILE when it is not one of ours, or damaged; COMPARISON_FAILED */
Status describe_nxmx(const DescribeRequest *request, FILE *out);

#endif
