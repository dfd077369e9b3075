/** @file
 *  FILE.nxs.progress.json: how far a run is, for dashboards. It is replaced as a whole, so that a reader always finds
 * one valid object. docs/progress.md lists its members. */
#ifndef TESSERA_PROGRESS_FILE_H
#define TESSERA_PROGRESS_FILE_H

#include "parameters/parameters.h"
#include "run/simulate.h"

/** A plain value; rank 0's. */
typedef struct ProgressFile {
    char path[PARAMETER_TEXT_BYTES + 32], next[PARAMETER_TEXT_BYTES + 32]; /**< path is "" when there is none */
    double started_s, written_s;                                           /**< steady clock */
    int ranks;
    RunProgress last;
} ProgressFile;

/** Starts the file of a run; there is none for a run without an output and with run.progress=none. */
ProgressFile progress_file_start(const Parameters *parameters, int ranks);

/** Says how far the run is, at most once a second, and while no wave ends every ten seconds. A file that cannot be
 * written is no failure of the run. */
void progress_file_show(ProgressFile *file, RunProgress progress);

/** Says how the run has ended: "done", "stopped" by a signal, or "failed" and why. */
void progress_file_end(ProgressFile *file, const Status *status);

#endif
