#!/usr/bin/env bash
# tessera describe: says what a file holds; the run file that it prints renders the same bytes; --verify finds damage.
set -u
. "$SOURCE/tests/support/case.sh"
python=/usr/bin/python3
sweep=("${small_case[@]}" --sweep.kind=random --sweep.count=9 --noise.seed=5)
refused() { # refused NAME CODE PATTERN ARGUMENT...
    local name=$1 want=$2 pattern=$3 code=0
    shift 3
    "$TESSERA" describe "$@" > out 2> err || code=$?
    [ $code = "$want" ] || fail "$name: exit code $code: $(cat out err)"
    [ "$(wc -l < err)" = 1 ] && grep -q -- "$pattern" err || fail "$name: message: $(cat err)"
}
described() { # described NAME PATTERN...: of the file out
    local name=$1 pattern
    shift
    for pattern in "$@"; do grep -Eq -- "$pattern" out || fail "$name: no line like '$pattern' in: $(cat out)"; done
}

"$TESSERA" simulate "${sweep[@]}" --quiet --output whole.nxs || fail simulate
"$TESSERA" describe whole.nxs --verify > out || fail "describe: exit code $?"
described text '^file       whole.nxs \(complete\)$' '^images     80 x 96 pixels .* int32 counts, float32 expected' \
    '^frames     0:9 of a sweep of 9$' '^complete   9: 0:9$' '^missing    0$' '^verified   9 frames, 0 damaged$' \
    '^  crystal.cells = 8  \(command line\)$' "sha256 $(sha256sum "$inputs/2erl_P1.hkl" | cut -d' ' -f1)" \
    '^  1  20.* to 20.*Z, 1 ranks x 1 threads' '^     tessera .*, float(32|64) on [-a-z0-9]*\)$' '^     simulate .*--sweep.kind=random'

# The run file, with the inputs that the file keeps, in a folder without anything else.
mkdir -p copy/inputs
"$TESSERA" describe whole.nxs --yaml --inputs copy/inputs > copy/run.yaml || fail "yaml: exit code $?"
cmp "$inputs/2erl_P1.hkl" copy/inputs/crystal_structure_factors_2erl_P1.hkl || fail "another copy of the input"
(cd copy && "$TESSERA" simulate run.yaml --quiet --output again.nxs) || fail "the run file does not run: $(cat copy/run.yaml)"
[ "$(images_of copy/again.nxs)" = "$(images_of whole.nxs)" ] || fail "the run file renders other images"
"$TESSERA" describe whole.nxs --yaml > as_recorded.yaml
"$TESSERA" simulate as_recorded.yaml --quiet --output again.nxs || fail "the run file with the recorded names does not run"
[ "$(images_of again.nxs)" = "$(images_of whole.nxs)" ] || fail "the run file with the recorded names: other images"

# A slice is rendered as that slice; so is a run with nanoBragg's defaults.
"$TESSERA" simulate "${sweep[@]}" --quiet --frames 3:5 --output slice.nxs
"$TESSERA" describe slice.nxs --yaml > slice.yaml
"$TESSERA" simulate slice.yaml --quiet --output slice_again.nxs || fail "slice: $(cat slice.yaml)"
[ "$(images_of slice_again.nxs)" = "$(images_of slice.nxs)" ] || fail "slice: other images"
"$TESSERA" nanobragg -hkl "$inputs/2erl_P1.hkl" -mat "$inputs/2erl_lam1.2.mat" -lambda 1.2 -N 5 -distance 60 \
    -detpixels 64 -pixel 0.3 -mosaic_spread 0.5 -mosaic_domains 3 -oversample 1 -misset random -misset_seed 11 \
    -nonoise -nopgm -nxs nanobragg.nxs > out 2> err || fail "nanobragg: $(cat err)"
"$TESSERA" describe nanobragg.nxs --yaml > nanobragg.yaml
"$TESSERA" simulate nanobragg.yaml --quiet --output nanobragg_again.nxs || fail "nanobragg: $(cat nanobragg.yaml)"
[ "$("$TOOLS/dataset_sha256" nanobragg.nxs /entry/data/data)" = "$("$TOOLS/dataset_sha256" nanobragg_again.nxs /entry/data/data)" ] ||
    fail "nanobragg: other images"

