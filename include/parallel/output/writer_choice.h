/** @file
 *  Which row of image_writer.h writes a run's images, and why. */
#ifndef TESSERA_WRITER_CHOICE_H
#define TESSERA_WRITER_CHOICE_H

#include "parameters/parameters.h"
#include "plan/plan.h"
#include "team/mpi_io.h"

/** What the choice depends on. Plain data. */
typedef struct WriterFacts {
    OutputWriter asked;
    bool has_files; /**< the file was begun with files of frames, or is to be */
    int ranks;
    bool has_mpi;            /**< this is no process alone */
    bool whole_frames;       /**< no frame is cut among ranks */
    bool is_reserved;        /**< the disk space of the images is */
    const char *file_system; /**< one that has no business with collective writing, "NFS"; NULL: any other */
    MpiIo io;
} WriterFacts;

/** The choice. Plain data. */
typedef struct WriterChoice {
    OutputWriter writer; /**< any but WRITER_AUTO */
    bool is_refused;     /**< another one was asked for */
    char reason[160];    /**< "whole frames of 4 ranks" */
} WriterChoice;

/** Frames in each file of a run that asks for such a writer; 0 where its file holds the images itself.
 *  @param given  output.frames_per_file, 0: nothing was said */
int64_t writer_frames_per_file(OutputWriter asked, int64_t given);

/** Decides. */
WriterChoice writer_choose(const WriterFacts *facts);

/** True when, for all that is known before the file is there, writer_choose may take collective writing. */
bool writer_may_be_collective(const WriterFacts *facts);

/** The hints for collective writing: those that were asked for, and two of ours beside them. Frames that are not small
 *  need no rank to gather them for others, which costs a copy and a message.
 *  @param frame_bytes  of the part of a frame that a rank writes in one piece
 *  @param hints        [MPI_HINTS_BYTES] */
void writer_hints(const char *asked, double frame_bytes, char *hints);

/** True when a plan for so many @p frames, of which a file may hold more, cuts none among ranks. */
bool writer_has_whole_frames(const Plan *plan, int64_t frames);

/** Name of the file system of @p path where collective writing is not for it, else NULL. */
const char *writer_file_system(const char *path);

#endif
