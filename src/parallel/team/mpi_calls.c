#include "team/mpi_calls.h"

#include "base/clocks.h"
#include "base/status.h"
#include "base/text.h"
#include "team/message_check.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum { NAME_BYTES = 24, CALL_TEXT_BYTES = 160, TAG_CALL = 1, TAG_ANSWER = 2, TAG_MESSAGES = 3 };

/* MPI gives its calls no context, so these are the process's. */
static _Atomic(const char *) waits_in;
static _Atomic int64_t waits;
static const char *started = "MPI_Testall";
static struct {
    MPI_Comm control; /* MPI_COMM_NULL where nothing is compared */
    MPI_Group world;
    double unanswered_s; /* a call that nobody answers for so long shows that ranks have lost each other */
    int rank;
    int64_t calls;
} check = {.control = MPI_COMM_NULL};

MpiWait mpi_calls_wait(void) {
    return (MpiWait){.name = atomic_load(&waits_in), .count = atomic_load(&waits)};
}

const char *mpi_calls_enter(const char *name) {
    const char *before = atomic_exchange(&waits_in, name);
    if (before == NULL) (void)atomic_fetch_add(&waits, 1); /* a call within a wait belongs to it */
    return before;
}

const char *mpi_calls_started(void) {
    return started;
}

/* The call, with its name known to others meanwhile. */
#define WAIT_IN(name, call)                                                                                            \
    do {                                                                                                               \
        const char *before = mpi_calls_enter(name);                                                                    \
        const int result = (call);                                                                                     \
        (void)mpi_calls_enter(before);                                                                                 \
        return result;                                                                                                 \
    } while (0)

/* ----------------------------------------------------------------------------------------------------------- comparing
 */

/* What a rank tells the others of a call. */
typedef struct Call {
    char name[NAME_BYTES];
    int64_t number; /* of this rank's collective calls */
    int64_t count, element_bytes, root;
    int32_t first, ranks; /* of the call: the lowest of MPI_COMM_WORLD, and how many */
    uint32_t members;     /* checksum of all of them */
    int32_t rank;
} Call;

static bool is_same(const Call *a, const Call *b) {
    return strcmp(a->name, b->name) == 0 && a->count == b->count && a->element_bytes == b->element_bytes &&
           a->root == b->root && a->members == b->members;
}

static void describe(const Call *call, char *text) {
    (void)snprintf(text, CALL_TEXT_BYTES,
                   "rank %d calls %s of %" PRId64 " x %" PRId64 " bytes, root %" PRId64
                   ", on %d ranks from rank %d (its call %" PRId64 ")",
                   call->rank, call->name, call->count, call->element_bytes, call->root, call->ranks, call->first,
                   call->number);
}

static void end_all(const Call *mine, const Call *other) {
    char left[CALL_TEXT_BYTES], right[CALL_TEXT_BYTES];
    describe(mine, left);
    describe(other, right);
    (void)fprintf(stderr, "tessera: error: ranks make different collective calls: %s; %s\n", left, right);
    (void)fflush(NULL);
    MPI_Abort(MPI_COMM_WORLD, status_exit_code(STATUS_RANK_LOST));
}

/* A call of a member that came here while we wait for another one is this call, of a rank whose turn is later, or shows
 * that the member is lost. What other ranks have called is for later.
 * @param heard  [ranks] which members have made this call; NULL where the first rank hears them */
static void look_for_lost(const Call *mine, const int *members, int *heard) {
    for (int i = 0; i < mine->ranks; i++) {
        int pending = 0;
        Call other;
        PMPI_Iprobe(members[i], TAG_CALL, check.control, &pending, MPI_STATUS_IGNORE);
        if (!pending) continue;
        PMPI_Recv(&other, sizeof other, MPI_BYTE, members[i], TAG_CALL, check.control, MPI_STATUS_IGNORE);
        if (heard == NULL || heard[i] || !is_same(mine, &other))
            end_all(mine, &other);
        else
            heard[i] = 1;
    }
}

static void await(MPI_Request *request, const Call *mine, const int *members, int *heard) {
    const double begin_s = clocks_steady_s();
    const struct timespec nap = {.tv_sec = 0, .tv_nsec = 50000};
    int done = 0;
    for (PMPI_Test(request, &done, MPI_STATUS_IGNORE); !done; PMPI_Test(request, &done, MPI_STATUS_IGNORE)) {
        if (clocks_steady_s() - begin_s > check.unanswered_s) {
            look_for_lost(mine, members, heard);
            message_check_looks(mine->name, members, mine->ranks);
        }
        (void)nanosleep(&nap, NULL);
    }
}

/* The first rank of the call hears all others, and answers when all are alike.
 * @param heard  [ranks] zeros; to work with */
