/** @file
 *  What was run: the part of the file from which a run can be repeated, and by which a resume knows its file.
 *
 *  /entry/simulation holds
 *  - program, version, date, sequence_index; command_line and notes (NXnote);
 *  - parameters (NXparameters): a dataset for each row of the table, named by its public name: float64 in SI units
 *    (NaN, or -1 for an integer, where it is "auto"), or text for a choice, a text or a file; attributes `units`,
 *    `user_text`, `origin`, `given`;
 *  - input_SECTION_NAME (NXnote) for each input file: file_name, checksum, algorithm, bytes, type, and data when small;
 *  - environment, environment_2 ...: see session.h. */
#ifndef TESSERA_PROVENANCE_H
#define TESSERA_PROVENANCE_H

#include "base/build_info.h"
#include "base/sha256.h"
#include "base/status.h"
#include "parameters/file_look.h"
#include "parameters/parameters.h"
#include "plan/plan.h"
#include "team/place.h"

#include <hdf5.h>

/** An input file is copied into the output when it has fewer bytes than this. */
#define PROVENANCE_COPIED_BYTES (4 << 20)

/** Group of a merged master that holds the records of its parts; no other file has it. */
#define PROVENANCE_PARTS "/entry/simulation/parts"

enum { PROVENANCE_INPUT_NAME_BYTES = 128 };

/** One input file. Plain data. */
typedef struct InputFile {
    const Parameters *parameters; /**< that name it; NULL when it is read from a record. Borrowed */
    int row;                      /**< of the parameter table */
    const char *path;             /**< borrowed from the parameters */
    int64_t bytes;
    char checksum[SHA256_TEXT_BYTES];
} InputFile;

/** What is to be recorded. Borrows all that it points to. */
typedef struct Provenance {
    const Parameters *parameters;
    const Plan *plan;
    const Notes *notes; /**< may be NULL */
    const char *command_line;
    BuildInfo build;
    const char *kernels;         /**< names of those that render the frames, "float32, reflections" */
    Instructions instructions;   /**< of rank 0; all ranks round alike */
    bool rounds_by_instructions; /**< false where all sets of them give the same bytes */
    Range frames;                /**< absolute numbers of the file's frames */
    int ranks;
    const RankPlace *places; /**< [ranks] */
    const InputLooks *looks; /**< at the input files before they were read; NULL: nobody has looked */
    int inputs;
    InputFile input[PARAMETER_COUNT];
} Provenance;

/** The value of a row that is a choice, a text or a file, as text.
 *  @param text  [PARAMETER_TEXT_BYTES] */
void provenance_text(const Parameters *parameters, int index, char *text);

/** Name of the group in /entry/simulation that keeps the input file of a row.
 *  @param name  [PROVENANCE_INPUT_NAME_BYTES] */
void provenance_input_name(int row, char *name);

/** Digests of all input files that the parameters name.
 *  @return BAD_FILE when one cannot be read */
Status provenance_read_inputs(Provenance *provenance);

/** Writes the record into an open /entry/simulation, without any session. */
Status provenance_write(hid_t simulation, const Provenance *provenance);

/** The name under which an open group of recorded parameters, or of columns, holds a row: its own or an old one.
 *  @param name  [PARAMETER_NAME_BYTES]
 *  @return false when it has none */
bool provenance_recorded_name(hid_t group, int index, char *name);

/** Whether the row has the same value in SI units in an open group of recorded parameters. */
Status provenance_same_value(hid_t group, const Parameters *parameters, int index, bool *same);

/** In what a file differs from a record. A plain value. */
typedef struct ProvenanceDifferences {
    int count;
    char text[640]; /**< a sentence; beyond its room differences are only counted */
} ProvenanceDifferences;

/** Compares all that decides the images, frames left aside: parameters and the checksums of input files.
 *  @param here, there  follow the values of the file and of @p provenance: "in the file", "now"
 *  @return BAD_FILE when the file is damaged */
Status provenance_differences(hid_t file, const Provenance *provenance, const char *here, const char *there,
                              ProvenanceDifferences *differences);

/** Checks that an open file was begun with the same parameters, input files and frames.
 *  @param path  for messages
 *  @return BAD_PARAMETER naming every difference; BAD_FILE when the file is not one of ours or is damaged */
Status provenance_compare(hid_t file, const char *path, const Provenance *provenance);

#endif
