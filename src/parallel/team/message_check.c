#include "team/message_check.h"

#include "base/clocks.h"
#include "base/status.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum { TYPE_BYTES = 24, MESSAGE_TEXT_BYTES = 160 };
enum { TAG_MESSAGE, TAG_WAITS }; /* from the first one on: announcements, and ranks that wait for one */

/* A message as one side knows it. */
typedef struct Message {
    int32_t from, to, tag; /* ranks of MPI_COMM_WORLD */
    uint32_t members;      /* checksum of those of the communicator */
    int64_t elements, bytes;
    char type[TYPE_BYTES]; /* of the elements */
} Message;

typedef struct Messages {
    int count, room;
    Message *message;
} Messages;

/* MPI gives its calls no context, so these are the process's. */
static struct {
    MPI_Comm control;    /* MPI_COMM_NULL where nothing is checked */
    double unanswered_s; /* what nobody has announced for so long is not on its way */
    int first_tag, rank, ranks;
    int64_t *sent; /* [ranks] announcements */
    int64_t heard;
    Messages announced, expected; /* that have found no other side as yet */
} check = {.control = MPI_COMM_NULL};

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
    MPI_Group group, world;
    int ranks = 0, of_world = MPI_UNDEFINED;
    *members = 0;
    PMPI_Comm_group(comm, &group);
    PMPI_Comm_group(check.control, &world);
    PMPI_Group_size(group, &ranks);
    for (int i = 0; i < ranks; i++) {
        int member = 0;
        PMPI_Group_translate_ranks(group, 1, &i, world, &member);
        *members = (uint32_t)crc32(*members, (const Bytef *)&member, sizeof member);
        if (i == rank) of_world = member;
    }
    PMPI_Group_free(&world);
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
    (void)text_copy(message.type, sizeof message.type, name);
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

static void take(Messages *list, int index) {
    memmove(&list->message[index], &list->message[index + 1], (size_t)(--list->count - index) * sizeof *list->message);
}

/* ------------------------------------------------------------------------------------------------------------ the end
 */

static void describe(const Message *message, bool sends, char *text) {
    (void)snprintf(text, MESSAGE_TEXT_BYTES, "rank %d %s %" PRId64 " x %s, %" PRId64 " bytes, tag %d, %s rank %d",
                   sends ? message->from : message->to, sends ? "sends" : "expects", message->elements, message->type,
                   message->bytes, message->tag, sends ? "to" : "from", sends ? message->to : message->from);
}

/* @param sent, expected  one of them may be NULL; @p otherwise is said for it */
static void end_all(const Message *sent, const Message *expected, const char *otherwise) {
    char left[MESSAGE_TEXT_BYTES] = "", right[MESSAGE_TEXT_BYTES] = "";
    if (sent != NULL) describe(sent, true, left);
    if (expected != NULL) describe(expected, false, right);
    (void)fprintf(stderr, "tessera: error: messages do not match: %s; %s\n", sent != NULL ? left : right,
                  sent != NULL && expected != NULL ? right : otherwise);
    (void)fflush(NULL);
    MPI_Abort(MPI_COMM_WORLD, status_exit_code(STATUS_RANK_LOST));
}

/* ----------------------------------------------------------------------------------------------------------- matching
 */

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
        if (sent->bytes != expected->bytes || strcmp(sent->type, expected->type) != 0) end_all(sent, expected, "");
        take(&check.announced, a);
        take(&check.expected, e);
    }
}

static void hear(void) {
    for (int pending = 1; pending;) {
        Message message;
        MPI_Status status;
        PMPI_Iprobe(MPI_ANY_SOURCE, check.first_tag + TAG_MESSAGE, check.control, &pending, &status);
        if (!pending) break;
        PMPI_Recv(&message, sizeof message, MPI_BYTE, status.MPI_SOURCE, check.first_tag + TAG_MESSAGE, check.control,
                  MPI_STATUS_IGNORE);
        check.heard++;
        add(&check.announced, &message);
    }
    match();
}

