#include "formats/image_header.h"
#include "setup/active_pixels.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char header_file[] = "test_image_header.img", mask_file[] = "test_image_header_mask.img";

static void set(Parameters *parameters, const char *name, const char *text) {
    const Status status = parameters_set(parameters, name, text, "command line");
    UNIT_CHECK(status_is_ok(status), "%s=%s: %s", name, text, status.message);
}

/* An image of 8 x 6 pixels, 0 where (fast + slow) % 3 is 0, with these further keys. */
static void write_image(const char *path, const char *keys) {
    char contents[512 + 2 * 48];
    memset(contents, ' ', sizeof contents);
    const int length = snprintf(contents, 512,
                                "{\nHEADER_BYTES=512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\n"
                                "SIZE1=8;\nSIZE2=6;\n%s}\f",
                                keys);
    contents[length] = ' ';
    for (int i = 0; i < 48; i++) {
        contents[512 + 2 * i] = (i % 8 + i / 8) % 3 == 0 ? 0 : 1;
        contents[513 + 2 * i] = 0;
    }
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(contents, 1, sizeof contents, file), sizeof contents);
    (void)fclose(file);
}

static Parameters *with_header(const char *keys) {
    Parameters *parameters = NULL;
    CU_ASSERT_TRUE_FATAL(status_is_ok(parameters_create(&parameters)));
    write_image(header_file, keys);
    set(parameters, "detector.header", header_file);
    return parameters;
}

static void import(Parameters *parameters) {
    const Status status = image_header_import(parameters, NULL);
    UNIT_CHECK(status_is_ok(status), "import: %s", status.message);
}

static void finish(Parameters **parameters) {
    parameters_destroy(parameters);
    (void)remove(header_file);
    (void)remove(mask_file);
}

static void every_key_reaches_its_parameter(void) {
    Parameters *p = with_header("PIXEL_SIZE=0.25;\nDISTANCE=112.5;\nWAVELENGTH=1.25;\nBEAM_CENTER_X=7.9;\n"
                                "BEAM_CENTER_Y=9.6;\nPHI=11;\nOSC_RANGE=0.5;\nTWOTHETA=14;\n");
    import(p);
    CU_ASSERT_TRUE(p->detector_fast_pixels == 8 && p->detector_slow_pixels == 6);
    UNIT_CLOSE(p->detector_pixel_size_m, 0.25e-3, 1e-19, "pixel");
    UNIT_CLOSE(p->detector_distance_m, 112.5e-3, 1e-16, "distance");
    UNIT_CLOSE(p->beam_wavelength_m, 1.25e-10, 1e-25, "wavelength");
    UNIT_CLOSE(p->detector_beam_centre_m[0], 7.9e-3, 1e-17, "X");
    UNIT_CLOSE(p->detector_beam_centre_m[1], 9.6e-3, 1e-17, "Y, not turned over");
    UNIT_CLOSE(p->sampling_phi_start_rad, 11 * RADIANS_PER_DEGREE, 1e-15, "phi");
    UNIT_CLOSE(p->sampling_phi_range_rad, 0.5 * RADIANS_PER_DEGREE, 1e-16, "range");
    UNIT_CLOSE(p->detector_twotheta_rad, 14 * RADIANS_PER_DEGREE, 1e-15, "twotheta");
    CU_ASSERT_PTR_NOT_NULL(strstr(p->state[PARAMETER(detector, distance)].origin, header_file));
    finish(&p);
}

/* They say the same: nanoBragg takes both, we the one that the detector's rotations keep. */
static void of_centre_and_origin_one_is_taken(void) {
    static const char both[] = "BEAM_CENTER_X=7.9;\nBEAM_CENTER_Y=9.6;\nORGX=30.5;\nORGY=31.5;\n";
    for (int way = 0; way < 4; way++) {
        const bool of_nanobragg = way >= 2, sample = way % 2 == 1;
        Parameters *p = with_header(both);
        p->of_nanobragg = of_nanobragg;
        set(p, "detector.pivot", sample ? "sample" : "beam");
        import(p);
        CU_ASSERT_EQUAL(isnan(p->detector_beam_centre_m[1]), !of_nanobragg && sample);
        CU_ASSERT_EQUAL(isnan(p->detector_origin_pixels[1]), !of_nanobragg && !sample);
        if (of_nanobragg || sample) UNIT_CLOSE(p->detector_origin_pixels[1], 31.5, 0.0, "ORGY");
        finish(&p);
    }
}

