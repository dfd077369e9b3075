#!/usr/bin/env bash
# The examples of docs/run-file.md run as they stand there.
set -u
. "$SOURCE/tests/support/case.sh"
page=$SOURCE/docs/run-file.md
block() { # block PATTERN: the indented block that begins with a line of that pattern, up to an empty line
    awk -v pattern="^    $1" '$0 ~ pattern { on = 1 } on && !/^    / { exit } on { print substr($0, 5) }' "$page"
}
plan() { # plan FILE
    "$TESSERA" plan "$1" --output out.nxs || fail "plan $1"
}
block 'beam:     ' > run.yaml
plan run.yaml | grep -q '^frames     3 ' || fail "the first example has not three frames"
grep -v '^sweep' run.yaml > base.yaml
{ cat base.yaml; block 'sweep: .kind: grid'; } > grid.yaml
plan grid.yaml | grep -Eq 'none is farther than (4\.[0-9]+|5) degrees' || fail "the grid: $(plan grid.yaml)"
{ cat base.yaml; block 'sweep:$'; } > matrix.yaml
plan matrix.yaml | grep -q '^frames     6 ' || fail "the matrix has not six frames"
block 'frame, q0' > list.csv
"$TESSERA" simulate base.yaml --sweep.kind=list --sweep.file=list.csv --output list.nxs --quiet || fail "the list"
[ "$(values_of list.nxs /entry/simulation/frames/number | wc -l)" = 2 ] || fail "the list has not two frames"
{ cat base.yaml; sed -n '/^## Random values/,/^## Spectra/s/^    //p' "$page"; } > draw.yaml
plan draw.yaml | grep -q 'detector of frame 0 for all frames; .* in /entry/simulation/frames/detector.distance' ||
    fail "no note on the detector that moves: $(plan draw.yaml)"
[ "$(plan matrix.yaml | grep -c 'detector of frame 0')" = 0 ] || fail "a note on a detector that does not move"
"$TESSERA" simulate draw.yaml --output draw.nxs --quiet || fail "the draws"
[ "$(values_of draw.nxs /entry/simulation/frames/detector.distance | sort -u | wc -l)" = 3 ] || fail "the draws are alike"
finish
