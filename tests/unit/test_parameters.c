#include "base/vector.h"
#include "parameters/parameters.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static Parameters *defaults(void) {
    Parameters *parameters = NULL;
    const Status status = parameters_create(&parameters);
    UNIT_CHECK(status_is_ok(status), "defaults: %s", status.message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(parameters);
    return parameters;
}

static void set(Parameters *parameters, const char *name, const char *text) {
    const Status status = parameters_set(parameters, name, text, "command line");
    UNIT_CHECK(status_is_ok(status), "%s=%s: %s", name, text, status.message);
}

/* The message of a refused value, which must name all of @p parts, each ended by '|'. */
static void refuses(const char *name, const char *text, const char *parts) {
    Parameters *parameters = defaults();
    const Status status = parameters_set(parameters, name, text, "run.yaml:12");
    UNIT_CHECK(status.code == STATUS_BAD_PARAMETER, "%s=%s is refused", name, text);
    UNIT_CHECK(strstr(status.message, "run.yaml:12") != NULL, "the origin is in \"%s\"", status.message);
    for (const char *part = parts; *part != '\0'; part += strcspn(part, "|") + 1) {
        char wanted[100] = "";
        memcpy(wanted, part, strcspn(part, "|"));
        UNIT_CHECK(strstr(status.message, wanted) != NULL, "\"%s\" is in \"%s\"", wanted, status.message);
    }
    const int index = parameters_find(name);
    if (index >= 0) CU_ASSERT_FALSE(parameters_is_given(parameters, index));
    parameters_destroy(&parameters);
}

static void every_row_accepts_its_own_defaults(void) {
    Parameters *parameters = defaults();
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterRow *row = parameters_row(i);
        CU_ASSERT_FALSE(parameters_is_given(parameters, i));
        CU_ASSERT_STRING_EQUAL(parameters->state[i].origin, "default");
        CU_ASSERT_STRING_EQUAL(parameters->state[i].text, row->default_text);
        if (*row->nanobragg_default != '\0') set(parameters, row->public_name, row->nanobragg_default);
    }
    parameters_destroy(&parameters);
    CU_ASSERT_PTR_NULL(parameters);
    parameters_destroy(&parameters); /* NULL is allowed */
}

static void every_row_is_found_by_its_public_name(void) {
    for (int i = 0; i < PARAMETER_COUNT; i++) CU_ASSERT_EQUAL(parameters_find(parameters_row(i)->public_name), i);
    CU_ASSERT_EQUAL(parameters_find("beam.nothing"), -1);
    CU_ASSERT_EQUAL(parameters_find(""), -1);
}

static void every_row_has_help_and_known_units(void) {
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterRow *row = parameters_row(i);
        UNIT_CHECK(*row->help != '\0', "%s has help", row->public_name);
        UNIT_CHECK(row->least_count >= 1 && row->least_count <= row->count && row->count <= PARAMETER_VALUES_MOST,
                   "%s has a sensible number of values", row->public_name);
        for (int component = 0; component < row->count; component++)
            CU_ASSERT_PTR_NOT_NULL(parameters_si_unit(row, component));
    }
}

/* Every option of nanoBragg must say one thing only, or which one comes from which row would be luck. */
static void no_option_of_the_nanobragg_sets_the_same_row_twice(void) {
    for (int i = 0; i < PARAMETER_COUNT; i++)
        for (const char *one = parameters_row(i)->nanobragg; *one != '\0'; one += parameters_word_length(one)) {
            while (*one == ' ') one++;
            const size_t length = parameters_word_length(one);
            if (length == 0) break;
            const char *rest = one + length;
            while (*rest == ' ') rest++;
            for (const char *other = rest; *other != '\0';) {
                const size_t other_length = parameters_word_length(other);
                UNIT_CHECK(length != other_length || strncmp(one, other, length) != 0, "%.*s is there once",
                           (int)length, one);
                other += other_length;
                while (*other == ' ') other++;
            }
        }
}

