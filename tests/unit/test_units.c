/* One table of units serves parameters, columns of lists, spectra and output files. */
#include "base/units.h"

#include "model/sweep.h"
#include "parameters/parameters.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static void units_are_multiples_of_their_si_unit(void) {
    UNIT_CLOSE(unit_si("A", "length"), 1e-10, 0.0, "angstrom");
    UNIT_CLOSE(unit_si("mm", "length"), 1e-3, 0.0, "millimetre");
    UNIT_CLOSE(unit_si("deg", "angle"), acos(-1.0) / 180.0, 1e-17, "degree");
    UNIT_CLOSE(unit_si("keV", "energy"), 1.602176634e-16, 1e-30, "keV");
    UNIT_CLOSE(unit_si("", "number"), 1.0, 0.0, "a plain number");
}

static void a_unit_of_another_quantity_is_none(void) {
    CU_ASSERT(isnan(unit_si("A", "energy")));
    CU_ASSERT(isnan(unit_si("eV", "length")));
    CU_ASSERT(isnan(unit_si("furlong", "length")));
    CU_ASSERT(isnan(unit_si("", "length")));
    CU_ASSERT_PTR_NULL(unit_find("mm", 3));
    CU_ASSERT_PTR_EQUAL(unit_find("mm,deg", 2), unit_find("mm", 2));
}

static double energy_of_parameter(const char *text) {
    Parameters *p = NULL;
    CU_ASSERT_FATAL(status_is_ok(parameters_create(&p)));
    CU_ASSERT(status_is_ok(parameters_set(p, "beam.energy", text, "test")));
    const double energy_j = p->beam_energy_j;
    parameters_destroy(&p);
    return energy_j;
}

static void parameters_and_spectra_know_the_same_spellings(void) {
    static const char *const spellings[][2] = {{"12keV", "keV"}, {"12 kev", "kev"}, {"1.922611960e-15 J", "J"}};
    double wavelength_m = 0.0;
    for (int i = 0; i < 3; i++) {
        const double value = i < 2 ? 12.0 : 1.922611960e-15;
        CU_ASSERT(status_is_ok(spectrum_wavelength("test", spellings[i][1], value, &wavelength_m)));
        UNIT_CLOSE(energy_of_parameter(spellings[i][0]) * wavelength_m / 1.9864458571489287e-25, 1.0, 1e-14,
                   spellings[i][1]);
    }
    CU_ASSERT(status_is_ok(spectrum_wavelength("test", "\xc3\x85", 1.25, &wavelength_m)));
    UNIT_CLOSE(wavelength_m, 1.25e-10, 1e-24, "angstrom by its letter");
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(units_are_multiples_of_their_si_unit),
                                     UNIT_TEST(a_unit_of_another_quantity_is_none),
                                     UNIT_TEST(parameters_and_spectra_know_the_same_spellings),
                                     {NULL, NULL}};
    return unit_main("units", tests);
}
