#include "team/agree.h"

#include "team/place.h"

#include <string.h>

/* What fails on one machine only is told with its name. Rank 0 alone reads and makes files: that goes without saying.
 */
static Status with_place(Team team, Status status) {
    const bool of_machine = status.code == STATUS_NO_MEMORY || (status.code == STATUS_OUTPUT_FAILED && team.rank > 0);
    if (team.ranks == 1 || !of_machine || strstr(status.message, "rank ") != NULL) return status;
    return status_error(status.code, "rank %d on %s: %.900s", team.rank, place_here().host, status.message);
}

Status agree(Team team, Status mine) {
    const int first = (int)team_least(team, status_is_ok(mine) ? team.ranks : team.rank);
    if (first == team.rank) mine = with_place(team, mine);
    if (first < team.ranks) team_broadcast(team, first, &mine, sizeof mine);
    return mine;
}
