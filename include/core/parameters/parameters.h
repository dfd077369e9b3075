/** @file
 *  All that a user can set, made from the one table parameters.def: storage, parsing, units, ranges, help and record.
 */
#ifndef TESSERA_PARAMETERS_H
#define TESSERA_PARAMETERS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of the text of one value, of a file's name and of an origin, each with its final zero. */
enum {
    PARAMETER_TEXT_BYTES = 1024,
    PARAMETER_ORIGIN_BYTES = 256,
    PARAMETER_NAME_BYTES = 64,
    PARAMETER_VALUES_MOST = 6
};

/** The kinds of rows. */
typedef enum ParameterType {
    PARAMETER_TYPE_REAL,    /**< one or several doubles; NAN where "auto" */
    PARAMETER_TYPE_INTEGER, /**< one or several int64_t; PARAMETER_AUTO where "auto" */
    PARAMETER_TYPE_BOOLEAN, /**< bool */
    PARAMETER_TYPE_CHOICE,  /**< int: index of the word in the row's list, the enumerators below */
    PARAMETER_TYPE_TEXT,    /**< char[PARAMETER_TEXT_BYTES] */
    PARAMETER_TYPE_FILE     /**< the same, naming a file that is read */
} ParameterType;

/** An integer whose value is "auto". */
#define PARAMETER_AUTO (-1)

/** Parts of an experiment, as bits. */
typedef enum ParameterPart {
    PART_AXES = 1 << 0,          /**< the laboratory's */
    PART_SOURCES = 1 << 1,       /**< wavelengths and directions of the beam */
    PART_WAVELENGTHS = 1 << 2,   /**< the wavelengths alone */
    PART_FLUENCE = 1 << 3,       /**< photons for each area */
    PART_POLARIZATION = 1 << 4,  /**< of the beam */
    PART_LATTICE = 1 << 5,       /**< cell and orientation */
    PART_EXTENT = 1 << 6,        /**< number of cells */
    PART_SHAPE = 1 << 7,         /**< of crystal and spots */
    PART_DOMAINS = 1 << 8,       /**< of the mosaic */
    PART_FACTORS = 1 << 9,       /**< structure factors as their file gives them */
    PART_FACTOR_SCALE = 1 << 10, /**< what is made of them */
    PART_GEOMETRY = 1 << 11,     /**< where the pixels are */
    PART_PIXELS = 1 << 12,       /**< which there are, and the solid angle of each */
    PART_SENSOR = 1 << 13,       /**< what absorbs the photons */
    PART_SIGNAL = 1 << 14,       /**< from photons to counts */
    PART_BACKGROUND = 1 << 15,   /**< amorphous material */
    PART_SAMPLING = 1 << 16,     /**< sub-pixels, spindle angles, what is skipped */
    PART_SWEEP = 1 << 17,        /**< which frames there are */
    PART_ARITHMETIC = 1 << 18,   /**< the precision of a step */
    PART_IMAGES = 1 << 19,       /**< which images of a frame are kept */
    PART_OUTPUT = 1 << 20,       /**< other files */
    PART_RUN = 1 << 21           /**< how it is computed, which no image shows */
} ParameterPart;

/** What a parameter needs in order to matter: the rows of parameter_needs.def. */
typedef enum ParameterNeed {
    NEED_ALWAYS, /**< nothing: it always matters */
#define NEED(name, ...) NEED_##name,
#include "parameters/parameter_needs.def"
#undef NEED
    NEEDS
} ParameterNeed;

/** The file that a parameter names, where it is one that is written. */
typedef enum ParameterFile {
    FILE_NONE,
    FILE_REPLACED, /**< it names none, and lets one be replaced */
    FILE_NXMX,
    FILE_PIXEL_TRACE,
    FILE_TIMELINE,
    FILE_FLOAT, /**< these are nanoBragg's */
    FILE_INT,
    FILE_NOISE,
    FILE_PGM,
    FILE_DUMP,
    FILE_YAML,
    FILES
} ParameterFile;

