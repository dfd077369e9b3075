#!/usr/bin/env bash
# run.stall_timeout: a rank that is stopped, or that a system call does not return to, is named and ends the run; frames that
# are slow, and a run that is suspended as a whole, do not. A rank that is killed ends the run by itself.
set -u
. "$SOURCE/tests/support/case.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD # killed ranks leave files there
sweep=("${small_case[@]}" --run.precision=float64 --sampling.oversample=3 --sweep.kind=random --sweep.count=12 --run.wave=1
    --output.writer=direct)
"$TESSERA" simulate "${sweep[@]}" --output reference.nxs --quiet || fail reference
reference=$(images_of reference.nxs)
run() { # run RANKS SECONDS OPTION...: exit code in $code, within so many seconds
    local ranks=$1 most=$2 command=("$TESSERA")
    shift 2
    # shellcheck disable=SC2206 # a list of words
    [ "$ranks" = 0 ] || command=($MPIEXEC -n "$ranks" "$TESSERA")
    code=0
    timeout -k 5 "$most" "${command[@]}" simulate "${sweep[@]}" --output out.nxs "$@" > out 2> err || code=$?
}
start() { # start RANKS OPTION...: in the background, until a frame is finished; sets launcher and ranks_of_run
    local ranks=$1 waited=0
    shift
    rm -f out out.nxs*
    # shellcheck disable=SC2086 # a list of words
    timeout -k 5 60 $MPIEXEC -n "$ranks" "$TESSERA" simulate "${sweep[@]}" --run.progress=lines --run.report_every=0.01 \
        --output out.nxs "$@" > out 2> err &
    launcher=$!
    until grep -qs '^[1-9][0-9]*/12 frames' out; do
        waited=$((waited + 1))
        if [ $waited -gt 600 ] || ! kill -0 $launcher 2> /dev/null; then fail "no frame was finished: $(cat out err)"; return; fi
        sleep 0.02
    done
    mapfile -t ranks_of_run < <(ranks_below $launcher)
    [ ${#ranks_of_run[@]} = "$ranks" ] || fail "not $ranks ranks: ${ranks_of_run[*]}"
}
ended() { # ended NAME CODE: the run in the background
    code=0
    wait $launcher || code=$?
    code_is $code "$2" || fail "$1: exit code $code: $(cat err)"
}
resumed() { # resumed NAME
    [ -e out.nxs.partial ] || fail "$1: no .partial is left"
    run 2 60 --resume --quiet
    [ $code = 0 ] || fail "$1: not resumed: $(cat err)"
    [ "$(images_of out.nxs)" = "$reference" ] || fail "$1: other images after the resume"
    left=$(find . -name '*.alive' -o -name '*.lock')
    [ -z "$left" ] || fail "$1: left behind: $left"
}
for rank in 0 2; do
    start 3 --run.stall_timeout=2
    kill -STOP "${ranks_of_run[rank]}"
    ended "stopped rank $rank" 4
    [ "$(grep -c '^tessera: error: ' err)" = 1 ] || fail "stopped rank $rank: not one message: $(cat err)"
    grep -q "^tessera: error: rank $rank (process ${ranks_of_run[rank]} on $(hostname)) gives no sign of life: .* --resume (run.stall_timeout is 2 s)" err ||
        fail "stopped rank $rank: $(cat err)"
    resumed "stopped rank $rank"
done

# Stopped within an eighth of the timeout, when no rank has looked at another yet: named all the same.
start 3 --run.stall_timeout=8
kill -STOP "${ranks_of_run[0]}"
ended "stopped at once" 4
grep -q "^tessera: error: rank 0 (process ${ranks_of_run[0]} on $(hostname)) gives no sign of life" err || fail "stopped at once: $(cat err)"
resumed "stopped at once"

# Suspended as a whole for longer than the timeout, as by scontrol suspend.
start 2 --run.stall_timeout=1
kill -STOP "${ranks_of_run[@]}"
sleep 3
kill -CONT "${ranks_of_run[@]}"
ended "suspended" 0
[ "$(images_of out.nxs)" = "$reference" ] || fail "suspended: other images"

# A write that never returns, on one of several ranks and in a process alone; nobody notices without a watchdog.
preload=("LD_PRELOAD=$TOOLS/libhang_in_write.so" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0)
hung() { # hung NAME RANKS RANK [WORDS OPTION...]
    local words=${4:-"hangs: it neither computes nor waits"}
    rm -f out.nxs*
    export "${preload[@]}" HANG_RANK="${3/"[01]"/0}" HANG_AT=2
    run "$2" 40 --run.stall_timeout=2 "${@:5}"
    unset LD_PRELOAD HANG_RANK
    code_is $code 4 || fail "$1: exit code $code: $(cat err)"
    grep -q "^tessera: error: rank $3 (process [0-9]* on $(hostname)) $words" err || fail "$1: $(cat err)"
    resumed "$1"
}
hung "a write of rank 1" 3 1
hung "a write of rank 0" 2 0
hung "a write of a process alone" 0 0
# In collective writing the others wait for it in MPI-IO, where they spin: whoever has been there for too long is named.
hung "a collective write" 2 "[01]" "hangs in MPI_File_write_at_all" --output.writer=collective
rm -f out.nxs*
export "${preload[@]}" HANG_RANK=1 HANG_AT=2
run 2 6
unset LD_PRELOAD HANG_RANK
case $code in 124 | 137) ;; *) fail "hung without a watchdog: exit code $code: $(cat err)" ;; esac
# where mpirun had to be killed too, its ranks are left
for pid in $(pgrep -f "^$TESSERA simulate"); do
    [ "$(readlink "/proc/$pid/cwd")" != "$PWD" ] || { kill -KILL "$pid"; tail --pid="$pid" -s 0.1 -f /dev/null; }
done
resumed "hung without a watchdog"

# A frame that takes many times the timeout, while others wait for it.
rm -f out.nxs*
run 2 60 --run.stall_timeout=0.3 --sweep.count=1 --run.shards=1 --run.tile=96 --sampling.oversample=8 --quiet
[ $code = 0 ] || fail "a slow frame: exit code $code: $(cat err)"

start 3 --run.stall_timeout=30
kill -KILL "${ranks_of_run[1]}"
ended "killed" 137
grep -qiE 'signal:? 9' out err || fail "killed: $(cat err)"
resumed "killed"
finish
