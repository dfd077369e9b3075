/* Three ranks whose last one makes another call than the others, in the way that its argument names. */
#include "mpi_calls.h"
#include "team.h"

#include <stdio.h>
#include <string.h>

static void call(Team team, const char *way, bool last) {
    char bytes[64] = "";
    int64_t number = team.rank;
    const Team pair = team_split(team, team.rank == 0 ? 0 : 1, team.rank);
    if (strcmp(way, "name") == 0 && last)
        (void)team_least(team, number);
    else if (strcmp(way, "members") == 0 && last)
        team_broadcast(pair, 0, bytes, 8);
    else if (strcmp(way, "count") == 0)
        team_broadcast(team, 0, bytes, last ? 16 : 8);
    else if (strcmp(way, "root") == 0)
        team_broadcast(team, last ? 1 : 0, bytes, 8);
    else if (strcmp(way, "size") == 0)
        MPI_Bcast(bytes, 4, last ? MPI_INT : MPI_DOUBLE, 0, team.communicator);
    else if (strcmp(way, "missing") != 0 || !last)
        team_broadcast(team, 0, bytes, 8);
    (void)team_greatest(team, number);
}

int main(int argc, char **argv) {
    Team team;
    if (argc != 2 || !status_is_ok(team_start(&team))) return 1;
    mpi_calls_check(team);
    (void)team_greatest(team, 0);
    call(team, argv[1], team.rank + 1 == team.ranks);
    if (team.rank == 0) (void)printf("went on\n");
    team_end();
    return 0;
}
