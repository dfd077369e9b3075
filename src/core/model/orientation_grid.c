#include "model/orientation_grid.h"

#include <inttypes.h>

/* What a group leaves of the sphere: a lune of 1/fold of a turn, the upper half of it where two-fold axes lie across;
 * or, for a cubic group, a quarter or a half of the cube's face about z. */
typedef struct Region {
    const char *name;
    int fold, order;
    bool upper_half, cubic;
} Region;

static const Region regions[] = {
    [POINT_GROUP_1] = {"1", 1, 1, false, false},     [POINT_GROUP_2] = {"2", 2, 2, false, false},
    [POINT_GROUP_3] = {"3", 3, 3, false, false},     [POINT_GROUP_4] = {"4", 4, 4, false, false},
    [POINT_GROUP_6] = {"6", 6, 6, false, false},     [POINT_GROUP_222] = {"222", 2, 4, true, false},
    [POINT_GROUP_32] = {"32", 3, 6, true, false},    [POINT_GROUP_422] = {"422", 4, 8, true, false},
    [POINT_GROUP_622] = {"622", 6, 12, true, false}, [POINT_GROUP_23] = {"23", 2, 12, true, true},
    [POINT_GROUP_432] = {"432", 4, 24, true, true},
};

Mat3 orientation_grid_axes(PointGroup group, Mat3 cell_m) {
    const Vec3 along = group == POINT_GROUP_2 ? cell_m.row[1] : cell_m.row[2];
    const Vec3 z = vec3_unit(along), other = cell_m.row[0];
    const Vec3 x = vec3_unit(vec3_subtract(other, vec3_scale(vec3_dot(other, z), z)));
    return (Mat3){{x, vec3_cross(z, x), z}};
}

const char *orientation_grid_name(PointGroup group) {
    return regions[group].name;
}

int orientation_grid_fold(PointGroup group) {
    return regions[group].fold;
}

int orientation_grid_order(PointGroup group) {
    return regions[group].order;
}

int orientation_grid_generators(PointGroup group, Mat3 *rotation) {
    const Region *region = &regions[group];
    const double third = 1.0 / sqrt(3.0);
    rotation[0] = mat3_rotation_about(vec3(0, 0, 1), 2.0 * PI / region->fold);
    rotation[1] = region->cubic ? mat3_rotation_about(vec3(third, third, third), 2.0 * PI / 3.0)
                                : mat3_rotation_about(vec3(1, 0, 0), PI);
    return region->upper_half ? 2 : 1;
}

/* ------------------------------------------------------------------------------------------------------------ cells */

/* A cell between two values of each of its coordinates: theta and phi, or the two angles of a cube's face. */
typedef struct Cell {
    double first[2], width[2];
} Cell;

static double band_height(const Region *region, int64_t bands) {
    return (region->upper_half ? 0.5 : 1.0) * PI / (double)bands;
}

/* Cells of a band: no wider than high in its middle, and some narrower at the pole, where corners lie far out. */
static int64_t cells_of_band(const Region *region, int64_t bands, int64_t band) {
    const double height = band_height(region, bands), middle = ((double)band + 0.5) * height;
    return (int64_t)fmax(ceil(1.05 * 2.0 * PI / region->fold * sin(middle) / height), 1.0);
}

static Cell cell_of_band(const Region *region, int64_t bands, int64_t band, int64_t place) {
    const double height = band_height(region, bands);
    const double width = 2.0 * PI / region->fold / (double)cells_of_band(region, bands, band);
    return (Cell){{(double)band * height, (double)place * width}, {height, width}};
}

/* The face's two angles go from 0 to 45 degrees; in group 23 the second one from -45. */
static Cell cell_of_face(const Region *region, int64_t bands, int64_t index) {
    const double width = 0.25 * PI / (double)bands;
    const double second = region->fold == 4 ? 0.0 : -0.25 * PI;
    return (Cell){{(double)(index % bands) * width, second + (double)(index / bands) * width}, {width, width}};
}

static Vec3 point_of_cell(const Region *region, const Cell *cell, double along, double across) {
    const double u = cell->first[0] + along * cell->width[0], v = cell->first[1] + across * cell->width[1];
    if (region->cubic) return vec3_unit(vec3(tan(u), tan(v), 1.0));
    return vec3(sin(u) * cos(v), sin(u) * sin(v), cos(u));
}

/* From the middle to the farthest corner. Within a cell the distance from its middle is largest at a corner: along a
 * circle of latitude it grows with the difference of longitude, along any great circle it has no other maximum. */
static double radius_of_cell(const Region *region, const Cell *cell) {
    const Vec3 middle = point_of_cell(region, cell, 0.5, 0.5);
    double radius = 0.0;
    for (int corner = 0; corner < 4; corner++) {
        const Vec3 point = point_of_cell(region, cell, corner % 2, corner / 2);
        radius = fmax(radius, atan2(vec3_length(vec3_cross(middle, point)), vec3_dot(middle, point)));
    }
    return radius;
}

