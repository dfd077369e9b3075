#include "team/team.h"

#include "hdf5/hdf5_helpers.h"
#include "team/launcher.h"
#include "team/mpi_io.h"
#include "team/waiting.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const Team alone = {.communicator = MPI_COMM_NULL, .rank = 0, .ranks = 1};

Team team_of(MPI_Comm communicator) {
    Team team = {.communicator = communicator, .rank = 0, .ranks = 0};
    if (communicator == MPI_COMM_NULL) return team;
    MPI_Comm_rank(communicator, &team.rank);
    MPI_Comm_size(communicator, &team.ranks);
    return team;
}

Status team_start(Team *team) {
    const Launcher launcher = launcher_find();
    int provided = 0;
    *team = alone;
    if (!launcher_is_there(launcher)) return status_ok();
    hdf5_prepare(); /* started before MPI, HDF5 does not close files as MPI ends: one that cannot be would crash it */
    mpi_io_choose();
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided); /* a thread of its own writes the images */
    *team = team_of(MPI_COMM_WORLD);
    if (launcher.ranks <= 1 || team->ranks > 1) return status_ok();
    team->rank = launcher.rank;
    return status_error(STATUS_BAD_PARAMETER,
                        "%d processes were started (%s is set), but MPI does not connect them; start them with the "
                        "mpirun of the MPI that tessera was built with, or with srun --mpi=pmix",
                        launcher.ranks, launcher.variable);
}

void team_end(void) {
    int started = 0;
    MPI_Initialized(&started);
    if (started) MPI_Finalize();
}

Team team_split(Team team, int colour, int key) {
    MPI_Comm part = MPI_COMM_NULL;
    if (team.ranks == 1) return colour < 0 ? team_of(MPI_COMM_NULL) : alone;
    MPI_Comm_split(team.communicator, colour < 0 ? MPI_UNDEFINED : colour, key, &part);
    return team_of(part);
}

Team team_split_node(Team team) {
    MPI_Comm node = MPI_COMM_NULL;
    if (team.ranks == 1) return alone;
    MPI_Comm_split_type(team.communicator, MPI_COMM_TYPE_SHARED, team.rank, MPI_INFO_NULL, &node);
    return team_of(node);
}

void team_free(Team *team) {
    if (team->communicator != MPI_COMM_NULL) MPI_Comm_free(&team->communicator);
    *team = team_of(MPI_COMM_NULL);
}

void team_meet(Team team) {
    MPI_Request request;
    if (team.ranks == 1) return;
    MPI_Ibarrier(team.communicator, &request);
    waiting_for(1, &request);
}

/* MPI counts are int: large data go in pieces. */
void team_broadcast(Team team, int root, void *data, size_t bytes) {
    const size_t piece = (size_t)1 << 30;
    if (team.ranks == 1) return;
    for (size_t done = 0; done < bytes; done += piece) {
        const size_t left = bytes - done;
        MPI_Bcast((char *)data + done, (int)(left < piece ? left : piece), MPI_BYTE, root, team.communicator);
    }
}

void team_gather(Team team, const void *mine, size_t bytes, void *all) {
    if (team.ranks == 1)
        memcpy(all, mine, bytes);
    else
        MPI_Gather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, 0, team.communicator);
}

void team_gather_parts(Team team, const void *mine, int bytes, void *all, const int *bytes_of_rank,
                       const int *places_of_rank) {
    if (team.ranks > 1)
        MPI_Gatherv(mine, bytes, MPI_BYTE, all, bytes_of_rank, places_of_rank, MPI_BYTE, 0, team.communicator);
    else if (bytes > 0)
        memcpy((char *)all + places_of_rank[0], mine, (size_t)bytes);
}

void team_bring(Team team, int from, void *data, size_t bytes) {
    const size_t piece = (size_t)1 << 30;
    for (size_t done = 0; done < bytes; done += piece) {
        char *next = (char *)data + done;
        const int count = (int)(bytes - done < piece ? bytes - done : piece);
        if (team.rank == 0)
            MPI_Recv(next, count, MPI_BYTE, from, 0, team.communicator, MPI_STATUS_IGNORE);
        else
            MPI_Send(next, count, MPI_BYTE, 0, 0, team.communicator);
    }
}

static void reduce_to_all(Team team, void *value, MPI_Datatype type, MPI_Op operation) {
    MPI_Request request;
    if (team.ranks == 1) return;
    MPI_Iallreduce(MPI_IN_PLACE, value, 1, type, operation, team.communicator, &request);
    waiting_for(1, &request);
}

int64_t team_least(Team team, int64_t mine) {
    reduce_to_all(team, &mine, MPI_INT64_T, MPI_MIN);
    return mine;
}

int64_t team_greatest(Team team, int64_t mine) {
    reduce_to_all(team, &mine, MPI_INT64_T, MPI_MAX);
    return mine;
}

double team_greatest_real(Team team, double mine) {
    reduce_to_all(team, &mine, MPI_DOUBLE, MPI_MAX);
    return mine;
}

double team_sum_real(Team team, double mine) {
    reduce_to_all(team, &mine, MPI_DOUBLE, MPI_SUM);
    return mine;
}

void team_greatest_bytes(Team team, uint8_t *bytes, int64_t count) {
    const int64_t piece = INT64_C(1) << 30;
    if (team.ranks == 1) return;
    for (int64_t done = 0; done < count; done += piece) {
        const int64_t left = count - done;
        MPI_Allreduce(MPI_IN_PLACE, bytes + done, (int)(left < piece ? left : piece), MPI_UINT8_T, MPI_MAX,
                      team.communicator);
    }
}

uint32_t team_exclusive_or(Team team, uint32_t mine) {
    reduce_to_all(team, &mine, MPI_UINT32_T, MPI_BXOR);
    return mine;
}

/* ----------------------------------------------------------------------------------------------------- shared memory
 */

SharedMemory team_no_memory(void) {
    return (SharedMemory){.bytes = NULL, .window = MPI_WIN_NULL};
}

Status team_share(Team node, size_t bytes, SharedMemory *memory) {
    *memory = team_no_memory();
    if (node.ranks == 1) {
        memory->bytes = malloc(bytes);
        return memory->bytes != NULL ? status_ok()
                                     : status_error(STATUS_NO_MEMORY, "no memory for %zu shared bytes", bytes);
    }
    MPI_Aint size = 0;
    int unit = 0;
    MPI_Win_allocate_shared(node.rank == 0 ? (MPI_Aint)bytes : 0, sizeof(double), MPI_INFO_NULL, node.communicator,
                            &memory->bytes, &memory->window);
    MPI_Win_shared_query(memory->window, 0, &size, &unit, &memory->bytes);
    return status_ok();
}

void team_share_sync(Team node, const SharedMemory *memory) {
    team_meet(node); /* the fence spins: one of them may have to fill the memory */
    if (memory->window != MPI_WIN_NULL) MPI_Win_fence(0, memory->window);
}

void team_unshare(SharedMemory *memory) {
    if (memory->window != MPI_WIN_NULL)
        MPI_Win_free(&memory->window);
    else
        free(memory->bytes);
    *memory = team_no_memory();
}
