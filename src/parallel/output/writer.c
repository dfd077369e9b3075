#include "output/writer.h"

#include "base/clocks.h"
#include "files/output_path.h"
#include "formats/nexus_geometry.h"
#include "hdf5/hdf5_helpers.h"
#include "kernels/kernel_table.h"
#include "nxmx/frame_table.h"
#include "nxmx/nxmx.h"
#include "nxmx/session.h"
#include "nxmx/verify.h"
#include "output/background_write.h"
#include "output/image_writer.h"
#include "output/output_file.h"
#include "output/wave_records.h"
#include "output/writer_choice.h"
#include "team/agree.h"
#include "team/place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct Writer {
    Team team;
    OutputPath path;
    bool is_new, is_reserved;    /* not continued; its disk space is */
    bool is_lost, may_be_marked; /* the file is not there any more; frames may be marked of which states do not tell */
    OutputImages images;
    Mat3 to_mcstas;
    int64_t frames;
    uint8_t *states; /* [frames] */
    BuildInfo build;
    WriterWitness witness;
    ImageTarget target;
    DataFiles files;        /* where the images lie */
    const ImageWriter *way; /* NULL before it is chosen */
    WriterChoice choice;
    MpiIo io;
    char hints[MPI_HINTS_BYTES];
    bool writes_beside; /* what is computed, in a thread */
    bool images_failed;
    Timeline *timeline;
    /* the wave that is being written, on every rank or on none: its images are borrowed */
    bool wave_is_open;
    WaveData wave;
    BackgroundWrite images_of_wave;
    /* rank 0's */
    hid_t file;
    FrameTable table;
    OutputEnd end; /* filled bit by bit */
};

static void close_wave(Writer *writer) {
    (void)background_write_finish(&writer->images_of_wave);
    free((void *)writer->wave.slots);
    free((void *)writer->wave.record);
    writer->wave = (WaveData){.frames = 0};
    writer->wave_is_open = false;
}

static void writer_destroy(Writer **writer) {
    if (*writer == NULL) return;
    close_wave(*writer);
    free((*writer)->states);
    free(*writer);
    *writer = NULL;
}

static Status writer_create(Team team, const Experiment *experiment, OutputRequest request, Writer **writer) {
    const int64_t frames = range_length(request.frames);
    if (frames < 1)
        return status_error(STATUS_BAD_PARAMETER, "frames %" PRId64 ":%" PRId64 " are none; give at least one",
                            request.frames.begin, request.frames.end);
    Writer *created = calloc(1, sizeof *created);
    uint8_t *states = calloc((size_t)frames, sizeof *states);
    if (created == NULL || states == NULL) {
        free(states);
        free(created);
        return status_error(STATUS_NO_MEMORY, "no memory for the states of %" PRId64 " frames", frames);
    }
    *created = (Writer){.team = team,
                        .images = experiment->images,
                        .to_mcstas = nexus_geometry(&experiment->detector, &experiment->axes).to_mcstas,
                        .frames = frames,
                        .states = states,
                        .build = request.build,
                        .target = {.team = team,
                                   .descriptor = -1,
                                   .io_mode = -1,
                                   .main = {.frames = frames,
                                            .slow_pixels = experiment->detector.slow_pixels,
                                            .fast_pixels = experiment->detector.fast_pixels,
                                            .reals = experiment->images == IMAGES_EXPECTED},
                                   .first_number = request.frames.begin,
                                   .states = states,
                                   .level = request.compression_level},
                        .timeline = request.timeline,
                        .file = H5I_INVALID_HID,
                        .table = frame_table_closed(),
                        .end = {.overwrite = request.overwrite,
                                .compression_level = request.compression_level,
                                .stop = request.stop,
                                .version = request.build.version}};
    *writer = created;
    created->target.path = created->path.partial;
    created->target.has_twin = created->images == IMAGES_BOTH;
    created->target.hints = created->hints;
    created->target.files = &created->files;
    return output_path_create(request.path, &created->path);
}

