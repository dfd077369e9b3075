#!/usr/bin/env bash
# Each way of writing (output.writer) makes the same file. Collective writing goes through parallel HDF5: all ranks call
# MPI_File_write_at_all, and HDF5 says that its calls were collective, however frames are dealt out; where it cannot be, each
# rank writes by itself, and that is said.
set -u
. "$SOURCE/tests/support/case.sh"
if ldd "$TESSERA" | grep -q libasan; then # which must come before what is preloaded
    echo "not with sanitizers"
    exit 0
fi
python=${PYTHON:-/usr/bin/python3}
session=/entry/simulation/environment
text_of() { h5dump -y -d "$2" "$1" | sed -n 's/^ *"\(.*\)" *$/\1/p'; }
beside() { # beside RANKS NAME=VALUE... -- OPTION...: a run whose calls of MPI-IO are counted, or go wrong
    local ranks=$1
    local -a settings=(LD_PRELOAD="$TOOLS/libfile_calls.so")
    shift
    while [ "$1" != -- ]; do settings+=("$1"); shift; done
    shift
    on_ranks "$ranks" env "${settings[@]}" "$TESSERA" simulate "$@"
}

runs=0
check_collective() { # check_collective NAME RANKS REFERENCE OPTION...
    local name=$1 ranks=$2 reference=$3 what="$*" rank calls=""
    shift 3
    mkdir "$name"
    beside "$ranks" FILE_CALLS="$PWD/$name" -- "${small_case[@]}" "$@" --output.writer=collective --output "$name.nxs" --quiet ||
        fail "$what: exit code $?"
    for ((rank = 0; rank < ranks; rank++)); do calls+=" $(wc -l < "$name/$rank")"; done
    [ "$(tr ' ' '\n' <<< "$calls" | sed 1d | sort -u | wc -l)" = 1 ] && [ "$(wc -l < "$name/0")" -gt 0 ] ||
        fail "$what: ranks made other numbers of collective writes:$calls"
    [ "$(values_of "$name.nxs" $session/rank_mpi_io_mode | sort | uniq -c | xargs)" = "$ranks 4" ] ||
        fail "$what: HDF5 did not write collectively: $(values_of "$name.nxs" $session/rank_mpi_io_mode | xargs)"
    [ "$(values_of "$name.nxs" $session/rank_mpi_io_cause | sort -u)" = 0 ] || fail "$what: causes"
    [ "$(text_of "$name.nxs" $session/writer)" = collective ] || fail "$what: the writer's name"
    "$python" "$SOURCE/tests/support/same_rest.py" "$reference" "$name.nxs" > "$name.differences" ||
        fail "$what: $(cat "$name.differences")"
}
series() { # series NAME RANKS SHAPES OPTION...: against the file that a process alone writes
    local name=$1 ranks=$2 shapes=$3 n shape
    shift 3
    "$TESSERA" simulate "${small_case[@]}" "$@" --output "$name.nxs" --quiet || fail "$name: exit code $?"
    for n in $ranks; do for shape in $shapes; do
        runs=$((runs + 1))
        # shellcheck disable=SC2086 # a list of words
        later check_collective "${name}_$runs" "$n" "$name.nxs" "$@" ${shape//+/ }
    done; done
    wait
}
random=(--sweep.kind=random)
waves=(--run.wave=1)
series one "1 2 3 5 6 7" "--run.tile=16 --run.tile=33+--run.shards=2" # a frame in runs of tiles
series five "1 2 3 4 6 7" "--run.wave=2" "${random[@]}" --sweep.count=5   # more ranks than frames, and fewer
series many "2 4" "--run.wave=8" "${random[@]}" --sweep.count=41        # whole frames
series photons "3" "--run.tile=16 --run.wave=1" "${random[@]}" --sweep.count=4 --output.images=expected
series counts "3" "--run.tile=16 --run.wave=1" "${random[@]}" --sweep.count=4 --output.images=counts
series region "3 4" "--run.tile=16" --detector.roi=20,60,10,50 "${random[@]}" --sweep.count=3 "${waves[@]}"
echo "$runs runs compared"

# The other ways make the same file too.
for way in direct auto; do
    on_ranks 3 "$TESSERA" simulate "${small_case[@]}" "${random[@]}" --sweep.count=41 --output.writer=$way --output $way.nxs > $way.out ||
        fail "$way: exit code $?"
    "$python" "$SOURCE/tests/support/same_rest.py" many.nxs $way.nxs > differences || fail "$way: $(cat differences)"
done
[ "$(text_of direct.nxs $session/writer)" = direct ] || fail "direct: the writer's name"

# What auto takes, and why.
auto() { # auto WRITER REASON RANKS NAME=VALUE... -- OPTION...
    local writer=$1 reason=$2
    shift 2
    beside "$@" --output auto.nxs --overwrite > out 2> err || fail "auto, $reason: exit code $?: $(cat err)"
    [ "$(text_of auto.nxs $session/writer)" = "$writer" ] || fail "auto, $reason: $(text_of auto.nxs $session/writer)"
    text_of auto.nxs $session/writer_reason | grep -q "$reason" || fail "auto: $(text_of auto.nxs $session/writer_reason), not: $reason"
    [ "$1" = 0 ] || [ "$1" = 1 ] || grep -q "^note: output.writer.*$reason" out || fail "auto, $reason: no note: $(grep note out)"
}
case=("${small_case[@]}" "${random[@]}" --sweep.count=6)
if stat -f -c %T . | grep -qE 'tmpfs|ext|xfs|btrfs|overlay'; then
    auto collective "whole frames of 2 ranks" 2 -- "${case[@]}"
    auto collective "whole frames of 2 ranks" 2 FILE_CALLS_THREADS=1 -- "${case[@]}"
    grep -q "^note: images are written between waves, not beside them" out || fail "one thread: no note"
    [ "$(images_of auto.nxs)" = "$("$TESSERA" simulate "${case[@]}" --output here.nxs --quiet; images_of here.nxs)" ] || fail "one thread: other images"
fi
auto direct "one rank" 1 -- "${case[@]}"
auto direct "one process" 0 -- "${case[@]}"
auto direct "cut into runs of tiles" 3 -- "${small_case[@]}"
if mpiexec_is_open_mpi; then # which has two layers of MPI-IO
    auto direct "MPI-IO is ompio" 2 OMPI_MCA_io=ompio -- "${case[@]}"
    auto direct "MPI-IO is ompio" 2 OMPI_MCA_io=ompio -- "${case[@]}" --output.writer=collective
    grep -q "^note: output.writer=collective is refused: MPI-IO is ompio, which may report success for images that it lost" out ||
        fail "ompio: $(cat out)"
fi
auto direct "could not be reserved" 2 LD_PRELOAD="$TOOLS/libfault.so" FAULT_CALLS=allocate FAULT_AT=1 FAULT_ERROR=EOPNOTSUPP -- "${case[@]}"

# Hints: those that are known, and recorded; others are refused before anything is written.
on_ranks 2 "$TESSERA" simulate "${case[@]}" --output.mpi_hints=cb_nodes=1,romio_cb_write=enable --output hints.nxs --quiet || fail "hints: exit code $?"
[ "$(text_of hints.nxs $session/mpi_io_hints)" = "cb_nodes=1,romio_cb_write=enable" ] || fail "hints: $(text_of hints.nxs $session/mpi_io_hints)"
refused() { # refused HINTS WORDS
    local code=0
    "$TESSERA" simulate "${case[@]}" --output.mpi_hints="$1" --output refused.nxs --quiet 2> err || code=$?
    [ $code = 2 ] && grep -q "$2" err && [ ! -e refused.nxs.partial ] || fail "hints $1: exit code $code: $(cat err)"
}
refused cb_nodez=1 'there is no hint "cb_nodez"; did you mean "cb_nodes"'
refused cb_nodes=many 'cb_nodes is "many"; it must be a whole number'
refused romio_cb_write=1 'must be enable, disable or automatic'
refused cb_nodes 'must be NAME=VALUE'
finish