static void signs_of_papers_are_units(void) {
    Parameters *p = defaults();
    static const char *const lengths[] = {"1.3 \u00c5",         "1.3\u00a0\u212b",  "1.3\u202f\u00c5 ",
                                          "1.3 A\u030a",        "\u00a01.3\u2009A", "0.13\u00a0nm",
                                          "1.3e\u22124\u00b5m", "1.3e-4 \u03bcm"};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        set(p, "beam.wavelength", "2");
        set(p, "beam.wavelength", lengths[i]);
        UNIT_CLOSE(p->beam_wavelength_m, 1.3e-10, 1e-24, lengths[i]);
    }
    set(p, "crystal.b_factor", "20 \u00c5\u00b2");
    UNIT_CLOSE(p->crystal_b_factor_m2, 2e-19, 1e-33, "20 A2");
    CU_ASSERT_STRING_EQUAL(p->state[PARAMETER(crystal, b_factor)].text, "20 A2");
    set(p, "crystal.cell", "30\u00a0\u00c5, 40,\u00a050,90");
    UNIT_CLOSE(p->crystal_cell[2], 5e-9, 1e-20, "c");
    set(p, "crystal.structure_factors", "\u00c5ngstr\u00f6m\u00a0\u00b5.hkl");
    CU_ASSERT_STRING_EQUAL(p->crystal_structure_factors_file, "\u00c5ngstr\u00f6m\u00a0\u00b5.hkl");
    parameters_destroy(&p);
}

static void units_turn_into_si(void) {
    Parameters *p = defaults();
    set(p, "detector.distance", "250");
    UNIT_CLOSE(p->detector_distance_m, 0.25, 1e-16, "250 mm");
    set(p, "detector.distance", "0.25m");
    UNIT_CLOSE(p->detector_distance_m, 0.25, 0.0, "0.25m");
    set(p, "detector.distance", "25 cm");
    UNIT_CLOSE(p->detector_distance_m, 0.25, 1e-16, "25 cm");
    set(p, "beam.wavelength", "1.3");
    UNIT_CLOSE(p->beam_wavelength_m, 1.3e-10, 1e-25, "1.3 A");
    set(p, "beam.wavelength", "0.13nm");
    UNIT_CLOSE(p->beam_wavelength_m, 1.3e-10, 1e-25, "0.13nm");
    set(p, "beam.energy", "9.5keV");
    UNIT_CLOSE(p->beam_energy_j, 9500 * 1.602176634e-19, 1e-28, "9.5keV");
    set(p, "beam.dispersion", "3");
    UNIT_CLOSE(p->beam_dispersion_fraction, 0.03, 1e-17, "3 %");
    set(p, "beam.divergence_horizontal", "4");
    UNIT_CLOSE(p->beam_divergence_horizontal_rad, 4e-3, 1e-17, "4 mrad");
    set(p, "crystal.mosaic_spread", "0.5");
    UNIT_CLOSE(p->crystal_mosaic_spread_rad[2], 0.5 * PI / 180, 1e-17, "0.5 deg");
    set(p, "crystal.mosaic_spread", "2mrad");
    UNIT_CLOSE(p->crystal_mosaic_spread_rad[0], 2e-3, 1e-17, "2mrad");
    set(p, "detector.sensor_attenuation", "inf");
    CU_ASSERT_TRUE(isinf(p->detector_sensor_attenuation_m));
    parameters_destroy(&p);
}

static void units_of_another_quantity_are_refused(void) {
    refuses("detector.distance", "100deg", "detector.distance|100deg|\"deg\" is no unit of length|");
    refuses("detector.distance", "100furlong", "furlong|");
    refuses("beam.polarization", "0.5mm", "beam.polarization|");
}

static void user_text_and_origin_are_kept_for_the_record(void) {
    Parameters *p = defaults();
    CU_ASSERT_TRUE(status_is_ok(parameters_set(p, "detector.distance", "25 cm", "run.yaml:3")));
    const ParameterState *state = &p->state[PARAMETER(detector, distance)];
    CU_ASSERT_TRUE(state->given);
    CU_ASSERT_STRING_EQUAL(state->text, "25 cm");
    CU_ASSERT_STRING_EQUAL(state->origin, "run.yaml:3");
    parameters_destroy(&p);
}

