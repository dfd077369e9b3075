#include "base/gunzip.h"
#include "base/vector.h"
#include "reflections/reflections.h"
#include "reflections/structure_factors.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "reflections.XXXXXX";

/* What a test reads a text with: settings like "crystal.f000=5". */
typedef struct Read {
    Parameters *parameters;
    Reflections reflections;
    StructureFactors factors;
    double *grid;
    Status status;
} Read;

static void set(Read *read, const char *setting) {
    char name[128];
    const size_t length = strcspn(setting, "=");
    (void)snprintf(name, sizeof name, "%.*s", (int)length, setting);
    if (status_is_ok(read->status)) read->status = parameters_set(read->parameters, name, setting + length + 1, "test");
}

/* Reads @p text and makes structure factors of it, with the reciprocal axes of a cubic cell of 10 A. */
static Read read_text(const char *text, const char *const *settings) {
    Read read = {.reflections = {.path = ""}};
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) abort();
    const Mat3 reciprocal_per_m = {{vec3(1e9, 0, 0), vec3(0, 1e9, 0), vec3(0, 0, 1e9)}};
    read.status = parameters_create(&read.parameters);
    if (status_is_ok(read.status))
        read.status = parameters_set(read.parameters, "crystal.structure_factors", path, "test");
    for (; settings != NULL && *settings != NULL; settings++) set(&read, *settings);
    if (status_is_ok(read.status)) read.status = reflections_read(read.parameters, &read.reflections, NULL);
    if (status_is_ok(read.status))
        read.status = structure_factors_create(read.parameters, &read.reflections, reciprocal_per_m, false,
                                               &read.factors, &read.grid, NULL);
    return read;
}

static void end(Read *read) {
    free(read->grid);
    reflections_free(&read->reflections);
    parameters_destroy(&read->parameters);
}

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static double f_of(const Read *read, int h, int k, int l) {
    return status_is_ok(read->status) ? structure_factor(&read->factors, h, k, l) : NAN;
}

static void expect(const char *text, const char *const *settings, int h, int k, int l, double f) {
    Read read = read_text(text, settings);
    UNIT_CHECK(status_is_ok(read.status), "%s", read.status.message);
    UNIT_CLOSE(f_of(&read, h, k, l), f, 1e-9 * (1.0 + f), text);
    end(&read);
}

static void expect_refused(const char *text, const char *const *settings, const char *pattern) {
    Read read = read_text(text, settings);
    UNIT_CHECK(!status_is_ok(read.status) && strstr(read.status.message, pattern) != NULL,
               "no \"%s\" in \"%s\" for: %s", pattern, read.status.message, text);
    CU_ASSERT_EQUAL(status_is_ok(read.status) ? -1 : status_exit_code(read.status.code), 2);
    end(&read);
}

/* -------------------------------------------------------------------------------------------------------------- CIF */

#define CIF_HEAD                                                                                                       \
    "# made for a test\ndata_x\n_cell.length_a 10(1)\n_cell.length_b 10\n_cell.length_c 10\n_cell.angle_alpha 90\n"    \
    "_cell.angle_beta 90.0(2)\n_cell.angle_gamma 90\n_symmetry.space_group_name_H-M 'P 1 21 1'\n"
#define INDICES "loop_\n_refln.index_h\n_refln.index_k\n_refln.index_l\n"

static void a_cif_gives_cell_symmetry_and_values(void) {
    const char *text = CIF_HEAD INDICES "_refln.status\n_refln.F_meas_au\n"
                                        "1 2 3 o 40 2 1 1 f 50.5\n3 1 1 x 99\n4 1 1 - 99 5 1 1 o ?\n";
    Read read = read_text(text, SETTINGS("crystal.default_f=7"));
    CU_ASSERT_TRUE_FATAL(status_is_ok(read.status));
    CU_ASSERT_TRUE(read.reflections.has_cell);
    UNIT_CLOSE(read.reflections.lengths_m[0], 1e-9, 1e-21, "a");
    CU_ASSERT_EQUAL(read.reflections.symmetry.operations, 2);
    UNIT_CLOSE(f_of(&read, 1, 2, 3), 40, 1e-12, "given");
    UNIT_CLOSE(f_of(&read, -1, 2, -3), 40, 1e-12, "by the screw axis");
    UNIT_CLOSE(f_of(&read, 1, -2, 3), 40, 1e-12, "by the screw axis and Friedel's law");
    UNIT_CLOSE(f_of(&read, -2, -1, -1), 50.5, 1e-12, "by Friedel's law");
    UNIT_CLOSE(f_of(&read, 3, 1, 1), 7, 1e-12, "with status x");
    UNIT_CLOSE(f_of(&read, 0, 1, 0), 0, 1e-12, "forbidden by the screw axis");
    UNIT_CLOSE(f_of(&read, 0, 2, 0), 7, 1e-12, "not given");
    end(&read);
}

