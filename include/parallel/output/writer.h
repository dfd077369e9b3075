/** @file
 *  The NXmx file: created by rank 0, filled by all ranks, wave by wave, safe against being killed at any moment.
 *  It grows as FILE.nxs.partial: images and rows of a wave are flushed before their frames are marked complete, and no
 *  wave changes the structure of the file. */
#ifndef TESSERA_WRITER_H
#define TESSERA_WRITER_H

#include "base/build_info.h"
#include "base/status.h"
#include "base/timeline.h"
#include "model/experiment.h"
#include "nxmx/frame_record.h"
#include "parameters/file_look.h"
#include "parameters/parameters.h"
#include "plan/plan.h"
#include "team/team.h"

/** An open output file. */
typedef struct Writer Writer;

/** What the user asked of the file. */
typedef struct OutputRequest {
    const char *path;         /**< FILE.nxs; FILE.nxs.partial until it is complete. Borrowed */
    bool overwrite, resume;   /**< output_path_start says what they do, alone and together */
    bool verify;              /**< with resume: checks finished frames; damaged ones are marked absent and named */
    Notes *notes;             /**< told on rank 0: of damaged frames, of a file put back, of how images are written; may
                                   be NULL. Borrowed */
    Range frames;             /**< absolute numbers of the frames that the file holds */
    const char *command_line; /**< for the record. Borrowed */
    const InputLooks *looks;  /**< on rank 0: at the input files before they were read; may be NULL. Borrowed */
    BuildInfo build;
    int64_t frames_per_file; /**< of a new file: 0 for images in the file itself */
    OutputCompression
        compression; /**< of the images: in files of frames as they are written, else when all are complete */
    int compression_level;
    const volatile int *stop; /**< set by a signal: gives up compressing; may be NULL */
    Timeline *timeline;       /**< for the phases of writing; may be NULL. Borrowed */
} OutputRequest;

/** What one rank hands to the file in one wave. */
typedef struct WaveData {
    int64_t frames;            /**< frames in the buffers, 0 for an idle rank */
    const int64_t *slots;      /**< [frames] places in the file, ascending */
    int rectangles;            /**< 0..3, the same ones for each frame */
    Tile rectangle[3];         /**< in order of their pixels */
    Range rows;                /**< slow range that the buffers cover */
    const float *expected;     /**< [frames][rows][fast_pixels], NULL when not written */
    const int32_t *counts;     /**< the same shape, NULL when not written */
    int64_t records;           /**< records that this rank brings (the first member of each group) */
    const FrameRecord *record; /**< [records] */
} WaveData;

/** Creates or reopens the file. Collective.
 *  @param plan      for the record; what follows from the states of the frames may still be unknown
 *  @param notes     for the record; may be NULL
 *  @param writer    the caller closes it; NULL when @p complete
 *  @param complete  the file was already complete and --resume was given: there is nothing to do
 *  @return BAD_PARAMETER when the output or its .partial exists and neither overwrite nor resume was given, or when it
 *          was made by other parameters, inputs or frames (named); BAD_FILE when it is not one of ours; OUTPUT_FAILED
 *          when it cannot be written or the disk has no room. Then nothing on the disk has changed */
Status writer_open(Team team, const Parameters *parameters, const Experiment *experiment, const Plan *plan,
                   const Notes *notes, OutputRequest request, Writer **writer, bool *complete);

/** State of every frame of the file, [frames], the same on every rank. Borrowed until the writer is closed. */
const uint8_t *writer_states(const Writer *writer);

/** True when the images lie in files of frames, which become whole one after the other. The same on every rank. */
bool writer_has_data_files(const Writer *writer);

/** True when the images go through collective calls of parallel HDF5. The same on every rank. */
bool writer_is_collective(const Writer *writer);

/** A finished frame of a file in which another revision of the program may have rendered frames: a run that goes on
 * renders it again, and must get the same bytes. Plain data. */
typedef struct WriterWitness {
    bool is_wanted;
    int64_t slot;      /**< place in the file */
    uint32_t crc32;    /**< of its bytes */
    char revision[64]; /**< the other one */
} WriterWitness;

/** The same on every rank. */
WriterWitness writer_witness(const Writer *writer);

/** Settles the wave before and starts to write this one, beside what the caller computes next. Collective.
 *  @param wave  its images must stay as they are until the next writer_write, writer_settle or writer_close
 *  @return OUTPUT_FAILED when the disk is full and the like; the frames of earlier waves are safe */
Status writer_write(Writer *writer, const WaveData *wave);

/** Waits until the images of the wave are written, then writes its rows, flushes, marks its frames as complete and
 *  flushes; does nothing when that is done already. Collective.
 *  @return as writer_write */
Status writer_settle(Writer *writer);

/** Asked on rank 0 while missing frames are filled: true to go on. */
typedef struct Patience {
    bool (*has_time)(void *context); /**< NULL: always */
    void *context;
} Patience;

/** Settles the last wave, closes the file and leaves NULL; when @p finished and every frame is complete, adds the end
 * time, brings the file to the disk and gives it its final name. Otherwise it writes -1 to missing frames, which
 * readers would take for zeros, as long as @p patience lasts, and leaves the .partial; a new one in which no frame is
 * complete is removed. Accepts NULL. Collective. Where the file is to be compressed, rank 0 does that before the final
 * name; what stops it leaves the .partial whole.
 *  @param plan  the plan that was followed, for the record; NULL: that of writer_open
 *  @return INTERRUPTED when a signal stopped the compression, OUTPUT_FAILED */
Status writer_close(Writer **writer, bool finished, const Plan *plan, RankRecord mine, Patience patience);

/** Closes the file as it is (but for HDF5's mark that it is open) and leaves NULL: it belongs to another job now.
 * Accepts NULL. */
void writer_abandon(Writer **writer);

#endif