static void ranges_include_their_ends(void) {
    Parameters *p = defaults();
    set(p, "beam.polarization", "-1");
    set(p, "beam.polarization", "1");
    set(p, "sampling.oversample", "1000");
    set(p, "detector.distance", "1e9");
    set(p, "detector.distance", "1e6m"); /* the same in another unit */
    parameters_destroy(&p);
    refuses("beam.polarization", "1.0000001", "from -1 to 1|1.0000001|");
    refuses("sampling.oversample", "1001", "sampling.oversample|1001|from 1 to 1000|");
    refuses("sampling.oversample", "0", "from 1 to 1000|");
    refuses("detector.distance", "-5", "detector.distance|-5|mm|");
    refuses("detector.distance", "0", "detector.distance|");
    refuses("detector.distance", "inf", "detector.distance|");
}

static void what_is_no_number_is_refused(void) {
    const char *texts[] = {"", "ten", "1e", "1.5.2", "0x10", "nan", "1,2", "--5", "auto"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refuses("detector.distance", texts[i], "detector.distance|");
    refuses("sampling.oversample", "2.5", "2.5|whole number|");
    refuses("sampling.oversample", "99999999999999999999", "sampling.oversample|");
}

static void auto_is_a_value_where_it_is_the_default(void) {
    Parameters *p = defaults();
    set(p, "sampling.oversample", "3");
    set(p, "sampling.oversample", "auto");
    CU_ASSERT_EQUAL(p->sampling_oversample, PARAMETER_AUTO);
    CU_ASSERT_TRUE(parameters_is_given(p, PARAMETER(sampling, oversample)));
    set(p, "beam.energy", "auto");
    CU_ASSERT_TRUE(isnan(p->beam_energy_j));
    set(p, "detector.beam_centre", "auto");
    CU_ASSERT_TRUE(isnan(p->detector_beam_centre_m[0]) && isnan(p->detector_beam_centre_m[1]));
    parameters_destroy(&p);
    refuses("beam.wavelength", "auto", "beam.wavelength|");
}

static void lists_take_their_values_in_order(void) {
    Parameters *p = defaults();
    set(p, "crystal.cells", "5,6,7");
    CU_ASSERT_TRUE(p->crystal_cells[0] == 5 && p->crystal_cells[1] == 6 && p->crystal_cells[2] == 7);
    set(p, "crystal.misset", "12,-21,33");
    UNIT_CLOSE(p->crystal_misset_rad[0], 12 * PI / 180, 1e-16, "x");
    UNIT_CLOSE(p->crystal_misset_rad[1], -21 * PI / 180, 1e-16, "y");
    UNIT_CLOSE(p->crystal_misset_rad[2], 33 * PI / 180, 1e-15, "z");
    parameters_destroy(&p);
    refuses("crystal.misset", "1,2", "crystal.misset|1,2|3 numbers|");
    refuses("crystal.misset", "1", "3 numbers|");
    refuses("crystal.cells", "1,2,3,4", "3 numbers|");
    refuses("crystal.cells", "5,,7", "crystal.cells|");
    refuses("crystal.cells", "5,6,", "crystal.cells|");
    refuses("crystal.cells", ",5,6", "crystal.cells|");
}

static void blanks_may_stand_around_the_values_of_a_list(void) {
    Parameters *p = defaults();
    set(p, "crystal.cells", "5, 6 ,7");
    CU_ASSERT_TRUE(p->crystal_cells[0] == 5 && p->crystal_cells[1] == 6 && p->crystal_cells[2] == 7);
    set(p, "crystal.cell", " 50, 6 nm , 70");
    UNIT_CLOSE(p->crystal_cell[1], 6e-9, 1e-24, "b");
    parameters_destroy(&p);
    refuses("crystal.cells", "5, ,7", "whole number|");
}

static void one_value_stands_for_all_where_one_is_enough(void) {
    Parameters *p = defaults();
    set(p, "crystal.cells", "9");
    CU_ASSERT_TRUE(p->crystal_cells[0] == 9 && p->crystal_cells[1] == 9 && p->crystal_cells[2] == 9);
    set(p, "detector.size", "20");
    UNIT_CLOSE(p->detector_size_m[1], 0.02, 1e-17, "slow size");
    parameters_destroy(&p);
}

static void a_cell_has_its_own_unit_for_each_value_and_may_be_cut_short(void) {
    Parameters *p = defaults();
    set(p, "crystal.cell", "70,80,90,75,85,95");
    UNIT_CLOSE(p->crystal_cell[2], 90e-10, 1e-24, "c");
    UNIT_CLOSE(p->crystal_cell[3], 75 * PI / 180, 1e-15, "alpha");
    CU_ASSERT_STRING_EQUAL(parameters_si_unit(parameters_row(PARAMETER(crystal, cell)), 2), "m");
    CU_ASSERT_STRING_EQUAL(parameters_si_unit(parameters_row(PARAMETER(crystal, cell)), 3), "rad");
    set(p, "crystal.cell", "70");
    UNIT_CLOSE(p->crystal_cell[0], 70e-10, 1e-24, "a");
    for (int i = 1; i < 6; i++) CU_ASSERT_TRUE(isnan(p->crystal_cell[i]));
    set(p, "crystal.cell", "7nm,80,90,1.5rad,85,95");
    UNIT_CLOSE(p->crystal_cell[0], 70e-10, 1e-24, "a in nm");
    UNIT_CLOSE(p->crystal_cell[3], 1.5, 1e-15, "alpha in rad");
    parameters_destroy(&p);
}

static void one_component_of_a_list_is_set_and_recorded(void) {
    Parameters *p = defaults();
    CU_ASSERT_TRUE(
        status_is_ok(parameters_set_component(p, PARAMETER(detector, beam_centre), 1, "11.1", "command line")));
    CU_ASSERT_TRUE(isnan(p->detector_beam_centre_m[0]));
    UNIT_CLOSE(p->detector_beam_centre_m[1], 11.1e-3, 1e-17, "Y");
    CU_ASSERT_STRING_EQUAL(p->state[PARAMETER(detector, beam_centre)].text, "auto,11.1");
    CU_ASSERT_TRUE(
        status_is_ok(parameters_set_component(p, PARAMETER(detector, beam_centre), 0, "8.3", "command line")));
    UNIT_CLOSE(p->detector_beam_centre_m[0], 8.3e-3, 1e-17, "X");
    UNIT_CLOSE(p->detector_beam_centre_m[1], 11.1e-3, 1e-17, "Y stays");
    CU_ASSERT_STRING_EQUAL(p->state[PARAMETER(detector, beam_centre)].text, "8.3,11.1");
    CU_ASSERT_TRUE(status_is_ok(parameters_set_component(p, PARAMETER(crystal, cells), 2, "3", "command line")));
    CU_ASSERT_STRING_EQUAL(p->state[PARAMETER(crystal, cells)].text, "1,1,3");
    CU_ASSERT_TRUE(p->crystal_cells[0] == 1 && p->crystal_cells[2] == 3);
    parameters_destroy(&p);
}

static void the_record_of_a_list_set_by_parts_reads_back_to_the_same_values(void) {
    Parameters *p = defaults(), *again = defaults();
    set(p, "crystal.size", "2"); /* one value for all three */
    CU_ASSERT_TRUE(status_is_ok(parameters_set_component(p, PARAMETER(crystal, size), 1, "3", "command line")));
    set(again, "crystal.size", p->state[PARAMETER(crystal, size)].text);
    for (int i = 0; i < 3; i++) UNIT_CLOSE(again->crystal_size_m[i], p->crystal_size_m[i], 0.0, "size");
    parameters_destroy(&again);
    parameters_destroy(&p);
}

static void choices_are_words_of_the_row(void) {
    Parameters *p = defaults();
    set(p, "detector.convention", "xds");
    CU_ASSERT_EQUAL(p->detector_convention, CONVENTION_XDS);
    set(p, "crystal.shape", "tophat");
    CU_ASSERT_EQUAL(p->crystal_shape, SHAPE_TOPHAT);
    set(p, "crystal.mosaic_model", "nanobragg");
    CU_ASSERT_EQUAL(p->crystal_mosaic_model, MOSAIC_NANOBRAGG);
    set(p, "run.progress", "none");
    CU_ASSERT_EQUAL(p->run_progress, PROGRESS_NONE);
    set(p, "beam.polarization_correction", "false");
    CU_ASSERT_FALSE(p->beam_polarization_correction);
    parameters_destroy(&p);
    refuses("detector.convention", "mosfilm", "mosfilm|mosflm denzo adxv xds dials custom|did you mean \"mosflm\"|");
    refuses("detector.convention", "", "one of|");
    refuses("beam.polarization_correction", "yes", "true false|");
}

static void the_enumerators_follow_the_words(void) {
    const struct {
        int index, last;
        const char *word;
    } lasts[] = {{PARAMETER(beam, dispersion_points), LAW_ENDPOINTS, "endpoints"},
                 {PARAMETER(beam, divergence_shape), DIVERGENCE_SQUARE, "square"},
                 {PARAMETER(crystal, misset_model), MISSET_NANOBRAGG, "nanobragg"},
                 {PARAMETER(crystal, shape), SHAPE_ELLIPSOID, "ellipsoid"},
                 {PARAMETER(crystal, mosaic_model), MOSAIC_NANOBRAGG, "nanobragg"},
                 {PARAMETER(crystal, interpolate), INTERPOLATE_OFF, "off"},
                 {PARAMETER(detector, convention), CONVENTION_CUSTOM, "custom"},
                 {PARAMETER(detector, pivot), PIVOT_SAMPLE, "sample"},
                 {PARAMETER(sampling, phi_points), PHI_LEFT_EDGE, "left_edge"},
                 {PARAMETER(output, images), IMAGES_BOTH, "both"},
                 {PARAMETER(run, progress), PROGRESS_NONE, "none"}};
    Parameters *p = defaults();
    for (size_t i = 0; i < sizeof lasts / sizeof *lasts; i++) {
        double value = -1.0;
        set(p, parameters_row(lasts[i].index)->public_name, lasts[i].word);
        CU_ASSERT_EQUAL(parameters_values(p, lasts[i].index, &value), 1);
        UNIT_CLOSE(value, lasts[i].last, 0.0, parameters_row(lasts[i].index)->public_name);
        /* and it is the last one: no word is left after it */
        const char *end = strrchr(parameters_row(lasts[i].index)->choices, ' ');
        UNIT_CHECK(end != NULL && strcmp(end + 1, lasts[i].word) == 0, "%s is the last word", lasts[i].word);
    }
    parameters_destroy(&p);
}

static void unknown_names_come_with_a_suggestion(void) {
    refuses("detector.distnace", "1", "detector.distnace|did you mean \"detector.distance\"|");
    refuses("distance", "1", "did you mean \"detector.distance\"|");
    refuses("distanse", "1", "did you mean \"detector.distance\"|");
    refuses("beam.wavelenght", "1", "\"beam.wavelength\"|");
    refuses("xyzzy", "1", "xyzzy|--help|");
    CU_ASSERT_PTR_NULL(parameters_nearest("xyzzy.plugh.nothing.like.this"));
    CU_ASSERT_STRING_EQUAL(parameters_nearest("sweep.knid"), "sweep.kind");
}

static void texts_and_files_are_copied_and_too_long_ones_refused(void) {
    Parameters *p = defaults();
    char text[PARAMETER_TEXT_BYTES + 1];
    set(p, "crystal.structure_factors", "a file, with a comma.hkl");
    CU_ASSERT_STRING_EQUAL(p->crystal_structure_factors_file, "a file, with a comma.hkl");
    memset(text, 'x', sizeof text - 1);
    text[PARAMETER_TEXT_BYTES - 1] = '\0';
    set(p, "output.float_file", text);
    text[PARAMETER_TEXT_BYTES - 1] = 'x';
    text[PARAMETER_TEXT_BYTES] = '\0';
    CU_ASSERT_EQUAL(parameters_set(p, "output.float_file", text, "command line").code, STATUS_BAD_PARAMETER);
    CU_ASSERT_EQUAL(parameters_set(p, "detector.distance", text, "command line").code, STATUS_BAD_PARAMETER);
    parameters_destroy(&p);
}

static void control_characters_and_ends_of_lines_are_refused(void) {
    static const char *const texts[] = {"a\nb", "a\033[31mb", "a\177", "a\302\205b", "a\342\200\250b"};
    Parameters *p = defaults();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const Status status = parameters_set(p, "run.output", texts[i], "command line");
        CU_ASSERT_EQUAL(status.code, STATUS_BAD_PARAMETER);
        CU_ASSERT_STRING_EQUAL(
            status.message,
            "command line: character 2 of run.output is a control character or ends a line; leave it out");
    }
    set(p, "run.output", "a \t\303\251");
    CU_ASSERT_STRING_EQUAL(p->run_output, "a \t\303\251");
    parameters_destroy(&p);
}