static void a_cif_may_list_operations_and_use_quotes_text_and_old_names(void) {
    const char *text =
        "data_small\n_cell_length_a 10\n_cell_length_b 10\n_cell_length_c 10\n_cell_angle_alpha 90\n"
        "_cell_angle_beta 90\n_cell_angle_gamma 90\n_note\n;loop_ of nothing\n data_none 'quote\n;\n"
        "loop_\n_symmetry_equiv_pos_as_xyz\n'x, y, z'\n\"-x, -y, z\"\n"
        "loop_\n_refln_index_h\n_refln_index_k\n_refln_index_l\n_refln_F_squared_meas\n_refln_observed_status\n"
        "1 2 3 16.0 'o' # a comment\n2 0 0 -4 \"<'>\"\n";
    expect(text, NULL, -1, -2, 3, 4.0);
    expect(text, NULL, 1, 2, -3, 4.0); /* Friedel */
    expect(text, NULL, 2, 0, 0, 0.0);  /* of negative intensity */
}

static void the_block_with_reflections_counts(void) {
    expect("data_a\n_x 1\n" CIF_HEAD INDICES "_refln.F_meas_au\n1 1 1 5\ndata_c\n_y 2\n", NULL, 1, 1, 1, 5.0);
}

#define ONE_MORE_BLOCK "data_Y\n_symmetry.Int_Tables_number 1\n" INDICES "_refln.F_meas_au\n1 1 1 6\n"

static void of_several_blocks_with_reflections_one_is_named(void) {
    const char *text = "data_a\n_z 1\n" CIF_HEAD INDICES "_refln.F_meas_au\n1 1 1 5\n" ONE_MORE_BLOCK;
    expect_refused(text, NULL,
                   "reflections in 2 data blocks, marked by *: a, x*, Y*; name one by crystal.structure_factor_block");
    expect(text, SETTINGS("crystal.structure_factor_block=x"), 1, 1, 1, 5.0);
    expect(text, SETTINGS("crystal.structure_factor_block=y"), 1, 1, 1, 6.0);
    expect(text, SETTINGS("crystal.structure_factor_block=data_Y"), 1, 1, 1, 6.0);
    expect_refused(text, SETTINGS("crystal.structure_factor_block=a"), "crystal.structure_factor_block is \"a\"");
    expect_refused(text, SETTINGS("crystal.structure_factor_block=z"), "marked by *: a, x*, Y*");
    expect_refused(CIF_HEAD INDICES "_refln.F_meas_au\n1 1 1 5\ndata_b\n" INDICES "_refln.F_meas_au\n1 1 x 5\n",
                   SETTINGS("crystal.structure_factor_block=b"), ":22: \"x\" is no Miller index");
}

/* Lines of SHELX are of 28 or 32 characters; an fcf is a CIF of its own. */
#define TEXT_OF(tag, text) tag "\n;\n" text ";\n"
#define TWO_LINES "   1   2   3   16.00    0.50\n   3   0   0   25.00    0.50\n"
#define ZEROS "   0   0   0    0.00    0.00\n"
#define FCF "data_f\n" INDICES "_refln.F_squared_meas\n1 2 3 49\n"

