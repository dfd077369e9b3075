#!/usr/bin/env bash
# A run that is stopped by a signal, or killed, goes on with --resume, on any number of ranks, and ends with the images of
# a run that nothing disturbed.
set -u
. "$SOURCE/tests/support/case.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD # killed ranks leave files there
frames=12
# frames of 0.1 s and more each: a signal that mpirun passes on late must still find the run at work
oversample=4
sweep=("${small_case[@]}" --run.precision=float64 --sampling.oversample="$oversample" --sweep.kind=random --sweep.count="$frames" --run.wave=1)
states=/entry/simulation/frames/status
missing_are_minus_one() { # of the images DATASET of out.nxs.partial
    values_of out.nxs.partial "$1" | awk -v pixels=$((96 * 80)) '
        NR == FNR { state[NR - 1] = $1; next }
        { if ((state[int((FNR - 1) / pixels)] != 2) != ($1 == -1)) bad = 1 }
        END { exit bad }' finished -
}
start() { # start RANKS: a run in the background that has finished a frame; sets launcher and ranks_of_run, its processes
    local command=("$TESSERA") waited=0
    rm -f out
    # shellcheck disable=SC2206 # a list of words
    [ "$1" = 0 ] || command=($MPIEXEC -n "$1" "$TESSERA")
    "${command[@]}" simulate "${sweep[@]}" --run.progress=lines --run.report_every=0.01 --output out.nxs > out 2> err &
    launcher=$!
    until grep -qs "^[1-9][0-9]*/$frames frames" out; do
        waited=$((waited + 1))
        [ $waited -lt 600 ] && kill -0 $launcher 2> /dev/null || { fail "no frame was finished: $(cat out err)"; return; }
        sleep 0.05
    done
    mapfile -t ranks_of_run < <(ranks_below $launcher)
}
resume() { # resume NAME RANKS: with the images of the reference at the end
    on_ranks "$2" "$TESSERA" simulate "${sweep[@]}" --output out.nxs --resume --quiet 2> err || fail "$1: not resumed: $(cat err)"
    [ ! -e out.nxs.partial ] || fail "$1: the .partial is still there"
    [ "$(images_of out.nxs)" = "$reference" ] || fail "$1: other bytes after the resume"
    [ "$(values_of out.nxs $states | sort -u)" = 2 ] || fail "$1: frames are missing after the resume"
    h5dump -H -d /entry/end_time out.nxs > /dev/null || fail "$1: no end time"
}

"$TESSERA" simulate "${sweep[@]}" --output reference.nxs --quiet || fail "reference"
reference=$(images_of reference.nxs)

stopped() { # stopped NAME RANKS RANKS_AFTER COMMAND: which sends signals to launcher and ranks_of_run
    local code=0 complete
    start "$2"
    eval "$4"
    wait $launcher || code=$?
    [ $code = 75 ] || fail "$1: exit code $code: $(cat err)"
    [ "$(grep -c '^tessera: ' err)" = 1 ] || fail "$1: not one message: $(cat err)"
    [ ! -e out.nxs ] || fail "$1: a stopped run has the name of a complete one"
    values_of out.nxs.partial $states > finished
    complete=$(grep -c '^2$' finished)
    [ "$complete" -gt 0 ] && [ "$complete" -lt $frames ] || fail "$1: $complete frames are complete"
    grep -qF "stopped: $complete of $frames frames are safe in out.nxs.partial; the same command with --resume goes on" err ||
        fail "$1: $complete frames are complete, and the message is: $(cat err)"
    # a second signal leaves no time for filling
    [[ $1 == *twice ]] || missing_are_minus_one /entry/data/data || fail "$1: counts of missing frames"
    [[ $1 == *twice ]] || missing_are_minus_one /entry/simulation/images/expected_photons || fail "$1: photons of missing frames"
    resume "$1" "$3"
    values_of out.nxs /entry/simulation/resumes/rank_steps |
        awk -v want=$(((frames - complete) * 96 * 80 * 3 * 4 * 12 * oversample * oversample)) '{ sum += $1 } END { exit sum != want }' ||
        fail "$1: the resume computed more than the missing frames"
    rm out.nxs
}
stopped "TERM without mpirun" 0 3 'kill -TERM $launcher'
stopped "USR1 to one rank of three" 3 0 'kill -USR1 ${ranks_of_run[2]}'
! mpiexec_is_open_mpi || stopped "USR2 to mpirun, twice" 2 3 'kill -USR2 $launcher; sleep 0.02; kill -USR2 $launcher 2> /dev/null'

