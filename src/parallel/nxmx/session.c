#include "nxmx/session.h"

#include "base/clocks.h"
#include "base/text.h"
#include "hdf5/hdf5_copy.h"
#include "hdf5/hdf5_helpers.h"
#include "parameters/instructions.h"
#include "team/place.h"

#include <math.h>
#include <mpi.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { SESSION_NAME_BYTES = 40, WRITER_TEXT_BYTES = 512 };

static void name_of_session(int sequence_index, char *name) {
    if (sequence_index == 1)
        (void)text_copy(name, SESSION_NAME_BYTES, "environment");
    else
        (void)snprintf(name, SESSION_NAME_BYTES, "environment_%d", sequence_index);
}

/* ---------------------------------------------------------------------------------------------------------- finding */

/* Sessions that have a group of their own: the first, and the resumes of files of earlier revisions. */
static int count_groups(hid_t simulation) {
    char name[SESSION_NAME_BYTES];
    for (int i = 1;; i++) {
        name_of_session(i, name);
        if (!hdf5_has(simulation, name)) return i - 1;
    }
}

static hid_t open_group(hid_t simulation, const char *name) {
    return H5Gopen2(simulation, name, H5P_DEFAULT);
}

bool session_open(hid_t simulation, int index, SessionPlace *place) {
    char name[SESSION_NAME_BYTES];
    const int groups = count_groups(simulation);
    int32_t number = 0;
    *place = (SessionPlace){.group = H5I_INVALID_HID, .row = index <= groups ? HDF5_ALONE : index - groups - 1};
    name_of_session(index, name);
    if (index > groups && !hdf5_has(simulation, SESSION_RESUMES)) return false;
    place->group = open_group(simulation, index <= groups ? name : SESSION_RESUMES);
    if (place->group < 0) return false;
    const Status status = hdf5_read_rows(place->group, "sequence_index", place->row, 1, H5T_NATIVE_INT32, &number);
    if (place->row == HDF5_ALONE || (status_is_ok(status) && number > 0)) return true;
    session_close(place);
    return false;
}

void session_close(SessionPlace *place) {
    if (place->group >= 0) (void)H5Gclose(place->group);
    place->group = H5I_INVALID_HID;
}

void session_word(SessionPlace place, const char *name, size_t bytes, char *word) {
    word[0] = '\0';
    if (hdf5_has(place.group, name) && !status_is_ok(hdf5_read_row_text(place.group, name, place.row, bytes, word)))
        word[0] = '\0';
}

/* ------------------------------------------------------------------------------------------------------- one value */

/* How a value gets into the file. */
typedef enum Put {
    PUT_NEW,   /* a dataset is made for it */
    PUT_EMPTY, /* a list is made for those of all resumes */
    PUT_LOOK,  /* its place is looked at: whether it can be written there */
    PUT_ROW    /* it is written in its place: in a list, or alone */
} Put;

/* Where the values of a session go. */
typedef struct Target {
    Put how;
    SessionPlace place;
    int64_t first_rank; /* row of rank 0 in the lists of ranks */
    int ranks;          /* for which there is a place there */
} Target;

