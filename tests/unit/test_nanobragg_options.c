#include "base/vector.h"
#include "formats/run_file.h"
#include "nanobragg/nanobragg_options.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MOST = 64 };

/* Takes the words of @p line as a command line. */
static Status parse_line(const char *line, Parameters *parameters, int *used, Notes *notes) {
    char words[1024];
    char *argv[WORDS_MOST];
    int argc = 0;
    (void)snprintf(words, sizeof words, "%s", line);
    for (char *word = words; *word != '\0' && argc < WORDS_MOST;) {
        argv[argc++] = word;
        word += strcspn(word, " ");
        if (*word == ' ') *word++ = '\0';
    }
    return nanobragg_parse(argc, argv, parameters, used, notes);
}

static Parameters *fresh(void) {
    Parameters *parameters = NULL;
    CU_ASSERT_TRUE_FATAL(status_is_ok(parameters_create(&parameters)));
    return parameters;
}

static Parameters *parsed(const char *line) {
    Parameters *parameters = fresh();
    const Status status = parse_line(line, parameters, NULL, NULL);
    UNIT_CHECK(status_is_ok(status), "%s: %s", line, status.message);
    return parameters;
}

static void refuses(const char *line, const char *wanted) {
    Parameters *parameters = fresh();
    const Status status = parse_line(line, parameters, NULL, NULL);
    UNIT_CHECK(status.code == STATUS_BAD_PARAMETER, "\"%s\" is refused", line);
    UNIT_CHECK(strstr(status.message, wanted) != NULL, "\"%s\" is in \"%s\"", wanted, status.message);
    parameters_destroy(&parameters);
}

static void misset_seed_and_misset_do_not_depend_on_their_order(void) {
    const char *lines[] = {"-misset_seed 7 -misset random -N 2", "-misset random -misset_seed 7 -N 2"};
    for (int i = 0; i < 2; i++) {
        Parameters *p = parsed(lines[i]);
        CU_ASSERT_TRUE(p->crystal_random_misset);
        CU_ASSERT_EQUAL(p->crystal_misset_seed, 7);
        CU_ASSERT_FALSE(parameters_is_given(p, PARAMETER(crystal, misset)));
        parameters_destroy(&p);
    }
    Parameters *last = parsed("-misset random -misset 10 20 30"); /* the last one holds */
    CU_ASSERT_FALSE(last->crystal_random_misset);
    parameters_destroy(&last);
    Parameters *p = parsed("-misset 10 20 30 -misset_seed 7");
    UNIT_CLOSE(p->crystal_misset_rad[0], 10 * RADIANS_PER_DEGREE, 1e-16, "misset");
    CU_ASSERT_FALSE(p->crystal_random_misset);
    parameters_destroy(&p);
}

static void twotheta_and_its_axis_do_not_depend_on_their_order(void) {
    const char *lines[] = {"-twotheta 15 -twotheta_axis 0 0 -1", "-twotheta_axis 0 0 -1 -twotheta 15"};
    for (int i = 0; i < 2; i++) {
        Parameters *p = parsed(lines[i]);
        UNIT_CLOSE(p->detector_twotheta_rad, 15 * RADIANS_PER_DEGREE, 1e-16, lines[i]);
        UNIT_CLOSE(p->detector_twotheta_axis[2], -1.0, 0.0, lines[i]);
        CU_ASSERT_EQUAL(p->detector_convention, CONVENTION_CUSTOM);
        parameters_destroy(&p);
    }
}

static void names_match_as_a_whole(void) {
    refuses("-misset_see 5", "-misset_seed");
    refuses("-Nd 5", "-Nd");
    refuses("-distanc 100", "-distance");
    refuses("-oversample_thik", "-oversample_thick"); /* one that does nothing is suggested too */
    refuses("-something_else_entirely 3", "-help");
    refuses("stray", "stray");
}