static void what_is_given_stands_value_by_value(void) {
    Parameters *p = with_header("DISTANCE=112.5;\nWAVELENGTH=1.25;\nBEAM_CENTER_X=7.9;\nBEAM_CENTER_Y=9.6;\n");
    set(p, "detector.distance", "200");
    set(p, "beam.energy", "10000");
    set(p, "detector.fast_pixels", "16");
    CU_ASSERT_TRUE(status_is_ok(parameters_set_component(p, PARAMETER(detector, beam_centre), 0, "5", "-Xbeam")));
    import(p);
    UNIT_CLOSE(p->detector_distance_m, 0.2, 1e-16, "distance");
    UNIT_CLOSE(p->beam_wavelength_m, 1e-10, 1e-25, "wavelength");
    CU_ASSERT_TRUE(p->detector_fast_pixels == 16 && p->detector_slow_pixels == 6);
    UNIT_CLOSE(p->detector_beam_centre_m[0], 5e-3, 1e-17, "X is the user's");
    UNIT_CLOSE(p->detector_beam_centre_m[1], 9.6e-3, 1e-17, "Y is the header's");
    finish(&p);
}

static void a_distance_of_the_other_kind_is_not_taken_against_the_users(void) {
    Parameters *p = with_header("DISTANCE=112.5;\nCLOSE_DISTANCE=110;\n");
    set(p, "detector.distance", "200");
    import(p);
    CU_ASSERT_TRUE(isnan(p->detector_close_distance_m));
    finish(&p);
    p = with_header("DISTANCE=112.5;\nCLOSE_DISTANCE=110;\n");
    set(p, "detector.close_distance", "200");
    import(p);
    CU_ASSERT_FALSE(parameters_is_given(p, PARAMETER(detector, distance)));
    finish(&p);
}

static void of_two_distances_the_one_that_the_pivot_keeps_is_taken(void) {
    Parameters *p = with_header("DISTANCE=112.5;\nCLOSE_DISTANCE=110;\n");
    import(p); /* mosflm: the beam's spot stays */
    UNIT_CLOSE(p->detector_distance_m, 112.5e-3, 1e-16, "distance");
    CU_ASSERT_TRUE(isnan(p->detector_close_distance_m));
    finish(&p);
    p = with_header("DISTANCE=112.5;\nCLOSE_DISTANCE=110;\n");
    set(p, "detector.convention", "xds");
    import(p);
    UNIT_CLOSE(p->detector_close_distance_m, 110e-3, 1e-16, "close distance");
    CU_ASSERT_FALSE(parameters_is_given(p, PARAMETER(detector, distance)));
    finish(&p);
}

static void a_users_origin_keeps_the_headers_beam_centre_out_and_the_other_way_round(void) {
    Parameters *p = with_header("BEAM_CENTER_X=7.9;\nBEAM_CENTER_Y=9.6;\nORGX=3;\nORGY=4;\n");
    set(p, "detector.origin", "30,40");
    import(p);
    CU_ASSERT_TRUE(isnan(p->detector_beam_centre_m[0]));
    finish(&p);
    p = with_header("BEAM_CENTER_X=7.9;\nBEAM_CENTER_Y=9.6;\nORGX=3;\nORGY=4;\n");
    set(p, "detector.beam_centre", "1,2");
    import(p);
    CU_ASSERT_TRUE(isnan(p->detector_origin_pixels[0]));
    finish(&p);
}

static void the_header_comes_before_that_of_the_mask(void) {
    Parameters *p = with_header("DISTANCE=112.5;\n");
    write_image(mask_file, "DISTANCE=300;\nPIXEL_SIZE=0.5;\n");
    set(p, "detector.mask", mask_file);
    import(p);
    UNIT_CLOSE(p->detector_distance_m, 112.5e-3, 1e-16, "distance");
    UNIT_CLOSE(p->detector_pixel_size_m, 0.5e-3, 1e-18, "pixel");
    finish(&p);
}

static void a_value_out_of_range_is_named_with_file_and_key(void) {
    Parameters *p = with_header("DISTANCE=-3;\n");
    const Status status = image_header_import(p, NULL);
    CU_ASSERT_EQUAL(status.code, STATUS_BAD_PARAMETER);
    UNIT_CHECK(strstr(status.message, "test_image_header.img, DISTANCE") != NULL, "named in %s", status.message);
    finish(&p);
    p = with_header("WAVELENGTH=0.9A;\n");
    CU_ASSERT_EQUAL(image_header_import(p, NULL).code, STATUS_BAD_FILE);
    finish(&p);
}

/* ------------------------------------------------------------------------------------------------------ active pixels
 */

static const Detector detector = {.fast_pixels = 8, .slow_pixels = 6};

static int64_t make(const Parameters *p, uint8_t **active) {
    int64_t pixels = 0;
    const Status status = active_pixels_create(p, &detector, NULL, NULL, active, &pixels, NULL);
    UNIT_CHECK(status_is_ok(status), "active pixels: %s", status.message);
    return pixels;
}

