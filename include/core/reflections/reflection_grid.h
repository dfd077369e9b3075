/** @file
 *  Reflections of a file, expanded by its symmetry to all of P1, on a grid of Miller indices. */
#ifndef TESSERA_REFLECTION_GRID_H
#define TESSERA_REFLECTION_GRID_H

#include "reflections/reflections.h"

/** |F| of every reflection that the file gives, directly or by symmetry. `values` is owned. */
typedef struct ReflectionGrid {
    int32_t least[3]; /**< smallest h, k, l */
    int32_t count[3];
    double *values;    /**< [h][k][l], l varying fastest; NAN where nothing is given */
    int64_t rows;      /**< rows of the file that have a value */
    int64_t absences;  /**< rows left out because the space group forbids them although they are not 0 */
    int64_t negatives; /**< rows of negative intensity, whose |F| is taken as 0 */
    int64_t pairs;     /**< Friedel pairs in the grid whose two |F| differ */
    double greatest;   /**< largest |F| */
} ReflectionGrid;

/** Expands the chosen columns by R and, where the mate of a Friedel pair is not given, by -1. Text with h k l F that
 * has no symmetry is taken as it is.
 *  @param includes_origin  whether the grid must have a place for 0 0 0
 *  @param grid             the caller frees it with reflection_grid_free, whatever is returned
 *  @return BAD_FILE when the same or equivalent reflections have different values and @p duplicates does not say to
 * take the mean, when there is no value or the grid is too large; NO_MEMORY */
Status reflection_grid_create(const Reflections *reflections, ColumnChoice choice, Duplicates duplicates,
                              bool includes_origin, ReflectionGrid *grid);

/** Frees what @p grid owns. */
void reflection_grid_free(ReflectionGrid *grid);

/** Number of values. */
int64_t reflection_grid_size(const ReflectionGrid *grid);

/** Place of h, k, l, which must lie within the grid. */
int64_t reflection_grid_place(const ReflectionGrid *grid, const int32_t *index);

/** The indices at a place. */
void reflection_grid_index(const ReflectionGrid *grid, int64_t place, int32_t *index);

#endif
