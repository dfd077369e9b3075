/** @file
 *  What a file of structure factors says, in any of the forms that are read: cell, symmetry, and columns of amplitudes
 *  or intensities for its Miller indices. Which column counts, and what its symmetry makes of it, is decided later. */
#ifndef TESSERA_REFLECTIONS_H
#define TESSERA_REFLECTIONS_H

#include "base/status.h"
#include "parameters/parameters.h"
#include "reflections/dispersing.h"
#include "reflections/symmetry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Largest |index| that is accepted: beyond any crystal, and safe to multiply. */
enum { MILLER_INDEX_MOST = 1 << 20, REFLECTION_LABEL_BYTES = 64 };

/** What a column holds. */
typedef enum ColumnKind { COLUMN_OTHER, COLUMN_AMPLITUDE, COLUMN_INTENSITY, COLUMN_PHASE } ColumnKind;

/** Which of a Friedel pair a column belongs to: both (h k l and -h -k -l alike), h k l, or -h -k -l. */
typedef enum FriedelSide { FRIEDEL_BOTH, FRIEDEL_PLUS, FRIEDEL_MINUS } FriedelSide;

/** One column. */
typedef struct ReflectionColumn {
    char label[REFLECTION_LABEL_BYTES];
    ColumnKind kind;
    FriedelSide side;
    bool is_calculated; /**< from a model, and said to be so */
    double cell[6];     /**< angstrom and degrees, of its dataset in an MTZ file; 0 where the file's cell is for all */
    double *values;     /**< [rows], NAN where not given; NULL for COLUMN_OTHER */
} ReflectionColumn;

/** The reflections of a file, as they stand there. Owns its arrays. */
typedef struct Reflections {
    const char *path; /**< borrowed from the parameters */
    ReflectionFormat format;
    bool has_cell;
    double lengths_m[3], angles_rad[3]; /**< a, b, c and alpha, beta, gamma, when has_cell */
    Symmetry symmetry;                  /**< of the file, or of crystal.space_group; no operations when neither says */
    char point_group[SYMMETRY_NAME_BYTES];   /**< where the file says no more than that; else "" */
    char block[REFLECTION_LABEL_BYTES];      /**< of a CIF, that is used; "" in other files */
    char blocks[REFLECTION_LABEL_BYTES * 7]; /**< all of them, those with reflections marked by a star */
    bool is_shelx_in_cif;                    /**< SHELX's lines in a text of the block */
    int columns;
    ReflectionColumn *column; /**< [columns] */
    int64_t rows, capacity;
    int32_t (*index)[3];     /**< [rows] h k l */
    int64_t *line;           /**< [rows] where in a text each stands; 0 in other files */
    const char *phase_label; /**< of the column that is read as phases in degrees; borrowed, NULL or "" for none */
    Dispersing dispersing;   /**< elements that are followed from wavelength to wavelength */
    float *form; /**< [rows][2][dispersing_values] dispersing_form of h k l and of -h -k -l, over the squares
                    of their amplitudes; NULL without such elements */
} Reflections;

/** Reads the file of crystal.structure_factors and its symmetry.
 *  @param reflections  the caller frees it, whatever is returned; without a file it is empty, and so it is for a dump,
 *                      whose grid structure_factors_create reads
 *  @param notes        what was found in the file; may be NULL
 *  @return BAD_FILE naming file and line; BAD_PARAMETER for an unknown space group; NO_MEMORY */
Status reflections_read(const Parameters *parameters, Reflections *reflections, Notes *notes);

/** Wavelengths (m) that a model is to have f' and f'' at. */
typedef struct ModelWaves {
    double mean_m, shortest_m, longest_m;
    bool frames_differ; /**< frames of a sweep have others */
} ModelWaves;

/** Structure factors of crystal.model, to crystal.resolution or as far as the detector sees: at the mean wavelength,
 *  and for the elements of crystal.anomalous_elements what they are at others.
 *  @param seen_m        smallest spacing that the detector sees
 *  @param reflections   the caller frees it, whatever is returned
 *  @param notes         what was found in the file and computed; may be NULL
 *  @return BAD_FILE naming file and line; BAD_PARAMETER; NO_MEMORY */
Status reflections_of_model(const Parameters *parameters, double seen_m, ModelWaves waves, Reflections *reflections,
                            Notes *notes);

/** The same with phases, at one wavelength: columns FC and PHIC where Friedel mates have the same amplitude, as without
 *  crystal.model_dispersion, else FC(+), PHIC(+), FC(-) and PHIC(-). */
Status reflections_of_model_with_phases(const Parameters *parameters, double seen_m, double wavelength_m,
                                        Reflections *reflections, Notes *notes);

/** Adds what depends on the wavelength to amplitudes and phases of a file, those of free atoms: with the atoms of
 *  crystal.anomalous_sites they become the amplitudes of Friedel pairs at the mean wavelength, and what they are at
 *  others. Nothing without that parameter.
 *  @param reflections  what reflections_read has read; changed
 *  @return BAD_FILE naming file and line; BAD_PARAMETER where phases or sites are missing or cells and space groups
 *          differ; NO_MEMORY */
Status reflections_add_sites(const Parameters *parameters, ModelWaves waves, Reflections *reflections, Notes *notes);

/** Frees what @p reflections own and leaves them empty. */
void reflections_free(Reflections *reflections);

/** The name of a form, "MTZ". */
const char *reflections_format_name(ReflectionFormat format);

/** Checks the crystal's cell against the one in the file, and the symmetry against the file's cell or, where it has
 * none, against the crystal's.
 *  @param lengths_m, angles_rad  [3] a, b, c and alpha, beta, gamma of the crystal
 *  @return BAD_PARAMETER naming both */
Status reflections_check_cell(const Parameters *parameters, const Reflections *reflections, const double *lengths_m,
                              const double *angles_rad);

/** The columns that are used: one, or a Friedel pair. */
typedef struct ColumnChoice {
    int plus;  /**< of h k l */
    int minus; /**< of -h -k -l, or -1 */
} ColumnChoice;

/** Chooses by @p label, or where that is "" the only column of the first kind that there is: measured amplitudes, a
 * pair of them, measured intensities, a pair of them, calculated amplitudes, calculated intensities.
 *  @return BAD_PARAMETER listing the columns when there is none of that label, or several to choose from */
Status reflections_choose(const Reflections *reflections, const char *label, ColumnChoice *choice);

/* ---- for the readers of the forms ---- */

/** Takes crystal.space_group, or what the file says: its operations, or those of its name. */
Status reflections_settle_symmetry(const Parameters *parameters, Reflections *reflections, Notes *notes);

/** Adds a column, with values when it is one of amplitudes or intensities. Before the first row. */
Status reflections_add_column(Reflections *reflections, const char *label, ColumnKind kind, FriedelSide side);

/** Adds a row whose values are not given.
 *  @param index  h k l as numbers; whole, and not beyond MILLER_INDEX_MOST, or BAD_FILE */
Status reflections_add_row(Reflections *reflections, const double *index, int64_t line);

/** Sets the value of the last row.
 *  @return BAD_FILE when it is no number, a negative amplitude, or too large */
Status reflections_set(Reflections *reflections, int column, double value);

/** "FILE:LINE", or "FILE, reflection N" where the file has no lines, for messages.
 *  @param text  [bytes] */
void reflections_place(const Reflections *reflections, int64_t row, size_t bytes, char *text);

/** Takes a cell in angstrom and degrees.
 *  @param cell  [6]
 *  @return BAD_FILE when there is no such cell */
Status reflections_set_cell(Reflections *reflections, const double *cell);

#endif
