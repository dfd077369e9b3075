/* What every row of shapes.def must be: each test is of all of them, so that a new one is tested by being there. */
#include "physics/shape.h"

#include "base/random.h"
#include "scene.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

/* A shape of a form, or of the axes. */
static const CrystalShape of_form[] = {
#define SHAPE_OF_AXES(NAME, name)
#define SHAPE_OF_FORM(NAME, name, ...) SHAPE_##NAME,
#include "parameters/shapes.def"
};
static const CrystalShape of_axes[] = {
#define SHAPE_OF_AXES(NAME, name) SHAPE_##NAME,
#define SHAPE_OF_FORM(NAME, name, ...)
#include "parameters/shapes.def"
};
enum {
    OF_FORM = sizeof of_form / sizeof *of_form,
    OF_AXES = sizeof of_axes / sizeof *of_axes,
    SHAPES = OF_FORM + OF_AXES,
    MODELS = 3
};
static const SpotLaw models[MODELS] = {SPOT_PER_AXIS, SPOT_ISOTROPIC, SPOT_NANOBRAGG};

/* A crystal in an oblique cell. */
static Crystal crystal_of(CrystalShape shape, SpotLaw model, double sharpness) {
    Crystal crystal = {
        .cells = {6, 7, 9}, .shape = shape, .spot_law = model, .fudge = sharpness, .nanobragg_star = 1.0};
    crystal.cell_m = (Mat3){{{4e-9, 0, 0}, {-0.8e-9, 5e-9, 0}, {0.5e-9, -1e-9, 6e-9}}};
    crystal.volume_m3 = 4e-9 * 5e-9 * 6e-9;
    crystal.reciprocal_per_m =
        (Mat3){{vec3_scale(1.0 / crystal.volume_m3, vec3_cross(crystal.cell_m.row[1], crystal.cell_m.row[2])),
                vec3_scale(1.0 / crystal.volume_m3, vec3_cross(crystal.cell_m.row[2], crystal.cell_m.row[0])),
                vec3_scale(1.0 / crystal.volume_m3, vec3_cross(crystal.cell_m.row[0], crystal.cell_m.row[1]))}};
    crystal.cube_edge_m = cbrt(6.0 * 7.0 * 9.0 * crystal.volume_m3);
    return crystal;
}

static const double CELLS = 6.0 * 7.0 * 9.0;

static void a_word_names_its_shape(void) {
    for (int shape = 0; shape < SHAPES; shape++) {
        Parameters *p = NULL;
        CU_ASSERT_FATAL(status_is_ok(parameters_create(&p)));
        const char *name = crystal_shape_facts((CrystalShape)shape).name;
        CU_ASSERT(status_is_ok(parameters_set(p, "crystal.shape", name, "test")));
        CU_ASSERT_EQUAL(p->crystal_shape, shape);
        parameters_destroy(&p);
    }
}

static void a_spot_is_as_high_at_every_reflection(void) {
    for (int shape = 0; shape < SHAPES; shape++)
        for (int n = 0; n < MODELS; n++) {
            const Crystal crystal = crystal_of((CrystalShape)shape, models[n], 1.7);
            const ShapeFacts facts = crystal_shape_facts(crystal.shape);
            const double height =
                facts.is_of_axes ? 1.0 : shape_formulas(crystal.shape)->height(crystal_spot_model(&crystal));
            for (int h = -41; h < 60; h += 20)
                UNIT_CLOSE(fabs(shape_amplitude(&crystal, h, 3 - h, 2.0 * h)) / CELLS, height, 0.0, facts.name);
        }
}

/* Where rounding decides nothing: not at a sharp edge. */
static double squared_beside(const Crystal *crystal, int i, double sign, double h, double k, double l) {
    double u[4];
    random_uniform4(3, 97, (uint64_t)i, 0, 0, u);
    return shape_squared(crystal, h + sign * (u[0] - 0.5), k + sign * (u[1] - 0.5), l + sign * (u[2] - 0.5));
}

