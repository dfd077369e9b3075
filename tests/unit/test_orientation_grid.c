#include "base/random.h"
#include "model/orientation_grid.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>

enum { GROUPS = POINT_GROUP_432 + 1 };

static double angle_between(Mat3 a, Mat3 b) {
    double trace = 0.0;
    for (int i = 0; i < 3; i++) trace += vec3_dot(a.row[i], b.row[i]);
    return acos(fmin(fmax(0.5 * (trace - 1.0), -1.0), 1.0));
}

static bool is_among(Mat3 rotation, const Mat3 *list, int count) {
    for (int i = 0; i < count; i++)
        if (angle_between(rotation, list[i]) < 1e-6) return true;
    return false;
}

/* All products of the generators. */
static int make_group(PointGroup group, Mat3 *element) {
    Mat3 generator[2];
    const int generators = orientation_grid_generators(group, generator);
    int count = 1;
    element[0] = mat3_identity();
    for (int i = 0; i < count; i++)
        for (int g = 0; g < generators; g++) {
            const Mat3 next = mat3_multiply(element[i], generator[g]);
            if (!is_among(next, element, count) && count < 24) element[count++] = next;
        }
    return count;
}

static void generators_make_groups_of_their_order(void) {
    static const int order[GROUPS] = {1, 2, 3, 4, 6, 4, 6, 8, 12, 12, 24};
    Mat3 element[24];
    for (int group = 0; group < GROUPS; group++) {
        CU_ASSERT_EQUAL(make_group((PointGroup)group, element), order[group]);
        CU_ASSERT_EQUAL(orientation_grid_order((PointGroup)group), order[group]);
    }
}

/* Greatest angle from random rotations to the nearest of the grid, or to one that the group makes equal. */
static double greatest_angle(const OrientationGrid *grid, int trials) {
    Mat3 element[24];
    const int elements = make_group(grid->group, element);
    const int64_t count = orientation_grid_count(grid);
    Mat3 *rotation = malloc((size_t)count * sizeof *rotation);
    if (rotation == NULL) abort();
    for (int64_t i = 0; i < count; i++) rotation[i] = orientation_grid_rotation(grid, i);
    double greatest = 0.0;
    for (int trial = 0; trial < trials; trial++) {
        const Mat3 wanted = random_rotation(3, RANDOM_SWEEP, (uint64_t)trial);
        double most_trace = -1.0;
        for (int e = 0; e < elements; e++) {
            const Mat3 equal = mat3_multiply(wanted, element[e]);
            for (int64_t i = 0; i < count; i++) {
                double trace = 0.0;
                for (int r = 0; r < 3; r++) trace += vec3_dot(equal.row[r], rotation[i].row[r]);
                most_trace = fmax(most_trace, trace);
            }
        }
        greatest = fmax(greatest, acos(fmin(0.5 * (most_trace - 1.0), 1.0)));
    }
    free(rotation);
    return greatest;
}

static void every_rotation_is_within_the_covering_radius(void) {
    for (int group = 0; group < GROUPS; group++) {
        OrientationGrid grid;
        const double wanted = 25.0 * RADIANS_PER_DEGREE;
        CU_ASSERT_FATAL(status_is_ok(orientation_grid_create((PointGroup)group, wanted, 1000000, &grid)));
        CU_ASSERT(grid.covering_rad <= wanted + 1e-12);
        const double greatest = greatest_angle(&grid, 2000);
        UNIT_CHECK(greatest <= grid.covering_rad + 1e-9, "group %d: %g degrees from the grid, not %g", group,
                   greatest / RADIANS_PER_DEGREE, grid.covering_rad / RADIANS_PER_DEGREE);
        UNIT_CHECK(greatest > 0.7 * grid.covering_rad, "group %d: %g degrees at most, %g stated", group,
                   greatest / RADIANS_PER_DEGREE, grid.covering_rad / RADIANS_PER_DEGREE);
    }
}

static void no_two_rotations_are_equal_by_symmetry(void) {
    for (int group = 0; group < GROUPS; group++) {
        OrientationGrid grid;
        Mat3 element[24];
        const int elements = make_group((PointGroup)group, element);
        CU_ASSERT_FATAL(status_is_ok(orientation_grid_create((PointGroup)group, NAN, 300, &grid)));
        const int64_t count = orientation_grid_count(&grid);
        CU_ASSERT(count <= 300);
        double least = 10.0;
        for (int64_t i = 0; i < count; i++)
            for (int e = 0; e < elements; e++)
                for (int64_t j = 0; j < i; j++)
                    least = fmin(least, angle_between(mat3_multiply(orientation_grid_rotation(&grid, i), element[e]),
                                                      orientation_grid_rotation(&grid, j)));
        UNIT_CHECK(least > 0.3 * grid.covering_rad, "group %d: two rotations %g degrees apart", group,
                   least / RADIANS_PER_DEGREE);
    }
}

static void a_group_divides_the_count_by_its_order(void) {
    OrientationGrid whole, reduced;
    const double angle = 3.0 * RADIANS_PER_DEGREE;
    CU_ASSERT_FATAL(status_is_ok(orientation_grid_create(POINT_GROUP_1, angle, INT64_C(1) << 40, &whole)));
    for (int group = 0; group < GROUPS; group++) {
        CU_ASSERT_FATAL(status_is_ok(orientation_grid_create((PointGroup)group, angle, INT64_C(1) << 40, &reduced)));
        const double ratio = (double)orientation_grid_count(&whole) / (double)orientation_grid_count(&reduced);
        /* the cells at a cube's corner are skewed, so that cubic groups need a third more */
        const bool cubic = group == POINT_GROUP_23 || group == POINT_GROUP_432;
        UNIT_CLOSE(ratio / orientation_grid_order((PointGroup)group), cubic ? 0.75 : 1.0, 0.1, "share of the count");
    }
}

static void a_grid_is_nearly_as_small_as_its_angle_allows(void) {
    /* a ball of radius w holds (w - sin w) / pi of SO(3); no lattice covers with less than 1.46 of its volume */
    OrientationGrid grid;
    const double angle = 5.0 * RADIANS_PER_DEGREE;
    CU_ASSERT_FATAL(status_is_ok(orientation_grid_create(POINT_GROUP_1, angle, 100000000, &grid)));
    const double least = PI / (angle - sin(angle));
    CU_ASSERT((double)orientation_grid_count(&grid) > 1.4 * least);
    CU_ASSERT((double)orientation_grid_count(&grid) < 3.5 * least);
}

static void what_is_too_fine_or_too_small_is_refused(void) {
    OrientationGrid grid;
    CU_ASSERT_EQUAL(orientation_grid_create(POINT_GROUP_1, 1e-3 * RADIANS_PER_DEGREE, 1000000000, &grid).code,
                    STATUS_BAD_PARAMETER);
    CU_ASSERT_EQUAL(orientation_grid_create(POINT_GROUP_1, NAN, 1, &grid).code, STATUS_BAD_PARAMETER);
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(generators_make_groups_of_their_order),
                                     UNIT_TEST(every_rotation_is_within_the_covering_radius),
                                     UNIT_TEST(no_two_rotations_are_equal_by_symmetry),
                                     UNIT_TEST(a_group_divides_the_count_by_its_order),
                                     UNIT_TEST(a_grid_is_nearly_as_small_as_its_angle_allows),
                                     UNIT_TEST(what_is_too_fine_or_too_small_is_refused),
                                     {NULL, NULL}};
    return unit_main("orientation grid", tests);
}
