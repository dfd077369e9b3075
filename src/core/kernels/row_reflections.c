#include "kernels/cpu_kernel.h"

#include "base/constants.h"
#include "physics/spot_reach.h"

/* What the time of this kernel goes to: a sub-pixel that a spot may reach, and a reflection in one term; rounded
 * figures of one core, for the choice only. */
static const double REACHED_NS = 15.0, REFLECTION_NS = 60.0;

static const char *obstacle(const Experiment *e) {
    if (crystal_shape_facts(e->crystal.shape).end == SPOTS_HAVE_TAILS) return "the tails of the spots carry intensity";
    if (!(e->sampling.tolerance > 0.0)) return "sampling.tolerance is 0";
    if (e->sampling.interpolate) return "structure factors are interpolated";
    for (int i = 0; i < e->detector.panel_count; i++) {
        const Panel *panel = &e->detector.panels[i];
        const Vec3 plane = vec3_unit(vec3_cross(panel->fast, panel->slow));
        if (panel->curved) return "the detector is curved";
        if (!(fabs(vec3_dot(plane, panel->pixel0_m)) > 0.0)) return "the detector's plane meets the crystal";
    }
    const SpotReach spot = spot_reach_create(&e->crystal, e->sampling.tolerance);
    for (int i = 0; i < 3; i++)
        if (!(spot.half_width[i] < 0.499)) return "spots reach each other";
    return NULL;
}

/* It is exact within sampling.tolerance. */
static const char *no_doubt(const Experiment *e) {
    (void)e;
    return NULL;
}

/* Solid angle (sr) of a sub-pixel where a panel is nearest to the crystal, of the panel that has the largest. */
static double subpixel_angle(const Experiment *e) {
    double greatest = 0.0;
    for (int i = 0; i < e->detector.panel_count; i++) {
        const Panel *panel = &e->detector.panels[i];
        const double distance = panel->close_distance_m * e->sampling.oversample;
        greatest = fmax(greatest, panel->pixel_size_m[0] / distance * (panel->pixel_size_m[1] / distance));
    }
    return greatest;
}

static double step_ns(const Experiment *e) {
    const SpotReach spot = spot_reach_create(&e->crystal, e->sampling.tolerance);
    const Mat3 form = spot.form;
    const double root = sqrt(vec3_dot(form.row[0], vec3_cross(form.row[1], form.row[2])));
    /* share of the steps within reach of a spot: the volume of an ellipsoid in a cell of volume 1 */
    const double reached = 4.0 / 3.0 * PI * spot.reach * sqrt(spot.reach) / root;
    /* reflections in one term over sub-pixels: those in a shell as thick as the spots, per solid angle */
    double thickness_per_m = 0.0;
    for (int i = 0; i < 3; i++) thickness_per_m += 2.0 * spot.half_width[i] / e->crystal.lengths_m[i];
    const double wave_per_m = 1.0 / e->beam.wavelength_m;
    const double reflections = subpixel_angle(e) * wave_per_m * wave_per_m * e->crystal.volume_m3 * thickness_per_m;
    return 2.0 * reached * REACHED_NS + reflections * REFLECTION_NS;
}

/* Strips are wide, so that little is spent on finding reflections. */
static const CpuKernel cpu = {.accumulate = CPU_VARIANTS_OF(kernel_reflections),
                              .strip = {.slow_pixels = 256, .fast_pixels = 256},
                              .least_edge = 64,
                              .steps_at_a_time = 100000000}; /* most are skipped */

const Kernel kernel_row_reflections = {.name = "reflections",
                                       .summary = "only what spots reach within sampling.tolerance, reflection by "
                                                  "reflection in double precision",
                                       .precision = PRECISION_FLOAT64,
                                       .by_reflections = true,
                                       .obstacle = obstacle,
                                       .doubt = no_doubt,
                                       .step_ns = step_ns,
                                       .cpu = &cpu,
                                       CPU_KERNEL};
