/** @file
 *  Which frames there are, and what each of them changes: orientation, values of parameters, crystals, spectrum. All of
 *  it is a function of (sweep, frame, crystal of the frame) alone. */
#ifndef TESSERA_SWEEP_H
#define TESSERA_SWEEP_H

#include "base/status.h"
#include "base/text.h"
#include "base/vector.h"
#include "model/orientation_grid.h"
#include "parameters/parameters.h"

/** Most values that a list or matrix sets in a frame, and draws of a frame. */
enum { SWEEP_COLUMNS_MOST = 64, SWEEP_DRAWS_MOST = 32 };

/** Most frames of a sweep, as of sweep.count, and most of one whose frames differ in more than orientation. */
enum { SWEEP_FRAMES_MOST = 1000000000, SWEEP_VARIED_FRAMES_MOST = 10000000 };

/** Energies of a spectrum, as of beam.energy. */
enum { SPECTRUM_EV_LEAST = 1, SPECTRUM_EV_MOST = 1000000000 };

/** A row of the parameter table, or one value of it. */
typedef struct SweepColumn {
    int row, component; /**< component -1: the whole row */
} SweepColumn;

/** How the orientation of a crystal is listed. */
typedef enum ListedOrientation { LISTED_NONE, LISTED_QUATERNION, LISTED_UB } ListedOrientation;

/** The rows of a list, a crystal each: values of the columns, then 4 of a unit quaternion or 9 of [a* b* c*] (1/m, row
 *  by row, a* b* c* being columns), then the weight. */
typedef struct SweepTable {
    ListedOrientation orientation;
    bool weighted;
    bool crowded;          /**< some frame has several crystals */
    int64_t stride;        /**< values of a row */
    int64_t rows_at;       /**< place of the rows in the block */
    int64_t first_at;      /**< of [frames + 1] first rows of the frames; not used unless crowded */
    int64_t most_crystals; /**< in a frame; of random orientations each frame has so many */
} SweepTable;

typedef enum DrawLaw { DRAW_UNIFORM, DRAW_NORMAL, DRAW_LOGNORMAL, DRAW_SAME } DrawLaw;

/** A random value; a and b are SI, but for the rms of a logarithm. */
typedef struct SweepDraw {
    SweepColumn column;
    DrawLaw law;
    int source; /**< of DRAW_SAME: the value before it that it is equal to */
    double a, b;
    double least, greatest; /**< what the parameter accepts: beyond it another value is drawn */
} SweepDraw;

/** A spectrum of so many lines; rows 0: none, 1: the same for all frames. */
typedef struct SweepSpectrum {
    int64_t rows, lines;
    int64_t wavelengths_at; /**< place of [lines] wavelengths (m) in the block */
    int64_t weights_at;     /**< place of [rows][lines] floats in the block */
} SweepSpectrum;

/** The frames. Plain data but for the block, which holds all arrays. */
typedef struct Sweep {
    SweepKind kind;
    int64_t count;
    double start_rad, width_rad;
    uint64_t seed;
    OrientationGrid grid;
    Mat3 grid_from_crystal, grid_to_laboratory; /**< rotations around those of the grid */
    bool accepts_left_handed;                   /**< axes in a list */
    int columns;                                /**< of the list or matrix */
    SweepColumn column[SWEEP_COLUMNS_MOST];
    SweepTable table;
    int64_t axis_length[SWEEP_COLUMNS_MOST], axis_at[SWEEP_COLUMNS_MOST]; /**< of a matrix */
    int draws;
    SweepDraw draw[SWEEP_DRAWS_MOST];
    SweepSpectrum spectrum;
    int64_t block_length; /**< in doubles */
    double *block;        /**< borrowed where owned_block is NULL */
    double *owned_block;
} Sweep;

/** Rows of cells, as text, from whatever kind of file. */
typedef struct ListSource {
    const char *path; /**< for messages; borrowed */
    void *context;
    LineReader *reader;                  /**< of text; else NULL */
    char origin[PARAMETER_ORIGIN_BYTES]; /**< where the names of the columns stand */
    int columns;
    /** of each column; a unit of "" is that of the table of parameters, or for ub_ 1/A */
    char name[SWEEP_COLUMNS_MOST][64], unit[SWEEP_COLUMNS_MOST][32];
    /** The next row. @p cells [columns]; @p origin [PARAMETER_ORIGIN_BYTES] says where it stands */
    Status (*next)(void *context, char (*cells)[64], char *origin, bool *found);
} ListSource;