/** What nanoBragg does with two values for one thing: the second of the two counts, or the later one; or it uses both,
 *  and images are made from both, from the one that the pivot needs, or from the second where it has all pixels; or it
 *  has no such thing as the first, so that both are a fault there too. */
typedef enum RivalRule {
    RIVAL_SECOND,
    RIVAL_LATER,
    RIVAL_TOGETHER,
    RIVAL_BY_PIVOT,
    RIVAL_BY_PIXELS,
    RIVAL_FAULT
} RivalRule;

/** Another parameter that says the same. */
typedef struct Rival {
    int row;
    RivalRule nanobragg;
    bool only_in_sweep; /**< a fault only where a sweep varies one of them */
    bool whole;         /**< no fault while the other has a value of auto */
    int beside;         /**< no fault for nanoBragg's laws where this row has a value; 0: none */
    const char *what;   /**< both say; NULL behind the last one of a list */
} Rival;

/** Most rivals in one row, and the end of their list. */
enum { RIVALS_MOST = 24 };

/** A range of what experiments have, in the user's unit. */
typedef struct PlausibleRange {
    double least, greatest; /**< both 0: there is none */
} PlausibleRange;

typedef struct Parameters Parameters;

/** One row of the table, as text for people and as places for the machine. All pointers are to constants. The columns
 *  from `enters` on are explained at the head of parameters.def. */
typedef struct ParameterRow {
    const char *section, *name, *public_name; /**< public_name is "section.name" */
    ParameterType type;
    int count, least_count;   /**< number of values, and the fewest that a user may give */
    const char *unit;         /**< of the user's number, or one for each value with commas between */
    const char *default_text; /**< as a user would write it */
    double least, greatest;   /**< range of a number in the user's unit */
    const char *choices;      /**< words with blanks between */
    const char *nanobragg, *nanobragg_default, *help;
    const char *also_called; /**< NULL: nothing; words, with blanks between, for which a message proposes this row */
    const char *old_names;   /**< NULL: none; names in the same section, with blanks between, that are still read */
    const char *old_words;   /**< NULL: none; "old=new" with blanks between */
    size_t offset;           /**< of the field in Parameters */
    unsigned enters;         /**< bits of ParameterPart */
    bool varies;
    ParameterNeed need;
    bool has_nothing;
    double nothing;      /**< the value that asks for nothing, where has_nothing */
    const Rival *rivals; /**< NULL: none */
    PlausibleRange plausible[2];
    const char *header; /**< NULL: none; keys with blanks between */
    bool header_of_two;
    const char *short_forms; /**< NULL: none; with blanks between */
    int only_in;             /**< a SweepKind; 0: any */
    bool holds_values, orients, kept_in_run_file;
    ParameterFile writes;
    const char *below;               /**< NULL: none */
    ParameterNeed nanobragg_differs; /**< NEED_ALWAYS: as `need` */
    const char *before;              /**< NULL: the default */
    bool (*before_matters)(const Parameters *parameters);
} ParameterRow;

/** What was said of one row: the user's text is kept for the record beside the value in SI units. */
typedef struct ParameterState {
    bool given;                          /**< set by the user, not a default */
    bool from_run_file;                  /**< by a run file */
    char text[PARAMETER_TEXT_BYTES];     /**< as the user wrote it */
    char origin[PARAMETER_ORIGIN_BYTES]; /**< "default", "command line" or "FILE:LINE", and ", as OLD_NAME=OLD_WORD" */
} ParameterState;

