/** @file
 *  Input files that parameters name. All are opened here: with run.sandbox_inputs, those that a run file names must lie
 *  in its folder or below, and no link may lead out of it. */
#ifndef TESSERA_INPUT_H
#define TESSERA_INPUT_H

#include "base/status.h"
#include "parameters/parameters.h"

#include <stddef.h>

/** A file that may be opened. input_close closes it. */
typedef struct Input {
    char path[PARAMETER_TEXT_BYTES]; /**< to open it by: its name, or, confined, the file that was checked */
    int descriptor;                  /**< negative where it is not confined */
} Input;

/** Finds the file that row @p row names.
 *  @param row  a PARAMETER_TYPE_FILE that has a name
 *  @return BAD_FILE naming the run file's line for a confined file that is outside, no regular file or not there */
Status input_open(const Parameters *parameters, int row, Input *input);

/** Closes what input_open has opened. */
void input_close(Input *input);

/** Reads all of it, as text_read_file does. */
Status input_read(const Parameters *parameters, int row, size_t most_bytes, char **contents, size_t *bytes);

/** Reads all of a text, as text_read_text does. */
Status input_read_text(const Parameters *parameters, int row, size_t most_bytes, char **contents, size_t *bytes);

/** With run.sandbox_inputs, a run file may not say what is written where.
 *  @return BAD_PARAMETER naming the line that does */
Status input_check_outputs(const Parameters *parameters);

#endif