static void the_defaults_are_our_own_laws(void) {
    Parameters *p = defaults();
    CU_ASSERT_EQUAL(p->beam_dispersion_points, LAW_MIDPOINT);
    CU_ASSERT_EQUAL(p->crystal_mosaic_model, MOSAIC_GAUSSIAN);
    CU_ASSERT_EQUAL(p->sampling_phi_points, PHI_MIDPOINT);
    CU_ASSERT_EQUAL(p->crystal_misset_model, MISSET_UNIFORM);
    parameters_destroy(&p);
}

static void the_nanobraggs_defaults_replace_what_is_not_given(void) {
    Parameters *p = defaults();
    set(p, "sampling.phi_points", "midpoint");
    CU_ASSERT_TRUE(status_is_ok(parameters_use_nanobragg_defaults(p)));
    CU_ASSERT_EQUAL(p->sampling_phi_points, PHI_MIDPOINT); /* given */
    CU_ASSERT_EQUAL(p->beam_dispersion_points, LAW_ENDPOINTS);
    CU_ASSERT_EQUAL(p->beam_divergence_points, LAW_ENDPOINTS);
    CU_ASSERT_EQUAL(p->crystal_mosaic_model, MOSAIC_NANOBRAGG);
    CU_ASSERT_EQUAL(p->crystal_misset_model, MISSET_NANOBRAGG);
    CU_ASSERT_FALSE(parameters_is_given(p, PARAMETER(crystal, mosaic_model)));
    UNIT_CLOSE(p->beam_energy_constant_jm, 12398.42 * 1.602176634e-29, 1e-38, "nanoBragg's h c");
    parameters_destroy(&p);
}