static void the_values_of_an_option_must_follow_it(void) {
    refuses("-distance", "-distance needs 1 value");
    refuses("-misset 1 2", "-misset needs 3 values");
    refuses("-roi 1 2 3", "-roi needs 4 values");
    refuses("-Xbeam", "-Xbeam needs 1 value");
    refuses("-density", "-density needs 1 value");
    refuses("-cell", "-cell needs 6 values");
    refuses("-distance far", "far");
}

static void single_values_of_a_list_are_set_by_their_own_options(void) {
    Parameters *p = parsed("-Nb 7 -Ybeam 3 -detpixels 64 -detpixels_x 80 -xtal_y 0.2 -detector_roty 5");
    CU_ASSERT_TRUE(p->crystal_cells[0] == 1 && p->crystal_cells[1] == 7 && p->crystal_cells[2] == 1);
    CU_ASSERT_TRUE(isnan(p->detector_beam_centre_m[0]));
    UNIT_CLOSE(p->detector_beam_centre_m[1], 3e-3, 1e-18, "Y");
    CU_ASSERT_TRUE(p->detector_fast_pixels == 80 && p->detector_slow_pixels == 64);
    CU_ASSERT_TRUE(isnan(p->crystal_size_m[0]));
    UNIT_CLOSE(p->crystal_size_m[1], 0.2e-3, 1e-19, "size along b");
    UNIT_CLOSE(p->detector_rotation_rad[1], 5 * RADIANS_PER_DEGREE, 1e-16, "rotation about y");
    parameters_destroy(&p);
}

static void a_cell_may_be_cut_short(void) {
    Parameters *p = parsed("-cell 100 -lambda 1.5");
    UNIT_CLOSE(p->crystal_cell[0], 100e-10, 1e-24, "a");
    CU_ASSERT_TRUE(isnan(p->crystal_cell[1]) && isnan(p->crystal_cell[5]));
    UNIT_CLOSE(p->beam_wavelength_m, 1.5e-10, 1e-25, "wavelength");
    parameters_destroy(&p);
}

static void words_set_their_rows_and_the_last_one_counts(void) {
    Parameters *p = parsed("-xds -mosflm -nopolar -polar 0.5 -gauss_xtal -interpolate -nointerpolate -square_div");
    CU_ASSERT_EQUAL(p->detector_convention, CONVENTION_MOSFLM);
    CU_ASSERT_TRUE(p->beam_polarization_correction);
    CU_ASSERT_EQUAL(p->crystal_shape, SHAPE_GAUSS);
    CU_ASSERT_EQUAL(p->crystal_interpolate, INTERPOLATE_OFF);
    CU_ASSERT_EQUAL(p->beam_divergence_shape, DIVERGENCE_SQUARE);
    parameters_destroy(&p);
}

static void numbers_that_are_not_positive_mean_choose_yourself(void) {
    Parameters *p = parsed("-oversample -1 -phisteps -1 -osc -1 -mosaic_dom 0 -N 0 -scale 0 -roi -1 5 -1 -1 -dmin -2 "
                           "-mosaic_seed -5");
    CU_ASSERT_EQUAL(p->sampling_oversample, PARAMETER_AUTO);
    CU_ASSERT_EQUAL(p->sampling_phi_steps, PARAMETER_AUTO);
    CU_ASSERT_TRUE(isnan(p->sampling_phi_range_rad));
    CU_ASSERT_EQUAL(p->crystal_mosaic_domains, PARAMETER_AUTO);
    CU_ASSERT_EQUAL(p->crystal_cells[1], 1);
    CU_ASSERT_TRUE(isnan(p->output_int_scale));
    CU_ASSERT_TRUE(p->detector_roi[0] == PARAMETER_AUTO && p->detector_roi[1] == 5);
    CU_ASSERT_TRUE(p->sampling_dmin_m == 0.0);
    CU_ASSERT_EQUAL(p->crystal_mosaic_seed, 1); /* what its generator makes of a negative seed */
    parameters_destroy(&p);
    p = parsed("-phisteps 0 -detpixels 64.0");
    CU_ASSERT_EQUAL(p->sampling_phi_steps, 1);
    CU_ASSERT_EQUAL(p->detector_fast_pixels, 64);
    parameters_destroy(&p);
    refuses("-N 2.5", "2.5");
    refuses("-distance -100", "-100");
}

