/** @file
 *  Names of files that hold in every folder. */
#ifndef TESSERA_ABSOLUTE_PATH_H
#define TESSERA_ABSOLUTE_PATH_H

/** The absolute name of an existing file or folder, without symbolic links; NULL when there is none (errno says why).
 *  Allocated: the caller frees it. */
char *absolute_path(const char *path);

#endif
