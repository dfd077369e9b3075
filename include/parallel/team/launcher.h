/** @file
 *  Whether something like mpirun or srun has started this process, told by the environment: MPI itself can only be
 * asked after MPI_Init, which a process alone does not need. */
#ifndef TESSERA_LAUNCHER_H
#define TESSERA_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>

/** What the environment says. */
typedef struct Launcher {
    const char *variable; /**< the one that tells of a launcher; NULL without */
    int rank;             /**< of this process among those started together; 0 without a launcher */
    int ranks;            /**< how many were started; 0 when the launcher does not tell */
} Launcher;

/** Reads the environment. */
Launcher launcher_find(void);

/** True when this process is one of those that a launcher has started, be it the only one. */
static inline bool launcher_is_there(Launcher launcher) {
    return launcher.variable != NULL;
}

#endif
