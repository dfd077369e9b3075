#include "physics/spot_reach.h"

#include "base/cell.h"
#include "physics/shape.h"

SpotReach spot_reach_create(const Crystal *crystal, double tolerance) {
    SpotReach spot = {.gauss = crystal->shape == SHAPE_GAUSS};
    double g[6];
    shape_spot_form(crystal, g, &spot.height);
    spot.form = (Mat3){
        {vec3(g[0], 0.5 * g[3], 0.5 * g[5]), vec3(0.5 * g[3], g[1], 0.5 * g[4]), vec3(0.5 * g[5], 0.5 * g[4], g[2])}};
    spot.inverse = cell_dual(spot.form); /* the transposed inverse, and the form is symmetric */
    spot.reach = spot.gauss ? -log(tolerance) : 1.0;
    const double variance[3] = {spot.inverse.row[0].x, spot.inverse.row[1].y, spot.inverse.row[2].z};
    for (int i = 0; i < 3; i++) spot.half_width[i] = sqrt(spot.reach * variance[i]);
    return spot;
}

/* Nanoseconds for a step of the kernels that compute all of them; for a sub-pixel that a spot may reach; and for a
 * reflection in one term: rounded figures of one core, for the choice only. */
static const double FLOAT32_STEP_NS = 0.7, FLOAT64_STEP_NS = 20.0, REACHED_NS = 15.0, REFLECTION_NS = 60.0;

/* Whether computing the reflections is expected to take less time than computing all steps. */
static bool is_faster(const Experiment *e, const SpotReach *spot) {
    const Detector *detector = &e->detector;
    const Mat3 form = spot->form;
    const double root = sqrt(vec3_dot(form.row[0], vec3_cross(form.row[1], form.row[2])));
    /* share of the steps within reach of a spot: the volume of an ellipsoid in a cell of volume 1 */
    const double reached = 4.0 / 3.0 * PI * spot->reach * sqrt(spot->reach) / root;
    /* reflections in one term over sub-pixels: those in a shell as thick as the spots, per solid angle */
    double thickness_per_m = 0.0;
    for (int i = 0; i < 3; i++) thickness_per_m += 2.0 * spot->half_width[i] / e->crystal.lengths_m[i];
    const double edge = detector->pixel_size_m / (detector->close_distance_m * e->sampling.oversample);
    const double wave_per_m = 1.0 / e->beam.wavelength_m;
    const double reflections = edge * edge * wave_per_m * wave_per_m * e->crystal.volume_m3 * thickness_per_m;
    const double step_ns = e->precision == PRECISION_FLOAT32 ? FLOAT32_STEP_NS : FLOAT64_STEP_NS;
    return 2.0 * reached * REACHED_NS + reflections * REFLECTION_NS < step_ns;
}

const char *spot_reach_obstacle(const Experiment *e) {
    if (e->sampling.interpolate) return "structure factors are interpolated";
    if (e->detector.curved) return "the detector is curved";
    const Vec3 plane = vec3_unit(vec3_cross(e->detector.fast, e->detector.slow));
    if (!(fabs(vec3_dot(plane, e->detector.pixel0_m)) > 0.0)) return "the detector's plane meets the crystal";
    const SpotReach spot = spot_reach_create(&e->crystal, e->sampling.tolerance);
    for (int i = 0; i < 3; i++)
        if (!(spot.half_width[i] < 0.499)) return "spots reach each other";
    return is_faster(e, &spot) ? NULL : "spots reach so many pixels that it takes no longer";
}
