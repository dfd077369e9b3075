/** @file
 *  Notices a rank that hangs, names it and ends the run with exit code 4: finished frames are safe, --resume goes on.
 *
 *  A thread of each rank leaves a sign of life in FILE.alive beside the output, some times in every timeout: how long
 * the rank has neither used processor time nor waited for other ranks, and how long it has waited, and in which call.
 * Rank 0 looks at all of them, the others look at rank 0. A rank hangs that gives no sign for the timeout (it was
 * stopped, or its node is gone), or that has done nothing by its own account (a system call does not return); all
 * hang that wait for each other, and one that has been in the same call of MPI-IO for the timeout. A rank that computes
 * uses processor time and one that waits for it says so: a slow frame is no hang, however long it takes. Time in which
 * the watching thread itself did not run is not counted, so that a job that is suspended as a whole goes on. No MPI: it
 * works while MPI hangs. */
#ifndef TESSERA_WATCHDOG_H
#define TESSERA_WATCHDOG_H

#include "base/status.h"
#include "team/team.h"

/** A running watchdog. */
typedef struct Watchdog Watchdog;

/** Starts it; NULL where @p timeout_s is 0. Collective.
 *  @param output  FILE, whose lock is held */
Status watchdog_start(Team team, const char *output, double timeout_s, Watchdog **watchdog);

/** Ends it and leaves NULL; accepts NULL. Collective. */
void watchdog_stop(Watchdog **watchdog);

#endif