static void a_rows_values_come_as_doubles(void) {
    Parameters *p = defaults();
    double values[PARAMETER_VALUES_MOST];
    set(p, "crystal.cells", "5,6,7");
    CU_ASSERT_EQUAL(parameters_values(p, PARAMETER(crystal, cells), values), 3);
    CU_ASSERT_TRUE(values[0] == 5.0 && values[2] == 7.0);
    CU_ASSERT_EQUAL(parameters_values(p, PARAMETER(beam, polarization_correction), values), 1);
    CU_ASSERT_EQUAL(values[0], 1.0);
    CU_ASSERT_EQUAL(parameters_values(p, PARAMETER(crystal, structure_factors), values), 0);
    parameters_destroy(&p);
}

static void how_a_run_is_computed_does_not_decide_its_image(void) {
    CU_ASSERT_TRUE(parameters_row_decides_image(parameters_row(PARAMETER(beam, wavelength))));
    CU_ASSERT_TRUE(parameters_row_decides_image(parameters_row(PARAMETER(noise, seed))));
    CU_ASSERT_TRUE(parameters_row_decides_image(parameters_row(PARAMETER(run, precision))));
    CU_ASSERT_TRUE(parameters_row_decides_image(parameters_row(PARAMETER(output, images))));
    CU_ASSERT_FALSE(parameters_row_decides_image(parameters_row(PARAMETER(run, tile))));
    CU_ASSERT_FALSE(parameters_row_decides_image(parameters_row(PARAMETER(run, shards))));
    CU_ASSERT_FALSE(parameters_row_decides_image(parameters_row(PARAMETER(output, float_file))));
}

