/** @file
 *  The plan in words. */
#ifndef TESSERA_PLAN_REPORT_H
#define TESSERA_PLAN_REPORT_H

#include "experiment.h"
#include "plan.h"

#include <stdio.h>

/** Prints what will be done: frames, terms, tiles, shards, ranks, memory and disk.
 *  @param detailed  also geometry, crystal and the time, from a trial of the kernel of some hundredths of a second */
void plan_report(FILE *out, const Experiment *experiment, const Plan *plan, bool detailed);

#endif
