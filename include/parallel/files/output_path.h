/** @file
 *  Where the output goes: its names while it grows and when it is complete, what may be replaced, and room on the disk.
 *  For one process; no HDF5. */
#ifndef TESSERA_OUTPUT_PATH_H
#define TESSERA_OUTPUT_PATH_H

#include "base/status.h"

#include <stdbool.h>

/** Bytes of a path with its final zero. */
enum { OUTPUT_PATH_BYTES = 4096 };

/** The names of one output. Plain data. */
typedef struct OutputPath {
    char complete[OUTPUT_PATH_BYTES];    /**< as the user gave it */
    char partial[OUTPUT_PATH_BYTES];     /**< the same with ".partial" */
    char partial_new[OUTPUT_PATH_BYTES]; /**< the .partial, or what it becomes, before it is whole */
    char undo[OUTPUT_PATH_BYTES];   /**< with ".undo": what puts back the .partial of an earlier revision (undo.h) */
    char folder[OUTPUT_PATH_BYTES]; /**< of both */
} OutputPath;

/** What is to be done. */
typedef enum OutputStart {
    OUTPUT_NEW,       /**< make the .partial, in the place of one that may exist */
    OUTPUT_CONTINUED, /**< go on with the .partial */
    OUTPUT_COMPLETE   /**< the complete file is to be checked and left as it is */
} OutputStart;

/** The names that belong to @p path.
 *  @return BAD_PARAMETER when it is empty or too long */
Status output_path_create(const char *path, OutputPath *output);

/** New files need a folder that takes them.
 *  @return OUTPUT_FAILED when it is missing or cannot be written */
Status output_path_check_folder(const OutputPath *output);

/** Decides from what there is on the disk and what the user allows; changes nothing.
 *
 *  | on the disk | neither | overwrite | resume    | both      |
 *  |-------------|---------|-----------|-----------|-----------|
 *  | nothing     | new     | new       | new       | new       |
 *  | .partial    | refused | new       | continued | continued |
 *  | complete    | refused | new       | complete  | new       |
 *  | both        | refused | new       | refused   | continued |
 *
 *  @return BAD_PARAMETER when refused; OUTPUT_FAILED when the folder is missing, or it or a file to be replaced cannot
 * be written */
Status output_path_start(const OutputPath *output, bool overwrite, bool resume, OutputStart *start);

/** Checks that @p bytes fit on the file system, what a .partial holds already included, and that a file may have at
 * least
 * @p least of them (RLIMIT_FSIZE).
 *  @return OUTPUT_FAILED naming both numbers */
Status output_path_check_room(const OutputPath *output, double bytes, double least);

/** The most bytes that a file of this process may have (ulimit -f); infinite without a limit. */
double output_path_bytes_most(void);

/** Reserves the disk space of the whole .partial, so that no write into it can find the disk full.
 *  That the file system knows no reservation is no failure.
 *  @param reserved  whether it was done
 *  @return OUTPUT_FAILED when there is no room, or no quota */
Status output_path_reserve(const OutputPath *output, bool *reserved);

/** False when the .partial is another file than the open @p descriptor, or none; true when nobody can tell. */
bool output_path_holds(const OutputPath *output, int descriptor);

/** Copies the .partial to partial_new.
 *  @return OUTPUT_FAILED, NO_MEMORY; partial_new may be there all the same */
Status output_path_copy(const OutputPath *output);

/** Gives a new .partial, which is whole now, its name. One that exists is replaced when the new one is on the disk.
 *  @return OUTPUT_FAILED */
Status output_path_begin(const OutputPath *output);

/** Removes the .partial where there is one, and then what would put it back. */
Status output_path_remove_partial(const OutputPath *output);

/** Removes what would put the .partial back, where there is any, for good: past the operating system's memory; and what
 *  is not whole. */
Status output_path_remove_undo(const OutputPath *output);

/** Brings the .partial to the disk itself, past the operating system's memory. */
Status output_path_sync(const OutputPath *output);

/** Brings the names of the folder to the disk. */
Status output_path_sync_folder(const OutputPath *output);

/** Takes the final name back, so that the file can be continued. */
Status output_path_withdraw(const OutputPath *output);

/** Gives the .partial its final name.
 *  @param overwrite  false: a complete file that has appeared meanwhile is an error */
Status output_path_publish(const OutputPath *output, bool overwrite);

#endif
