/** @file
 *  Where and how a run was computed: one NXcollection for the first start and one for each resume,
 *  /entry/simulation/environment, environment_2, environment_3 ...
 *
 *  Each holds sequence_index, start_time, end_time (empty until the session ends by itself), command_line; version,
 *  git_hash, git_dirty, compiler, compiler_flags, build_type, libhdf5, libhdf5_headers, mpi_library, zlib, openmp,
 *  kernel_instructions; hostname, mpi_ranks, omp_threads; rank_host, rank_threads, rank_steps, rank_bytes_written,
 *  rank_compute_seconds, rank_peak_memory [ranks]; the plan; slurm_* where SLURM runs it. Where ranks are not named, it
 *  is rank 0's. */
#ifndef TESSERA_SESSION_H
#define TESSERA_SESSION_H

#include "nxmx/frame_record.h"
#include "nxmx/provenance.h"

/** What one rank did and needed. Plain data. */
typedef struct RankResult {
    RankRecord record;
    int64_t peak_memory_bytes; /**< largest resident set; 0 where the system does not tell */
} RankResult;

/** Refuses to add frames to finished ones that other instructions rounded, unless run.mix_instructions allows it.
 *  @param file  open
 *  @param path  for the message
 *  @return BAD_PARAMETER naming both and the remedy */
Status session_check_instructions(hid_t file, const char *path, const Provenance *provenance);

/** Bytes of a revision's name. */
enum { SESSION_REVISION_BYTES = 64 };

/** Looks whether another revision of the program may have rendered frames of an open file.
 *  @param file   open
 *  @param build  ours
 *  @param other  [SESSION_REVISION_BYTES] the first other revision, "" where there is none */
Status session_find_other_revision(hid_t file, BuildInfo build, char *other);

/** Adds the next session to an open /entry/simulation.
 *  @param sequence_index  number of the new session, from 1 */
Status session_begin(hid_t simulation, const Provenance *provenance, int *sequence_index);

/** Completes a session: end time, plan, results of the ranks. Changes nothing but values.
 *  @param plan     the plan that was followed; NULL leaves the one of the beginning
 *  @param results  [ranks] */
Status session_end(hid_t simulation, int sequence_index, const Plan *plan, const RankResult *results, int ranks);

#endif
