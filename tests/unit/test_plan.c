#include "parameters/parameters.h"
#include "plan/plan.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PlanRequest request_of(int64_t slow, int64_t fast, int64_t blocks, int64_t frames, int ranks, int threads) {
    return (PlanRequest){.slow_pixels = slow,
                         .fast_pixels = fast,
                         .active = {0, 0, slow, fast},
                         .blocks = blocks,
                         .steps_per_pixel = blocks * 32,
                         .frames = frames,
                         .ranks = ranks,
                         .threads = threads,
                         .tile = PARAMETER_AUTO,
                         .shards = PARAMETER_AUTO,
                         .wave = PARAMETER_AUTO};
}

/* Plans over many shapes, each handed to @p check. */
static void for_many_plans(void (*check)(const Plan *plan)) {
    const int64_t shapes[][2] = {{1, 1}, {1, 300}, {64, 64}, {96, 96}, {80, 112}, {301, 17}, {150, 131}};
    const int64_t blocks[] = {1, 2, 7, 64}, frames[] = {1, 3, 10, 97}, tiles[] = {PARAMETER_AUTO, 1000, 16, 7};
    const int64_t shards[] = {PARAMETER_AUTO, 1, 5, 1000};
    const int ranks[] = {1, 2, 3, 4, 6, 7, 12, 16};
    for (int shape = 0; shape < 7; shape++)
        for (int i = 0; i < 4 * 4 * 4 * 4 * 8; i++) {
            PlanRequest request = request_of(shapes[shape][0], shapes[shape][1], blocks[i % 4], frames[i / 4 % 4],
                                             ranks[i / 256], 1 + i % 3);
            request.tile = tiles[i / 16 % 4];
            request.shards = shards[i / 64 % 4];
            const Plan plan = plan_create(request, NULL);
            check(&plan);
        }
}

static const char *describe(const Plan *plan, char *text) {
    (void)snprintf(text, 200, "%lld x %lld pixels, %lld blocks, %lld frames, %d ranks, tile %lld, %lld shards",
                   (long long)plan->request.slow_pixels, (long long)plan->request.fast_pixels,
                   (long long)plan->request.blocks, (long long)plan->request.frames, plan->request.ranks,
                   (long long)plan->tile, (long long)plan->shards);
    return text;
}

/* Tests over thousands of plans record one check for each plan, not one for each pixel. */
static void expect(bool ok, const Plan *plan, const char *fact) {
    char text[200];
    UNIT_CHECK(ok, "%s: %s", fact, describe(plan, text));
}

/* ---------------------------------------------------------------------------------------------------------- ranges */

static void parts_of_a_range_join_and_differ_by_one_at_most(void) {
    for (int64_t length = 0; length < 40; length++)
        for (int64_t parts = 1; parts < 12; parts++) {
            int64_t next = 5, least = 1000, most = 0;
            for (int64_t i = 0; i < parts; i++) {
                const Range part = range_part((Range){5, 5 + length}, parts, i);
                CU_ASSERT_EQUAL(part.begin, next);
                next = part.end;
                least = range_length(part) < least ? range_length(part) : least;
                most = range_length(part) > most ? range_length(part) : most;
            }
            CU_ASSERT_EQUAL(next, 5 + length);
            CU_ASSERT_TRUE(most - least <= 1);
        }
}

/* ----------------------------------------------------------------------------------------------------------- tiles */

static void count_tile(Tile tile, int64_t fast_pixels, unsigned char *seen) {
    for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels; s++)
        for (int64_t f = tile.fast; f < tile.fast + tile.fast_pixels; f++) seen[s * fast_pixels + f]++;
}

static bool is_within(const Plan *plan, Tile tile) {
    return tile.slow >= 0 && tile.fast >= 0 && tile.slow_pixels > 0 && tile.fast_pixels > 0 &&
           tile.slow + tile.slow_pixels <= plan->request.slow_pixels &&
           tile.fast + tile.fast_pixels <= plan->request.fast_pixels;
}

