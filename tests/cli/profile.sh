#!/usr/bin/env bash
# --trace and --profile: the phases of every rank, in a file and as shares.
set -euo pipefail
# shellcheck source=tests/support/case.sh
source "$SOURCE/tests/support/case.sh"
run() { # run RANKS NAME OPTION...
    local ranks=$1 name=$2
    shift 2
    on_ranks "$ranks" "$TESSERA" simulate "${small_case[@]}" --sweep.kind=random --sweep.count=6 --run.wave=1 --sampling.oversample=3 \
        --output="$name.nxs" "$@"
}

for ranks in 0 2; do
    run $ranks "run$ranks" --quiet --profile --trace="trace$ranks.json" > "out$ranks"
    [ "$(grep -c '^profile ' "out$ranks")" = 1 ] || fail "no summary on $ranks ranks: $(cat "out$ranks")"
    # set-up, compute, reduce, write and wait are all that a rank does
    shares=$(grep '^profile ' "out$ranks" | grep -oE '[0-9.]+ %' | awk '{ sum += $1 } END { print sum }')
    awk -v s="$shares" 'BEGIN { exit !(s > 80 && s < 101) }' || fail "the shares on $ranks ranks make $shares %"
    python3 - "trace$ranks.json" "$ranks" <<'END' || fail "the trace of $ranks ranks"
import json, sys
ranks = max(int(sys.argv[2]), 1)
events = [e for e in json.load(open(sys.argv[1]))["traceEvents"] if e["ph"] == "X"]
assert {e["pid"] for e in events} == set(range(ranks)), "ranks"
assert {e["cat"] for e in events} >= {"set-up", "compute", "write", "wait"}, "phases"
assert all(e["dur"] >= 0 for e in events), "durations"
assert sum(e["name"] == "photons" and e["tid"] == 0 for e in events) == 6, "frames"
END
done

code=0
run 0 again --trace=trace0.json > out 2> err || code=$?
[ "$code" = 2 ] && grep -q 'trace0.json exists' err || fail "an existing trace was not refused: $code $(cat err)"
code=0
run 0 again --trace=nowhere/trace.json > out 2> err || code=$?
[ "$code" = 3 ] && [ ! -e again.nxs ] || fail "a trace that cannot be written was not refused at once: $code"
finish
