#include "kernels/cpu_kernel.h"

#include "model/sensor.h"
#include "physics/sampling_choice.h"
#include "physics/shape.h"

/* True where the form of a spot is a small difference of large terms: in very oblique cells. */
static bool form_cancels(const Crystal *crystal) {
    double form[6], height = 0.0;
    shape_spot_form(crystal, form, &height);
    return !crystal_shape_facts(crystal->shape).is_of_axes && shape_form_condition(form) > 100.0;
}

/* Of a float; greatest error of the sum that float32 may make; the least number of expected spots with which an image
 * is not all between spots; how many phases a sum is off by, over the root of the number of spots. */
static const double FLOAT_ROUNDING = 1.0 / 16777216.0, FLOAT32_SUM_ERROR_MOST = 1e-5;
static const double FLOAT32_SPOTS_LEAST = 10.0, FLOAT32_PHASES_OF_SUM = 4.0;

/* Angle (rad) of a pixel's longer edge seen from the crystal where it is nearest, of any panel. */
static double greatest_pixel_angle(const Detector *detector) {
    double greatest = 0.0;
    for (int i = 0; i < detector->panel_count; i++) {
        const Panel *panel = &detector->panels[i];
        const double edge_m = fmax(panel->pixel_size_m[0], panel->pixel_size_m[1]);
        greatest = fmax(greatest, edge_m / fabs(panel->close_distance_m));
    }
    return greatest;
}

/* Phase (radians) by which float32 may be off in the interference function: pi N x the rounding of the Miller index
 * within a block of 32 x 8 pixels, whose centre is exact; of a ball also the rounding of the phase itself, which is the
 * root of a sum that may cancel. */
static double float32_phase_error(const Experiment *e) {
    double phase = 0.0, form[6], height = 0.0, squares = 0.0;
    shape_spot_form(&e->crystal, form, &height);
    const ShapeFormulas *formulas = shape_formulas(e->crystal.shape);
    const double half_block_rad = 16.5 * greatest_pixel_angle(&e->detector);
    for (int i = 0; i < 3; i++) squares += form[i];
    const double own = formulas->greatest_phase(squares);
    if (own > 0.0) phase = own * sqrt(shape_form_condition(form)) * FLOAT_ROUNDING;
    for (int64_t n = 0; n < e->beam.source_count; n++)
        for (int i = 0; i < 3; i++) {
            const double range = e->crystal.lengths_m[i] / e->beam.sources[n].wavelength_m * half_block_rad + 0.5;
            phase =
                fmax(phase, formulas->phase_per_index(form[i], (double)e->crystal.cells[i]) * range * FLOAT_ROUNDING);
        }
    return phase;
}

/* Solid angle (sr) of a panel's nearest pixel times what a layer captures of the first source. */
static double captured_angle(const Panel *panel, const Source *source) {
    const double fast = panel->pixel_size_m[0] / panel->close_distance_m;
    const double slow = panel->pixel_size_m[1] / panel->close_distance_m, layer_m = sensor_layer(&panel->sensor);
    const double capture =
        layer_m > 0.0 ? sensor_capture(layer_m, 0, sensor_absorption_of(&panel->sensor, source), 1.0) : 1.0;
    return fast * slow * capture;
}

/* Greatest value that the kernel can meet in float32: of one term of a pixel, and the same times the pixel's solid
 * angle and capture on the panel where these are least. */
static void float32_values(const Experiment *e, double *of_term, double *of_pixel) {
    double form[6], height = 0.0, weight = 0.0, least = INFINITY;
    shape_spot_form(&e->crystal, form, &height);
    for (int64_t n = 0; n < e->beam.source_count; n++) weight = fmax(weight, e->beam.sources[n].weight);
    for (int i = 0; i < e->detector.panel_count; i++)
        least = fmin(least, captured_angle(&e->detector.panels[i], e->beam.sources));
    const double f = e->factors.grid == NULL ? 1.0 : e->factors.greatest_f; /* else it is multiplied in double */
    *of_term = height * f * f;
    *of_pixel = *of_term * weight * least;
}

static const char *beyond_float32(const Experiment *e) {
    double of_term = 0.0, of_pixel = 0.0;
    float32_values(e, &of_term, &of_pixel);
    if (!(of_term < 1e35)) return "the brightest spot would overflow";
    if (!(of_pixel > 1e-15) || (e->factors.grid != NULL && e->factors.greatest_f < 1e-14))
        return "faint spots would underflow";
    return NULL;
}

/* Why float32 is not good enough. docs/physics.md, "Precision". */
static const char *doubt(const Experiment *e) {
    const int64_t *cells = e->crystal.cells;
    const SamplingFineness fineness = sampling_fineness(&e->beam, &e->crystal, &e->detector, e->axes.spindle);
    const double spots = fineness.reflections * fineness.lattices, phase = float32_phase_error(e);
    if (e->sampling.dmin_m > 0.0) return "sampling.dmin cuts sharply";
    if (beyond_float32(e) != NULL) return beyond_float32(e);
    if (crystal_shape_facts(e->crystal.shape).is_of_axes && (cells[0] < 3 || cells[1] < 3 || cells[2] < 3))
        return "with fewer than 3 cells along an axis the zeros of one factor show";
    if (form_cancels(&e->crystal))
        return "the cell is so oblique that the form of its spots is a difference of large terms";
    if (phase > 4.2e-5) return "the crystal is too large for its distance and wavelength";
    if (spots < FLOAT32_SPOTS_LEAST) return "the detector is so small that it may lie between spots";
    if (FLOAT32_PHASES_OF_SUM * phase > FLOAT32_SUM_ERROR_MOST * sqrt(spots))
        return "in a small image the flanks of few spots decide the sum";
    return NULL;
}

/* The kernel counts places in 32 bits. */
static const char *obstacle(const Experiment *e) {
    const int64_t size = structure_factors_table_size(&e->factors);
    if (size <= INT32_MAX && structure_factors_forms_size(&e->factors) <= INT32_MAX) return NULL;
    return "the structure factors span more than 2147483647 indices";
}

/* Rounded figure of one core, for the choice only. */
static double step_ns(const Experiment *e) {
    (void)e;
    return 0.7;
}

static const CpuKernel cpu = {.accumulate = CPU_VARIANTS_OF(kernel32_accumulate),
                              .expected = CPU_VARIANTS_OF(kernel32_expected),
                              .strip = {.slow_pixels = 8, .fast_pixels = 256},
                              .steps_at_a_time = 5000000};

const Kernel kernel_row_float32 = {.name = "float32",
                                   .summary = "every step in single precision",
                                   .precision = PRECISION_FLOAT32,
                                   .obstacle = obstacle,
                                   .doubt = doubt,
                                   .step_ns = step_ns,
                                   .cpu = &cpu,
                                   CPU_KERNEL};