/* The words of the choices, in the order of their rows. */
typedef enum SamplingLaw { LAW_MIDPOINT, LAW_ENDPOINTS } SamplingLaw;
typedef enum PhiLaw { PHI_MIDPOINT, PHI_LEFT_EDGE } PhiLaw;
typedef enum AutomaticLaw { AUTOMATIC_BOUNDED, AUTOMATIC_NANOBRAGG } AutomaticLaw;
typedef enum DivergenceShape { DIVERGENCE_ROUND, DIVERGENCE_SQUARE } DivergenceShape;
typedef enum CellLaw { CELL_EXACT, CELL_NANOBRAGG } CellLaw;
typedef enum MissetLaw { MISSET_UNIFORM, MISSET_NANOBRAGG } MissetLaw;
typedef enum CrystalShape {
#define SHAPE_OF_AXES(NAME, name) SHAPE_##NAME,
#define SHAPE_OF_FORM(NAME, name, ...) SHAPE_##NAME,
#include "parameters/shapes.def"
} CrystalShape;
typedef enum LeftHanded { LEFT_HANDED_ERROR, LEFT_HANDED_ACCEPT } LeftHanded;
typedef enum SpotLaw { SPOT_PER_AXIS, SPOT_NANOBRAGG, SPOT_ISOTROPIC } SpotLaw;
typedef enum ReflectionFormat {
    REFLECTIONS_AUTO,
    REFLECTIONS_HKL,
    REFLECTIONS_MTZ,
    REFLECTIONS_CIF,
    REFLECTIONS_SHELX,
    REFLECTIONS_DUMP,     /* not a word of the row: told by its contents alone */
    REFLECTIONS_MODEL,    /* likewise: of crystal.model */
    REFLECTIONS_CRYSTFEL, /* these are told by their heads */
    REFLECTIONS_XDS,
    REFLECTIONS_SCALEPACK,
    REFLECTIONS_MCSTAS
} ReflectionFormat;
typedef enum Duplicates { DUPLICATES_ERROR, DUPLICATES_MEAN } Duplicates;
typedef enum MosaicLaw { MOSAIC_GAUSSIAN, MOSAIC_CAP, MOSAIC_NANOBRAGG } MosaicLaw;
typedef enum Interpolation { INTERPOLATE_AUTO, INTERPOLATE_ON, INTERPOLATE_OFF } Interpolation;
typedef enum Convention {
    CONVENTION_MOSFLM,
    CONVENTION_DENZO,
    CONVENTION_ADXV,
    CONVENTION_XDS,
    CONVENTION_DIALS,
    CONVENTION_CUSTOM
} Convention;
typedef enum ClosestLaw { CLOSEST_BEAM, CLOSEST_MIDDLE } ClosestLaw;
typedef enum PanelAxes { PANEL_AXES_ORTHOGONAL, PANEL_AXES_EXACT } PanelAxes;
typedef enum Pivot { PIVOT_AUTO, PIVOT_BEAM, PIVOT_SAMPLE } Pivot;
typedef enum DepthLaw { DEPTH_ABSORPTION, DEPTH_FRONT } DepthLaw;
typedef enum MaskValues { MASK_AUTO, MASK_GOOD, MASK_BAD, MASK_SIGNED } MaskValues;
typedef enum PointSpreadKind { PSF_NONE, PSF_GAUSS, PSF_FIBER } PointSpreadKind;
typedef enum BackgroundAxis { AXIS_STOL, AXIS_4STOL, AXIS_Q } BackgroundAxis;
typedef enum SweepKind { SWEEP_STILL, SWEEP_ROTATION, SWEEP_RANDOM, SWEEP_GRID, SWEEP_LIST, SWEEP_MATRIX } SweepKind;
typedef enum PointGroup {
    POINT_GROUP_1,
    POINT_GROUP_2,
    POINT_GROUP_3,
    POINT_GROUP_4,
    POINT_GROUP_6,
    POINT_GROUP_222,
    POINT_GROUP_32,
    POINT_GROUP_422,
    POINT_GROUP_622,
    POINT_GROUP_23,
    POINT_GROUP_432
} PointGroup;
typedef enum OutputImages { IMAGES_EXPECTED, IMAGES_COUNTS, IMAGES_BOTH } OutputImages;
typedef enum OutputWriter { WRITER_AUTO, WRITER_COLLECTIVE, WRITER_DIRECT, WRITER_FILES } OutputWriter;
typedef enum OutputCompression { COMPRESSION_NONE, COMPRESSION_DEFLATE, COMPRESSION_BITSHUFFLE } OutputCompression;
typedef enum Emptiness { EMPTY_REFUSE, EMPTY_ACCEPT } Emptiness;
typedef enum Instructions { INSTRUCTIONS_AUTO, INSTRUCTIONS_PORTABLE, INSTRUCTIONS_V3, INSTRUCTIONS_V4 } Instructions;
typedef enum DeviceWish { DEVICE_AUTO, DEVICE_NONE, DEVICE_REQUIRED } DeviceWish;
typedef enum Precision { PRECISION_AUTO, PRECISION_FLOAT64, PRECISION_FLOAT32 } Precision;
typedef enum Verbosity { VERBOSITY_NORMAL, VERBOSITY_QUIET, VERBOSITY_VERBOSE } Verbosity;
typedef enum ProgressKind { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_LINES, PROGRESS_NONE } ProgressKind;

