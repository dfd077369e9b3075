/* Forms of the spots: constants against their formulas; crystal.spot_model=isotropic against a ball of cells and by the
 * symmetry of lattices. */
#include "physics/shape.h"

#include "base/cell.h"
#include "scene.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>

/* A lattice and other edges of it, in terms of a, b, c. Where these make the same cell, a rotation of the lattice turns
 * the first into the second. */
typedef struct Case {
    const char *name, *cell;
    bool is_rotation;
    double edge[3][3];
} Case;

static const Case cases[] = {
    {"cubic, a third of a turn", "crystal.cell=60", true, {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}}},
    {"hexagonal, a sixth of a turn", "crystal.cell=60,60,60,90,90,120", true, {{1, 1, 0}, {-1, 0, 0}, {0, 0, 1}}},
    {"rhombohedral, a third of a turn", "crystal.cell=60,60,60,75,75,75", true, {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}}},
    {"monoclinic, half a turn", "crystal.cell=60,55,66,90,112,90", true, {{-1, 0, 0}, {0, 1, 0}, {0, 0, -1}}},
    {"triclinic, other edges", "crystal.cell=60,63,58,82,104,96", false, {{1, 0, 0}, {0, 1, 0}, {1, 0, 1}}},
};
enum { CASES = sizeof cases / sizeof *cases };

static const char *const shapes[] = {"crystal.shape=round", "crystal.shape=gauss", "crystal.shape=tophat"};

static Mat3 other_edges(const Case *c, Mat3 cell_m) {
    const Mat3 edge = {{vec3(c->edge[0][0], c->edge[0][1], c->edge[0][2]),
                        vec3(c->edge[1][0], c->edge[1][1], c->edge[1][2]),
                        vec3(c->edge[2][0], c->edge[2][1], c->edge[2][2])}};
    return mat3_multiply(edge, cell_m);
}

/* An isotropic crystal of @p cells along each edge, on a detector where some spots are. */
static Experiment *isotropic(const Case *c, const char *shape, const char *cells, const char *more) {
    const char *const settings[] = {c->cell,
                                    shape,
                                    cells,
                                    more,
                                    "crystal.spot_model=isotropic",
                                    "crystal.default_f=100",
                                    "crystal.misset=13,29,7",
                                    "detector.distance=200",
                                    "detector.pixel_size=0.25",
                                    "detector.fast_pixels=96",
                                    "detector.slow_pixels=80",
                                    "sampling.oversample=1",
                                    NULL};
    return scene(settings);
}

static Mat3 metric_of(Mat3 cell_m) {
    return mat3_multiply(cell_m, mat3_transpose(cell_m));
}

static void rotations_of_the_cases_leave_the_cell(void) {
    for (int n = 0; n < CASES; n++) {
        Experiment *e = isotropic(&cases[n], shapes[1], "crystal.cells=8", "run.precision=float64");
        const Mat3 before = metric_of(e->crystal.cell_m), after = metric_of(other_edges(&cases[n], e->crystal.cell_m));
        double change = 0.0;
        for (int i = 0; i < 3; i++)
            change = fmax(change, vec3_length(vec3_subtract(before.row[i], after.row[i])) / before.row[0].x);
        UNIT_CHECK((change < 1e-12) == cases[n].is_rotation, "%s: the metric changes by %g", cases[n].name, change);
        experiment_destroy(&e);
    }
}

/* Largest difference of two images of one lattice that is described by either edges, over the brightest pixel. */
static double difference(const Case *c, const char *shape, const char *cells, const char *precision, bool by_spots) {
    Experiment *e = isotropic(c, shape, cells, precision);
    e->sampling.by_reflections = by_spots;
    double *one = scene_image(e, 0), worst = 0.0, brightest = 0.0;
    e->crystal.cell_m = other_edges(c, e->crystal.cell_m);
    e->crystal.reciprocal_per_m = cell_dual(e->crystal.cell_m);
    for (int i = 0; i < 3; i++) e->crystal.lengths_m[i] = vec3_length(e->crystal.cell_m.row[i]);
    double *other = scene_image(e, 0);
    for (int64_t i = 0; i < detector_pixels(&e->detector); i++) {
        brightest = fmax(brightest, one[i]);
        worst = fmax(worst, fabs(one[i] - other[i]));
    }
    free(one);
    free(other);
    experiment_destroy(&e);
    UNIT_CHECK(brightest > 0.0, "%s: no spot", c->name);
    return worst / brightest;
}

/* Between the spots |F_latt|^2 is of the reflection nearest by its indices, so that other edges of the lattice may take
 * another one there. Gaussian spots and top hats are 0 so far out; of a ball's transform, 9 / x^4 at x = 3.9 R is left,
 * up to 1e-5 of the peak for 30 cells, of which the brightest pixel has a tenth. */
