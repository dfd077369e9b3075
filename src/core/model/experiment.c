#include "model/experiment.h"

#include "kernels/kernel_choice.h"
#include "model/active_pixels.h"
#include "model/frame.h"
#include "model/kept_symmetry.h"
#include "model/outlook.h"
#include "model/plausible.h"
#include "model/point_group.h"
#include "model/sampling_choice.h"
#include "model/sensor.h"
#include "parameters/instructions.h"
#include "parameters/parameter_rivals.h"
#include "physics/shape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RESOLUTION_POINTS = 33, OVERSAMPLE_MOST = 1000, PHI_STEPS_MOST = 10000000 };
static const double TERMS_MOST = 1e15, STEPS_MOST = EXPERIMENT_STEPS_MOST;

static bool same_direction(const Source *a, const Source *b) {
    return a->direction.x == b->direction.x && a->direction.y == b->direction.y && a->direction.z == b->direction.z;
}

/* Directions to some points of the detector. */
typedef struct Directions {
    int count;
    Vec3 unit[RESOLUTION_POINTS * RESOLUTION_POINTS];
} Directions;

/* The least and the greatest |q| that some directions have with the sources of one direction, which follow source
 * @p first: there may be 1e8 sources, most of them other wavelengths of the one before. */
static void widen_resolution(const Beam *beam, int64_t first, const Directions *diffracted, double *least,
                             double *greatest) {
    double shortest_m = INFINITY, longest_m = 0.0;
    const Source *source = &beam->sources[first];
    for (int64_t n = first; n < beam->source_count && same_direction(&beam->sources[n], source); n++) {
        shortest_m = fmin(shortest_m, beam->sources[n].wavelength_m);
        longest_m = fmax(longest_m, beam->sources[n].wavelength_m);
    }
    for (int i = 0; i < diffracted->count; i++) {
        const double length = vec3_length(vec3_subtract(diffracted->unit[i], source->direction));
        *least = fmin(*least, length / longest_m);
        *greatest = fmax(*greatest, length / shortest_m);
    }
}

/* Adds a grid on a panel that includes its corners. */
static void add_directions(const Panel *panel, int edge, Directions *diffracted) {
    const double size_f = panel->pixel_size_m[0] * (double)panel->canvas.fast_pixels;
    const double size_s = panel->pixel_size_m[1] * (double)panel->canvas.slow_pixels;
    const int last = edge - 1;
    for (int i = 0; i < edge * edge; i++) {
        const double s = size_s * (i / edge) / last, f = size_f * (i % edge) / last;
        diffracted->unit[diffracted->count++] = vec3_unit(panel_position(panel, f, s, 0.0));
    }
}

void experiment_resolution(const Beam *beam, const Detector *detector, double *range_per_m) {
    const int edge = detector_points_along(detector, RESOLUTION_POINTS);
    const int panels_at_once = RESOLUTION_POINTS * RESOLUTION_POINTS / (edge * edge);
    double least = INFINITY, greatest = 0.0;
    for (int first = 0; first < detector->panel_count; first += panels_at_once) {
        Directions diffracted = {.count = 0};
        for (int i = first; i < detector->panel_count && i < first + panels_at_once; i++)
            add_directions(&detector->panels[i], edge, &diffracted);
#pragma omp parallel for schedule(dynamic, 256) reduction(min : least) reduction(max : greatest)
        for (int64_t n = 0; n < beam->source_count; n++)
            if (n == 0 || !same_direction(&beam->sources[n - 1], &beam->sources[n]))
                widen_resolution(beam, n, &diffracted, &least, &greatest);
    }
    range_per_m[0] = least;
    range_per_m[1] = greatest;
}

static SamplingFineness fineness_of(const Experiment *e) {
    return sampling_fineness(&e->beam, &e->crystal, &e->detector, e->axes.spindle);
}

static void note_number(const Parameters *p, int row, int64_t chosen, Notes *notes) {
    double values[PARAMETER_VALUES_MOST];
    (void)parameters_values(p, row, values);
    if (values[0] == (double)PARAMETER_AUTO)
        notes_add(notes, "%s: %" PRId64 ", selected automatically; a finer model takes more",
                  parameters_row(row)->public_name, chosen);
}

/* Numbers of the model that nobody gave. They are nanoBragg's and no matter of an error: a coarse mosaic or band is
 * another crystal or beam. */