static void with_custom_axes_the_last_option_chooses_the_pivot(void) {
    const struct {
        const char *line;
        Pivot pivot;
    } cases[] = {{"-fdet_vector 0 0 1 -distance 100", PIVOT_BEAM},
                 {"-fdet_vector 0 0 1 -distance 100 -twotheta 5", PIVOT_SAMPLE},
                 {"-fdet_vector 0 0 1 -twotheta 5 -distance 100", PIVOT_BEAM},
                 {"-ORGX 5 -ORGY 5 -fdet_vector 0 0 1", PIVOT_SAMPLE},
                 {"-fdet_vector 0 0 1 -close_distance 5 -Xbeam 3", PIVOT_BEAM},
                 {"-fdet_vector 0 0 1 -pivot beam -twotheta 5", PIVOT_BEAM},
                 {"-fdet_vector 0 0 1", PIVOT_BEAM},
                 {"-twotheta 5", PIVOT_AUTO}}; /* conventions have their own */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Parameters *p = parsed(cases[i].line);
        UNIT_CHECK(p->detector_pivot == (int)cases[i].pivot, "%s: %d", cases[i].line, p->detector_pivot);
        parameters_destroy(&p);
    }
}

static void the_images_have_the_nanobraggs_names_unless_said_otherwise(void) {
    Parameters *p = parsed("-N 3");
    CU_ASSERT_STRING_EQUAL(p->output_float_file, "floatimage.bin");
    CU_ASSERT_STRING_EQUAL(p->output_int_file, "intimage.img");
    CU_ASSERT_STRING_EQUAL(p->output_pgm_file, "image.pgm");
    CU_ASSERT_STRING_EQUAL(p->output_noise_file, "noiseimage.img");
    CU_ASSERT_STRING_EQUAL(p->output_dump_file, "");
    parameters_destroy(&p);
    p = parsed("-pgmfile a.pgm -nopgm -nonoise -noisefile b.img -floatimage c.bin");
    CU_ASSERT_STRING_EQUAL(p->output_pgm_file, "");
    CU_ASSERT_STRING_EQUAL(p->output_noise_file, "b.img");
    CU_ASSERT_STRING_EQUAL(p->output_float_file, "c.bin");
    parameters_destroy(&p);
    p = parsed("-nopgm -pgmscale 3 -noisefile b.img -nonoise");
    CU_ASSERT_STRING_EQUAL(p->output_pgm_file, "image.pgm");
    CU_ASSERT_STRING_EQUAL(p->output_noise_file, "");
    parameters_destroy(&p);
}

static void a_dump_is_read_where_there_is_no_hkl_file(void) {
    Parameters *p = parsed("-dump F.bin");
    CU_ASSERT_STRING_EQUAL(p->crystal_structure_factors_file, "F.bin");
    CU_ASSERT_STRING_EQUAL(p->output_dump_file, "");
    parameters_destroy(&p);
    p = parsed("-dump F.bin -hkl a.hkl");
    CU_ASSERT_STRING_EQUAL(p->crystal_structure_factors_file, "a.hkl");
    CU_ASSERT_STRING_EQUAL(p->output_dump_file, "F.bin");
    parameters_destroy(&p);
}

static void options_without_effect_are_noted(void) {
    Parameters *p = fresh();
    Notes notes = {.count = 0};
    CU_ASSERT_TRUE(status_is_ok(parse_line("-density 1.2 -coherent -N 3 -oversample_polar", p, NULL, &notes)));
    CU_ASSERT_EQUAL(notes.count, 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(notes.text[0], "-density"));
    CU_ASSERT_EQUAL(p->crystal_cells[0], 3);
    parameters_destroy(&p);
}

static void reading_ends_where_our_own_options_begin(void) {
    Parameters *p = fresh();
    int used = 0;
    CU_ASSERT_TRUE(status_is_ok(parse_line("-N 3 -xds --run.tile=5 -N 4", p, &used, NULL)));
    CU_ASSERT_EQUAL(used, 3);
    CU_ASSERT_EQUAL(p->crystal_cells[0], 3);
    parameters_destroy(&p);
}

