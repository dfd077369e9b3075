/** @file
 *  One frame, computed by the ranks of a group: every member ends up with the expected photons of its own tiles. */
#ifndef TESSERA_RENDER_H
#define TESSERA_RENDER_H

#include "base/status.h"
#include "base/timeline.h"
#include "model/frame.h"
#include "plan/plan.h"
#include "team/reduction.h"
#include "team/team.h"

/** What a rank needs to render frames; made once for a plan. */
typedef struct Renderer Renderer;

/** The part of every frame that a rank assembles and writes. */
typedef struct OwnPart {
    int rectangles;    /**< 0..3 */
    Tile rectangle[3]; /**< in order of their pixels */
    Range rows;        /**< slow range that they span: the rows of a buffer */
    int64_t pixels;    /**< in the rectangles */
} OwnPart;

/** Totals of a frame's image over the group, known to every member. */
typedef struct ImageTotals {
    double sum, max;
    uint32_t crc32; /**< of all bytes, row by row */
    bool abandoned; /**< some member gave the frame up: it is worth nothing */
} ImageTotals;

/** Asked by the main thread of a rank while it renders. */
typedef struct RenderWatch {
    /** True when the frame is to be given up that was begun @p elapsed_s ago and of which @p fraction is done; NULL: no
     *  frame is given up */
    bool (*gives_up)(void *context, double elapsed_s, double fraction);
    void *context;
} RenderWatch;

/** Makes a renderer. Collective over @p team; the experiment, the plan and the timeline (may be NULL) are borrowed. */
Status renderer_create(Team team, const Experiment *experiment, const Plan *plan, Timeline *timeline,
                       Renderer **renderer);

/** Frees it; accepts NULL. Collective. */
void renderer_destroy(Renderer **renderer);

/** What this rank owns of every frame. Borrowed. */
const OwnPart *renderer_own_part(const Renderer *renderer);

/** Sets who decides about giving up. Local: each rank may decide for itself, and renderer_totals tells its group. */
void renderer_watch(Renderer *renderer, RenderWatch watch);

/** What the first member of the group has. Collective over the group. */
int64_t renderer_share(const Renderer *renderer, int64_t value);

/** Begins the expected photons of a frame, all its crystals, on this rank's own part; they are there when the frame is
 *  ended. The frame may be set to another one meanwhile. Collective over the group.
 *  @param frame     set to its first crystal, before and after
 *  @param expected  [own rows][fast_pixels]; only own rectangles are written */
void renderer_begin(Renderer *renderer, Frame *frame, float *expected);

/** Ends the frame that was begun first. Collective over the group. */
void renderer_end(Renderer *renderer);

/** Frames that may be begun and not ended, at least 1: more where a kernel computes beside this rank's threads. The
 * same for all of the group. */
int renderer_frames_in_flight(const Renderer *renderer);

/** Counts of the own part for the expected photons, by the experiment's signal. Collective over the group.
 *  @param counts  [own rows][fast_pixels] */
void renderer_counts(Renderer *renderer, const Frame *frame, const float *expected, int32_t *counts);

/** Sum, maximum and CRC-32 of a frame over the group, of counts when they are given, else of expected photons.
 *  Collective over the group. */
ImageTotals renderer_totals(const Renderer *renderer, const float *expected, const int32_t *counts);

/** Sum of the pixels of an image that this rank owns. */
double renderer_own_sum(const Renderer *renderer, const float *expected);

/** Brings a frame's expected photons together on the group's first member. Collective over the group.
 *  @param image  [slow_pixels][fast_pixels] on the first member, NULL elsewhere */
void renderer_gather(const Renderer *renderer, const float *expected, float *image);

/** Steps that this rank has computed so far. */
int64_t renderer_steps(const Renderer *renderer);

#endif
