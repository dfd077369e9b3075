#include "base/units.h"

#include "base/constants.h"

#include <math.h>
#include <string.h>

/* Each in the spellings that people and files have for it. */
static const Unit units[] = {
    {"", "number", "", 1.0},
    {"%", "number", "", 0.01},
    {"A", "length", "m", 1e-10},
    {"angstrom", "length", "m", 1e-10},
    {"Angstrom", "length", "m", 1e-10},
    {"angstroms", "length", "m", 1e-10},
    {"Angstroms", "length", "m", 1e-10},
    {"\xc3\x85", "length", "m", 1e-10},
    {"pm", "length", "m", 1e-12},
    {"nm", "length", "m", 1e-9},
    {"um", "length", "m", 1e-6},
    {"mm", "length", "m", 1e-3},
    {"cm", "length", "m", 1e-2},
    {"m", "length", "m", 1.0},
    {"meter", "length", "m", 1.0},
    {"metre", "length", "m", 1.0},
    {"A2", "area", "m^2", 1e-20},
    {"A^2", "area", "m^2", 1e-20},
    {"m^2", "area", "m^2", 1.0},
    {"deg", "angle", "rad", RADIANS_PER_DEGREE},
    {"degree", "angle", "rad", RADIANS_PER_DEGREE},
    {"degrees", "angle", "rad", RADIANS_PER_DEGREE},
    {"mrad", "angle", "rad", 1e-3},
    {"rad", "angle", "rad", 1.0},
    {"radian", "angle", "rad", 1.0},
    {"radians", "angle", "rad", 1.0},
    {"eV", "energy", "J", ELECTRON_VOLT_J},
    {"ev", "energy", "J", ELECTRON_VOLT_J},
    {"electronvolt", "energy", "J", ELECTRON_VOLT_J},
    {"keV", "energy", "J", 1e3 * ELECTRON_VOLT_J},
    {"kev", "energy", "J", 1e3 * ELECTRON_VOLT_J},
    {"MeV", "energy", "J", 1e6 * ELECTRON_VOLT_J},
    {"J", "energy", "J", 1.0},
    {"joule", "energy", "J", 1.0},
    {"eVA", "energy x length", "J m", 1e-10 * ELECTRON_VOLT_J},
    {"g/cm3", "density", "kg/m^3", 1e3},
    {"kg/m3", "density", "kg/m^3", 1.0},
    {"kg/m^3", "density", "kg/m^3", 1.0},
    {"g/mol", "molar mass", "kg/mol", 1e-3},
    {"kg/mol", "molar mass", "kg/mol", 1.0},
    {"s", "time", "s", 1.0},
    {"ms", "time", "s", 1e-3},
    {"fs", "time", "s", 1e-15},
    {"GB/s", "rate of data", "B/s", 1e9},
    {"photons/m2", "fluence", "1/m^2", 1.0},
    {"photons/m^2", "fluence", "1/m^2", 1.0},
    {"1/m^2", "fluence", "1/m^2", 1.0},
    {"photons/s", "flux", "1/s", 1.0},
    {"1/s", "flux", "1/s", 1.0},
};

const Unit *unit_find(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].name) == length && strncmp(units[i].name, name, length) == 0) return &units[i];
    return NULL;
}

double unit_si(const char *name, const char *quantity) {
    const Unit *unit = unit_find(name, strlen(name));
    return unit != NULL && strcmp(unit->quantity, quantity) == 0 ? unit->si : (double)NAN;
}