static void reflections_in_a_text_of_a_cif_have_its_cell_and_symmetry(void) {
    static const char *const texts[] = {CIF_HEAD TEXT_OF("_shelx_hkl_file", TWO_LINES ZEROS "remarks\n"),
                                        TEXT_OF(CIF_HEAD "_iucr_refine_reflections_details", TWO_LINES)};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        expect(texts[i], NULL, -1, 2, -3, 4.0); /* P 1 21 1 */
        expect(texts[i], SETTINGS("crystal.shelx_hklf=3"), 1, 2, 3, 16.0);
    }
    expect(CIF_HEAD TEXT_OF("_shelx_fcf_file", FCF), NULL, -1, 2, -3, 7.0);
    expect(CIF_HEAD TEXT_OF("_shelx_hkl_file", TWO_LINES) TEXT_OF("_iucr_refine_fcf_details", FCF), NULL, 1, 2, 3, 7.0);
    expect(CIF_HEAD TEXT_OF("_shelx_hkl_file", TWO_LINES) INDICES "_refln.F_meas\n1 2 3 9\n", NULL, 1, 2, 3, 9.0);
    expect(CIF_HEAD TEXT_OF("_shelx_fcf_file",
                            "data_f\n_symmetry.Int_Tables_number 1\n" INDICES "_refln.F_squared_meas\n1 2 3 49\n"),
           SETTINGS("crystal.default_f=2"), -1, 2, -3, 2.0); /* the text's own symmetry */
    expect("data_empty\n_shelx_hkl_file ?\n" CIF_HEAD TEXT_OF("_shelx_hkl_file", TWO_LINES), NULL, 1, 2, 3, 4.0);
    Read read = read_text(texts[0], NULL);
    CU_ASSERT_TRUE(read.reflections.has_cell);
    CU_ASSERT_EQUAL(read.reflections.symmetry.operations, 2);
    end(&read);
}

static void a_faulty_text_of_a_cif_is_refused_with_its_line_in_the_file(void) {
    expect_refused(CIF_HEAD TEXT_OF("_shelx_hkl_file", TWO_LINES "   1   2   x   16.00    0.50\n"), NULL,
                   ":14: \"   1   2   x");
    expect_refused(CIF_HEAD TEXT_OF("_shelx_hkl_file", TWO_LINES "   1   2   4     nan    0.50\n"), NULL, ":14: \"");
    expect_refused(CIF_HEAD TEXT_OF("_shelx_hkl_file", ZEROS), NULL, ":11: the text of _shelx_hkl_file has no refl");
    expect_refused(CIF_HEAD TEXT_OF("_shelx_fcf_file", FCF "1 2 z 4\n"), NULL, ":19: \"z\" is no Miller index");
    expect_refused(CIF_HEAD TEXT_OF("_shelx_fcf_file", "nothing\n"), NULL, "\"nothing\" is a value without a name");
    expect_refused(CIF_HEAD TEXT_OF("_shelx_hkl_file", TWO_LINES) "data_b\n" TEXT_OF("_shelx_hkl_file", TWO_LINES),
                   NULL, "marked by *: x*, b*");
}

static void no_number_in_a_cif_is_infinite_or_none(void) {
    static const char *const values[] = {"nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999", "1e9999(2)"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[1024], message[64];
        (void)snprintf(message, sizeof message, ":16: \"%s\" is no number", values[i]);
        (void)snprintf(text, sizeof text, CIF_HEAD INDICES "_refln.F_meas_au\n1 2 3 4\n1 2 4 %s\n", values[i]);
        expect_refused(text, NULL, message);
        (void)snprintf(text, sizeof text, CIF_HEAD INDICES "_refln.intensity_meas\n1 2 3 4\n1 2 4 %s\n", values[i]);
        expect_refused(text, NULL, message);
        (void)snprintf(text, sizeof text, CIF_HEAD INDICES "_refln.F_meas_au\n1 2 3 4\n1 2 %s 4\n", values[i]);
        expect_refused(text, NULL, ":16: \"");
    }
    expect_refused("data_x\n_cell.length_a inf\n" INDICES "_refln.F_meas\n1 1 1 1\n", NULL, ":2: \"inf\" is no number");
}

static void friedel_pairs_are_kept_and_a_missing_mate_is_the_other(void) {
    const char *text =
        CIF_HEAD INDICES "_refln.pdbx_F_plus\n_refln.pdbx_F_minus\n1 2 3 40 44\n2 1 1 50 ?\n3 1 1 ? 60\n";
    expect(text, NULL, 1, 2, 3, 40.0);
    expect(text, NULL, -1, -2, -3, 44.0);
    expect(text, NULL, -1, 2, -3, 40.0); /* -x, y + 1/2, -z */
    expect(text, NULL, 1, -2, 3, 44.0);
    expect(text, NULL, -2, -1, -1, 50.0);
    expect(text, NULL, 3, 1, 1, 60.0);
}

