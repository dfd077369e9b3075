/* Three ranks whose last one makes another call than the others, or sends another message to the first one than that
 * expects, in the way that its argument names; or all do as they should, and one comes late. */
#include "team/team.h"
#include "team/waiting.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LONG_S = 3 }; /* three times as long as unanswered calls are waited for */

static void call(Team team, const char *way, bool last) {
    char bytes[64] = "";
    int64_t number = team.rank;
    const struct timespec long_time = {.tv_sec = LONG_S};
    const Team pair = team_split(team, team.rank == 0 ? 0 : 1, team.rank);
    if (strcmp(way, team.rank == 0 ? "first late" : last ? "last late" : "second late") == 0)
        (void)nanosleep(&long_time, NULL);
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

/* The last rank sends, the first one receives, the others do nothing. */
static void pass(Team team, const char *way, bool started) {
    enum { NUMBERS = 4, TAG = 7 };
    double numbers[2 * NUMBERS] = {0.0};
    const bool first = team.rank == 0, last = team.rank + 1 == team.ranks, typed = strcmp(way, "type") == 0;
    const MPI_Datatype type = typed ? MPI_FLOAT : MPI_DOUBLE;
    const int count = strcmp(way, "short") == 0  ? NUMBERS - 1
                      : strcmp(way, "long") == 0 ? NUMBERS + 1
                      : typed                    ? 2 * NUMBERS
                                                 : NUMBERS;
    const int tag = strcmp(way, "tag") == 0 ? TAG + 1 : TAG;
    MPI_Request request = MPI_REQUEST_NULL;
    if (last && strcmp(way, "unsent") != 0 && started)
        MPI_Isend(numbers, count, type, 0, tag, team.communicator, &request);
    else if (last && strcmp(way, "unsent") != 0)
        MPI_Send(numbers, count, type, 0, tag, team.communicator);
    if (first && strcmp(way, "unreceived") != 0 && started)
        MPI_Irecv(numbers, NUMBERS, MPI_DOUBLE, team.ranks - 1, TAG, team.communicator, &request);
    else if (first && strcmp(way, "unreceived") != 0)
        MPI_Recv(numbers, NUMBERS, MPI_DOUBLE, team.ranks - 1, TAG, team.communicator, MPI_STATUS_IGNORE);
    if (started) waiting_for(1, &request);
    (void)team_greatest(team, 0);
}

int main(int argc, char **argv) {
    Team team;
    if (argc < 2 || argc > 3 || !status_is_ok(team_start(&team))) return 1;
    (void)team_greatest(team, 0);
    if (argc == 3)
        pass(team, argv[1], strcmp(argv[2], "started") == 0);
    else
        call(team, argv[1], team.rank + 1 == team.ranks);
    if (team.rank == 0) (void)printf("went on\n");
    team_end();
    return 0;
}
