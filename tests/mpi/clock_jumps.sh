#!/usr/bin/env bash
# The date is set by hours, there and back, while a run goes on: it ends with the same bytes, its times are no nonsense, and a
# signal is obeyed within the grace.
set -u
. "$SOURCE/tests/support/case.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD
sweep=("${small_case[@]}" --run.precision=float64 --sampling.oversample=4 --sweep.kind=random --sweep.count=12 --run.wave=1)
"$TESSERA" simulate "${sweep[@]}" --output reference.nxs --quiet || fail reference
jumping() { env LD_PRELOAD="$TOOLS/libjump_clock.so" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$@"; }
[ "$(for _ in 1 2 3 4 5 6; do jumping date +%H; sleep 0.04; done | sort -u | wc -l)" -gt 1 ] || fail "the clock does not jump"

# shellcheck disable=SC2086 # a list of words
jumping timeout -k 10 60 $MPIEXEC -n 2 "$TESSERA" simulate "${sweep[@]}" --run.stall_timeout=5 --run.report_every=0.2 --run.progress=lines \
    --profile --output out.nxs > out 2> err || fail "exit code $?: $(cat err)"
[ "$(images_of out.nxs)" = "$(images_of reference.nxs)" ] || fail "other images"
lines=$(grep -c '^[0-9]*/12 frames' out)
{ [ "$lines" -ge 2 ] && [ "$lines" -le 60 ]; } || fail "$lines lines of progress: $(cat out)"
values_of out.nxs /entry/simulation/frames/wall_seconds | awk '$1 < 0 || $1 > 60 { bad = 1 } END { exit bad || NR != 12 }' ||
    fail "times of frames: $(values_of out.nxs /entry/simulation/frames/wall_seconds | xargs)"
! grep -E -- '-[0-9.]+ ?(s|h|min)|[0-9]{4,} s|[0-9]+ h' out || fail "times: $(cat out)"

jumping "$TESSERA" simulate "${sweep[@]}" --sampling.oversample=12 --run.grace=5 --quiet --output stopped.nxs 2> err &
run=$!
until [ -e stopped.nxs.partial ]; do sleep 0.05; kill -0 $run 2> /dev/null || { fail "no run: $(cat err)"; break; }; done
sleep 0.5
read -ra below < <(cat /proc/$run/task/*/children; echo)
SECONDS=0
kill -TERM "${below[0]:-$run}"
code=0
wait $run || code=$?
[ $code = 75 ] || fail "stopped: exit code $code: $(cat err)"
[ $SECONDS -le 6 ] || fail "stopped: after $SECONDS s"
finish
