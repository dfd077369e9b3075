#include "output/data_file.h"
#include "output/image_writer.h"
#include "team/agree.h"
#include "team/waiting.h"

#include <assert.h>
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Frames that are assembled and packed at a time are as many as threads, and no more than these. */
enum { BATCH_MOST = 64, TAG_PIXELS = 1, TAG_HEAD = 2, TAG_BODY = 3, TWO = 2 };

/* A message counts its bytes in an int: a frame of counts with its photons must fit. */
static const double FRAME_BYTES_MOST = 1e9;

/* The data files on this rank: file i is written by rank i modulo the number of ranks. */
typedef struct OwnFiles {
    Team team; /* a copy: the thread that writes must not meet the messages of another */
    DataFileKind kind;
    int64_t files;   /* of all ranks */
    DataFile **file; /* [files of this rank] those in work, else NULL */
    void *received;  /* room for a packed frame */
} OwnFiles;

/* ------------------------------------------------------------------------------------------------------------- open
 */

static Packing packing_of(const ImageTarget *target) {
    return (Packing){.method = target->method, .level = target->level, .shuffle = true};
}

static Status make_kind(const ImageTarget *target, DataFileKind *kind) {
    const ImageSet *set = &target->main;
    *kind = (DataFileKind){.files = target->files,
                           .master = target->path,
                           .frames = set->frames,
                           .first_number = target->first_number,
                           .has_twin = target->has_twin,
                           .type = set->reals ? H5T_NATIVE_FLOAT : H5T_NATIVE_INT32,
                           .slow_pixels = set->slow_pixels,
                           .fast_pixels = set->fast_pixels,
                           .states = target->states};
    const double bytes =
        (target->has_twin ? 2.0 : 1.0) * IMAGE_PIXEL_BYTES * (double)set->slow_pixels * (double)set->fast_pixels;
    if (bytes > FRAME_BYTES_MOST)
        return status_error(STATUS_BAD_PARAMETER,
                            "a frame of %" PRId64 " x %" PRId64 " pixels is too large for files of frames; give "
                            "--output.frames_per_file=0",
                            set->slow_pixels, set->fast_pixels);
    TRY(frame_codec_create(packing_of(target), kind->type, kind->slow_pixels, kind->fast_pixels, &kind->main));
    return frame_codec_create(packing_of(target), H5T_NATIVE_FLOAT, kind->slow_pixels, kind->fast_pixels, &kind->twin);
}

static int64_t files_of_rank(const OwnFiles *own) {
    return (own->files - own->team.rank + own->team.ranks - 1) / own->team.ranks;
}

static Status make_room(OwnFiles *own) {
    const size_t files = (size_t)(files_of_rank(own) + 1);
    own->file = calloc(files, sizeof(DataFile *));
    own->received = malloc(frame_codec_bytes_most(&own->kind.main) + frame_codec_bytes_most(&own->kind.twin));
    return own->file != NULL && own->received != NULL ? status_ok()
                                                      : status_error(STATUS_NO_MEMORY, "no memory for files of frames");
}

static Team copy_team(Team team) {
    if (team.communicator == MPI_COMM_NULL) return team;
    MPI_Comm copy = MPI_COMM_NULL;
    MPI_Comm_split(team.communicator, 0, team.rank, &copy);
    return team_of(copy);
}

