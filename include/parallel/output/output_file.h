/** @file
 *  What rank 0 does with the output file when no other rank has it open: before the waves it creates the file, or
 *  compares it with the run and begins a session; after them it ends the session and gives the file its name.
 *
 *  Whatever ends the process meanwhile, the .partial can be read. */
#ifndef TESSERA_OUTPUT_FILE_H
#define TESSERA_OUTPUT_FILE_H

#include "files/output_path.h"
#include "nxmx/nxmx.h"
#include "nxmx/session.h"
#include "output/frame_codec.h"
#include "output/writer.h"

/** What was found, and done. Plain data. */
typedef struct OutputPrepared {
    OutputStart start;
    int session;      /**< number of the one that was begun, from 1 */
    bool is_reserved; /**< the disk space of the whole file is */
    DataFiles files;  /**< where its images lie */
} OutputPrepared;

/** Prepares the file that the request asks for. A finished one is only compared.
 *  @return as writer_open */
Status output_file_prepare(const OutputPath *path, const NxmxContents *contents, const OutputRequest *request,
                           OutputPrepared *prepared);

/** How a session ends. Borrows all that it points to. */
typedef struct OutputEnd {
    int session, ranks;
    bool complete;             /**< every frame is */
    bool overwrite;            /**< a complete file may be replaced */
    bool has_files;            /**< images lie in files of frames, packed already */
    const Plan *plan;          /**< that was followed; may be NULL */
    const RankResult *results; /**< [ranks] */
    SessionWriter writer;      /**< for the record */
    PackMethod compression;
    int compression_level;
    const volatile int *stop; /**< gives up compressing; may be NULL */
    const char *version;      /**< of the program */
} OutputEnd;

/** Writes how the images are written into the open file of the session. Changes nothing but values. */
Status output_file_put_writer(hid_t file, const OutputEnd *end);

/** Ends the session, in a file that no rank has open. A complete file is compressed where that is wanted and gets its
 *  final name.
 *  @return as writer_close */
Status output_file_finish(const OutputPath *path, const OutputEnd *end);

/** A failure to write, or one of memory, with the file's name and what can be done; any other status as it is.
 *  @param worthless  nobody can use the file, which is removed */
Status output_file_explain(const OutputPath *path, bool worthless, Status status);

#endif