static void the_list_of_options_has_each_one_with_help(void) {
    NanobraggOption option;
    int options = 0;
    for (; nanobragg_option(options, &option); options++)
        UNIT_CHECK(option.name[0] == '-' && option.help != NULL && *option.help != '\0', "option %d", options);
    CU_ASSERT_TRUE(options > 150);
    CU_ASSERT_FALSE(nanobragg_option(options + 10, &option));
}

/* The run file must carry nanoBragg's laws and every list that was set by parts. */
static void the_run_file_of_a_command_line_sets_the_same_values(void) {
    const char path[] = "test_nanobragg.yaml";
    Parameters *p = parsed("-cell 70 80 90 75 -misset 12 -21 33 -Nb 5 -lambda 1.3 -Ybeam 9 -roi -1 40 5 50 -mosaic 0.3 "
                           "-fdet_vector 0 0 1 -twotheta 5 -phi -3 -osc 1 -detector_abs inf -default_F 100 -nopgm");
    Parameters *again = fresh();
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_TRUE(run_file_print(file, p, NULL));
    (void)fclose(file);
    const Status status = run_file_read(path, again);
    UNIT_CHECK(status_is_ok(status), "reading it again: %s", status.message);
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        double one[PARAMETER_VALUES_MOST], other[PARAMETER_VALUES_MOST];
        const ParameterRow *row = parameters_row(i);
        if (!parameters_row_decides_image(row)) continue;
        const int count = parameters_values(p, i, one);
        (void)parameters_values(again, i, other);
        for (int k = 0; k < count; k++)
            UNIT_CHECK(one[k] == other[k] || (isnan(one[k]) && isnan(other[k])), "%s: %.17g and %.17g",
                       row->public_name, one[k], other[k]);
    }
    (void)remove(path);
    parameters_destroy(&again);
    parameters_destroy(&p);
}

static void input_files_are_named_in_the_run_file_so_that_it_finds_them(void) {
    const char path[] = "test_nanobragg_files.yaml";
    char text[4096] = "";
    Parameters *p = parsed("-hkl it's.hkl -mat /somewhere/a.mat -N 2");
    FILE *file = fopen(path, "w+");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_TRUE(run_file_print(file, p, "/here"));
    rewind(file);
    CU_ASSERT_TRUE(fread(text, 1, sizeof text - 1, file) > 0);
    (void)fclose(file);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "structure_factors: '/here/it''s.hkl'\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "matrix: '/somewhere/a.mat'\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "floatimage"));
    (void)remove(path);
    parameters_destroy(&p);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(misset_seed_and_misset_do_not_depend_on_their_order),
                              UNIT_TEST(twotheta_and_its_axis_do_not_depend_on_their_order),
                              UNIT_TEST(names_match_as_a_whole),
                              UNIT_TEST(the_values_of_an_option_must_follow_it),
                              UNIT_TEST(single_values_of_a_list_are_set_by_their_own_options),
                              UNIT_TEST(a_cell_may_be_cut_short),
                              UNIT_TEST(words_set_their_rows_and_the_last_one_counts),
                              UNIT_TEST(numbers_that_are_not_positive_mean_choose_yourself),
                              UNIT_TEST(with_custom_axes_the_last_option_chooses_the_pivot),
                              UNIT_TEST(the_images_have_the_nanobraggs_names_unless_said_otherwise),
                              UNIT_TEST(a_dump_is_read_where_there_is_no_hkl_file),
                              UNIT_TEST(options_without_effect_are_noted),
                              UNIT_TEST(reading_ends_where_our_own_options_begin),
                              UNIT_TEST(the_list_of_options_has_each_one_with_help),
                              UNIT_TEST(the_run_file_of_a_command_line_sets_the_same_values),
                              UNIT_TEST(input_files_are_named_in_the_run_file_so_that_it_finds_them),
                              {NULL, NULL}};
    return unit_main("nanobragg", tests);
}