/** A spectrum that was read. Owns both arrays: spectrum_table_free. */
typedef struct SpectrumTable {
    int64_t rows, lines;   /**< rows 1: the same for all frames */
    double *wavelengths_m; /**< [lines] */
    float *weights;        /**< [rows][lines] */
} SpectrumTable;

/** What was read by somebody who knows the format; NULL: it is read here, as text. */
typedef struct SweepInputs {
    ListSource *list;
    const SpectrumTable *spectrum;
} SweepInputs;

/** Reads and checks what the section sweep, and beam.spectrum, say.
 *  @return BAD_PARAMETER or BAD_FILE naming file and line, NO_MEMORY. In any case the caller destroys @p sweep */
Status sweep_create(const Parameters *parameters, const SweepInputs *inputs, Sweep *sweep);

/** Frees the block where it is owned. */
void sweep_destroy(Sweep *sweep);

/** Completes a grid, whose rotations are about the axes of a crystal.
 *  @param cell_m  rows a, b, c of the crystal
 *  @param beam, across  unit vectors in the laboratory: the axis of a grid's turns, and one across it */
void sweep_align_grid(Sweep *sweep, Mat3 cell_m, Vec3 beam, Vec3 across);

/** Number of crystals in a frame. */
int64_t sweep_crystals(const Sweep *sweep, int64_t frame);

/** True when frames differ in more than their orientation. */
bool sweep_varies(const Sweep *sweep);

/** Number of values that differ from frame to frame: the columns, then the draws. */
int sweep_values(const Sweep *sweep);

/** The row, or part of it, that value @p index sets. */
SweepColumn sweep_column(const Sweep *sweep, int index);

/** The values (SI) of one crystal of a frame.
 *  @param values  [sweep_values] */
void sweep_set_values(const Sweep *sweep, int64_t frame, int64_t crystal, double *values);

/** Rotation of one crystal of a frame, after the misset and before phi. */
Mat3 sweep_orientation(const Sweep *sweep, int64_t frame, int64_t crystal);

/** Rows a*, b*, c* (1/m) of a listed matrix. False when none is listed. */
bool sweep_reciprocal(const Sweep *sweep, int64_t frame, int64_t crystal, Mat3 *reciprocal_per_m);

/** Factor on the photons of one crystal of a frame. */
double sweep_weight(const Sweep *sweep, int64_t frame, int64_t crystal);

/** The spectrum's wavelengths (m), NULL without one, and the weights of a frame. Borrowed. */
const double *sweep_wavelengths(const Sweep *sweep);
const float *sweep_weights(const Sweep *sweep, int64_t frame);

/** Turns a position of a spectrum into a wavelength.
 *  @param where   file and line, or dataset, for messages
 *  @param unit    of energy or wavelength, as the file calls it; "" for none: eV, if that can be
 *  @return BAD_FILE for a unit that is not known and a value that is out of range or, without a unit, no X-ray's energy
 */
Status spectrum_wavelength(const char *where, const char *unit, double value, double *wavelength_m);

/** Frees what was read. */
void spectrum_table_free(SpectrumTable *table);

/** Turns a list into a source of rows.
 *  @param contents  text of a CSV file, which must outlive @p source; `#` begins a comment
 *  @param reader    where the source keeps its place */
Status list_source_of_text(LineReader *reader, ListSource *source);

/** Reads the rows of @p source into the sweep. */
Status sweep_read_list(ListSource *source, Sweep *sweep);

/** Reads sweep.matrix and sweep.draw. */
Status sweep_read_matrix(const Parameters *parameters, Sweep *sweep);
Status sweep_read_draws(const Parameters *parameters, Sweep *sweep);

/** True when sweep.matrix (of a sweep of that kind) or sweep.draw names that row or a value of it. */
bool sweep_text_names(const Parameters *parameters, int row);

/** Makes the block longer.
 *  @param at  place of the new values */
Status sweep_extend(Sweep *sweep, int64_t values, int64_t *at);

#endif
