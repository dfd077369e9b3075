#include "kernels/kernel.h"
#include "nanobragg/nanobragg_image.h"
#include "nanobragg/nanobragg_options.h"
#include "physics/step.h"
#include "setup/experiment_create.h"
#include "setup/frames.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An experiment of 12 x 10 pixels of 1 mm (fast x slow), 50 mm away, with these further options. */
typedef struct Case {
    Parameters *parameters;
    Experiment *experiment;
} Case;

static Case make(const char *more) {
    char words[512];
    char *argv[64];
    int argc = 0;
    Case made = {.parameters = NULL};
    (void)snprintf(words, sizeof words,
                   "-cell 50 50 50 90 90 90 -N 2 -default_F 10 -lambda 1.5 -distance 50 -pixel 1 "
                   "-detpixels_f 12 -detpixels_s 10 -Xbeam 4 -Ybeam 7 %s",
                   more);
    for (char *word = words; *word != '\0';) {
        argv[argc++] = word;
        word += strcspn(word, " ");
        while (*word == ' ') *word++ = '\0';
    }
    CU_ASSERT_TRUE_FATAL(status_is_ok(parameters_create(&made.parameters)));
    Status status = nanobragg_parse(argc, argv, made.parameters, NULL, NULL);
    if (status_is_ok(status)) status = experiment_create(made.parameters, &made.experiment, NULL);
    UNIT_CHECK(status_is_ok(status), "%s: %s", more, status.message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(made.experiment);
    return made;
}

static void destroy(Case *made) {
    experiment_destroy(&made->experiment);
    parameters_destroy(&made->parameters);
}

static void statistics_are_of_the_pixels_that_are_computed(void) {
    Case made = make("-roi 2 4 1 2 -oversample 2");
    float image[120] = {0};
    const float values[6] = {1, 2, 3, 4, 5, 9};
    ImageStatistics found;
    for (int i = 0; i < 6; i++) image[(1 + i / 3) * 12 + 2 + i % 3] = values[i];
    CU_ASSERT_TRUE(status_is_ok(nanobragg_image_statistics(made.experiment, image, &found)));
    UNIT_CLOSE(found.greatest, 9.0, 0.0, "greatest");
    UNIT_CLOSE(found.greatest_at_m[0], 4.75e-3, 1e-15, "fast position of its last sub-pixel");
    UNIT_CLOSE(found.greatest_at_m[1], 2.75e-3, 1e-15, "slow position of its last sub-pixel");
    UNIT_CLOSE(found.mean, 4.0, 1e-15, "mean");
    UNIT_CLOSE(found.rms, sqrt(136.0 / 5.0), 1e-14, "rms");
    UNIT_CLOSE(found.rmsd, sqrt(40.0 / 5.0), 1e-14, "rmsd");
    destroy(&made);
}

/* Solid angle of a rectangle with one corner at the foot of the normal: atan(a b / (d sqrt(a^2 + b^2 + d^2))). */
static double corner_angle(double a, double b, double d) {
    return atan2(a * b, d * sqrt(a * a + b * b + d * d));
}

static void the_solid_angle_is_that_of_the_detector_however_it_is_sampled(void) {
    const char *cases[] = {
        "-oversample 1", "-oversample 8",
        "-oversample 4 -phi 0 -osc 1 -phisteps 3 -mosaic 1 -mosaic_dom 5 -dispersion 1 -dispsteps 2"};
    const double coarse[] = {1e-3, 2e-5, 1e-4}; /* the midpoint rule's error falls with the square of the step */
    const double f = 7.5, s = 4.5, d = 50.0;
    const double exact = corner_angle(f, s, d) + corner_angle(12 - f, s, d) + corner_angle(f, 10 - s, d) +
                         corner_angle(12 - f, 10 - s, d);
    float image[120] = {0};
    for (int i = 0; i < 3; i++) {
        Case made = make(cases[i]);
        ImageStatistics found;
        CU_ASSERT_TRUE(status_is_ok(nanobragg_image_statistics(made.experiment, image, &found)));
        UNIT_CLOSE(found.solid_angle_sr / exact, 1.0, coarse[i], cases[i]);
        destroy(&made);
    }
}

static void scales_are_the_nanobraggs_unless_given(void) {
    const ImageStatistics some = {.greatest = 110.0, .rmsd = 5.0}, none = {.greatest = 0.0};
    UNIT_CLOSE(nanobragg_image_int_scale(&some, NAN), 500.0, 1e-12, "brightest to 55000");
    UNIT_CLOSE(nanobragg_image_int_scale(&some, 3.0), 3.0, 0.0, "given");
    UNIT_CLOSE(nanobragg_image_int_scale(&none, NAN), 1.0, 0.0, "of an empty image");
    UNIT_CLOSE(nanobragg_image_pgm_scale(&some, NAN, 500.0), 10.0, 1e-12, "5 rmsd to 250");
    UNIT_CLOSE(nanobragg_image_pgm_scale(&none, NAN, 2.0), 2.0, 0.0, "of a flat image");
    UNIT_CLOSE(nanobragg_image_pgm_scale(&some, 4.0, 2.0), 4.0, 0.0, "given");
}

static void integers_are_rounded_and_cut(void) {
    Case made = make("-roi 0 5 0 0");
    float image[120] = {0.0F, 1.2F, 1.3F, 40000.0F, 0.1F, 1.25F};
    uint16_t pixels[120];
    uint8_t grey[120];
    nanobragg_image_integers(made.experiment, image, 2.0, 10.0, pixels);
    const int expected[] = {10, 12, 13, 65535, 10, 13, 0, 0};
    for (int i = 0; i < 8; i++) CU_ASSERT_EQUAL(pixels[i], expected[i]);
    nanobragg_image_integers(made.experiment, image, 2.0, -11.0, pixels);
    CU_ASSERT_TRUE(pixels[0] == 0 && pixels[3] == 65535);
    nanobragg_image_grey(made.experiment, image, 2.0, grey);
    CU_ASSERT_TRUE(grey[0] == 0 && grey[1] == 2 && grey[3] == 255 && grey[5] == 2);
    destroy(&made);
}

static void noise_counts_photons_and_overloads(void) {
    Case made = make("-seed 5");
    float image[120] = {0};
    uint16_t pixels[120];
    double photons = 0.0;
    int64_t overloads = 0;
    image[7] = 1e6F;
    image[9] = 100.0F;
    nanobragg_image_noise(made.experiment, 0, image, 40.0, pixels, &photons, &overloads);
    CU_ASSERT_EQUAL(overloads, 1);
    CU_ASSERT_TRUE(pixels[7] == 65535 && pixels[0] == 40);
    CU_ASSERT_TRUE(pixels[9] > 40 + 50 && pixels[9] < 40 + 150);
    UNIT_CLOSE(photons, 1e6 + 100, 6e3, "photons");
    destroy(&made);
}

/* The value of a key as nanoBragg's header writes it. */
static double key_of(const char *header, const char *key) {
    const char *place = strstr(header, key);
    CU_ASSERT_PTR_NOT_NULL_FATAL(place);
    return strtod(place + strlen(key), NULL);
}

static void the_header_says_the_beam_centre_in_every_convention(void) {
    const char *conventions[] = {"-mosflm", "-denzo", "-adxv", "-xds", "-dials"};
    const double fast[] = {7.5, 7, 4, 4, 4}, slow[] = {4.5, 4, 3, 7, 7}; /* of X 4, Y 7 mm */
    for (int i = 0; i < 5; i++) {
        Case made = make(conventions[i]);
        char header[NANOBRAGG_HEADER_BYTES_MOST + 1] = "";
        CU_ASSERT_EQUAL(nanobragg_image_header(made.parameters, made.experiment, header), 512);
        UNIT_CLOSE(key_of(header, "\nBEAM_CENTER_X="), 4.0, 1e-9, "X");
        UNIT_CLOSE(key_of(header, "\nBEAM_CENTER_Y="), 7.0, 1e-9, "Y");
        UNIT_CLOSE(key_of(header, "\nADXV_CENTER_X="), fast[i], 1e-9, "ADXV X");
        UNIT_CLOSE(key_of(header, "\nADXV_CENTER_Y="), 10 - slow[i], 1e-9, "ADXV Y");
        UNIT_CLOSE(key_of(header, "\nMOSFLM_CENTER_X="), slow[i] - 0.5, 1e-9, "MOSFLM X");
        UNIT_CLOSE(key_of(header, "\nMOSFLM_CENTER_Y="), fast[i] - 0.5, 1e-9, "MOSFLM Y");
        UNIT_CLOSE(key_of(header, "\nDENZO_X_BEAM="), slow[i], 1e-9, "DENZO X");
        UNIT_CLOSE(key_of(header, "\nDISTANCE="), 50.0, 1e-9, "distance");
        UNIT_CLOSE(key_of(header, "\nSIZE1="), 12.0, 0.0, "fast pixels");
        CU_ASSERT_PTR_NOT_NULL(strstr(header, ";\n}\f   "));
        CU_ASSERT_TRUE(strncmp(header, "{\nHEADER_BYTES=512;\nDIM=2;\nBYTE_ORDER=", 38) == 0);
        destroy(&made);
    }
}

static void a_long_header_takes_two_units(void) {
    Case made = make("-detector_rotx 1.234567 -detector_roty 2.345678 -twotheta 3.456789 -Xbeam 4.567891 -Ybeam "
                     "6.789123 -phi 12.34567 -osc 0.00123456 -lambda 1.234567");
    char header[NANOBRAGG_HEADER_BYTES_MOST + 1] = "";
    /* numbers as long as they get */
    Panel *panel = made.experiment->detector.panels;
    panel->pixel0_m = vec3(-1.234561e-12, -1.234562e-12, -1.234563e-12);
    for (int i = 0; i < 2; i++) {
        panel->beam_centre_m[i] = -1.234561e-12;
        made.experiment->detector.stated_centre_m[i] = -1.234561e-12;
        panel->closest_m[i] = -1.234561e-12;
    }
    const size_t bytes = nanobragg_image_header(made.parameters, made.experiment, header);
    const char *end = strchr(header, '}');
    CU_ASSERT_EQUAL(bytes, 1024);
    UNIT_CLOSE(key_of(header, "HEADER_BYTES="), 1024.0, 0.0, "its own length");
    CU_ASSERT_TRUE(end != NULL && end - header < 1024);
    destroy(&made);
}

static void the_last_step_makes_the_pixel_when_it_is_the_only_one(void) {
    Case made = make("-oversample 1 -polar 0.5 -misset 5 6 7 -detector_abs 50 -detector_thick -1 -thicksteps 1");
    const Experiment *e = made.experiment;
    DoubleDouble sum = {0.0, 0.0};
    Frame frame;
    CU_ASSERT_TRUE_FATAL(status_is_ok(frame_create(e, &frame)));
    frame_set(e, 0, &frame);
    const Step step = step_of(e, &frame, 3, 8, step_count(e, 3, 8) - 1);
    kernel_accumulate(e, &frame, (Tile){3, 8, 1, 1}, (Range){0, 1}, &sum);
    const double amplitude = step.structure_factor * step.lattice;
    const double value = amplitude * amplitude * step.polarization * step.solid_angle_sr * step.capture;
    UNIT_CLOSE(value / (sum.high + sum.low), 1.0, 1e-13, "product of the printed factors");
    frame_destroy(&frame);
    destroy(&made);
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(statistics_are_of_the_pixels_that_are_computed),
                              UNIT_TEST(the_solid_angle_is_that_of_the_detector_however_it_is_sampled),
                              UNIT_TEST(scales_are_the_nanobraggs_unless_given),
                              UNIT_TEST(integers_are_rounded_and_cut),
                              UNIT_TEST(noise_counts_photons_and_overloads),
                              UNIT_TEST(the_header_says_the_beam_centre_in_every_convention),
                              UNIT_TEST(a_long_header_takes_two_units),
                              UNIT_TEST(the_last_step_makes_the_pixel_when_it_is_the_only_one),
                              {NULL, NULL}};
    return unit_main("nanobragg_image", tests);
}
