/** @file
 *  Where and how a run was computed: an NXcollection for the first start, /entry/simulation/environment, and one for
 * all resumes, /entry/simulation/resumes, whose lists are there from the beginning: a resume writes its row of each and
 *  changes nothing but values. A row is a session when its sequence_index is not 0. Files of earlier revisions have a
 *  group for each resume, environment_2, environment_3 ..., after which the rows go on.
 *
 *  They hold sequence_index, start_time, end_time (empty until the session ends by itself), command_line; version,
 *  git_hash, git_dirty, compiler, compiler_flags, build_type, libhdf5, libhdf5_headers, mpi_library, zlib, openmp,
 *  kernels, kernel_instructions; hostname, mpi_ranks, omp_threads; rank_host, rank_threads, rank_steps,
 * rank_bytes_written, rank_compute_seconds, rank_peak_memory [ranks]; writer, writer_reason, mpi_io_layer,
 * mpi_io_hints, rank_mpi_io_mode, rank_mpi_io_cause [ranks]; the plan; slurm_* where SLURM runs it. Where ranks are not
 * named, it is rank 0's. In resumes, rows first_rank_row to first_rank_row + rank_rows - 1 of rank_* are those of a
 *  session; ranks for which there was no row left have none. */
#ifndef TESSERA_SESSION_H
#define TESSERA_SESSION_H

#include "nxmx/frame_record.h"
#include "nxmx/provenance.h"

/** What one rank did and needed. Plain data. */
typedef struct RankResult {
    RankRecord record;
    int64_t peak_memory_bytes; /**< largest resident set; 0 where the system does not tell */
} RankResult;

/** What one rank saw of its collective writes. Plain data. */
typedef struct RankIo {
    int32_t mode;  /**< H5D_mpio_actual_io_mode_t; -1: none was made */
    int32_t cause; /**< of H5D_mpio_no_collective_cause_t; 0 for collective calls, -1: none was made */
} RankIo;

/** How images are written. Borrows all that it points to. */
typedef struct SessionWriter {
    const char *name, *reason, *layer;
    const char *hints; /**< as requested: MPI does not tell which it heeds */
    int ranks;
    const RankIo *io; /**< [ranks]; NULL: not known yet */
} SessionWriter;

/** Refuses to add frames to finished ones that other instructions rounded, unless run.mix_instructions allows it.
 *  @param file  open
 *  @param path  for the message
 *  @return BAD_PARAMETER naming both and the remedy */
Status session_check_instructions(hid_t file, const char *path, const Provenance *provenance);

/** Group of the resumes, and how many it holds: the last row is that of all later ones, which replace each other. */
#define SESSION_RESUMES "resumes"
enum { SESSION_RESUMES_MOST = 32 };

/** Bytes of a short text of a session, such as a revision's name. */
enum { SESSION_WORD_BYTES = 64 };

/** Where the values of one session stand. */
typedef struct SessionPlace {
    hid_t group;
    int64_t row; /**< of all lists in the group; HDF5_ALONE where the group is this session's */
} SessionPlace;

/** Finds session @p index, from 1, in an open group: /entry/simulation, or that of a part in a master.
 *  @param place  the caller gives it to session_close where it was found
 *  @return false where there is none */
bool session_open(hid_t simulation, int index, SessionPlace *place);

/** Closes what session_open has found. */
void session_close(SessionPlace *place);

/** Reads a text of a session, "" where there is none.
 *  @param word  [bytes] */
void session_word(SessionPlace place, const char *name, size_t bytes, char *word);

/** Looks whether another revision of the program may have rendered frames of an open file.
 *  @param file   open
 *  @param build  ours
 *  @param other  [SESSION_WORD_BYTES] the first other revision, "" where there is none */
Status session_find_other_revision(hid_t file, BuildInfo build, char *other);

/** Writes the first session of a new file into an open /entry/simulation, and makes room for resumes. */
Status session_begin_first(hid_t simulation, const Provenance *provenance);

/** False in a file of an earlier revision, which has no room for resumes. */
bool session_has_room(hid_t simulation);

/** Makes room for resumes in such a file: changes its structure. */
Status session_make_room(hid_t simulation, const Provenance *provenance);

/** Writes a resume into an open /entry/simulation that has room for it. Changes nothing but values.
 *  @param sequence_index  number of the new session, from 2 */
Status session_begin(hid_t simulation, const Provenance *provenance, int *sequence_index);

/** Says in the last session how images are written. Changes nothing but values. */
Status session_put_writer(hid_t simulation, int sequence_index, const SessionWriter *writer);

/** Completes the last session: end time, plan, results of the ranks. Changes nothing but values.
 *  @param plan     the plan that was followed; NULL leaves the one of the beginning
 *  @param results  [ranks] */
Status session_end(hid_t simulation, int sequence_index, const Plan *plan, const RankResult *results, int ranks);

/** Copies all sessions of an open /entry/simulation into an open group; the resumes only where there are any. */
Status session_copy_all(hid_t simulation, hid_t target);

#endif
