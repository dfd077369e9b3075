#!/usr/bin/env bash
# A process that no launcher has started does not start MPI, and writes the same images; processes that a launcher has
# started, but MPI does not connect, are refused.
set -euo pipefail
# shellcheck source=tests/support/case.sh
source "$SOURCE/tests/support/case.sh"

run() { # run NAME [COMMAND...]: a run of three frames, started by the command
    local name=$1
    shift
    "$@" env LD_PRELOAD="$TOOLS/libtell_mpi_start.so" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
        "$TESSERA" simulate "${small_case[@]}" --sweep.kind=random --sweep.count=3 --run.verbosity=quiet \
        --output="$name.nxs" 2> "$name.err"
}
starts() { grep -c 'MPI is started' "$1.err" || true; }

run alone
[ "$(starts alone)" = 0 ] || fail "MPI was started without a launcher"
# shellcheck disable=SC2086
run one $MPIEXEC -n 1
[ "$(starts one)" = 1 ] || fail "MPI was started $(starts one) times by mpirun -n 1"
[ "$(images_of alone.nxs)" = "$(images_of one.nxs)" ] || fail "the images differ from those of mpirun -n 1"

# a batch script, and srun of one process, set SLURM's variables too
SLURM_PROCID=0 SLURM_NTASKS=4 run batch
SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1 run step
for name in batch step; do [ "$(starts $name)" = 0 ] || fail "MPI was started in a $name of one process"; done

# several processes that would each write the same file
for rank in 0 1; do
    code=0
    SLURM_PROCID=$rank SLURM_STEP_NUM_TASKS=2 run lost$rank || code=$?
    [ "$code" = 2 ] || fail "process $rank of two that MPI does not connect ended with exit code $code"
    [ ! -e lost$rank.nxs ] || fail "process $rank of two that MPI does not connect wrote a file"
done
[ "$(grep -c '^tessera: error: 2 processes were started (SLURM_PROCID is set)' lost0.err)" = 1 ] || fail "$(cat lost0.err)"
! grep -q 'tessera: error' lost1.err || fail "process 1 printed the message too"
finish
