/* libmpi_check.so, loaded before the program: holds the MPI calls of its ranks against each other. Before each
 * collective call ranks tell each other its name, its ranks, count, size of an element and root; and senders announce
 * each message: its ranks, tag, bytes and type. Where they differ, or a message is left over at the end, one of them
 * prints both and ends all ranks with exit code 4. Signals are heard later meanwhile.
 *
 * The program defines MPI_Bcast and the like itself (mpi_calls.c) and goes on with PMPI_Bcast, so it is these calls
 * that are caught; the library's own go to what would have been called. For the thread that calls MPI. Environment:
 * MPI_CHECK_UNANSWERED_S (10): a call or message that nobody else knows of for so long is one that differs. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <inttypes.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum { NAME_BYTES = 24, TEXT_BYTES = 160, EXIT_CODE = 4 };
enum { TAG_CALL = 1, TAG_ANSWER, TAG_MESSAGE, TAG_WAITS };

/* What a rank tells the others of a collective call. */
typedef struct Call {
    char name[NAME_BYTES];
    int64_t number; /* of this rank's collective calls */
    int64_t count, element_bytes, root;
    int32_t first, ranks; /* of the call: the lowest of MPI_COMM_WORLD, and how many */
    uint32_t members;     /* checksum of all of them */
    int32_t rank;
} Call;

/* A message as one side knows it. */
typedef struct Message {
    int32_t from, to, tag; /* ranks of MPI_COMM_WORLD */
    uint32_t members;      /* checksum of those of the communicator */
    int64_t elements, bytes;
    char type[NAME_BYTES]; /* of the elements */
} Message;

typedef struct Messages {
    int count, room;
    Message *message;
} Messages;

static struct {
    MPI_Comm control; /* MPI_COMM_NULL where nothing is compared */
    MPI_Group world;
    double unanswered_s;
    int rank;
    int64_t calls, heard;
    int64_t *sent;                /* [ranks] announcements */
    Messages announced, expected; /* that have found no other side as yet */
} check = {.control = MPI_COMM_NULL};

typedef void Function(void);

static Function *find_next(const char *name) {
    Function *next = NULL;
    *(void **)&next = dlsym(RTLD_NEXT, name); /* as POSIX writes it */
    if (next == NULL) abort();
    return next;
}

/* What would have been called. */
#define NEXT(name) ((__typeof__(&(name)))find_next(#name))