# One frame that would take a minute and more: it is dropped when half of the grace is over, wherever the signal arrives; a
# second signal is obeyed at once. Either way no file is left, as no frame was finished.
long=("${small_case[@]}" --run.precision=float64 --sampling.oversample=24 --crystal.mosaic_domains=240 --output=long.nxs --quiet)
seconds_to_stop() { # seconds_to_stop RANKS GRACE COMMAND SHARDS: from the command, given 2 s after the start, to the end
    local command=("$TESSERA") code=0 begin
    # shellcheck disable=SC2206 # a list of words
    [ "$1" = 0 ] || command=($MPIEXEC -n "$1" "$TESSERA")
    "${command[@]}" simulate "${long[@]}" --run.grace="$2" --run.shards="$4" > out 2> err &
    launcher=$!
    until [ -e long.nxs.partial ]; do kill -0 $launcher 2> /dev/null || return; sleep 0.05; done
    sleep 2
    mapfile -t ranks_of_run < <(ranks_below $launcher)
    begin=$(date +%s%N)
    eval "$3"
    wait $launcher || code=$?
    [ $code = 75 ] || fail "long frame, $3: exit code $code: $(cat err)"
    [ ! -e long.nxs.partial ] || fail "long frame, $3: a file without a frame is left"
    rm -f long.nxs*
    awk -v ns=$(($(date +%s%N) - begin)) 'BEGIN { print ns / 1e9 }'
}
within() { # within NAME LEAST MOST SECONDS
    awk -v s="$4" -v least="$2" -v most="$3" 'BEGIN { exit !(s != "" && s >= least && s <= most) }' || fail "$1: ${4:-no} s, not $2 to $3"
}
within "TERM, grace 6 s" 0 6 "$(seconds_to_stop 0 6 'kill -TERM $launcher' 1)"
within "USR1 to one of three ranks, grace 6 s" 0 6 "$(seconds_to_stop 3 6 'kill -USR1 ${ranks_of_run[1]}' 1)"
if mpiexec_is_open_mpi; then
    within "USR2 to mpirun, shards, grace 6 s" 0 6 "$(seconds_to_stop 2 6 'kill -USR2 $launcher' 4)"
    within "USR2 to mpirun twice, grace 1000 s" 0 10 "$(seconds_to_stop 2 1000 'kill -USR2 $launcher; sleep 1; kill -USR2 $launcher' 1)"
fi

start 3
kill -KILL "${ranks_of_run[@]}"
wait $launcher 2> /dev/null && fail "killed: exit code 0"
[ -e out.nxs.partial ] && [ ! -e out.nxs ] || fail "killed: $(ls)"
resume "killed" 2

# Killed after the last frame, before the file got its name; a complete file stays as it is.
mv out.nxs out.nxs.partial
resume "killed before the end" 2
sum=$(sha256sum < out.nxs)
resume "complete" 2
[ "$(sha256sum < out.nxs)" = "$sum" ] || fail "a complete file was changed"

# Damaged images are found on request, named and rendered again, in a complete file and in a .partial.
verified() { # verified NAME RANKS FILE: out.nxs ends as the reference; prints what is said
    on_ranks "$2" "$TESSERA" simulate "${sweep[@]}" --output out.nxs --resume --run.verify=true 2> err || fail "$1: $(cat err)"
    [ "$(images_of out.nxs | head -n 1)" = "$(echo "$reference" | head -n 1)" ] || fail "$1: other bytes after the check"
}
damage() { # damage FILE FRAME...: one byte of each
    ${PYTHON:-/usr/bin/python3} - "$@" << 'P'
import sys, h5py
with h5py.File(sys.argv[1], "r+", locking=False) as file:
    for frame in map(int, sys.argv[2:]):
        file["entry/data/data"][frame, 79, 95] += 1
P
}
verified "nothing damaged" 0 > said
grep -q 'not match' said && fail "nothing damaged: $(cat said)"
[ "$(sha256sum < out.nxs)" = "$sum" ] || fail "a file was changed by its check"
damage out.nxs 3 4 5 9
resume_says=$("$TESSERA" simulate "${sweep[@]}" --output out.nxs --resume) || fail "a damaged file without a check"
echo "$resume_says" | grep -q 'not match' && fail "checked without a request"
verified "complete and damaged" 3 > said
grep -q '4 finished frames do not match their checksums*; rendered again: 3-5, 9$' said || fail "complete and damaged: $(cat said)"
mv out.nxs out.nxs.partial
damage out.nxs.partial 0
verified "partial and damaged" 2 > said
grep -q '1 finished frame does not match its checksum; rendered again: 0$' said || fail "partial and damaged: $(cat said)"
"$TESSERA" simulate "${sweep[@]}" --output other.nxs --run.verify=true --quiet 2> err
[ $? = 2 ] && grep -q -- --resume err || fail "run.verify without --resume: $(cat err)"
finish