static void compare_on(const Call *mine, const int *members, int *heard) {
    MPI_Request request;
    Call other;
    char answer = 0;
    if (check.rank != mine->first) {
        PMPI_Send(mine, sizeof *mine, MPI_BYTE, mine->first, TAG_CALL, check.control);
        PMPI_Irecv(&answer, 1, MPI_BYTE, mine->first, TAG_ANSWER, check.control, &request);
        await(&request, mine, members, NULL);
        return;
    }
    for (int i = 0; i < mine->ranks; i++) {
        if (members[i] == check.rank || heard[i]) continue;
        PMPI_Irecv(&other, sizeof other, MPI_BYTE, members[i], TAG_CALL, check.control, &request);
        await(&request, mine, members, heard);
        heard[i] = 1;
        if (!is_same(mine, &other)) end_all(mine, &other);
    }
    for (int i = 0; i < mine->ranks; i++)
        if (members[i] != check.rank) PMPI_Send(&answer, 1, MPI_BYTE, members[i], TAG_ANSWER, check.control);
}

static int of_group(const char *name, MPI_Group group, int64_t count, MPI_Datatype type, int root) {
    Call mine = {.number = ++check.calls, .count = count, .root = root, .first = INT32_MAX, .rank = check.rank};
    int element_bytes = 0;
    (void)text_copy(mine.name, sizeof mine.name, name);
    if (type != MPI_DATATYPE_NULL) PMPI_Type_size(type, &element_bytes);
    mine.element_bytes = element_bytes;
    PMPI_Group_size(group, &mine.ranks);
    int *list = malloc(2 * (size_t)mine.ranks * sizeof *list);
    if (list != NULL) { /* without memory this call is not compared, and the next one tells */
        int *members = list + mine.ranks;
        for (int i = 0; i < mine.ranks; i++) list[i] = i;
        PMPI_Group_translate_ranks(group, mine.ranks, list, check.world, members);
        for (int i = 0; i < mine.ranks; i++) mine.first = members[i] < mine.first ? members[i] : mine.first;
        mine.members = (uint32_t)crc32(0, (const Bytef *)members, (uInt)((size_t)mine.ranks * sizeof *members));
        memset(list, 0, (size_t)mine.ranks * sizeof *list);
        if (mine.ranks > 1) compare_on(&mine, members, list);
    }
    free(list);
    PMPI_Group_free(&group);
    return MPI_SUCCESS;
}

static int compare(const char *name, MPI_Comm communicator, int64_t count, MPI_Datatype type, int root) {
    MPI_Group group;
    if (check.control == MPI_COMM_NULL || communicator == MPI_COMM_SELF) return MPI_SUCCESS;
    PMPI_Comm_group(communicator, &group);
    return of_group(name, group, count, type, root);
}

static int compare_window(const char *name, MPI_Win window) {
    MPI_Group group;
    if (check.control == MPI_COMM_NULL) return MPI_SUCCESS;
    PMPI_Win_get_group(window, &group);
    return of_group(name, group, 0, MPI_DATATYPE_NULL, 0);
}

void mpi_calls_check(Team team, double unanswered_s) {
    if (team.ranks == 1 || check.control != MPI_COMM_NULL) return;
    PMPI_Comm_group(MPI_COMM_WORLD, &check.world);
    PMPI_Comm_rank(MPI_COMM_WORLD, &check.rank);
    PMPI_Comm_dup(MPI_COMM_WORLD, &check.control);
    check.unanswered_s = unanswered_s;
    message_check_start(check.control, TAG_MESSAGES, unanswered_s);
}

/* ---------------------------------------------------------------------------------------------------- collective calls
 */

/* First the comparison, then the call. */
#define COLLECTIVE(name, communicator, count, type, root, call)                                                        \
    WAIT_IN(name, (compare(name, communicator, count, type, root), (call)))

/* A collective call that others are awaited for later. */
#define STARTED(name, communicator, count, type, root, call)                                                           \
    do {                                                                                                               \
        started = name;                                                                                                \
        COLLECTIVE(name, communicator, count, type, root, call);                                                       \
    } while (0)

int MPI_Barrier(MPI_Comm comm) {
    COLLECTIVE("MPI_Barrier", comm, 0, MPI_DATATYPE_NULL, 0, PMPI_Barrier(comm));
}

int MPI_Ibarrier(MPI_Comm comm, MPI_Request *request) {
    STARTED("MPI_Ibarrier", comm, 0, MPI_DATATYPE_NULL, 0, PMPI_Ibarrier(comm, request));
}

int MPI_Bcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm) {
    COLLECTIVE("MPI_Bcast", comm, count, type, root, PMPI_Bcast(buffer, count, type, root, comm));
}

int MPI_Reduce(const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm) {
    COLLECTIVE("MPI_Reduce", comm, count, type, root, PMPI_Reduce(send, receive, count, type, op, root, comm));
}

int MPI_Allreduce(const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
    COLLECTIVE("MPI_Allreduce", comm, count, type, 0, PMPI_Allreduce(send, receive, count, type, op, comm));
}

int MPI_Ireduce(const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm,
                MPI_Request *request) {
    STARTED("MPI_Ireduce", comm, count, type, root, PMPI_Ireduce(send, receive, count, type, op, root, comm, request));
}

int MPI_Iallreduce(const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                   MPI_Request *request) {
    STARTED("MPI_Iallreduce", comm, count, type, 0, PMPI_Iallreduce(send, receive, count, type, op, comm, request));
}

