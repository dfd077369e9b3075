#include "nxmx/session.h"

#include "base/clocks.h"
#include "base/text.h"
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

enum { SESSION_NAME_BYTES = 40 };

static void name_of_session(int sequence_index, char *name) {
    if (sequence_index == 1)
        (void)text_copy(name, SESSION_NAME_BYTES, "environment");
    else
        (void)snprintf(name, SESSION_NAME_BYTES, "environment_%d", sequence_index);
}

/* ------------------------------------------------------------------------------------------------------- beginning */

/* A session that begins. */
typedef struct Beginning {
    const Provenance *provenance;
    int sequence_index;
} Beginning;

static Status write_times(hid_t group, const Beginning *beginning) {
    char now[CLOCKS_UTC_BYTES];
    const char never[CLOCKS_UTC_BYTES] = "";
    clocks_utc(now);
    TRY(hdf5_write_int32(group, "sequence_index", beginning->sequence_index));
    TRY(hdf5_write_text(group, "start_time", now));
    /* as wide as a time, so that the end changes no metadata: a kill then cannot hurt the file */
    TRY(hdf5_write_wide_text(group, "end_time", sizeof never, never));
    return hdf5_write_text(group, "command_line", beginning->provenance->command_line);
}

static Status write_build(hid_t group, BuildInfo build) {
    TRY(hdf5_write_text(group, "version", build.version));
    TRY(hdf5_write_text(group, "git_hash", build.git_revision));
    TRY(hdf5_write_flag(group, "git_dirty", build.git_dirty));
    TRY(hdf5_write_text(group, "compiler", build.compiler));
    TRY(hdf5_write_text(group, "compiler_flags", build.flags));
    return hdf5_write_text(group, "build_type", build.build_type);
}

static Status write_libraries(hid_t group, Instructions instructions) {
    char mpi[MPI_MAX_LIBRARY_VERSION_STRING] = "", hdf5[64];
    unsigned major = 0, minor = 0, release = 0;
    int length = 0;
    MPI_Get_library_version(mpi, &length); /* allowed before MPI_Init (MPI-3.1, 8.1) */
    if (H5get_libversion(&major, &minor, &release) < 0) return hdf5_error(STATUS_OUTPUT_FAILED, "ask", "HDF5");
    (void)snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
    TRY(hdf5_write_text(group, "libhdf5", hdf5));
    (void)snprintf(hdf5, sizeof hdf5, "%d.%d.%d", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
    TRY(hdf5_write_text(group, "libhdf5_headers", hdf5));
    TRY(hdf5_write_text(group, "mpi_library", mpi));
    TRY(hdf5_write_text(group, "zlib", zlibVersion()));
    TRY(hdf5_write_text(group, "kernel_instructions", instructions_name(instructions)));
    return hdf5_write_int32(group, "openmp", _OPENMP);
}

/* The only variables of the environment that enter the file. */
static Status write_slurm(hid_t group) {
    static const struct {
        const char *variable, *name;
    } items[] = {{"SLURM_JOB_ID", "slurm_job_id"},
                 {"SLURM_ARRAY_JOB_ID", "slurm_array_job_id"},
                 {"SLURM_ARRAY_TASK_ID", "slurm_array_task_id"},
                 {"SLURM_RESTART_COUNT", "slurm_restart_count"}};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        const char *value = getenv(items[i].variable);
        if (value != NULL) TRY(hdf5_write_text(group, items[i].name, value));
    }
    return status_ok();
}

/* hostname and the like are those of rank 0; rank_* are of all. */
static Status write_places(hid_t group, const Provenance *provenance) {
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
    if (status_is_ok(status)) status = hdf5_write_texts(group, "rank_host", ranks, PLACE_HOST_BYTES, hosts);
    if (status_is_ok(status)) status = hdf5_write(group, "rank_threads", H5T_NATIVE_INT32, hdf5_list(ranks), threads);
    free(threads);
    free(hosts);
    TRY(status);
    TRY(hdf5_write_text(group, "hostname", provenance->places[0].host));
    TRY(hdf5_write_int32(group, "mpi_ranks", ranks));
    return hdf5_write_int32(group, "omp_threads", provenance->places[0].threads);
}

/* How a number gets into its dataset: created at the beginning of a session, overwritten at its end. */
typedef enum Put { PUT_NEW, PUT_AGAIN } Put;

static Status put(hid_t group, Put how, const char *name, hid_t type, Hdf5Shape shape, const void *values) {
    return how == PUT_NEW ? hdf5_write(group, name, type, shape, values)
                          : hdf5_overwrite(group, name, type, hdf5_shape_count(shape), values);
}

static Status put_plan(hid_t group, Put how, const Plan *plan) {
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
        TRY(put(group, how, items[i].name, H5T_NATIVE_INT64, hdf5_scalar(), &items[i].value));
    return status_ok();
}

/* The columns of the ranks' results, taken out of their records. */
typedef struct ResultColumns {
    int64_t *integers; /* [3][ranks]: steps, bytes written, peak memory */
    double *seconds;   /* [ranks] */
} ResultColumns;

