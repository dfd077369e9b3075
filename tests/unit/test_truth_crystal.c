#include "base/cell.h"
#include "truth.h"
#include "unit.h"

#include <stdio.h>

static const double RELATIVE_TOLERANCE = 1e-12;

static void check_direct_vectors(const Truth *truth) {
    const Crystal *crystal = &truth->experiment->crystal;
    const char *const names[3] = {"a_m", "b_m", "c_m"};
    for (int i = 0; i < 3; i++) {
        const Vec3 expected = truth_vector(truth, truth->root, names[i]);
        truth_close_vector(truth, names[i], crystal->cell_m.row[i], expected,
                           RELATIVE_TOLERANCE * vec3_length(expected));
    }
}

static void cell_vectors_after_the_misset_are_the_nanobraggs(void) {
    truth_for_each(check_direct_vectors);
}

/* NanoBragg gives c* a wrong z component (see crystal_nanobragg_cell), then restores the lengths of a, b, c: its a*,
 * b*, c* and its volume no longer belong to them. Our vectors are always each other's dual, and nanobragg_star is what
 * lies between. */
static void check_reciprocal_vectors(const Truth *truth) {
    const Crystal *crystal = &truth->experiment->crystal;
    const char *const names[3] = {"a_star_invA", "b_star_invA", "c_star_invA"};
    for (int i = 0; i < 3; i++) {
        const Vec3 expected = truth_vector(truth, truth->root, names[i]);
        truth_close_vector(truth, names[i],
                           vec3_scale(1e-10 * crystal->nanobragg_star, crystal->reciprocal_per_m.row[i]), expected,
                           RELATIVE_TOLERANCE * vec3_length(expected));
    }
}

static void reciprocal_vectors_are_the_nanobraggs(void) {
    truth_for_each(check_reciprocal_vectors);
}

static void check_cell(const Truth *truth) {
    const Crystal *crystal = &truth->experiment->crystal;
    double cell[6] = {0.0};
    const Status status = json_numbers(truth->root, "cell_deg", 6, cell);
    UNIT_CHECK(status_is_ok(status), "%s: %s", truth->id, status.message);
    for (int i = 0; i < 3; i++) {
        truth_close(truth, "edge in A", crystal->lengths_m[i] * 1e10, cell[i], RELATIVE_TOLERANCE * cell[i]);
        /* nanoBragg's acos of a rounded cosine is good to some 1e-14 rad at these angles */
        truth_close(truth, "angle in degrees", crystal->angles_rad[i] / RADIANS_PER_DEGREE, cell[3 + i], 1e-11);
    }
    const double volume = truth_number(truth, truth->root, "V_cell_A3");
    truth_close(truth, "volume in A^3", crystal->volume_m3 / crystal->nanobragg_star * 1e30, volume,
                RELATIVE_TOLERANCE * volume);
}

static void edges_angles_and_volume_are_the_nanobraggs(void) {
    truth_for_each(check_cell);
}

static double angle_between(Vec3 u, Vec3 v) {
    return atan2(vec3_length(vec3_cross(u, v)), vec3_dot(u, v));
}

static void check_dual(const Truth *truth) {
    const Crystal *crystal = &truth->experiment->crystal;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            truth_close(truth, "a.a*", vec3_dot(crystal->cell_m.row[i], crystal->reciprocal_per_m.row[j]), i == j,
                        1e-14);
}

static void direct_and_reciprocal_vectors_are_dual(void) {
    truth_for_each(check_dual);
}

static void our_own_law_gives_the_cell_that_was_asked_for(void) {
    const double lengths_m[3] = {70e-10, 80e-10, 90e-10};
    const double angles_rad[3] = {75 * RADIANS_PER_DEGREE, 85 * RADIANS_PER_DEGREE, 95 * RADIANS_PER_DEGREE};
    Mat3 reciprocal;
    CU_ASSERT_TRUE_FATAL(status_is_ok(cell_reciprocal(lengths_m, angles_rad, &reciprocal)));
    const Mat3 cell = cell_dual(reciprocal);
    for (int i = 0; i < 3; i++) {
        UNIT_CLOSE(vec3_length(cell.row[i]), lengths_m[i], 1e-23, "edge");
        UNIT_CLOSE(angle_between(cell.row[(i + 1) % 3], cell.row[(i + 2) % 3]), angles_rad[i], 1e-14, "angle");
    }
}