static void an_isotropic_image_depends_on_the_lattice_alone(void) {
    for (int n = 0; n < CASES; n++)
        for (int s = 0; s < 3; s++) {
            const char *cells = s == 0 ? "crystal.cells=30" : "crystal.cells=8";
            const double exact = difference(&cases[n], shapes[s], cells, "run.precision=float64", false);
            const double fast = difference(&cases[n], shapes[s], cells, "run.precision=float32", false);
            const double spots = s == 0 ? 0.0 : difference(&cases[n], shapes[s], cells, "run.precision=float64", true);
            UNIT_CHECK(exact < (s == 0 ? 3e-4 : 1e-10), "%s, %s: float64 %g", cases[n].name, shapes[s], exact);
            UNIT_CHECK(fast < (s == 0 ? 3e-4 : 1e-5), "%s, %s: float32 %g", cases[n].name, shapes[s], fast);
            UNIT_CHECK(spots < 1e-8, "%s, %s: by reflections %g", cases[n].name, shapes[s], spots);
        }
}

/* Nearer to a reflection than half way to any other, the round ones are the same as well. */
static void isotropic_spots_depend_on_the_lattice_alone(void) {
    for (int n = 0; n < CASES; n++)
        for (int s = 0; s < 3; s++) {
            Experiment *e = isotropic(&cases[n], shapes[s], "crystal.cells=9", "run.precision=float64");
            Crystal other = e->crystal;
            other.cell_m = other_edges(&cases[n], e->crystal.cell_m);
            other.reciprocal_per_m = cell_dual(other.cell_m);
            for (int i = 0; i < 500; i++) {
                const Vec3 along = vec3_unit(vec3(cos(2.0 * i), sin(2.0 * i), cos(3.0 * i)));
                const Vec3 q_per_m = vec3_scale(4e7 * (i + 0.5) / 500.0, along); /* half of 1 / 125 A */
                const Vec3 x = mat3_apply(e->crystal.cell_m, q_per_m), y = mat3_apply(other.cell_m, q_per_m);
                const double one = shape_squared(&e->crystal, 3.0 + x.x, x.y - 2.0, 7.0 + x.z);
                UNIT_CLOSE(shape_squared(&other, 5.0 + y.x, 4.0 + y.y, y.z - 1.0) / 531441.0, one / 531441.0, 1e-12,
                           cases[n].name);
            }
            experiment_destroy(&e);
        }
}

/* As a user turns a crystal: c of a hexagonal cell is along the beam of this convention. */
static void a_hexagonal_crystal_looks_the_same_after_a_sixth_of_a_turn(void) {
    static const char *const missets[] = {"crystal.misset=0,0,10", "crystal.misset=0,0,70"};
    for (int s = 0; s < 3; s++) {
        double *image[2], worst = 0.0, brightest = 0.0;
        for (int i = 0; i < 2; i++) {
            const char *const settings[] = {cases[1].cell,
                                            shapes[s],
                                            missets[i],
                                            "crystal.spot_model=isotropic",
                                            "crystal.cells=30",
                                            "crystal.default_f=100",
                                            "detector.convention=dials",
                                            "detector.distance=60",
                                            "detector.pixel_size=0.5",
                                            "detector.size=60",
                                            NULL};
            Experiment *e = scene(settings);
            image[i] = scene_image(e, 0);
            experiment_destroy(&e);
        }
        for (int i = 0; i < 120 * 120; i++) {
            brightest = fmax(brightest, image[0][i]);
            worst = fmax(worst, fabs(image[0][i] - image[1][i]));
        }
        UNIT_CHECK(worst < (s == 0 ? 3e-5 : 1e-9) * brightest, "%s: %g", shapes[s], worst / brightest);
        free(image[0]);
        free(image[1]);
    }
}

/* The transform, at q (1/m), of the cells whose places (in cells) lie within @p radius by a @p measure: a sum over
 * lattice points, averaged over where the centre lies in a cell, which makes it the transform of the body itself. */
static double transform_of_cells(Mat3 cell_m, Mat3 measure, double radius, Vec3 q_per_m) {
    enum { REACH = 5, PLACES = 5 };
    double sum = 0.0;
    const Mat3 columns = mat3_transpose(cell_m);
    const int all = 2 * REACH * PLACES;
    for (int i = 0; i < all; i++)
        for (int j = 0; j < all; j++)
            for (int k = 0; k < all; k++) {
                const Vec3 place =
                    vec3((i + 0.5) / PLACES - REACH, (j + 0.5) / PLACES - REACH, (k + 0.5) / PLACES - REACH);
                if (vec3_length(mat3_apply(measure, place)) < radius)
                    sum += cos(2.0 * PI * vec3_dot(q_per_m, mat3_apply(columns, place)));
            }
    return sum / (PLACES * PLACES * PLACES);
}

/* Out to beyond the second zero, each time in another direction.
 * @param across_m  radius of a ball of that volume */