static double steady_s(void) {
    struct timespec now = {.tv_sec = 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void nap(void) {
    const struct timespec pause = {.tv_sec = 0, .tv_nsec = 50000};
    (void)nanosleep(&pause, NULL);
}

static void tell(const void *what, size_t bytes, int rank, int tag) {
    NEXT(PMPI_Send)(what, (int)bytes, MPI_BYTE, rank, tag, check.control);
}

static void take_in(void *what, size_t bytes, int rank, int tag) {
    NEXT(PMPI_Recv)(what, (int)bytes, MPI_BYTE, rank, tag, check.control, MPI_STATUS_IGNORE);
}

static void abort_all(void) {
    (void)fflush(NULL);
    MPI_Abort(MPI_COMM_WORLD, EXIT_CODE);
}

/* ---------------------------------------------------------------------------------------------------------- messages
 */

/* The elements that a type is made of: those of its first part. */
static MPI_Datatype element_of(MPI_Datatype type) {
    int integers = 0, addresses = 0, types = 0, combiner = 0;
    int integer[3];
    MPI_Aint address[1];
    MPI_Datatype inner[1];
    PMPI_Type_get_envelope(type, &integers, &addresses, &types, &combiner);
    if ((combiner != MPI_COMBINER_VECTOR && combiner != MPI_COMBINER_CONTIGUOUS) || integers > 3) return type;
    PMPI_Type_get_contents(type, integers, addresses, types, integer, address, inner);
    return inner[0]; /* those that this program makes are of types that MPI knows: nothing to free */
}

static int rank_of_world(MPI_Comm comm, int rank, uint32_t *members) {
    MPI_Group group;
    int ranks = 0, of_world = MPI_UNDEFINED;
    *members = 0;
    PMPI_Comm_group(comm, &group);
    PMPI_Group_size(group, &ranks);
    for (int i = 0; i < ranks; i++) {
        int member = 0;
        PMPI_Group_translate_ranks(group, 1, &i, check.world, &member);
        *members = (uint32_t)crc32(*members, (const Bytef *)&member, sizeof member);
        if (i == rank) of_world = member;
    }
    PMPI_Group_free(&group);
    return of_world;
}

static Message message_of(int count, MPI_Datatype type, int other, bool sends, int tag, MPI_Comm comm) {
    Message message = {.tag = tag};
    const MPI_Datatype element = element_of(type);
    char name[MPI_MAX_OBJECT_NAME] = "";
    int bytes = 0, element_bytes = 0, length = 0;
    const int32_t of_world = rank_of_world(comm, other, &message.members);
    PMPI_Type_size(type, &bytes);
    PMPI_Type_size(element, &element_bytes);
    PMPI_Type_get_name(element, name, &length);
    (void)snprintf(message.type, sizeof message.type, "%.23s", name);
    message.bytes = (int64_t)count * bytes;
    message.elements = element_bytes > 0 ? message.bytes / element_bytes : 0;
    message.from = sends ? check.rank : of_world;
    message.to = sends ? of_world : check.rank;
    return message;
}

/* Without memory a message is not looked at. */
static void add(Messages *list, const Message *message) {
    if (list->count == list->room) {
        const int room = 2 * list->room + 16;
        Message *longer = realloc(list->message, (size_t)room * sizeof *longer);
        if (longer == NULL) return;
        list->message = longer;
        list->room = room;
    }
    list->message[list->count++] = *message;
}

static void drop(Messages *list, int index) {
    memmove(&list->message[index], &list->message[index + 1], (size_t)(--list->count - index) * sizeof *list->message);
}

static void describe_message(const Message *message, bool sends, char *text) {
    (void)snprintf(text, TEXT_BYTES, "rank %d %s %" PRId64 " x %s, %" PRId64 " bytes, tag %d, %s rank %d",
                   sends ? message->from : message->to, sends ? "sends" : "expects", message->elements, message->type,
                   message->bytes, message->tag, sends ? "to" : "from", sends ? message->to : message->from);
}

/* @param sent, expected  one of them may be NULL; @p otherwise is said for it */
static void end_for_messages(const Message *sent, const Message *expected, const char *otherwise) {
    char left[TEXT_BYTES] = "", right[TEXT_BYTES] = "";
    if (sent != NULL) describe_message(sent, true, left);
    if (expected != NULL) describe_message(expected, false, right);
    (void)fprintf(stderr, "tessera: error: messages do not match: %s; %s\n", sent != NULL ? left : right,
                  sent != NULL && expected != NULL ? right : otherwise);
    abort_all();
}

static bool have_one_way(const Message *a, const Message *b) {
    return a->from == b->from && a->to == b->to && a->members == b->members;
}

/* As MPI does: messages of one way and tag in their order. */
static void match(void) {
    for (int e = 0; e < check.expected.count;) {
        const Message *expected = &check.expected.message[e];
        int a = 0;
        for (; a < check.announced.count; a++) {
            const Message *sent = &check.announced.message[a];
            if (have_one_way(sent, expected) && sent->tag == expected->tag) break;
        }
        if (a == check.announced.count) {
            e++;
            continue;
        }
        const Message *sent = &check.announced.message[a];
        if (sent->bytes != expected->bytes || strcmp(sent->type, expected->type) != 0)
            end_for_messages(sent, expected, "");
        drop(&check.announced, a);
        drop(&check.expected, e);
    }
}

static void hear(void) {
    for (int pending = 1; pending;) {
        Message message;
        MPI_Status status;
        PMPI_Iprobe(MPI_ANY_SOURCE, TAG_MESSAGE, check.control, &pending, &status);
        if (!pending) break;
        take_in(&message, sizeof message, status.MPI_SOURCE, TAG_MESSAGE);
        check.heard++;
        add(&check.announced, &message);
    }
    match();
}

/* A message with another tag came the same way instead; or the other rank is told, in case it never sends. */
static void doubt(const Message *expected, bool *told) {
    for (int a = 0; a < check.announced.count; a++)
        if (have_one_way(&check.announced.message[a], expected))
            end_for_messages(&check.announced.message[a], expected, "");
    if (!*told) tell(expected, sizeof *expected, expected->from, TAG_WAITS);
    *told = true;
}

/* Waits for the announcements of all messages that are expected: before their receiving ends, as MPI itself ends a
 * program whose message is too long. */
static void await_messages(void) {
    if (check.control == MPI_COMM_NULL || check.expected.count == 0) return;
    const double begin_s = steady_s();
    bool told = false;
    for (hear(); check.expected.count > 0; hear()) {
        if (steady_s() - begin_s > check.unanswered_s) doubt(&check.expected.message[0], &told);
        nap();
    }
}

static void sends(int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
    if (check.control == MPI_COMM_NULL) return;
    const Message message = message_of(count, type, to, true, tag, comm);
    if (check.sent != NULL) check.sent[message.to]++;
    tell(&message, sizeof message, message.to, TAG_MESSAGE);
}

static void expects(int count, MPI_Datatype type, int from, int tag, MPI_Comm comm) {
    if (check.control == MPI_COMM_NULL) return;
    const Message message = message_of(count, type, from, false, tag, comm);
    add(&check.expected, &message);
}

/* Looks whether a rank of @p members has waited long for a message of this one, which waits for the same rank in the
 * collective call @p call. */
static void look_for_waiting(const char *call, const int *members, int ranks) {
    int pending = 0;
    char text[TEXT_BYTES];
    Message expected;
    MPI_Status status;
    PMPI_Iprobe(MPI_ANY_SOURCE, TAG_WAITS, check.control, &pending, &status);
    if (!pending) return;
    take_in(&expected, sizeof expected, status.MPI_SOURCE, TAG_WAITS);
    (void)snprintf(text, sizeof text, "rank %d calls %s instead", check.rank, call);
    for (int i = 0; i < ranks; i++)
        if (members[i] == expected.to) end_for_messages(NULL, &expected, text);
}

/* No message may be left over: neither one that was not received nor one that was not sent. */
static void end_messages(void) {
    int64_t coming = 0;
    int known = check.sent != NULL, all_known = 0;
    NEXT(PMPI_Allreduce)(&known, &all_known, 1, MPI_INT, MPI_MIN, check.control);
    if (all_known) PMPI_Reduce_scatter_block(check.sent, &coming, 1, MPI_INT64_T, MPI_SUM, check.control);
    while (check.heard < coming) hear();
    if (check.announced.count > 0) end_for_messages(&check.announced.message[0], NULL, "it is never received");
    if (check.expected.count > 0) end_for_messages(NULL, &check.expected.message[0], "it is never sent");
    /* No rank leaves MPI while another one aborts: mpirun 4.1 would now and then wait for ever in its own end. */
    NEXT(PMPI_Barrier)(check.control);
    free(check.sent);
    free(check.announced.message);
    free(check.expected.message);
}

/* -------------------------------------------------------------------------------------------------- collective calls
 */

static bool is_same(const Call *a, const Call *b) {
    return strcmp(a->name, b->name) == 0 && a->count == b->count && a->element_bytes == b->element_bytes &&
           a->root == b->root && a->members == b->members;
}

static void describe_call(const Call *call, char *text) {
    (void)snprintf(text, TEXT_BYTES,
                   "rank %d calls %s of %" PRId64 " x %" PRId64 " bytes, root %" PRId64
                   ", on %d ranks from rank %d (its call %" PRId64 ")",
                   call->rank, call->name, call->count, call->element_bytes, call->root, call->ranks, call->first,
                   call->number);
}

static void end_for_calls(const Call *mine, const Call *other) {
    char left[TEXT_BYTES], right[TEXT_BYTES];
    describe_call(mine, left);
    describe_call(other, right);
    (void)fprintf(stderr, "tessera: error: ranks make different collective calls: %s; %s\n", left, right);
    abort_all();
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
        take_in(&other, sizeof other, members[i], TAG_CALL);
        if (heard == NULL || heard[i] || !is_same(mine, &other))
            end_for_calls(mine, &other);
        else
            heard[i] = 1;
    }
}

static void await_call(void *what, size_t bytes, int rank, int tag, const Call *mine, const int *members, int *heard) {
    const double begin_s = steady_s();
    MPI_Request request;
    int done = 0;
    NEXT(PMPI_Irecv)(what, (int)bytes, MPI_BYTE, rank, tag, check.control, &request);
    for (PMPI_Test(&request, &done, MPI_STATUS_IGNORE); !done; PMPI_Test(&request, &done, MPI_STATUS_IGNORE)) {
        if (steady_s() - begin_s > check.unanswered_s) {
            look_for_lost(mine, members, heard);
            look_for_waiting(mine->name, members, mine->ranks);
        }
        nap();
    }
}

/* The first rank of the call hears all others, and answers when all are alike.
 * @param heard  [ranks] zeros; to work with */
static void compare_on(const Call *mine, const int *members, int *heard) {
    Call other;
    char answer = 0;
    if (check.rank != mine->first) {
        tell(mine, sizeof *mine, mine->first, TAG_CALL);
        await_call(&answer, 1, mine->first, TAG_ANSWER, mine, members, NULL);
        return;
    }
    for (int i = 0; i < mine->ranks; i++) {
        if (members[i] == check.rank || heard[i]) continue;
        await_call(&other, sizeof other, members[i], TAG_CALL, mine, members, heard);
        heard[i] = 1;
        if (!is_same(mine, &other)) end_for_calls(mine, &other);
    }
    for (int i = 0; i < mine->ranks; i++)
        if (members[i] != check.rank) tell(&answer, 1, members[i], TAG_ANSWER);
}

static void compare_group(const char *name, MPI_Group group, int64_t count, MPI_Datatype type, int root) {
    Call mine = {.number = ++check.calls, .count = count, .root = root, .first = INT32_MAX, .rank = check.rank};
    int element_bytes = 0;
    (void)snprintf(mine.name, sizeof mine.name, "%.23s", name);
    if (type != MPI_DATATYPE_NULL) PMPI_Type_size(type, &element_bytes);
    mine.element_bytes = element_bytes;
    PMPI_Group_size(group, &mine.ranks);
    int *list = calloc(3 * (size_t)mine.ranks, sizeof *list);
    if (list != NULL && mine.ranks > 1) { /* without memory this call is not compared, and the next one tells */
        int *members = list + mine.ranks, *heard = members + mine.ranks;
        for (int i = 0; i < mine.ranks; i++) list[i] = i;
        PMPI_Group_translate_ranks(group, mine.ranks, list, check.world, members);
        for (int i = 0; i < mine.ranks; i++) mine.first = members[i] < mine.first ? members[i] : mine.first;
        mine.members = (uint32_t)crc32(0, (const Bytef *)members, (uInt)((size_t)mine.ranks * sizeof *members));
        compare_on(&mine, members, heard);
    }
    free(list);
    PMPI_Group_free(&group);
}

static void compare(const char *name, MPI_Comm comm, int64_t count, MPI_Datatype type, int root) {
    MPI_Group group;
    if (check.control == MPI_COMM_NULL || comm == MPI_COMM_SELF) return;
    PMPI_Comm_group(comm, &group);
    compare_group(name, group, count, type, root);
}

static void compare_window(const char *name, MPI_Win window) {
    MPI_Group group;
    if (check.control == MPI_COMM_NULL) return;
    PMPI_Win_get_group(window, &group);
    compare_group(name, group, 0, MPI_DATATYPE_NULL, 0);
}

/* ------------------------------------------------------------------------------------------------- begin and end of
 * MPI */

static void begin(void) {
    const char *unanswered = getenv("MPI_CHECK_UNANSWERED_S");
    int ranks = 0;
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (ranks < 2) return;
    check.unanswered_s = unanswered != NULL ? strtod(unanswered, NULL) : 10.0;
    check.sent = calloc((size_t)ranks, sizeof *check.sent);
    PMPI_Comm_group(MPI_COMM_WORLD, &check.world);
    PMPI_Comm_rank(MPI_COMM_WORLD, &check.rank);
    PMPI_Comm_dup(MPI_COMM_WORLD, &check.control);
}

int MPI_Init(int *argc, char ***argv) {
    const int result = PMPI_Init(argc, argv);
    begin();
    return result;
}

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided) {
    const int result = PMPI_Init_thread(argc, argv, required, provided);
    begin();
    return result;
}