static void spots_are_all_alike_and_have_a_centre_of_symmetry(void) {
    for (int shape = 0; shape < SHAPES; shape++)
        for (int n = 0; n < MODELS; n++) {
            const Crystal crystal = crystal_of((CrystalShape)shape, models[n], 0.6);
            for (int i = 0; i < 300; i++) {
                const double here = squared_beside(&crystal, i, 1.0, 0.0, 0.0, 0.0) / CELLS / CELLS;
                const double there = squared_beside(&crystal, i, 1.0, 8.0, -17.0, 32.0) / CELLS / CELLS;
                const double opposite = squared_beside(&crystal, i, -1.0, 2.0, 5.0, -1.0) / CELLS / CELLS;
                UNIT_CLOSE(there, here, 1e-12, crystal_shape_facts(crystal.shape).name);
                UNIT_CLOSE(opposite, here, 1e-12, crystal_shape_facts(crystal.shape).name);
            }
        }
}

/* 1 / sqrt(det G): the volume, in indices, of the ellipsoid on which the form is 1, over that of a ball. */
static double volume_of_form(const double *g) {
    const Mat3 form = {
        {vec3(g[0], 0.5 * g[3], 0.5 * g[5]), vec3(0.5 * g[3], g[1], 0.5 * g[4]), vec3(0.5 * g[5], 0.5 * g[4], g[2])}};
    return 1.0 / sqrt(vec3_dot(form.row[0], vec3_cross(form.row[1], form.row[2])));
}

static void photons_are_conserved_but_by_nanobraggs_own_models(void) {
    for (int i = 0; i < OF_FORM; i++)
        for (int n = 0; n < MODELS; n++) {
            const Crystal crystal = crystal_of(of_form[i], models[n], 1.0);
            double form[6], height = 0.0;
            if (crystal_spot_model(&crystal) == SPOT_NANOBRAGG) continue;
            shape_spot_form(&crystal, form, &height);
            UNIT_CLOSE(height * shape_formulas(of_form[i])->integral() * volume_of_form(form) / CELLS, 1.0, 1e-14,
                       crystal_shape_facts(of_form[i]).name);
        }
}

/* By shells of 4 pi r^2 dr. Tails beyond 400, where all functions of the list have fallen as r^-4, leave out 0.2 %. */
static void the_integral_is_that_of_the_profile(void) {
    for (int i = 0; i < OF_FORM; i++) {
        const SpotEnd end = crystal_shape_facts(of_form[i]).end;
        const double most = end == SPOTS_HAVE_TAILS ? 400.0 : end == SPOTS_FADE ? 8.0 : 2.0, step = most / 400000.0;
        double sum = 0.0;
        for (double r = 0.5 * step; r < most; r += step)
            sum += 4.0 * PI * r * r * step * shape_formulas(of_form[i])->squared64(r * r);
        UNIT_CLOSE(sum / shape_formulas(of_form[i])->integral(), 1.0, end == SPOTS_HAVE_TAILS ? 2e-3 : 1e-4,
                   crystal_shape_facts(of_form[i]).name);
    }
    for (int i = 0; i < OF_AXES; i++) { /* a mean over whole periods of a trigonometric polynomial is exact */
        const Crystal crystal = crystal_of(of_axes[i], SPOT_PER_AXIS, 1.0);
        double sum = 0.0;
        for (int point = 0; point < 20 * 20 * 20; point++)
            sum += shape_squared(&crystal, (point % 20 + 0.5) / 20, (point / 20 % 20 + 0.5) / 20,
                                 (point / 400 + 0.5) / 20);
        UNIT_CLOSE(sum / 8000.0 / CELLS, 1.0, 1e-13, crystal_shape_facts(of_axes[i]).name);
    }
}

/* The profile by R^2, and the squares by the form: one function in double, vectors of double and of float. */
static void the_profile_and_its_squares_are_one_function(void) {
    for (int i = 0; i < OF_FORM; i++)
        for (int n = 0; n < MODELS; n++) {
            const ShapeFormulas *formulas = shape_formulas(of_form[i]);
            const char *name = crystal_shape_facts(of_form[i]).name;
            UNIT_CLOSE(formulas->profile(models[n], 0.0), 1.0, 0.0, name);
            for (double r = 0.003; r < 6.0; r += 0.00797) {
                const double profile = formulas->profile(models[n], r * r), form = formulas->form(models[n], r * r);
                if (fabs(form - 1.0) < 1e-5 && crystal_shape_facts(of_form[i]).end == SPOTS_STOP) continue;
                UNIT_CLOSE(formulas->squared64(form), profile * profile, 1e-13, name);
                UNIT_CLOSE((double)formulas->squared32((float)form), profile * profile, 1e-6, name);
                UNIT_CLOSE(formulas->form(models[n], 2.5 * r * r), 2.5 * form, 1e-14 * form, name);
            }
        }
}