bool writer_has_data_files(const Writer *writer) {
    return writer->files.frames_per_file > 0;
}

const uint8_t *writer_states(const Writer *writer) {
    return writer->states;
}

bool writer_is_collective(const Writer *writer) {
    return writer->choice.writer == WRITER_COLLECTIVE;
}

WriterWitness writer_witness(const Writer *writer) {
    return writer->witness;
}

static int64_t count_missing(const Writer *writer) {
    int64_t missing = 0;
    for (int64_t i = 0; i < writer->frames; i++) missing += writer->states[i] != FRAME_COMPLETE;
    return missing;
}

/* Nobody can use a new file without a finished frame. */
static bool is_worthless(const Writer *writer) {
    return writer->is_new && count_missing(writer) == writer->frames;
}

static Status explain(const Writer *writer, Status status) {
    return writer->is_lost ? status : output_file_explain(&writer->path, is_worthless(writer), status);
}

/* ------------------------------------------------------------------------------------------------- all ranks open it
 */

/* On rank 0: the first finished frame, where another revision may have rendered it. */
static Status find_witness(Writer *writer) {
    WriterWitness *witness = &writer->witness;
    const uint8_t *found = memchr(writer->states, FRAME_COMPLETE, (size_t)writer->frames);
    TRY(session_find_other_revision(writer->file, writer->build, witness->revision));
    if (found == NULL || witness->revision[0] == '\0') return status_ok();
    uint32_t *crc32 = calloc((size_t)writer->frames, sizeof *crc32);
    if (crc32 == NULL) return status_error(STATUS_NO_MEMORY, "no memory for checksums");
    const Status status = hdf5_read(writer->file, FRAME_TABLE_PATH "/crc32", H5T_NATIVE_UINT32, writer->frames, crc32);
    witness->is_wanted = true;
    witness->slot = found - writer->states;
    witness->crc32 = crc32[witness->slot];
    free(crc32);
    return status;
}

/* On rank 0: frames whose files are missing or damaged are rendered again. */
static Status check_data_files(Writer *writer, Notes *notes) {
    uint32_t *crc32 = calloc((size_t)writer->frames, sizeof *crc32);
    if (crc32 == NULL) return status_error(STATUS_NO_MEMORY, "no memory for checksums");
    Status status = hdf5_read(writer->file, FRAME_TABLE_PATH "/crc32", H5T_NATIVE_UINT32, writer->frames, crc32);
    if (status_is_ok(status))
        status = data_files_check(writer->file, writer->path.partial, writer->frames, writer->states, crc32, notes);
    free(crc32);
    return status;
}

/* On rank 0: for the table of the frames, and to see where the images lie; when all
 * are there already they may be compressed, and lie in pieces. */
static Status open_with_hdf5(Writer *writer, Notes *notes) {
    const Status opened = hdf5_open_file(writer->path.partial, true, &writer->file);
    if (!status_is_ok(opened)) return status_error(STATUS_OUTPUT_FAILED, "%s", opened.message);
    TRY(frame_table_open(writer->file, &writer->table));
    TRY(frame_table_read_states(&writer->table, writer->frames, writer->states));
    if (count_missing(writer) == 0 && writer->files.frames_per_file == 0) return status_ok();
    if (writer->files.frames_per_file > 0 && !writer->is_new) TRY(check_data_files(writer, notes));
    if (!writer->is_new) TRY(find_witness(writer));
    if (writer->files.frames_per_file > 0) return status_ok();
    TRY(image_set_locate(writer->file, NXMX_IMAGES, &writer->target.main));
    return writer->target.has_twin ? image_set_locate(writer->file, NXMX_TWIN, &writer->target.twin) : status_ok();
}

static Status open_for_images(Writer *writer) {
    writer->target.descriptor = open(writer->path.partial, O_WRONLY | O_CLOEXEC);
    if (writer->target.descriptor >= 0) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED,
                        "rank %d on %s cannot write %s: %s; the output must lie on a file system that all nodes share",
                        writer->team.rank, place_here().host, writer->path.partial, strerror(errno));
}

