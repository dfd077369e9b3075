#include "plan/plan.h"

#include "parameters/parameters.h"

#include <assert.h>
#include <inttypes.h>

/* Automatic sizes. A tile is small enough that every thread gets several, and large enough that the bookkeeping per
 * tile does not show. A wave is what a rank holds before it is written, in bytes of float32, and in steps so that
 * little is lost when the job is killed. */
enum { TILE_GREATEST = 256, TILE_SMALLEST = 16, TILES_PER_THREAD = 8, WAVE_FRAMES_MOST = 256 };
static const int64_t WAVE_BYTES_MOST = INT64_C(1) << 25;
static const double WAVE_STEPS_MOST = 1e9;

static int64_t least_of(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t pieces(int64_t length, int64_t piece) {
    return (length + piece - 1) / piece;
}

int64_t plan_tiles(const Plan *plan) {
    return plan->tiles_slow * plan->tiles_fast;
}

Tile plan_tile(const Plan *plan, int64_t index) {
    const int64_t slow = index / plan->tiles_fast * plan->tile, fast = index % plan->tiles_fast * plan->tile;
    return (Tile){.slow = slow,
                  .fast = fast,
                  .slow_pixels = least_of(plan->tile, plan->request.slow_pixels - slow),
                  .fast_pixels = least_of(plan->tile, plan->request.fast_pixels - fast)};
}

static void set_tile(Plan *plan, int64_t edge) {
    const int64_t longest =
        plan->request.slow_pixels > plan->request.fast_pixels ? plan->request.slow_pixels : plan->request.fast_pixels;
    plan->tile = least_of(edge, longest);
    plan->tiles_slow = pieces(plan->request.slow_pixels, plan->tile);
    plan->tiles_fast = pieces(plan->request.fast_pixels, plan->tile);
}

static void choose_tile(Plan *plan) {
    if (plan->request.tile != PARAMETER_AUTO) {
        set_tile(plan, plan->request.tile);
        return;
    }
    const int64_t wanted = (int64_t)TILES_PER_THREAD * plan->group_ranks * plan->request.threads;
    for (int64_t edge = TILE_GREATEST; edge >= TILE_SMALLEST; edge /= 2) {
        set_tile(plan, edge);
        if (plan_tiles(plan) >= wanted) return;
    }
}

static Tile whole_frame(const Plan *plan) {
    return (Tile){0, 0, plan->request.slow_pixels, plan->request.fast_pixels};
}

static int64_t common_length(int64_t begin, int64_t length, int64_t other_begin, int64_t other_length) {
    const int64_t first = begin > other_begin ? begin : other_begin;
    const int64_t common = least_of(begin + length, other_begin + other_length) - first;
    return common > 0 ? common : 0;
}

static int64_t common_pixels(Tile a, Tile b) {
    return common_length(a.slow, a.slow_pixels, b.slow, b.slow_pixels) *
           common_length(a.fast, a.fast_pixels, b.fast, b.fast_pixels);
}

/* Pixels of @p region that lie in the tiles before tile @p index. */
static int64_t pixels_before(const Plan *plan, int64_t index, Tile region) {
    const int64_t row = index / plan->tiles_fast, column = index % plan->tiles_fast;
    const int64_t slow = least_of(row * plan->tile, plan->request.slow_pixels);
    const int64_t height = least_of(plan->tile, plan->request.slow_pixels - slow);
    const int64_t width = least_of(column * plan->tile, plan->request.fast_pixels);
    return common_pixels((Tile){0, 0, slow, plan->request.fast_pixels}, region) +
           common_pixels((Tile){slow, 0, height, width}, region);
}

/* First tile of member @p member: the one whose first pixel is nearest to an equal share of the pixels. */
static int64_t first_tile_of_member(const Plan *plan, int member) {
    const Tile frame = whole_frame(plan);
    const double share = (double)frame.slow_pixels * (double)frame.fast_pixels * member / plan->group_ranks;
    int64_t low = 0, high = plan_tiles(plan);
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if ((double)pixels_before(plan, middle, frame) < share)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 &&
        share - (double)pixels_before(plan, low - 1, frame) < (double)pixels_before(plan, low, frame) - share)
        low--;
    return low;
}

Range plan_tiles_of_member(const Plan *plan, int member) {
    const int64_t begin = first_tile_of_member(plan, member);
    const int64_t end = member + 1 == plan->group_ranks ? plan_tiles(plan) : first_tile_of_member(plan, member + 1);
    return (Range){begin, end};
}

Range plan_tiles_of_cluster(const Plan *plan, int member) {
    const int first = member / plan->cluster_ranks * plan->cluster_ranks;
    return (Range){plan_tiles_of_member(plan, first).begin,
                   plan_tiles_of_member(plan, first + plan->cluster_ranks - 1).end};
}

Range plan_shards_of_member(const Plan *plan, int member) {
    return range_part((Range){0, plan->shards}, plan->cluster_ranks, member % plan->cluster_ranks);
}

Range plan_blocks_of_shards(const Plan *plan, Range shards) {
    const Range all = {0, plan->request.blocks};
    if (range_length(shards) <= 0) return (Range){0, 0};
    return (Range){range_part(all, plan->shards, shards.begin).begin,
                   range_part(all, plan->shards, shards.end - 1).end};
}

/* Work (computed pixels x blocks) of the member with most, for the plan's clusters and shards. */
static double greatest_work(const Plan *plan) {
    double greatest = 0.0;
    for (int member = 0; member < plan->group_ranks; member++) {
        const Range tiles = plan_tiles_of_cluster(plan, member);
        const Range blocks = plan_blocks_of_shards(plan, plan_shards_of_member(plan, member));
        const Tile active = plan->request.active;
        const double pixels =
            (double)(pixels_before(plan, tiles.end, active) - pixels_before(plan, tiles.begin, active));
        const double work = pixels * (double)range_length(blocks);
        if (work > greatest) greatest = work;
    }
    return greatest;
}

