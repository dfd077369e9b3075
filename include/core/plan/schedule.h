/** @file
 *  In which order frames are rendered when they cost differently, and how long a sweep takes then. Frames are claimed
 *  one by one, the costliest first, so that what is left when a wave ends is cheap. Nothing here changes an image. */
#ifndef TESSERA_SCHEDULE_H
#define TESSERA_SCHEDULE_H

#include "base/status.h"
#include "plan/plan.h"

#include <stdint.h>

/** Classes of cost: eight for each doubling. */
enum { SCHEDULE_CLASSES = 512 };

/** Cost of frame @p number, in any unit. */
typedef int64_t (*ScheduleCost)(const void *context, int64_t number);

/** Class of a cost, ascending with it; by integers alone, so that all machines agree.
 *  @return 0 .. SCHEDULE_CLASSES-1; 0 for costs below 1 */
int schedule_class(int64_t cost);

/** Puts the costliest frames first; frames of one class keep their order, and so do all when they cost the same.
 *  @param frames  [count] numbers that @p cost knows */
Status schedule_sort(int64_t *frames, int64_t count, ScheduleCost cost, const void *context);

/** How fast a machine is. */
typedef struct ScheduleMachine {
    double seconds_per_step;          /**< of one thread */
    double disk_bytes_per_s;          /**< of all ranks together */
    double seconds_per_record;        /**< what rank 0 needs for the row of a frame */
    double seconds_per_wave_and_rank; /**< what rank 0 needs to hear from one rank */
} ScheduleMachine;

/** What frames are written of. */
typedef struct ScheduleFrames {
    ScheduleCost cost; /**< steps of frame `first` + i */
    const void *context;
    int64_t first;
    int64_t bytes_of_pixel; /**< in the file, all datasets together */
} ScheduleFrames;

/** What a sweep would do. Plain data; times in seconds. */
typedef struct ScheduleForecast {
    int64_t waves;
    double compute_s;        /**< of the run: in each wave that of the group that ends last */
    double busy_s;           /**< mean over the groups of what they compute */
    double write_s;          /**< the images, at the disk's rate */
    double records_s;        /**< rank 0 with the rows of all frames */
    double imbalance;        /**< greatest over mean work of the groups, at the end */
    double idle_fraction;    /**< of the ranks' time, while the others compute or write */
    int64_t rank_wave_bytes; /**< the most that one rank writes in a wave */
    int64_t wave_bytes;      /**< the most that all write in a wave */
    double extents;          /**< stretches of the file that are written by one rank at a time, all together */
    int64_t wave_extents;    /**< the most of them of one rank in a wave */
    double claims;           /**< requests to the counter of frames */
    double messages;         /**< sums of shards sent to their owners */
} ScheduleForecast;

/** Simulates the whole sweep: every claim of every group in every wave, and what is written. Memory grows with the
 * number of groups, not of frames.
 *  @return NO_MEMORY */
Status schedule_forecast(const Plan *plan, ScheduleFrames frames, ScheduleMachine machine, ScheduleForecast *forecast);

#endif
