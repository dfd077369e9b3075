#include "team/reduction.h"

#include "team/waiting.h"

/* The signature is MPI's. in = earlier ranks' sums, inout = later ranks' sums on entry. */
static void add_sums(void *in, void *inout, int *length, MPI_Datatype *type) {
    (void)type;
    const DoubleDouble *left = in;
    DoubleDouble *right = inout;
    for (int i = 0; i < *length; i++) right[i] = double_double_sum(left[i], right[i]);
}

Reduction reduction_create(Team team) {
    Reduction reduction = {.type = MPI_DATATYPE_NULL, .sum = MPI_OP_NULL};
    if (team.ranks == 1) return reduction;
    MPI_Type_contiguous(2, MPI_DOUBLE, &reduction.type);
    MPI_Type_commit(&reduction.type);
    MPI_Op_create(add_sums, 0, &reduction.sum);
    return reduction;
}

void reduction_destroy(Reduction *reduction) {
    if (reduction->sum != MPI_OP_NULL) MPI_Op_free(&reduction->sum);
    if (reduction->type != MPI_DATATYPE_NULL) MPI_Type_free(&reduction->type);
}

void reduction_to_owner(const Reduction *reduction, Team team, int owner, int64_t count, DoubleDouble *sums) {
    if (team.ranks == 1) return;
    const int64_t piece = INT64_C(1) << 20; /* MPI counts are int */
    for (int64_t done = 0; done < count; done += piece) {
        const int64_t left = count - done;
        DoubleDouble *part = sums + done;
        MPI_Request request;
        MPI_Ireduce(team.rank == owner ? MPI_IN_PLACE : part, part, (int)(left < piece ? left : piece), reduction->type,
                    reduction->sum, owner, team.communicator, &request);
        waiting_for(1, &request);
    }
}