/* Collective unless images have failed. */
static Status close_images(Writer *writer) {
    const int descriptor = writer->target.descriptor;
    const bool shared = writer->team.ranks > 1; /* else rank 0 syncs the whole file */
    const Status ended = writer->way != NULL ? writer->way->close(&writer->target, writer->images_failed) : status_ok();
    const bool synced = descriptor < 0 || !shared || fdatasync(descriptor) == 0 || errno == EINVAL;
    const bool closed = descriptor < 0 || close(descriptor) == 0;
    writer->target.descriptor = -1;
    if (synced && closed) return ended;
    return status_error(STATUS_OUTPUT_FAILED, "cannot close %s: %s", writer->path.partial, strerror(errno));
}

static Status close_file(Writer *writer) {
    const Status status = status_first(close_images(writer), frame_table_close(&writer->table));
    return status_first(status, hdf5_close_file(writer->path.partial, &writer->file));
}

/* What several ranks are told about how their images are written. */
static void note_choice(const Writer *writer, OutputWriter asked, Notes *notes) {
    const WriterChoice *choice = &writer->choice;
    const bool collective = choice->writer == WRITER_COLLECTIVE;
    if (notes == NULL) return;
    if (choice->is_refused)
        notes_add(notes, "output.writer=%s is refused: %s; each rank writes by itself",
                  asked == WRITER_FILES ? "files" : "collective", choice->reason);
    else if (asked == WRITER_AUTO && writer->team.ranks > 1 && choice->writer != WRITER_FILES)
        notes_add(notes, "output.writer=%s: %s", writer->way->name, choice->reason);
    if (!collective && writer->hints[0] != '\0')
        notes_add(notes, "output.mpi_hints has no effect: output.writer is %s here", writer->way->name);
    if (!writer->writes_beside)
        notes_add(notes, "images are written between waves, not beside them: this MPI lets one thread alone call it");
}

static SessionWriter record_of(const Writer *writer) {
    return (SessionWriter){.name = writer->way->name,
                           .reason = writer->choice.reason,
                           .layer = writer->io.layer,
                           .hints = writer->hints,
                           .ranks = writer->team.ranks};
}

/* How images are packed; all ranks must have the plugin. Collective. */
static void choose_method(Writer *writer, const Parameters *p, Notes *notes) {
    static const PackMethod methods[] = {[COMPRESSION_NONE] = PACK_NONE,
                                         [COMPRESSION_DEFLATE] = PACK_DEFLATE,
                                         [COMPRESSION_BITSHUFFLE] = PACK_BITSHUFFLE};
    PackMethod method = methods[p->output_compression];
    const Status mine = frame_codec_check(method);
    if (team_least(writer->team, status_is_ok(mine)) == 0) {
        method = PACK_DEFLATE;
        notes_add(writer->team.rank == 0 ? notes : NULL,
                  "output.compression=deflate, as not all ranks have bitshuffle: %s",
                  status_is_ok(mine) ? "some nodes lack its plugin" : mine.message);
    }
    writer->target.method = method;
    writer->end.compression = method;
}

