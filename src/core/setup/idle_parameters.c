#include "setup/idle_parameters.h"

#include "kernels/kernel_choice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------ needs */

static bool has_counts(const Parameters *p) {
    return p->output_images != IMAGES_EXPECTED;
}

static bool lists_ub(const Experiment *e) {
    return e->sweep.table.orientation == LISTED_UB;
}

static bool has_size(const Parameters *p) {
    return p->crystal_size_m[1] > 0.0 || p->crystal_size_m[2] > 0.0; /* of a the beam clips nothing */
}

/* The source list is made from parameters. */
static bool makes_sources(const Parameters *p) {
    return *p->beam_sources_file == '\0';
}

static bool diverges(double width_rad, double step_rad) {
    return width_rad > 0.0 || (isnan(width_rad) && step_rad > 0.0);
}

static bool horizontal(const Parameters *p) {
    return diverges(p->beam_divergence_horizontal_rad, p->beam_divergence_step_horizontal_rad);
}

static bool vertical(const Parameters *p) {
    return diverges(p->beam_divergence_vertical_rad, p->beam_divergence_step_vertical_rad);
}

static bool polarization_axis_matters(const Experiment *e, const Parameters *p) {
    const bool polarized = p->beam_polarization_correction && p->beam_polarization_kahn != 0.0;
    return polarized || (makes_sources(p) && (horizontal(p) || vertical(p))) || e->sweep.kind == SWEEP_GRID;
}

static bool both_given(const double *values) {
    return !isnan(values[0]) && !isnan(values[1]);
}

static bool closest_is_given(const Parameters *p) {
    return both_given(p->detector_closest_point_m) || both_given(p->detector_origin_pixels);
}

static bool closest_law_matters(const Experiment *e, const Parameters *p) {
    const bool has_middle = p->detector_convention == CONVENTION_MOSFLM || p->detector_convention == CONVENTION_DENZO ||
                            p->detector_convention == CONVENTION_ADXV;
    return has_middle && e->detector.pivot == PIVOT_SAMPLE && both_given(p->detector_beam_centre_m) &&
           !closest_is_given(p) && isnan(p->detector_pixel0_m[0]);
}

/* A detector that faces the beam is where it is whichever of the two points it is placed by, if one is given. */
static bool pivot_matters(const Experiment *e, const Parameters *p) {
    const bool faces_beam = fabs(vec3_dot(e->detector.panels[0].normal, e->axes.beam)) > 1.0 - 1e-14;
    const bool one_given = both_given(p->detector_beam_centre_m) != closest_is_given(p);
    if (!isnan(p->detector_pixel0_m[0])) return false;
    return !faces_beam || !one_given || p->detector_closest_rule == CLOSEST_MIDDLE;
}

static bool has_reflections(const Experiment *e) {
    const ReflectionFormat format = e->factors.format;
    return e->factors.from_file && format != REFLECTIONS_DUMP && format != REFLECTIONS_MODEL;
}

/* For most shapes nanoBragg's law is per_axis. */
static bool spot_law_matters(const Experiment *e) {
    const ShapeFacts shape = crystal_shape_facts(e->crystal.shape);
    return !shape.is_of_axes && (shape.knows_nanobraggs_law || e->crystal.spot_law != SPOT_NANOBRAGG);
}

static bool spots_differ_from_nanobraggs(const Experiment *e) {
    const ShapeFacts shape = crystal_shape_facts(e->crystal.shape);
    return !shape.is_of_axes && (shape.knows_nanobraggs_law || e->crystal.spot_law == SPOT_ISOTROPIC);
}

static int right_angles(const Experiment *e) {
    int count = 0;
    for (int i = 0; i < 3; i++) count += fabs(e->crystal.angles_rad[i] - 0.5 * PI) < 1e-9;
    return count;
}

static bool is_left_handed(const Experiment *e) {
    const Mat3 *cell_m = &e->crystal.cell_m;
    return vec3_dot(cell_m->row[0], vec3_cross(cell_m->row[1], cell_m->row[2])) < 0.0;
}

static bool is_met(ParameterNeed need, const Experiment *e, const Parameters *p) {
    switch (need) {
#define NEED(name, condition, words)                                                                                   \
    case NEED_##name:                                                                                                  \
        return condition;
#include "parameters/parameter_needs.def"
#undef NEED
    case NEED_ALWAYS:
    case NEEDS:
        return true;
    }
    return true;
}

