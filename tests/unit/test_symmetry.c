#include "base/sha256.h"
#include "base/text.h"
#include "base/vector.h"
#include "reflections/reflection_grid.h"
#include "reflections/symmetry.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The table of golden/symmetry, made by cctbx; its first lines say what is in it. */
#define TABLE TESSERA_GOLDEN_DIR "/symmetry/chiral_groups.txt"
enum { TEXT_BYTES = 1 << 18, SMALL_INDEX = 6 };

static SymmetryOperation operation(const char *text) {
    SymmetryOperation read = {.translation = {0.0}};
    UNIT_CHECK(symmetry_read_operation(text, strlen(text), &read), "%s is not read", text);
    return read;
}

static void an_operation_is_read_in_every_spelling(void) {
    static const char *const spellings[] = {"-x+1/2,y,z+x", " 1/2 - X , Y , X + Z", ".5-x,+y,z+x", "3/2-x,y,x+z"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        const SymmetryOperation read = operation(spellings[i]);
        const int expected[3][3] = {{-1, 0, 0}, {0, 1, 0}, {1, 0, 1}};
        CU_ASSERT_EQUAL(memcmp(read.rotation, expected, sizeof expected), 0);
        UNIT_CLOSE(read.translation[0], 0.5, 1e-12, spellings[i]);
        UNIT_CLOSE(read.translation[1], 0.0, 1e-12, spellings[i]);
    }
}

static void what_is_no_operation_is_refused(void) {
    static const char *const texts[] = {"",       "x,y",      "x,y,z,x", "x,y,w",      "2x,y,z",    "x/2,y,z",
                                        "x,x,z",  "x,,z",     "x,y,z+",  "x y,z",      "1/0+x,y,z", "x,y,1",
                                        "x,y,z;", "x+-y,y,z", "a,b,c",   "x,y,z+1.2.3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        SymmetryOperation read;
        UNIT_CHECK(!symmetry_read_operation(texts[i], strlen(texts[i]), &read), "\"%s\" is read", texts[i]);
    }
}

static void operations_without_their_products_are_no_group(void) {
    Symmetry symmetry = symmetry_none();
    const SymmetryOperation turn = operation("-y,x,z+1/4"), half = operation("-x,-y,z+1/2"),
                            back = operation("y,-x,z+3/4");
    CU_ASSERT_TRUE(symmetry_is_group(&symmetry));
    CU_ASSERT_TRUE(symmetry_add(&symmetry, &turn));
    CU_ASSERT_FALSE(symmetry_is_group(&symmetry));
    CU_ASSERT_TRUE(symmetry_add(&symmetry, &half));
    CU_ASSERT_TRUE(symmetry_add(&symmetry, &half)); /* once is enough */
    CU_ASSERT_TRUE(symmetry_add(&symmetry, &back));
    CU_ASSERT_EQUAL(symmetry.operations, 4);
    CU_ASSERT_TRUE(symmetry_is_group(&symmetry));
}