/* The choice is rank 0's: where the file lies, and whether its space is reserved. Collective. */
static Status choose_way(Writer *writer, const Parameters *p, const Plan *plan, Notes *notes) {
    const bool works = count_missing(writer) > 0;
    const OutputWriter asked = works ? (OutputWriter)p->output_writer : WRITER_DIRECT;
    const bool is_whole = plan->request.frames > 0 && works && writer_has_whole_frames(plan, count_missing(writer));
    writer->io = mpi_io_look();
    writer->io.is_romio = team_least(writer->team, writer->io.is_romio) != 0;
    writer->io.has_threads = team_least(writer->team, writer->io.has_threads) != 0;
    const WriterFacts facts = {.asked = asked,
                               .has_files = works && writer->files.frames_per_file > 0,
                               .ranks = writer->team.ranks,
                               .has_mpi = writer->team.communicator != MPI_COMM_NULL,
                               .whole_frames = is_whole,
                               .is_reserved = writer->is_reserved,
                               .file_system = writer_file_system(writer->path.partial),
                               .io = writer->io};
    writer->choice = writer_choose(&facts);
    team_broadcast(writer->team, 0, &writer->choice, sizeof writer->choice);
    const ImageSet *images = &writer->target.main;
    const double frame_bytes = (double)(IMAGE_PIXEL_BYTES * images->slow_pixels * images->fast_pixels);
    writer_hints(p->output_mpi_hints, is_whole && writer->choice.writer == WRITER_COLLECTIVE ? frame_bytes : 0.0,
                 writer->hints);
    writer->way = image_writer_of(writer->choice.writer);
    choose_method(writer, p, notes);
    writer->writes_beside = writer->choice.writer == WRITER_DIRECT || writer->io.has_threads || writer->team.ranks == 1;
    if (writer->team.rank != 0) return status_ok();
    if (works) note_choice(writer, asked, notes);
    writer->end.writer = record_of(writer);
    return output_file_explain(&writer->path, writer->is_new, output_file_put_writer(writer->file, &writer->end));
}

/* Rank 0 tells the others where the images lie and which frames are there; it closes what was opened when that fails.
 * Collective. */
static Status open_for_waves(Writer *writer, const Parameters *p, const Plan *plan, Notes *notes) {
    Status status = status_ok();
    if (writer->team.rank == 0) status = open_with_hdf5(writer, notes);
    status = agree(writer->team, status_first(status, open_for_images(writer)));
    team_broadcast(writer->team, 0, &writer->target.main, sizeof writer->target.main);
    team_broadcast(writer->team, 0, &writer->target.twin, sizeof writer->target.twin);
    team_broadcast(writer->team, 0, writer->states, (size_t)writer->frames);
    team_broadcast(writer->team, 0, &writer->witness, sizeof writer->witness);
    if (status_is_ok(status)) status = agree(writer->team, choose_way(writer, p, plan, notes));
    if (status_is_ok(status)) status = writer->way->open(&writer->target);
    writer->images_failed = !status_is_ok(status);
    if (!status_is_ok(status)) (void)close_file(writer);
    return status;
}

/* ------------------------------------------------------------------------------------------------------- writer_open
 */

/* Rank 0 prepares the file and all ranks hear what came of it. */
static Status start_file(Writer *writer, const NxmxContents *contents, OutputRequest request, OutputStart *start) {
    Status status = status_ok();
    OutputPrepared prepared = {.start = OUTPUT_NEW};
    if (writer->team.rank == 0) status = output_file_prepare(&writer->path, contents, &request, &prepared);
    status = agree(writer->team, status);
    team_broadcast(writer->team, 0, &prepared, sizeof prepared);
    writer->end.session = prepared.session;
    writer->is_reserved = prepared.is_reserved;
    writer->files = prepared.files;
    writer->end.has_files = prepared.files.frames_per_file > 0;
    *start = prepared.start;
    return status;
}

/* Frames that the file calls finished although their bytes have changed are marked absent; a complete file is a
 * .partial again then. Collective. */
static Status discard_damaged(Writer *writer, const NxmxContents *contents, OutputRequest request, OutputStart *start) {
    const bool is_complete = *start == OUTPUT_COMPLETE;
    const char *path = is_complete ? writer->path.complete : writer->path.partial;
    uint8_t *damaged = calloc((size_t)writer->frames, sizeof *damaged);
    Status status = damaged == NULL ? status_error(STATUS_NO_MEMORY, "no memory for a list of frames") : status_ok();
    status = agree(writer->team, status);
    if (status_is_ok(status))
        status = verify_images(writer->team, path, nxmx_image_type(writer->images), writer->frames, damaged);
    const bool any = status_is_ok(status) && memchr(damaged, 1, (size_t)writer->frames) != NULL;
    if (any && writer->team.rank == 0) {
        if (request.notes != NULL) verify_note(damaged, writer->frames, request.frames.begin, request.notes);
        if (is_complete) status = output_path_withdraw(&writer->path);
        if (status_is_ok(status)) status = verify_discard(writer->path.partial, damaged, writer->frames);
    }
    free(damaged);
    status = agree(writer->team, status);
    return status_is_ok(status) && any && is_complete ? start_file(writer, contents, request, start) : status;
}