static void note_model_numbers(const Parameters *p, const Experiment *e, Notes *notes) {
    const bool makes_sources = *p->beam_sources_file == '\0';
    if (e->crystal.mosaic_spread_rad > 0.0)
        note_number(p, PARAMETER(crystal, mosaic_domains), e->crystal.domain_count, notes);
    if (makes_sources && p->beam_dispersion_fraction > 0.0) note_number(p, PARAMETER(beam, dispersion_steps), 2, notes);
    if (makes_sources && p->beam_divergence_horizontal_rad > 0.0 && isnan(p->beam_divergence_step_horizontal_rad))
        note_number(p, PARAMETER(beam, divergence_steps_horizontal), 2, notes);
    if (makes_sources && p->beam_divergence_vertical_rad > 0.0 && isnan(p->beam_divergence_step_vertical_rad))
        note_number(p, PARAMETER(beam, divergence_steps_vertical), 2, notes);
    if (detector_layers(&e->detector) > 1)
        note_number(p, PARAMETER(detector, sensor_layers), detector_layers(&e->detector), notes);
}

static double oversample_error(const SamplingFineness *fineness, const Sampling *sampling) {
    return sampling_oversample_error(fineness, fabs(sampling->phi_range_rad), (double)sampling->phi_steps,
                                     sampling->oversample);
}

/* What is aimed at, or at a cap what is to be expected. */
static void note_oversample(const Experiment *e, const SamplingFineness *fineness, double needed, Notes *notes) {
    const double error = 100.0 * fmin(oversample_error(fineness, &e->sampling), 1.0);
    if (needed > e->sampling.oversample)
        notes_add(
            notes,
            "sampling.oversample: %d-fold, the most that is selected automatically; %.0f-fold keeps the brightest "
            "pixel within 1 %% and a sum within 0.1 %%, expect %.2g %%",
            e->sampling.oversample, needed, error);
    else if (e->sampling.oversample > 1)
        notes_add(notes, "sampling.oversample: %d-fold, selected automatically", e->sampling.oversample);
}

/* Frame 0 has notes of its own. The error of what is sampled falls with the square of the number. */
static void note_shortfall(const Experiment *e, Notes *notes) {
    const double shortfall = e->limits.shortfall;
    if (!(shortfall > 1.0) || e->limits.shortfall_frame == 0) return;
    notes_add(notes,
              "frame %" PRId64
              " needs %.3g times the most sub-pixels or spindle angles that are selected automatically "
              "(%d-fold, %d): expect an error of its brightest pixel of %.2g %%, the largest of the sweep",
              e->limits.shortfall_frame, shortfall, SAMPLING_OVERSAMPLE_MOST, SAMPLING_PHI_STEPS_MOST,
              fmin(shortfall * shortfall, 100.0));
}

static void choose_oversample(const Parameters *p, const SamplingFineness *fineness, Experiment *e, Notes *notes) {
    Sampling *sampling = &e->sampling;
    const bool automatic = p->sampling_oversample == PARAMETER_AUTO;
    const bool bounded = p->sampling_automatic_rule == AUTOMATIC_BOUNDED;
    const double needed =
        bounded ? sampling_needed_oversample(fineness, fabs(sampling->phi_range_rad), (double)sampling->phi_steps)
                : sampling_nanobragg_oversample(&e->beam, &e->crystal, &e->detector);
    const double most = bounded ? SAMPLING_OVERSAMPLE_MOST : OVERSAMPLE_MOST;
    sampling->oversample = automatic ? (int)fmin(needed, most) : (int)p->sampling_oversample;
    if (bounded && automatic) sampling->shortfall = fmax(sampling->shortfall, needed / most);
    if (bounded && automatic) {
        note_oversample(e, fineness, needed, notes);
    } else if (bounded && sampling->oversample < needed) {
        notes_add(notes,
                  "sampling.oversample is %d: the brightest pixel or a sum may be off by %.2g %%; %.0f keep it within "
                  "1 %% and a sum within 0.1 %%",
                  sampling->oversample, 100.0 * fmin(oversample_error(fineness, sampling), 1.0), needed);
    } else if (!bounded) {
        if (automatic && sampling->oversample > 1)
            notes_add(notes, "sampling.oversample: %d-fold, selected automatically", sampling->oversample);
        if (sampling->oversample < needed)
            notes_add(notes, "sampling.oversample is %d; intensity may vary within a pixel, %.0f is recommended",
                      sampling->oversample, needed);
    }
}

