#include "physics/spot_reach.h"

#include "base/cell.h"

SpotReach spot_reach_create(const Crystal *crystal, double tolerance) {
    SpotReach spot = {.shape = shape_formulas(crystal->shape)};
    double g[6];
    shape_spot_form(crystal, g, &spot.height);
    spot.form = (Mat3){
        {vec3(g[0], 0.5 * g[3], 0.5 * g[5]), vec3(0.5 * g[3], g[1], 0.5 * g[4]), vec3(0.5 * g[5], 0.5 * g[4], g[2])}};
    spot.inverse = cell_dual(spot.form); /* the transposed inverse, and the form is symmetric */
    spot.reach = spot.shape->reach(tolerance);
    const double variance[3] = {spot.inverse.row[0].x, spot.inverse.row[1].y, spot.inverse.row[2].z};
    for (int i = 0; i < 3; i++) spot.half_width[i] = sqrt(spot.reach * variance[i]);
    return spot;
}