static Status open_started(Writer *writer, NxmxContents *contents, OutputRequest request, bool *complete) {
    OutputStart start = OUTPUT_NEW;
    Status status = start_file(writer, contents, request, &start);
    if (status_is_ok(status) && request.verify && start != OUTPUT_NEW)
        status = discard_damaged(writer, contents, request, &start);
    *complete = status_is_ok(status) && start == OUTPUT_COMPLETE;
    if (!status_is_ok(status) || *complete) return status;
    writer->is_new = start == OUTPUT_NEW;
    status = open_for_waves(writer, contents->parameters, contents->provenance->plan, request.notes);
    if (!status_is_ok(status) && writer->is_new && writer->team.rank == 0)
        (void)output_path_remove_partial(&writer->path);
    return status;
}

/* Where all ranks run, on rank 0. @p places is NULL on the others. */
static Status gather_places(const Writer *writer, RankPlace **places) {
    const RankPlace mine = place_here();
    Status status = status_ok();
    *places = NULL;
    if (writer->team.rank == 0) *places = calloc((size_t)writer->team.ranks, sizeof **places);
    if (writer->team.rank == 0 && *places == NULL)
        status = status_error(STATUS_NO_MEMORY, "no memory for the hosts of %d ranks", writer->team.ranks);
    status = agree(writer->team, status);
    if (!status_is_ok(status)) return status;
    team_gather(writer->team, &mine, sizeof mine, *places);
    return status;
}

static Status open_with_record(Writer *writer, const Experiment *experiment, Provenance *provenance,
                               OutputRequest request, bool *complete) {
    NxmxContents contents = {.complete_path = writer->path.complete,
                             .parameters = provenance->parameters,
                             .experiment = experiment,
                             .provenance = provenance,
                             .frames = request.frames};
    TRY(data_files_of(writer->path.complete, request.frames_per_file, &contents.files));
    RankPlace *places = NULL;
    Status status = gather_places(writer, &places);
    provenance->places = places;
    if (status_is_ok(status))
        status = agree(writer->team, writer->team.rank == 0 ? provenance_read_inputs(provenance) : status);
    if (status_is_ok(status)) status = open_started(writer, &contents, request, complete);
    free(places);
    return status;
}