static Status put_columns(hid_t group, Put how, ResultColumns columns, int ranks) {
    const Hdf5Shape shape = hdf5_list(ranks);
    const int64_t *peak = columns.integers + (ptrdiff_t)2 * ranks;
    TRY(put(group, how, "rank_steps", H5T_NATIVE_INT64, shape, columns.integers));
    TRY(put(group, how, "rank_bytes_written", H5T_NATIVE_INT64, shape, columns.integers + ranks));
    TRY(put(group, how, "rank_peak_memory", H5T_NATIVE_INT64, shape, peak));
    return put(group, how, "rank_compute_seconds", H5T_NATIVE_DOUBLE, shape, columns.seconds);
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

static Status put_results(hid_t group, Put how, const RankResult *results, int ranks) {
    const ResultColumns columns = {.integers = calloc((size_t)ranks, 3 * sizeof(int64_t)),
                                   .seconds = calloc((size_t)ranks, sizeof(double))};
    Status status = status_error(STATUS_NO_MEMORY, "no memory for the results of %d ranks", ranks);
    if (columns.integers != NULL && columns.seconds != NULL) {
        set_columns(columns, results, ranks);
        status = put_columns(group, how, columns, ranks);
    }
    free(columns.seconds);
    free(columns.integers);
    return status;
}

static Status fill_session(hid_t group, const void *context) {
    const Beginning *beginning = context;
    TRY(write_times(group, beginning));
    TRY(write_build(group, beginning->provenance->build));
    TRY(write_libraries(group, beginning->provenance->instructions));
    TRY(write_places(group, beginning->provenance));
    TRY(write_slurm(group));
    TRY(put_plan(group, PUT_NEW, beginning->provenance->plan));
    return put_results(group, PUT_NEW, NULL, beginning->provenance->ranks);
}

Status session_begin(hid_t simulation, const Provenance *provenance, int *sequence_index) {
    char name[SESSION_NAME_BYTES];
    *sequence_index = 1;
    name_of_session(*sequence_index, name);
    while (hdf5_has(simulation, name)) name_of_session(++*sequence_index, name);
    const Beginning beginning = {.provenance = provenance, .sequence_index = *sequence_index};
    return hdf5_write_group(simulation, name, "NXcollection", fill_session, &beginning);
}

/* ---------------------------------------------------------------------------------------------------- instructions */

enum { INSTRUCTIONS_BYTES = 32 };

/* The instructions of the first session that rounds otherwise than @p ours; empty where there is none. */
static Status find_other_rounding(hid_t simulation, const char *ours, char *other) {
    char session[SESSION_NAME_BYTES], path[SESSION_NAME_BYTES + 32];
    other[0] = '\0';
    name_of_session(1, session);
    for (int i = 1; other[0] == '\0' && hdf5_has(simulation, session); name_of_session(++i, session)) {
        (void)snprintf(path, sizeof path, "%s/kernel_instructions", session);
        TRY(hdf5_read_text(simulation, path, INSTRUCTIONS_BYTES, other));
        if (instructions_round_alike(ours, other)) other[0] = '\0';
    }
    return status_ok();
}

/* Of an open /entry/simulation. */
typedef struct RevisionSearch {
    BuildInfo build;
    char *other;
} RevisionSearch;

static Status find_revision(hid_t simulation, const void *context) {
    const RevisionSearch *search = context;
    char session[SESSION_NAME_BYTES], path[SESSION_NAME_BYTES + 32], revision[SESSION_REVISION_BYTES] = "";
    search->other[0] = '\0';
    name_of_session(1, session);
    for (int i = 1; search->other[0] == '\0' && hdf5_has(simulation, session); name_of_session(++i, session)) {
        (void)snprintf(path, sizeof path, "%s/git_hash", session);
        TRY(hdf5_read_text(simulation, path, sizeof revision, revision));
        if (strcmp(revision, search->build.git_revision) != 0)
            (void)text_copy(search->other, SESSION_REVISION_BYTES, revision);
    }
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
    char other[INSTRUCTIONS_BYTES];
    bool finished = false;
    TRY(find_other_rounding(simulation, ours, other));
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
    const Plan *plan;
    const RankResult *results;
    int ranks;
} Ending;

static Status complete_session(hid_t group, const void *context) {
    const Ending *ending = context;
    char now[CLOCKS_UTC_BYTES];
    clocks_utc(now);
    TRY(hdf5_overwrite_text(group, "end_time", now));
    if (ending->plan != NULL) TRY(put_plan(group, PUT_AGAIN, ending->plan));
    return put_results(group, PUT_AGAIN, ending->results, ending->ranks);
}

Status session_end(hid_t simulation, int sequence_index, const Plan *plan, const RankResult *results, int ranks) {
    char name[SESSION_NAME_BYTES];
    const Ending ending = {.plan = plan, .results = results, .ranks = ranks};
    name_of_session(sequence_index, name);
    return hdf5_use_group(simulation, name, complete_session, &ending);
}
