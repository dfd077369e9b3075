#!/usr/bin/env bash
# Collective writes that fail, or that a rank does not make: every rank ends, with exit code 3, or 4 when the watchdog has to
# end it; finished frames are whole and --resume does the rest, by the other way of writing too.
set -u
. "$SOURCE/tests/support/faults.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD # ended ranks leave files there
together=("${tiny_case[@]}" --sweep.count=8 --output.writer=collective --run.stall_timeout=3)
"$TESSERA" simulate "${tiny_case[@]}" --sweep.count=8 --output reference.nxs --quiet || fail "reference"
reference=$(images_of reference.nxs)
checked=0
ends() { # ends WHAT CODES RANKS NAME=VALUE... -- OPTION...: with the environment, and what is preloaded
    local what=$1 codes=$2 ranks=$3
    local -a settings=()
    shift 3
    while [ "$1" != -- ]; do settings+=("$1"); shift; done
    shift
    rm -f out.nxs* log
    code=0
    on_ranks "$ranks" timeout -s KILL 60 env "${settings[@]}" "$TESSERA" simulate "${together[@]}" "$@" --output out.nxs --quiet > out 2> err ||
        code=$?
    checked=$((checked + 1))
    # shellcheck disable=SC2086 # a list of words
    told "$what" $codes
    whole_or_resumed "$what" out.nxs "$reference" "${together[@]}" --output.writer=direct
}
planted() { # planted PLANT RANKS CODES OPTION...
    local plant=$1 ranks=$2 codes=$3
    shift 3
    ends "$plant of $ranks ranks $*" "$codes" "$ranks" LD_PRELOAD="$TOOLS/libfile_calls.so" FILE_CALLS_PLANT="$plant" -- "$@"
}
for plant in fail:0:1 fail:2:3 short:1:2 short:0:4; do
    planted $plant 3 3
    grep -q 'out.nxs.partial: .*cannot write the images' err || fail "$plant: $(cat err)"
done
planted fail:1:2 3 3 --run.tile=16 --run.wave=1
planted skip:1:2 3 4
grep -q 'hangs in MPI_' err || fail "skip: $(cat err)"
planted skip:0:3 2 4 --run.tile=16

# OMPIO is in force although the environment says otherwise: told before anything is computed.
if mpiexec_is_open_mpi; then
    ends "hidden OMPIO" 3 2 LD_PRELOAD="$TOOLS/libfile_calls.so" FILE_CALLS_OMPIO=1 --
    grep -q 'MPI-IO is OMPIO although ROMIO was asked for' err || fail "hidden OMPIO: $(cat err)"
    [ ! -e out.nxs.partial ] || fail "hidden OMPIO: something is left"
fi

# The system's calls, as on a full disk, over a quota and with a broken disk: from some write of one rank on, and of all.
errors=(ENOSPC EDQUOT EIO)
number=0
for ranks in 1 2 4; do for rank in 0 $((ranks - 1)) all; do for at in 2 4; do
    number=$((number + 1))
    [ "$rank$ranks" != 01 ] || continue
    settings=(FAULT_CALLS=write FAULT_FILE=out.nxs.partial FAULT_NOT=.new FAULT_AT="$at" FAULT_ERROR="${errors[number % 3]}" FAULT_LASTS=1)
    [ "$rank" = all ] || settings+=(FAULT_RANK="$rank")
    ends "${errors[number % 3]} from write $at of rank $rank of $ranks on" "3 4 0" "$ranks" LD_PRELOAD="$TOOLS/libfault.so" "${settings[@]}" --
done; done; done

# A limit to the size of files, on one rank and on all, within the images and below the first of them.
limits=(100 20000)
mpiexec_is_open_mpi || limits=(20000) # MPICH's shared memory is a file under the same limit: a bus error
for rank in 0 1 all; do for bytes in "${limits[@]}"; do
    codes=3
    [ $rank != 1 ] || codes="0 3" # another rank may write for it
    ends "files of $bytes bytes on rank $rank" "$codes" 3 LD_PRELOAD="$TOOLS/libfile_calls.so" FILE_CALLS_LIMIT=$rank:$bytes --
done; done
echo "$checked runs ended"
finish
