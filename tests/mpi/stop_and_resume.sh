#!/usr/bin/env bash
# A run that is stopped by a signal, or killed, goes on with --resume, on any number of ranks, and ends with the images of
# a run that nothing disturbed.
set -u
. "$SOURCE/tests/support/case.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD # killed ranks leave files there
frames=12
# frames of 0.2 s each: a signal that mpirun passes on late must still find the run at work
sweep=("${small_case[@]}" --run.precision=float64 --sampling.oversample=6 --sweep.kind=random --sweep.count="$frames" --run.wave=1)
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
    read -ra ranks_of_run < <(cat /proc/$launcher/task/*/children; echo)
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
    [ "$(grep -c '^tessera: ' err)" = 1 ] && grep -q 'stopped by a signal' err || fail "$1: not one message: $(cat err)"
    [ ! -e out.nxs ] || fail "$1: a stopped run has the name of a complete one"
    values_of out.nxs.partial $states > finished
    complete=$(grep -c '^2$' finished)
    [ "$complete" -gt 0 ] && [ "$complete" -lt $frames ] || fail "$1: $complete frames are complete"
    missing_are_minus_one /entry/data/data || fail "$1: counts of missing frames"
    missing_are_minus_one /entry/simulation/images/expected_photons || fail "$1: photons of missing frames"
    resume "$1" "$3"
    values_of out.nxs /entry/simulation/environment_2/rank_steps |
        awk -v want=$(((frames - complete) * 96 * 80 * 3 * 4 * 12 * 36)) '{ sum += $1 } END { exit sum != want }' ||
        fail "$1: the resume computed more than the missing frames"
    rm out.nxs
}
stopped "TERM without mpirun" 0 3 'kill -TERM $launcher'
stopped "USR1 to one rank of three" 3 0 'kill -USR1 ${ranks_of_run[2]}'
stopped "USR2 to mpirun, twice" 2 3 'kill -USR2 $launcher; sleep 0.02; kill -USR2 $launcher 2> /dev/null'

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
finish
