#!/usr/bin/env bash
# sweep.width < 0 is a scan in the other direction: frame i of it is frame n-1-i of the scan that runs forward, and the file, whose
# widths are positive for readers such as DIALS, says the same rotation about the opposite axis.
set -u
. "$SOURCE/tests/support/case.sh"
scan=("${small_case[@]}" --sweep.kind=rotation --sweep.count=5 --quiet)
while read -r law steps start; do
    run=("$TESSERA" simulate "${scan[@]}" --sampling.phi_points="$law" --sampling.phi_steps="$steps")
    # left edges sit at the start of their steps, so that reversed ones are those of a scan that begins a step later
    "${run[@]}" --sweep.start="$start" --sweep.width=0.5 --output forward.nxs --overwrite || fail "forward"
    "${run[@]}" --sweep.start=12.5 --sweep.width=-0.5 --output reversed.nxs --overwrite || fail "reversed"
    ${PYTHON:-/usr/bin/python3} - << 'P' || fail "$law, $steps steps"
import h5py
import numpy as np
def rotation(axis, degrees):
    x, y, z = axis
    cross, angle = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]), np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
with h5py.File("forward.nxs") as f, h5py.File("reversed.nxs") as r:
    image = "entry/simulation/images/expected_photons"
    assert np.abs(f[image][()] - r[image][()][::-1]).max() < 1e-6 * f[image][()].max(), "images"
    phi = "entry/sample/transformations/phi"
    assert (r[phi + "_increment_set"][()] > 0).all() and (np.diff(r[phi][()]) > 0).all(), "widths"
    assert np.allclose(r[phi + "_end"][()] - r[phi][()], 0.5), "ends"
    ub = "entry/simulation/frames/ub_matrix"
    for i in range(5):
        for forward, backward in (("", "_end"), ("_end", "")):
            a = rotation(f[phi].attrs["vector"], f[phi + forward][i]) @ f[ub][i]
            b = rotation(r[phi].attrs["vector"], r[phi + backward][4 - i]) @ r[ub][4 - i]
            far = np.abs(a - b).max() / np.abs(a).max()
            assert far < 1e-9, ("rotation", i, far)
P
done << 'C'
midpoint 5 10
midpoint auto 10
left_edge 5 10.1
C
"$TESSERA" export reversed.nxs --frame 0 --expected --format cbf --output r.cbf > out 2> err && fail "a header without an axis was written"
grep -q 'rotation axis' err || fail "export: $(cat err)"
finish