/* The quadratic form of the indices is that of the distance. */
static void the_form_of_a_spot_is_that_of_its_distance(void) {
    for (int i = 0; i < OF_FORM; i++)
        for (int n = 0; n < MODELS; n++) {
            const Crystal crystal = crystal_of(of_form[i], models[n], 0.7);
            const double x[3] = {0.21, -0.13, 0.34};
            double g[6], height = 0.0;
            shape_spot_form(&crystal, g, &height);
            const double form = g[0] * x[0] * x[0] + g[1] * x[1] * x[1] + g[2] * x[2] * x[2] + g[3] * x[0] * x[1] +
                                g[4] * x[1] * x[2] + g[5] * x[2] * x[0];
            const double distance = shape_distance_squared(&crystal, x);
            UNIT_CLOSE(shape_formulas(of_form[i])->form(crystal_spot_model(&crystal), distance), form, 1e-13 * form,
                       crystal_shape_facts(of_form[i]).name);
        }
}

static void spots_end_where_they_say(void) {
    for (int i = 0; i < OF_FORM; i++) {
        const ShapeFormulas *formulas = shape_formulas(of_form[i]);
        const ShapeFacts facts = crystal_shape_facts(of_form[i]);
        double beyond = 0.0;
        for (double tolerance = 1e-1; tolerance > 1e-13; tolerance *= 0.3) {
            const double reach = formulas->reach(tolerance);
            if (facts.end == SPOTS_HAVE_TAILS) CU_ASSERT(isinf(reach));
            if (facts.end == SPOTS_STOP) CU_ASSERT_EQUAL(reach, 1.0);
            if (facts.end != SPOTS_FADE) continue;
            UNIT_CLOSE(formulas->squared64(reach) / tolerance, 1.0, 1e-12, facts.name);
            const double weaker = formulas->reach_of_weaker(reach, 0.01);
            UNIT_CLOSE(0.01 * formulas->squared64(weaker) / tolerance, 1.0, 1e-12, facts.name);
        }
        for (double form = 900.0; form < 1600.0; form += 0.37) beyond = fmax(beyond, formulas->squared64(form));
        /* square crystals lose 2.6 % with a box of +-10 widths: what has tails has more than 1e-7 at 30 */
        UNIT_CHECK((beyond > 1e-7) == (facts.end == SPOTS_HAVE_TAILS), "%s: %g is left at a distance of 30", facts.name,
                   beyond);
        CU_ASSERT_EQUAL(facts.end == SPOTS_STOP, formulas->squared64(1.0001) == 0.0);
        CU_ASSERT(formulas->squared64(0.9999) > 0.0);
    }
}

/* Automatic sampling takes |F_latt|^2 beside the centre for 1 - c r^2, r in features, with c between that of sinc(r)^2,
 * pi^2 / 3, and that of exp(-pi r^2). */
static void a_feature_is_as_curved_as_a_fringe(void) {
    for (int i = 0; i < OF_FORM; i++) {
        const double step = 1e-5, feature = shape_formulas(of_form[i])->feature();
        const double curvature = (1.0 - shape_formulas(of_form[i])->squared64(step)) / step / feature;
        if (crystal_shape_facts(of_form[i]).end == SPOTS_STOP)
            UNIT_CLOSE(feature, 1.0, 0.0, "the radius");
        else
            UNIT_CHECK(curvature > PI - 1e-4 && curvature < PI * PI / 3.0 + 1e-4, "%s: %g",
                       crystal_shape_facts(of_form[i]).name, curvature);
    }
}