static void without_mask_and_region_there_is_no_map(void) {
    Parameters *p = with_header("");
    uint8_t *active = NULL;
    CU_ASSERT_EQUAL(make(p, &active), 48);
    CU_ASSERT_PTR_NULL(active);
    set(p, "detector.roi", "0,8,0,6"); /* nanoBragg's own default: one too many, harmless */
    CU_ASSERT_EQUAL(make(p, &active), 48);
    CU_ASSERT_PTR_NULL(active);
    finish(&p);
}

static void both_ends_of_the_region_are_inside(void) {
    Parameters *p = with_header("");
    uint8_t *active = NULL;
    set(p, "detector.roi", "2,4,auto,3");
    CU_ASSERT_EQUAL(make(p, &active), 3 * 4);
    for (int i = 0; i < 48; i++) CU_ASSERT_EQUAL(active[i], i % 8 >= 2 && i % 8 <= 4 && i / 8 <= 3);
    free(active);
    finish(&p);
}

static void pixels_that_are_0_in_the_mask_are_not_active(void) {
    Parameters *p = with_header("");
    uint8_t *active = NULL;
    set(p, "detector.mask", header_file);
    CU_ASSERT_EQUAL(make(p, &active), 32);
    for (int i = 0; i < 48; i++) CU_ASSERT_EQUAL(active[i], (i % 8 + i / 8) % 3 != 0);
    free(active);
    finish(&p);
}

static void a_mask_of_another_size_and_an_empty_region_are_refused(void) {
    Parameters *p = with_header("");
    uint8_t *active = NULL;
    int64_t pixels = 0;
    const Detector larger = {.fast_pixels = 9, .slow_pixels = 6};
    set(p, "detector.mask", header_file);
    CU_ASSERT_EQUAL(active_pixels_create(p, &larger, NULL, NULL, &active, &pixels, NULL).code, STATUS_BAD_PARAMETER);
    CU_ASSERT_PTR_NULL(active);
    set(p, "detector.mask", "");
    set(p, "detector.roi", "5,4,0,5");
    CU_ASSERT_EQUAL(active_pixels_create(p, &detector, NULL, NULL, &active, &pixels, NULL).code, STATUS_BAD_PARAMETER);
    set(p, "detector.roi", "8,20,0,5");
    CU_ASSERT_EQUAL(active_pixels_create(p, &detector, NULL, NULL, &active, &pixels, NULL).code, STATUS_BAD_PARAMETER);
    CU_ASSERT_PTR_NULL(active);
    finish(&p);
}

static void a_tile_is_cut_to_its_active_pixels(void) {
    uint8_t active[48] = {0};
    const Tile whole = {0, 0, 6, 8};
    Tile found = tile_active_part(active, 8, whole);
    CU_ASSERT_EQUAL(found.slow_pixels * found.fast_pixels, 0);
    active[2 * 8 + 5] = active[4 * 8 + 3] = 1;
    found = tile_active_part(active, 8, whole);
    CU_ASSERT_TRUE(found.slow == 2 && found.fast == 3 && found.slow_pixels == 3 && found.fast_pixels == 3);
    found = tile_active_part(active, 8, (Tile){3, 0, 3, 8});
    CU_ASSERT_TRUE(found.slow == 4 && found.fast == 3 && found.slow_pixels == 1 && found.fast_pixels == 1);
    found = tile_active_part(NULL, 8, whole);
    CU_ASSERT_TRUE(found.slow_pixels == 6 && found.fast_pixels == 8);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(every_key_reaches_its_parameter),
                              UNIT_TEST(of_centre_and_origin_one_is_taken),
                              UNIT_TEST(what_is_given_stands_value_by_value),
                              UNIT_TEST(a_distance_of_the_other_kind_is_not_taken_against_the_users),
                              UNIT_TEST(of_two_distances_the_one_that_the_pivot_keeps_is_taken),
                              UNIT_TEST(a_users_origin_keeps_the_headers_beam_centre_out_and_the_other_way_round),
                              UNIT_TEST(the_header_comes_before_that_of_the_mask),
                              UNIT_TEST(a_value_out_of_range_is_named_with_file_and_key),
                              UNIT_TEST(without_mask_and_region_there_is_no_map),
                              UNIT_TEST(both_ends_of_the_region_are_inside),
                              UNIT_TEST(pixels_that_are_0_in_the_mask_are_not_active),
                              UNIT_TEST(a_mask_of_another_size_and_an_empty_region_are_refused),
                              UNIT_TEST(a_tile_is_cut_to_its_active_pixels),
                              {NULL, NULL}};
    return unit_main("image_header", tests);
}
