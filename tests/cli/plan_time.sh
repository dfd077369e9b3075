#!/usr/bin/env bash
# The CPU time that `tessera plan` says is within 1.5 x of what the run takes, on runs of twelve kinds.
set -u
. "$SOURCE/tests/support/case.sh"
# another process may take the caches for a moment: a kind that is outside twice is
"${PYTHON:-/usr/bin/python3}" "$SOURCE/tests/benchmarks/plan_time.py" "$TESSERA" "$SOURCE" > first || {
    cat first
    mapfile -t again < <(sed -n 's/  *[0-9.]*  *[0-9.]*  *[0-9.]*  *[0-9.]*  OUTSIDE$//p' first)
    [ ${#again[@]} -gt 0 ] || fail "it did not come to its end"
    "${PYTHON:-/usr/bin/python3}" "$SOURCE/tests/benchmarks/plan_time.py" "$TESSERA" "$SOURCE" "${again[@]}" > second ||
        fail "outside: $(cat second)"
}
[ "$(wc -l < first)" = 13 ] || fail "not twelve kinds: $(cat first)"
finish
