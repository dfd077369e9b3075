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
    int columns;         /**< of the bar that stands on the terminal, 0 when its line is ended */
} Progress;

/** Starts. With `auto` a bar needs a terminal and no launcher: mpirun gives every rank a terminal of its own. */
Progress progress_start(FILE *out, ProgressKind kind, double every_s);

/** Shows how far the run is, as often as is due; when no frame has been finished for 10 s, that and how far the frame
 * in work is. A bar is as wide as its terminal at that moment. */
void progress_show(Progress *progress, RunProgress run);

/** Ends the line of a bar that has not come to its end. */
void progress_end(Progress *progress);

/** Seconds that are left, by the frames and parts of frames that @p elapsed_s have brought; infinite when there are
 * none. */
double progress_seconds_left(RunProgress run, double elapsed_s);

/** What a line says.
 *  @param columns  at most so many bytes, from 10; what matters least is left out first
 *  @param has_bar  it begins with a bar, where there is room
 *  @param text     [columns + 1] */
void progress_line(RunProgress run, double elapsed_s, bool has_bar, int columns, char *text);

/** A duration for people: "1 h 02 min", "3 min 20 s", "12 s", "4.98 years"; "unknown" when it is not finite. */
void progress_duration(double seconds, char *text, size_t bytes);

#endif