/* A message with another tag came the same way instead; or the other rank is told, in case it never sends. */
static void doubt(const Message *expected, bool *told) {
    for (int a = 0; a < check.announced.count; a++)
        if (have_one_way(&check.announced.message[a], expected)) end_all(&check.announced.message[a], expected, "");
    if (!*told)
        PMPI_Send(expected, sizeof *expected, MPI_BYTE, expected->from, check.first_tag + TAG_WAITS, check.control);
    *told = true;
}

void message_check_awaits(void) {
    const struct timespec nap = {.tv_sec = 0, .tv_nsec = 50000};
    if (check.control == MPI_COMM_NULL || check.expected.count == 0) return;
    const double begin_s = clocks_steady_s();
    bool told = false;
    for (hear(); check.expected.count > 0; hear()) {
        if (clocks_steady_s() - begin_s > check.unanswered_s) doubt(&check.expected.message[0], &told);
        (void)nanosleep(&nap, NULL);
    }
}

/* ------------------------------------------------------------------------------------------------------------- calls
 */

void message_check_start(MPI_Comm control, int first_tag, double unanswered_s) {
    int ranks = 0;
    PMPI_Comm_size(control, &ranks);
    check.sent = calloc((size_t)ranks, sizeof *check.sent);
    check.control = control;
    check.first_tag = first_tag;
    check.unanswered_s = unanswered_s;
    check.ranks = ranks;
    PMPI_Comm_rank(control, &check.rank);
}

void message_check_sends(int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
    if (check.control == MPI_COMM_NULL) return;
    const Message message = message_of(count, type, to, true, tag, comm);
    if (check.sent != NULL) check.sent[message.to]++;
    PMPI_Send(&message, sizeof message, MPI_BYTE, message.to, check.first_tag + TAG_MESSAGE, check.control);
}

void message_check_expects(int count, MPI_Datatype type, int from, int tag, MPI_Comm comm) {
    if (check.control == MPI_COMM_NULL) return;
    const Message message = message_of(count, type, from, false, tag, comm);
    add(&check.expected, &message);
}

void message_check_looks(const char *call, const int *members, int ranks) {
    int pending = 0;
    char text[MESSAGE_TEXT_BYTES];
    Message expected;
    MPI_Status status;
    PMPI_Iprobe(MPI_ANY_SOURCE, check.first_tag + TAG_WAITS, check.control, &pending, &status);
    if (!pending) return;
    PMPI_Recv(&expected, sizeof expected, MPI_BYTE, status.MPI_SOURCE, check.first_tag + TAG_WAITS, check.control,
              MPI_STATUS_IGNORE);
    (void)snprintf(text, sizeof text, "rank %d calls %s instead", check.rank, call);
    for (int i = 0; i < ranks; i++)
        if (members[i] == expected.to) end_all(NULL, &expected, text);
}

void message_check_ends(void) {
    int64_t coming = 0;
    if (check.control == MPI_COMM_NULL) return;
    int64_t *sent = check.sent;
    int known = sent != NULL, all_known = 0;
    PMPI_Allreduce(&known, &all_known, 1, MPI_INT, MPI_MIN, check.control);
    if (all_known) PMPI_Reduce_scatter_block(sent, &coming, 1, MPI_INT64_T, MPI_SUM, check.control);
    while (check.heard < coming) hear();
    if (check.announced.count > 0) end_all(&check.announced.message[0], NULL, "it is never received");
    if (check.expected.count > 0) end_all(NULL, &check.expected.message[0], "it is never sent");
    /* No rank leaves MPI while another one aborts: mpirun 4.1 would now and then wait for ever in its own end. */
    PMPI_Barrier(check.control);
    free(check.sent);
    free(check.announced.message);
    free(check.expected.message);
    check.control = MPI_COMM_NULL;
    check.announced = check.expected = (Messages){.count = 0};
}
