/** @file
 *  One rank's failure becomes everyone's, so that no rank waits for another in a collective call. */
#ifndef TESSERA_AGREE_H
#define TESSERA_AGREE_H

#include "base/status.h"
#include "team/team.h"

/** The first failure by rank, on every rank; success when no rank failed. One that belongs to a machine, for lack of
 * memory or of a disk, names rank and host. Collective. */
Status agree(Team team, Status mine);

#endif
