#include "setup/point_group.h"
#include "base/cell.h"

#include <inttypes.h>
#include <stdlib.h>

/* How much a rotation may change the products of the cell's edges, relatively, and the tensor of the mosaic widths. */
static const double CELL_TOLERANCE = 1e-3, WIDTH_TOLERANCE = 5e-3;

/* Two |F| are the same if they differ by so much of the larger one, or of the greatest of all: what a text rounds. */
static const double FACTOR_TOLERANCE = 1e-2, FACTOR_TOLERANCE_OF_GREATEST = 1e-4;

/* A rotation of the group in the crystal: edge i becomes the sum over j of part[i][j] x edge j, and so does index i. */
typedef struct Operation {
    Mat3 turn;
    int part[3][3];
} Operation;

static double element(Mat3 matrix, int row, int column) {
    const Vec3 v = matrix.row[row];
    return column == 0 ? v.x : column == 1 ? v.y : v.z;
}

/* False where the rotation turns the lattice into another one. */
static bool operation_of(Mat3 cell_m, Mat3 axes, Mat3 rotation, Operation *operation) {
    const Mat3 turn = mat3_multiply(mat3_transpose(axes), mat3_multiply(rotation, axes)), star = cell_dual(cell_m);
    Mat3 turned, whole;
    *operation = (Operation){.turn = turn};
    for (int i = 0; i < 3; i++) {
        turned.row[i] = mat3_apply(turn, cell_m.row[i]);
        for (int j = 0; j < 3; j++) operation->part[i][j] = (int)lrint(vec3_dot(turned.row[i], star.row[j]));
        const int *part = operation->part[i];
        whole.row[i] = mat3_apply(mat3_transpose(cell_m), vec3(part[0], part[1], part[2]));
        if (!(vec3_length(vec3_subtract(turned.row[i], whole.row[i])) < CELL_TOLERANCE * vec3_length(cell_m.row[i])))
            return false;
    }
    return true;
}

/* True where the axes of the lattice only change places. */
static bool exchanges_axes(const Operation *operation) {
    for (int i = 0; i < 3; i++) {
        const int *part = operation->part[i];
        if (abs(part[0]) + abs(part[1]) + abs(part[2]) != 1) return false;
    }
    return true;
}

static Status refuse_cell(PointGroup group) {
    const int fold = orientation_grid_fold(group);
    return status_error(STATUS_BAD_PARAMETER,
                        "sweep.point_group is %s: the crystal's cell has not this symmetry; it needs %s",
                        orientation_grid_name(group),
                        group == POINT_GROUP_2     ? "alpha = gamma = 90 degrees"
                        : fold == 3 || fold == 6   ? "a = b, gamma = 120 degrees and c along the axis"
                        : group == POINT_GROUP_222 ? "angles of 90 degrees"
                                                   : "angles of 90 degrees, and equal edges where an axis joins them");
}

/* |F_latt|^2 of square crystals, and of others by the widths along each axis, knows the axes a, b, c. */
static Status check_spots(const Experiment *e, const Operation *operation) {
    const Crystal *crystal = &e->crystal;
    const char *group = orientation_grid_name(e->sweep.grid.group), *shape = crystal_shape_facts(crystal->shape).name;
    const bool of_axes = crystal_shape_facts(crystal->shape).is_of_axes;
    if (!of_axes && crystal_spot_model(crystal) != SPOT_PER_AXIS) return status_ok();
    if (!exchanges_axes(operation))
        return status_error(
            STATUS_BAD_PARAMETER,
            "sweep.point_group is %s: spots of shape %s%s have not this symmetry in an oblique cell, so "
            "that orientations left out are other images; give crystal.spot_model=isotropic%s, or "
            "sweep.point_group=%s",
            group, shape, of_axes ? "" : " and crystal.spot_model=per_axis",
            of_axes ? " with another crystal.shape" : "",
            operation->part[2][2] == 1 && orientation_grid_fold(e->sweep.grid.group) == 6 ? "2 or 1" : "1");
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            if (operation->part[i][j] != 0 && crystal->cells[i] != crystal->cells[j])
                return status_error(STATUS_BAD_PARAMETER,
                                    "sweep.point_group is %s, and the crystal has %" PRId64 " x %" PRId64 " x %" PRId64
                                    " cells: a crystal that is not equally long along equivalent axes has not this "
                                    "symmetry, orientations left out are other images; make crystal.cells (or size) "
                                    "equal along %c and %c, or give another sweep.point_group",
                                    group, crystal->cells[0], crystal->cells[1], crystal->cells[2], "abc"[i], "abc"[j]);
    return status_ok();
}