static void is_a_body_of_cells(const char *name, const Crystal *crystal, Mat3 measure, double radius, double across_m) {
    for (int i = 0; i < 8; i++) {
        const Vec3 along = vec3_unit(vec3(cos(2.0 * i), sin(2.0 * i), cos(3.0 * i)));
        const Vec3 q_per_m = vec3_scale(0.16 * i / across_m, along), hkl = mat3_apply(crystal->cell_m, q_per_m);
        UNIT_CLOSE(shape_amplitude(crystal, hkl.x, hkl.y, hkl.z) / 120.0,
                   transform_of_cells(crystal->cell_m, measure, radius, q_per_m) / 120.0, 5e-3, name);
    }
}

static void round_crystals_are_balls_and_ellipsoids_of_cells(void) {
    const double ball = cbrt(3.0 / (4.0 * PI)); /* radius of the ball of volume 1 */
    for (int n = 0; n < CASES; n++) {
        Experiment *e = isotropic(&cases[n], shapes[0], "crystal.cells=5,6,4", "run.precision=float64");
        Crystal crystal = e->crystal;
        const double across_m = ball * cbrt(120.0 * crystal.volume_m3);
        is_a_body_of_cells(cases[n].name, &crystal, mat3_transpose(crystal.cell_m), across_m, across_m);
        const double round = shape_amplitude(&crystal, 0.03, -0.05, 0.08);
        crystal.shape = SHAPE_ELLIPSOID;
        UNIT_CLOSE(shape_amplitude(&crystal, 0.03, -0.05, 0.08) / round, 1.0, 1e-14, cases[n].name);
        crystal.spot_law = SPOT_PER_AXIS;
        const Mat3 of_edges = {{vec3(1.0 / 5.0, 0, 0), vec3(0, 1.0 / 6.0, 0), vec3(0, 0, 1.0 / 4.0)}};
        is_a_body_of_cells(cases[n].name, &crystal, of_edges, ball, across_m);
        experiment_destroy(&e);
    }
}

/* A cell of 1 x 1 x 1: R^2 is dh^2 + dk^2 + dl^2. */
static void constants_are_those_of_their_formulas(void) {
    Crystal crystal = {.cells = {1, 1, 1}, .fudge = 1.0, .nanobragg_star = 1.0, .cube_edge_m = 1.0};
    crystal.cell_m = crystal.reciprocal_per_m = mat3_identity();
    const double ball = pow(3.0 / (4.0 * PI), 1.0 / 3.0); /* radius of the ball of volume 1 */
    const SpotLaw laws[] = {SPOT_PER_AXIS, SPOT_ISOTROPIC};
    double form[6], height = 0.0;
    for (int n = 0; n < 2; n++) {
        crystal.spot_law = laws[n];
        crystal.shape = SHAPE_TOPHAT;
        shape_spot_form(&crystal, form, &height);
        UNIT_CLOSE(form[0] * ball * ball, 1.0, 1e-15, "tophat");
        crystal.shape = SHAPE_GAUSS;
        shape_spot_form(&crystal, form, &height);
        UNIT_CLOSE(form[0], PI, 1e-15, "gauss");
        CU_ASSERT_EQUAL(height, 1.0);
    }
    crystal.shape = SHAPE_ROUND;
    shape_spot_form(&crystal, form, &height);
    UNIT_CLOSE(PI * sqrt(form[0]), 2.0 * PI * ball, 4e-15, "a ball of volume 1");
    CU_ASSERT_EQUAL(height, 1.0);
    crystal.spot_law = SPOT_PER_AXIS;
    shape_spot_form(&crystal, form, &height);
    UNIT_CLOSE(height, PI / 6.0, 1e-15, "a ball of diameter 1");
    crystal.spot_law = SPOT_NANOBRAGG; /* nanoBragg.c writes 0.63 and 0.3969, of lengths in 1/A */
    crystal.shape = SHAPE_GAUSS;
    shape_spot_form(&crystal, form, &height);
    UNIT_CLOSE(form[0] * 1e20, 2.0 / 0.63, 1e-14, "the old program's gauss");
    crystal.shape = SHAPE_TOPHAT;
    shape_spot_form(&crystal, form, &height);
    UNIT_CLOSE(form[0] * 1e20, 1.0 / (0.63 * 0.63), 1e-14, "the old program's tophat");
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(rotations_of_the_cases_leave_the_cell),
                                     UNIT_TEST(an_isotropic_image_depends_on_the_lattice_alone),
                                     UNIT_TEST(isotropic_spots_depend_on_the_lattice_alone),
                                     UNIT_TEST(a_hexagonal_crystal_looks_the_same_after_a_sixth_of_a_turn),
                                     UNIT_TEST(round_crystals_are_balls_and_ellipsoids_of_cells),
                                     UNIT_TEST(constants_are_those_of_their_formulas),
                                     {NULL, NULL}};
    return unit_main("shape", tests);
}
