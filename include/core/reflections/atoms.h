/** @file
 *  The atoms of an asymmetric unit, as a PDB or CIF file has them: places, occupancies, displacements. */
#ifndef TESSERA_ATOMS_H
#define TESSERA_ATOMS_H

#include "base/status.h"
#include "base/vector.h"
#include "reflections/reflection_readers.h"
#include "reflections/symmetry.h"

#include <stdbool.h>
#include <stdint.h>

/** Number of elements with scattering factors, and of values that describe one: form_factors.def. */
enum { ATOM_ELEMENTS = 98, ATOM_LABEL_BYTES = 24 };

/** One atom. */
typedef struct Atom {
    Vec3 site;        /**< in fractions of the cell */
    double occupancy; /**< 0 to 1, or more where several share a site */
    double b_iso_m2;  /**< B of exp(-B s^2), s = sin(theta) / lambda; of an anisotropic atom not used */
    double u_star[6]; /**< U* of exp(-2 pi^2 h^T U* h): 11, 22, 33, 12, 13, 23, no unit */
    bool is_anisotropic;
    int element; /**< atomic number */
} Atom;

/** The atoms of a file. Owns `atom`. */
typedef struct Atoms {
    const char *path; /**< borrowed, for messages */
    bool has_cell;
    double lengths_m[3], angles_rad[3]; /**< a, b, c and alpha, beta, gamma, when has_cell */
    Symmetry symmetry;                  /**< of the file; no operations when it names its group or says nothing */
    int64_t count, room;
    Atom *atom;        /**< [count] in the order of the file */
    bool shares_sites; /**< an atom on a special position counts once for all operations that leave it there (core CIF)
                        */
    int64_t guessed;   /**< how many elements were told by the atom's name */
    int64_t anisotropic;   /**< how many have u_star */
    double fractional[12]; /**< of PDB files: rows of the matrix (1/m) that makes fractions of orthogonal coordinates,
                              and shift */
} Atoms;

/** Reads a PDB file (columns of version 3.3, older ones too) or a CIF (mmCIF or core).
 *  @param atoms  the caller frees it, whatever is returned
 *  @return BAD_FILE naming file and line: no atoms, an unknown element, numbers that are none, several models, symmetry
 * that is missing within the file (MTRIX), atoms without a cell; NO_MEMORY */
Status atoms_read(const char *path, FileContents contents, Atoms *atoms);

/** Frees what @p atoms own and leaves them empty. */
void atoms_free(Atoms *atoms);

/** True when @p contents look like atoms: in PDB format, or a CIF that has atoms and no reflections. */
bool atoms_is_model(FileContents contents);

/** True when @p contents look like atoms in PDB format. */
bool atoms_is_pdb(FileContents contents);

/** The symbol of an element, "Fe"; 1 to ATOM_ELEMENTS. */
const char *atoms_symbol(int element);

/** Scattering factor f0 (electrons) of the free atom: Waasmaier & Kirfel, Acta Cryst. A51 (1995) 416.
 *  @param stol_per_m  sin(theta) / lambda, at most 6e10 */
double atoms_form_factor(int element, double stol_per_m);

/* ---- for the readers of the forms ---- */

/** Number of an element by its symbol of @p length characters, in any case; D is H. 0 when it is none. */
int atoms_element(const char *symbol, size_t length);

/** Adds an atom.
 *  @param line  of the file, for messages
 *  @return BAD_FILE when a number is not finite or beyond all reason; NO_MEMORY */
Status atoms_add(Atoms *atoms, const Atom *atom, int64_t line);

/** True for a tag of a CIF that says that its block has atoms. */
bool atoms_cif_tag(const CifWord *tag, const CifWord *next);

/** Readers of the forms; of a CIF, the only data block with atoms. */
Status atoms_read_pdb(FileContents contents, Atoms *atoms);
Status atoms_read_cif(FileContents contents, Atoms *atoms);

/** Takes a cell in angstrom and degrees.
 *  @param cell  [6] */
Status atoms_set_cell(Atoms *atoms, const double *cell, int64_t line);

/** Orthogonal displacements (m^2: 11, 22, 33, 12, 13, 23) as U*. */
void atoms_set_anisotropic(const Atoms *atoms, const double *u_m2, Atom *atom);

#endif
