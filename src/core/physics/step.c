#include "physics/step.h"

#include "model/sensor.h"
#include "physics/shape.h"

int64_t step_count(const Experiment *e, int64_t slow, int64_t fast) {
    const int layers = detector_layers_at(&e->detector, slow, fast);
    return experiment_terms(e) * e->sampling.oversample * e->sampling.oversample * layers;
}

/* Takes the last factor of a number that was built from counts. */
static int64_t take(int64_t *number, int64_t count) {
    const int64_t digit = *number % count;
    *number /= count;
    return digit;
}

void step_set_point(const Experiment *e, int64_t slow, int64_t fast, Step *step) {
    const Panel *panel = detector_panel_at(&e->detector, slow, fast);
    const double fast_m = panel->pixel_size_m[0], slow_m = panel->pixel_size_m[1], oversample = e->sampling.oversample;
    const double f = (double)(fast - panel->canvas.fast) + (step->sub_fast + 0.5) / oversample;
    const double s = (double)(slow - panel->canvas.slow) + (step->sub_slow + 0.5) / oversample;
    step->panel = panel;
    step->position_m = panel_position(panel, fast_m * f, slow_m * s, sensor_depth(&panel->sensor, step->layer));
    const double r = vec3_length(step->position_m);
    step->airpath_m = r;
    step->diffracted = vec3_unit(step->position_m);
    step->cosine = panel_cosine(panel, step->diffracted);
    step->solid_angle_sr = fast_m * slow_m / (r * r) * (e->detector.point_pixel ? 1.0 : step->cosine);
}

void step_set_source(const Experiment *e, Step *step) {
    const Source *source = &e->beam.sources[step->source];
    const double layer_m = sensor_layer(&step->panel->sensor);
    const double absorption_per_m = sensor_absorption_of(&step->panel->sensor, source);
    step->weight = source->weight;
    step->scattering_per_m = vec3_scale(1.0 / source->wavelength_m, vec3_subtract(step->diffracted, source->direction));
    step->within_dmin = !(vec3_length(step->scattering_per_m) * e->sampling.dmin_m > 1.0);
    step->polarization = e->beam.polarization_correction
                             ? beam_polarization_factor(e->beam.polarization_kahn, source, step->diffracted)
                             : 1.0;
    step->capture = layer_m > 0.0 ? sensor_capture(layer_m, step->layer, absorption_per_m, step->cosine) : 1.0;
}

void step_set_lattice(const Experiment *e, const Frame *frame, Step *step) {
    const StructureFactors *factors = &e->factors;
    step->cell_m = crystal_domain(&e->crystal, frame->cells_m[step->phi_step], step->domain);
    double offset[3];
    for (int i = 0; i < 3; i++) {
        step->miller[i] = vec3_dot(step->cell_m.row[i], step->scattering_per_m);
        step->nearest[i] = ceil(step->miller[i] - 0.5);
        offset[i] = step->miller[i] - step->nearest[i];
    }
    const double *hkl = step->miller, *nearest = step->nearest;
    step->distance_squared = shape_distance_squared(&e->crystal, offset);
    step->lattice = shape_amplitude_at(&e->crystal, nearest, offset, step->distance_squared);
    step->interpolated = e->sampling.interpolate && structure_factor_is_inside(factors, hkl[0], hkl[1], hkl[2]);
    step->structure_factor = step->interpolated ? structure_factor_tricubic(factors, hkl[0], hkl[1], hkl[2])
                                                : structure_factor(factors, nearest[0], nearest[1], nearest[2]);
    if (factors->form_values == 0) return;
    const double *coefficients = e->beam.coefficients + step->source * factors->form_values;
    step->structure_factor *= sqrt(structure_factor_share(factors, coefficients, nearest[0], nearest[1], nearest[2]));
}

Step step_of(const Experiment *e, const Frame *frame, int64_t slow, int64_t fast, int64_t number) {
    Step step = {.layer = 0};
    step.domain = take(&number, e->crystal.domain_count);
    step.phi_step = take(&number, e->sampling.phi_steps);
    step.source = take(&number, e->beam.source_count);
    step.sub_fast = (int)take(&number, e->sampling.oversample);
    step.sub_slow = (int)take(&number, e->sampling.oversample);
    step.layer = (int)number;
    step_set_point(e, slow, fast, &step);
    step_set_source(e, &step);
    step_set_lattice(e, frame, &step);
    return step;
}

double step_intensity(const Step *step) {
    const double amplitude = step->within_dmin ? step->structure_factor * step->lattice : 0.0;
    return step->weight * step->polarization * (amplitude * amplitude) * step->solid_angle_sr * step->capture;
}

double step_background(const Experiment *e, const Step *step) {
    if (!(e->background.molecules > 0.0)) return 0.0;
    const double times = (double)e->sampling.phi_steps * (double)e->crystal.domain_count; /* as often as the crystal */
    const double squared = background_squared(&e->background, 0.5 * vec3_length(step->scattering_per_m));
    return times * step->weight * step->polarization * squared * step->solid_angle_sr * step->capture;
}

double step_photons(const Experiment *e, const Frame *frame) {
    const double parts = (double)e->sampling.phi_steps * (double)e->crystal.domain_count *
                         (double)e->sampling.oversample * (double)e->sampling.oversample;
    const double weight = frame->weight * e->crystal.blocks;
    return ELECTRON_RADIUS_SQUARED_M2 * (weight * frame->fluence_per_m2) / parts;
}

/* All terms at the point of @p step. */
static double intensity_at_point(const Experiment *e, const Frame *frame, Step *step) {
    double sum = 0.0;
    for (step->source = 0; step->source < e->beam.source_count; step->source++) {
        step_set_source(e, step);
        sum += step_background(e, step);
        for (step->phi_step = 0; step->phi_step < e->sampling.phi_steps; step->phi_step++)
            for (step->domain = 0; step->domain < e->crystal.domain_count; step->domain++) {
                step_set_lattice(e, frame, step);
                sum += step_intensity(step);
            }
    }
    return sum;
}

double step_pixel(const Experiment *e, const Frame *frame, int64_t slow, int64_t fast) {
    double sum = 0.0;
    Step step = {.layer = 0};
    const int layers = detector_layers_at(&e->detector, slow, fast);
    for (step.layer = 0; step.layer < layers; step.layer++)
        for (step.sub_slow = 0; step.sub_slow < e->sampling.oversample; step.sub_slow++)
            for (step.sub_fast = 0; step.sub_fast < e->sampling.oversample; step.sub_fast++) {
                step_set_point(e, slow, fast, &step);
                sum += intensity_at_point(e, frame, &step);
            }
    return sum * step_photons(e, frame);
}
