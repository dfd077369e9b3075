#include "setup/sampling_setup.h"

#include "physics/sampling_choice.h"

#include <inttypes.h>
#include <math.h>

enum { OVERSAMPLE_MOST = 1000, PHI_STEPS_MOST = 10000000 };
static const double TERMS_MOST = 1e15, STEPS_MOST = EXPERIMENT_STEPS_MOST;

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
void sampling_setup_note_shortfall(const Experiment *e, Notes *notes) {
    const double shortfall = e->limits.shortfall;
    if (!(shortfall > 1.0) || e->limits.shortfall_frame == 0) return;
    notes_add(notes,
              "frame %" PRId64
              " needs %.3g times the most sub-pixels or spindle angles that are selected automatically "
              "(%d-fold, %d): expect an error of its brightest pixel of %.2g %%, the largest of the sweep",
              e->limits.shortfall_frame, shortfall, SAMPLING_OVERSAMPLE_MOST, SAMPLING_PHI_STEPS_MOST,
              fmin(shortfall * shortfall, 100.0));
}

/* Most sub-pixels along an edge for the block that is proposed. */
static const double OVERSAMPLE_OF_BLOCK = 20.0;

/* Sub-pixels that a crystal of a share of the cells along each edge needs. */
static double oversample_of_share(const Experiment *e, double share, Crystal *block) {
    *block = e->crystal;
    block->cube_edge_m *= share;
    for (int i = 0; i < 3; i++) block->cells[i] = (int64_t)fmax(rint((double)e->crystal.cells[i] * share), 1.0);
    const SamplingFineness fineness = sampling_fineness(&e->beam, block, &e->detector, e->axes.spindle);
    return sampling_needed_oversample(&fineness, fabs(e->sampling.phi_range_rad), (double)e->sampling.phi_steps);
}

/* A size in um is seldom meant as that of one coherent block, whose spots are far narrower than a pixel. */
static void note_blocks(const Parameters *p, const Experiment *e, double needed, Notes *notes) {
    enum { HALVINGS = 12 };
    const int64_t *cells = e->crystal.cells;
    const bool has_size = p->crystal_size_m[0] > 0.0 && p->crystal_size_m[1] > 0.0 && p->crystal_size_m[2] > 0.0;
    if (notes == NULL || !has_size || !(needed > SAMPLING_OVERSAMPLE_MOST)) return;
    double least = log(1.0 / (double)(cells[0] + cells[1] + cells[2])), greatest = 0.0; /* of the share's logarithm */
    Crystal block;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = 0.5 * (least + greatest);
        *(oversample_of_share(e, exp(middle), &block) > OVERSAMPLE_OF_BLOCK ? &greatest : &least) = middle;
    }
    (void)oversample_of_share(e, exp(least), &block);
    double blocks = e->crystal.blocks;
    for (int i = 0; i < 3; i++) blocks *= (double)cells[i] / (double)block.cells[i];
    notes_add(notes,
              "crystal.size is that of one coherent block, here of %" PRId64 " x %" PRId64 " x %" PRId64
              " cells; larger crystals are of mosaic blocks that scatter independently: as many cells are "
              "--crystal.size=0 --crystal.cells=%" PRId64 ",%" PRId64 ",%" PRId64
              " --crystal.blocks=%.6g, and crystal.mosaic_spread turns them",
              cells[0], cells[1], cells[2], block.cells[0], block.cells[1], block.cells[2], blocks);
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
    if (bounded) note_blocks(p, e, needed, notes);
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
    e->sampling.interpolate = wanted && e->factors.from_file && e->factors.form_values == 0;
    if (e->sampling.interpolate && p->crystal_interpolate == INTERPOLATE_AUTO)
        notes_add(notes, "crystal.interpolate: tricubic, selected automatically for fewer than 3 cells along an axis");
}

/* Before sampling_setup_check_size has passed them, the numbers are too large for anything but double. */
static double terms_of(const Experiment *e) {
    return (double)e->beam.source_count * (double)e->crystal.domain_count * (double)e->sampling.phi_steps;
}

static double steps_of_frame(const Experiment *e) {
    const double parts = (double)e->sampling.oversample * e->sampling.oversample * detector_layers(&e->detector);
    return terms_of(e) * parts * (double)detector_pixels(&e->detector);
}

Status sampling_setup_check_size(const Experiment *e) {
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

Status sampling_setup_choose(const Parameters *p, Experiment *e, Notes *notes) {
    const SamplingFineness fineness = fineness_of(e);
    e->sampling.dmin_m = p->sampling_dmin_m;
    TRY(choose_phi(p, &fineness, e, notes));
    choose_oversample(p, &fineness, e, notes);
    if (p->sampling_automatic_rule == AUTOMATIC_BOUNDED) note_model_numbers(p, e, notes);
    choose_interpolation(p, e, notes);
    return status_ok();
}
