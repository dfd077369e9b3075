#include "kernels/kernel.h"
#include "physics/step.h"
#include "truth.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>

/* The step of a pixel that a truth lists. */
static Step make_step(const Truth *truth, JsonNode pixel, JsonNode expected) {
    const Experiment *e = truth->experiment;
    Step step = {.layer = (int)truth_number(truth, expected, "thick"),
                 .sub_slow = (int)truth_number(truth, expected, "subS"),
                 .sub_fast = (int)truth_number(truth, expected, "subF"),
                 .source = (int64_t)truth_number(truth, expected, "source"),
                 .phi_step = (int64_t)truth_number(truth, expected, "phi_tic"),
                 .domain = (int64_t)truth_number(truth, expected, "mos")};
    step_set_point(e, (int64_t)truth_number(truth, pixel, "s"), (int64_t)truth_number(truth, pixel, "f"), &step);
    step_set_source(e, &step);
    step_set_lattice(e, truth->frame, &step);
    return step;
}

typedef void StepCheck(const Truth *truth, JsonNode expected, const Step *step);

static void for_each_step(const Truth *truth, StepCheck *check) {
    const JsonNode pixels = json_find(truth->root, "pixels");
    for (int p = 0; p < json_length(pixels); p++) {
        const JsonNode pixel = json_item(pixels, p), steps = json_find(pixel, "steps_list");
        for (int i = 0; i < json_length(steps); i++) {
            const Step step = make_step(truth, pixel, json_item(steps, i));
            check(truth, json_item(steps, i), &step);
        }
    }
}

/* ------------------------------------------------------------------------------------------------- geometry of a step
 */

static void check_vectors(const Truth *truth, JsonNode expected, const Step *step) {
    const double a_m = vec3_length(step->cell_m.row[0]);
    truth_close_vector(truth, "position", step->position_m, truth_vector(truth, expected, "pixel_pos_m"), 1e-13);
    truth_close_vector(truth, "diffracted", step->diffracted, truth_vector(truth, expected, "diffracted"), 1e-14);
    truth_close_vector(truth, "scattering", step->scattering_per_m, truth_vector(truth, expected, "scattering_per_m"),
                       1e-14 / truth->experiment->beam.sources[step->source].wavelength_m);
    truth_close_vector(truth, "a", step->cell_m.row[0], truth_vector(truth, expected, "a_m"), 1e-12 * a_m);
}

static void check_step_vectors(const Truth *truth) {
    for_each_step(truth, check_vectors);
}

static void positions_and_scattering_vectors_are_the_nanobraggs(void) {
    truth_for_each(check_step_vectors);
}

static void check_indices(const Truth *truth, JsonNode expected, const Step *step) {
    const Vec3 found = vec3(step->miller[0], step->miller[1], step->miller[2]),
               hkl = truth_vector(truth, expected, "hkl");
    truth_close_vector(truth, "Miller indices", found, hkl, 1e-12 * (1.0 + vec3_length(hkl)));
    truth_close_vector(truth, "nearest reflection", vec3(step->nearest[0], step->nearest[1], step->nearest[2]),
                       truth_vector(truth, expected, "h0k0l0"), 0.0);
}

static void check_step_indices(const Truth *truth) {
    for_each_step(truth, check_indices);
}

static void miller_indices_are_the_nanobraggs(void) {
    truth_for_each(check_step_indices);
}

/* ------------------------------------------------------------------------------------------------ factors of a step */

/* 1e-9 relative. Near a zero of the sines a rounding of h by 1e-14 shifts F_latt itself by some 1e-12 of its maximum.
 */
static void check_lattice(const Truth *truth, JsonNode expected, const Step *step) {
    const int64_t *n = truth->experiment->crystal.cells;
    const double f = truth_number(truth, expected, "F_latt"), most = (double)n[0] * (double)n[1] * (double)n[2];
    truth_close(truth, "F_latt^2", step->lattice * step->lattice, f * f, 1e-9 * f * f + 1e-12 * most * fabs(f));
}

static void check_step_lattices(const Truth *truth) {
    for_each_step(truth, check_lattice);
}

static void lattice_factors_are_the_nanobraggs(void) {
    truth_for_each(check_step_lattices);
}