/* The size of clusters, a divisor of the group, that leaves the busiest member the least work; the smallest of nearly
 * equal ones, as larger clusters reduce more. Members own, and write, equal shares of the frame: where only a region of
 * it is computed, it is the clusters that share the work. With shards on automatic there are as many as members of a
 * cluster. */
static void choose_clusters(Plan *plan, Notes *notes) {
    const PlanRequest *request = &plan->request;
    const bool automatic = request->shards == PARAMETER_AUTO;
    const int64_t most_shards = automatic ? request->blocks : least_of(request->shards, request->blocks);
    Plan best = *plan;
    double least_work = 0.0;
    for (int size = 1; size <= plan->group_ranks; size++) {
        if (plan->group_ranks % size != 0 || size > most_shards) continue;
        plan->cluster_ranks = size;
        plan->shards = automatic ? size : most_shards;
        const double work = greatest_work(plan);
        if (size == 1 || work < 0.95 * least_work) {
            least_work = work;
            best = *plan;
        }
    }
    *plan = best;
    if (!automatic && request->shards > request->blocks)
        notes_add(notes,
                  "run.shards is %" PRId64 "; this run has %" PRId64 " blocks of terms, so there are %" PRId64
                  " shards",
                  request->shards, request->blocks, plan->shards);
}

double plan_uneven(const Plan *plan) {
    const double even = (double)common_pixels(plan->request.active, whole_frame(plan)) * (double)plan->request.blocks /
                        plan->group_ranks;
    return even > 0.0 ? greatest_work(plan) / even : 1.0;
}

int64_t plan_room_of_group(const Plan *plan) {
    const int64_t even = plan->frames_per_wave_of_group;
    return plan->groups == 1 ? even : 2 * even - 1;
}

static void choose_wave(Plan *plan) {
    const PlanRequest *request = &plan->request;
    const double share = (double)request->slow_pixels * (double)request->fast_pixels / plan->group_ranks;
    const double by_bytes = (double)WAVE_BYTES_MOST / (4.0 * share);
    const double by_steps = WAVE_STEPS_MOST / (share * (double)request->steps_per_pixel);
    double frames = by_bytes < by_steps ? by_bytes : by_steps;
    if (frames < 1.0) frames = 1.0;
    if (frames > WAVE_FRAMES_MOST) frames = WAVE_FRAMES_MOST;
    if (request->wave != PARAMETER_AUTO) frames = (double)request->wave;
    const int64_t of_group = pieces(request->frames, plan->groups);
    plan->frames_per_wave_of_group = least_of((int64_t)frames, of_group > 0 ? of_group : 1);
    plan->waves = pieces(request->frames, plan->frames_per_wave_of_group * plan->groups);
}

/* The number of groups, a divisor of the ranks, that ends first when every frame costs the same; the largest of nearly
 * equal ones, as whole frames need no reduction. */
static void choose_groups(Plan *plan) {
    double least_time = 0.0;
    for (int groups = plan->request.ranks; groups >= 1; groups--) {
        if (plan->request.ranks % groups != 0) continue;
        const double time = (double)pieces(plan->request.frames, groups) * groups;
        if (groups < plan->request.ranks && time > 0.95 * least_time) continue;
        least_time = time;
        plan->groups = groups;
    }
    assert(plan->groups > 0); /* all ranks are one of the divisors */
    plan->group_ranks = plan->request.ranks / plan->groups;
}

Plan plan_create(PlanRequest request, Notes *notes) {
    Plan plan = {.request = request};
    choose_groups(&plan);
    choose_tile(&plan);
    choose_clusters(&plan, notes);
    choose_wave(&plan);
    return plan;
}

int plan_group_of_rank(const Plan *plan, int rank) {
    return rank / plan->group_ranks;
}

int plan_member_of_rank(const Plan *plan, int rank) {
    return rank % plan->group_ranks;
}

Range plan_frames_of_wave(const Plan *plan, int64_t wave) {
    const int64_t length = plan->frames_per_wave_of_group * plan->groups;
    return (Range){wave * length, least_of((wave + 1) * length, plan->request.frames)};
}

/* Rectangle of the tiles [begin, end) of one row of tiles. */
static Tile rectangle_in_row(const Plan *plan, int64_t begin, int64_t end) {
    const Tile first = plan_tile(plan, begin), last = plan_tile(plan, end - 1);
    return (Tile){first.slow, first.fast, first.slow_pixels, last.fast + last.fast_pixels - first.fast};
}

int plan_rectangles(const Plan *plan, Range tiles, Tile *rectangles) {
    int count = 0;
    const int64_t row = plan->tiles_fast;
    int64_t begin = tiles.begin;
    if (begin < tiles.end && begin % row != 0) {
        const int64_t end = least_of(tiles.end, (begin / row + 1) * row);
        rectangles[count++] = rectangle_in_row(plan, begin, end);
        begin = end;
    }
    if (tiles.end - begin >= row) {
        const int64_t end = tiles.end / row * row;
        const Tile first = plan_tile(plan, begin), last = plan_tile(plan, end - 1);
        rectangles[count++] =
            (Tile){first.slow, 0, last.slow + last.slow_pixels - first.slow, plan->request.fast_pixels};
        begin = end;
    }
    if (begin < tiles.end) rectangles[count++] = rectangle_in_row(plan, begin, tiles.end);
    return count;
}