/* As `origin` and text the record says what the user wrote. */
static void check_old(const char *name, const char *text, const char *public_name, const char *now, const char *said) {
    Parameters *old = defaults(), *new = defaults();
    const int index = parameters_find(public_name);
    double one[PARAMETER_VALUES_MOST], other[PARAMETER_VALUES_MOST];
    CU_ASSERT_TRUE(status_is_ok(parameters_set(old, name, text, "test")));
    set(new, public_name, now);
    CU_ASSERT_EQUAL(parameters_find(name), index);
    UNIT_CHECK(parameters_values(old, index, one) == 1 && parameters_values(new, index, other) == 1 &&
                   one[0] == other[0],
               "%s=%s", name, text);
    CU_ASSERT_STRING_EQUAL(old->state[index].text, now);
    CU_ASSERT_STRING_EQUAL(old->state[index].origin, said);
    parameters_destroy(&old);
    parameters_destroy(&new);
}

static void old_names_and_words_are_still_read(void) {
    check_old("crystal.fudge", "2", "crystal.spot_sharpness", "2", "test, as crystal.fudge");
    check_old("crystal.mosaic_law", "cap", "crystal.mosaic_model", "cap", "test, as crystal.mosaic_law");
    check_old("crystal.mosaic_law", "ancestor", "crystal.mosaic_model", "nanobragg",
              "test, as crystal.mosaic_law=ancestor");
    check_old("crystal.mosaic_model", "ancestor", "crystal.mosaic_model", "nanobragg", "test, as ancestor");
    CU_ASSERT_EQUAL(parameters_find("beam.fudge"), -1);
    CU_ASSERT_EQUAL(parameters_find("crystal.mosaic_la"), -1);
    CU_ASSERT_STRING_EQUAL(parameters_nearest("crystal.mosaik_law"), "crystal.mosaic_model");
}

