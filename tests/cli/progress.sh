#!/usr/bin/env bash
# FILE.progress.json is valid at every moment, says how far the run is, and how it ended.
set -u
. "$SOURCE/tests/support/case.sh"
sweep=("${small_case[@]}" --sweep.kind=random --sweep.count=40 --sampling.oversample=4 --run.wave=1 --quiet)
member() { # member NAME: of the file, as Python writes it
    ${PYTHON:-/usr/bin/python3} -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' out.nxs.progress.json "$1"
}
"$TESSERA" simulate "${sweep[@]}" --output out.nxs 2> err &
run=$!
states=
while kill -0 $run 2> /dev/null; do
    [ ! -e out.nxs.progress.json ] || states="$states $(member state)" || fail "not valid JSON"
    sleep 0.05
done
wait $run || fail "exit code $?: $(cat err)"
[[ $states == *running* ]] || fail "never running:$states"
[ "$(member state)" = "done" ] && [ "$(member frames_done)" = 40 ] && [ "$(member frames)" = 40 ] &&
    [ "$(member remaining_s)" = 0 ] && [ "$(member ranks)" = 1 ] || fail "at the end: $(cat out.nxs.progress.json)"
[ ! -e out.nxs.progress.json.new ] || fail "the next file is left"
rm out.nxs out.nxs.progress.json

"$TESSERA" simulate "${sweep[@]}" --run.precision=float64 --sampling.oversample=12 --output out.nxs 2> err &
run=$!
until [ -e out.nxs.progress.json ]; do sleep 0.05; done
kill -TERM $run
wait $run
[ $? = 75 ] || fail "exit code after TERM"
[ "$(member state)" = stopped ] && member message | grep -q -- --resume || fail "stopped: $(cat out.nxs.progress.json)"
rm -f out.nxs*

"$TESSERA" simulate "${small_case[@]}" --quiet --run.progress=none --output out.nxs || fail "without progress"
[ ! -e out.nxs.progress.json ] || fail "a file in spite of run.progress=none"
finish