static void the_column_is_the_best_kind_or_the_one_named(void) {
    const char *text = CIF_HEAD INDICES "_refln.F_calc\n_refln.intensity_meas\n_refln.phase_calc\n1 1 1 3 16 20\n";
    expect(text, NULL, 1, 1, 1, 4.0); /* measured goes before calculated */
    expect(text, SETTINGS("crystal.structure_factor_label=F_calc"), 1, 1, 1, 3.0);
    expect_refused(text, SETTINGS("crystal.structure_factor_label=FP"), "F_calc, intensity_meas");
    expect_refused(text, SETTINGS("crystal.structure_factor_label=phase_calc"), "neither amplitudes nor intensities");
    expect_refused(CIF_HEAD INDICES "_refln.F_meas\n_refln.F_meas_au\n1 1 1 3 4\n", NULL, "several columns");
    expect_refused(CIF_HEAD INDICES "_refln.phase_calc\n1 1 1 3\n", NULL, "no column of amplitudes");
}

static void a_column_without_a_value_is_passed_over(void) {
    expect(CIF_HEAD INDICES "_refln.F_meas_au\n_refln.intensity_meas\n1 1 1 ? 49\n1 2 1 . 25\n", NULL, 1, 1, 1, 7.0);
    Notes notes = {.count = 0};
    Read read = read_text(CIF_HEAD INDICES "_refln.F_meas_au\n_refln.intensity_meas\n1 1 1 ? 49\n", NULL);
    reflections_free(&read.reflections);
    CU_ASSERT_TRUE(status_is_ok(reflections_read(read.parameters, &read.reflections, &notes)));
    UNIT_CHECK(notes.count == 1 &&
                   strstr(notes.text[0], "column F_meas_au has no value; intensity_meas is used") != NULL,
               "%d notes, the first: %s", notes.count, notes.text[0]);
    end(&read);
}

static void a_faulty_cif_is_refused_with_its_line(void) {
    expect_refused("data_x\n_cell.length_a 10\n", NULL, "no loop of reflections");
    expect_refused(CIF_HEAD INDICES "_refln.F_meas_au\n", NULL, ":10: the loop of reflections has none");
    expect_refused(CIF_HEAD INDICES "_refln.F_meas_au\n1 2 3 4\n1 2\n", NULL, "has 2 values, not 4");
    expect_refused(CIF_HEAD INDICES "_refln.F_meas_au\n1 2 x 4\n", NULL, ":15: \"x\" is no Miller index");
    expect_refused(CIF_HEAD INDICES "_refln.F_meas_au\n1 2 3 4x\n", NULL, ":15: \"4x\" is no number");
    expect_refused(CIF_HEAD INDICES "_refln.F_meas_au\n1 2 99999999 4\n", NULL, ":15: Miller index l is 1e+08");
    expect_refused(CIF_HEAD "loop_\n_refln.index_h\n_refln.index_l\n_refln.F_meas_au\n1 2 4\n", NULL,
                   "no _refln.index_k");
    expect_refused("data_x\n_cell.length_a 'ten\n" INDICES, NULL, ":2: a quote without end");
    expect_refused("data_x\n_cell.length_a\n;ten\n" INDICES, NULL, ":3: the text that begins with ;");
    expect_refused("data_x\n_cell.length_a\n_cell.length_b 1\n", NULL, ":2: _cell.length_a has no value");
    expect_refused("data_x\n_cell.length_a 10\n_symmetry.Int_Tables_number 1\n" INDICES "_refln.F_meas\n1 1 1 1\n",
                   NULL, "only 1 of the 6");
    expect_refused("data_x\n" INDICES "_refln.F_meas\n1 1 1 1\n", NULL, "does not say its symmetry");
    expect_refused("data_x\nloop_\n_symmetry_equiv.pos_as_xyz\nx,y,z\n-x,y,z+1/4\n" INDICES "_refln.F_meas\n1 1 1 1\n",
                   NULL, "no group");
    expect_refused("data_x\n_symmetry.space_group_name_H-M 'P 2 2 2 (odd)'\n" INDICES "_refln.F_meas\n1 1 1 1\n", NULL,
                   "\"P 2 2 2 (odd)\" is no space group");
}

