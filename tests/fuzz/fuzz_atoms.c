/* Atoms: PDB, mmCIF, core CIF. What is accepted has places that are numbers, and gives finite amplitudes. */
#include "fuzz.h"
#include "reflections/atoms.h"
#include "reflections/model_factors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Few terms, whatever the cell. */
static void check_factors(const Atoms *atoms) {
    double shortest_m = INFINITY, longest_m = 0.0;
    for (int i = 0; i < 3; i++) {
        shortest_m = fmin(shortest_m, atoms->lengths_m[i]);
        longest_m = fmax(longest_m, atoms->lengths_m[i]);
    }
    if (longest_m > 5.0 * shortest_m || shortest_m < 3e-10 || atoms->count > 50) return;
    const ModelRequest request = {
        .atoms = atoms, .symmetry = symmetry_none(), .resolution_m = 0.5 * shortest_m, .energy_ev = NAN};
    Reflections reflections = {.path = "fuzz"};
    if (fuzz_accepted(model_factors(&request, &reflections)))
        for (int i = 0; i < reflections.columns; i++)
            fuzz_require(fuzz_is_finite(reflections.column[i].values, reflections.rows), "amplitudes are numbers");
    reflections_free(&reflections);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    Atoms atoms;
    memcpy(text, data, size);
    text[size] = '\0';
    if (fuzz_accepted(atoms_read("fuzz", (FileContents){text, size}, &atoms))) {
        fuzz_require(atoms.count > 0 && atoms.has_cell, "there are atoms and a cell");
        for (int64_t i = 0; i < atoms.count; i++) {
            const Atom *atom = &atoms.atom[i];
            fuzz_require(isfinite(atom->site.x + atom->site.y + atom->site.z), "a place is a number");
            fuzz_require(fuzz_is_finite(atom->u_star, 6), "displacements are numbers");
            fuzz_require(atom->element >= 1 && atom->element <= ATOM_ELEMENTS, "an element has a number");
        }
        check_factors(&atoms);
    }
    atoms_free(&atoms);
    free(text);
    return 0;
}