int MPI_Gather(const void *send, int count, MPI_Datatype type, void *receive, int receive_count,
               MPI_Datatype receive_type, int root, MPI_Comm comm) {
    COLLECTIVE("MPI_Gather", comm, count, type, root,
               PMPI_Gather(send, count, type, receive, receive_count, receive_type, root, comm));
}

/* Each rank has a count of its own. */
int MPI_Gatherv(const void *send, int count, MPI_Datatype type, void *receive, const int counts[], const int places[],
                MPI_Datatype receive_type, int root, MPI_Comm comm) {
    COLLECTIVE("MPI_Gatherv", comm, 0, type, root,
               PMPI_Gatherv(send, count, type, receive, counts, places, receive_type, root, comm));
}

int MPI_Comm_split(MPI_Comm comm, int colour, int key, MPI_Comm *made) {
    COLLECTIVE("MPI_Comm_split", comm, 0, MPI_DATATYPE_NULL, 0, PMPI_Comm_split(comm, colour, key, made));
}

int MPI_Comm_split_type(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *made) {
    COLLECTIVE("MPI_Comm_split_type", comm, type, MPI_DATATYPE_NULL, 0,
               PMPI_Comm_split_type(comm, type, key, info, made));
}

int MPI_Comm_free(MPI_Comm *comm) {
    COLLECTIVE("MPI_Comm_free", *comm, 0, MPI_DATATYPE_NULL, 0, PMPI_Comm_free(comm));
}

int MPI_Win_allocate(MPI_Aint bytes, int unit, MPI_Info info, MPI_Comm comm, void *memory, MPI_Win *window) {
    COLLECTIVE("MPI_Win_allocate", comm, unit, MPI_DATATYPE_NULL, 0,
               PMPI_Win_allocate(bytes, unit, info, comm, memory, window));
}

int MPI_Win_allocate_shared(MPI_Aint bytes, int unit, MPI_Info info, MPI_Comm comm, void *memory, MPI_Win *window) {
    COLLECTIVE("MPI_Win_allocate_shared", comm, unit, MPI_DATATYPE_NULL, 0,
               PMPI_Win_allocate_shared(bytes, unit, info, comm, memory, window));
}

int MPI_Win_fence(int assertion, MPI_Win window) {
    WAIT_IN("MPI_Win_fence", (compare_window("MPI_Win_fence", window), PMPI_Win_fence(assertion, window)));
}

int MPI_Win_free(MPI_Win *window) {
    WAIT_IN("MPI_Win_free", (compare_window("MPI_Win_free", *window), PMPI_Win_free(window)));
}

int MPI_Finalize(void) {
    (void)mpi_calls_enter("MPI_Finalize");
    (void)compare("MPI_Finalize", MPI_COMM_WORLD, 0, MPI_DATATYPE_NULL, 0);
    message_check_ends();
    if (check.control != MPI_COMM_NULL) {
        PMPI_Group_free(&check.world);
        PMPI_Comm_free(&check.control);
    }
    return PMPI_Finalize();
}

/* --------------------------------------------------------------------------------------- other calls that wait for
 * ranks
 */

int MPI_Send(const void *buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
    WAIT_IN("MPI_Send",
            (message_check_sends(count, type, to, tag, comm), PMPI_Send(buffer, count, type, to, tag, comm)));
}

int MPI_Recv(void *buffer, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status *status) {
    WAIT_IN("MPI_Recv", (message_check_expects(count, type, from, tag, comm), message_check_awaits(),
                         PMPI_Recv(buffer, count, type, from, tag, comm, status)));
}

int MPI_Isend(const void *buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request) {
    started = "MPI_Isend";
    message_check_sends(count, type, to, tag, comm);
    return PMPI_Isend(buffer, count, type, to, tag, comm, request);
}

int MPI_Irecv(void *buffer, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *request) {
    started = "MPI_Irecv";
    message_check_expects(count, type, from, tag, comm);
    return PMPI_Irecv(buffer, count, type, from, tag, comm, request);
}

/* Its callers have said what they wait in. */
int MPI_Testall(int count, MPI_Request requests[], int *done, MPI_Status statuses[]) {
    message_check_awaits();
    return PMPI_Testall(count, requests, done, statuses);
}

int MPI_Win_flush(int rank, MPI_Win window) {
    WAIT_IN("MPI_Win_flush", PMPI_Win_flush(rank, window));
}

int MPI_Fetch_and_op(const void *value, void *held, MPI_Datatype type, int rank, MPI_Aint place, MPI_Op op,
                     MPI_Win window) {
    WAIT_IN("MPI_Fetch_and_op", PMPI_Fetch_and_op(value, held, type, rank, place, op, window));
}

int MPI_Win_lock_all(int assertion, MPI_Win window) {
    WAIT_IN("MPI_Win_lock_all", PMPI_Win_lock_all(assertion, window));
}

int MPI_Win_unlock_all(MPI_Win window) {
    WAIT_IN("MPI_Win_unlock_all", PMPI_Win_unlock_all(window));
}
