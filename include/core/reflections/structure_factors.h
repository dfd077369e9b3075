/** @file
 *  Structure factors on a grid of Miller indices. */
#ifndef TESSERA_STRUCTURE_FACTORS_H
#define TESSERA_STRUCTURE_FACTORS_H

#include "base/status.h"
#include "base/vector.h"
#include "parameters/parameters.h"
#include "reflections/reflections.h"

#include <stdint.h>

/** |F| (electrons) for h_least..h_least+h_count-1 and so on; everywhere else, and where the file gives none, it is
 *  default_f. `grid` is owned by whoever created it (it may lie in memory shared by the ranks of a node). */
typedef struct StructureFactors {
    double default_f;
    int64_t reflections;    /**< read from the file */
    int32_t least[3];       /**< smallest h, k, l */
    int32_t count[3];       /**< 0 without a file */
    double greatest_f;      /**< largest |F|, default_f included */
    const double *grid;     /**< [h][k][l], l varying fastest; NULL where all are default_f */
    const double *unscaled; /**< the same as the file gives it, NAN where it gives none; NULL unless frames scale it
                               differently */
    bool from_file;
    ReflectionFormat format; /**< of the file */
    bool file_has_cell, is_shelx_in_cif;
    char space_group[SYMMETRY_NAME_BYTES]; /**< that the file names; "P 1" where it names none */
    const float *table;    /**< |F| with a layer around it, for the float32 kernel; NULL where it is not used */
    Dispersing dispersing; /**< elements followed from wavelength to wavelength; its curves are owned */
    int form_values;       /**< dispersing_values; 0: |F| is the same for all wavelengths */
    const float *forms;    /**< [h + 2][k + 2][l + 2][form_values] with a layer around it: dispersing_form over |F|^2,
                              where that is at the reference, 1 0 0 ... where atoms say nothing */
} StructureFactors;

/** Makes the grid of what a file gives: the chosen column, expanded to P1, scaled, with what the parameters say of
 * F000.
 *  @param reflections       what reflections_read has read
 *  @param reciprocal_per_m  rows a*, b*, c* of the crystal, for the resolution of a reflection
 *  @param rescaled          true: structure_factors_scale will be called for other parameters
 *  @param grid              allocated, or NULL where all are default_f; the caller frees it after last use of
 *                           @p factors. Rescaled, what is not scaled follows what is
 *  @param notes             what was found; may be NULL
 *  @return BAD_FILE naming file and line, BAD_PARAMETER when there is neither file nor default_f or no such column,
 *          NO_MEMORY */
Status structure_factors_create(const Parameters *parameters, const Reflections *reflections, Mat3 reciprocal_per_m,
                                bool rescaled, StructureFactors *factors, double **grid, Notes *notes);

/** Makes of what is not scaled what crystal.structure_factor_scale, b_factor and f000 say.
 *  @param factors  with `unscaled`; its grid becomes @p grid, or NULL where all are default_f
 *  @param grid     room for the grid */
void structure_factors_scale(const Parameters *parameters, Mat3 reciprocal_per_m, StructureFactors *factors,
                             double *grid);

/** Number of values of the grid. */
int64_t structure_factors_grid_size(const StructureFactors *factors);

/** Number of values of the padded table of |F| for the float32 kernel; 0 without structure factors. */
int64_t structure_factors_table_size(const StructureFactors *factors);

/** Fills the table: |F| with one layer of default_f around it.
 *  @param table  [h + 2][k + 2][l + 2], l varying fastest */
void structure_factors_fill_table(const StructureFactors *factors, float *table);

/** Takes the forms of @p reflections, and the dispersing elements from them, for factors that were made of them.
 *  @param forms  allocated, or NULL without such elements; the caller frees it after last use of @p factors
 *  @return NO_MEMORY */
Status structure_factors_create_forms(const Parameters *parameters, Reflections *reflections, StructureFactors *factors,
                                      float **forms);

/** Number of values of the forms. */
int64_t structure_factors_forms_size(const StructureFactors *factors);

/** |F|^2 at a wavelength over what it is at the reference, of the reflection h, k, l.
 *  @param coefficients  dispersing_coefficients; with form_values above 0 */
static inline double structure_factor_share(const StructureFactors *factors, const double *coefficients, double h,
                                            double k, double l) {
    const double place[3] = {h - factors->least[0], k - factors->least[1], l - factors->least[2]};
    int64_t at = 0;
    for (int i = 0; i < 3; i++) { /* beyond either end in the layer around */
        const double last = factors->count[i], within = place[i] < last ? place[i] : last;
        at = at * (factors->count[i] + 2) + (int64_t)(within > -1.0 ? within : -1.0) + 1;
    }
    const float *form = factors->forms + at * factors->form_values;
    double sum = 0.0;
    for (int n = 0; n < factors->form_values; n++) sum += coefficients[n] * (double)form[n];
    return sum > 0.0 ? sum : 0.0;
}

/** |F| of the reflection h, k, l. */
static inline double structure_factor(const StructureFactors *factors, double h, double k, double l) {
    const double i = h - factors->least[0], j = k - factors->least[1], n = l - factors->least[2];
    const int inside =
        (i >= 0) & (i < factors->count[0]) & (j >= 0) & (j < factors->count[1]) & (n >= 0) & (n < factors->count[2]);
    if (!inside) return factors->default_f;
    return factors->grid[((int64_t)i * factors->count[1] + (int64_t)j) * factors->count[2] + (int64_t)n];
}

/** True when frames of background alone are asked for: crystal.default_f=0 is said, and nothing else gives structure
 * factors. */
bool structure_factors_are_unwanted(const Parameters *parameters);

/** True where all points of the interpolation lie in the grid. */
bool structure_factor_is_inside(const StructureFactors *factors, double h, double k, double l);

/** |F| between reflections by Lagrange interpolation over four points along each axis; nearest neighbour where a point
 *  would lie outside the grid, for that lookup only. */
double structure_factor_tricubic(const StructureFactors *factors, double h, double k, double l);

#endif
