#ifndef TESSERA_TESTS_RANK_H
#define TESSERA_TESTS_RANK_H

#include <stdlib.h>

/* The rank that the launcher gave this process, as Open MPI's or MPICH's tells it; "0" where there is none. */
static inline const char *rank_of_process(void) {
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    if (rank == NULL) rank = getenv("PMI_RANK");
    return rank != NULL ? rank : "0";
}

#endif
