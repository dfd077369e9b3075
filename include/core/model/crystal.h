/** @file
 *  The crystal: cell, orientation, number of cells, mosaic domains. */
#ifndef TESSERA_CRYSTAL_H
#define TESSERA_CRYSTAL_H

#include "base/cell.h"
#include "base/status.h"
#include "base/vector.h"
#include "model/beam.h"
#include "parameters/parameters.h"
#include "reflections/reflections.h"

/** A crystal at phi = 0, after the misset and before any orientation of a sweep. `domains` is owned. */
typedef struct Crystal {
    Mat3 cell_m;           /**< rows a, b, c (m) */
    Mat3 reciprocal_per_m; /**< rows a*, b*, c* (1/m), without wavelength */
    double volume_m3;      /**< of the cell */
    double nanobragg_star; /**< nanoBragg's a*, b*, c* over the exact ones; 1 except for CELL_NANOBRAGG */
    double lengths_m[3];   /**< a, b, c */
    double angles_rad[3];  /**< alpha, beta, gamma */
    Vec3 misset_rad;       /**< rotations about x, y, z that were applied */
    int64_t cells[3];      /**< Na, Nb, Nc >= 1 */
    double blocks;         /**< of so many cells, which scatter independently; >= 1 */
    CrystalShape shape;
    double fudge;
    SpotLaw spot_law;         /**< form of all spots but square ones */
    double cube_edge_m;       /**< of a cube of the crystal's volume: L of SPOT_ISOTROPIC */
    double mosaic_spread_rad; /**< the largest of the widths */
    int64_t domain_count;
    double mosaic_width_rad[3]; /**< what the domains were made from, with the law */
    int64_t mosaic_seed;
    MosaicLaw mosaic_law;
    int64_t room;                                 /**< domains that there is memory for */
    Mat3 unturned_m;                              /**< rows a, b, c before the misset */
    bool from_matrix;                             /**< they are those of crystal.matrix, whatever crystal.cell says */
    double file_lengths_m[3], file_angles_rad[3]; /**< of the structure factors' file: the cell where none is given */
    bool domains_are_fixed; /**< in the crystal and turn with it; false: in the laboratory, nanoBragg's law */
    Mat3 *domains;          /**< [domain_count] rotations, about crystal_axes or the laboratory's axes */
} Crystal;

/** Makes the crystal.
 *  @param matrix_wavelength_m  that crystal.matrix is divided by
 *  @param reciprocal_per_m     rows a*, b*, c* instead of cell and misset; NULL: there are none
 *  @param reflections          whose cell is taken where the parameters give none, and must agree with one that they
 *                              give
 *  @return BAD_PARAMETER for an impossible cell, or none, or two; BAD_FILE; NO_MEMORY */
Status crystal_create(const Parameters *parameters, double matrix_wavelength_m, const Mat3 *reciprocal_per_m,
                      const Reflections *reflections, Crystal *crystal, Notes *notes);

/** Makes a crystal that exists anew, in its own memory where that suffices; an equal set of domains is kept. The files
 * that it was made from stay the same.
 *  @param domains     false: they are only counted */
Status crystal_change(const Parameters *parameters, const Mat3 *reciprocal_per_m, bool domains, Crystal *crystal);

/** Frees what @p crystal owns. */
void crystal_destroy(Crystal *crystal);

/** The cell of crystal.cell, with what was left out of it: b and c like a, angles of 90 degrees.
 *  @param lengths_m, angles_rad  [3] a, b, c and alpha, beta, gamma
 *  @return false when it is not given */
bool crystal_given_cell(const Parameters *parameters, double *lengths_m, double *angles_rad);

/** NanoBragg's rows a, b, c (m) of a cell in the setting of cell_reciprocal. Its c* has the z component
 *  sin(gamma) / (c sin(gamma*)) where 1/c is right, so the directions, and with them the angles, are off unless the
 * cell has a right angle in the right place; the lengths are then restored.
 *  @param star  its a*, b*, c* over those that are dual to the rows */
Status crystal_nanobragg_cell(const double *lengths_m, const double *angles_rad, Mat3 *cell_m, double *star);

/** Orthonormal axes of a lattice, as rows: along a*, across it in the plane of a* and b*, normal to that plane.
 *  @param cell_m  rows a, b, c */
Mat3 crystal_axes(Mat3 cell_m);

/** Rows a, b, c of a mosaic domain of a crystal whose rows are @p cell_m. */
Mat3 crystal_domain(const Crystal *crystal, Mat3 cell_m, int64_t domain);

/** How the spots of a shape end. */
typedef enum SpotEnd {
    SPOTS_HAVE_TAILS, /**< that carry intensity */
    SPOTS_FADE,       /**< below any bound within a short way */
    SPOTS_STOP        /**< at a sharp edge */
} SpotEnd;

/** What the list of shapes says of one. */
typedef struct ShapeFacts {
    const char *name;          /**< the word of crystal.shape */
    bool is_of_axes;           /**< F_latt is a product over a, b, c: no model, no sharpness */
    SpotEnd end;               /**< of its spots */
    bool knows_nanobraggs_law; /**< SPOT_NANOBRAGG is another model than SPOT_PER_AXIS */
} ShapeFacts;
ShapeFacts crystal_shape_facts(CrystalShape shape);

/** The law that counts for the shape of the crystal: nanoBragg's is one of few shapes, the others have SPOT_PER_AXIS.
 */
static inline SpotLaw crystal_spot_model(const Crystal *crystal) {
    const SpotLaw law = crystal->spot_law;
    switch (crystal->shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return SPOT_PER_AXIS;
#define SHAPE_OF_FORM(NAME, name, end, nanobragg)                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return (nanobragg) || law != SPOT_NANOBRAGG ? law : SPOT_PER_AXIS;
#include "parameters/shapes.def"
    }
    return law;
}

/** Checks a*, b*, c* that a file gives: they must span a lattice and, unless @p accepts_left_handed, be right-handed.
 *  @param origin  what is named in an error: a file, and a line where there is one
 *  @return BAD_FILE */
Status crystal_check_axes(Mat3 reciprocal_per_m, bool accepts_left_handed, const char *origin);

/** Checks that the edges of a cell that a file gives are within those that crystal.cell may have. @return BAD_FILE */
Status crystal_check_edges(Mat3 reciprocal_per_m, const char *origin);

#endif
