#include "run/photon_exchange.h"

#include "team/waiting.h"

#include <inttypes.h>
#include <stdlib.h>

enum { RECTANGLES_MOST = 3 };

/* What a member owns, and the rows that it needs. */
typedef struct Part {
    int rectangles;
    Tile rectangle[RECTANGLES_MOST];
    Range needed;
} Part;

static Part part_of(const PhotonExchange *exchange, int member) {
    const Plan *plan = exchange->plan;
    Part part = {.needed = {0, 0}};
    part.rectangles = plan_rectangles(plan, plan_tiles_of_member(plan, member), part.rectangle);
    if (part.rectangles == 0) return part;
    const Tile last = part.rectangle[part.rectangles - 1];
    const int64_t begin = part.rectangle[0].slow - exchange->reach;
    const int64_t end = last.slow + last.slow_pixels + exchange->reach;
    part.needed.begin = begin > 0 ? begin : 0;
    part.needed.end = end < plan->request.slow_pixels ? end : plan->request.slow_pixels;
    return part;
}

Status photon_exchange_create(Team group, const Plan *plan, int member, int64_t reach, PhotonExchange *exchange) {
    *exchange = (PhotonExchange){.group = group, .plan = plan, .member = member, .reach = reach};
    PhotonRows *needed = &exchange->needed;
    needed->rows = part_of(exchange, member).needed;
    needed->fast_pixels = plan->request.fast_pixels;
    const int64_t pixels = range_length(needed->rows) * needed->fast_pixels;
    const size_t messages = 2 * RECTANGLES_MOST * (size_t)plan->group_ranks;
    needed->photons = malloc((size_t)(pixels + 1) * sizeof *needed->photons);
    exchange->requests = malloc(messages * sizeof *exchange->requests);
    if (needed->photons == NULL || exchange->requests == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the photons of %" PRId64 " pixels that spread", pixels);
    return status_ok();
}

void photon_exchange_destroy(PhotonExchange *exchange) {
    free(exchange->requests);
    free(exchange->needed.photons);
    *exchange = (PhotonExchange){.member = -1};
}

/* Starts to send, or to receive, those pixels of a rectangle that lie in some rows; both sides find the same ones.
 * Returns the number of messages. */
static int start(const PhotonExchange *exchange, bool sends, int other, int index, Tile rectangle, Range rows,
                 MPI_Request *request) {
    const PhotonRows *needed = &exchange->needed;
    const int64_t end = rectangle.slow + rectangle.slow_pixels;
    const int64_t first = rectangle.slow > rows.begin ? rectangle.slow : rows.begin;
    const int64_t count = (end < rows.end ? end : rows.end) - first;
    if (count <= 0) return 0;
    double *photons = needed->photons + (first - needed->rows.begin) * needed->fast_pixels + rectangle.fast;
    MPI_Datatype block = MPI_DATATYPE_NULL;
    MPI_Type_vector((int)count, (int)rectangle.fast_pixels, (int)needed->fast_pixels, MPI_DOUBLE, &block);
    MPI_Type_commit(&block);
    if (sends)
        MPI_Isend(photons, 1, block, other, index, exchange->group.communicator, request);
    else
        MPI_Irecv(photons, 1, block, other, index, exchange->group.communicator, request);
    MPI_Type_free(&block); /* once the message has passed */
    return 1;
}

void photon_exchange(PhotonExchange *exchange) {
    const Part mine = part_of(exchange, exchange->member);
    int messages = 0;
    for (int other = 0; other < exchange->plan->group_ranks; other++) {
        if (other == exchange->member) continue;
        const Part theirs = part_of(exchange, other);
        for (int i = 0; i < theirs.rectangles; i++)
            messages +=
                start(exchange, false, other, i, theirs.rectangle[i], mine.needed, exchange->requests + messages);
        for (int i = 0; i < mine.rectangles; i++)
            messages +=
                start(exchange, true, other, i, mine.rectangle[i], theirs.needed, exchange->requests + messages);
    }
    if (messages > 0) waiting_for(messages, exchange->requests);
}
