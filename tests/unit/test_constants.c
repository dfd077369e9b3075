/* Every number that is written out is that of its formula. Expected values are CODATA's or computed. */
#include "base/constants.h"

#include "base/float32_math.h"
#include "parameters/parameters.h"
#include "physics/ball_transform.h"
#include "unit.h"

#include <CUnit/CUnit.h>

static void is_near(double actual, double expected, double relative, const char *what) {
    UNIT_CLOSE(actual / expected, 1.0, relative, what);
}

static void numbers_of_nature_are_codatas(void) {
    const double planck = 6.62607015e-34, light = 299792458.0, charge = 1.602176634e-19; /* exact */
    const double electron_kg = 9.1093837015e-31, vacuum = 8.8541878128e-12;              /* CODATA 2018 */
    const double radius_m = charge * charge / (4.0 * PI * vacuum * electron_kg * light * light);
    is_near(PLANCK_LIGHT_JM, planck * light, 1e-15, "h c");
    is_near(PLANCK_LIGHT_EV_A, planck * light / charge * 1e10, 1e-15, "h c / e");
    CU_ASSERT_EQUAL(ELECTRON_VOLT_J, charge);
    is_near(ELECTRON_RADIUS_M, radius_m, 1e-9, "r_e");
    is_near(ELECTRON_RADIUS_SQUARED_M2, radius_m * radius_m, 6.1e-7, "r_e^2"); /* the old program's differs so much */
    is_near(AVOGADRO_PER_MOL, 6.02214076e23, 1.8e-7, "N_A");                   /* and this */
}

static void defaults_are_made_of_them(void) {
    Parameters *p = NULL;
    CU_ASSERT_FATAL(status_is_ok(parameters_create(&p)));
    is_near(p->beam_fluence_per_m2 * ELECTRON_RADIUS_SQUARED_M2, 1.0, 1e-14, "beam.fluence");
    is_near(p->beam_energy_constant_jm, PLANCK_LIGHT_JM, 1e-15, "beam.energy_constant");
    parameters_destroy(&p);
}

static void numbers_of_mathematics_are_computed(void) {
    const double ball = pow(3.0 / (4.0 * PI), 1.0 / 3.0);
    is_near(PI, acos(-1.0), 1e-16, "pi");
    is_near(GAUSS_FWHM, sqrt(8.0 * log(2.0)), 1e-15, "width of a Gaussian");
    is_near(FIBER_FWHM, 2.0 * sqrt(pow(2.0, 2.0 / 3.0) - 1.0), 1e-15, "width of a fibre's point spread");
    is_near(LOG2_OF_E, 1.0 / log(2.0), 1e-15, "log2 e");
    is_near(LN_OF_2, log(2.0), 1e-15, "ln 2");
    is_near(BALL_RADIUS_SQUARED, ball * ball, 1e-15, "radius of a ball of volume 1");
    is_near(BALL_STEEPNESS, 2.0 * PI * ball, 1e-15, "its transform");
    is_near(ROUND_AMPLITUDE, sqrt(PI / 6.0), 1e-15, "amplitude of a round crystal");
}

static void functions_in_single_precision_are_those_of_the_library(void) {
    for (double at = 0.0; at <= 0.5; at += 0.00037) {
        const float x = (float)at;
        UNIT_CLOSE((double)cos_pi(x), cos(PI * (double)x), 2e-7, "cos(pi x)");
        UNIT_CLOSE((double)cos_pi(-x), cos(PI * (double)x), 2e-7, "cos(-pi x)");
    }
    for (double at = 0.0; at < 80.0; at += 0.0137) {
        const float x = (float)at; /* a rounding of x / ln 2 is one of the result */
        is_near((double)exp_negative(x), exp(-(double)x), 2e-7 + at * 1.2e-7, "e^-x");
    }
    for (double at = 0.001; at < 4.0; at += 0.00137) {
        const float s = (float)at;
        const double x = PI * (double)s, transform = 3.0 * (sin(x) / x - cos(x)) / (x * x);
        UNIT_CLOSE((double)ball_squared32(s * s), transform * transform, 6e-7, "transform of a ball");
    }
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(numbers_of_nature_are_codatas),
                                     UNIT_TEST(defaults_are_made_of_them),
                                     UNIT_TEST(numbers_of_mathematics_are_computed),
                                     UNIT_TEST(functions_in_single_precision_are_those_of_the_library),
                                     {NULL, NULL}};
    return unit_main("constants", tests);
}