/* Number of spindle angles in a range. */
static double choose_phi_steps(const SamplingFineness *fineness, double range_rad, Notes *notes) {
    const double needed = sampling_needed_phi_steps(fineness, range_rad);
    const double steps = fmin(needed, SAMPLING_PHI_STEPS_MOST);
    if (needed > steps)
        notes_add(
            notes,
            "sampling.phi_steps: %.0f for each frame, the most that is selected automatically; %.0f keep the brightest "
            "pixel within 1 %% and a sum within 0.1 %%, expect %.2g %%",
            steps, needed, 100.0 * sampling_phi_error(fineness, range_rad, steps));
    else
        notes_add(notes, "sampling.phi_steps: %.0f for each frame, selected automatically", steps);
    return steps;
}

static void note_few_steps(const Parameters *p, const SamplingFineness *fineness, double range_rad, double steps,
                           Notes *notes) {
    const double needed = sampling_needed_phi_steps(fineness, range_rad);
    if (p->sampling_automatic_rule == AUTOMATIC_BOUNDED && range_rad > 0.0 && steps < needed)
        notes_add(notes,
                  "%.0f spindle angles in each frame: the brightest pixel or a sum may be off by %.2g %%; %.0f keep it "
                  "within 1 %% and a sum within 0.1 %%",
                  steps, 100.0 * fmin(sampling_phi_error(fineness, range_rad, steps), 1.0), needed);
}

/* Any two of range, step and number make the third. */
static Status check_intervals(const Parameters *p, double range, double step, double steps) {
    if (isnan(range) || isnan(step) || isnan(steps) || fabs(step * steps - range) <= 1e-6 * range) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "sampling.phi_step %s and sampling.phi_steps %s do not make up the range of %g degrees; "
                        "give one of them",
                        p->state[PARAMETER(sampling, phi_step)].text, p->state[PARAMETER(sampling, phi_steps)].text,
                        range / RADIANS_PER_DEGREE);
}

/* Intervals fill the range: their number follows from a step, and the step from their number. A range that is not given
 * follows from both. */
static Status choose_intervals(const Parameters *p, double *range, double *step, double *steps) {
    if (isnan(*step)) return status_ok();
    if (isnan(*range) && isnan(*steps))
        return status_error(STATUS_BAD_PARAMETER,
                            "sampling.phi_step is %s and there is no range; give sampling.phi_range or "
                            "sampling.phi_steps too",
                            p->state[PARAMETER(sampling, phi_step)].text);
    if (isnan(*range)) *range = *step * *steps;
    if (isnan(*steps)) *steps = fmax(ceil(*range / *step - 1e-9), 1.0);
    *step = *range / *steps;
    return status_ok();
}

/* NanoBragg's automatic rules for range, step and number of spindle angles, any of which may be missing; a midpoint
 * needs intervals that fill the range. */
static Status choose_phi(const Parameters *p, const SamplingFineness *fineness, Experiment *e, Notes *notes) {
    Sampling *sampling = &e->sampling;
    const bool rotation = e->sweep.kind == SWEEP_ROTATION;
    const double sign = rotation && p->sweep_width_rad < 0.0 ? -1.0 : 1.0; /* a step of a reversed scan is negative */
    double range = rotation ? fabs(p->sweep_width_rad) : p->sampling_phi_range_rad;
    double step = p->sampling_phi_step_rad > 0.0 ? p->sampling_phi_step_rad : NAN;
    double steps = p->sampling_phi_steps == PARAMETER_AUTO ? NAN : (double)p->sampling_phi_steps;
    if (!p->of_nanobragg) TRY(check_intervals(p, range, step, steps));
    if (p->sampling_phi_points == PHI_MIDPOINT) TRY(choose_intervals(p, &range, &step, &steps));
    if (isnan(range) && !isnan(step)) {
        range = step;
        steps = 2.0;
    } else if (isnan(range) && !isnan(steps) && steps > 1.0) {
        range = RADIANS_PER_DEGREE;
        notes_add(notes, "sampling.phi_steps without sampling.phi_range: a range of 1 degree");
    } else if (isnan(range)) {
        range = 0.0;
    }
    const bool bounded = rotation || p->sampling_automatic_rule == AUTOMATIC_BOUNDED;
    const bool chosen = isnan(steps) && isnan(step) && range > 0.0 && bounded;
    sampling->shortfall = chosen ? sampling_needed_phi_steps(fineness, range) / SAMPLING_PHI_STEPS_MOST : 0.0;
    if (chosen)
        steps = choose_phi_steps(fineness, range, notes);
    else if (isnan(steps))
        steps = !(range > 0.0) ? 1.0 : !isnan(step) ? ceil(range / step - 1e-9) : 2.0;
    else
        note_few_steps(p, fineness, range, steps, notes);
    if (isnan(step)) step = range / steps;
    if (steps > PHI_STEPS_MOST)
        return status_error(STATUS_BAD_PARAMETER, "sampling.phi_step makes %g spindle angles; make it larger", steps);
    sampling->phi_steps = (int64_t)steps;
    sampling->phi_step_rad = sign * step;
    sampling->phi_range_rad = sign * range;
    sampling->phi_start_rad = rotation ? p->sweep_start_rad : p->sampling_phi_start_rad;
    sampling->phi_law = (PhiLaw)p->sampling_phi_points;
    return status_ok();
}

