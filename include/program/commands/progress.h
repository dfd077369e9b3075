/** @file
 *  Progress of a run on rank 0's standard output: a bar on a terminal, lines in a log. */
#ifndef TESSERA_PROGRESS_H
#define TESSERA_PROGRESS_H

#include "parameters/parameters.h"
#include "run/simulate.h"

#include <stdint.h>
#include <stdio.h>

/** What was shown last. A plain value. */
typedef struct Progress {
    FILE *out;
    ProgressKind kind;   /**< bar, lines or none, no longer auto */
    double every_s;      /**< between two lines */
    double start, shown; /**< seconds of a steady clock */
} Progress;

/** Starts. With `auto` a bar needs a terminal and no launcher: mpirun gives every rank a terminal of its own. */
Progress progress_start(FILE *out, ProgressKind kind, double every_s);

/** Shows how far the run is, as often as is due. */
void progress_show(Progress *progress, RunProgress run);

/** A duration for people: "1 h 02 min", "3 min 20 s", "12 s"; "unknown" when it is not finite. */
void progress_duration(double seconds, char *text, size_t bytes);

#endif
