#include "setup/experiment_create.h"

#include "kernels/kernel_choice.h"
#include "model/parameter_rivals.h"
#include "model/sensor.h"
#include "parameters/instructions.h"
#include "setup/active_pixels.h"
#include "setup/experiment_change.h"
#include "setup/frames.h"
#include "setup/kept_symmetry.h"
#include "setup/outlook.h"
#include "setup/plausible.h"
#include "setup/point_group.h"
#include "setup/sampling_setup.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* What structure factors are at each wavelength. */
static Status create_dispersion(const Parameters *p, Reflections *reflections, Experiment *e) {
    TRY(structure_factors_create_forms(p, reflections, &e->factors, &e->owned_forms));
    const size_t values = (size_t)e->factors.form_values;
    if (values == 0) return status_ok();
    e->beam.coefficients = malloc((size_t)e->beam.room * values * sizeof *e->beam.coefficients);
    if (e->beam.coefficients == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the dispersion at %" PRId64 " sources", e->beam.room);
    experiment_set_coefficients(e);
    return status_ok();
}

static Status fill_crystal(const Parameters *p, double matrix_wavelength_m, Reflections *reflections, Experiment *e,
                           Notes *notes) {
    Mat3 reciprocal;
    const bool listed = sweep_reciprocal(&e->sweep, 0, 0, &reciprocal);
    TRY(crystal_create(p, matrix_wavelength_m, listed ? &reciprocal : NULL, reflections, &e->crystal, notes));
    experiment_align_grid(e);
    if (e->sweep.kind == SWEEP_GRID)
        notes_add(notes,
                  "sweep.kind is grid: %" PRId64 " orientations; none is farther than %.6g degrees from one of them",
                  e->sweep.count, e->sweep.grid.covering_rad / RADIANS_PER_DEGREE);
    TRY(structure_factors_create(p, reflections, e->crystal.reciprocal_per_m, rescales(p, &e->sweep), &e->factors,
                                 &e->owned_grid, notes));
    return create_dispersion(p, reflections, e);
}

static ModelWaves waves_of(const Experiment *e) {
    ModelWaves waves = {beam_mean_wavelength(&e->beam), INFINITY, 0.0, e->sweep.spectrum.rows > 1};
    for (int64_t i = 0; i < e->beam.source_count; i++) {
        waves.shortest_m = fmin(waves.shortest_m, e->beam.sources[i].wavelength_m);
        waves.longest_m = fmax(waves.longest_m, e->beam.sources[i].wavelength_m);
    }
    for (int i = 0; i < sweep_values(&e->sweep); i++)
        if (parameters_row(sweep_column(&e->sweep, i).row)->enters & PART_WAVELENGTHS) waves.frames_differ = true;
    return waves;
}

/* The file of structure factors may bring the cell with it. */
static Status create_crystal(const Parameters *given, const Parameters *p, double matrix_wavelength_m, Experiment *e,
                             Notes *notes) {
    Reflections reflections;
    double range_per_m[2];
    experiment_resolution(&e->beam, &e->detector, range_per_m);
    Status status = *p->crystal_model_file == '\0'
                        ? reflections_read(p, &reflections, notes)
                        : reflections_of_model(p, 1.0 / range_per_m[1], waves_of(e), &reflections, notes);
    if (status_is_ok(status)) status = reflections_add_sites(p, waves_of(e), &reflections, notes);
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
    sampling_setup_note_shortfall(e, notes);
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
    if (geometry == NULL && *p->detector_panels_file != '\0')
        return status_error(STATUS_BAD_PARAMETER, "detector.panels is %s, which this command does not read",
                            p->detector_panels_file);
    TRY(detector_axes(p, geometry, &e->axes));
    TRY(detector_create(p, &e->axes, geometry, &e->detector, notes));
    note_moving_detector(&e->sweep, notes);
    TRY(check_trace_pixel(p, &e->detector));
    TRY(detector_signal_create(p, &e->detector, &e->signal, notes));
    TRY(active_pixels_create(p, &e->detector, geometry, inputs == NULL ? NULL : inputs->mask, &e->active,
                             &e->active_pixels, notes));
    note_printout_pixel(p, e, notes);
    TRY(beam_create(p, &e->axes, experiment_spectrum(&e->sweep, 0), &e->beam));
    TRY(sensor_create(p, &e->detector, &e->beam, notes));
    TRY(choose_matrix_wavelength(given, &e->beam, &matrix_wavelength_m));
    TRY(create_crystal(given, p, matrix_wavelength_m, e, notes));
    TRY(background_create(p, &e->background));
    background_note(p, notes);
    plausible_note_files(p, e, notes);
    e->background.molecules /= sweep_weight(&e->sweep, 0, 0) * e->crystal.blocks; /* step_photons has both */
    if (e->sweep.kind == SWEEP_STILL && e->sweep.count > 1 && e->images == IMAGES_EXPECTED && e->parameters == NULL)
        notes_add(notes, "sweep.kind is still: all %" PRId64 " frames are alike; rotation or random makes them differ",
                  e->sweep.count);
    TRY(sampling_setup_choose(p, e, notes));
    TRY(kernel_choose(p, e));
    TRY(instructions_choose((Instructions)p->run_instructions, &e->instructions));
    TRY(sampling_setup_check_size(e));
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