static void choose_interpolation(const Parameters *p, Experiment *e, Notes *notes) {
    const int64_t *cells = e->crystal.cells;
    const bool few_cells = cells[0] <= 2 || cells[1] <= 2 || cells[2] <= 2;
    const bool wanted =
        p->crystal_interpolate == INTERPOLATE_ON || (p->crystal_interpolate == INTERPOLATE_AUTO && few_cells);
    e->sampling.interpolate = wanted && e->factors.from_file;
    if (e->sampling.interpolate && p->crystal_interpolate == INTERPOLATE_AUTO)
        notes_add(notes, "crystal.interpolate: tricubic, selected automatically for fewer than 3 cells along an axis");
}

/* Before check_size has passed them, the numbers are too large for anything but double. */
static double terms_of(const Experiment *e) {
    return (double)e->beam.source_count * (double)e->crystal.domain_count * (double)e->sampling.phi_steps;
}

static double steps_of_frame(const Experiment *e) {
    const double parts = (double)e->sampling.oversample * e->sampling.oversample * detector_layers(&e->detector);
    return terms_of(e) * parts * (double)detector_pixels(&e->detector);
}

static Status check_size(const Experiment *e) {
    const double terms = terms_of(e);
    if (terms > TERMS_MOST)
        return status_error(STATUS_BAD_PARAMETER,
                            "%" PRId64 " sources x %" PRId64 " phi steps x %" PRId64
                            " mosaic domains are %.3g terms for "
                            "each pixel; at most %g are accepted",
                            e->beam.source_count, e->sampling.phi_steps, e->crystal.domain_count, terms, TERMS_MOST);
    const double steps = steps_of_frame(e);
    if (steps > STEPS_MOST)
        return status_error(STATUS_BAD_PARAMETER,
                            "%.3g terms x %d x %d sub-pixels x %d layers x %" PRId64
                            " pixels are %.3g steps for each frame; at most %g are accepted",
                            terms, e->sampling.oversample, e->sampling.oversample, detector_layers(&e->detector),
                            detector_pixels(&e->detector), steps, STEPS_MOST);
    return status_ok();
}

bool experiment_sources_differ(const Experiment *e, const Sensor *sensor, const Source *before, const Source *source) {
    if (before == NULL) return true;
    const Vec3 a = before->direction, b = source->direction;
    const bool by_wavelength = sensor->by_wavelength || e->sampling.dmin_m > 0.0;
    return a.x != b.x || a.y != b.y || a.z != b.z || (by_wavelength && before->wavelength_m != source->wavelength_m);
}

