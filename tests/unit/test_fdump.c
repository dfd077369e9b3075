#include "reflections/fdump.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MOST = 1 << 16 };

/* h -1..1, k 0..1, l 2..5: value 100 h + 10 k + l + 500. */
static StructureFactors small(double *grid) {
    const StructureFactors factors = {
        .reflections = 24, .least = {-1, 0, 2}, .count = {3, 2, 4}, .default_f = 7.0, .grid = grid};
    for (int h = 0; h < 3; h++)
        for (int k = 0; k < 2; k++)
            for (int l = 0; l < 4; l++) grid[(h * 2 + k) * 4 + l] = 100 * (h - 1) + 10 * k + (l + 2) + 500;
    return factors;
}

static size_t dump(const StructureFactors *factors, char *contents) {
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_TRUE(fdump_write(file, factors));
    rewind(file);
    const size_t bytes = fread(contents, 1, BYTES_MOST, file);
    (void)fclose(file);
    return bytes;
}

static void a_dump_has_the_nanobraggs_layout(void) {
    double grid[24], value = 0.0;
    char contents[BYTES_MOST];
    const StructureFactors factors = small(grid);
    const char first[] = "-1 1 0 1 2 5\n\f";
    const size_t bytes = dump(&factors, contents), line = sizeof first - 1;
    CU_ASSERT_EQUAL(bytes, line + sizeof(double) * (3 + 1) * (2 + 1) * (4 + 1));
    CU_ASSERT_TRUE(strncmp(contents, first, line) == 0);
    memcpy(&value, contents + line + sizeof value * ((1 * 3 + 1) * 5 + 2), sizeof value); /* 0 1 4 */
    UNIT_CLOSE(value, 514.0, 0.0, "F of 0 1 4");
    memcpy(&value, contents + line + sizeof value * 4, sizeof value);
    UNIT_CLOSE(value, 0.0, 0.0, "the value beyond l");
}

static void what_was_written_is_read_again(void) {
    double grid[24], *again = NULL;
    char contents[BYTES_MOST];
    const StructureFactors factors = small(grid);
    const size_t bytes = dump(&factors, contents);
    StructureFactors found = {.default_f = 3.0};
    CU_ASSERT_TRUE(fdump_is(contents, bytes));
    const Status status = fdump_read("F.bin", contents, bytes, &found, &again);
    UNIT_CHECK(status_is_ok(status), "read: %s", status.message);
    CU_ASSERT_TRUE(memcmp(found.least, factors.least, sizeof found.least) == 0);
    CU_ASSERT_TRUE(memcmp(found.count, factors.count, sizeof found.count) == 0);
    for (int i = 0; i < 24; i++) UNIT_CLOSE(again[i], grid[i], 0.0, "F");
    UNIT_CLOSE(found.default_f, 3.0, 0.0, "default_f");
    free(again);
}

static void data_that_look_like_blanks_are_no_part_of_the_first_line(void) {
    double grid[24], *again = NULL;
    char contents[BYTES_MOST];
    StructureFactors factors = small(grid), found = {.default_f = 0.0};
    memcpy(&grid[0], "\n \t\f\r\n @", sizeof grid[0]); /* a double of 7.96... that nanoBragg's scanf would eat into */
    CU_ASSERT_TRUE(isfinite(grid[0]) && grid[0] > 0.0);
    const size_t bytes = dump(&factors, contents);
    CU_ASSERT_TRUE(status_is_ok(fdump_read("F.bin", contents, bytes, &found, &again)));
    UNIT_CLOSE(again[0], grid[0], 0.0, "F");
    free(again);
}

static void refuses(const char *contents, size_t bytes, const char *wanted) {
    StructureFactors found = {.default_f = 0.0};
    double *grid = NULL;
    const Status status = fdump_read("F.bin", contents, bytes, &found, &grid);
    UNIT_CHECK(status.code == STATUS_BAD_FILE && strstr(status.message, wanted) != NULL, "\"%s\" is in \"%s\"", wanted,
               status.message);
    CU_ASSERT_PTR_NULL(grid);
}

static void damaged_dumps_are_refused(void) {
    double grid[24], bad = NAN;
    char contents[BYTES_MOST];
    const StructureFactors factors = small(grid);
    const size_t bytes = dump(&factors, contents), line = strcspn(contents, "\f") + 1;
    for (size_t cut = line; cut < bytes; cut++) refuses(contents, cut, "cut off");
    refuses(contents, bytes + 8, "cut off");
    memcpy(contents + line + 8, &bad, sizeof bad);
    refuses(contents, bytes, "-1 0 3");
    bad = -2.0;
    memcpy(contents + line + 8, &bad, sizeof bad);
    refuses(contents, bytes, "not negative");
    const char *firsts[] = {"1 0 0 1 2 5\n\f",
                            "-1 1 0 1 2\n\f",
                            "-1 1 0 1 2 5 6\n\f",
                            "-1 1 0 x 2 5\n\f",
                            "-1 1 0 1 2 99999999999999999999\n\f",
                            "-9223372036854775808 0 0 0 0 0\n\f",
                            "\n\f"};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) refuses(firsts[i], strlen(firsts[i]), "first line");
    const char huge[] = "-1048576 1048576 -1048576 1048576 -1048576 1048576\n\f";
    refuses(huge, sizeof huge - 1, "cut off");
}

static void a_table_of_reflections_is_no_dump(void) {
    const char *texts[] = {"", "1 2 3 4.5\n", "1 2 3 4.5\n1 2 4 5\n", "# comment\n\n1 2 3 4"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) CU_ASSERT_FALSE(fdump_is(texts[i], strlen(texts[i])));
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(a_dump_has_the_nanobraggs_layout),
                              UNIT_TEST(what_was_written_is_read_again),
                              UNIT_TEST(data_that_look_like_blanks_are_no_part_of_the_first_line),
                              UNIT_TEST(damaged_dumps_are_refused),
                              UNIT_TEST(a_table_of_reflections_is_no_dump),
                              {NULL, NULL}};
    return unit_main("fdump", tests);
}
