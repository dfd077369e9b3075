/** @file
 *  The end of a run's timelines: run.trace, a file for Perfetto, and run.profile, a summary. */
#ifndef TESSERA_RUN_PROFILE_H
#define TESSERA_RUN_PROFILE_H

#include "base/status.h"
#include "base/timeline.h"
#include "parameters/parameters.h"
#include "team/team.h"

#include <stdio.h>

/** Opens the file of run.trace on the rank that calls it, so that a name that cannot be written is found at once.
 *  @param trace  NULL when none is wanted; run_profile_finish closes it
 *  @return BAD_PARAMETER when it exists and nothing says that it may be replaced; OUTPUT_FAILED */
Status run_profile_open(const Parameters *parameters, bool replaces, FILE **trace);

/** Brings the timelines to rank 0, one rank after the other, which writes the trace and the summary. Collective.
 *  @param parameters  on rank 0
 *  @param trace       from run_profile_open, on rank 0; closed here
 *  @return the same on every rank */
Status run_profile_finish(Team team, const Parameters *parameters, const Timeline *timeline, FILE *trace, FILE *out);

#endif