static void check_structure_factor(const Truth *truth, JsonNode expected, const Step *step) {
    const double f = truth_number(truth, expected, "F_cell");
    truth_close(truth, "F_cell", step->structure_factor, f, 1e-12 * f);
}

static void check_step_structure_factors(const Truth *truth) {
    for_each_step(truth, check_structure_factor);
}

static void structure_factors_are_the_nanobraggs(void) {
    truth_for_each(check_step_structure_factors);
}

static void check_polarization(const Truth *truth, JsonNode expected, const Step *step) {
    truth_close(truth, "polarization", step->polarization, truth_number(truth, expected, "polar"), 1e-12);
}

static void check_step_polarizations(const Truth *truth) {
    for_each_step(truth, check_polarization);
}

static void polarization_factors_are_the_nanobraggs(void) {
    truth_for_each(check_step_polarizations);
}

/* --------------------------------------------------------------------------------------------------- a whole pixel */

/* What the kernel's unit counts: the sum over all steps but for solid angle and capture. */
static double weighted_sum_of_steps(const Truth *truth, JsonNode pixel, double *plain_sum) {
    const JsonNode steps = json_find(pixel, "steps_list");
    double weighted = 0.0;
    *plain_sum = 0.0;
    for (int i = 0; i < json_length(steps); i++) {
        const Step step = make_step(truth, pixel, json_item(steps, i));
        const double intensity = pow(step.structure_factor * step.lattice, 2.0);
        weighted += step.weight * step.polarization * intensity;
        *plain_sum += intensity;
    }
    return weighted;
}

static double kernel_sum(const Truth *truth, JsonNode pixel) {
    DoubleDouble sum = {0.0, 0.0};
    const Tile tile = {.slow = (int64_t)truth_number(truth, pixel, "s"),
                       .fast = (int64_t)truth_number(truth, pixel, "f"),
                       .slow_pixels = 1,
                       .fast_pixels = 1};
    kernel_accumulate(truth->experiment, truth->frame, tile, (Range){0, kernel_blocks(truth->experiment)}, &sum);
    return sum.high;
}

/* Where a truth lists all steps of the pixel (it lists the first 24 at most). */
static void check_solid_angle(const Truth *truth) {
    const JsonNode pixels = json_find(truth->root, "pixels");
    const double all = truth_number(truth, truth->root, "steps");
    for (int p = 0; p < json_length(pixels); p++) {
        const JsonNode pixel = json_item(pixels, p);
        double plain_sum = 0.0;
        const double weighted = weighted_sum_of_steps(truth, pixel, &plain_sum);
        if (json_length(json_find(pixel, "steps_list")) < all || weighted == 0.0) continue;
        const double expected_sum = truth_number(truth, pixel, "I_sum");
        const double seen = truth_number(truth, pixel, "omega") * truth_number(truth, pixel, "capture");
        truth_close(truth, "I_sum", plain_sum, expected_sum, 1e-9 * expected_sum);
        truth_close(truth, "solid angle x capture", kernel_sum(truth, pixel) / weighted, seen, 1e-9 * seen);
    }
}

static void sums_solid_angle_and_capture_are_the_nanobraggs(void) {
    truth_for_each(check_solid_angle);
}

static void check_photons(const Truth *truth) {
    const JsonNode pixels = json_find(truth->root, "pixels");
    for (int p = 0; p < json_length(pixels); p++) {
        const double expected = truth_number(truth, json_item(pixels, p), "value_f64");
        const double photons = kernel_sum(truth, json_item(pixels, p)) * step_photons(truth->experiment, truth->frame);
        truth_close(truth, "photons of a pixel", photons, expected, 1e-6 * expected);
    }
}

static void photons_of_a_pixel_are_the_nanobraggs(void) {
    truth_for_each(check_photons);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(positions_and_scattering_vectors_are_the_nanobraggs),
                              UNIT_TEST(miller_indices_are_the_nanobraggs),
                              UNIT_TEST(lattice_factors_are_the_nanobraggs),
                              UNIT_TEST(structure_factors_are_the_nanobraggs),
                              UNIT_TEST(polarization_factors_are_the_nanobraggs),
                              UNIT_TEST(sums_solid_angle_and_capture_are_the_nanobraggs),
                              UNIT_TEST(photons_of_a_pixel_are_the_nanobraggs),
                              {NULL, NULL}};
    return unit_main("truth: steps", tests);
}