/* ------------------------------------------------------------------------------------------------------------ SHELX */

#define SHELX                                                                                                          \
    "   1   2   3   16.00    0.50   1\n  -1-100   4   25.00    1.00   1\n   2   0   0   -9.00    1.00   1\n"           \
    "   0   0   0    0.00    0.00   0\nTITL not read\n"

static void shelx_columns_are_fixed_and_end_at_zeros(void) {
    const char *const *p1 = SETTINGS("crystal.space_group=P1");
    const char *const *hklf3 = SETTINGS("crystal.space_group=P1", "crystal.shelx_hklf=3");
    expect(SHELX, p1, 1, 2, 3, 4.0);
    expect(SHELX, p1, -1, -100, 4, 5.0); /* nothing between the columns */
    expect(SHELX, p1, 1, 100, -4, 5.0);
    expect(SHELX, p1, 2, 0, 0, 0.0);
    expect_refused(SHELX, hklf3, ":3: F is -9");
    expect_refused(SHELX, NULL, "give crystal.space_group");
    expect("   1   2   3   16.00    0.50\n   0   0   0    0.00    0.00\n", hklf3, 1, 2, 3, 16.0);
    expect("   1   2   3    1600      50\n   0   0   0       0       0\n", p1, 1, 2, 3, 4.0); /* F8.2 without a point */
}

static void shelx_without_its_end_is_read_when_it_is_named(void) {
    const char *text = "   1   2   3   16.00    0.50\n  -1-100   4   25.00    1.00\n";
    const char *const *named = SETTINGS("crystal.structure_factor_format=shelx", "crystal.space_group=1");
    expect(text, named, 1, 100, -4, 5.0);
    expect_refused("1 2 3 16 1\n", named, ":1: \"1 2 3 16 1\" is no line of SHELX");
    expect("   1   2   3   16.00    0.50\n", NULL, 1, 2, 3, 16.0); /* and is h k l F otherwise */
}

/* ------------------------------------------------------------------------------------------------------------- text */

static void text_has_symmetry_only_when_it_is_given(void) {
    const char *text = "1 2 3 40 45.0 0.1\n"; /* phase and sigma are not used */
    expect(text, SETTINGS("crystal.default_f=7"), 1, 2, 3, 40.0);
    expect(text, SETTINGS("crystal.default_f=7"), -1, -2, -3, 7.0);
    expect(text, SETTINGS("crystal.default_f=7", "crystal.space_group=P 21 21 21"), -1, 2, 3, 40.0);
}

static void a_forbidden_reflection_is_zero(void) {
    expect("0 1 0 5\n1 1 1 6\n", SETTINGS("crystal.default_f=7", "crystal.space_group=4"), 0, 1, 0, 0.0);
}

static void equivalents_of_different_value_are_refused_or_averaged(void) {
    const char *text = "1 2 3 40\n-1 2 -3 50\n", *pair = "1 2 3 40\n-1 -2 -3 44\n";
    const char *const *screw = SETTINGS("crystal.space_group=4");
    const char *const *mean = SETTINGS("crystal.space_group=4", "crystal.structure_factor_duplicates=mean");
    expect_refused(text, screw, ":2: reflection -1 2 -3 has F 50 here and 40");
    expect(text, mean, 1, 2, 3, 45.0);
    expect(text, mean, -1, -2, -3, 45.0);
    expect(pair, screw, 1, -2, 3, 44.0); /* a Friedel pair is no duplicate */
    expect("1 2 3 40\n1 2 3 50\n", SETTINGS("crystal.structure_factor_duplicates=mean"), 1, 2, 3, 45.0);
}

static void scale_and_b_factor_act_on_what_is_given(void) {
    const char *text = "2 0 0 100\n0 0 2 0\n"; /* d = 5 A in the cell of 10 A */
    const char *const *settings =
        SETTINGS("crystal.default_f=7", "crystal.structure_factor_scale=3", "crystal.b_factor=20");
    expect(text, settings, 2, 0, 0, 300.0 * exp(-20.0 / (4.0 * 25.0)));
    expect(text, settings, 1, 0, 0, 7.0);
}