/* Float32 is chosen by the phase: an error of an index by dx must not change F_latt / N by more than dx times it. */
static void the_phase_bounds_the_slope(void) {
    for (int i = 0; i < OF_FORM; i++) {
        const ShapeFormulas *formulas = shape_formulas(of_form[i]);
        if (crystal_shape_facts(of_form[i]).end == SPOTS_STOP) continue; /* its edge is decided in double precision */
        const double form = 49.0, step = 1e-6;
        for (double x = 0.0; x < 0.5; x += 0.000713) {
            const double here = sqrt(formulas->squared64(form * x * x));
            const double there = sqrt(formulas->squared64(form * (x + step) * (x + step)));
            UNIT_CHECK(fabs(there - here) / step <= formulas->phase_per_index(form, 7.0), "%s at %g",
                       crystal_shape_facts(of_form[i]).name, x);
        }
    }
    for (int i = 0; i < OF_AXES; i++) {
        const Crystal crystal = crystal_of(of_axes[i], SPOT_PER_AXIS, 1.0);
        for (double x = 0.0; x < 0.5; x += 0.000713) {
            const double change =
                shape_amplitude(&crystal, x + 1e-6, 0.0, 0.0) - shape_amplitude(&crystal, x, 0.0, 0.0);
            CU_ASSERT(fabs(change) / CELLS / 1e-6 <= shape_formulas(of_axes[i])->phase_per_index(0.0, 6.0));
        }
    }
}

/* The note that a setting has no effect, which names the shapes with which it has. */
static void note_of(const char *shape, const char *setting, char *note) {
    char text[64];
    (void)snprintf(text, sizeof text, "crystal.shape=%s", shape);
    const char *const settings[] = {"crystal.cell=50", "crystal.default_f=7", "crystal.cells=50", text, setting, NULL};
    Notes notes = {.count = 0};
    *note = '\0';
    scene_notes(settings, &notes);
    for (int i = 0; i < notes.count; i++)
        if (strstr(notes.text[i], "has no effect: needs ") != NULL) (void)strcpy(note, notes.text[i]);
}

static bool names(const char *note, const char *shape) {
    const char *found = strstr(note, shape);
    const char after = found == NULL ? '\0' : found[strlen(shape)];
    return found != NULL && (found[-1] == ' ' || found[-1] == '=') && (after == ' ' || after == ',' || after == '\0');
}

static void notes_name_the_shapes_that_end(void) {
    for (int shape = 0; shape < SHAPES; shape++) {
        char note[NOTE_BYTES];
        if (crystal_shape_facts((CrystalShape)shape).end != SPOTS_HAVE_TAILS) continue;
        note_of(crystal_shape_facts((CrystalShape)shape).name, "sampling.tolerance=1e-6", note);
        for (int other = 0; other < SHAPES; other++) {
            const ShapeFacts facts = crystal_shape_facts((CrystalShape)other);
            UNIT_CHECK(names(note, facts.name) == (facts.end != SPOTS_HAVE_TAILS), "%s in \"%s\"", facts.name, note);
        }
    }
}

static void notes_name_the_shapes_that_have_nanobraggs_model(void) {
    char note[NOTE_BYTES];
    note_of(crystal_shape_facts(of_axes[0]).name, "crystal.spot_model=isotropic", note);
    for (int i = 0; i < OF_FORM; i++) {
        const ShapeFacts facts = crystal_shape_facts(of_form[i]);
        UNIT_CHECK(names(note, facts.name) == facts.knows_nanobraggs_law, "%s in \"%s\"", facts.name, note);
    }
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(a_word_names_its_shape),
                                     UNIT_TEST(a_spot_is_as_high_at_every_reflection),
                                     UNIT_TEST(spots_are_all_alike_and_have_a_centre_of_symmetry),
                                     UNIT_TEST(photons_are_conserved_but_by_nanobraggs_own_models),
                                     UNIT_TEST(the_integral_is_that_of_the_profile),
                                     UNIT_TEST(the_profile_and_its_squares_are_one_function),
                                     UNIT_TEST(the_form_of_a_spot_is_that_of_its_distance),
                                     UNIT_TEST(spots_end_where_they_say),
                                     UNIT_TEST(a_feature_is_as_curved_as_a_fringe),
                                     UNIT_TEST(the_phase_bounds_the_slope),
                                     UNIT_TEST(notes_name_the_shapes_that_end),
                                     UNIT_TEST(notes_name_the_shapes_that_have_nanobraggs_model),
                                     {NULL, NULL}};
    return unit_main("shapes", tests);
}