static Status put_empty(hid_t group, const char *name, hid_t type, int64_t rows) {
    void *zeros = calloc((size_t)rows, H5Tget_size(type));
    if (zeros == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %s", name);
    const Status status = hdf5_write(group, name, type, hdf5_list(rows), zeros);
    free(zeros);
    return status;
}

static Status put(const Target *target, const char *name, hid_t type, const void *value) {
    const SessionPlace place = target->place;
    if (target->how == PUT_NEW) return hdf5_write(place.group, name, type, hdf5_scalar(), value);
    if (target->how == PUT_EMPTY) return put_empty(place.group, name, type, SESSION_RESUMES_MOST);
    return hdf5_write_rows(place.group, name, place.row, 1, type, target->how == PUT_LOOK ? NULL : value);
}

static Status put_integer(const Target *target, const char *name, int32_t value) {
    return put(target, name, H5T_NATIVE_INT32, &value);
}

/* Resumes have room for texts that are twice as long. */
static Status put_text(const Target *target, const char *name, const char *text) {
    enum { WIDTH_LEAST = 64 };
    const SessionPlace place = target->place;
    const size_t bytes = strlen(text) + 1, width = 2 * bytes > WIDTH_LEAST ? 2 * bytes : WIDTH_LEAST;
    if (target->how == PUT_NEW) return hdf5_write_text(place.group, name, text);
    if (target->how == PUT_EMPTY) return hdf5_write_text_column(place.group, name, SESSION_RESUMES_MOST, width, text);
    return hdf5_write_row_texts(place.group, name, place.row, 1, bytes, target->how == PUT_LOOK ? NULL : text);
}

/* A value of each rank; of ranks that have no place, none. */
static Status put_ranks(const Target *target, const char *name, hid_t type, const void *values) {
    const hid_t group = target->place.group;
    if (target->how == PUT_NEW) return hdf5_write(group, name, type, hdf5_list(target->ranks), values);
    if (target->how == PUT_EMPTY) return put_empty(group, name, type, target->ranks);
    if (target->ranks == 0) return status_ok();
    return hdf5_write_rows(group, name, target->first_rank, target->ranks, type,
                           target->how == PUT_LOOK ? NULL : values);
}

/* ------------------------------------------------------------------------------------------------------- beginning */

/* The end time is as wide as a time from the beginning: the end changes no metadata, and a kill then no file. */
static Status put_times(const Target *target, const Provenance *provenance) {
    char now[CLOCKS_UTC_BYTES];
    const char never[CLOCKS_UTC_BYTES] = "";
    clocks_utc(now);
    TRY(put_text(target, "start_time", now));
    TRY(target->how == PUT_NEW ? hdf5_write_wide_text(target->place.group, "end_time", sizeof never, never)
                               : put_text(target, "end_time", never));
    return put_text(target, "command_line", provenance->command_line);
}

static Status put_build(const Target *target, BuildInfo build) {
    const int8_t dirty = build.git_dirty ? 1 : 0;
    TRY(put_text(target, "version", build.version));
    TRY(put_text(target, "git_hash", build.git_revision));
    TRY(put(target, "git_dirty", H5T_NATIVE_INT8, &dirty));
    TRY(put_text(target, "compiler", build.compiler));
    TRY(put_text(target, "compiler_flags", build.flags));
    return put_text(target, "build_type", build.build_type);
}

static Status put_libraries(const Target *target, const Provenance *provenance) {
    char mpi[MPI_MAX_LIBRARY_VERSION_STRING] = "", hdf5[64];
    unsigned major = 0, minor = 0, release = 0;
    int length = 0;
    MPI_Get_library_version(mpi, &length); /* allowed before MPI_Init (MPI-3.1, 8.1) */
    if (H5get_libversion(&major, &minor, &release) < 0) return hdf5_error(STATUS_OUTPUT_FAILED, "ask", "HDF5");
    (void)snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
    TRY(put_text(target, "libhdf5", hdf5));
    (void)snprintf(hdf5, sizeof hdf5, "%d.%d.%d", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
    TRY(put_text(target, "libhdf5_headers", hdf5));
    TRY(put_text(target, "mpi_library", mpi));
    TRY(put_text(target, "zlib", zlibVersion()));
    TRY(put_text(target, "kernels", provenance->kernels));
    TRY(put_text(target, "kernel_instructions", instructions_name(provenance->instructions)));
    return put_integer(target, "openmp", _OPENMP);
}

/* The only variables of the environment that enter the file. */
static Status put_slurm(const Target *target) {
    static const struct {
        const char *variable, *name;
    } items[] = {{"SLURM_JOB_ID", "slurm_job_id"},
                 {"SLURM_ARRAY_JOB_ID", "slurm_array_job_id"},
                 {"SLURM_ARRAY_TASK_ID", "slurm_array_task_id"},
                 {"SLURM_RESTART_COUNT", "slurm_restart_count"}};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        const char *value = getenv(items[i].variable);
        if (value != NULL || target->how != PUT_NEW) TRY(put_text(target, items[i].name, value != NULL ? value : ""));
    }
    return status_ok();
}

static Status put_hosts(const Target *target, const char *hosts) {
    const SessionPlace place = target->place;
    const int64_t ranks = target->ranks;
    if (target->how == PUT_NEW) return hdf5_write_texts(place.group, "rank_host", ranks, PLACE_HOST_BYTES, hosts);
    if (target->how == PUT_EMPTY)
        return hdf5_write_text_column(place.group, "rank_host", ranks, PLACE_HOST_BYTES, hosts);
    if (ranks == 0) return status_ok();
    return hdf5_write_row_texts(place.group, "rank_host", target->first_rank, ranks, PLACE_HOST_BYTES,
                                target->how == PUT_LOOK ? NULL : hosts);
}

/* hostname and the like are those of rank 0; rank_* are of all. */
static Status put_places(const Target *target, const Provenance *provenance) {
    const int ranks = provenance->ranks;
    char *hosts = calloc((size_t)ranks, PLACE_HOST_BYTES);
    int32_t *threads = calloc((size_t)ranks, sizeof *threads);
    Status status = hosts == NULL || threads == NULL
                        ? status_error(STATUS_NO_MEMORY, "no memory for the names of %d hosts", ranks)
                        : status_ok();
    for (int i = 0; status_is_ok(status) && i < ranks; i++) {
        (void)text_copy(hosts + (ptrdiff_t)i * PLACE_HOST_BYTES, PLACE_HOST_BYTES, provenance->places[i].host);
        threads[i] = provenance->places[i].threads;
    }
    if (status_is_ok(status)) status = put_hosts(target, hosts);
    if (status_is_ok(status)) status = put_ranks(target, "rank_threads", H5T_NATIVE_INT32, threads);
    free(threads);
    free(hosts);
    TRY(status);
    TRY(put_text(target, "hostname", provenance->places[0].host));
    TRY(put_integer(target, "mpi_ranks", ranks));
    return put_integer(target, "omp_threads", provenance->places[0].threads);
}

static Status put_plan(const Target *target, const Plan *plan) {
    const struct {
        const char *name;
        int64_t value;
    } items[] = {{"tile", plan->tile},
                 {"tiles_slow", plan->tiles_slow},
                 {"tiles_fast", plan->tiles_fast},
                 {"shards", plan->shards},
                 {"groups", plan->groups},
                 {"group_ranks", plan->group_ranks},
                 {"cluster_ranks", plan->cluster_ranks},
                 {"frames_per_wave_of_group", plan->frames_per_wave_of_group},
                 {"waves", plan->waves}};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        TRY(put(target, items[i].name, H5T_NATIVE_INT64, &items[i].value));
    return status_ok();
}

/* The columns of the ranks' results, taken out of their records. */
typedef struct ResultColumns {
    int64_t *integers; /* [3][ranks]: steps, bytes written, peak memory */
    double *seconds;   /* [ranks] */
} ResultColumns;

static Status put_columns(const Target *target, ResultColumns columns, int ranks) {
    const int64_t *peak = columns.integers + (ptrdiff_t)2 * ranks;
    TRY(put_ranks(target, "rank_steps", H5T_NATIVE_INT64, columns.integers));
    TRY(put_ranks(target, "rank_bytes_written", H5T_NATIVE_INT64, columns.integers + ranks));
    TRY(put_ranks(target, "rank_peak_memory", H5T_NATIVE_INT64, peak));
    return put_ranks(target, "rank_compute_seconds", H5T_NATIVE_DOUBLE, columns.seconds);
}

/* Without results, which is how a killed session leaves them: -1 and NaN. */
static void set_columns(ResultColumns columns, const RankResult *results, int ranks) {
    for (int i = 0; i < ranks; i++) {
        columns.integers[i] = results != NULL ? results[i].record.steps : -1;
        columns.integers[ranks + i] = results != NULL ? results[i].record.bytes_written : -1;
        columns.integers[2 * ranks + i] = results != NULL ? results[i].peak_memory_bytes : -1;
        columns.seconds[i] = results != NULL ? results[i].record.compute_seconds : (double)NAN;
    }
}

static Status put_results(const Target *target, const RankResult *results, int ranks) {
    const ResultColumns columns = {.integers = calloc((size_t)ranks, 3 * sizeof(int64_t)),
                                   .seconds = calloc((size_t)ranks, sizeof(double))};
    Status status = status_error(STATUS_NO_MEMORY, "no memory for the results of %d ranks", ranks);
    if (columns.integers != NULL && columns.seconds != NULL) {
        set_columns(columns, results, ranks);
        status = put_columns(target, columns, ranks);
    }
    free(columns.seconds);
    free(columns.integers);
    return status;
}

/* A text that is not known when its place is made. */
static Status put_later(const Target *target, const char *name, size_t width, const char *text) {
    const SessionPlace place = target->place;
    char none[WRITER_TEXT_BYTES] = "";
    if (target->how == PUT_NEW) return hdf5_write_wide_text(place.group, name, width, none);
    if (target->how == PUT_EMPTY) return hdf5_write_text_column(place.group, name, SESSION_RESUMES_MOST, width, none);
    return hdf5_write_row_texts(place.group, name, place.row, 1, strlen(text) + 1, text);
}

/* Without a record, which is how a session begins: -1. */
static Status put_io(const Target *target, const RankIo *io, int ranks) {
    int32_t *columns = malloc(2 * (size_t)ranks * sizeof *columns);
    if (columns == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the results of %d ranks", ranks);
    for (int i = 0; i < ranks; i++) {
        columns[i] = io != NULL ? io[i].mode : -1;
        columns[ranks + i] = io != NULL ? io[i].cause : -1;
    }
    Status status = put_ranks(target, "rank_mpi_io_mode", H5T_NATIVE_INT32, columns);
    if (status_is_ok(status)) status = put_ranks(target, "rank_mpi_io_cause", H5T_NATIVE_INT32, columns + ranks);
    free(columns);
    return status;
}

static Status put_writer(const Target *target, const SessionWriter *writer) {
    TRY(put_later(target, "writer", SESSION_WORD_BYTES, writer->name));
    TRY(put_later(target, "writer_reason", WRITER_TEXT_BYTES, writer->reason));
    TRY(put_later(target, "mpi_io_layer", SESSION_WORD_BYTES, writer->layer));
    TRY(put_later(target, "mpi_io_hints", WRITER_TEXT_BYTES, writer->hints));
    return put_io(target, writer->io, writer->ranks);
}

static Status put_beginning(const Target *target, const Provenance *provenance) {
    TRY(put_times(target, provenance));
    TRY(put_build(target, provenance->build));
    TRY(put_libraries(target, provenance));
    TRY(put_places(target, provenance));
    TRY(put_slurm(target));
    TRY(put_plan(target, provenance->plan));
    TRY(put_writer(target, &(SessionWriter){"", "", "", "", provenance->ranks, NULL}));
    return put_results(target, NULL, provenance->ranks);
}

/* ------------------------------------------------------------------------------------------------------ first start */

static Status fill_first(hid_t group, const void *context) {
    const Provenance *provenance = context;
    const Target target = {.how = PUT_NEW, .place = {.group = group, .row = HDF5_ALONE}, .ranks = provenance->ranks};
    TRY(put_integer(&target, "sequence_index", 1));
    return put_beginning(&target, provenance);
}

/* Room for eight resumes of as many ranks, or for many of few. */
static Status fill_resumes(hid_t group, const void *context) {
    enum { SHARES = 8, RANKS_LEAST = 256 };
    const Provenance *provenance = context;
    const Target target = {
        .how = PUT_EMPTY, .place = {.group = group}, .ranks = SHARES * provenance->ranks + RANKS_LEAST};
    TRY(put_integer(&target, "sequence_index", 0));
    TRY(put_integer(&target, "first_rank_row", 0));
    TRY(put_integer(&target, "rank_rows", 0));
    return put_beginning(&target, provenance);
}

Status session_make_room(hid_t simulation, const Provenance *provenance) {
    return hdf5_write_group(simulation, SESSION_RESUMES, "NXcollection", fill_resumes, provenance);
}

Status session_begin_first(hid_t simulation, const Provenance *provenance) {
    TRY(hdf5_write_group(simulation, "environment", "NXcollection", fill_first, provenance));
    return session_make_room(simulation, provenance);
}

bool session_has_room(hid_t simulation) {
    return hdf5_has(simulation, SESSION_RESUMES);
}

/* --------------------------------------------------------------------------------------------------------- resumes */

/* What is in the lists already. */
typedef struct Resumes {
    int32_t number[SESSION_RESUMES_MOST], first_rank[SESSION_RESUMES_MOST], ranks[SESSION_RESUMES_MOST];
    int64_t rank_rows; /* for all of them */
    int used;
} Resumes;

static Status read_resumes(hid_t group, Resumes *resumes) {
    const struct {
        const char *name;
        int32_t *values;
    } lists[] = {
        {"sequence_index", resumes->number}, {"first_rank_row", resumes->first_rank}, {"rank_rows", resumes->ranks}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        TRY(hdf5_read(group, lists[i].name, H5T_NATIVE_INT32, SESSION_RESUMES_MOST, lists[i].values));
    TRY(hdf5_count(group, "rank_steps", &resumes->rank_rows));
    resumes->used = 0;
    while (resumes->used < SESSION_RESUMES_MOST && resumes->number[resumes->used] > 0) resumes->used++;
    for (int i = 0; i < resumes->used; i++)
        if (resumes->first_rank[i] < 0 || resumes->ranks[i] < 0 ||
            (int64_t)resumes->first_rank[i] + resumes->ranks[i] > resumes->rank_rows)
            return status_error(STATUS_BAD_FILE, "its resume %d has rows of ranks that there cannot be", i + 1);
    return status_ok();
}

/* The row of the next resume; beyond the last there is the last one's. */
static Target next_target(hid_t group, const Resumes *resumes, int ranks) {
    const int row = resumes->used < SESSION_RESUMES_MOST ? resumes->used : SESSION_RESUMES_MOST - 1;
    const int64_t first = row > 0 ? (int64_t)resumes->first_rank[row - 1] + resumes->ranks[row - 1] : 0;
    const int64_t room = resumes->rank_rows - first;
    return (Target){.how = PUT_ROW,
                    .place = {.group = group, .row = row},
                    .first_rank = first,
                    .ranks = room < ranks ? (int)room : ranks};
}

/* A session that begins in a file that has room for it. */
typedef struct Resume {
    const Provenance *provenance;
    int groups, *sequence_index;
} Resume;

static Status put_row(const Target *target, const Provenance *provenance) {
    TRY(put_integer(target, "first_rank_row", (int32_t)target->first_rank));
    TRY(put_integer(target, "rank_rows", target->ranks));
    return put_beginning(target, provenance);
}

/* A file in which a place is not as it should be stays as it is. What was written is a session when its number is
 * there, which comes last. */
static Status fill_row(hid_t group, const void *context) {
    const Resume *resume = context;
    Resumes resumes;
    TRY(read_resumes(group, &resumes));
    const int last = resumes.used > 0 ? resumes.number[resumes.used - 1] : resume->groups;
    Target target = next_target(group, &resumes, resume->provenance->ranks);
    target.how = PUT_LOOK;
    TRY(put_row(&target, resume->provenance));
    target.how = PUT_ROW;
    TRY(put_row(&target, resume->provenance));
    if (H5Fflush(group, H5F_SCOPE_LOCAL) < 0) return hdf5_error(STATUS_OUTPUT_FAILED, "write", SESSION_RESUMES);
    *resume->sequence_index = last < INT32_MAX ? last + 1 : last;
    return put_integer(&target, "sequence_index", *resume->sequence_index);
}

Status session_begin(hid_t simulation, const Provenance *provenance, int *sequence_index) {
    const Resume resume = {
        .provenance = provenance, .groups = count_groups(simulation), .sequence_index = sequence_index};
    return hdf5_use_group(simulation, SESSION_RESUMES, fill_row, &resume);
}

/* ---------------------------------------------------------------------------------------------------- instructions */

/* The first session whose text @p name is not ours; "" where there is none. */
static void find_other(hid_t simulation, const char *name, bool (*alike)(const char *, const char *), const char *ours,
                       char *other) {
    SessionPlace place;
    other[0] = '\0';
    for (int i = 1; other[0] == '\0' && session_open(simulation, i, &place); i++) {
        session_word(place, name, SESSION_WORD_BYTES, other);
        session_close(&place);
        if (alike(ours, other)) other[0] = '\0';
    }
}

static bool is_same(const char *ours, const char *other) {
    return strcmp(ours, other) == 0;
}

/* Of an open /entry/simulation. */
typedef struct RevisionSearch {
    BuildInfo build;
    char *other;
} RevisionSearch;

static Status find_revision(hid_t simulation, const void *context) {
    const RevisionSearch *search = context;
    find_other(simulation, "git_hash", is_same, search->build.git_revision, search->other);
    return status_ok();
}

Status session_find_other_revision(hid_t file, BuildInfo build, char *other) {
    const RevisionSearch search = {.build = build, .other = other};
    return hdf5_use_group(file, "/entry/simulation", find_revision, &search);
}

static Status has_finished_frames(hid_t simulation, bool *finished) {
    int64_t frames = 0;
    *finished = false;
    TRY(hdf5_count(simulation, "frames/status", &frames));
    uint8_t *states = malloc((size_t)frames + 1);
    if (states == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the states of %lld frames", (long long)frames);
    const Status status = hdf5_read(simulation, "frames/status", H5T_NATIVE_UINT8, frames, states);
    for (int64_t i = 0; status_is_ok(status) && i < frames; i++) *finished = *finished || states[i] == FRAME_COMPLETE;
    free(states);
    return status;
}

static Status check_rounding(hid_t simulation, const void *context) {
    const char *ours = instructions_name(((const Provenance *)context)->instructions);
    char other[SESSION_WORD_BYTES];
    bool finished = false;
    find_other(simulation, "kernel_instructions", instructions_round_alike, ours, other);
    TRY(has_finished_frames(simulation, &finished));
    if (other[0] == '\0' || !finished) return status_ok();
    const bool portable = instructions_round_alike(other, instructions_name(INSTRUCTIONS_PORTABLE));
    return status_error(STATUS_BAD_PARAMETER,
                        "its frames were computed with %s instructions and this run takes %s, which round "
                        "otherwise; give %s, or run.mix_instructions=true to have both in one file",
                        other, ours,
                        portable ? "run.instructions=portable" : "a machine and run.instructions with AVX2");
}

Status session_check_instructions(hid_t file, const char *path, const Provenance *provenance) {
    if (!provenance->rounds_by_instructions || provenance->parameters->run_mix_instructions) return status_ok();
    const Status status = hdf5_use_group(file, "/entry/simulation", check_rounding, provenance);
    if (status_is_ok(status)) return status;
    return status_error(status.code, "%s cannot be resumed: %.700s", path, status.message);
}

/* -------------------------------------------------------------------------------------------------------------- end */

/* A session that ends. */
typedef struct Ending {
    int sequence_index, ranks;
    const Plan *plan;
    const RankResult *results;
    const SessionWriter *writer; /* NULL: it ends; else it only says how it writes */
} Ending;

static Status put_end(const Target *target, const Ending *ending) {
    char now[CLOCKS_UTC_BYTES];
    if (ending->writer != NULL) return put_writer(target, ending->writer);
    clocks_utc(now);
    TRY(put_text(target, "end_time", now));
    if (ending->plan != NULL) TRY(put_plan(target, ending->plan));
    return put_results(target, ending->results, ending->ranks);
}

static Status end_first(hid_t group, const void *context) {
    const Ending *ending = context;
    const Target target = {.how = PUT_ROW, .place = {.group = group, .row = HDF5_ALONE}, .ranks = ending->ranks};
    return put_end(&target, ending);
}

static Status end_resume(hid_t group, const void *context) {
    const Ending *ending = context;
    Resumes resumes;
    TRY(read_resumes(group, &resumes));
    const int row = resumes.used - 1;
    if (row < 0 || resumes.number[row] != ending->sequence_index || resumes.ranks[row] > ending->ranks)
        return status_error(STATUS_BAD_FILE, "the session that ends is not the last one of the file");
    const Target target = {.how = PUT_ROW,
                           .place = {.group = group, .row = row},
                           .first_rank = resumes.first_rank[row],
                           .ranks = resumes.ranks[row]};
    return put_end(&target, ending);
}

static Status write_end(hid_t simulation, const Ending *ending) {
    return ending->sequence_index == 1 ? hdf5_use_group(simulation, "environment", end_first, ending)
                                       : hdf5_use_group(simulation, SESSION_RESUMES, end_resume, ending);
}

Status session_end(hid_t simulation, int sequence_index, const Plan *plan, const RankResult *results, int ranks) {
    const Ending ending = {.sequence_index = sequence_index, .ranks = ranks, .plan = plan, .results = results};
    return write_end(simulation, &ending);
}

Status session_put_writer(hid_t simulation, int sequence_index, const SessionWriter *writer) {
    const Ending ending = {.sequence_index = sequence_index, .ranks = writer->ranks, .writer = writer};
    return write_end(simulation, &ending);
}

/* ------------------------------------------------------------------------------------------------------------- copy */

Status session_copy_all(hid_t simulation, hid_t target) {
    char name[SESSION_NAME_BYTES];
    SessionPlace place;
    const int groups = count_groups(simulation);
    for (int i = 1; i <= groups; i++) {
        name_of_session(i, name);
        TRY(hdf5_copy_object(simulation, target, name));
    }
    if (!session_open(simulation, groups + 1, &place)) return status_ok();
    session_close(&place);
    return hdf5_copy_object(simulation, target, SESSION_RESUMES);
}