int PMPI_Finalize(void) {
    compare("MPI_Finalize", MPI_COMM_WORLD, 0, MPI_DATATYPE_NULL, 0);
    if (check.control != MPI_COMM_NULL) {
        end_messages();
        PMPI_Group_free(&check.world);
        NEXT(PMPI_Comm_free)(&check.control);
    }
    return NEXT(PMPI_Finalize)();
}

/* ------------------------------------------------------------------------------------------------------- what is
 * caught */

/* First the comparison, then the call. */
#define COLLECTIVE(name, parameters, arguments, comm, count, type, root)                                               \
    int PMPI_##name parameters {                                                                                       \
        compare("MPI_" #name, comm, count, type, root);                                                                \
        return NEXT(PMPI_##name) arguments;                                                                            \
    }
#define ON_WINDOW(name, parameters, arguments, window)                                                                 \
    int PMPI_##name parameters {                                                                                       \
        compare_window("MPI_" #name, window);                                                                          \
        return NEXT(PMPI_##name) arguments;                                                                            \
    }

COLLECTIVE(Barrier, (MPI_Comm comm), (comm), comm, 0, MPI_DATATYPE_NULL, 0)
COLLECTIVE(Ibarrier, (MPI_Comm comm, MPI_Request *request), (comm, request), comm, 0, MPI_DATATYPE_NULL, 0)
COLLECTIVE(Bcast, (void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm),
           (buffer, count, type, root, comm), comm, count, type, root)
COLLECTIVE(Reduce, (const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm),
           (send, receive, count, type, op, root, comm), comm, count, type, root)
COLLECTIVE(Allreduce, (const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm),
           (send, receive, count, type, op, comm), comm, count, type, 0)
COLLECTIVE(Ireduce,
           (const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm,
            MPI_Request *request),
           (send, receive, count, type, op, root, comm, request), comm, count, type, root)
COLLECTIVE(Iallreduce,
           (const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
            MPI_Request *request),
           (send, receive, count, type, op, comm, request), comm, count, type, 0)
COLLECTIVE(Gather,
           (const void *send, int count, MPI_Datatype type, void *receive, int receive_count, MPI_Datatype receive_type,
            int root, MPI_Comm comm),
           (send, count, type, receive, receive_count, receive_type, root, comm), comm, count, type, root)
/* Each rank has a count of its own. */
COLLECTIVE(Gatherv,
           (const void *send, int count, MPI_Datatype type, void *receive, const int counts[], const int places[],
            MPI_Datatype receive_type, int root, MPI_Comm comm),
           (send, count, type, receive, counts, places, receive_type, root, comm), comm, 0, type, root)
COLLECTIVE(Comm_split, (MPI_Comm comm, int colour, int key, MPI_Comm *made), (comm, colour, key, made), comm, 0,
           MPI_DATATYPE_NULL, 0)
COLLECTIVE(Comm_split_type, (MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *made),
           (comm, type, key, info, made), comm, type, MPI_DATATYPE_NULL, 0)
COLLECTIVE(Comm_free, (MPI_Comm * comm), (comm), *comm, 0, MPI_DATATYPE_NULL, 0)
COLLECTIVE(Win_allocate, (MPI_Aint bytes, int unit, MPI_Info info, MPI_Comm comm, void *memory, MPI_Win *window),
           (bytes, unit, info, comm, memory, window), comm, unit, MPI_DATATYPE_NULL, 0)
COLLECTIVE(Win_allocate_shared, (MPI_Aint bytes, int unit, MPI_Info info, MPI_Comm comm, void *memory, MPI_Win *window),
           (bytes, unit, info, comm, memory, window), comm, unit, MPI_DATATYPE_NULL, 0)
ON_WINDOW(Win_fence, (int assertion, MPI_Win window), (assertion, window), window)
ON_WINDOW(Win_free, (MPI_Win * window), (window), *window)

int PMPI_Send(const void *buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
    sends(count, type, to, tag, comm);
    return NEXT(PMPI_Send)(buffer, count, type, to, tag, comm);
}

int PMPI_Recv(void *buffer, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status *status) {
    expects(count, type, from, tag, comm);
    await_messages();
    return NEXT(PMPI_Recv)(buffer, count, type, from, tag, comm, status);
}

int PMPI_Isend(const void *buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request) {
    sends(count, type, to, tag, comm);
    return NEXT(PMPI_Isend)(buffer, count, type, to, tag, comm, request);
}

int PMPI_Irecv(void *buffer, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *request) {
    expects(count, type, from, tag, comm);
    return NEXT(PMPI_Irecv)(buffer, count, type, from, tag, comm, request);
}

/* This one the program does not define. */
int MPI_Test(MPI_Request *request, int *done, MPI_Status *status) {
    await_messages();
    return PMPI_Test(request, done, status);
}
