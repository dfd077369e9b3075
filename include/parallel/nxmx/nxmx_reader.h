/** @file
 *  Reads back what the NXmx file says of itself: parameters, inputs, sessions, parts and the state of every frame.
 *  For one process. */
#ifndef TESSERA_NXMX_READER_H
#define TESSERA_NXMX_READER_H

#include "base/clocks.h"
#include "base/status.h"
#include "base/tile.h"
#include "files/output_path.h"
#include "nxmx/provenance.h"
#include "parameters/parameters.h"

#include <hdf5.h>

/** The frames of a file. Owns its lists: nxmx_frames_free frees them. */
typedef struct NxmxFrames {
    Range range;          /**< absolute numbers */
    int64_t sweep_frames; /**< of the whole sweep */
    int64_t slow_pixels, fast_pixels;
    bool counts; /**< the main images are counts, else expected photons */
    bool twin;   /**< expected photons lie beside them */
    bool merged; /**< the file was merged from parts */
    int64_t complete;
    uint8_t *states; /**< [frames] FrameState */
    uint32_t *crc32; /**< [frames] of the main images */
} NxmxFrames;

/** Bytes of a short text of the record and of a command line, each with its final zero. */
enum { NXMX_WORD_BYTES = 128, NXMX_LINE_BYTES = 4096 };

/** One start of the program. Plain data; what was not recorded is "". */
typedef struct NxmxSession {
    int index;
    char start_time[CLOCKS_UTC_BYTES], end_time[CLOCKS_UTC_BYTES];
    char version[NXMX_WORD_BYTES], git_hash[NXMX_WORD_BYTES], compiler[NXMX_WORD_BYTES];
    char kernels[NXMX_WORD_BYTES], kernel_instructions[NXMX_WORD_BYTES], hostname[NXMX_WORD_BYTES];
    char slurm_job_id[NXMX_WORD_BYTES], slurm_array_task_id[NXMX_WORD_BYTES];
    char command_line[NXMX_LINE_BYTES];
    int32_t ranks, threads;
} NxmxSession;

/** A part of a merged master. Plain data. */
typedef struct NxmxPart {
    char file_name[OUTPUT_PATH_BYTES]; /**< as seen from the folder of the master */
    Range range;                       /**< absolute numbers of its frames */
    int64_t complete;                  /**< when it was merged */
} NxmxPart;

/** Opens a file that tessera wrote for reading.
 *  @return BAD_FILE naming it when it is missing, damaged or something else; the caller closes it otherwise */
Status nxmx_open(const char *path, hid_t *file);

/** Reads the frames of an open file. Those whose data files are missing or damaged are absent.
 *  @param notes  told which files these are; may be NULL
 *  @return BAD_FILE when they are damaged */
Status nxmx_read_frames(hid_t file, const char *path, Notes *notes, NxmxFrames *frames);

/** Frees the lists; accepts frames without any. */
void nxmx_frames_free(NxmxFrames *frames);

/** The next run of frames, from place @p from on, that are complete, or with @p complete false are not; empty at the
 *  end.
 *  @param states  [count] */
Range nxmx_next_run(const uint8_t *states, int64_t count, int64_t from, bool complete);

/** Reads the parameters with the user's text and origin of each. The caller destroys them.
 *  @return BAD_FILE when this version of the program does not understand a value of the file in the same way */
Status nxmx_read_parameters(hid_t file, const char *path, Parameters **parameters);

/** Reads the list of input files into @p provenance, whose parameters are those of the file. */
Status nxmx_read_inputs(hid_t file, Provenance *provenance);

/** Reads session @p index, from 1, of an open group that holds environment, environment_2 ...
 *  @param found  false after the last one */
Status nxmx_read_session(hid_t group, int index, NxmxSession *session, bool *found);

/** Number of parts of a merged master, 0 for other files. */
int nxmx_parts(hid_t file);

/** Name of the group of part @p index, from 1, in PROVENANCE_PARTS.
 *  @param name  [NXMX_WORD_BYTES] */
void nxmx_part_name(int index, char *name);

/** Reads part @p index, from 1. */
Status nxmx_read_part(hid_t file, int index, NxmxPart *part);

/** Compares the images of all complete frames with their CRC-32.
 *  @param damaged  [frames] set to 1 where they differ, else to 0
 *  @return BAD_FILE when images cannot be read */
Status nxmx_verify(hid_t file, const char *path, const NxmxFrames *frames, uint8_t *damaged);

#endif
