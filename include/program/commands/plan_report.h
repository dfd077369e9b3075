/** @file
 *  The plan in words. */
#ifndef TESSERA_PLAN_REPORT_H
#define TESSERA_PLAN_REPORT_H

#include "model/experiment.h"
#include "plan/plan.h"
#include "run/trial_frames.h"

#include <stdio.h>

/** CPU time of a run, in seconds. Plain data. */
typedef struct PlanTime {
    double frames_s; /**< of all frames; NAN when it is unknown */
    double start_s;  /**< before the first */
    double write_s;  /**< of their images */
} PlanTime;

/** What @p trial says of the whole run.
 *  @param start_s  CPU time that reading and making the experiment took */
PlanTime plan_report_time(const Experiment *experiment, const Plan *plan, Range slice, const TrialFrames *trial,
                          double start_s);

/** Prints what the user asked for: resolution, photons, the strongest spot. */
void plan_report_physics(FILE *out, const Experiment *experiment, const TrialFrames *trial);

/** Prints what will be done: frames, ranks, memory and disk.
 *  @param time      also the experiment and the time; NULL: without
 *  @param detailed  also terms, tiles, groups, waves and steps */
void plan_report(FILE *out, const Experiment *experiment, const Plan *plan, Range slice, const PlanTime *time,
                 bool detailed);

/** Bytes of the images in the file. */
double plan_report_bytes_of_images(const Experiment *experiment, const Plan *plan);

/** A number of bytes for people: "1.5 GiB". */
void plan_report_bytes(FILE *out, double bytes);

#endif
