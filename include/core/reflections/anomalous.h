/** @file
 *  Dispersion of an element, f' and f'': what bound electrons scatter more or less than free ones.
 *
 *  f''(E) = E sigma(E) / (2 h c r_e) by the optical theorem, with sigma the cross-section for photoabsorption of an
 * atom (xraylib's CSb_Photo; L. Kissel's tables), and f' from it by the relation of Kramers and Kronig,
 *
 *      f'(E) = 2/pi P int_0^inf x f''(x) / (E^2 - x^2) dx - (Z / 82.5)^2.37,
 *
 *  whose last term is the relativistic correction of L. Kissel & R. H. Pratt, Acta Cryst. A46 (1990) 170. f'' is linear
 *  between some 2,000 energies, and each piece is integrated analytically. Its jumps are where the table has them,
 * found by bisection. xraylib's own Fi is smeared over an edge, and the sign of its Fii is a convention of its own.
 *
 *  Below 0.1 keV, where xraylib has no CSb_Photo, f'' follows CSb_Photo_Total where there is one and else stays what it
 * is at 0.1 keV; above 799 keV sigma falls as E^-1.5. Neither changes f' by 0.02 electrons between 1 and 100 keV. */
#ifndef TESSERA_ANOMALOUS_H
#define TESSERA_ANOMALOUS_H

#include "base/status.h"

#include <stdint.h>

/** What is known of an element. */
typedef struct Anomalous Anomalous;

/** f' and f'' in electrons. */
typedef struct Dispersion {
    double real, imaginary; /**< f' and f''; f'' is positive */
} Dispersion;

/** A row of a table: photon energy (eV), f' and f'' (electrons). */
typedef double AnomalousRow[3];

/** Energies (eV) between which what is computed is known. */
enum { ANOMALOUS_LEAST_EV = 1000, ANOMALOUS_MOST_EV = 200000 };

/** Tabulates f'' of an element. The caller destroys it.
 *  @param symbol  "Fe", as in the periodic table, in any case
 *  @return BAD_PARAMETER for a symbol that is none, or an element that xraylib has no cross-sections of; NO_MEMORY */
Status anomalous_create(const char *symbol, Anomalous **element);

/** The same of a table instead, between whose rows f' and f'' are linear: what was measured. The rows are to be filled.
 *  @param rows  at least 2
 *  @param row   set to [rows], which @p element owns: energies ascend
 *  @return NO_MEMORY */
Status anomalous_of_table(int number, int64_t rows, Anomalous **element, AnomalousRow **row);

/** The rows that anomalous_of_table made, NULL for an element that has been computed.
 *  @param rows  set to how many */
AnomalousRow *anomalous_rows(const Anomalous *element, int64_t *rows);

/** The energies (eV) between which anomalous_at may be asked.
 *  @param most_ev  set to the greatest
 *  @return the least */
double anomalous_range(const Anomalous *element, double *most_ev);

/** Frees @p element, which may be NULL, and leaves NULL. */
void anomalous_destroy(Anomalous **element);

/** Number of the element in the periodic table. */
int anomalous_atomic_number(const Anomalous *element);

/** f' and f'' at a photon energy. At an edge, where f' of a sharp jump is infinite, it is that at half an electronvolt
 * from it.
 *  @param energy_ev  within anomalous_range */
Dispersion anomalous_at(const Anomalous *element, double energy_ev);

#endif