static void f000_comes_from_its_parameter(void) {
    const char *const *settings =
        SETTINGS("crystal.f000=99", "crystal.b_factor=20", "crystal.structure_factor_scale=3");
    expect("2 3 4 100\n", settings, 0, 0, 0, 99.0);
    expect("2 3 4 100\n0 0 0 5\n", settings, 0, 0, 0, 99.0);
    expect("2 3 4 100\n0 0 0 5\n", NULL, 0, 0, 0, 5.0);
    expect("2 3 4 100\n", SETTINGS("crystal.default_f=7", "crystal.f000=0"), 0, 0, 0, 0.0);
}

static void a_form_that_is_named_must_be_there(void) {
    expect_refused("1 2 3 4\n", SETTINGS("crystal.structure_factor_format=mtz"), "does not begin with \"MTZ \"");
    expect_refused("1 2 3 4\n", SETTINGS("crystal.structure_factor_format=cif"), "a value without a name");
}

/* ------------------------------------------------------------------------------------------------------------- gzip */

static void gzip_is_decompressed_up_to_a_bound(void) {
    /* printf '1 2 3 4\n' | gzip -n, twice: members follow each other */
    static const unsigned char member[] = {0x1f, 0x8b, 8,    0,    0, 0, 0,    0,    0,    3,    0x33, 0x54, 0x30, 0x52,
                                           0x30, 0x56, 0x30, 0xe1, 2, 0, 0xf2, 0x37, 0xa7, 0xea, 8,    0,    0,    0};
    char two[2 * sizeof member], *text = NULL;
    size_t bytes = 0;
    memcpy(two, member, sizeof member);
    memcpy(two + sizeof member, member, sizeof member);
    CU_ASSERT_TRUE(gunzip_is(two, sizeof two));
    const Status status = gunzip("f", two, sizeof two, 100, &text, &bytes);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    CU_ASSERT_EQUAL(bytes, 16);
    CU_ASSERT_TRUE(status_is_ok(status) && strcmp(text, "1 2 3 4\n1 2 3 4\n") == 0);
    free(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(gunzip("f", two, sizeof two, 15, &text, &bytes).message, "more than the 15 bytes"));
    CU_ASSERT_PTR_NOT_NULL(strstr(gunzip("f", two, sizeof two - 9, 100, &text, &bytes).message, "end too early"));
    two[12] ^= 0x7f;
    CU_ASSERT_PTR_NOT_NULL(strstr(gunzip("f", two, sizeof two, 100, &text, &bytes).message, "damaged"));
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(a_cif_gives_cell_symmetry_and_values),
                                     UNIT_TEST(a_cif_may_list_operations_and_use_quotes_text_and_old_names),
                                     UNIT_TEST(the_block_with_reflections_counts),
                                     UNIT_TEST(of_several_blocks_with_reflections_one_is_named),
                                     UNIT_TEST(reflections_in_a_text_of_a_cif_have_its_cell_and_symmetry),
                                     UNIT_TEST(a_faulty_text_of_a_cif_is_refused_with_its_line_in_the_file),
                                     UNIT_TEST(no_number_in_a_cif_is_infinite_or_none),
                                     UNIT_TEST(friedel_pairs_are_kept_and_a_missing_mate_is_the_other),
                                     UNIT_TEST(the_column_is_the_best_kind_or_the_one_named),
                                     UNIT_TEST(a_column_without_a_value_is_passed_over),
                                     UNIT_TEST(a_faulty_cif_is_refused_with_its_line),
                                     UNIT_TEST(shelx_columns_are_fixed_and_end_at_zeros),
                                     UNIT_TEST(shelx_without_its_end_is_read_when_it_is_named),
                                     UNIT_TEST(text_has_symmetry_only_when_it_is_given),
                                     UNIT_TEST(a_forbidden_reflection_is_zero),
                                     UNIT_TEST(equivalents_of_different_value_are_refused_or_averaged),
                                     UNIT_TEST(scale_and_b_factor_act_on_what_is_given),
                                     UNIT_TEST(f000_comes_from_its_parameter),
                                     UNIT_TEST(a_form_that_is_named_must_be_there),
                                     UNIT_TEST(gzip_is_decompressed_up_to_a_bound),
                                     {NULL, NULL}};
    const int file = mkstemp(path);
    if (file < 0) return 1;
    (void)close(file);
    const int failed = unit_main("reflections", tests);
    (void)remove(path);
    return failed;
}