static Status open_files(ImageTarget *target) {
    OwnFiles *own = calloc(1, sizeof *own);
    const Status room = agree(
        target->team, own != NULL ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for files of frames"));
    if (!status_is_ok(room)) {
        free(own);
        return room;
    }
    target->own = own;
    own->team = copy_team(target->team);
    own->files = data_files_count(target->files, target->main.frames);
    TRY(agree(target->team, make_kind(target, &own->kind)));
    return agree(target->team, make_room(own));
}

/* ---------------------------------------------------------------------------------------------------- who has what */

/* A rank has a part of a frame, or all of it. */
typedef struct Holder {
    int64_t slot;
    int rank;
} Holder;

/* What all ranks have of a wave. */
typedef struct WaveMap {
    int64_t holders;
    Holder *holder; /* [holders] by slot, then by rank */
    Tile *tile;     /* [ranks][3] */
} WaveMap;

static void free_map(WaveMap *map) {
    free(map->tile);
    free(map->holder);
}

static int compare_holders(const void *left, const void *right) {
    const Holder *l = left, *r = right;
    const int slots = (l->slot > r->slot) - (l->slot < r->slot);
    return slots != 0 ? slots : (l->rank > r->rank) - (l->rank < r->rank);
}

/* Lists of this rank. */
static Status list_own(Team team, const WaveData *wave, Holder **mine) {
    *mine = calloc((size_t)wave->frames + 1, sizeof **mine);
    if (*mine == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a list of frames");
    for (int64_t i = 0; i < wave->frames; i++) (*mine)[i] = (Holder){.slot = wave->slots[i], .rank = team.rank};
    return status_ok();
}

/* On every rank, from the lists of all. @p bytes is [2 ranks] on rank 0. */
static Status share_lists(Team team, const Holder *mine, int count, int *bytes, WaveMap *map) {
    const int sent = count * (int)sizeof *mine;
    int *places = bytes + team.ranks;
    int64_t total = 0;
    team_gather(team, &sent, sizeof sent, bytes);
    for (int i = 0; team.rank == 0 && i < team.ranks; i++) {
        places[i] = (int)total;
        total += bytes[i];
    }
    team_broadcast(team, 0, &total, sizeof total);
    map->holders = total / (int64_t)sizeof *mine;
    map->holder = malloc((size_t)total + 1);
    map->tile = calloc((size_t)team.ranks, 3 * sizeof *map->tile);
    const bool made = map->holder != NULL && map->tile != NULL && total <= INT32_MAX;
    TRY(agree(team, made ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for a list of frames")));
    team_gather_parts(team, mine, sent, map->holder, bytes, places);
    if (team.rank == 0) qsort(map->holder, (size_t)map->holders, sizeof *map->holder, compare_holders);
    team_broadcast(team, 0, map->holder, (size_t)total);
    return status_ok();
}

static void share_tiles(Team team, const WaveData *wave, WaveMap *map) {
    Tile mine[3] = {{.slow = 0}};
    memcpy(mine, wave->rectangle, (size_t)wave->rectangles * sizeof *mine);
    team_gather(team, mine, sizeof mine, map->tile);
    team_broadcast(team, 0, map->tile, (size_t)team.ranks * sizeof mine);
}

/* Collective. */
static Status make_map(Team team, const WaveData *wave, WaveMap *map) {
    Holder *mine = NULL;
    int *bytes = calloc(2 * (size_t)team.ranks, sizeof *bytes);
    *map = (WaveMap){.holders = 0};
    Status status =
        bytes == NULL ? status_error(STATUS_NO_MEMORY, "no memory for a list of ranks") : list_own(team, wave, &mine);
    status = agree(team, status);
    if (status_is_ok(status)) status = share_lists(team, mine, (int)wave->frames, bytes, map);
    if (status_is_ok(status)) share_tiles(team, wave, map);
    free(mine);
    free(bytes);
    return status;
}

/* The holders of one frame: the first one and their number. */
typedef struct Holders {
    const Holder *first;
    int count;
} Holders;

static Holders holders_at(const WaveMap *map, int64_t index) {
    Holders holders = {.first = &map->holder[index], .count = 0};
    while (index + holders.count < map->holders && holders.first[holders.count].slot == holders.first->slot)
        holders.count++;
    return holders;
}

/* Who puts a frame together and packs it: one of those that have parts of it, in turn. */
static int packer_of(Holders holders) {
    return holders.first[holders.first->slot % holders.count].rank;
}

static int writer_of(const OwnFiles *own, int64_t slot) {
    return (int)(slot / own->kind.files->frames_per_file % own->team.ranks);
}

/* ------------------------------------------------------------------------------------------------- frames from parts
 */

/* A frame that this rank packs. */
typedef struct Job {
    int64_t slot;
    const void *main, *twin; /* [slow][fast], whole */
    void *made;              /* room for both, where they are put together; else NULL */
} Job;

/* What is being sent, and what stays here. */
typedef struct PackedMessage {
    PackedFrame head;
    void *main, *twin;
} PackedMessage;

static int64_t pixels_of(const Tile *tiles) {
    int64_t pixels = 0;
    for (int i = 0; i < 3; i++) pixels += tiles[i].slow_pixels * tiles[i].fast_pixels;
    return pixels;
}

/* Rows of tiles between an image of some rows and a dense list of pixels. */
static void move_tiles(const Tile *tiles, int64_t first_row, int64_t fast_pixels, char *image, char *dense, bool out) {
    for (int i = 0; i < 3; i++)
        for (int64_t row = 0; row < tiles[i].slow_pixels; row++) {
            char *there = image + IMAGE_PIXEL_BYTES * ((tiles[i].slow + row - first_row) * fast_pixels + tiles[i].fast);
            const size_t bytes = (size_t)(IMAGE_PIXEL_BYTES * tiles[i].fast_pixels);
            memcpy(out ? dense : there, out ? there : dense, bytes);
            dense += bytes;
        }
}

/* One wave on this rank. */
typedef struct Wave {
    OwnFiles *own;
    const ImageValues *values;
    WaveMap map;
    char *dense;             /* room for the pixels of a part, of either kind */
    PackedMessage *message;  /* [frames of this rank] packed here, in the order of their slots */
    int64_t messages, local; /* local: the next one that stays here */
    MPI_Request *request;    /* [2 messages + both parts] */
    int requests;
} Wave;

static size_t image_bytes(const OwnFiles *own) {
    return own->kind.main.chunk_bytes;
}

/* The rows of frame @p index that this rank has. */
static char *rows_of(const Wave *wave, const void *values, int64_t index) {
    const WaveData *data = &wave->values->wave;
    return (char *)(uintptr_t)values +
           IMAGE_PIXEL_BYTES * index * range_length(data->rows) * wave->own->kind.fast_pixels;
}

/* Of the main images, or of those beside them. */
static const void *values_of(const Wave *wave, int kind) {
    return kind == 0 ? wave->values->main : wave->values->twin;
}

static int kinds_of(const Wave *wave) {
    return wave->own->kind.has_twin ? 2 : 1;
}

static void send_part(Wave *wave, int64_t index, int to) {
    const WaveData *data = &wave->values->wave;
    Tile tiles[3] = {{.slow = 0}};
    memcpy(tiles, data->rectangle, (size_t)data->rectangles * sizeof *tiles);
    const int64_t bytes = IMAGE_PIXEL_BYTES * pixels_of(tiles);
    for (int kind = 0; bytes > 0 && kind < kinds_of(wave); kind++) {
        move_tiles(tiles, data->rows.begin, wave->own->kind.fast_pixels, rows_of(wave, values_of(wave, kind), index),
                   wave->dense, true);
        MPI_Request request;
        MPI_Isend(wave->dense, (int)bytes, MPI_BYTE, to, TAG_PIXELS, wave->own->team.communicator, &request);
        waiting_for(1, &request);
    }
}

/* The parts of all holders into the images of the job. */
static void receive_parts(Wave *wave, Holders holders, const Job *job) {
    const OwnFiles *own = wave->own;
    for (int i = 0; i < holders.count; i++) {
        const int from = holders.first[i].rank;
        const Tile *tiles = wave->map.tile + (ptrdiff_t)3 * from;
        const int64_t bytes = IMAGE_PIXEL_BYTES * pixels_of(tiles);
        if (from == own->team.rank || bytes == 0) continue;
        for (int kind = 0; kind < kinds_of(wave); kind++) {
            MPI_Request request;
            MPI_Irecv(wave->dense, (int)bytes, MPI_BYTE, from, TAG_PIXELS, own->team.communicator, &request);
            waiting_for(1, &request);
            move_tiles(tiles, 0, own->kind.fast_pixels, (char *)job->made + (size_t)kind * image_bytes(own),
                       wave->dense, false);
        }
    }
}

static bool is_whole(const Wave *wave) {
    const WaveData *data = &wave->values->wave;
    const DataFileKind *kind = &wave->own->kind;
    return data->rectangles == 1 && range_length(data->rows) == kind->slow_pixels &&
           data->rectangle[0].slow_pixels == kind->slow_pixels && data->rectangle[0].fast_pixels == kind->fast_pixels;
}

/* Images are borrowed where this rank has all of them. Every holder of a frame calls it, in the same order of frames.
 * Room that is lacking is found out when the frame is packed, as the others' parts must be taken all the same.
 * @return true for a frame that this rank packs */
static bool assemble(Wave *wave, Holders holders, int64_t index, Job *job) {
    const OwnFiles *own = wave->own;
    const WaveData *data = &wave->values->wave;
    const int packer = packer_of(holders);
    if (packer != own->team.rank) {
        send_part(wave, index, packer);
        return false;
    }
    job->slot = holders.first->slot;
    if (holders.count == 1 && is_whole(wave)) {
        job->main = rows_of(wave, wave->values->main, index);
        job->twin = own->kind.has_twin ? rows_of(wave, wave->values->twin, index) : NULL;
        return true;
    }
    memset(job->made, 0, (size_t)kinds_of(wave) * image_bytes(own));
    Tile tiles[3] = {{.slow = 0}};
    memcpy(tiles, data->rectangle, (size_t)data->rectangles * sizeof *tiles);
    for (int kind = 0; kind < kinds_of(wave); kind++) {
        if (data->rectangles == 0) continue;
        move_tiles(tiles, data->rows.begin, own->kind.fast_pixels, rows_of(wave, values_of(wave, kind), index),
                   wave->dense, true);
        move_tiles(tiles, 0, own->kind.fast_pixels, (char *)job->made + (size_t)kind * image_bytes(own), wave->dense,
                   false);
    }
    receive_parts(wave, holders, job);
    job->main = job->made;
    job->twin = (char *)job->made + image_bytes(own);
    return true;
}

/* -------------------------------------------------------------------------------------------------------------- pack
 */

/* A frame that cannot be packed has no bytes. */
static bool pack(const DataFileKind *kind, const Job *job, PackedMessage *message) {
    PackedFrame *head = &message->head;
    *message = (PackedMessage){.head = {.slot = job->slot}};
    head->crc32 = frame_codec_crc32(job->main, kind->main.chunk_bytes);
    bool packed = frame_codec_pack(&kind->main, job->main, &message->main, &head->main_bytes) &&
                  head->main_bytes <= frame_codec_bytes_most(&kind->main);
    if (packed && kind->has_twin)
        packed = frame_codec_pack(&kind->twin, job->twin, &message->twin, &head->twin_bytes) &&
                 head->twin_bytes <= frame_codec_bytes_most(&kind->twin);
    if (!packed) head->main_bytes = head->twin_bytes = 0;
    return packed;
}

static bool pack_batch(Wave *wave, const Job *jobs, int count) {
    const DataFileKind *kind = &wave->own->kind;
    PackedMessage *messages = wave->message + wave->messages;
    bool failed = false;
#pragma omp parallel for schedule(dynamic, 1) reduction(|| : failed)
    for (int i = 0; i < count; i++) failed = !pack(kind, &jobs[i], &messages[i]) || failed;
    return !failed;
}

static void send_one(Wave *wave, const void *bytes, size_t count, int to, int tag) {
    MPI_Isend(bytes, (int)count, MPI_BYTE, to, tag, wave->own->team.communicator, &wave->request[wave->requests++]);
}

/* Nothing is waited for: the writer takes it when it comes to the frame. */
static void send_message(Wave *wave, PackedMessage *message) {
    const int to = writer_of(wave->own, message->head.slot);
    message->head.main = message->main;
    message->head.twin = message->twin;
    if (to == wave->own->team.rank) return;
    send_one(wave, &message->head, sizeof message->head, to, TAG_HEAD);
    if (message->head.main_bytes > 0) send_one(wave, message->main, message->head.main_bytes, to, TAG_BODY);
    if (message->head.twin_bytes > 0) send_one(wave, message->twin, message->head.twin_bytes, to, TAG_BODY);
}

static int batch_of(const Wave *wave) {
    const int threads = omp_get_max_threads() < BATCH_MOST ? omp_get_max_threads() : BATCH_MOST;
    return wave->values->wave.frames < threads ? (int)wave->values->wave.frames : threads;
}

static Status make_jobs(const Wave *wave, Job *jobs, int batch) {
    const size_t bytes = (size_t)kinds_of(wave) * image_bytes(wave->own);
    if (is_whole(wave)) return status_ok();
    for (int i = 0; i < batch; i++) {
        jobs[i].made = malloc(bytes);
        if (jobs[i].made == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d frames", batch);
    }
    return status_ok();
}

/* The holders of this rank's frames come in the order of its slots. */
static Status pack_frames(Wave *wave, Job *jobs, int batch) {
    Status status = status_ok();
    int64_t index = 0;
    int count = 0;
    for (int64_t at = 0; at < wave->map.holders; at += holders_at(&wave->map, at).count) {
        const Holders holders = holders_at(&wave->map, at);
        const WaveData *data = &wave->values->wave;
        if (index == data->frames || data->slots[index] != holders.first->slot) continue;
        count += assemble(wave, holders, index++, &jobs[count]) ? 1 : 0;
        if (count < batch && index < data->frames) continue;
        if (!pack_batch(wave, jobs, count)) status = status_error(STATUS_NO_MEMORY, "no memory to pack the images");
        for (int i = 0; i < count; i++) send_message(wave, &wave->message[wave->messages++]);
        count = 0;
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- write
 */

static Status put(OwnFiles *own, const PackedFrame *frame) {
    const int64_t index = frame->slot / own->kind.files->frames_per_file;
    DataFile **file = &own->file[index / own->team.ranks];
    if (frame->main_bytes == 0)
        return status_error(STATUS_NO_MEMORY, "frame %" PRId64 " could not be packed", frame->slot);
    if (*file == NULL) TRY(data_file_begin(&own->kind, index, file));
    TRY(data_file_put(*file, frame));
    return data_file_is_whole(*file) ? data_file_publish(file) : status_ok();
}

static void receive(Wave *wave, int from, PackedFrame *frame) {
    MPI_Comm communicator = wave->own->team.communicator;
    char *room = wave->own->received;
    MPI_Request request[TWO];
    int requests = 0;
    MPI_Irecv(frame, (int)sizeof *frame, MPI_BYTE, from, TAG_HEAD, communicator, request);
    waiting_for(1, request);
    frame->main = room;
    frame->twin = room + frame->main_bytes;
    if (frame->main_bytes > 0)
        MPI_Irecv(room, (int)frame->main_bytes, MPI_BYTE, from, TAG_BODY, communicator, &request[requests++]);
    if (frame->twin_bytes > 0)
        MPI_Irecv(room + frame->main_bytes, (int)frame->twin_bytes, MPI_BYTE, from, TAG_BODY, communicator,
                  &request[requests++]);
    if (requests > 0) waiting_for(requests, request);
}

/* The next message that stays on this rank. */
static const PackedFrame *take_local(Wave *wave) {
    while (writer_of(wave->own, wave->message[wave->local].head.slot) != wave->own->team.rank) wave->local++;
    return &wave->message[wave->local++].head;
}

/* After a failure the others' messages are taken all the same, as they would wait for that. */
static Status write_frames(Wave *wave) {
    OwnFiles *own = wave->own;
    Status status = status_ok();
    for (int64_t at = 0; at < wave->map.holders; at += holders_at(&wave->map, at).count) {
        const Holders holders = holders_at(&wave->map, at);
        const int packer = packer_of(holders);
        PackedFrame frame = {.slot = holders.first->slot};
        if (writer_of(own, frame.slot) != own->team.rank) continue;
        if (packer == own->team.rank)
            frame = *take_local(wave);
        else
            receive(wave, packer, &frame);
        if (status_is_ok(status)) status = put(own, &frame);
    }
    return status;
}

/* Room for everything, so that nothing fails between messages. */
static Status make_wave(Wave *wave, Job *jobs, int batch) {
    const size_t frames = (size_t)wave->values->wave.frames + 1;
    wave->dense = malloc(image_bytes(wave->own));
    wave->message = calloc(frames, sizeof *wave->message);
    wave->request = malloc(3 * frames * sizeof(MPI_Request));
    if (wave->dense == NULL || wave->message == NULL || wave->request == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the frames of a wave");
    return make_jobs(wave, jobs, batch);
}

static void free_wave(Wave *wave, Job *jobs) {
    for (int i = 0; i < BATCH_MOST; i++) free(jobs[i].made);
    for (int64_t i = 0; i < wave->messages; i++) {
        free(wave->message[i].twin);
        free(wave->message[i].main);
    }
    free((void *)wave->request);
    free(wave->message);
    free(wave->dense);
    free_map(&wave->map);
}

static Status write_files(ImageTarget *target, const ImageValues *values) {
    Wave wave = {.own = target->own, .values = values};
    Job jobs[BATCH_MOST] = {{.slot = 0}};
    const int batch = batch_of(&wave);
    Status status = make_map(wave.own->team, &values->wave, &wave.map);
    if (status_is_ok(status)) status = agree(wave.own->team, make_wave(&wave, jobs, batch));
    if (status_is_ok(status)) {
        status = pack_frames(&wave, jobs, batch);
        status = status_first(status, write_frames(&wave));
        if (wave.requests > 0) waiting_for(wave.requests, wave.request);
    }
    free_wave(&wave, jobs);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- close
 */

/* Local. */
static Status publish_files(ImageTarget *target) {
    OwnFiles *own = target->own;
    Status status = status_ok();
    for (int64_t i = 0; own->file != NULL && i < files_of_rank(own); i++)
        if (own->file[i] != NULL) status = status_first(status, data_file_publish(&own->file[i]));
    return status;
}

static Status close_files(ImageTarget *target, bool failed) {
    OwnFiles *own = target->own;
    if (own == NULL) return status_ok();
    for (int64_t i = 0; own->file != NULL && i < files_of_rank(own); i++) data_file_discard(&own->file[i]);
    free((void *)own->file);
    free(own->received);
    if (!failed && own->team.communicator != MPI_COMM_NULL) team_free(&own->team);
    free(own);
    target->own = NULL;
    return status_ok();
}

const ImageWriter image_writer_files = {
    .name = "files", .open = open_files, .write = write_files, .publish = publish_files, .close = close_files};
