/** @file
 *  Files that are written under a name that others can guess, "FILE.partial". */
#ifndef TESSERA_NEW_FILE_H
#define TESSERA_NEW_FILE_H

#include <stdio.h>

/** Makes a new file under this name, instead of what is there: a link that somebody has laid there is removed, never
 *  followed. Its permissions are those that the umask leaves.
 *  @return the caller closes it; NULL with errno when it cannot be made */
FILE *new_file_open(const char *path);

/** The same without a stream.
 *  @return a descriptor for writing, which the caller closes; negative with errno when it cannot be made */
int new_file_create(const char *path);

#endif
