#include "base/random.h"
#include "parameters/parameters.h"
#include "plan/schedule.h"
#include "unit.h"

#include <stdlib.h>

enum { FRAMES = 64 };

static int64_t cost_in_list(const void *context, int64_t number) {
    return ((const int64_t *)context)[number];
}

/* Costs that differ 20-fold, evenly over their logarithm, in no order. */
static void set_costs(uint64_t seed, int64_t *costs) {
    for (int i = 0; i < FRAMES; i++) {
        double uniform[4];
        random_uniform4(seed, RANDOM_SWEEP, (uint64_t)i, 0, 0, uniform);
        costs[i] = (int64_t)(1e6 * exp(log(20.0) * uniform[0]));
    }
    costs[seed % FRAMES] = 1000000;
    costs[(seed + 1) % FRAMES] = 20000000;
}

static Plan plan_of(int64_t pixels, int64_t frames, int ranks, int64_t wave) {
    return plan_create((PlanRequest){.slow_pixels = pixels,
                                     .fast_pixels = pixels,
                                     .active = {0, 0, pixels, pixels},
                                     .blocks = 4,
                                     .steps_per_pixel = 100,
                                     .frames = frames,
                                     .ranks = ranks,
                                     .threads = 1,
                                     .tile = PARAMETER_AUTO,
                                     .shards = PARAMETER_AUTO,
                                     .wave = wave},
                       NULL);
}

static ScheduleForecast forecast_of(const Plan *plan, ScheduleCost cost, const void *context) {
    const ScheduleMachine machine = {.seconds_per_step = 1e-9, .disk_bytes_per_s = 1e9};
    const ScheduleFrames frames = {.cost = cost, .context = context, .bytes_of_pixel = 4};
    ScheduleForecast forecast;
    CU_ASSERT(status_is_ok(schedule_forecast(plan, frames, machine, &forecast)));
    return forecast;
}

static void classes_ascend_by_eighths_of_a_doubling(void) {
    for (int64_t cost = -3; cost < 1000000; cost += 1 + cost / 1000) {
        CU_ASSERT_TRUE(schedule_class(cost) <= schedule_class(cost + 1 + cost / 1000));
        if (cost >= 8) CU_ASSERT_EQUAL(schedule_class(2 * cost), schedule_class(cost) + 8);
    }
    CU_ASSERT_EQUAL(schedule_class(0), 0);
    CU_ASSERT_EQUAL(schedule_class(16), schedule_class(17)); /* less than an eighth apart */
    CU_ASSERT_EQUAL(schedule_class(18), schedule_class(16) + 1);
    CU_ASSERT_TRUE(schedule_class(INT64_MAX) < SCHEDULE_CLASSES);
}

static void costly_frames_come_first_and_each_frame_once(void) {
    int64_t costs[FRAMES], order[FRAMES];
    bool seen[FRAMES] = {false};
    set_costs(5, costs);
    for (int i = 0; i < FRAMES; i++) order[i] = i;
    CU_ASSERT(status_is_ok(schedule_sort(order, FRAMES, cost_in_list, costs)));
    for (int i = 0; i < FRAMES; i++) {
        CU_ASSERT_FALSE(seen[order[i]]);
        seen[order[i]] = true;
        if (i > 0) CU_ASSERT_TRUE(schedule_class(costs[order[i - 1]]) >= schedule_class(costs[order[i]]));
    }
}

static void frames_that_cost_alike_keep_their_order(void) {
    int64_t costs[FRAMES], order[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        costs[i] = 1000 + i % 3; /* one class */
        order[i] = 2 * i;
    }
    for (int i = 0; i < FRAMES; i++) order[i] = FRAMES - 1 - i; /* whatever it was */
    CU_ASSERT(status_is_ok(schedule_sort(order, FRAMES, cost_in_list, costs)));
    for (int i = 0; i < FRAMES; i++) CU_ASSERT_EQUAL(order[i], FRAMES - 1 - i);
    for (int i = 0; i < FRAMES; i++) {
        costs[i] = i % 2 == 0 ? 1000 : 2000;
        order[i] = i;
    }
    CU_ASSERT(status_is_ok(schedule_sort(order, FRAMES, cost_in_list, costs)));
    for (int i = 0; i < FRAMES; i++) CU_ASSERT_EQUAL(order[i], i < FRAMES / 2 ? 2 * i + 1 : 2 * (i - FRAMES / 2));
}

/* The goal: 64 frames whose costs differ 20-fold on 4 ranks end within 1.15 of the ideal, however small the waves. */
static void frames_of_unequal_cost_end_near_the_ideal(void) {
    const int64_t waves[] = {PARAMETER_AUTO, 1, 2, 4};
    for (uint64_t seed = 1; seed <= 20; seed++)
        for (int i = 0; i < 4; i++) {
            int64_t costs[FRAMES];
            double all = 0.0;
            set_costs(seed, costs);
            for (int f = 0; f < FRAMES; f++) all += 1e-9 * (double)costs[f];
            const Plan plan = plan_of(512, FRAMES, 4, waves[i]);
            const ScheduleForecast forecast = forecast_of(&plan, cost_in_list, costs);
            CU_ASSERT_DOUBLE_EQUAL(forecast.busy_s, all / 4.0, 0.005 * all);
            UNIT_CHECK(forecast.compute_s <= 1.15 * all / 4.0, "seed %d, waves of %d: %.3f of the ideal", (int)seed,
                       (int)plan.frames_per_wave_of_group, 4.0 * forecast.compute_s / all);
        }
}

static int64_t one_cost(const void *context, int64_t number) {
    (void)number;
    return *(const int64_t *)context;
}

/* By hand: 23 frames of 64 x 64 pixels on 4 ranks, two of each in a wave at most. */
static void a_forecast_of_equal_frames_is_arithmetic(void) {
    const int64_t steps = 1000000;
    const Plan plan = plan_of(64, 23, 4, 2);
    CU_ASSERT_EQUAL(plan.groups, 4);
    const ScheduleForecast forecast = forecast_of(&plan, one_cost, &steps);
    CU_ASSERT_EQUAL(forecast.waves, 3);
    CU_ASSERT_DOUBLE_EQUAL(forecast.compute_s, 6e-3, 1e-9); /* two rounds in each wave */
    CU_ASSERT_DOUBLE_EQUAL(forecast.busy_s, 5.75e-3, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(forecast.imbalance, 24.0 / 23.0, 1e-6);
    CU_ASSERT_EQUAL(forecast.rank_wave_bytes, 2 * 64 * 64 * 4);
    CU_ASSERT_EQUAL(forecast.wave_bytes, 8 * 64 * 64 * 4);
    CU_ASSERT_DOUBLE_EQUAL(forecast.write_s, 23.0 * 64 * 64 * 4 / 1e9, 1e-12);
    CU_ASSERT_EQUAL(forecast.extents, 23);
    CU_ASSERT_EQUAL(forecast.wave_extents, 2);
    CU_ASSERT_EQUAL(forecast.messages, 0);
}

int main(void) {
    const UnitTest tests[] = {
        UNIT_TEST(classes_ascend_by_eighths_of_a_doubling),  UNIT_TEST(costly_frames_come_first_and_each_frame_once),
        UNIT_TEST(frames_that_cost_alike_keep_their_order),  UNIT_TEST(frames_of_unequal_cost_end_near_the_ideal),
        UNIT_TEST(a_forecast_of_equal_frames_is_arithmetic), {NULL, NULL}};
    return unit_main("schedule", tests);
}