Status writer_open(Team team, const Parameters *parameters, const Experiment *experiment, const Plan *plan,
                   const Notes *notes, OutputRequest request, Writer **writer, bool *complete) {
    *writer = NULL;
    *complete = false;
    hdf5_prepare();
    Writer *opened = NULL;
    char kernels[KERNEL_NAMES_BYTES];
    kernel_names(experiment, kernels);
    Provenance provenance = {.parameters = parameters,
                             .plan = plan,
                             .notes = notes,
                             .command_line = request.command_line,
                             .looks = request.looks,
                             .build = request.build,
                             .kernels = kernels,
                             .instructions = experiment->instructions,
                             .rounds_by_instructions = experiment->limits.rounds_by_instructions,
                             .frames = request.frames,
                             .ranks = team.ranks};
    Status status = agree(team, writer_create(team, experiment, request, &opened));
    if (status_is_ok(status)) status = open_with_record(opened, experiment, &provenance, request, complete);
    if (status_is_ok(status) && !*complete)
        *writer = opened;
    else
        writer_destroy(&opened);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ writer_write
 */

/* Rank 0 brings the table to the operating system, and to the disk where other nodes' images may be there already. */
static Status flush(const Writer *writer) {
    if (H5Fflush(writer->file, H5F_SCOPE_GLOBAL) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "flush", writer->path.partial);
    if (writer->team.ranks > 1 && fdatasync(writer->target.descriptor) != 0 && errno != EINVAL)
        return status_error(STATUS_OUTPUT_FAILED, "cannot bring %s to the disk: %s", writer->path.partial,
                            strerror(errno));
    return status_ok();
}

/* Frames that are whole in the file now. */
typedef struct WholeFrames {
    int64_t count, *slots; /* [count] ascending */
} WholeFrames;

/* Every rank learns which frames are complete now. Collective. */
static Status share_states(Writer *writer, WholeFrames *whole) {
    team_broadcast(writer->team, 0, &whole->count, sizeof whole->count);
    if (whole->slots == NULL) whole->slots = calloc((size_t)whole->count + 1, sizeof *whole->slots);
    const bool made = whole->slots != NULL;
    TRY(agree(writer->team, made ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for a list of frames")));
    team_broadcast(writer->team, 0, whole->slots, (size_t)whole->count * sizeof *whole->slots);
    for (int64_t i = 0; i < whole->count; i++) writer->states[whole->slots[i]] = FRAME_COMPLETE;
    writer->may_be_marked = false;
    return status_ok();
}

/* Frames of @p range that have been written and not marked. */
static void add_written(const Writer *writer, Range range, WholeFrames *whole) {
    for (int64_t slot = range.begin; slot < range.end; slot++)
        if (writer->states[slot] == FRAME_IN_PROGRESS) whole->slots[whole->count++] = slot;
}

/* On rank 0: what @p records has brought to the file may be marked, or, with data files, the frames of those that it
 * has completed; NULL: all that has been written. */
static Status list_whole(const Writer *writer, const WaveRecords *records, WholeFrames *whole) {
    const int64_t per_file = writer->files.frames_per_file;
    whole->slots = calloc((size_t)writer->frames, sizeof *whole->slots);
    if (whole->slots == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a list of frames");
    if (records == NULL) add_written(writer, (Range){0, writer->frames}, whole);
    for (int64_t i = 0, end = 0; records != NULL && i < records->count; i++) {
        const int64_t slot = records->record[i].slot;
        if (slot < end) continue; /* of the file before */
        const Range range =
            per_file > 0 ? data_files_range(&writer->files, slot / per_file, writer->frames) : (Range){slot, slot + 1};
        const uint8_t *states = writer->states + range.begin;
        if (memchr(states, FRAME_ABSENT, (size_t)range_length(range)) == NULL) add_written(writer, range, whole);
        end = range.end;
    }
    return status_ok();
}

/* On rank 0: a run of days shall not go on writing to a file that nobody will find. */
static Status check_still_there(Writer *writer) {
    writer->is_lost = writer->is_lost || !output_path_holds(&writer->path, writer->target.descriptor);
    if (!writer->is_lost) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED,
                        "%s is not there any more: it was removed, or its folder was renamed, while this run was "
                        "writing it; put it back and give --resume, or run again",
                        writer->path.partial);
}

/* On rank 0. */
static Status mark(Writer *writer, const WaveRecords *records, WholeFrames *whole) {
    TRY(list_whole(writer, records, whole));
    writer->may_be_marked = true; /* until all ranks know */
    TRY(frame_table_mark(&writer->table, whole->slots, whole->count, FRAME_COMPLETE));
    return flush(writer);
}

/* On rank 0: only what has left HDF5's hands is marked, so that a kill at any moment leaves marked frames whole. */
static Status write_rows(Writer *writer, WaveRecords records, WholeFrames *whole) {
    TRY(check_still_there(writer));
    TRY(frame_table_write(&writer->table, records.record, records.count, writer->to_mcstas));
    TRY(flush(writer));
    for (int64_t i = 0; i < records.count; i++) writer->states[records.record[i].slot] = FRAME_IN_PROGRESS;
    return mark(writer, &records, whole);
}

/* agree(), whose time is that of waiting for the others' images. */
static Status agree_timed(const Writer *writer, Status mine) {
    const double begin_s = clocks_steady_s();
    const Status status = agree(writer->team, mine);
    timeline_add_until_now(writer->timeline, PHASE_WAIT, "others' images", begin_s);
    return status;
}

Status writer_settle(Writer *writer) {
    WaveRecords records = {.count = 0, .record = NULL};
    WholeFrames whole = {.count = 0, .slots = NULL};
    if (!writer->wave_is_open) return status_ok();
    const double begin_s = clocks_steady_s();
    Status status = background_write_finish(&writer->images_of_wave);
    timeline_add_until_now(writer->timeline, PHASE_WRITE, "finish images", begin_s);
    timeline_add_beside(writer->timeline, omp_get_max_threads(), writer->images_of_wave.begin_s,
                        writer->images_of_wave.end_s);
    status = agree_timed(writer, status);
    writer->images_failed = writer->images_failed || !status_is_ok(status);
    const double rows_s = clocks_steady_s();
    if (status_is_ok(status)) status = wave_records_gather(writer->team, &writer->wave, &records);
    if (status_is_ok(status))
        status = agree(writer->team, writer->team.rank == 0 ? write_rows(writer, records, &whole) : status);
    if (status_is_ok(status)) status = share_states(writer, &whole);
    timeline_add_until_now(writer->timeline, PHASE_WRITE, "frame table", rows_s);
    free(whole.slots);
    free(records.record);
    close_wave(writer);
    return explain(writer, status);
}

/* Slots and records are copied: the caller goes on with the next wave. */
static Status open_wave(Writer *writer, const WaveData *wave) {
    int64_t *slots = malloc((size_t)(wave->frames + 1) * sizeof *slots);
    FrameRecord *records = malloc((size_t)(wave->records + 1) * sizeof *records);
    if (slots != NULL && wave->frames > 0) memcpy(slots, wave->slots, (size_t)wave->frames * sizeof *slots);
    if (records != NULL && wave->records > 0) memcpy(records, wave->record, (size_t)wave->records * sizeof *records);
    writer->wave = *wave;
    writer->wave.slots = slots;
    writer->wave.record = records;
    writer->wave_is_open = true;
    return slots != NULL && records != NULL ? status_ok()
                                            : status_error(STATUS_NO_MEMORY, "no memory for the records of a wave");
}

Status writer_write(Writer *writer, const WaveData *wave) {
    TRY(writer_settle(writer));
    const Status status = agree(writer->team, open_wave(writer, wave));
    if (!status_is_ok(status)) {
        close_wave(writer);
        return status;
    }
    const bool photons = writer->images == IMAGES_EXPECTED;
    const ImageValues values = {.wave = writer->wave,
                                .main = photons ? (const void *)wave->expected : (const void *)wave->counts,
                                .twin = wave->expected};
    background_write_start(&writer->images_of_wave, (ImageJob){.writer = writer->way,
                                                               .target = &writer->target,
                                                               .values = values,
                                                               .in_thread = writer->writes_beside,
                                                               .syncs = writer->team.ranks > 1});
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------ writer_close
 */

/* Writes -1 to the frames that are missing. Collective. */
static Status fill_missing(Writer *writer, Patience patience) {
    const int64_t missing = count_missing(writer);
    if (writer->files.frames_per_file > 0) return status_ok(); /* which show it by themselves */
    /* the images of a frame that may be marked are there */
    if (team_greatest(writer->team, writer->may_be_marked) != 0) return status_ok();
    int64_t *slots = calloc((size_t)(missing > 0 ? missing : 1), sizeof *slots);
    Status status = slots == NULL ? status_error(STATUS_NO_MEMORY, "no memory for a list of frames") : status_ok();
    status = agree(writer->team, status);
    if (status_is_ok(status)) {
        assert(slots != NULL); /* as agree() says */
        for (int64_t i = 0, next = 0; i < writer->frames; i++)
            if (writer->states[i] != FRAME_COMPLETE) slots[next++] = i;
        status =
            image_set_fill(&writer->target.main, writer->team, writer->target.descriptor, slots, missing, patience);
        if (status_is_ok(status) && writer->target.has_twin)
            status =
                image_set_fill(&writer->target.twin, writer->team, writer->target.descriptor, slots, missing, patience);
    }
    free(slots);
    return status;
}

/* What rank 0 hears of all ranks at the end. */
typedef struct Results {
    RankResult *result; /* [ranks] */
    RankIo *io;         /* [ranks] */
} Results;

static Status gather_results(const Writer *writer, RankRecord record, Results *results) {
    const RankResult mine = {.record = record, .peak_memory_bytes = place_peak_memory()};
    const ImageTarget *target = &writer->target;
    const RankIo io = {target->io_mode, target->io_mode < 0 ? -1 : (int32_t)(target->local_cause | target->all_cause)};
    const bool hears = writer->team.rank == 0;
    results->result = hears ? calloc((size_t)writer->team.ranks, sizeof *results->result) : NULL;
    results->io = hears ? calloc((size_t)writer->team.ranks, sizeof *results->io) : NULL;
    const bool has_room = !hears || (results->result != NULL && results->io != NULL);
    TRY(agree(writer->team, has_room ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for the results")));
    team_gather(writer->team, &mine, sizeof mine, results->result);
    team_gather(writer->team, &io, sizeof io, results->io);
    return status_ok();
}

/* The results of all ranks come to rank 0, which finishes the file. Collective. */
static Status finish(Writer *writer, bool complete, const Plan *plan, RankRecord record) {
    Results results = {NULL, NULL};
    Status status = gather_results(writer, record, &results);
    if (status_is_ok(status)) {
        if (writer->team.rank == 0 && !writer->is_lost) { /* which has been said */
            writer->end.ranks = writer->team.ranks;
            writer->end.complete = complete;
            writer->end.plan = plan;
            writer->end.results = results.result;
            writer->end.writer = record_of(writer);
            writer->end.writer.io = results.io;
            status = output_file_finish(&writer->path, &writer->end);
        }
        status = agree(writer->team, status);
    }
    free(results.io);
    free(results.result);
    return status;
}

/* Collective. */
static Status discard(Writer *writer) {
    Status status = agree(writer->team, close_file(writer));
    if (writer->team.rank == 0) status = status_first(status, output_path_remove_partial(&writer->path));
    return agree(writer->team, status);
}

static Status keep(Writer *writer, bool complete, const Plan *plan, RankRecord mine, Patience patience) {
    Status status = agree(writer->team, writer->team.rank == 0 ? check_still_there(writer) : status_ok());
    status = status_first(status, explain(writer, fill_missing(writer, patience)));
    status = status_first(status, agree(writer->team, explain(writer, close_file(writer))));
    return status_first(status, finish(writer, complete && status_is_ok(status), plan, mine));
}

/* A run that ends before its data files are whole leaves them with the frames that they have. Collective. */
static Status publish_unfinished(Writer *writer) {
    WholeFrames whole = {.count = 0, .slots = NULL};
    if (writer->way == NULL || writer->way->publish == NULL || writer->images_failed) return status_ok();
    Status status = agree(writer->team, writer->way->publish(&writer->target));
    writer->images_failed = !status_is_ok(status);
    if (status_is_ok(status))
        status = agree(writer->team, writer->team.rank == 0 ? mark(writer, NULL, &whole) : status);
    if (status_is_ok(status)) status = share_states(writer, &whole);
    free(whole.slots);
    return explain(writer, status);
}

Status writer_close(Writer **writer, bool finished, const Plan *plan, RankRecord mine, Patience patience) {
    Writer *closing = *writer;
    if (closing == NULL) return status_ok();
    const Status written = writer_settle(closing);
    const Status settled = status_first(written, publish_unfinished(closing));
    const int64_t missing = count_missing(closing);
    const bool all_written = finished && status_is_ok(settled);
    const Status status = !all_written && is_worthless(closing)
                              ? discard(closing)
                              : keep(closing, all_written && missing == 0, plan, mine, patience);
    writer_destroy(writer);
    return status_first(settled, status);
}

void writer_abandon(Writer **writer) {
    if (*writer == NULL) return;
    close_wave(*writer);
    (*writer)->images_failed = true; /* so that nothing is written in closing */
    (void)close_file(*writer);
    writer_destroy(writer);
}
