/** @file
 *  Structure factors of a model by direct summation over all of its atoms and symmetry operations. */
#ifndef TESSERA_MODEL_FACTORS_H
#define TESSERA_MODEL_FACTORS_H

#include "parameters/parameters.h"
#include "reflections/atoms.h"
#include "reflections/reflections.h"

/** What is summed. */
typedef struct ModelRequest {
    const Atoms *atoms;
    Symmetry symmetry;   /**< with all operations, those of centring included */
    double resolution_m; /**< smallest spacing */
    double energy_ev;    /**< for f' and f''; NAN: free atoms without dispersion */
    bool wants_phases;   /**< as columns PHIC(+) and PHIC(-) behind the amplitudes, in degrees */
} ModelRequest;

/** Adds F of the reflections of one asymmetric unit to empty @p reflections, the amplitudes of h k l and of -h -k -l as
 * two columns, FC(+) and FC(-), in electrons:
 *
 *      F(h) = sum over atoms of occupancy (f0 + f' + i f'') sum over operations of T exp(2 pi i h . (R x + t))
 *
 *  with T = exp(-B s^2) or exp(-2 pi^2 (h R) U* (h R)^T) (International Tables B 1.2). Each atom's share is divided by
 * the number of operations that leave it in place only in so far as its occupancy says so, as in PDB files. OpenMP
 * threads; the same values with any number of them.
 *
 *  For the elements of reflections->dispersing, whose references are f' and f'' at energy_ev, it sets the forms too. An
 * amplitude that is less than a thousandth of their G is raised to that: the form is over its square.
 *  @return BAD_PARAMETER when f0 is not known so far out, the energy is outside the tables, or it is too much work;
 * NO_MEMORY */
Status model_factors(const ModelRequest *request, Reflections *reflections);

/** Adds dispersion to F of free atoms that a file gives: to empty @p to, but for its dispersing elements, the
 * amplitudes of F + sum over these elements of (f' + i f'') G as a pair of columns, LABEL and LABEL(-), and their
 * forms.
 *  @param request  atoms of other elements are left out; its resolution and energy are not used
 *  @param from     rows whose amplitude or phase (degrees) is missing are left out
 *  @return BAD_PARAMETER when it is too much work; NO_MEMORY */
Status model_add_sites(const ModelRequest *request, const Reflections *from, int amplitude, int phase, Reflections *to);

#endif