/* The structure factors for the float32 kernel, where it renders some frame. */
static Status make_table(Experiment *e) {
    if (!e->limits.some_float32 || e->factors.grid == NULL) return status_ok();
    e->owned_table = malloc((size_t)structure_factors_table_size(&e->factors) * sizeof *e->owned_table);
    if (e->owned_table == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the table of structure factors");
    structure_factors_fill_table(&e->factors, e->owned_table);
    e->factors.table = e->owned_table;
    return status_ok();
}

static Status check_trace_pixel(const Parameters *p, const Detector *detector) {
    const int64_t slow = p->run_trace_pixel[0], fast = p->run_trace_pixel[1];
    const bool inside = slow >= 0 && slow < detector->slow_pixels && fast >= 0 && fast < detector->fast_pixels;
    if (slow == PARAMETER_AUTO && fast == PARAMETER_AUTO) return status_ok();
    if (inside && detector_panel_at(detector, slow, fast) != NULL) return status_ok();
    if (inside)
        return status_error(STATUS_BAD_PARAMETER,
                            "run.trace_pixel %s lies in no panel of the detector; give a pixel (slow, fast) of one",
                            p->state[PARAMETER(run, trace_pixel)].text);
    return status_error(STATUS_BAD_PARAMETER,
                        "run.trace_pixel %s is no pixel of the detector; it has %" PRId64 " x %" PRId64
                        " (slow, fast), counted from 0",
                        p->state[PARAMETER(run, trace_pixel)].text, detector->slow_pixels, detector->fast_pixels);
}

/* A pixel that is not computed has no last step. */
static void note_printout_pixel(const Parameters *p, const Experiment *e, Notes *notes) {
    const int64_t fast = p->output_printout_pixel[0], slow = p->output_printout_pixel[1];
    if (fast == PARAMETER_AUTO) return;
    const bool inside = fast < e->detector.fast_pixels && slow < e->detector.slow_pixels;
    if (inside && (e->active == NULL || e->active[slow * e->detector.fast_pixels + fast] != 0)) return;
    notes_add(notes, "output.printout_pixel %s (fast,slow) is no pixel that is computed: nothing is printed",
              p->state[PARAMETER(output, printout_pixel)].text);
}

/* ---------------------------------------------------------------------------------------------- values of a sweep */

static BeamSpectrum spectrum_of(const Sweep *sweep, int64_t frame) {
    if (sweep->spectrum.rows == 0) return (BeamSpectrum){.lines = 0};
    return (BeamSpectrum){sweep->spectrum.lines, sweep_wavelengths(sweep), sweep_weights(sweep, frame)};
}

/* The file has one detector; what each frame's is stands beside it. */
static void note_moving_detector(const Sweep *sweep, Notes *notes) {
    for (int i = 0; i < sweep_values(sweep); i++) {
        const int row = sweep_column(sweep, i).row;
        const char *name = parameters_row(row)->public_name;
        if ((parameters_row(row)->enters & PART_GEOMETRY) == 0) continue;
        notes_add(notes,
                  "the sweep varies %s: readers such as DIALS take the detector of frame 0 for all frames; each "
                  "frame's own is in /entry/simulation/frames/%s",
                  name, name);
        return;
    }
}

static void align_grid(Experiment *e) {
    sweep_align_grid(&e->sweep, e->crystal.cell_m, e->axes.beam, e->axes.polarization);
}

/* Whether frames make different things of the structure factors' file. */
static bool rescales(const Parameters *p, const Sweep *sweep) {
    bool scale = false, lattice = sweep->table.orientation == LISTED_UB, b_factor = p->crystal_b_factor_m2 != 0.0;
    for (int i = 0; i < sweep_values(sweep); i++) {
        const int row = sweep_column(sweep, i).row;
        scale = scale || (parameters_row(row)->enters & PART_FACTOR_SCALE) != 0;
        lattice = lattice || (parameters_row(row)->enters & PART_LATTICE) != 0;
    }
    return scale || (lattice && b_factor);
}

/* Structure factors with this frame's scale, B and cell. */
static void rescale(const Experiment *base, const Parameters *p, Experiment *own) {
    own->factors = base->factors;
    own->factors.table = NULL;
    structure_factors_scale(p, own->crystal.reciprocal_per_m, &own->factors, own->owned_grid);
    if (own->owned_table == NULL || own->factors.grid == NULL) return;
    structure_factors_fill_table(&own->factors, own->owned_table);
    own->factors.table = own->owned_table;
}

static bool enters(unsigned parts, unsigned some) {
    return (parts & some) != 0;
}

/* Detector, beam and crystal, where these parts enter them. */
static Status change_scene(const Experiment *base, const Parameters *p, int64_t frame, int64_t crystal, unsigned parts,
                           bool renders, Experiment *own) {
    static const unsigned beam = PART_SOURCES | PART_FLUENCE | PART_POLARIZATION;
    static const unsigned detector = PART_GEOMETRY | PART_PIXELS | PART_SENSOR;
    static const unsigned lattice = PART_LATTICE | PART_EXTENT | PART_SHAPE | PART_DOMAINS;
    Mat3 reciprocal;
    const bool listed = sweep_reciprocal(&base->sweep, frame, crystal, &reciprocal);
    if (enters(parts, detector)) TRY(detector_change(p, &own->axes, &own->detector));
    if (enters(parts, beam)) TRY(beam_change(p, &own->axes, spectrum_of(&base->sweep, frame), &own->beam));
    if (enters(parts, detector | beam)) TRY(sensor_create(p, &own->detector, &own->beam, NULL));
    if (enters(parts, lattice)) TRY(crystal_change(p, listed ? &reciprocal : NULL, renders, &own->crystal));
    if (enters(parts, PART_LATTICE)) align_grid(own);
    return status_ok();
}

/* Structure factors of atoms are computed once: what they depend on must be the same in all frames. */
static Status check_model(const Experiment *base, const Parameters *p, const Experiment *own) {
    double first[2], other[2];
    const double wavelength_m = beam_mean_wavelength(&base->beam), frame_m = beam_mean_wavelength(&own->beam);
    if (base->factors.format != REFLECTIONS_MODEL) return status_ok();
    if (p->crystal_model_dispersion && fabs(frame_m / wavelength_m - 1.0) > 1e-12)
        return status_error(STATUS_BAD_PARAMETER,
                            "crystal.model has f' and f'' at the mean wavelength of frame 0, %.9g A, and here it is "
                            "%.9g A; give crystal.model_dispersion=false, or write the structure factors once with "
                            "output.dump_file and give them with crystal.structure_factors",
                            wavelength_m * 1e10, frame_m * 1e10);
    if (!isnan(p->crystal_resolution_m)) return status_ok();
    experiment_resolution(&base->beam, &base->detector, first);
    experiment_resolution(&own->beam, &own->detector, other);
    if (fabs(other[1] / first[1] - 1.0) <= 1e-12) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "crystal.model is computed to %.4g A, as far as the detector of frame 0 sees, and here it sees "
                        "%.4g A; give crystal.resolution",
                        1e10 / first[1], 1e10 / other[1]);
}