/* Number of cells, and the largest radius of one. */
static int64_t measure_cells(const Region *region, int64_t bands, double *radius) {
    int64_t cells = 0;
    *radius = 0.0;
    if (region->cubic) { /* the cell at the cube's corner is the largest: orientation_grid_create makes sure of it */
        cells = bands * bands * (region->fold == 4 ? 1 : 2);
        const Cell corner = cell_of_face(region, bands, cells - 1);
        *radius = radius_of_cell(region, &corner);
        return cells;
    }
    for (int64_t band = 0; band < bands; band++) {
        const Cell cell = cell_of_band(region, bands, band, 0);
        *radius = fmax(*radius, radius_of_cell(region, &cell));
        cells += cells_of_band(region, bands, band);
    }
    return cells;
}

/* The largest radius of all cells of a grid. */
static double largest_radius(const Region *region, const OrientationGrid *grid) {
    double radius = 0.0;
    const int64_t cells = measure_cells(region, grid->bands, &radius);
    for (int64_t i = 0; region->cubic && i < cells; i++) {
        const Cell cell = cell_of_face(region, grid->bands, i);
        radius = fmax(radius, radius_of_cell(region, &cell));
    }
    return radius;
}

/* ------------------------------------------------------------------------------------------------------------- size */

static double covering(double radius, int64_t turns) {
    return 2.0 * acos(cos(0.5 * radius) * cos(0.5 * PI / (double)turns));
}

/* Fewest turns that cover all within @p covering_rad, when the directions are within @p radius of each other. */
static double turns_for(double covering_rad, double radius) {
    const double cosine = cos(0.5 * covering_rad) / cos(0.5 * radius);
    return cosine < 1.0 ? fmax(ceil(0.5 * PI / acos(cosine) - 1e-9), 1.0) : INFINITY;
}

/* Number of turns that suits so many directions: enough for the angle, or as many as there is room for. */
static double choose_turns(double covering_rad, int64_t most, double radius, int64_t directions) {
    return isnan(covering_rad) ? floor((double)most / (double)directions) : turns_for(covering_rad, radius);
}

static bool is_better(double covering_rad, const OrientationGrid *grid, const OrientationGrid *best) {
    if (best->directions == 0) return true;
    if (isnan(covering_rad)) return grid->covering_rad < best->covering_rad;
    return orientation_grid_count(grid) < orientation_grid_count(best);
}

Status orientation_grid_create(PointGroup group, double covering_rad, int64_t most, OrientationGrid *grid) {
    const Region *region = &regions[group];
    *grid = (OrientationGrid){.group = group};
    /* a cell is farther across than it is high */
    const double height = region->cubic ? 0.25 * PI : band_height(region, 1);
    const double least_bands = isnan(covering_rad) ? 1.0 : fmax(floor(0.5 * height / covering_rad), 1.0);
    for (int64_t bands = (int64_t)least_bands; bands <= 1000000; bands += 1 + bands / 100) {
        double radius = 0.0;
        OrientationGrid next = {.group = group, .bands = bands};
        next.directions = measure_cells(region, bands, &radius);
        const double turns = choose_turns(covering_rad, most, radius, next.directions);
        const bool unbalanced = turns < 1.0 || 8.0 * turns * radius < PI; /* and from here on more so */
        if (unbalanced || next.directions > most) break;
        if (!(turns * (double)next.directions <= 1e15)) continue; /* as yet too coarse for the angle */
        next.turns = (int64_t)turns;
        next.covering_rad = covering(radius, next.turns);
        if (is_better(covering_rad, &next, grid)) *grid = next;
    }
    if (grid->directions > 0) grid->covering_rad = covering(largest_radius(region, grid), grid->turns);
    const double angle_deg = covering_rad / RADIANS_PER_DEGREE;
    if (isnan(covering_rad) && grid->directions == 0)
        return status_error(STATUS_BAD_PARAMETER, "sweep.count is %" PRId64 ": no grid of orientations is so small",
                            most);
    if (grid->directions == 0 || orientation_grid_count(grid) > most)
        return status_error(STATUS_BAD_PARAMETER,
                            "sweep.angle %g degrees makes a grid of more than %" PRId64 " frames; make it larger",
                            angle_deg, most);
    return status_ok();
}

int64_t orientation_grid_count(const OrientationGrid *grid) {
    return grid->directions * grid->turns;
}

static Cell cell_of_direction(const OrientationGrid *grid, int64_t direction) {
    const Region *region = &regions[grid->group];
    if (region->cubic) return cell_of_face(region, grid->bands, direction);
    int64_t band = 0, cells = cells_of_band(region, grid->bands, 0);
    while (direction >= cells) {
        direction -= cells;
        cells = cells_of_band(region, grid->bands, ++band);
    }
    return cell_of_band(region, grid->bands, band, direction);
}

Mat3 orientation_grid_rotation(const OrientationGrid *grid, int64_t index) {
    const Cell cell = cell_of_direction(grid, index / grid->turns);
    const Vec3 p = point_of_cell(&regions[grid->group], &cell, 0.5, 0.5);
    const double theta = atan2(hypot(p.x, p.y), p.z), phi = atan2(p.y, p.x);
    const double turn = 2.0 * PI * (double)(index % grid->turns) / (double)grid->turns;
    const Vec3 y = vec3(0, 1, 0), z = vec3(0, 0, 1);
    const Mat3 to_z = mat3_multiply(mat3_rotation_about(y, -theta), mat3_rotation_about(z, -phi));
    return mat3_multiply(mat3_rotation_about(z, turn), to_z);
}
