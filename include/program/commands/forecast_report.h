/** @file
 *  What a sweep would do on many ranks, simulated, and what would hold it up. */
#ifndef TESSERA_FORECAST_REPORT_H
#define TESSERA_FORECAST_REPORT_H

#include "model/experiment.h"
#include "parameters/parameters.h"
#include "plan/plan.h"

#include <stdio.h>

/** Simulates the waves of @p plan and prints them, with the bottleneck's name.
 *  @param step_s  seconds that one thread takes for a step
 *  @return NO_MEMORY */
Status forecast_report(FILE *out, const Parameters *parameters, const Experiment *experiment, const Plan *plan,
                       Range slice, double step_s);

/** Prints which way of writing (output.writer) would be taken, what it needs on the disk, and how long writing takes
 *  beside computing.
 *  @param seconds  of computing
 *  @param bytes    of the images */
void forecast_writer(FILE *out, const Parameters *parameters, const Plan *plan, double seconds, double bytes);

/** Warns of what a plan cannot end well with: a walltime that is too short, a disk that is too small, a time of years.
 *  @param seconds  that the run is estimated to take
 *  @param bytes    of the output */
void forecast_warn(FILE *out, const Parameters *parameters, double seconds, double bytes);

#endif