# Frames that differ name all the kernels that render them.
"$TESSERA" simulate --crystal.cell=50 --crystal.default_f=7 --crystal.shape=gauss --detector.pixel_size=0.5 --detector.fast_pixels=40 \
    --detector.slow_pixels=30 --sweep.kind=matrix --sweep.matrix=crystal.cells=5,60 --quiet --output kernels.nxs || fail "kernels"
"$TESSERA" describe kernels.nxs > out
described kernels ', float32, reflections on ' 'kernel: float32 \(other frames take reflections\), selected automatically'

# A file that is not complete; JSON; damage.
cp whole.nxs stopped.nxs.partial
$python - stopped.nxs.partial << 'P'
import h5py, sys
with h5py.File(sys.argv[1], "r+") as f:
    f["entry/simulation/frames/status"][[1, 2, 8]] = 0, 1, 0
    f["entry/data/data"][4, 17, 3] += 1
P
"$TESSERA" describe stopped.nxs.partial > out || fail "partial: exit code $?"
described partial '^file .*\(not complete\)' '^complete   6: 0, 3:8$' '^missing    3: 1:3, 8$'
"$TESSERA" describe stopped.nxs.partial --json > out.json || fail "json: exit code $?"
$python - out.json << 'P' || fail "json: $(cat out.json)"
import json, sys
d = json.load(open(sys.argv[1]))
assert d["complete_ranges"] == [[0, 1], [3, 8]] and d["missing_ranges"] == [[1, 3], [8, 9]] and not d["complete"]
assert d["parameters_given"]["sweep.count"] == "9" and len(d["inputs"]) == 2 and d["sessions"][0]["ranks"] == 1
P
refused damaged 1 '1 frames differ from their CRC-32: 4; render them again' stopped.nxs.partial --verify
described damaged '^verified   6 frames, 1 damaged$'

# A merged master, all there and with a part that has gone.
"$TESSERA" simulate "${sweep[@]}" --quiet --frames 0:3 --output a.nxs
"$TESSERA" simulate "${sweep[@]}" --quiet --frames 5:9 --output b.nxs
"$TESSERA" merge master.nxs a.nxs b.nxs > /dev/null
"$TESSERA" describe master.nxs --verify > out || fail "master: exit code $?"
described master '^file .*\(merged, frames missing\)' '^missing    2: 3:5$' '^part 2     b.nxs, frames 5:9, 4 complete$' \
    '^verified   7 frames, 0 damaged$'
"$TESSERA" describe master.nxs --yaml > master.yaml
"$TESSERA" simulate master.yaml --quiet --output master_again.nxs || fail "master: its run file does not run"
[ "$(images_of master_again.nxs)" = "$(images_of whole.nxs)" ] || fail "master: other images"
rm a.nxs
"$TESSERA" describe master.nxs > out || fail "master without a part: exit code $?"
described "master without a part" '^missing    5: 0:5$' '^part 1 .*NOT THERE'
"$TESSERA" describe master.nxs --json | $python -c 'import json, sys; d = json.load(sys.stdin)
assert [p["is_there"] for p in d["parts"]] == [False, True] and d["complete_frames"] == 4, d' || fail "master: json"

refused "no file" 2 'describe needs a file' --json
refused "nothing there" 2 'cannot read gone.nxs' gone.nxs
refused "folder" 2 'is no file' .
refused "not ours" 2 'was not written by tessera' "$SOURCE/golden/g18_nopolar.h5"
refused "no kind" 2 'README.md' "$SOURCE/README.md"
refused "both forms" 2 'exclude each other' whole.nxs --json --yaml
refused "inputs alone" 2 'belongs to --yaml' whole.nxs --inputs copy
refused "inputs exist" 3 'File exists' whole.nxs --yaml --inputs copy/inputs
refused "unknown option" 2 'did you mean "--verify"' whole.nxs --verfy
finish
