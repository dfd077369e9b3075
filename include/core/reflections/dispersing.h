/** @file
 *  Elements whose dispersion is followed from wavelength to wavelength, and what |F|^2 needs to be known for that.
 *
 *  With G_e the sum over the atoms of element e of occupancy T exp(2 pi i h . x), and A = F at reference values of f'
 * and f'',
 *
 *      F(h, lambda) = A(h) + sum over e of d_e(lambda) G_e(h),  d_e = f' - f'_ref + i (f'' - f''_ref),
 *
 *  so that |F|^2 is a quadratic form in the d: (elements + 1)^2 real numbers of each reflection times as many of each
 *  wavelength. It is the same for reflections that are equivalent by symmetry, as A and G_e have the same phase factor.
 */
#ifndef TESSERA_DISPERSING_H
#define TESSERA_DISPERSING_H

#include "reflections/anomalous.h"

#include <stdbool.h>
#include <stdint.h>

/** Most elements that are followed, and numbers of a reflection that they need. */
enum { DISPERSING_MOST = 4, FORM_VALUES_MOST = (DISPERSING_MOST + 1) * (DISPERSING_MOST + 1) };

/** The elements. `curve` is owned: dispersing_free. */
typedef struct Dispersing {
    int elements;                          /**< 0: |F| is the same for all wavelengths */
    int element[DISPERSING_MOST];          /**< atomic numbers */
    Dispersion reference[DISPERSING_MOST]; /**< that A has */
    Anomalous *curve[DISPERSING_MOST];
    int64_t table_rows[DISPERSING_MOST]; /**< of a curve that is a table; 0: computed */
} Dispersing;

/** Adds an element with its reference at an energy.
 *  @return BAD_PARAMETER for an element without cross-sections, and where there are too many; NO_MEMORY */
Status dispersing_add(Dispersing *dispersing, int element, double reference_ev);

/** Adds an element with a curve of its own, of a table.
 *  @param curve  taken over, whatever is returned
 *  @return BAD_PARAMETER where there are too many, or its table does not reach the energy */
Status dispersing_add_curve(Dispersing *dispersing, int element, Anomalous *curve, double reference_ev);

/** Makes the curves of a plain copy, as another rank receives it; rows of tables are to be filled.
 *  @return NO_MEMORY */
Status dispersing_make_curves(Dispersing *dispersing);

/** Frees the curves and leaves no elements. */
void dispersing_free(Dispersing *dispersing);

/** True when an element is among them. */
bool dispersing_has(const Dispersing *dispersing, int element);

/** Numbers of a reflection: (elements + 1)^2, or 0 without elements. */
int dispersing_values(const Dispersing *dispersing);

/** f' and f'' of an element at a wavelength. */
Dispersion dispersing_at(const Dispersing *dispersing, int index, double wavelength_m);

/** Refuses a wavelength at which dispersion is not known, in general or of one of the elements.
 *  @return BAD_PARAMETER */
Status dispersing_check(const Dispersing *dispersing, double wavelength_m);

/** What the numbers of a reflection are multiplied with at a wavelength: 1; for each element 2 d', 2 d'', |d|^2; for
 *  each pair of elements 2 Re d_1 d_2*, -2 Im d_1 d_2*.
 *  @param coefficients  [dispersing_values] */
void dispersing_coefficients(const Dispersing *dispersing, double wavelength_m, double *coefficients);

/** The numbers of a reflection in the same order: |A|^2; Re A* G, -Im A* G, |G|^2; Re G_1 G_2*, Im G_1 G_2*.
 *  @param a     [2] real and imaginary part
 *  @param g     [elements][2]
 *  @param form  [(elements + 1)^2] */
void dispersing_form(int elements, const double *a, const double (*g)[2], double *form);

#endif
