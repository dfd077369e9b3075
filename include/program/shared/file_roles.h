/** @file
 *  Which files each command reads and writes, from the table of parameters and one of the commands' arguments; and the
 *  check that none of them is written under one name and used under another. Before anything is opened for writing. */
#ifndef TESSERA_FILE_ROLES_H
#define TESSERA_FILE_ROLES_H

#include "base/file_list.h"
#include "base/status.h"
#include "parameters/parameters.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** Adds the input files that parameters name, the files that show through those, and the run file.
 *  @param run_file  or NULL
 *  @return NO_MEMORY, or BAD_FILE for what run.sandbox_inputs forbids */
Status file_roles_add_inputs(FileList *list, const Parameters *parameters, const char *run_file);

/** Checks the files of a run. Outputs that are symbolic links of the user's are given the names of the files that they
 * lead to, so that these are replaced and the links stay.
 *  @return BAD_PARAMETER */
Status file_roles_check_run(Parameters *parameters, const char *run_file);

/** Checks the files of `tessera merge`.
 *  @param output  as file_list_follow leaves it */
Status file_roles_check_merge(const char *output, char *const *parts, int count);

/** The files of `tessera export`. */
typedef struct ExportFiles {
    const char *source, *output; /**< as the user names them */
    /** Names the file of a frame; @p path has room for OUTPUT_PATH_BYTES. */
    Status (*name_of_frame)(const void *context, int64_t frame, char *path);
    const void *context;
    int64_t begin, end;
    bool has_sidecars; /**< a .json beside each */
} ExportFiles;

/** Checks the files of `tessera export`. */
Status file_roles_check_export(const ExportFiles *files);

/** Checks the files of `tessera compress`. */
Status file_roles_check_compress(const char *file);

/** Prints a line for each role: command, "read" or "written", role, and the endings of the names that are written, with
 *  tabs between. */
void file_roles_print(FILE *out);

#endif
