#include "setup/frames.h"

#include "base/size.h"
#include "setup/experiment_change.h"
#include "setup/kept_symmetry.h"
#include "setup/point_group.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MOST = SWEEP_COLUMNS_MOST + SWEEP_DRAWS_MOST };

/* An experiment in which the values of one crystal of one frame are set. Panels, sources and domains are its own. */
typedef struct FrameOwn {
    bool is_set;
    Experiment experiment;
    Parameters parameters;
    int64_t number, crystal;
    double values[VALUES_MOST];
} FrameOwn;

static void own_destroy(FrameOwn *own) {
    if (own == NULL) return;
    free(own->experiment.detector.panels);
    free(own->experiment.beam.sources);
    free(own->experiment.beam.coefficients);
    free(own->experiment.crystal.domains);
    free(own->experiment.owned_grid);
    free(own->experiment.owned_table);
    free(own);
}

/* Room for structure factors, where frames scale them differently. */
static Status make_room_for_factors(const StructureFactors *factors, Experiment *own) {
    const size_t values = (size_t)structure_factors_grid_size(factors);
    const size_t table_values = factors->table == NULL ? 0 : (size_t)structure_factors_table_size(factors);
    own->owned_grid = malloc(values * sizeof *own->owned_grid);
    if (table_values > 0) own->owned_table = malloc(table_values * sizeof *own->owned_table);
    if (own->owned_grid != NULL && (table_values == 0 || own->owned_table != NULL)) return status_ok();
    return status_error(STATUS_NO_MEMORY, "no memory for %zu structure factors of a frame", values);
}

