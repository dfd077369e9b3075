#include "physics/trace.h"

#include "kernels/kernel.h"
#include "model/sensor.h"
#include "physics/shape.h"

int64_t trace_steps(const Experiment *e) {
    return experiment_terms(e) * e->sampling.oversample * e->sampling.oversample * e->detector.sensor_layers;
}

/* Takes the last factor of a number that was built from counts. */
static int64_t take(int64_t *number, int64_t count) {
    const int64_t digit = *number % count;
    *number /= count;
    return digit;
}

static void place(const Experiment *e, int64_t slow, int64_t fast, TraceStep *step) {
    const Detector *detector = &e->detector;
    const double pixel = detector->pixel_size_m, oversample = e->sampling.oversample;
    const double layer_m = detector->sensor_thickness_m / detector->sensor_layers;
    const double absorption = e->beam.sources[step->source].absorption_per_m;
    step->position_m = detector_position(detector, pixel * ((double)fast + (step->sub_fast + 0.5) / oversample),
                                         pixel * ((double)slow + (step->sub_slow + 0.5) / oversample),
                                         sensor_depth(detector, step->layer));
    step->airpath_m = vec3_length(step->position_m);
    step->diffracted = vec3_unit(step->position_m);
    const double cosine = detector_cosine(detector, step->diffracted);
    step->solid_angle_sr = pixel * pixel / (step->airpath_m * step->airpath_m) * (detector->point_pixel ? 1.0 : cosine);
    step->capture = layer_m > 0.0 ? sensor_capture(layer_m, step->layer, absorption, cosine) : 1.0;
}

/* sin(pi N x) / sin(pi x) with its sign: at the peak of index n it is (-1)^((N-1) n) N. */
static double square_amplitude(double miller, double cells) {
    const double n = rint(miller), offset = miller - n, phase = cells * offset;
    const bool negative = fmod((cells - 1.0) * fabs(n), 2.0) != 0.0;
    double ratio = fabs(offset) < 1e-9 ? cells : sin(PI * phase) / sin(PI * offset);
    return negative ? -ratio : ratio;
}

static void set_lattice(const Crystal *crystal, TraceStep *step) {
    step->distance_squared = 0.0;
    if (crystal->shape == SHAPE_SQUARE) {
        step->lattice = 1.0;
        for (int i = 0; i < 3; i++) step->lattice *= square_amplitude(step->miller[i], (double)crystal->cells[i]);
        return;
    }
    step->lattice = shape_amplitude(crystal, step->miller[0], step->miller[1], step->miller[2]);
    step->distance_squared = shape_distance_squared(crystal, step->miller[0], step->miller[1], step->miller[2]);
    if (crystal->shape == SHAPE_ROUND) step->distance_squared *= crystal->fudge; /* as the reference prints it */
}

static void set_structure_factor(const Experiment *e, TraceStep *step) {
    const double *miller = step->miller, *nearest = step->nearest;
    step->interpolated =
        e->sampling.interpolate && structure_factor_is_inside(&e->factors, miller[0], miller[1], miller[2]);
    step->structure_factor = step->interpolated
                                 ? structure_factor_tricubic(&e->factors, miller[0], miller[1], miller[2])
                                 : structure_factor(&e->factors, nearest[0], nearest[1], nearest[2]);
}

TraceStep trace_step(const Experiment *e, const Frame *frame, int64_t slow, int64_t fast, int64_t number) {
    TraceStep step = {.within_dmin = true};
    step.domain = take(&number, e->crystal.domain_count);
    step.phi_step = take(&number, e->sampling.phi_steps);
    step.source = take(&number, e->beam.source_count);
    step.sub_fast = (int)take(&number, e->sampling.oversample);
    step.sub_slow = (int)take(&number, e->sampling.oversample);
    step.layer = (int)number;
    const Source *source = &e->beam.sources[step.source];
    place(e, slow, fast, &step);
    step.weight = source->weight;
    step.scattering_per_m = vec3_scale(1.0 / source->wavelength_m, vec3_subtract(step.diffracted, source->direction));
    step.cell_m = crystal_domain(&e->crystal, frame->cells_m[step.phi_step], step.domain);
    for (int i = 0; i < 3; i++) {
        step.miller[i] = vec3_dot(step.cell_m.row[i], step.scattering_per_m);
        step.nearest[i] = ceil(step.miller[i] - 0.5);
    }
    set_lattice(&e->crystal, &step);
    set_structure_factor(e, &step);
    step.polarization = e->beam.polarization_correction
                            ? beam_polarization_factor(e->beam.polarization_kahn, source, step.diffracted)
                            : 1.0;
    const double least = e->sampling.dmin_m > 0.0 ? 1.0 / e->sampling.dmin_m : INFINITY;
    step.within_dmin = vec3_length(step.scattering_per_m) <= least;
    return step;
}

double trace_photons(const Experiment *e, const Frame *frame, const TraceStep *step) {
    const double amplitude = step->within_dmin ? step->structure_factor * step->lattice : 0.0;
    return kernel_photons(e, frame) * step->weight * amplitude * amplitude * step->polarization * step->solid_angle_sr *
           step->capture;
}
