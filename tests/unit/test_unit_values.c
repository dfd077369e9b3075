/* NanoBragg's own functions, value by value: golden/unit_values.json. */
#include "base/json.h"
#include "base/random.h"
#include "base/vector.h"
#include "kernels/kernel.h"
#include "model/beam.h"
#include "physics/shape.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>

static void ok(Status status) {
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
}

static double number(JsonNode from, const char *path) {
    double value = NAN;
    ok(json_number(from, path, &value));
    return value;
}

static Vec3 vector(JsonNode from, const char *path) {
    double value[3] = {NAN, NAN, NAN};
    ok(json_numbers(from, path, 3, value));
    return vec3(value[0], value[1], value[2]);
}

static Mat3 matrix(JsonNode from, const char *path) {
    double e[9] = {NAN};
    ok(json_numbers(from, path, 9, e));
    return (Mat3){{vec3(e[0], e[1], e[2]), vec3(e[3], e[4], e[5]), vec3(e[6], e[7], e[8])}};
}

static void close_vectors(Vec3 found, Vec3 expected, double tolerance, const char *what) {
    UNIT_CLOSE(vec3_length(vec3_subtract(found, expected)), 0.0, tolerance, what);
}

static void close_matrices(Mat3 found, Mat3 expected, double tolerance, const char *what) {
    for (int i = 0; i < 3; i++) close_vectors(found.row[i], expected.row[i], tolerance, what);
}

/* Calls @p check for every element of the array at @p path, which must have some. */
static void for_each(const char *path, void (*check)(JsonNode item)) {
    Json *json = NULL;
    const Status status = json_open(TESSERA_GOLDEN_DIR "/unit_values.json", &json);
    ok(status);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    const JsonNode items = json_find(json_root(json), path);
    CU_ASSERT_TRUE(json_length(items) > 0);
    for (int i = 0; i < json_length(items); i++) check(json_item(items, i));
    json_close(&json);
}

/* ---------------------------------------------------------------------------------------------------------- random */

static void the_nanobraggs_generator_gives_its_deviates_to_the_last_bit(void) {
    const int64_t seeds[] = {1, 99, 12345, 12345678};
    Json *json = NULL;
    ok(json_open(TESSERA_GOLDEN_DIR "/unit_values.json", &json));
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        char path[40];
        (void)snprintf(path, sizeof path, "ran1/%d", (int)seeds[i]);
        const JsonNode deviates = json_find(json_root(json), path);
        NanobraggRandom random = nanobragg_random(seeds[i]);
        CU_ASSERT_EQUAL(json_length(deviates), 24);
        for (int n = 0; n < json_length(deviates); n++) {
            const float expected = (float)number(json_item(deviates, n), "");
            CU_ASSERT_EQUAL(nanobragg_random_next(&random), expected);
        }
    }
    json_close(&json);
}

/* One float32 ulp of the angle would show as 1e-8 x the spread; the rest is rounding of double. */
static void check_mosaic(JsonNode item) {
    NanobraggRandom random = nanobragg_random((int64_t)number(item, "seed"));
    const float spread = (float)(number(item, "spread_deg") * RADIANS_PER_DEGREE);
    const JsonNode drawn = json_find(item, "drawn");
    for (int n = 0; n < json_length(drawn); n++)
        close_matrices(nanobragg_random_rotation(&random, spread), matrix(json_item(drawn, n), ""), 1e-14,
                       "row of a mosaic domain");
}

static void mosaic_domains_are_drawn_as_the_nanobragg_draws_them(void) {
    for_each("mosaic_umat", check_mosaic);
}

/* The angle is up to 90 radians in float32; cosines of it in double. */
static void check_misset(JsonNode item) {
    NanobraggRandom random = nanobragg_random((int64_t)number(item, "seed"));
    const Mat3 rotation = nanobragg_random_rotation(&random, 90.0f);
    close_matrices(rotation, matrix(item, "umat"), 1e-13, "row of a random orientation");
    close_vectors(vec3_scale(1.0 / RADIANS_PER_DEGREE, misset_of_rotation(rotation)), vector(item, "misset_deg"), 1e-10,
                  "misset in degrees");
}

static void random_orientations_and_their_misset_are_the_nanobraggs(void) {
    for_each("misset_random", check_misset);
}

/* ---------------------------------------------------------------------------------------------------------- lattice */

/* Defect B20: within 1e-9 of an integer other than 0 nanoBragg divides one rounding error by another; there the
 * truth is N^2. Farther away its sines of pi N h lose a few ulps of pi N h, which is |h| / |h - h0| times as much of
 * the ratio. */
static void check_sincg(JsonNode item) {
    const double h = number(item, "0"), n = number(item, "1"), value = number(item, "2");
    const double offset = fabs(h - rint(h));
    const Crystal crystal = {.cells = {(int64_t)n, 1, 1}, .shape = SHAPE_SQUARE};
    const double found = shape_squared(&crystal, h, 0.0, 0.0);
    char what[80];
    (void)snprintf(what, sizeof what, "interference of %g cells at %.14g", n, h);
    if (offset < 1e-9 && h != 0.0)
        UNIT_CLOSE(found, n * n, 1e-12 * n * n, what);
    else
        UNIT_CLOSE(found, value * value, 1e-10 * n * n, what);
}