/* The covariance of the domains' rotations, about axes that turn with the crystal, must turn into itself. */
static Status check_mosaic(const Experiment *e, const Operation *operation) {
    const Crystal *crystal = &e->crystal;
    const Mat3 axes = crystal_axes(crystal->cell_m), turn = operation->turn;
    Mat3 squared = {{vec3(0, 0, 0), vec3(0, 0, 0), vec3(0, 0, 0)}};
    for (int i = 0; i < 3; i++)
        squared.row[i] = vec3_scale(crystal->mosaic_width_rad[i] * crystal->mosaic_width_rad[i], axes.row[i]);
    const Mat3 widths = mat3_multiply(mat3_transpose(axes), squared);
    const Mat3 turned = mat3_multiply(turn, mat3_multiply(widths, mat3_transpose(turn)));
    const double largest = crystal->mosaic_spread_rad * crystal->mosaic_spread_rad;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            if (fabs(element(turned, i, j) - element(widths, i, j)) > WIDTH_TOLERANCE * largest)
                return status_error(STATUS_BAD_PARAMETER,
                                    "sweep.point_group is %s, and crystal.mosaic_spread is %g, %g and %g degrees about "
                                    "three axes, which has not this symmetry: orientations left out are other images; "
                                    "make the widths equal, or give another sweep.point_group",
                                    orientation_grid_name(e->sweep.grid.group),
                                    crystal->mosaic_width_rad[0] / RADIANS_PER_DEGREE,
                                    crystal->mosaic_width_rad[1] / RADIANS_PER_DEGREE,
                                    crystal->mosaic_width_rad[2] / RADIANS_PER_DEGREE);
    return status_ok();
}

/* The group's generators; without a grid there are none. */
static Status operations_of(const Experiment *e, Operation *operation, int *count) {
    Mat3 generator[2];
    const PointGroup group = e->sweep.grid.group;
    *count = 0;
    if (e->sweep.kind != SWEEP_GRID || group == POINT_GROUP_1) return status_ok();
    const Mat3 axes = orientation_grid_axes(group, e->crystal.cell_m);
    *count = orientation_grid_generators(group, generator);
    for (int i = 0; i < *count; i++)
        if (!operation_of(e->crystal.cell_m, axes, generator[i], &operation[i])) return refuse_cell(group);
    return status_ok();
}

Status point_group_check_crystal(const Experiment *e) {
    Operation operation[2];
    int count = 0;
    TRY(operations_of(e, operation, &count));
    for (int i = 0; i < count; i++) {
        TRY(check_spots(e, &operation[i]));
        TRY(check_mosaic(e, &operation[i]));
        if (e->sampling.interpolate && !exchanges_axes(&operation[i]))
            return status_error(STATUS_BAD_PARAMETER,
                                "sweep.point_group is %s: interpolation of structure factors along a, b and c has not "
                                "this symmetry in an oblique cell; give crystal.interpolate=off",
                                orientation_grid_name(e->sweep.grid.group));
    }
    return status_ok();
}

/* h, k, l as the operation turns them. */
static void turn_index(const Operation *operation, const int32_t *index, int32_t *turned) {
    for (int i = 0; i < 3; i++) {
        const int *part = operation->part[i];
        turned[i] = part[0] * index[0] + part[1] * index[1] + part[2] * index[2];
    }
}

/* The place in the grid whose |F| differs most from that of its equivalent; -1 where none does. */
static int64_t worst_place(const StructureFactors *factors, const Operation *operation) {
    const int32_t *count = factors->count, *least = factors->least;
    int64_t place = 0, worst = -1;
    double most = FACTOR_TOLERANCE_OF_GREATEST * factors->greatest_f;
    for (int32_t h = 0; h < count[0]; h++)
        for (int32_t k = 0; k < count[1]; k++)
            for (int32_t l = 0; l < count[2]; l++, place++) {
                const int32_t index[3] = {h + least[0], k + least[1], l + least[2]};
                int32_t turned[3];
                turn_index(operation, index, turned);
                const double one = factors->grid[place];
                const double other = structure_factor(factors, turned[0], turned[1], turned[2]);
                const double difference = fabs(one - other);
                if (difference <= FACTOR_TOLERANCE * fmax(one, other) || difference <= most) continue;
                most = difference;
                worst = place;
            }
    return worst;
}

Status point_group_check_factors(const Experiment *e, const char *path) {
    const StructureFactors *factors = &e->factors;
    Operation operation[2];
    int count = 0;
    TRY(operations_of(e, operation, &count));
    for (int i = 0; i < count && factors->grid != NULL; i++) {
        const int64_t worst = worst_place(factors, &operation[i]);
        if (worst < 0) continue;
        const int32_t index[3] = {(int32_t)(worst / factors->count[2] / factors->count[1]) + factors->least[0],
                                  (int32_t)(worst / factors->count[2] % factors->count[1]) + factors->least[1],
                                  (int32_t)(worst % factors->count[2]) + factors->least[2]};
        int32_t turned[3];
        turn_index(&operation[i], index, turned);
        return status_error(
            STATUS_BAD_PARAMETER,
            "sweep.point_group is %s, and the structure factors of %s have not this symmetry: F(%d %d %d) "
            "is %.6g and F(%d %d %d) is %.6g, so that orientations left out are other images; give the "
            "point group of the structure, or structure factors that have it (crystal.space_group)",
            orientation_grid_name(e->sweep.grid.group), path, index[0], index[1], index[2], factors->grid[worst],
            turned[0], turned[1], turned[2], structure_factor(factors, turned[0], turned[1], turned[2]));
    }
    return status_ok();
}
