/** @file
 *  Scattering of something amorphous in the beam. */
#ifndef TESSERA_BACKGROUND_H
#define TESSERA_BACKGROUND_H

#include "base/status.h"
#include "parameters/parameters.h"

#include <stdint.h>

/** Background of the run. `points` are owned: background_destroy frees them. */
typedef struct Background {
    double molecules;    /**< in the beam; 0: no background */
    double f;            /**< structure factor of a molecule without a table */
    int64_t point_count; /**< 0 without a table */
    double (*points)[2]; /**< [point_count] sin(theta)/lambda (1/m) ascending, structure factor */
} Background;

/** Makes the background: volume x density x N_A / molecular weight molecules.
 *  @return BAD_FILE naming file and line, NO_MEMORY */
Status background_create(const Parameters *parameters, Background *background);

/** Sets what depends on numbers alone; the table stays. */
void background_change(const Parameters *parameters, Background *background);

/** Says what the beam clips, and that there is no crystal. */
void background_note(const Parameters *parameters, Notes *notes);

/** Frees what @p background owns. */
void background_destroy(Background *background);

/** Squared structure factor of all molecules, which scatter independently, at sin(theta)/lambda @p stol_per_m: linear
 *  between the points of the table, its ends beyond them. */
static inline double background_squared(const Background *background, double stol_per_m) {
    double f = background->f;
    if (background->point_count > 0) {
        double(*const points)[2] = background->points;
        int64_t low = 0, high = background->point_count - 1;
        while (high - low > 1) {
            const int64_t middle = low + (high - low) / 2;
            if (points[middle][0] <= stol_per_m)
                low = middle;
            else
                high = middle;
        }
        const double part = (stol_per_m - points[low][0]) / (points[high][0] - points[low][0]);
        const double within = part < 0.0 ? 0.0 : part > 1.0 ? 1.0 : part;
        f = points[low][1] + within * (points[high][1] - points[low][1]);
    }
    return background->molecules * f * f;
}

#endif
