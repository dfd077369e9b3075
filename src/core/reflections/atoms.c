#include "reflections/atoms.h"

#include "base/cell.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/** Most atoms that a file may have, and how far from the cell an atom may be, in cells. */
static const int64_t ATOMS_MOST = 10000000;
static const double CELLS_AWAY_MOST = 1e4, B_MOST_M2 = 1e-16, OCCUPANCY_MOST = 1000.0;

enum { GAUSSIANS = 5 };

/* A row of the table: f0 = c + sum of a exp(-b s^2), b in A^2. */
typedef struct FormFactor {
    const char *symbol;
    double a[GAUSSIANS], c, b[GAUSSIANS];
} FormFactor;

#define FORM_FACTOR(symbol, number, a1, a2, a3, a4, a5, c, b1, b2, b3, b4, b5)                                         \
    [number] = {#symbol, {a1, a2, a3, a4, a5}, c, {b1, b2, b3, b4, b5}},
static const FormFactor form_factors[ATOM_ELEMENTS + 1] = {
#include "reflections/form_factors.def"
};
#undef FORM_FACTOR

const char *atoms_symbol(int element) {
    return form_factors[element].symbol;
}

double atoms_form_factor(int element, double stol_per_m) {
    const FormFactor *factor = &form_factors[element];
    const double square_per_a2 = stol_per_m * stol_per_m * 1e-20;
    double sum = factor->c;
    for (int i = 0; i < GAUSSIANS; i++) sum += factor->a[i] * exp(-factor->b[i] * square_per_a2);
    return sum;
}

int atoms_element(const char *symbol, size_t length) {
    if (length == 1 && toupper((unsigned char)*symbol) == 'D') return 1;
    for (int element = 1; element <= ATOM_ELEMENTS && length >= 1 && length <= 2; element++) {
        const char *name = form_factors[element].symbol;
        if (strlen(name) == length && toupper((unsigned char)symbol[0]) == toupper((unsigned char)name[0]) &&
            (length == 1 || toupper((unsigned char)symbol[1]) == toupper((unsigned char)name[1])))
            return element;
    }
    return 0;
}

void atoms_free(Atoms *atoms) {
    free(atoms->atom);
    *atoms = (Atoms){.path = ""};
}

static Status check(const Atoms *atoms, const Atom *atom, int64_t line) {
    const double away = fmax(fabs(atom->site.x), fmax(fabs(atom->site.y), fabs(atom->site.z)));
    const char *fault = !(away <= CELLS_AWAY_MOST) ? "its place is no number, or 10,000 cells away"
                        : !(atom->occupancy >= 0.0 && atom->occupancy <= OCCUPANCY_MOST)
                            ? "its occupancy must be from 0 to 1000"
                        : !(fabs(atom->b_iso_m2) <= B_MOST_M2) ? "its B must be at most 10,000 A^2"
                                                               : NULL;
    bool finite = true;
    for (int i = 0; i < 6; i++) finite = finite && fabs(atom->u_star[i]) <= 1e6;
    if (fault == NULL && !finite) fault = "its anisotropic displacements are beyond all reason";
    if (fault == NULL) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": an atom of %s: %s", atoms->path, line,
                        atoms_symbol(atom->element), fault);
}

Status atoms_add(Atoms *atoms, const Atom *atom, int64_t line) {
    TRY(check(atoms, atom, line));
    if (atoms->count == ATOMS_MOST)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": more than %" PRId64 " atoms", atoms->path, line,
                            ATOMS_MOST);
    if (atoms->count == atoms->room) {
        const int64_t room = 2 * atoms->room + 1024;
        Atom *larger = realloc(atoms->atom, (size_t)room * sizeof *larger);
        if (larger == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " atoms", room);
        atoms->atom = larger;
        atoms->room = room;
    }
    atoms->anisotropic += atom->is_anisotropic;
    atoms->atom[atoms->count++] = *atom;
    return status_ok();
}

/* The file's cell with a along x and b in the xy plane, as in the PDB (International Tables B 3.3.1). */
static void set_standard_axes(Atoms *atoms) {
    const double *a = atoms->lengths_m, *angle = atoms->angles_rad;
    const double ca = cos(angle[0]), cb = cos(angle[1]), cg = cos(angle[2]), sg = sin(angle[2]);
    const double root = sqrt(1.0 - ca * ca - cb * cb - cg * cg + 2.0 * ca * cb * cg);
    const double standard[9] = {1.0 / a[0],
                                -cg / (a[0] * sg),
                                (ca * cg - cb) / (a[0] * sg * root),
                                0.0,
                                1.0 / (a[1] * sg),
                                (cb * cg - ca) / (a[1] * sg * root),
                                0.0,
                                0.0,
                                sg / (a[2] * root)};
    memcpy(atoms->fractional, standard, sizeof standard);
}

Status atoms_set_cell(Atoms *atoms, const double *cell, int64_t line) {
    Mat3 reciprocal;
    for (int i = 0; i < 3; i++) {
        atoms->lengths_m[i] = cell[i] * 1e-10;
        atoms->angles_rad[i] = cell[3 + i] * RADIANS_PER_DEGREE;
        if (!(cell[i] >= 1e-3 && cell[i] <= 1e6) || !(cell[3 + i] > 0.0 && cell[3 + i] < 180.0))
            return status_error(STATUS_BAD_FILE,
                                "%s:%" PRId64 ": its cell is %g,%g,%g,%g,%g,%g, and there is none with these",
                                atoms->path, line, cell[0], cell[1], cell[2], cell[3], cell[4], cell[5]);
    }
    const Status status = cell_reciprocal(atoms->lengths_m, atoms->angles_rad, &reciprocal);
    if (!status_is_ok(status))
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %.800s", atoms->path, line, status.message);
    atoms->has_cell = true;
    set_standard_axes(atoms);
    return status_ok();
}

void atoms_set_anisotropic(const Atoms *atoms, const double *u_m2, Atom *atom) {
    static const int first[6] = {0, 1, 2, 0, 0, 1}, second[6] = {0, 1, 2, 1, 2, 2};
    const double u[3][3] = {{u_m2[0], u_m2[3], u_m2[4]}, {u_m2[3], u_m2[1], u_m2[5]}, {u_m2[4], u_m2[5], u_m2[2]}};
    for (int n = 0; n < 6; n++) {
        const double *left = &atoms->fractional[3 * first[n]], *right = &atoms->fractional[3 * second[n]];
        atom->u_star[n] = 0.0;
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) atom->u_star[n] += left[i] * u[i][j] * right[j];
    }
    atom->is_anisotropic = true;
}

bool atoms_is_model(FileContents contents) {
    CifBlocks atoms, reflections;
    const CifReader reader = cif_words("", contents.bytes, contents.count);
    if (atoms_is_pdb(contents)) return true;
    return cif_is(contents) &&
           status_is_ok(cif_choose_block(reader, "", cif_tag_of_reflections, "reflections", NULL, &reflections)) &&
           reflections.found == 0 &&
           (!status_is_ok(cif_choose_block(reader, "", atoms_cif_tag, "atoms", NULL, &atoms)) || atoms.found > 0);
}

Status atoms_read(const char *path, FileContents contents, Atoms *atoms) {
    *atoms = (Atoms){.path = path};
    TRY(atoms_is_pdb(contents) ? atoms_read_pdb(contents, atoms) : atoms_read_cif(contents, atoms));
    if (atoms->count == 0) return status_error(STATUS_BAD_FILE, "%s has no atoms", path);
    return status_ok();
}
