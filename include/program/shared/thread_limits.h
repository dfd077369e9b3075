/** @file
 *  What the system and the environment leave to the threads: cores, and stacks. */
#ifndef TESSERA_THREAD_LIMITS_H
#define TESSERA_THREAD_LIMITS_H

#include "base/status.h"

/** Takes no more threads than the control groups have cores, where OMP_NUM_THREADS does not say how many; the notes say
 * so. Before the first parallel region.
 *  @return the quota in cores where it is heeded, else 0 */
int thread_limits_heed_quota(void);

/** That the stacks of the process and of OpenMP's threads are large enough.
 *  @return BAD_PARAMETER with the variable or the limit */
Status thread_limits_check_stacks(void);

#endif