static void interference_is_the_nanobraggs_ratio_of_sines_squared(void) {
    for_each("sincg_of_pi_h", check_sincg);
}

/* shape_squared of a round crystal of one cell is (0.7236 sinc3)^2. NanoBragg's sinc3 cancels for small arguments
 * (defect B20): its error is some 1e-16 / x^2, beside 1. */
static void check_sinc3(JsonNode item) {
    const double x = number(item, "0"), value = number(item, "1"), dh = 0.25;
    const double fudge = x / (PI * dh) * (x / (PI * dh));
    const Crystal crystal = {.cells = {1, 1, 1}, .shape = SHAPE_ROUND, .fudge = fudge};
    const double found = shape_squared(&crystal, dh, 0.0, 0.0) / (0.723601254558268 * 0.723601254558268);
    char what[40];
    (void)snprintf(what, sizeof what, "sinc3 of %g", x);
    if (x < 1e-4)
        UNIT_CLOSE(found, 1.0, 1e-9, what);
    else
        UNIT_CLOSE(found, value * value, 1e-14 + 4e-16 / (x * x), what);
}

static void a_sphere_has_the_nanobraggs_transform(void) {
    for_each("sinc3", check_sinc3);
}

/* The 4 x 4 x 4 nodes lie within a grid whose border must not be used. */
enum { NODES = 6 };

static void check_tricubic(JsonNode item) {
    double grid[NODES * NODES * NODES];
    const Vec3 hkl = vector(item, "hkl");
    StructureFactors factors = {.default_f = NAN, .count = {NODES, NODES, NODES}, .grid = grid};
    factors.least[0] = (int32_t)number(item, "nodes_h/0") - 1;
    factors.least[1] = (int32_t)number(item, "nodes_k/0") - 1;
    factors.least[2] = (int32_t)number(item, "nodes_l/0") - 1;
    for (int n = 0; n < NODES * NODES * NODES; n++) {
        const int i = n / NODES / NODES - 1, j = n / NODES % NODES - 1, k = n % NODES - 1;
        const bool is_node = i >= 0 && i < 4 && j >= 0 && j < 4 && k >= 0 && k < 4;
        grid[n] = is_node ? 10 + i * i * i - 2 * j * k + 3 * sin(i + 2 * j + 3 * k) : (double)NAN;
    }
    UNIT_CLOSE(structure_factor_tricubic(&factors, hkl.x, hkl.y, hkl.z), number(item, "value"), 1e-13, "tricubic");
}

static void tricubic_interpolation_is_the_nanobraggs(void) {
    for_each("tricubic", check_tricubic);
}

/* ------------------------------------------------------------------------------------------------- beam and rotations
 */

static void check_polarization(JsonNode item) {
    const Source source = beam_source(vector(item, "incident"), 1e-10, 1.0, vector(item, "axis"));
    UNIT_CLOSE(beam_polarization_factor(number(item, "kahn"), &source, vector(item, "diffracted")),
               number(item, "factor"), 1e-14, "polarization factor");
}

static void polarization_factors_are_the_nanobraggs(void) {
    for_each("polarization_factor", check_polarization);
}

static void check_rotate_xyz(JsonNode item) {
    const Vec3 angles = vector(item, "angles_rad");
    close_vectors(vec3_rotate_xyz(vector(item, "in"), angles.x, angles.y, angles.z), vector(item, "out"), 1e-15,
                  "rotated about x, y, z");
}

static void rotations_about_x_y_z_are_the_nanobraggs(void) {
    for_each("rotate_xyz", check_rotate_xyz);
}

static void check_rotate_axis(JsonNode item) {
    close_vectors(vec3_rotate_about(vector(item, "in"), vector(item, "axis"), number(item, "phi_rad")),
                  vector(item, "out"), 2e-15, "rotated about an axis");
    close_vectors(mat3_apply(mat3_rotation_about(vector(item, "axis"), number(item, "phi_rad")), vector(item, "in")),
                  vector(item, "out"), 2e-15, "the same by a matrix");
}

static void rotations_about_an_axis_are_the_nanobraggs(void) {
    for_each("rotate_axis", check_rotate_axis);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(the_nanobraggs_generator_gives_its_deviates_to_the_last_bit),
                              UNIT_TEST(mosaic_domains_are_drawn_as_the_nanobragg_draws_them),
                              UNIT_TEST(random_orientations_and_their_misset_are_the_nanobraggs),
                              UNIT_TEST(interference_is_the_nanobraggs_ratio_of_sines_squared),
                              UNIT_TEST(a_sphere_has_the_nanobraggs_transform),
                              UNIT_TEST(tricubic_interpolation_is_the_nanobraggs),
                              UNIT_TEST(polarization_factors_are_the_nanobraggs),
                              UNIT_TEST(rotations_about_x_y_z_are_the_nanobraggs),
                              UNIT_TEST(rotations_about_an_axis_are_the_nanobraggs),
                              {NULL, NULL}};
    return unit_main("values of single functions", tests);
}
