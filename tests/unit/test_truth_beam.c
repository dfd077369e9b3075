#include "kernels/kernel.h"
#include "physics/sampling_choice.h"
#include "truth.h"
#include "unit.h"

/* A source of a truth: X Y Z from the crystal to the source, weight, wavelength in m. */
static void check_source(const Truth *truth, JsonNode expected, const Source *source) {
    double field[5] = {0.0};
    const Status status = json_numbers(expected, "", 5, field);
    UNIT_CHECK(status_is_ok(status), "%s: %s", truth->id, status.message);
    const Vec3 direction = vec3_scale(-1.0, vec3_unit(vec3(field[0], field[1], field[2])));
    truth_close_vector(truth, "direction of a source", source->direction, direction, 1e-14);
    truth_close(truth, "wavelength of a source", source->wavelength_m, field[4], 1e-14 * field[4]);
}

static void check_sources(const Truth *truth) {
    const Beam *beam = &truth->experiment->beam;
    const JsonNode sources = json_find(truth->root, "sources_XYZ_weight_lambda");
    truth_close(truth, "number of sources", (double)beam->source_count, json_length(sources), 0.0);
    for (int i = 0; i < json_length(sources) && i < beam->source_count; i++)
        check_source(truth, json_item(sources, i), &beam->sources[i]);
}

static void sources_have_the_nanobraggs_directions_wavelengths_and_order(void) {
    truth_for_each(check_sources);
}

/* NanoBragg reads the weights and uses none of them (defect B06); ours are theirs, normalized to a sum of 1. */
static void check_weights(const Truth *truth) {
    const Beam *beam = &truth->experiment->beam;
    const JsonNode sources = json_find(truth->root, "sources_XYZ_weight_lambda");
    double all = 0.0;
    for (int i = 0; i < json_length(sources); i++) all += truth_number(truth, json_item(sources, i), "3");
    for (int i = 0; i < json_length(sources) && i < beam->source_count; i++)
        truth_close(truth, "weight of a source", beam->sources[i].weight,
                    truth_number(truth, json_item(sources, i), "3") / all, 1e-14);
}

static void weights_are_shares_of_the_fluence(void) {
    truth_for_each(check_weights);
}

static void check_beam(const Truth *truth) {
    const Beam *beam = &truth->experiment->beam;
    const double wavelength_m = truth_number(truth, truth->root, "lambda0_m");
    const double fluence = truth_number(truth, truth->root, "fluence");
    truth_close(truth, "wavelength", beam->wavelength_m, wavelength_m, 1e-15 * wavelength_m);
    truth_close(truth, "fluence", beam->fluence_per_m2, fluence, 1e-15 * fluence);
    truth_close(truth, "fluence of the frame", truth->frame->fluence_per_m2, fluence, 1e-15 * fluence);
}

static void wavelength_and_fluence_are_the_nanobraggs(void) {
    truth_for_each(check_beam);
}

static void check_phi(const Truth *truth) {
    const Sampling *sampling = &truth->experiment->sampling;
    truth_close(truth, "phi steps", (double)sampling->phi_steps, truth_number(truth, truth->root, "phisteps"), 0.0);
    truth_close(truth, "first phi", sampling->phi_start_rad, truth_number(truth, truth->root, "phi0_rad"), 1e-15);
    truth_close(truth, "phi step", sampling->phi_step_rad, truth_number(truth, truth->root, "phistep_rad"), 1e-15);
    truth_close(truth, "phi range", sampling->phi_range_rad, truth_number(truth, truth->root, "osc_rad"), 1e-15);
}

static void phi_angles_are_the_nanobraggs(void) {
    truth_for_each(check_phi);
}

static void check_sampling(const Truth *truth) {
    const Experiment *experiment = truth->experiment;
    truth_close(truth, "oversample", experiment->sampling.oversample, truth_number(truth, truth->root, "oversample"),
                0.0);
    truth_close(truth, "interpolation", experiment->sampling.interpolate,
                truth_number(truth, truth->root, "interpolate"), 0.0);
    truth_close(truth, "steps of a pixel",
                (double)kernel_steps(experiment, (Tile){0, 0, 1, 1}, (Range){0, kernel_blocks(experiment)}),
                truth_number(truth, truth->root, "steps"), 0.0);
}

static void sampling_and_number_of_steps_are_the_nanobraggs(void) {
    truth_for_each(check_sampling);
}

/* Only without twotheta: nanoBragg's recommendation uses its stale distance (defect B21). */
static void check_recommendation(const Truth *truth) {
    const Experiment *e = truth->experiment;
    if (truth->parameters->detector_twotheta_rad != 0.0) return;
    truth_close(truth, "recommended oversample", sampling_nanobragg_oversample(&e->beam, &e->crystal, &e->detector),
                truth_number(truth, truth->root, "recommended_oversample"), 0.0);
}

static void the_recommended_oversample_is_the_nanobraggs(void) {
    truth_for_each(check_recommendation);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(sources_have_the_nanobraggs_directions_wavelengths_and_order),
                              UNIT_TEST(weights_are_shares_of_the_fluence),
                              UNIT_TEST(wavelength_and_fluence_are_the_nanobraggs),
                              UNIT_TEST(phi_angles_are_the_nanobraggs),
                              UNIT_TEST(sampling_and_number_of_steps_are_the_nanobraggs),
                              UNIT_TEST(the_recommended_oversample_is_the_nanobraggs),
                              {NULL, NULL}};
    return unit_main("truth: beam", tests);
}