static void each_old_name_is_of_one_row_and_each_old_word_of_one_new_one(void) {
    int names = 0, words = 0;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterRow *row = parameters_row(i);
        char name[PARAMETER_NAME_BYTES], current[PARAMETER_TEXT_BYTES];
        for (int which = 1; parameters_name(i, which, name); which++, names++)
            CU_ASSERT_EQUAL(parameters_find(name), i);
        if (row->old_words == NULL) continue;
        const char *now = strchr(row->old_words, '=') + 1;
        (void)snprintf(name, sizeof name, "%.*s", (int)(now - row->old_words - 1), row->old_words);
        parameters_current_text(i, name, current);
        CU_ASSERT_STRING_EQUAL(current, now);
        UNIT_CHECK(strstr(row->choices, now) != NULL && strstr(row->choices, name) == NULL, "%s", row->public_name);
        words++;
    }
    CU_ASSERT_EQUAL(names, 11);
    CU_ASSERT_EQUAL(words, 5);
}

static void a_fault_is_said_by_the_name_that_was_typed(void) {
    static const struct {
        const char *name, *text, *says;
    } faults[] = {
        {"crystal.mosaic_law", "flat", "crystal.mosaic_law is \"flat\"; it must be one of: gaussian cap nanobragg"},
        {"crystal.fudge", "0", "crystal.fudge is \"0\"; it must be from"},
        {"crystal.fudge", "much", "crystal.fudge is \"much\""}};
    Parameters *p = defaults();
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const Status status = parameters_set(p, faults[i].name, faults[i].text, "test");
        UNIT_CHECK(strstr(status.message, faults[i].says) != NULL, "%s", status.message);
    }
    int index = 0, component = 0;
    const Status status = parameters_find_value("sampling.automatic_law", "list.csv:1", &index, &component);
    CU_ASSERT_PTR_NOT_NULL(strstr(status.message, "sampling.automatic_law is the same in all frames"));
    double value = 0.0;
    CU_ASSERT_TRUE(status_is_ok(parameters_find_value("crystal.fudge", "list.csv:1", &index, &component)));
    CU_ASSERT_PTR_NOT_NULL(strstr(parameters_read_value("crystal.fudge", index, -1, "x", "list.csv:2", &value).message,
                                  "list.csv:2: crystal.fudge is \"x\""));
    parameters_destroy(&p);
}

static void two_names_of_one_parameter_are_a_fault_where_one_is_meant(void) {
    Parameters *p = defaults();
    CU_ASSERT_TRUE(status_is_ok(parameters_set(p, "crystal.fudge", "2", "test")));
    Status status = parameters_set(p, "crystal.spot_sharpness", "2", "test");
    CU_ASSERT_PTR_NOT_NULL(strstr(status.message, "test: crystal.fudge and crystal.spot_sharpness are two names"));
    CU_ASSERT_TRUE(status_is_ok(parameters_set(p, "crystal.fudge", "3", "test")));
    CU_ASSERT_TRUE(status_is_ok(parameters_set(p, "crystal.spot_sharpness", "4", "command line")));
    CU_ASSERT_EQUAL(p->crystal_spot_sharpness, 4.0);
    status = parameters_set(p, "crystal.fudge", "5", "command line");
    CU_ASSERT_PTR_NOT_NULL(strstr(status.message, "crystal.spot_sharpness and crystal.fudge are two names"));
    parameters_destroy(&p);
}

