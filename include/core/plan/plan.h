/** @file
 *  Who computes what: frames x tiles x shards, by arithmetic. Nothing here changes an image. */
#ifndef TESSERA_PLAN_H
#define TESSERA_PLAN_H

#include "base/status.h"
#include "base/tile.h"

#include <stdint.h>

/** What the plan is made for. */
typedef struct PlanRequest {
    int64_t slow_pixels, fast_pixels;
    Tile active;             /**< holds all pixels that are computed */
    int64_t blocks;          /**< blocks of terms of a frame */
    int64_t steps_per_pixel; /**< all terms, sub-pixels and layers */
    int64_t frames;          /**< number of frames to render */
    int ranks, threads;
    int64_t tile;   /**< edge in pixels, or PARAMETER_AUTO */
    int64_t shards; /**< parts of the blocks, or PARAMETER_AUTO */
    int64_t wave;   /**< frames of a group between two writes, or PARAMETER_AUTO */
} PlanRequest;

/** The plan: plain data, the same on every rank.
 *  The ranks form `groups` of `group_ranks`; in every wave each
 *  group claims frames, one after the other. In a group the tiles form one run for each rank, its own tiles; the ranks
 * form clusters of `cluster_ranks`, which compute all tiles of their members, each member its own shards; the sums are
 * reduced to the tile's owner. */
typedef struct Plan {
    PlanRequest request;
    int64_t tile;                   /**< edge in pixels */
    int64_t tiles_slow, tiles_fast; /**< number of tiles along each axis */
    int64_t shards;                 /**< 1..blocks */
    int groups, group_ranks, cluster_ranks;
    int64_t frames_per_wave_of_group; /**< an even share of a wave */
    int64_t waves;
} Plan;

/** Makes the plan.
 *  @param notes  says where shards were clipped; may be NULL */
Plan plan_create(PlanRequest request, Notes *notes);

/** Number of tiles of a frame. */
int64_t plan_tiles(const Plan *plan);

/** Tile @p index, row by row. */
Tile plan_tile(const Plan *plan, int64_t index);

/** The group of a rank, and its place within the group. */
int plan_group_of_rank(const Plan *plan, int rank);
int plan_member_of_rank(const Plan *plan, int rank);

/** The tiles whose pixels member @p member of a group assembles and writes: a run of tile numbers, balanced by pixels.
 */
Range plan_tiles_of_member(const Plan *plan, int member);

/** The tiles that member @p member computes: those of all members of its cluster. */
Range plan_tiles_of_cluster(const Plan *plan, int member);

/** The shards that member @p member computes, and the blocks of a run of shards. */
Range plan_shards_of_member(const Plan *plan, int member);
Range plan_blocks_of_shards(const Plan *plan, Range shards);

/** The frames of wave @p wave, as places 0..frames-1 in the list of those to render. */
Range plan_frames_of_wave(const Plan *plan, int64_t wave);

/** The most frames of a wave that one group may render: more than an even share, as frames and ranks differ; an even
 *  share of one is all, as its neighbours in the list cost about the same. */
int64_t plan_room_of_group(const Plan *plan);

/** Work of the busiest member of a group over an even share, at least 1. */
double plan_uneven(const Plan *plan);

/** A run of tiles covers at most three rectangles: the rest of a row of tiles, whole rows, the start of a row.
 *  @param rectangles  [3]
 *  @return number of rectangles, 0..3, in order of their pixels */
int plan_rectangles(const Plan *plan, Range tiles, Tile *rectangles);

#endif
