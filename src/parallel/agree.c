#include "agree.h"

Status agree(MPI_Comm communicator, Status mine) {
    int rank = 0, ranks = 0;
    MPI_Comm_rank(communicator, &rank);
    MPI_Comm_size(communicator, &ranks);
    const int failed = status_is_ok(mine) ? ranks : rank;
    int first = ranks;
    MPI_Allreduce(&failed, &first, 1, MPI_INT, MPI_MIN, communicator);
    if (first == ranks) return mine;
    MPI_Bcast(&mine, (int)sizeof mine, MPI_BYTE, first, communicator);
    return mine;
}