static void values_of_a_sweep_are_brought_up_to_date(void) {
    static const char *const texts[][2] = {
        {"crystal.mosaic_law=ancestor,cap;crystal.fudge=0.5,2",
         "crystal.mosaic_model=nanobragg,cap;crystal.spot_sharpness=0.5,2"},
        {" crystal.fudge = 1, 2 ; beam.wavelength=1", " crystal.spot_sharpness = 1, 2 ; beam.wavelength=1"},
        {"crystal.fudge=uniform(1,2);crystal.cells[0]=same(crystal.fudge)",
         "crystal.spot_sharpness=uniform(1,2);crystal.cells[0]=same(crystal.spot_sharpness)"},
        {"crystal.shape=gauss,ancestor", "crystal.shape=gauss,ancestor"}, /* no word of it */
        {"", ""}};
    char current[PARAMETER_TEXT_BYTES], longest[PARAMETER_TEXT_BYTES];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        parameters_current_text(PARAMETER(sweep, matrix), texts[i][0], current);
        CU_ASSERT_STRING_EQUAL(current, texts[i][1]);
    }
    size_t used = (size_t)snprintf(longest, sizeof longest, "crystal.fudge=1");
    for (; used + 2 < sizeof longest; used += 2) memcpy(longest + used, ",1", 3);
    parameters_current_text(PARAMETER(sweep, matrix), longest, current); /* it would be too long */
    CU_ASSERT_STRING_EQUAL(current, longest);
    parameters_current_text(PARAMETER(crystal, matrix), "crystal.fudge=1", current); /* a file's name */
    CU_ASSERT_STRING_EQUAL(current, "crystal.fudge=1");
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(every_row_accepts_its_own_defaults),
                              UNIT_TEST(old_names_and_words_are_still_read),
                              UNIT_TEST(each_old_name_is_of_one_row_and_each_old_word_of_one_new_one),
                              UNIT_TEST(a_fault_is_said_by_the_name_that_was_typed),
                              UNIT_TEST(two_names_of_one_parameter_are_a_fault_where_one_is_meant),
                              UNIT_TEST(values_of_a_sweep_are_brought_up_to_date),
                              UNIT_TEST(every_row_is_found_by_its_public_name),
                              UNIT_TEST(every_row_has_help_and_known_units),
                              UNIT_TEST(no_option_of_the_nanobragg_sets_the_same_row_twice),
                              UNIT_TEST(signs_of_papers_are_units),
                              UNIT_TEST(units_turn_into_si),
                              UNIT_TEST(units_of_another_quantity_are_refused),
                              UNIT_TEST(user_text_and_origin_are_kept_for_the_record),
                              UNIT_TEST(ranges_include_their_ends),
                              UNIT_TEST(what_is_no_number_is_refused),
                              UNIT_TEST(auto_is_a_value_where_it_is_the_default),
                              UNIT_TEST(lists_take_their_values_in_order),
                              UNIT_TEST(blanks_may_stand_around_the_values_of_a_list),
                              UNIT_TEST(one_value_stands_for_all_where_one_is_enough),
                              UNIT_TEST(a_cell_has_its_own_unit_for_each_value_and_may_be_cut_short),
                              UNIT_TEST(one_component_of_a_list_is_set_and_recorded),
                              UNIT_TEST(the_record_of_a_list_set_by_parts_reads_back_to_the_same_values),
                              UNIT_TEST(choices_are_words_of_the_row),
                              UNIT_TEST(the_enumerators_follow_the_words),
                              UNIT_TEST(unknown_names_come_with_a_suggestion),
                              UNIT_TEST(texts_and_files_are_copied_and_too_long_ones_refused),
                              UNIT_TEST(control_characters_and_ends_of_lines_are_refused),
                              UNIT_TEST(the_defaults_are_our_own_laws),
                              UNIT_TEST(the_nanobraggs_defaults_replace_what_is_not_given),
                              UNIT_TEST(a_rows_values_come_as_doubles),
                              UNIT_TEST(how_a_run_is_computed_does_not_decide_its_image),
                              {NULL, NULL}};
    return unit_main("parameters", tests);
}
