#!/usr/bin/env bash
# analysis/compare_sweeps.py finds what differs between two files, and by how much: images, labels, missing frames.
set -u
. "$SOURCE/tests/support/case.sh"
. "$SOURCE/tests/support/analysis.sh"
simulate() { "$TESSERA" simulate "${gauss_case[@]}" --sampling.oversample=1 --sweep.kind=random --sweep.count=5 "$@" || fail "simulate $*"; }
differs() { # differs PATTERN ARGUMENT...: exit code 1, and a line with PATTERN
    local pattern=$1 code=0
    shift
    "$python" "$SOURCE/analysis/compare_sweeps.py" "$@" > out 2> err || code=$?
    [ $code = 1 ] && grep -Eq -- "$pattern" out || fail "compare_sweeps $*: exit code $code, no $pattern: $(cat out err)"
}
simulate --output a.nxs
simulate --output same.nxs
simulate --beam.fluence=2e28 --output double.nxs
simulate --sweep.seed=2 --output other.nxs
simulate --frames 1:3 --output part.nxs
simulate --frames 3:5 --output rest.nxs
simulate --detector.fast_pixels=200 --output narrow.nxs

analysis compare_sweeps a.nxs same.nxs
grep -q '^5 frames compared, all within the limits$' out || fail "the same: $(cat out)"
grep -Eq '^ +3   1.0000000000   1.00000000 +0$' out || fail "the same, frame 3: $(cat out)"

# Twice the fluence: the expected photons correlate perfectly, the sum is twice as large, and each pixel is off by 1.
differs '^ +4   1.0000000000   2.00000000 +1  beyond$' a.nxs double.nxs --images expected
grep -q '^label    fluence      0.5  beyond$' out || fail "fluence: $(cat out)"
grep -q '^label    ub_matrix    0$' out || fail "orientation: $(cat out)"
analysis compare_sweeps a.nxs double.nxs --images expected --max-sum-error 1.01 --max-label-error 0.6
differs '1  beyond$' a.nxs double.nxs --images expected --max-sum-error 1.01 --max-label-error 0.6 --max-relative-error 0.5
differs '^label    ub_matrix .* beyond$' a.nxs other.nxs --min-correlation=-1 --max-sum-error 9

# One pixel of one frame, by a known amount.
cp a.nxs changed.nxs
"$python" - << 'P' || fail "changed"
import h5py
with h5py.File("changed.nxs", "r+") as f:
    frame = f["entry/data/data"][2]
    slow, fast = divmod(int(frame.argmax()), frame.shape[1])
    f["entry/data/data"][2, slow, fast] += frame.max() // 4
P
differs '^ +2 .* 0.25  beyond$' a.nxs changed.nxs --quiet
[ "$(grep -c 'beyond$' out)" = 1 ] || fail "changed: $(cat out)"

# Frames are paired by their number, and those of one file alone are named.
analysis compare_sweeps a.nxs part.nxs
grep -q '^2 frames compared, all within' out && grep -q 'one file alone: frames 0, 3 to 4$' err || fail "part: $(cat out err)"

refused compare_sweeps 'cannot be compared' a.nxs narrow.nxs
refused compare_sweeps 'no frame in common' part.nxs rest.nxs
refused compare_sweeps 'no file' a.nxs nowhere.nxs
refused compare_sweeps 'invalid float' a.nxs same.nxs --min-correlation high
analysis compare_sweeps --help
finish