Status experiment_change(const Experiment *base, const Parameters *p, int64_t frame, int64_t crystal, unsigned parts,
                         bool renders, Experiment *own) {
    TRY(change_scene(base, p, frame, crystal, parts, renders, own));
    if (!renders) TRY(check_model(base, p, own));
    if (renders && base->factors.unscaled != NULL && enters(parts, PART_LATTICE | PART_FACTOR_SCALE))
        rescale(base, p, own);
    background_change(p, &own->background);
    if (crystal > 0) own->background.molecules = 0.0; /* all crystals of a frame stand in one background */
    own->background.molecules /= sweep_weight(&base->sweep, frame, crystal);
    own->sampling.dmin_m = p->sampling_dmin_m;
    const SamplingFineness fineness = fineness_of(own);
    TRY(choose_phi(p, &fineness, own, NULL));
    choose_oversample(p, &fineness, own, NULL);
    choose_interpolation(p, own, NULL);
    TRY(kernel_choose(p, own));
    return check_size(own);
}

/* ---------------------------------------------------------------------------------------------------------- create */

/* Frames whose cells differ need not have that of the file of structure factors; part of a cell says nothing. */
static Status check_varied_cell(const Parameters *p, Parameters *first) {
    bool whole = true;
    for (int i = 0; i < 6; i++) whole = whole && !isnan(first->crystal_cell[i]);
    first->crystal_ignore_file_cell = true;
    if (whole || !isnan(p->crystal_cell[0])) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "the sweep varies part of crystal.cell; give crystal.cell too, for the rest of it");
}

