/* The quadratic form by which |F|^2 follows the wavelength. */
#include "base/constants.h"
#include "reflections/atoms.h"
#include "reflections/dispersing.h"
#include "unit.h"

#include <complex.h>
#include <math.h>
#include <string.h>

enum { ELEMENTS = 4, TRIALS = 200 };
static const char *const symbols[ELEMENTS] = {"Fe", "Mn", "S", "Se"};
static const double reference_ev = 7112.0;

static Dispersing some_elements(int elements) {
    Dispersing dispersing = {.elements = 0};
    for (int i = 0; i < elements; i++)
        CU_ASSERT(
            status_is_ok(dispersing_add(&dispersing, atoms_element(symbols[i], strlen(symbols[i])), reference_ev)));
    return dispersing;
}

/* A number between -1 and 1. */
static double any(unsigned *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed / 2147483648.0 - 1.0;
}

static double sum_of_products(const Dispersing *dispersing, double wavelength_m, const double *form) {
    double coefficients[FORM_VALUES_MOST], sum = 0.0;
    dispersing_coefficients(dispersing, wavelength_m, coefficients);
    for (int n = 0; n < dispersing_values(dispersing); n++) sum += coefficients[n] * form[n];
    return sum;
}

/* |A + sum of d G|^2 by complex numbers, and by the form; relative to the squares of all terms. */
static double difference(const Dispersing *dispersing, double energy_ev, unsigned *seed) {
    const double wavelength_m = PLANCK_LIGHT_EV_A / energy_ev * 1e-10;
    double a[2] = {50.0 * any(seed), 50.0 * any(seed)}, g[ELEMENTS][2], form[FORM_VALUES_MOST];
    double complex f = a[0] + a[1] * I;
    double size = cabs(f);
    for (int e = 0; e < dispersing->elements; e++) {
        const Dispersion at = dispersing_at(dispersing, e, wavelength_m), from = dispersing->reference[e];
        g[e][0] = 4.0 * any(seed);
        g[e][1] = 4.0 * any(seed);
        const double complex d = at.real - from.real + (at.imaginary - from.imaginary) * I;
        f += d * (g[e][0] + g[e][1] * I);
        size += cabs(d) * hypot(g[e][0], g[e][1]);
    }
    dispersing_form(dispersing->elements, a, (const double(*)[2])g, form);
    return fabs(sum_of_products(dispersing, wavelength_m, form) - creal(f * conj(f))) / (size * size);
}

static void the_form_is_the_square_of_the_sum_of_waves(void) {
    unsigned seed = 7;
    for (int elements = 1; elements <= ELEMENTS; elements++) {
        Dispersing dispersing = some_elements(elements);
        CU_ASSERT_EQUAL(dispersing_values(&dispersing), (elements + 1) * (elements + 1));
        for (int i = 0; i < TRIALS; i++) CU_ASSERT(difference(&dispersing, 7112.0 + 900.0 * any(&seed), &seed) < 1e-14);
        dispersing_free(&dispersing);
    }
}

static void at_the_reference_only_the_first_counts(void) {
    double coefficients[FORM_VALUES_MOST];
    Dispersing dispersing = some_elements(ELEMENTS);
    dispersing_coefficients(&dispersing, PLANCK_LIGHT_EV_A / reference_ev * 1e-10, coefficients);
    CU_ASSERT_EQUAL(coefficients[0], 1.0);
    for (int n = 1; n < dispersing_values(&dispersing); n++) CU_ASSERT_DOUBLE_EQUAL(coefficients[n], 0.0, 1e-8);
    dispersing_free(&dispersing);
}

static void a_fifth_element_is_refused_and_one_given_twice_counts_once(void) {
    Dispersing dispersing = some_elements(ELEMENTS);
    CU_ASSERT(status_is_ok(dispersing_add(&dispersing, atoms_element("S", 1), reference_ev)));
    CU_ASSERT_EQUAL(dispersing.elements, ELEMENTS);
    CU_ASSERT_EQUAL(dispersing_add(&dispersing, atoms_element("C", 1), reference_ev).code, STATUS_BAD_PARAMETER);
    dispersing_free(&dispersing);
    CU_ASSERT_EQUAL(dispersing_values(&dispersing), 0);
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(the_form_is_the_square_of_the_sum_of_waves),
                                     UNIT_TEST(at_the_reference_only_the_first_counts),
                                     UNIT_TEST(a_fifth_element_is_refused_and_one_given_twice_counts_once),
                                     {NULL, NULL}};
    return unit_main("dispersing", tests);
}