/* Room for what each wavelength makes of structure factors. */
static Status make_room_for_coefficients(const Experiment *e, Beam *beam) {
    const size_t values = (size_t)e->factors.form_values;
    if (values == 0) return status_ok();
    beam->coefficients = malloc((size_t)beam->room * values * sizeof *beam->coefficients);
    if (beam->coefficients == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the dispersion at %" PRId64 " sources", beam->room);
    memcpy(beam->coefficients, e->beam.coefficients,
           (size_t)e->beam.source_count * values * sizeof *beam->coefficients);
    return status_ok();
}

/* Room for all frames, so that setting one can no longer fail.
 * @param renders  false: frames are only measured */
static Status own_create(const Experiment *e, FrameLimits limits, bool renders, FrameOwn **own) {
    FrameOwn *created = calloc(1, sizeof *created);
    *own = created;
    if (created == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the parameters of a frame");
    created->experiment = *e;
    created->experiment.owned_grid = NULL;
    created->experiment.owned_table = NULL;
    created->experiment.owned_forms = NULL;
    created->experiment.beam.coefficients = NULL;
    created->experiment.detector.panels = NULL;
    created->experiment.beam.sources = NULL;
    created->experiment.crystal.domains = NULL;
    memcpy(&created->parameters, e->parameters, sizeof created->parameters);
    Beam *beam = &created->experiment.beam;
    Crystal *crystal = &created->experiment.crystal;
    beam->room = limits.sources > e->beam.source_count ? limits.sources : e->beam.source_count;
    crystal->room = limits.domains > e->crystal.domain_count ? limits.domains : e->crystal.domain_count;
    assert(beam->room > 0 && crystal->room > 0);
    Detector *detector = &created->experiment.detector;
    const size_t panel_bytes = (size_t)detector->panel_count * sizeof *detector->panels;
    detector->panels = malloc(panel_bytes);
    beam->sources = malloc((size_t)beam->room * sizeof *beam->sources);
    crystal->domains = malloc((size_t)crystal->room * sizeof *crystal->domains);
    if (detector->panels == NULL || beam->sources == NULL || crystal->domains == NULL)
        return status_error(STATUS_NO_MEMORY,
                            "no memory for %d panels, %" PRId64 " sources and %" PRId64 " mosaic domains",
                            detector->panel_count, beam->room, crystal->room);
    memcpy(detector->panels, e->detector.panels, panel_bytes);
    memcpy(beam->sources, e->beam.sources, (size_t)e->beam.source_count * sizeof *beam->sources);
    memcpy(crystal->domains, e->crystal.domains, (size_t)e->crystal.domain_count * sizeof *crystal->domains);
    TRY(make_room_for_coefficients(e, beam));
    return renders && e->factors.unscaled != NULL ? make_room_for_factors(&e->factors, &created->experiment)
                                                  : status_ok();
}

/* Sets the values of a crystal of a frame; the parts that something has changed in. */
static unsigned put_values(const Sweep *sweep, int64_t number, int64_t crystal, FrameOwn *own) {
    double values[VALUES_MOST];
    unsigned parts = 0;
    sweep_set_values(sweep, number, crystal, values);
    for (int i = 0; i < sweep_values(sweep); i++) {
        const SweepColumn column = sweep_column(sweep, i);
        if (own->is_set && values[i] == own->values[i]) continue;
        parameters_put_value(&own->parameters, column.row, column.component, values[i]);
        own->values[i] = values[i];
        parts |= parameters_row(column.row)->enters;
    }
    if (sweep->spectrum.rows > 1) parts |= PART_SOURCES;
    if (sweep->table.orientation == LISTED_UB) parts |= PART_LATTICE;
    if (sweep->table.crowded || sweep->table.weighted) parts |= PART_BACKGROUND;
    return parts;
}

static Status own_set(const Experiment *e, int64_t number, int64_t crystal, bool renders, FrameOwn *own) {
    if (own->is_set && own->number == number && own->crystal == crystal) return status_ok();
    const unsigned parts = put_values(&e->sweep, number, crystal, own);
    own->is_set = true;
    own->number = number;
    own->crystal = crystal;
    if (parts == 0) return status_ok();
    return experiment_change(e, &own->parameters, number, crystal, parts, renders, &own->experiment);
}

Status frame_create(const Experiment *e, Frame *frame) {
    *frame = (Frame){.number = -1};
    frame->cells_m = malloc((size_t)e->limits.phi_steps * sizeof *frame->cells_m);
    if (frame->cells_m == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " spindle angles", e->limits.phi_steps);
    if (e->parameters == NULL) return status_ok();
    const Status status = own_create(e, e->limits, true, &frame->own);
    if (!status_is_ok(status)) frame_destroy(frame);
    return status;
}

void frame_destroy(Frame *frame) {
    free(frame->cells_m);
    own_destroy(frame->own);
    frame->cells_m = NULL;
    frame->own = NULL;
}

static Mat3 rotate_lattice(Mat3 rotation, Mat3 lattice) {
    return (Mat3){{mat3_apply(rotation, lattice.row[0]), mat3_apply(rotation, lattice.row[1]),
                   mat3_apply(rotation, lattice.row[2])}};
}

static void set_angles(const Experiment *e, int64_t number, Frame *frame) {
    const Sampling *sampling = &e->sampling;
    const double advance = e->sweep.kind == SWEEP_ROTATION ? (double)number * e->sweep.width_rad : 0.0;
    const double start = sampling->phi_start_rad + advance;
    const double middle = sampling->phi_law == PHI_MIDPOINT ? 0.5 : 0.0;
    /* each angle stands for an interval around it */
    frame->phi_start_rad = start + (middle - 0.5) * sampling->phi_step_rad;
    frame->phi_end_rad = frame->phi_start_rad + (double)sampling->phi_steps * sampling->phi_step_rad;
    const Mat3 cell = rotate_lattice(frame->orientation, e->crystal.cell_m);
    for (int64_t i = 0; i < sampling->phi_steps; i++) {
        const double phi = start + ((double)i + middle) * sampling->phi_step_rad;
        for (int edge = 0; edge < 3; edge++)
            frame->cells_m[i].row[edge] = vec3_rotate_about(cell.row[edge], e->axes.spindle, phi);
    }
}

void frame_set_crystal(const Experiment *base, int64_t number, int64_t crystal, Frame *frame) {
    if (frame->own != NULL) {
        const Status status = own_set(base, number, crystal, true, frame->own);
        assert(status_is_ok(status)); /* frame_check_all has tried, and there is room */
        (void)status;
    }
    const Experiment *e = frame->own != NULL ? &frame->own->experiment : base;
    frame->experiment = e;
    frame->number = number;
    frame->crystal = crystal;
    frame->crystals = sweep_crystals(&base->sweep, number);
    frame->weight = sweep_weight(&base->sweep, number, crystal);
    frame->fluence_per_m2 = e->beam.fluence_per_m2;
    frame->flicker = detector_signal_flicker(&e->signal, number);
    frame->orientation = sweep_orientation(&e->sweep, number, crystal); /* the grid is about this frame's lattice */
    frame->reciprocal_per_m = rotate_lattice(frame->orientation, e->crystal.reciprocal_per_m);
    set_angles(e, number, frame);
}

void frame_set(const Experiment *experiment, int64_t number, Frame *frame) {
    frame_set_crystal(experiment, number, 0, frame);
}

/* ------------------------------------------------------------------------------------------------------- all frames */

static int64_t steps_of(const Experiment *e) {
    return (int64_t)e->sampling.oversample * e->sampling.oversample * detector_layers(&e->detector) *
           experiment_terms(e);
}

static void raise(int64_t *limit, int64_t value) {
    if (value > *limit) *limit = value;
}

static void raise_limits(const Experiment *e, FrameLimits *limits) {
    raise(&limits->sources, e->beam.source_count);
    raise(&limits->domains, e->crystal.domain_count);
    raise(&limits->phi_steps, e->sampling.phi_steps);
    raise(&limits->terms, experiment_terms(e));
    const bool all_steps = !e->sampling.by_reflections;
    limits->some_by_reflections = limits->some_by_reflections || !all_steps;
    limits->some_float64 = limits->some_float64 || (all_steps && e->precision == PRECISION_FLOAT64);
    limits->some_float32 = limits->some_float32 || (all_steps && e->precision == PRECISION_FLOAT32);
    limits->rounds_by_instructions = limits->rounds_by_instructions || all_steps || e->background.molecules > 0.0;
}

static Status in_frame(int64_t number, Status status) {
    if (status_is_ok(status)) return status;
    return status_error(status.code, "frame %" PRId64 " of the sweep: %.900s", number, status.message);
}

/* Steps of a pixel in one frame, all crystals together: each of them is accepted, all may be too many. */
static Status measure_frame(const Experiment *e, int64_t number, FrameOwn *own, FrameLimits *limits,
                            IdleParameters *idle, int64_t *steps) {
    double all = 0.0;
    *steps = 0;
    for (int64_t crystal = 0; crystal < sweep_crystals(&e->sweep, number); crystal++) {
        TRY(in_frame(number, own_set(e, number, crystal, false, own)));
        TRY(in_frame(number, kept_symmetry_check(e->kept, &own->experiment.crystal)));
        TRY(in_frame(number, point_group_check_crystal(&own->experiment)));
        raise_limits(&own->experiment, limits);
        if (own->experiment.sampling.shortfall > limits->shortfall) {
            limits->shortfall = own->experiment.sampling.shortfall;
            limits->shortfall_frame = number;
        }
        if (idle != NULL) idle_parameters_look(&own->experiment, &own->parameters, idle);
        all += (double)steps_of(&own->experiment);
        if (!size_sum(*steps, steps_of(&own->experiment), steps)) *steps = INT64_MAX;
    }
    all *= (double)detector_pixels(&e->detector);
    if (all <= EXPERIMENT_STEPS_MOST) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "frame %" PRId64
                        " of the sweep: its crystals take %.3g steps together; at most %g are accepted",
                        number, all, EXPERIMENT_STEPS_MOST);
}

/* @param idle   may be NULL
 * @param steps  [range_length]; may be NULL */
static Status measure_frames(const Experiment *e, Range frames, FrameLimits *limits, IdleParameters *idle,
                             int64_t *steps) {
    FrameOwn *own = NULL;
    Status status = own_create(e, (FrameLimits){.sources = 0}, false, &own);
    for (int64_t i = 0; i < range_length(frames) && status_is_ok(status); i++) {
        int64_t of_frame = 0;
        status = measure_frame(e, frames.begin + i, own, limits, idle, &of_frame);
        raise(&limits->steps_per_pixel, of_frame);
        if (steps != NULL) steps[i] = of_frame;
    }
    own_destroy(own);
    return status;
}

Status frame_check_all(const Experiment *e, FrameLimits *limits, IdleParameters *idle) {
    *limits = (FrameLimits){.sources = 0};
    raise_limits(e, limits);
    limits->steps_per_pixel = steps_of(e);
    limits->shortfall = e->sampling.shortfall;
    if (e->parameters == NULL) return status_ok();
    if (e->sweep.count > SWEEP_VARIED_FRAMES_MOST)
        return status_error(STATUS_BAD_PARAMETER,
                            "the sweep varies parameters over %" PRId64
                            " frames; at most %d are accepted: make several runs",
                            e->sweep.count, SWEEP_VARIED_FRAMES_MOST);
    return measure_frames(e, (Range){0, e->sweep.count}, limits, idle, NULL);
}

Status frame_steps(const Experiment *e, Range frames, int64_t *steps) {
    FrameLimits limits = {.sources = 0};
    if (e->parameters != NULL) return measure_frames(e, frames, &limits, NULL, steps);
    for (int64_t i = 0; i < range_length(frames); i++) steps[i] = steps_of(e);
    return status_ok();
}

int64_t experiment_frame_steps(const Experiment *e, int64_t number) {
    int64_t steps = e->limits.steps_per_pixel; /* without memory to ask: no frame has more */
    (void)frame_steps(e, (Range){number, number + 1}, &steps);
    return e->active_pixels * steps;
}

double experiment_steps(const Experiment *e, int64_t begin, int64_t end) {
    if (end <= begin) return 0.0;
    if (e->parameters == NULL) return (double)(end - begin) * (double)experiment_frame_steps(e, begin);
    int64_t *steps = malloc((size_t)(end - begin) * sizeof *steps);
    const bool known = steps != NULL && status_is_ok(frame_steps(e, (Range){begin, end}, steps));
    double sum = 0.0;
    for (int64_t i = 0; i < end - begin; i++) sum += (double)(known ? steps[i] : e->limits.steps_per_pixel);
    free(steps);
    return (double)e->active_pixels * sum;
}
