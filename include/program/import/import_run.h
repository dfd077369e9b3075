/** @file
 *  The run file of a recorded experiment, and the list of its frames beside it. */
#ifndef TESSERA_IMPORT_RUN_H
#define TESSERA_IMPORT_RUN_H

#include "model/recorded_experiment.h"

#include <stdbool.h>
#include <stdint.h>

/** What is written, and from what. */
typedef struct ImportRun {
    const char *const *name;              /**< [files] of the files, the first being the geometry's */
    const RecordedExperiment *experiment; /**< [files] */
    int files;
    const char *panels;    /**< the geometry's file as seen from the run file's folder */
    const char *output;    /**< the run file */
    const char *list;      /**< the list of frames */
    const char *list_name; /**< the same as seen from the run file's folder */
    double clen_mm;        /**< NAN: not given */
    bool exact_axes;
    const char *cells, *mosaic_spread; /**< parameters' texts that take the place of what the files say; NULL: none */
} ImportRun;

/** What became of it. Plain data. */
typedef struct ImportResult {
    int64_t frames, rows;    /**< of the list */
    int64_t without_crystal; /**< experiments that name none */
    bool has_list;
} ImportResult;

/** Writes both files, which replace what is there under their names; the list only where there are crystals.
 *  @return BAD_FILE when experiments differ in what cannot differ between frames; OUTPUT_FAILED */
Status import_run_write(const ImportRun *run, ImportResult *result, Notes *notes);

#endif