/** Number of rows of the table. */
enum {
#define PARAMETER_REAL(section, name, ...) PARAMETER_INDEX_##section##_##name,
#define PARAMETER_REALS(section, name, ...) PARAMETER_INDEX_##section##_##name,
#define PARAMETER_INTEGER(section, name, ...) PARAMETER_INDEX_##section##_##name,
#define PARAMETER_INTEGERS(section, name, ...) PARAMETER_INDEX_##section##_##name,
#define PARAMETER_BOOLEAN(section, name, ...) PARAMETER_INDEX_##section##_##name,
#define PARAMETER_CHOICE(section, name, ...) PARAMETER_INDEX_##section##_##name,
#define PARAMETER_TEXT(section, name, ...) PARAMETER_INDEX_##section##_##name,
#define PARAMETER_FILE(section, name, ...) PARAMETER_INDEX_##section##_##name,
#include "parameters/parameters.def"
#undef PARAMETER_REAL
#undef PARAMETER_REALS
#undef PARAMETER_INTEGER
#undef PARAMETER_INTEGERS
#undef PARAMETER_BOOLEAN
#undef PARAMETER_CHOICE
#undef PARAMETER_TEXT
#undef PARAMETER_FILE
    PARAMETER_COUNT
};

/** Index of a row by its section and name, for parameters_is_given and the like. */
#define PARAMETER(section, name) PARAMETER_INDEX_##section##_##name

/** The value of every row in SI units, and what the user said. Plain data: it can be copied and sent as bytes. */
struct Parameters {
#define PARAMETER_REAL(section, name, field, ...) double section##_##field;
#define PARAMETER_REALS(section, name, field, count, ...) double section##_##field[count];
#define PARAMETER_INTEGER(section, name, field, ...) int64_t section##_##field;
#define PARAMETER_INTEGERS(section, name, field, count, ...) int64_t section##_##field[count];
#define PARAMETER_BOOLEAN(section, name, field, ...) bool section##_##field;
#define PARAMETER_CHOICE(section, name, field, ...) int section##_##field;
#define PARAMETER_TEXT(section, name, field, ...) char section##_##field[PARAMETER_TEXT_BYTES];
#define PARAMETER_FILE(section, name, field, ...) char section##_##field[PARAMETER_TEXT_BYTES];
#include "parameters/parameters.def"
#undef PARAMETER_REAL
#undef PARAMETER_REALS
#undef PARAMETER_INTEGER
#undef PARAMETER_INTEGERS
#undef PARAMETER_BOOLEAN
#undef PARAMETER_CHOICE
#undef PARAMETER_TEXT
#undef PARAMETER_FILE
    ParameterState state[PARAMETER_COUNT];
    bool of_nanobragg;                          /**< options of `tessera nanobragg`, whose rules count */
    char run_file_folder[PARAMETER_TEXT_BYTES]; /**< of the run file, from which its files count; "" without one */
};

/** Allocates parameters with every default. The caller destroys them. */
Status parameters_create(Parameters **parameters);

/** Frees @p parameters, which may be NULL, and leaves NULL. */
void parameters_destroy(Parameters **parameters);

/** Makes a row "not given", with its default. */
Status parameters_unset(Parameters *parameters, int index);