bool idle_parameters_matter_to_nanobragg(int index, const Experiment *experiment, const Parameters *parameters) {
    const ParameterRow *row = parameters_row(index);
    const ParameterNeed need = row->nanobragg_differs != NEED_ALWAYS ? row->nanobragg_differs : row->need;
    return is_met(need, experiment, parameters);
}

static const char *const words_of[NEEDS] = {
#define NEED(name, condition, words) [NEED_##name] = (words),
#include "parameters/parameter_needs.def"
#undef NEED
};

/* Spots that end may be rendered step by step all the same. */
static void note_tolerance(const char *name, const Experiment *e, Notes *notes) {
    const bool ends = crystal_shape_facts(e->crystal.shape).end != SPOTS_HAVE_TAILS;
    const char *obstacle = ends ? kernel_against_reflections(e) : NULL;
    if (obstacle != NULL)
        notes_add(notes, "%s has no effect: %s", name, obstacle);
    else
        notes_add(notes, "%s has no effect: needs %s", name, words_of[NEED_TOLERANCE]);
}

/* ------------------------------------------------------------------------------------------------------------- rows */

/* What nanoBragg's options say that its defaults say too is no request. */
static bool is_default_of_nanobragg(const Parameters *p, int index) {
    const ParameterRow *row = parameters_row(index);
    const ParameterState *state = &p->state[index];
    const bool by_option = state->origin[0] == '-' && state->origin[1] != '-';
    const char *usual = *row->nanobragg_default != '\0' ? row->nanobragg_default : row->default_text;
    return by_option && strcmp(state->text, usual) == 0;
}

static bool is_asked(const Parameters *p, int index) {
    const char *text = p->state[index].text;
    return parameters_is_given(p, index) && *text != '\0' && strcmp(text, "auto") != 0 &&
           !is_default_of_nanobragg(p, index);
}

static void watch(int index, bool varied, IdleParameters *idle) {
    if (parameters_row(index)->need == NEED_ALWAYS) return;
    for (int i = 0; i < idle->count; i++)
        if (idle->row[i] == index) return;
    idle->row[idle->count] = index;
    idle->varied[idle->count] = varied;
    idle->count++;
}

void idle_parameters_begin(const Parameters *p, const Sweep *sweep, IdleParameters *idle) {
    *idle = (IdleParameters){.count = 0};
    for (int i = 0; i < sweep_values(sweep); i++) watch(sweep_column(sweep, i).row, true, idle);
    for (int index = 0; index < PARAMETER_COUNT; index++)
        if (is_asked(p, index)) watch(index, false, idle);
}

/* True where some value is another than the one that asks for nothing, and than auto. */
static bool asks(const Parameters *p, int index) {
    const ParameterRow *row = parameters_row(index);
    double values[PARAMETER_VALUES_MOST];
    const int count = parameters_values(p, index, values);
    bool asked = count == 0; /* a text */
    for (int i = 0; i < count; i++) {
        const bool automatic = isnan(values[i]) || (row->type == PARAMETER_TYPE_INTEGER && values[i] < 0.0);
        asked = asked || (!automatic && !isinf(values[i]) && !(row->has_nothing && values[i] == row->nothing));
    }
    return asked;
}

void idle_parameters_look(const Experiment *e, const Parameters *p, IdleParameters *idle) {
    for (int i = 0; i < idle->count; i++) {
        idle->asks[i] = idle->asks[i] || asks(p, idle->row[i]);
        idle->matters[i] = idle->matters[i] || is_met(parameters_row(idle->row[i])->need, e, p);
    }
}

void idle_parameters_note(const IdleParameters *idle, const Parameters *p, const Experiment *e, Notes *notes) {
    for (int i = 0; i < idle->count; i++) {
        const ParameterNeed need = parameters_row(idle->row[i])->need;
        char called[PARAMETER_NAME_BYTES], name[128];
        if (idle->matters[i] || !idle->asks[i]) continue;
        parameters_called(p, idle->row[i], called);
        (void)snprintf(name, sizeof name, "%s%s", called, idle->varied[i] ? ", which the sweep varies," : "");
        if (need == NEED_TOLERANCE)
            note_tolerance(name, e, notes);
        else
            notes_add(notes, "%s has no effect: needs %s", name, words_of[need]);
    }
}