static void check_cells(const Truth *truth) {
    const Vec3 expected = truth_vector(truth, truth->root, "N");
    const int64_t *cells = truth->experiment->crystal.cells;
    truth_close_vector(truth, "number of cells", vec3((double)cells[0], (double)cells[1], (double)cells[2]), expected,
                       0.0);
}

static void the_crystal_has_as_many_cells(void) {
    truth_for_each(check_cells);
}

static void check_misset(const Truth *truth) {
    truth_close_vector(truth, "misset in degrees",
                       vec3_scale(1.0 / RADIANS_PER_DEGREE, truth->experiment->crystal.misset_rad),
                       truth_vector(truth, truth->root, "misset_deg"), 1e-10);
}

static void the_misset_is_the_nanobraggs_random_ones_too(void) {
    truth_for_each(check_misset);
}

/* 1e-9: nanoBragg's angle is a float32, so another rounding would show at 1e-8 x the mosaic spread. */
static void check_domains(const Truth *truth) {
    const Crystal *crystal = &truth->experiment->crystal;
    const JsonNode domains = json_find(truth->root, "mosaic_umats");
    truth_close(truth, "mosaic domains", (double)crystal->domain_count, json_length(domains), 0.0);
    for (int n = 0; n < json_length(domains) && n < crystal->domain_count; n++) {
        double element[9] = {0.0};
        const Status status = json_numbers(json_item(domains, n), "", 9, element);
        UNIT_CHECK(status_is_ok(status), "%s: %s", truth->id, status.message);
        for (int i = 0; i < 3; i++) {
            char what[60];
            (void)snprintf(what, sizeof what, "row %d of mosaic domain %d", i, n);
            truth_close_vector(truth, what, crystal->domains[n].row[i],
                               vec3(element[3 * i], element[3 * i + 1], element[3 * i + 2]), 1e-9);
        }
    }
}

static void mosaic_domains_are_the_nanobraggs(void) {
    truth_for_each(check_domains);
}

static void check_reflections(const Truth *truth) {
    const JsonNode range = json_find(truth->root, "hkl_range");
    const StructureFactors *factors = &truth->experiment->factors;
    if (!json_exists(range)) {
        CU_ASSERT_PTR_NULL(factors->grid);
        return;
    }
    double bounds[6] = {0.0};
    const Status status = json_numbers(range, "", 6, bounds);
    UNIT_CHECK(status_is_ok(status), "%s: %s", truth->id, status.message);
    for (int i = 0; i < 3; i++) {
        truth_close(truth, "smallest index", factors->least[i], bounds[2 * i], 0.0);
        truth_close(truth, "largest index", factors->least[i] + factors->count[i] - 1, bounds[2 * i + 1], 0.0);
    }
}

static void reflections_span_the_same_indices(void) {
    truth_for_each(check_reflections);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(cell_vectors_after_the_misset_are_the_nanobraggs),
                              UNIT_TEST(reciprocal_vectors_are_the_nanobraggs),
                              UNIT_TEST(edges_angles_and_volume_are_the_nanobraggs),
                              UNIT_TEST(direct_and_reciprocal_vectors_are_dual),
                              UNIT_TEST(our_own_law_gives_the_cell_that_was_asked_for),
                              UNIT_TEST(the_crystal_has_as_many_cells),
                              UNIT_TEST(the_misset_is_the_nanobraggs_random_ones_too),
                              UNIT_TEST(mosaic_domains_are_the_nanobraggs),
                              UNIT_TEST(reflections_span_the_same_indices),
                              {NULL, NULL}};
    return unit_main("truth: crystal", tests);
}
