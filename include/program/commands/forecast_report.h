/** @file
 *  What a sweep would do on many ranks, simulated, and what would hold it up. */
#ifndef TESSERA_FORECAST_REPORT_H
#define TESSERA_FORECAST_REPORT_H

#include "model/experiment.h"
#include "parameters/parameters.h"
#include "plan/plan.h"

#include <stdio.h>

/** A run that is planned. Borrows all that it points to. */
typedef struct ForecastRun {
    const Parameters *parameters;
    const Experiment *experiment;
    const Plan *plan;
    Range slice;
    double seconds; /**< of computing */
    double bytes;   /**< of the images as they are */
} ForecastRun;

/** Prints which way of writing (output.writer) would be taken, what it needs on the disk, and how long writing takes
 *  beside computing. Images that are packed as they are written, or should be, are tried on a frame.
 *  @return bytes on the disk */
double forecast_writer(FILE *out, const ForecastRun *run);

/** Simulates the waves of the plan and prints them, with the bottleneck's name.
 *  @param step_s      seconds that one thread takes for a step
 *  @param disk_bytes  of the images on the disk, fewer than run->bytes where they are packed as they are written
 *  @return NO_MEMORY */
Status forecast_report(FILE *out, const ForecastRun *run, double step_s, double disk_bytes);

/** Warns of what a plan cannot end well with: a walltime that is too short, a disk that is too small, a time of years.
 *  @param seconds  that the run is estimated to take
 *  @param bytes    of the output */
void forecast_warn(FILE *out, const Parameters *parameters, double seconds, double bytes);

#endif
