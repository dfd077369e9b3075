/** @file
 *  The files of this process that nobody shall find when a signal ends it at once: its locks, and what grows under a
 *  name of its own until it is whole. For serial code, and for handlers of signals. */
#ifndef TESSERA_UNFINISHED_FILES_H
#define TESSERA_UNFINISHED_FILES_H

/** Remembers a file that is about to be made; without effect for more than some at a time.
 *  @param like  a file that it will be another name of, so that another process's file which has taken the name stays;
 *               NULL when whatever has the name may go */
void unfinished_files_add(const char *path, const char *like);

/** Forgets it: it has got its final name, or is removed. */
void unfinished_files_forget(const char *path);

/** Removes all that are remembered. May be called from a handler of signals. */
void unfinished_files_remove(void);

#endif
