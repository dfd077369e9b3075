#include "plan/schedule.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int schedule_class(int64_t cost) {
    int octave = 0;
    if (cost < 1) return 0;
    while (octave < 62 && cost >> (octave + 1) != 0) octave++;
    const int64_t leading = octave >= 3 ? cost >> (octave - 3) : cost << (3 - octave); /* 8 .. 15 */
    return 8 * octave + (int)(leading - 8) + 1;
}

/* Where each class begins in the sorted list. @return false when all frames are of one class */
static bool find_places(const int64_t *frames, int64_t count, ScheduleCost cost, const void *context, int64_t *places) {
    int64_t members[SCHEDULE_CLASSES] = {0}, next = 0;
    for (int64_t i = 0; i < count; i++) members[schedule_class(cost(context, frames[i]))]++;
    for (int class = SCHEDULE_CLASSES - 1; class >= 0; class --) {
        places[class] = next;
        next += members[class];
        if (members[class] == count) return false;
    }
    return true;
}

Status schedule_sort(int64_t *frames, int64_t count, ScheduleCost cost, const void *context) {
    int64_t places[SCHEDULE_CLASSES];
    if (!find_places(frames, count, cost, context, places)) return status_ok();
    int64_t *sorted = malloc((size_t)count * sizeof *sorted);
    if (sorted == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the order of %" PRId64 " frames", count);
    for (int64_t i = 0; i < count; i++) sorted[places[schedule_class(cost(context, frames[i]))]++] = frames[i];
    memcpy(frames, sorted, (size_t)count * sizeof *sorted);
    free(sorted);
    return status_ok();
}

/* -------------------------------------------------------------------------------------------------------- forecast */

/* Frames by class, the costliest first: all that the simulation keeps of them. */
typedef struct Supply {
    int64_t left[SCHEDULE_CLASSES];
    double cost[SCHEDULE_CLASSES]; /* mean of the class */
    int class;                     /* the costliest that may have some */
} Supply;

static Supply supply_of(const Plan *plan, ScheduleFrames frames) {
    Supply supply = {.class = SCHEDULE_CLASSES - 1};
    for (int64_t i = 0; i < plan->request.frames; i++) {
        const int64_t cost = frames.cost(frames.context, frames.first + i);
        const int class = schedule_class(cost);
        supply.left[class]++;
        supply.cost[class] += ((double)cost - supply.cost[class]) / (double)supply.left[class];
    }
    return supply;
}

static double take_frame(Supply *supply) {
    while (supply->left[supply->class] == 0) supply->class --;
    supply->left[supply->class]--;
    return supply->cost[supply->class];
}

/* A group in a wave. */
typedef struct Group {
    double free_s;  /* when it has rendered what it claimed */
    int64_t frames; /* that it holds */
} Group;

/* A heap of groups, the first to be free at the top. */
static void sink(Group *groups, int count) {
    int parent = 0;
    for (;;) {
        int child = 2 * parent + 1;
        if (child >= count) return;
        if (child + 1 < count && groups[child + 1].free_s < groups[child].free_s) child++;
        if (groups[parent].free_s <= groups[child].free_s) return;
        const Group moved = groups[parent];
        groups[parent] = groups[child];
        groups[child] = moved;
        parent = child;
    }
}

/* What one wave did. */
typedef struct WaveForecast {
    double end_s, busy_s;
    int64_t most_frames;
} WaveForecast;

static void leave_wave(Group group, WaveForecast *wave) {
    if (group.free_s > wave->end_s) wave->end_s = group.free_s;
    if (group.frames > wave->most_frames) wave->most_frames = group.frames;
}

/* The groups claim frames as they become free; one whose buffers are full waits for the end of the wave. */
static WaveForecast run_wave(const Plan *plan, int64_t frames, double seconds_per_cost, Supply *supply, Group *groups) {
    const int64_t room = plan_room_of_group(plan);
    WaveForecast wave = {.end_s = 0.0};
    int claiming = plan->groups;
    memset(groups, 0, (size_t)claiming * sizeof *groups);
    for (int64_t i = 0; i < frames; i++) {
        const double seconds = seconds_per_cost * take_frame(supply);
        wave.busy_s += seconds;
        groups[0].free_s += seconds;
        groups[0].frames++;
        if (groups[0].frames == room) {
            leave_wave(groups[0], &wave);
            groups[0] = groups[--claiming];
        }
        sink(groups, claiming);
    }
    for (int i = 0; i < claiming; i++) leave_wave(groups[i], &wave);
    return wave;
}

/* Stretches of the file that one member writes of a frame: whole rows are one. */
static int64_t extents_of_member(const Plan *plan, int member, int64_t *pixels) {
    Tile rectangles[3];
    const int count = plan_rectangles(plan, plan_tiles_of_member(plan, member), rectangles);
    int64_t extents = 0;
    bool joins = false; /* the rectangle before ended at the end of a row */
    *pixels = 0;
    for (int i = 0; i < count; i++) {
        const Tile tile = rectangles[i];
        const bool whole_rows = tile.fast_pixels == plan->request.fast_pixels;
        extents += whole_rows ? 1 : tile.slow_pixels;
        if (joins && (whole_rows || tile.fast == 0)) extents--;
        joins = tile.fast + tile.fast_pixels == plan->request.fast_pixels;
        *pixels += tile.slow_pixels * tile.fast_pixels;
    }
    return extents;
}

static void forecast_writing(const Plan *plan, int64_t bytes_of_pixel, int64_t most_frames, ScheduleForecast *f) {
    const double frames = (double)plan->request.frames;
    const int64_t datasets = bytes_of_pixel / 4;
    for (int member = 0; member < plan->group_ranks; member++) {
        int64_t pixels = 0;
        const int64_t extents = datasets * extents_of_member(plan, member, &pixels);
        f->extents += frames * (double)extents;
        if (most_frames * extents > f->wave_extents) f->wave_extents = most_frames * extents;
        const int64_t bytes = most_frames * pixels * bytes_of_pixel;
        if (bytes > f->rank_wave_bytes) f->rank_wave_bytes = bytes;
    }
    const Range first = plan_frames_of_wave(plan, 0);
    f->wave_bytes = range_length(first) * plan->request.slow_pixels * plan->request.fast_pixels * bytes_of_pixel;
    f->messages = frames * (double)(plan->group_ranks - plan->group_ranks / plan->cluster_ranks);
    f->claims = frames + (double)plan->groups;
}

Status schedule_forecast(const Plan *plan, ScheduleFrames frames, ScheduleMachine machine, ScheduleForecast *forecast) {
    *forecast = (ScheduleForecast){.waves = plan->waves, .imbalance = 1.0};
    Group *groups = malloc((size_t)plan->groups * sizeof *groups);
    if (groups == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d groups of ranks", plan->groups);
    Supply supply = supply_of(plan, frames);
    const double seconds_per_cost =
        machine.seconds_per_step * plan_uneven(plan) / ((double)plan->group_ranks * plan->request.threads);
    const double pixels = (double)plan->request.slow_pixels * (double)plan->request.fast_pixels;
    const double ranks_s = machine.seconds_per_wave_and_rank * plan->request.ranks;
    int64_t most_frames = 0;
    for (int64_t w = 0; w < plan->waves; w++) {
        const int64_t count = range_length(plan_frames_of_wave(plan, w));
        const WaveForecast wave = run_wave(plan, count, seconds_per_cost, &supply, groups);
        forecast->compute_s += wave.end_s;
        forecast->busy_s += wave.busy_s / plan->groups;
        forecast->write_s += (double)count * pixels * (double)frames.bytes_of_pixel / machine.disk_bytes_per_s;
        forecast->records_s += (double)count * machine.seconds_per_record + ranks_s;
        if (wave.most_frames > most_frames) most_frames = wave.most_frames;
    }
    free(groups);
    const double all_s = forecast->compute_s + forecast->write_s + forecast->records_s;
    if (forecast->busy_s > 0.0) forecast->imbalance = forecast->compute_s / forecast->busy_s;
    if (all_s > 0.0) forecast->idle_fraction = 1.0 - forecast->busy_s / all_s;
    forecast_writing(plan, frames.bytes_of_pixel, most_frames, forecast);
    return status_ok();
}
