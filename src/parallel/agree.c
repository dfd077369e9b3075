#include "agree.h"

Status agree(Team team, Status mine) {
    const int first = (int)team_least(team, status_is_ok(mine) ? team.ranks : team.rank);
    if (first < team.ranks) team_broadcast(team, first, &mine, sizeof mine);
    return mine;
}
