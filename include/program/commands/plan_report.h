/** @file
 *  The plan in words. */
#ifndef TESSERA_PLAN_REPORT_H
#define TESSERA_PLAN_REPORT_H

#include "model/experiment.h"
#include "plan/plan.h"

#include <stdio.h>

/** Prints what will be done: frames, terms, tiles, shards, ranks, memory and disk.
 *  @param step_s  also geometry, crystal and the time, at so many seconds for a step; NAN: without */
void plan_report(FILE *out, const Experiment *experiment, const Plan *plan, Range slice, double step_s);

/** Seconds that this machine's kernel takes for a step, tried for some hundredths of a second with the run's own
 * crystal and sources; NAN where there is no memory for it. */
double plan_report_step_seconds(const Experiment *experiment);

/** Bytes of the images in the file. */
double plan_report_bytes_of_images(const Experiment *experiment, const Plan *plan);

/** A number of bytes for people: "1.5 GiB". */
void plan_report_bytes(FILE *out, double bytes);

#endif
