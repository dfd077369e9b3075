/** @file
 *  The lock of an output, FILE.lock beside it: one job writes a file, another one is refused and told who does.
 *
 *  A lock is a small text (lock_holder.h) that appears under its name in one step, on network file systems too, where
 *  flock may not reach other nodes. A job removes its lock when it ends; one that was killed leaves it. Such a lock is
 *  taken over: at once where the process has ended on this machine, or was an earlier start of the same SLURM job;
 *  where it was on another machine, when it has not been renewed for a minute and is not while the next one watches.
 *  For one process of a job; no MPI, no HDF5. */
#ifndef TESSERA_OUTPUT_LOCK_H
#define TESSERA_OUTPUT_LOCK_H

#include "base/status.h"

/** A lock that is held. A thread of its own renews it. */
typedef struct OutputLock OutputLock;

/** Takes the lock of @p path. Apart from the lock nothing on the disk changes.
 *  @param notes  told when a lock is taken over; may be NULL
 *  @param lock   the caller releases it
 *  @return BAD_PARAMETER naming who holds it, OUTPUT_FAILED when the folder is missing or cannot be written */
Status output_lock_take(const char *path, Notes *notes, OutputLock **lock);

/** That the lock is still ours: a job that has slept for long may have lost it, and must not touch the output then.
 *  @return OUTPUT_FAILED naming who has it now */
Status output_lock_check(const OutputLock *lock);

/** Removes the lock, if it is still ours, and leaves NULL; accepts NULL. */
void output_lock_release(OutputLock **lock);

#endif