/** Takes nanoBragg's defaults for all rows that have one and are not given, and its rules. */
Status parameters_use_nanobragg_defaults(Parameters *parameters);

/** Takes nanoBragg's defaults for what decides the image and is not given; its rules for everything else do not count.
 */
Status parameters_use_nanobragg_laws(Parameters *parameters);

/** Row @p index of the table, 0 <= index < PARAMETER_COUNT. */
const ParameterRow *parameters_row(int index);

/** Name @p which of a row: 0 its public name, then those that it had before.
 *  @param name  [PARAMETER_NAME_BYTES]
 *  @return false when it has no more */
bool parameters_name(int index, int which, char *name);

/** What the user called a row: its public name, or an old one that was given.
 *  @param name  [PARAMETER_NAME_BYTES] */
void parameters_called(const Parameters *parameters, int index, char *name);

/** Index of the row that has, or had, that public name ("detector.distance"), or -1. */
int parameters_find(const char *public_name);

/** A row's text with names and words as they are now, where it has old ones; else as it is.
 *  @param current  [PARAMETER_TEXT_BYTES] */
void parameters_current_text(int index, const char *text, char *current);

/** The public name nearest to @p public_name, which may lack the section, or NULL when none is near. */
const char *parameters_nearest(const char *public_name);

/** The end of a message about a section that does not exist: the nearest one, or where to look.
 *  @param remedy  [TEXT_REMEDY_BYTES] */
void parameters_section_remedy(const char *section, char *remedy);

/** Sets a row from the user's text, by its name or an old one, which errors and the origin then say: "100", "100mm"
 * (the unit may follow the number), "5,5,5", "auto", a word.
 *  @param origin  what is named in an error: "command line" or "FILE:LINE"
 *  @return BAD_PARAMETER for an unknown name (with a suggestion), a value of the wrong form, unit or range, or
 *          another name of a row that the same origin gave */
Status parameters_set(Parameters *parameters, const char *public_name, const char *text, const char *origin);

/** Sets value @p component of a list and leaves the others; otherwise like parameters_set. */
Status parameters_set_component(Parameters *parameters, int index, int component, const char *text, const char *origin);

/** True when the user set that row; index by PARAMETER(section, name). */
bool parameters_is_given(const Parameters *parameters, int index);

/** True when nobody gave that row, or gave it its default. */
bool parameters_is_default(const Parameters *parameters, int index);

/** True when that row decides what the image is, false when it only says how it is computed or kept. */
bool parameters_row_decides_image(const ParameterRow *row);

/** Finds a row, or one value of it, by the name in a list or matrix: "crystal.cells", "crystal.cells[0]".
 *  @param component  place of the value, or -1 for the whole row
 *  @return BAD_PARAMETER for a name that is unknown (with a suggestion) or may not vary */
Status parameters_find_value(const char *name, const char *origin, int *index, int *component);

/** Reads one number or word as parameters_set does, into a double: SI value, NAN or PARAMETER_AUTO for "auto", 0 or 1,
 *  or the index of a word. With @p component -1 the value must be able to stand for the whole row.
 *  @param name  what the user calls it, for errors */
Status parameters_read_value(const char *name, int index, int component, const char *text, const char *origin,
                             double *value);

/** Sets a row, or one value of it, to what parameters_read_value has read. */
void parameters_put_value(Parameters *parameters, int index, int component, double value);

/** Writes the SI values of a row as doubles: lists as they are, a boolean as 0 or 1, a choice as its index, a text as
 *  nothing.
 *  @param values  [PARAMETER_VALUES_MOST]
 *  @return number of values written */
int parameters_values(const Parameters *parameters, int index, double *values);

/** SI units in one unit of the user's number of value @p component of a row (-1: the first). */
double parameters_si_factor(const ParameterRow *row, int component);

/** The SI unit of value @p component of a row, "" where it has none. */
const char *parameters_si_unit(const ParameterRow *row, int component);

/** Length of the word in a blank-separated list that starts at @p word. Helper for walking choices and options. */
size_t parameters_word_length(const char *word);

#endif
