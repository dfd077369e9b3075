#!/usr/bin/env bash
# On a terminal the bar fits the window, whatever its width, and a long frame shows its parts: in the bar, in a log, in
# FILE.progress.json.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
sweep=("${small_case[@]}" --sweep.kind=random --sweep.count=40 --sampling.oversample=4 --run.wave=1 --overwrite --output out.nxs)
slow=("${small_case[@]}" --run.precision=float64 --sampling.oversample=100 --overwrite --output out.nxs)
in_terminal() { # in_terminal COLUMNS ARGUMENT...: the updates go to "updates"
    "$python" "$SOURCE/tests/support/in_terminal.py" "$@" > updates 2> err || fail "in $1 columns: $(cat err)"
}

for columns in 20 40 80 200; do
    in_terminal $columns "$TESSERA" simulate "${sweep[@]}"
    grep -q '40/40' updates || fail "in $columns columns no end: $(cat updates)"
done
grep -q '^\[#*\.*\] .* frames/s, .* steps/s, .* left' updates || fail "200 columns do not show all: $(cat updates)"
in_terminal 80 "$TESSERA" simulate "${sweep[@]}"
grep -q '^\[#*\] 40/40 frames, .*, done in' updates || fail "80 columns: $(cat updates)"
in_terminal 20 "$TESSERA" simulate "${sweep[@]}"
grep -q '^[0-9]*/40 .* s *$' updates || fail "20 columns show no time: $(cat updates)"
in_terminal 200,30 "$TESSERA" simulate "${sweep[@]}"
grep -q '^40/40 frames' updates || fail "after the window has become smaller: $(cat updates)"

in_terminal 80 --until 'none done for .*frame 0: [1-9][0-9]* %' "$TESSERA" simulate "${slow[@]}" &
"$TESSERA" simulate "${slow[@]}" --output log.nxs > log 2> log_err &
run=$!
for _ in $(seq 600); do
    grep -q 'none done for .*frame 0: [1-9][0-9]* %' log && break
    sleep 0.2
done
state=$(cat log.nxs.progress.json)
kill -TERM $run
wait
grep -q '^0/1 frames, none done for [0-9]* s, frame 0: [0-9]* %, .* left$' log || fail "the log says nothing of a long frame: $(cat log log_err)"
"$python" -c '
import json, sys
state = json.loads(sys.argv[1])
sys.exit(not (state["frame"] == 0 and 0 < state["frame_fraction"] < 1 and state["silent_s"] >= 10 and state["remaining_s"] > 0))
' "$state" || fail "the progress file says nothing of a long frame: $state"
finish
