#include "physics/shape.h"
#include "scene.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "structure_factors.XXXXXX";

/* Reads @p text as a file of structure factors. */
static Status read_text(const char *text, const char *default_f, StructureFactors *factors, double **grid) {
    Parameters *parameters = NULL;
    Reflections reflections = {.path = ""};
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) abort();
    Status status = parameters_create(&parameters);
    if (status_is_ok(status)) status = parameters_set(parameters, "crystal.structure_factors", path, "test");
    if (status_is_ok(status)) status = parameters_set(parameters, "crystal.default_f", default_f, "test");
    *grid = NULL;
    if (status_is_ok(status)) status = reflections_read(parameters, &reflections, NULL);
    if (status_is_ok(status))
        status = structure_factors_create(parameters, &reflections, mat3_identity(), false, factors, grid, NULL);
    reflections_free(&reflections);
    parameters_destroy(&parameters);
    return status;
}

static void what_is_given_is_found_and_the_rest_is_default(void) {
    StructureFactors factors;
    double *grid = NULL;
    CU_ASSERT_FATAL(
        status_is_ok(read_text("# h k l F\n-1 0 2 10\n1, 3, -2, 20 45.0 0.1\n\n  0 0 0 5e1", "7", &factors, &grid)));
    CU_ASSERT_EQUAL(factors.reflections, 3);
    CU_ASSERT_EQUAL(structure_factors_grid_size(&factors), 3 * 4 * 5);
    CU_ASSERT_EQUAL(structure_factor(&factors, -1, 0, 2), 10.0);
    CU_ASSERT_EQUAL(structure_factor(&factors, 1, 3, -2), 20.0);
    CU_ASSERT_EQUAL(structure_factor(&factors, 0, 0, 0), 50.0);
    CU_ASSERT_EQUAL(structure_factor(&factors, 0, 1, 0), 7.0);     /* in the box, not given */
    CU_ASSERT_EQUAL(structure_factor(&factors, 2, 0, 0), 7.0);     /* outside the box */
    CU_ASSERT_EQUAL(structure_factor(&factors, -1e15, 0, 0), 7.0); /* far outside */
    CU_ASSERT_EQUAL(factors.greatest_f, 50.0);
    free(grid);
}

static void a_fault_names_file_and_line(void) {
    static const char *const texts[][2] = {{"1 2 3 4\n1 2 3\n", ":2: 3 fields"},
                                           {"1 2 3 4\n\n# c\n1 b 3 4\n", ":4: field 2 is \"b\""},
                                           {"1 2 0.5 4\n", ":1: Miller index l is 0.5"},
                                           {"1 2 3 -4\n", ":1: F is -4"},
                                           {"1 2 3 4\n1 2 3 5\n", ":2: reflection 1 2 3"},
                                           {"1 2 3 inf\n", ":1: field 4 is \"inf\""},
                                           {"", "has no reflection"},
                                           {"9999999 2 3 4\n", ":1: Miller index h"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        StructureFactors factors;
        double *grid = NULL;
        const Status status = read_text(texts[i][0], "0", &factors, &grid);
        CU_ASSERT_EQUAL(status.code, STATUS_BAD_FILE);
        UNIT_CHECK(strstr(status.message, texts[i][1]) != NULL, "no %s in: %s", texts[i][1], status.message);
        UNIT_CHECK(strstr(status.message, path) != NULL, "no file name in: %s", status.message);
        CU_ASSERT_PTR_NULL(grid);
    }
}

static void the_same_reflection_twice_with_the_same_value_is_one(void) {
    StructureFactors factors;
    double *grid = NULL;
    CU_ASSERT_FATAL(status_is_ok(read_text("1 2 3 4\n1 2 3 4.0\n", "0", &factors, &grid)));
    CU_ASSERT_EQUAL(structure_factor(&factors, 1, 2, 3), 4.0);
    free(grid);
}

/* A cubic polynomial is what a four-point Lagrange interpolation reproduces. */
static double cubic(double h, double k, double l) {
    return 500.0 + h * h * h - 2.0 * k * k * l + 3.0 * h * k * l - 4.0 * l + l * l * l;
}

static void tricubic_reproduces_a_cubic_and_falls_back_at_the_edge(void) {
    static char text[1 << 16];
    size_t used = 0;
    for (int h = -4; h <= 4; h++)
        for (int k = -4; k <= 4; k++)
            for (int l = -4; l <= 4; l++)
                used += (size_t)snprintf(text + used, sizeof text - used, "%d %d %d %.17g\n", h, k, l, cubic(h, k, l));
    StructureFactors factors;
    double *grid = NULL;
    CU_ASSERT_FATAL(status_is_ok(read_text(text, "7", &factors, &grid)));
    for (double x = -2.0; x <= 2.0; x += 0.31)
        CU_ASSERT_DOUBLE_EQUAL(structure_factor_tricubic(&factors, x, -x, 0.5 * x), cubic(x, -x, 0.5 * x), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(structure_factor_tricubic(&factors, 2.1, 0, 0), cubic(2, 0, 0), 1e-12);  /* nearest */
    CU_ASSERT_DOUBLE_EQUAL(structure_factor_tricubic(&factors, 9.0, 0, 0), 7.0, 0.0);               /* outside */
    CU_ASSERT_DOUBLE_EQUAL(structure_factor_tricubic(&factors, 0.5, 0, 0), cubic(0.5, 0, 0), 1e-9); /* and it goes on */
    free(grid);
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(what_is_given_is_found_and_the_rest_is_default),
                                     UNIT_TEST(a_fault_names_file_and_line),
                                     UNIT_TEST(the_same_reflection_twice_with_the_same_value_is_one),
                                     UNIT_TEST(tricubic_reproduces_a_cubic_and_falls_back_at_the_edge),
                                     {NULL, NULL}};
    const int file = mkstemp(path);
    if (file < 0) return 1;
    (void)close(file);
    const int failed = unit_main("structure_factors", tests);
    (void)remove(path);
    return failed;
}
