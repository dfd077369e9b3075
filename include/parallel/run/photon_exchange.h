/** @file
 *  Photons of whole rows that the point spread needs, brought together from the ranks of a group that own them. */
#ifndef TESSERA_PHOTON_EXCHANGE_H
#define TESSERA_PHOTON_EXCHANGE_H

#include "base/status.h"
#include "model/point_spread.h"
#include "plan/plan.h"
#include "team/team.h"

/** Buffer and messages of a rank. Owns `needed.photons` and `requests`. */
typedef struct PhotonExchange {
    Team group;
    const Plan *plan;
    int member;        /**< rank in the group */
    int64_t reach;     /**< rows to each side of its own that a rank needs */
    PhotonRows needed; /**< its own rows and those */
    MPI_Request *requests;
} PhotonExchange;

/** Makes the buffer; local. The group and the plan are borrowed. photon_exchange_destroy frees it, after a failure
 *  too. */
Status photon_exchange_create(Team group, const Plan *plan, int member, int64_t reach, PhotonExchange *exchange);

/** Frees what @p exchange owns; local. */
void photon_exchange_destroy(PhotonExchange *exchange);

/** Fills `needed.photons` from the owners of the pixels, each having set its own. Collective over the group. */
void photon_exchange(PhotonExchange *exchange);

#endif