static void a_name_and_a_number_mean_the_same_group(void) {
    static const char *const pairs[][2] = {{"P 21 21 21", "19"}, {"p212121", "19"},   {"C2", "5"},
                                           {"C 1 2 1", "5"},     {"B 1 1 2", "1005"}, {"I 1 2 1", "4005"},
                                           {"H 3", "146"},       {"R 3 :H", "146"},   {"R 3", "1146"},
                                           {"P 43 21 2", "96"},  {"P21", "P 1 21 1"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        Symmetry one, other;
        CU_ASSERT_TRUE_FATAL(status_is_ok(symmetry_of_name(pairs[i][0], "test", &one)));
        CU_ASSERT_TRUE_FATAL(status_is_ok(symmetry_of_name(pairs[i][1], "test", &other)));
        UNIT_CHECK(symmetry_is_same(&one, &other), "%s is not %s", pairs[i][0], pairs[i][1]);
    }
}

static void an_unknown_name_is_refused_without_a_word_of_the_library(void) {
    static const char *const names[] = {"Q 1", "", "0", "-5", "999", "P 21 21 3", "P 1 2 1 P 1 2 1 P 1 2 1 P 1 2 1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Symmetry symmetry;
        const Status status = symmetry_of_name(names[i], "crystal.space_group", &symmetry);
        CU_ASSERT_EQUAL(status.code, STATUS_BAD_PARAMETER);
        UNIT_CHECK(strstr(status.message, "crystal.space_group") != NULL, "%s", status.message);
    }
}

/* The figures of golden/symmetry/make_names.py, which do not depend on the origin. */
static void add_figures(const Symmetry *symmetry, int64_t *figure) {
    figure[0] = symmetry->operations;
    figure[1] = figure[2] = figure[3] = 0;
    for (int n = 0; n < symmetry->operations; n++) {
        int64_t number = 0, power = 1;
        for (int i = 0; i < 9; i++, power *= 3) number += power * symmetry->operation[n].rotation[i / 3][i % 3];
        figure[1] += number;
        figure[2] += number * number;
    }
    for (int32_t h = -4; h <= 4; h++)
        for (int32_t k = -4; k <= 4; k++)
            for (int32_t l = -4; l <= 4; l++) {
                const int32_t index[3] = {h, k, l};
                if (symmetry_is_absent(symmetry, index)) figure[3] += 1000 + 7 * h + 13 * k + 29 * l;
            }
}

static bool has_figures(const char *line, const int64_t *figure) {
    const char *next = line;
    bool same = true;
    for (int i = 0; i < 4; i++) {
        int64_t expected = 0;
        while (*next == ' ') next++;
        same = text_read_integer(next, &expected, &next) && expected == figure[i] && same;
    }
    return same;
}

/* The bytes that are written to the standard streams meanwhile. */
static long printed_during(void (*run)(void)) {
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    (void)fflush(NULL);
    const int saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    CU_ASSERT_TRUE(dup2(fileno(file), STDOUT_FILENO) >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    run();
    (void)fflush(NULL);
    CU_ASSERT_TRUE(dup2(saved[0], STDOUT_FILENO) >= 0 && dup2(saved[1], STDERR_FILENO) >= 0);
    (void)close(saved[0]);
    (void)close(saved[1]);
    const long bytes = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    (void)fclose(file);
    return bytes;
}

/* Every name where the environment says so, else one in four. */
static void check_names(void) {
    char *contents = NULL;
    size_t bytes = 0;
    int names = 0;
    const int stride = getenv("EVERY_NAME") != NULL ? 1 : 4;
    CU_ASSERT_TRUE(
        status_is_ok(text_read_file(TESSERA_GOLDEN_DIR "/symmetry/names.txt", TEXT_BYTES, &contents, &bytes)));
    for (char *line = contents; line != NULL && *line != '\0'; names++) {
        char *end = strchr(line, '\n'), *tab = strchr(line, '\t');
        Symmetry symmetry = symmetry_none();
        int64_t figure[4];
        if (*line != '#' && tab != NULL && end != NULL && names % stride == 0) {
            *tab = *end = '\0';
            const Status status = symmetry_of_name(line, "names.txt", &symmetry);
            add_figures(&symmetry, figure);
            UNIT_CHECK(status_is_ok(status) && has_figures(tab + 1, figure), "%s: %s%s", line, symmetry.name,
                       status.message);
        }
        line = end == NULL ? NULL : end + 1;
    }
    CU_ASSERT_TRUE(names > 1000);
    free(contents);
}

static void spellings_of_every_setting_have_the_amplitudes_of_gemmi_and_print_nothing(void) {
    CU_ASSERT_EQUAL(printed_during(check_names), 0);
}

/* Makes a table with one text of the true one replaced, or cut off before it, and SYMINFO name it. */
static void damage_table(const char *path, const char *text, const char *instead) {
    char *contents = NULL;
    size_t bytes = 0;
    CU_ASSERT_TRUE_FATAL(status_is_ok(text_read_file(TESSERA_SYMINFO, (size_t)1 << 25, &contents, &bytes)));
    const char *place = strstr(contents, text);
    FILE *file = fopen(path, "w");
    CU_ASSERT_TRUE_FATAL(place != NULL && file != NULL);
    (void)fwrite(contents, 1, (size_t)(place - contents), file);
    if (instead != NULL) (void)fprintf(file, "%s%s", instead, place + strlen(text));
    (void)fclose(file);
    free(contents);
}

/* What would be too long for libccp4's arrays, read from the standard input, or end it. */
static void ask_damaged_tables(void) {
    static const char long_symbol[] = "xHM  'P 1 P 1 P 1 P 1 P 1 P 1 P 1 P 1'";
    static const struct {
        const char *text, *instead;
    } damages[] = {{"symbol xHM  'P 1'", long_symbol},
                   {"cenop x,y,z", "cenop x,y,w"},
                   {"symop x,y,z", "symop x,y,z&"},
                   {"symop -x,-y,-z", "symop x,y,z -"},
                   {"mapasu zero 0<=x<1", "mapasu zero"},
                   {"number  2", "number"},
                   {"\nend_spacegroup", ""},
                   {"\nbegin_spacegroup", ""},
                   {"symbol old  'P 1'", "symbol old  'P"},
                   {"hklasu ccp4 'l>0 or", "hklasu ccp4 'or"},
                   {"cenop x,y,z", NULL},
                   {"begin_spacegroup", NULL}};
    char path[] = "/tmp/syminfo_XXXXXX";
    const int descriptor = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(descriptor >= 0 && close(descriptor) == 0 && setenv("SYMINFO", path, 1) == 0);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        Symmetry symmetry;
        damage_table(path, damages[i].text, damages[i].instead);
        const Status status = symmetry_of_name("P 1", "name", &symmetry);
        UNIT_CHECK(status.code == STATUS_BAD_FILE && strstr(status.message, "table of space groups") != NULL,
                   "%s for %s: %s", damages[i].instead == NULL ? "an end" : damages[i].instead, damages[i].text,
                   status.message);
    }
    (void)unlink(path);
    Symmetry symmetry;
    CU_ASSERT_EQUAL(symmetry_of_name("P 1", "name", &symmetry).code, STATUS_BAD_FILE);
    (void)unsetenv("SYMINFO");
}

static void a_damaged_or_missing_table_is_refused_without_a_word(void) {
    CU_ASSERT_EQUAL(printed_during(ask_damaged_tables), 0);
}

/* As they stand in files; the number is that of International Tables. */
static void old_full_and_hall_names_are_read(void) {
    static const char *const pairs[][2] = {
        {"F d 3 m", "227"},        {"Fd3m", "227"},           {"F 41/d -3 2/m", "227"},   {"I a 3", "206"},
        {"P 2(1)/c", "14"},        {"P2_1/c", "14"},          {"P 21/n 21/m 21/a", "62"}, {"P 4/m 2/m 2/m", "123"},
        {"I 41/a 2/m 2/d", "141"}, {"P 63/m 2/m 2/c", "194"}, {"R 3 :H", "H3"},           {"R3", "R 3 :R"},
        {"R -3 2/m :H", "H-3m"},   {"C m c e", "64"},         {"-F 4vw 2vw 3", "227"},    {"P 2ac 2ab", "19"},
        {"P 21 21 2 (a)", "1018"}, {"I 41/a", "88"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        Symmetry one = symmetry_none(), other = symmetry_none();
        int64_t figures[2][4];
        const Status first = symmetry_of_name(pairs[i][0], "name", &one),
                     second = symmetry_of_name(pairs[i][1], "number", &other);
        add_figures(&one, figures[0]);
        add_figures(&other, figures[1]);
        UNIT_CHECK(status_is_ok(first) && status_is_ok(second) &&
                       memcmp(figures[0], figures[1], sizeof figures[0]) == 0,
                   "%s is not %s: %s%s", pairs[i][0], pairs[i][1], first.message, second.message);
    }
}

/* F d -3 m :1 has -43m at 0 0 0, :2 has -3m: an inversion without a translation. */
static void an_origin_that_is_named_is_taken_and_one_that_is_not_is_told(void) {
    static const char *const names[] = {"F d -3 m :1", "Fd-3m:2", "F 41/d -3 2/m :2", "F d 3 m :2", "F d -3 m", "227"};
    const SymmetryOperation inversion = operation("-x,-y,-z");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Symmetry symmetry = symmetry_none();
        CU_ASSERT_TRUE(status_is_ok(symmetry_of_name(names[i], "name", &symmetry)));
        const int operations = symmetry.operations;
        const bool found = symmetry_add(&symmetry, &inversion) && symmetry.operations == operations;
        UNIT_CHECK(found == (i >= 1 && i <= 3), "%s has another origin", names[i]);
        UNIT_CHECK(symmetry.origin_is_open == (i >= 4), "%s: is its origin open?", names[i]);
    }
}

static void a_cell_fits_its_own_symmetry_alone(void) {
    const double right = 0.5 * PI, square[3] = {1e-9, 1e-9, 2e-9}, oblong[3] = {1e-9, 1.1e-9, 2e-9};
    const double angles[3] = {right, right, right}, skew[3] = {right, right + 0.1, right};
    Symmetry fourfold, twofold;
    CU_ASSERT_TRUE_FATAL(status_is_ok(symmetry_of_name("P 41", "test", &fourfold)));
    CU_ASSERT_TRUE_FATAL(status_is_ok(symmetry_of_name("P 1 21 1", "test", &twofold)));
    UNIT_CLOSE(symmetry_misfit(&fourfold, square, angles), 0.0, 1e-12, "square in P 41");
    UNIT_CLOSE(symmetry_misfit(&fourfold, oblong, angles), 0.21, 1e-12, "oblong in P 41"); /* (1.1^2 - 1) / 1 */
    UNIT_CLOSE(symmetry_misfit(&twofold, oblong, skew), 0.0, 1e-12, "monoclinic in P 21");
    /* the twofold axis in P 41 turns cos(beta) into -cos(beta) */
    UNIT_CLOSE(symmetry_misfit(&fourfold, square, skew), 2.0 * sin(0.1), 1e-12, "monoclinic in P 41");
}

/* --------------------------------------------------------------------------------------------- the table of cctbx */

/* A line of the table that is looked for next. */
static bool next_line(const char **next, char *line, size_t bytes) {
    const size_t length = strcspn(*next, "\n");
    if (**next == '\0' || length >= bytes) return false;
    memcpy(line, *next, length);
    line[length] = '\0';
    *next += length + 1;
    return true;
}

static void check_sum(const char *line, const char *keyword, const char *group, int64_t count, const char *text) {
    char expected[32 + SHA256_TEXT_BYTES], sum[SHA256_TEXT_BYTES], found[32 + SHA256_TEXT_BYTES];
    (void)snprintf(expected, sizeof expected, "%s",
                   strncmp(line, keyword, strlen(keyword)) == 0 ? line + strlen(keyword) : "");
    sha256_of_bytes(text, strlen(text), sum);
    (void)snprintf(found, sizeof found, " %lld %s", (long long)count, sum);
    UNIT_CHECK(strcmp(found, expected) == 0, "%s, %s: found %s, cctbx has %s", group, keyword, found, expected);
}

/* The expansion of the chosen columns as the table's lists are: "h k l F", ascending. */
static void check_expansion(const char *line, const char *keyword, const char *group, const Reflections *reflections,
                            ColumnChoice choice) {
    static char text[TEXT_BYTES];
    ReflectionGrid grid;
    int64_t count = 0;
    size_t used = 0;
    const Status status = reflection_grid_create(reflections, choice, DUPLICATES_ERROR, false, &grid);
    UNIT_CHECK(status_is_ok(status), "%s: %s", group, status.message);
    for (int64_t i = 0; status_is_ok(status) && i < reflection_grid_size(&grid); i++) {
        int32_t index[3];
        reflection_grid_index(&grid, i, index);
        if (isnan(grid.values[i])) continue;
        count++;
        used += (size_t)snprintf(text + used, sizeof text - used, "%d %d %d %.0f\n", index[0], index[1], index[2],
                                 grid.values[i]);
    }
    text[used] = '\0';
    check_sum(line, keyword, group, count, text);
    reflection_grid_free(&grid);
}

static void check_absences(const char *line, const char *group, const Symmetry *symmetry) {
    static char text[TEXT_BYTES];
    int64_t count = 0;
    size_t used = 0;
    for (int32_t h = -SMALL_INDEX; h <= SMALL_INDEX; h++)
        for (int32_t k = -SMALL_INDEX; k <= SMALL_INDEX; k++)
            for (int32_t l = -SMALL_INDEX; l <= SMALL_INDEX; l++) {
                const int32_t index[3] = {h, k, l};
                if ((h == 0 && k == 0 && l == 0) || !symmetry_is_absent(symmetry, index)) continue;
                count++;
                used += (size_t)snprintf(text + used, sizeof text - used, "%d %d %d\n", h, k, l);
            }
    text[used] = '\0';
    check_sum(line, "absent", group, count, text);
}

static void add_reflection(Reflections *reflections, const double *number) {
    CU_ASSERT_TRUE_FATAL(status_is_ok(reflections_add_row(reflections, number, 0)));
    CU_ASSERT_TRUE_FATAL(status_is_ok(reflections_set(reflections, 0, number[3])));
    if (number[4] > 0.0) CU_ASSERT_TRUE_FATAL(status_is_ok(reflections_set(reflections, 1, number[4])));
}

/* One group, whose first line has been read. */
static void check_group(const char *group, const char **next) {
    Reflections reflections = {.path = "table"};
    char line[256] = "", number[8];
    double cell[6], field[5];
    const char *name = group;
    (void)snprintf(number, sizeof number, "%.*s", (int)strcspn(group, " "), group);
    name += strlen(number) + 1;
    Symmetry by_number;
    CU_ASSERT_TRUE_FATAL(status_is_ok(symmetry_of_name(number, "test", &by_number)));
    CU_ASSERT_TRUE_FATAL(status_is_ok(symmetry_of_name(name, "test", &reflections.symmetry)));
    UNIT_CHECK(symmetry_is_same(&by_number, &reflections.symmetry), "%s is not number %s", name, number);
    CU_ASSERT_TRUE_FATAL(next_line(next, line, sizeof line));
    CU_ASSERT_EQUAL_FATAL(
        sscanf(line, "cell %lf %lf %lf %lf %lf %lf", &cell[0], &cell[1], &cell[2], &cell[3], &cell[4], &cell[5]), 6);
    CU_ASSERT_TRUE_FATAL(status_is_ok(reflections_set_cell(&reflections, cell)));
    UNIT_CHECK(symmetry_misfit(&reflections.symmetry, reflections.lengths_m, reflections.angles_rad) < 1e-9, "%s",
               name);
    CU_ASSERT_TRUE_FATAL(status_is_ok(reflections_add_column(&reflections, "plus", COLUMN_AMPLITUDE, FRIEDEL_PLUS)));
    CU_ASSERT_TRUE_FATAL(status_is_ok(reflections_add_column(&reflections, "minus", COLUMN_AMPLITUDE, FRIEDEL_MINUS)));
    while (next_line(next, line, sizeof line) &&
           sscanf(line, "%lf %lf %lf %lf %lf", &field[0], &field[1], &field[2], &field[3], &field[4]) == 5)
        add_reflection(&reflections, field);
    check_expansion(line, "mean", name, &reflections, (ColumnChoice){0, -1});
    CU_ASSERT_TRUE_FATAL(next_line(next, line, sizeof line));
    check_expansion(line, "anomalous", name, &reflections, (ColumnChoice){0, 1});
    CU_ASSERT_TRUE_FATAL(next_line(next, line, sizeof line));
    check_absences(line, name, &reflections.symmetry);
    reflections_free(&reflections);
}

static void all_65_chiral_groups_expand_as_in_cctbx(void) {
    char *contents = NULL, line[256] = "";
    size_t bytes = 0;
    int groups = 0;
    CU_ASSERT_TRUE_FATAL(status_is_ok(text_read_file(TABLE, 1 << 22, &contents, &bytes)));
    const char *next = contents;
    while (next_line(&next, line, sizeof line)) {
        if (strncmp(line, "group ", 6) != 0) continue;
        char group[64];
        (void)text_copy(group, sizeof group, line + 6);
        check_group(group, &next);
        groups++;
    }
    CU_ASSERT_EQUAL(groups, 65);
    free(contents);
}

int main(void) {
    static const UnitTest tests[] = {
        UNIT_TEST(an_operation_is_read_in_every_spelling),
        UNIT_TEST(what_is_no_operation_is_refused),
        UNIT_TEST(operations_without_their_products_are_no_group),
        UNIT_TEST(a_name_and_a_number_mean_the_same_group),
        UNIT_TEST(an_unknown_name_is_refused_without_a_word_of_the_library),
        UNIT_TEST(spellings_of_every_setting_have_the_amplitudes_of_gemmi_and_print_nothing),
        UNIT_TEST(a_damaged_or_missing_table_is_refused_without_a_word),
        UNIT_TEST(old_full_and_hall_names_are_read),
        UNIT_TEST(an_origin_that_is_named_is_taken_and_one_that_is_not_is_told),
        UNIT_TEST(a_cell_fits_its_own_symmetry_alone),
        UNIT_TEST(all_65_chiral_groups_expand_as_in_cctbx),
        {NULL, NULL}};
    return unit_main("symmetry", tests);
}