/* Parameters as they are in frame 0. */
static Status take_first_frame(const Parameters *p, Experiment *e) {
    double values[SWEEP_COLUMNS_MOST + SWEEP_DRAWS_MOST];
    bool varies_cell = false;
    if (!sweep_varies(&e->sweep)) return status_ok();
    e->parameters = malloc(sizeof *e->parameters);
    if (e->parameters == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the parameters of a frame");
    memcpy(e->parameters, p, sizeof *p);
    sweep_set_values(&e->sweep, 0, 0, values);
    for (int i = 0; i < sweep_values(&e->sweep); i++) {
        const SweepColumn column = sweep_column(&e->sweep, i);
        parameters_put_value(e->parameters, column.row, column.component, values[i]);
        varies_cell = varies_cell || column.row == PARAMETER(crystal, cell);
    }
    return varies_cell ? check_varied_cell(p, e->parameters) : status_ok();
}

static Status fill_crystal(const Parameters *p, double matrix_wavelength_m, const Reflections *reflections,
                           Experiment *e, Notes *notes) {
    Mat3 reciprocal;
    const bool listed = sweep_reciprocal(&e->sweep, 0, 0, &reciprocal);
    TRY(crystal_create(p, matrix_wavelength_m, listed ? &reciprocal : NULL, reflections, &e->crystal, notes));
    align_grid(e);
    if (e->sweep.kind == SWEEP_GRID)
        notes_add(notes,
                  "sweep.kind is grid: %" PRId64 " orientations; none is farther than %.6g degrees from one of them",
                  e->sweep.count, e->sweep.grid.covering_rad / RADIANS_PER_DEGREE);
    return structure_factors_create(p, reflections, e->crystal.reciprocal_per_m, rescales(p, &e->sweep), &e->factors,
                                    &e->owned_grid, notes);
}

/* The file of structure factors may bring the cell with it. */
static Status create_crystal(const Parameters *given, const Parameters *p, double matrix_wavelength_m, Experiment *e,
                             Notes *notes) {
    Reflections reflections;
    double range_per_m[2];
    experiment_resolution(&e->beam, &e->detector, range_per_m);
    Status status =
        *p->crystal_model_file == '\0'
            ? reflections_read(p, &reflections, notes)
            : reflections_of_model(p, 1.0 / range_per_m[1], beam_mean_wavelength(&e->beam), &reflections, notes);
    if (status_is_ok(status)) status = fill_crystal(p, matrix_wavelength_m, &reflections, e, notes);
    if (status_is_ok(status)) status = kept_symmetry_create(given, &e->sweep, &reflections, &e->kept);
    reflections_free(&reflections);
    return status;
}

/* What a point group leaves out is equivalent, but for what is random in the crystal's own axes. */
static void note_grid_of_group(const Sweep *sweep, const Crystal *crystal, Notes *notes) {
    if (sweep->kind != SWEEP_GRID || sweep->grid.group == POINT_GROUP_1) return;
    if (crystal->domain_count > 1 && crystal->domains_are_fixed)
        notes_add(notes,
                  "sweep.point_group is %s: the %" PRId64
                  " mosaic domains are a random sample in the crystal's axes, so "
                  "that an orientation left out has the same image only as far as so few show their law",
                  orientation_grid_name(sweep->grid.group), crystal->domain_count);
}

/* What all frames need, and what does nothing in any of them. */
static Status check_frames(const Parameters *p, Experiment *e, Notes *notes) {
    IdleParameters idle;
    idle_parameters_begin(p, &e->sweep, &idle);
    if (e->parameters == NULL) idle_parameters_look(e, p, &idle);
    TRY(frame_check_all(e, &e->limits, &idle));
    kernel_note(p, e, notes);
    note_shortfall(e, notes);
    idle_parameters_note(&idle, p, e, notes);
    return status_ok();
}

/* The matrix is the crystal's, whatever wavelengths frames have. */
static Status choose_matrix_wavelength(const Parameters *p, const Beam *beam, double *wavelength_m) {
    const bool is_given =
        parameter_has_value(p, PARAMETER(beam, wavelength)) || parameter_has_value(p, PARAMETER(beam, energy));
    *wavelength_m = !isnan(p->crystal_matrix_wavelength_m)          ? p->crystal_matrix_wavelength_m
                    : beam->wavelengths_of_file && !p->of_nanobragg ? beam->wavelength_m
                                                                    : beam_nominal_wavelength(p);
    if (*p->crystal_matrix_file == '\0' || p->of_nanobragg || is_given || beam->wavelengths_of_file ||
        !isnan(p->crystal_matrix_wavelength_m))
        return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "crystal.matrix is %s, whose numbers contain a wavelength, and no wavelength is given for the "
                        "whole run; give crystal.matrix_wavelength in A, or beam.wavelength, beam.energy or "
                        "beam.spectrum where the matrix was written for that",
                        p->crystal_matrix_file);
}

