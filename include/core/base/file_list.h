/** @file
 *  The files that a command reads and writes, as one list: no file may be written that the command reads or writes
 * under another name. Files that exist are told by device and inode, so that links and spellings do not matter; others
 * by their folder and name. */
#ifndef TESSERA_FILE_LIST_H
#define TESSERA_FILE_LIST_H

#include "base/status.h"

#include <stddef.h>

/** One file of the list. */
typedef struct NamedFile NamedFile;

/** A list, empty where it is zero. file_list_free frees it. */
typedef struct FileList {
    NamedFile *file;
    size_t count, room;
    int owners; /* calls that added files: those of one call belong together and are not compared */
} FileList;

/** Adds a file that is read.
 *  @param role  what it is to the user: "crystal.matrix"; copied, as is @p path
 *  @return NO_MEMORY */
Status file_list_add_read(FileList *list, const char *role, const char *path);

/** Adds the files that are made for one name; none for a device like /dev/null.
 *  @param endings  of the names: "" is @p path itself; a NULL ends them
 *  @return NO_MEMORY */
Status file_list_add_written(FileList *list, const char *role, const char *path, const char *const *endings);

/** Compares all with all. Changes nothing on the disk.
 *  @return BAD_PARAMETER naming both roles and files, and which to change */
Status file_list_check(FileList *list);

/** Frees the list and leaves it empty. */
void file_list_free(FileList *list);

/** What a name stands for where a file is to be replaced: of a symbolic link that the user laid, the file that it leads
 *  to; else the name itself, also of a link that leads to nothing.
 *  @param real  [bytes]
 *  @return BAD_PARAMETER for another user's link, or when there is not enough room */
Status file_list_follow(const char *role, const char *path, char *real, size_t bytes);

#endif
