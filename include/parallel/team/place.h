/** @file
 *  Where a rank runs, and what it needs there. */
#ifndef TESSERA_PLACE_H
#define TESSERA_PLACE_H

#include <stdint.h>

/** Bytes of a host's name with its final zero. */
enum { PLACE_HOST_BYTES = 64 };

/** Where one rank runs. Plain data. */
typedef struct RankPlace {
    char host[PLACE_HOST_BYTES];
    int32_t threads;
} RankPlace;

/** Where this rank runs. */
RankPlace place_here(void);

/** Largest resident set of this process so far, in bytes; 0 where the system does not tell. */
int64_t place_peak_memory(void);

#endif