static Status fill(const Parameters *given, const ExperimentInputs *inputs, Experiment *e, Notes *notes) {
    const Parameters *p = given;
    const DetectorGeometry *geometry = inputs == NULL ? NULL : inputs->panels;
    e->images = (OutputImages)p->output_images;
    TRY(sweep_create(p, inputs == NULL ? NULL : &inputs->sweep, &e->sweep));
    TRY(parameter_rivals_check(p, &e->sweep));
    plausible_note(p, &e->sweep, notes);
    TRY(take_first_frame(p, e));
    double matrix_wavelength_m = 0.0;
    if (e->parameters != NULL) p = e->parameters;
    TRY(detector_axes(p, geometry, &e->axes));
    TRY(detector_create(p, &e->axes, geometry, &e->detector, notes));
    note_moving_detector(&e->sweep, notes);
    TRY(check_trace_pixel(p, &e->detector));
    TRY(detector_signal_create(p, &e->detector, &e->signal, notes));
    TRY(active_pixels_create(p, &e->detector, geometry, inputs == NULL ? NULL : inputs->mask, &e->active,
                             &e->active_pixels, notes));
    note_printout_pixel(p, e, notes);
    TRY(beam_create(p, &e->axes, spectrum_of(&e->sweep, 0), &e->beam));
    TRY(sensor_create(p, &e->detector, &e->beam, notes));
    TRY(choose_matrix_wavelength(given, &e->beam, &matrix_wavelength_m));
    TRY(create_crystal(given, p, matrix_wavelength_m, e, notes));
    TRY(background_create(p, &e->background));
    background_note(p, notes);
    plausible_note_files(p, e, notes);
    e->background.molecules /= sweep_weight(&e->sweep, 0, 0);
    if (e->sweep.kind == SWEEP_STILL && e->sweep.count > 1 && e->images == IMAGES_EXPECTED && e->parameters == NULL)
        notes_add(notes, "sweep.kind is still: all %" PRId64 " frames are alike; rotation or random makes them differ",
                  e->sweep.count);
    e->sampling.dmin_m = p->sampling_dmin_m;
    const SamplingFineness fineness = fineness_of(e);
    TRY(choose_phi(p, &fineness, e, notes));
    choose_oversample(p, &fineness, e, notes);
    if (p->sampling_automatic_rule == AUTOMATIC_BOUNDED) note_model_numbers(p, e, notes);
    choose_interpolation(p, e, notes);
    TRY(kernel_choose(p, e));
    TRY(instructions_choose((Instructions)p->run_instructions, &e->instructions));
    TRY(check_size(e));
    TRY(outlook_check(p, e, notes));
    TRY(point_group_check_crystal(e));
    TRY(point_group_check_factors(e, p->crystal_structure_factors_file));
    note_grid_of_group(&e->sweep, &e->crystal, notes);
    TRY(check_frames(given, e, notes));
    return make_table(e);
}

Status experiment_create_from(const Parameters *parameters, const ExperimentInputs *inputs, Experiment **experiment,
                              Notes *notes) {
    Experiment *created = calloc(1, sizeof *created);
    if (created == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the experiment");
    const Status status = fill(parameters, inputs, created, notes);
    free(created->kept);
    created->kept = NULL;
    if (!status_is_ok(status)) experiment_destroy(&created);
    *experiment = created;
    return status;
}

Status experiment_create(const Parameters *parameters, Experiment **experiment, Notes *notes) {
    return experiment_create_from(parameters, NULL, experiment, notes);
}

void experiment_destroy(Experiment **experiment) {
    if (*experiment == NULL) return;
    detector_destroy(&(*experiment)->detector);
    beam_destroy(&(*experiment)->beam);
    crystal_destroy(&(*experiment)->crystal);
    background_destroy(&(*experiment)->background);
    sweep_destroy(&(*experiment)->sweep);
    parameters_destroy(&(*experiment)->parameters);
    free((*experiment)->owned_grid);
    free((*experiment)->owned_table);
    free((*experiment)->active);
    free(*experiment);
    *experiment = NULL;
}

int64_t experiment_terms(const Experiment *experiment) {
    return experiment->beam.source_count * experiment->sampling.phi_steps * experiment->crystal.domain_count;
}
