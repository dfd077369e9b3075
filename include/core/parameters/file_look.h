/** @file
 *  What lies under a name, before it is read or replaced. */
#ifndef TESSERA_FILE_LOOK_H
#define TESSERA_FILE_LOOK_H

#include "base/status.h"
#include "parameters/parameters.h"

#include <stdbool.h>
#include <stdint.h>

/** True when there is something under @p path that a new file must not be put in the place of: a folder, a device, a
 *  pipe. */
bool file_look_is_special(const char *path);

/** True for a device that takes characters, like /dev/null. */
bool file_look_is_device(const char *path);

/** An input file at one moment; the same again when neither it nor its contents were changed. Plain data. */
typedef struct InputLook {
    int64_t device, node, bytes, modified_ns, changed_ns;
} InputLook;

/** All input files of a run; zero where there is none. Plain data. */
typedef struct InputLooks {
    InputLook row[PARAMETER_COUNT];
} InputLooks;

/** Looks at every input file that @p parameters name; one that is missing is left to its reader.
 *  @return BAD_FILE for a pipe or a device, which would be read once and could not be recorded */
Status file_look_at_inputs(const Parameters *parameters, InputLooks *looks);

/** Looks at the input file @p path of row @p row again.
 *  @return BAD_FILE when it is not what it was */
Status file_look_again(const InputLooks *before, int row, const char *path);

#endif