static void check_tiles_cover(const Plan *plan) {
    const int64_t fast = plan->request.fast_pixels, pixels = plan->request.slow_pixels * fast;
    unsigned char *seen = calloc((size_t)pixels, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
    bool ok = plan_tiles(plan) > 0;
    for (int64_t i = 0; i < plan_tiles(plan) && ok; i++) {
        ok = is_within(plan, plan_tile(plan, i));
        if (ok) count_tile(plan_tile(plan, i), fast, seen);
    }
    for (int64_t i = 0; i < pixels; i++) ok = ok && seen[i] == 1;
    free(seen);
    expect(ok, plan, "every pixel is in exactly one tile");
}

static void tiles_cover_the_detector_exactly_once(void) {
    for_many_plans(check_tiles_cover);
}

static void check_tiles_of_members(const Plan *plan) {
    int64_t next = 0;
    bool ok = true;
    for (int member = 0; member < plan->group_ranks; member++) {
        const Range tiles = plan_tiles_of_member(plan, member);
        ok = ok && tiles.begin == next && tiles.end >= tiles.begin;
        next = tiles.end;
    }
    expect(ok && next == plan_tiles(plan), plan, "the members' runs of tiles join");
}

static void members_own_every_tile_exactly_once(void) {
    for_many_plans(check_tiles_of_members);
}

static void check_clusters(const Plan *plan) {
    bool ok = plan->cluster_ranks >= 1 && plan->group_ranks % plan->cluster_ranks == 0;
    for (int first = 0; first < plan->group_ranks && ok; first += plan->cluster_ranks) {
        const Range tiles = plan_tiles_of_cluster(plan, first);
        ok = tiles.begin == plan_tiles_of_member(plan, first).begin &&
             tiles.end == plan_tiles_of_member(plan, first + plan->cluster_ranks - 1).end;
        int64_t shard = 0, block = 0;
        for (int member = first; member < first + plan->cluster_ranks && ok; member++) {
            const Range same = plan_tiles_of_cluster(plan, member), shards = plan_shards_of_member(plan, member);
            const Range blocks = plan_blocks_of_shards(plan, shards);
            ok = same.begin == tiles.begin && same.end == tiles.end && shards.begin == shard;
            ok = ok && (range_length(shards) == 0 ? range_length(blocks) == 0 : blocks.begin == block);
            shard = shards.end;
            if (range_length(shards) > 0) block = blocks.end;
        }
        ok = ok && shard == plan->shards && block == plan->request.blocks;
    }
    expect(ok, plan, "each cluster computes every block of its tiles once");
}

static void members_of_a_cluster_share_the_blocks_of_its_tiles(void) {
    for_many_plans(check_clusters);
}

static void check_rectangles(const Plan *plan) {
    const int64_t fast = plan->request.fast_pixels, pixels = plan->request.slow_pixels * fast;
    unsigned char *wanted = calloc((size_t)pixels, 1), *seen = calloc((size_t)pixels, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wanted);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
    bool ok = true;
    for (int member = 0; member < plan->group_ranks && ok; member++) {
        Tile rectangles[3];
        const Range tiles = plan_tiles_of_member(plan, member);
        const int count = plan_rectangles(plan, tiles, rectangles);
        memset(wanted, 0, (size_t)pixels);
        memset(seen, 0, (size_t)pixels);
        for (int64_t i = tiles.begin; i < tiles.end; i++) count_tile(plan_tile(plan, i), fast, wanted);
        ok = count >= 0 && count <= 3 && (count == 0) == (range_length(tiles) == 0);
        for (int i = 0; i < count && ok; i++) {
            ok = is_within(plan, rectangles[i]) && (i == 0 || rectangles[i].slow > rectangles[i - 1].slow);
            if (ok) count_tile(rectangles[i], fast, seen);
        }
        ok = ok && memcmp(wanted, seen, (size_t)pixels) == 0;
    }
    free(seen);
    free(wanted);
    expect(ok, plan, "the rectangles of a run are its tiles");
}

static void rectangles_are_exactly_the_pixels_of_a_run_in_their_order(void) {
    for_many_plans(check_rectangles);
}

static void every_run_of_tiles_has_exact_rectangles(void) {
    PlanRequest request = request_of(50, 70, 1, 1, 1, 1);
    request.tile = 16; /* 4 x 5 tiles, the last ones cut */
    const Plan plan = plan_create(request, NULL);
    for (int64_t begin = 0; begin <= plan_tiles(&plan); begin++)
        for (int64_t end = begin; end <= plan_tiles(&plan); end++) {
            Tile rectangles[3];
            unsigned char wanted[50 * 70] = {0}, seen[50 * 70] = {0};
            const int count = plan_rectangles(&plan, (Range){begin, end}, rectangles);
            for (int64_t i = begin; i < end; i++) count_tile(plan_tile(&plan, i), 70, wanted);
            for (int i = 0; i < count; i++) count_tile(rectangles[i], 70, seen);
            UNIT_CHECK(memcmp(wanted, seen, sizeof seen) == 0, "tiles %d..%d", (int)begin, (int)end);
        }
}

/* ---------------------------------------------------------------------------------------------------------- shards */

static void more_shards_than_blocks_are_clipped_with_a_note(void) {
    PlanRequest request = request_of(100, 100, 7, 1, 4, 1);
    request.shards = 1000;
    Notes notes = {.count = 0};
    const Plan plan = plan_create(request, &notes);
    CU_ASSERT_EQUAL(plan.shards, 7);
    CU_ASSERT_EQUAL(notes.count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(notes.text[0], "run.shards"));
    CU_ASSERT_PTR_NOT_NULL(strstr(notes.text[0], "1000"));
    CU_ASSERT_PTR_NOT_NULL(strstr(notes.text[0], "7"));
}

static void shards_that_fit_are_kept_without_a_note(void) {
    PlanRequest request = request_of(100, 100, 7, 1, 4, 1);
    request.shards = 5;
    Notes notes = {.count = 0};
    CU_ASSERT_EQUAL(plan_create(request, &notes).shards, 5);
    CU_ASSERT_EQUAL(notes.count, 0);
}

static void check_shards(const Plan *plan) {
    int64_t next = 0;
    bool ok = plan->shards >= 1 && plan->shards <= plan->request.blocks;
    for (int64_t shard = 0; shard < plan->shards; shard++) {
        const Range blocks = plan_blocks_of_shards(plan, (Range){shard, shard + 1});
        ok = ok && blocks.begin == next && range_length(blocks) >= 1;
        next = blocks.end;
    }
    expect(ok && next == plan->request.blocks, plan, "every shard has blocks, and they join");
}

static void no_shard_is_empty(void) {
    for_many_plans(check_shards);
}

/* ---------------------------------------------------------------------------------------------------------- frames */

static void check_frames(const Plan *plan) {
    int64_t next = 0;
    bool ok = plan->waves >= 1;
    for (int64_t wave = 0; wave < plan->waves && ok; wave++) {
        const Range frames = plan_frames_of_wave(plan, wave);
        ok = frames.begin == next && range_length(frames) >= 1;
        ok = ok && range_length(frames) <= plan->frames_per_wave_of_group * plan->groups;
        /* whoever claims them: when all groups have no room left, no frame is left either */
        ok = ok && range_length(frames) <= plan_room_of_group(plan) * plan->groups;
        next = frames.end;
    }
    expect(ok && next == plan->request.frames, plan, "every frame is in one wave, which has room for it");
}

static void waves_hold_every_frame_exactly_once(void) {
    for_many_plans(check_frames);
}

static void check_ranks(const Plan *plan) {
    bool ok = plan->groups >= 1 && plan->groups * plan->group_ranks == plan->request.ranks;
    for (int rank = 0; rank < plan->request.ranks; rank++) {
        const int group = plan_group_of_rank(plan, rank), member = plan_member_of_rank(plan, rank);
        ok = ok && group * plan->group_ranks + member == rank && member >= 0 && member < plan->group_ranks &&
             group < plan->groups;
    }
    expect(ok, plan, "every rank has its place in a group");
}

static void every_rank_is_a_member_of_a_group(void) {
    for_many_plans(check_ranks);
}

static void what_the_user_asks_for_is_taken(void) {
    PlanRequest request = request_of(1000, 1000, 64, 100, 4, 1);
    request.tile = 77;
    request.shards = 13;
    request.wave = 3;
    const Plan plan = plan_create(request, NULL);
    CU_ASSERT_EQUAL(plan.tile, 77);
    CU_ASSERT_EQUAL(plan.shards, 13);
    CU_ASSERT_EQUAL(plan.frames_per_wave_of_group, 3);
}

/* --------------------------------------------------------------------------------------------------------- balance */

static double pixels_of(const Plan *plan, Range tiles) {
    double pixels = 0.0;
    for (int64_t i = tiles.begin; i < tiles.end; i++) {
        const Tile tile = plan_tile(plan, i);
        pixels += (double)tile.slow_pixels * (double)tile.fast_pixels;
    }
    return pixels;
}

/* Time of a frame when all members of a group work: that of the busiest one, in pixels x blocks. */
static double busiest_work(const Plan *plan) {
    double busiest = 0.0;
    for (int member = 0; member < plan->group_ranks; member++) {
        const Range blocks = plan_blocks_of_shards(plan, plan_shards_of_member(plan, member));
        const double work = pixels_of(plan, plan_tiles_of_cluster(plan, member)) * (double)range_length(blocks);
        if (work > busiest) busiest = work;
    }
    return busiest;
}

/* Time of the whole run over that of one where all ranks always work. */
static double imbalance(const Plan *plan) {
    const PlanRequest *request = &plan->request;
    double frames = 0.0;
    for (int64_t wave = 0; wave < plan->waves; wave++) /* equal ones: each group claims as many */
        frames += ceil((double)range_length(plan_frames_of_wave(plan, wave)) / plan->groups);
    const double ideal = (double)request->slow_pixels * (double)request->fast_pixels * (double)request->blocks *
                         (double)request->frames / request->ranks;
    return frames * busiest_work(plan) / ideal;
}

/* The pieces of a frame are its smallest tiles x blocks: with fewer than 16 for each rank no cut of whole pieces is
 * even. */
static bool can_be_even(const PlanRequest *request) {
    const double tiles = (double)request->slow_pixels * (double)request->fast_pixels / (16.0 * 16.0);
    return tiles * (double)request->blocks >= 16.0 * request->ranks;
}

static void automatic_plans_leave_no_rank_more_than_a_third_above_its_share(void) {
    const int64_t shapes[][2] = {{96, 96}, {512, 512}, {1024, 1024}, {2527, 2463}, {4362, 4148}, {100, 3000}};
    const int64_t blocks[] = {1, 3, 8, 100}, frames[] = {1, 2, 5, 10, 100, 1000};
    const int ranks[] = {1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 16, 24, 31, 32, 48, 64, 96, 128};
    const int threads[] = {1, 8};
    for (int shape = 0; shape < 6; shape++)
        for (int i = 0; i < 4 * 6 * 18 * 2; i++) {
            const PlanRequest request = request_of(shapes[shape][0], shapes[shape][1], blocks[i % 4], frames[i / 4 % 6],
                                                   ranks[i / 24 % 18], threads[i / 432]);
            if (!can_be_even(&request)) continue;
            const Plan plan = plan_create(request, NULL);
            char text[200];
            const double found = imbalance(&plan);
            UNIT_CHECK(found <= 1.3, "%.3f times the even share: %s, %d threads, groups %d, cluster %d, wave %d", found,
                       describe(&plan, text), request.threads, plan.groups, plan.cluster_ranks,
                       (int)plan.frames_per_wave_of_group);
        }
}

static void a_plan_of_thousands_of_ranks_is_made_at_once(void) {
    const Plan plan = plan_create(request_of(4362, 4148, 100, 1, 4096, 1), NULL);
    CU_ASSERT_TRUE(imbalance(&plan) <= 1.3);
}

/* Whoever owns the tiles of the region: all ranks compute it, each its own shards. */
static void a_region_within_the_tiles_of_one_rank_is_shared_by_all(void) {
    PlanRequest request = request_of(1000, 1000, 64, 1, 4, 1);
    CU_ASSERT_EQUAL(plan_create(request, NULL).cluster_ranks, 1);
    request.active = (Tile){20, 300, 30, 100};
    const Plan plan = plan_create(request, NULL);
    CU_ASSERT_EQUAL(plan.cluster_ranks, 4);
    for (int member = 0; member < 4; member++)
        CU_ASSERT_EQUAL(range_length(plan_blocks_of_shards(&plan, plan_shards_of_member(&plan, member))), 16);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(parts_of_a_range_join_and_differ_by_one_at_most),
                              UNIT_TEST(tiles_cover_the_detector_exactly_once),
                              UNIT_TEST(members_own_every_tile_exactly_once),
                              UNIT_TEST(members_of_a_cluster_share_the_blocks_of_its_tiles),
                              UNIT_TEST(rectangles_are_exactly_the_pixels_of_a_run_in_their_order),
                              UNIT_TEST(every_run_of_tiles_has_exact_rectangles),
                              UNIT_TEST(more_shards_than_blocks_are_clipped_with_a_note),
                              UNIT_TEST(shards_that_fit_are_kept_without_a_note),
                              UNIT_TEST(no_shard_is_empty),
                              UNIT_TEST(waves_hold_every_frame_exactly_once),
                              UNIT_TEST(every_rank_is_a_member_of_a_group),
                              UNIT_TEST(what_the_user_asks_for_is_taken),
                              UNIT_TEST(automatic_plans_leave_no_rank_more_than_a_third_above_its_share),
                              UNIT_TEST(a_region_within_the_tiles_of_one_rank_is_shared_by_all),
                              UNIT_TEST(a_plan_of_thousands_of_ranks_is_made_at_once),
                              {NULL, NULL}};
    return unit_main("plan", tests);
}
