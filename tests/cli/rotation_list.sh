#!/usr/bin/env bash
# A list whose frames follow one another in angle is a rotation in the file, the same as that of sweep.kind=rotation, also in slices and
# backwards; one of stills, of other crystals, of a moving detector or with a gap in its angles is not.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
cat > make.py << 'P'
import numpy as np
def rotation(v):
    x, y, z = v
    angle = np.linalg.norm(v)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) / max(angle, 1e-300)
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
def write(name, header, rows):
    with open(name + ".csv", "w") as f:
        f.write(header + "\n" + "".join(",".join("%.17g" % x for x in row) + "\n" for row in rows))
n, phi, ub = 5, "sampling.phi_start,sampling.phi_range", ",".join("ub_%d%d" % (i, j) for i in (1, 2, 3) for j in (1, 2, 3))
steps = [(10 + 0.5 * i, 0.5) for i in range(n)]
write("steps", phi, steps)
write("starts", "sampling.phi_start", [s[:1] for s in steps])
write("backwards", phi, [(10 - 0.5 * (i + 1), 0.5) for i in range(n)])
write("brighter", phi + ",beam.fluence", [(*s, 1e24 * (1 + i)) for i, s in enumerate(steps)])
A = np.diag([1 / 80.0, 1 / 90.0, 1 / 100.0])
turns = [rotation(np.radians([0.1 * i, -0.05 * i, 0.02 * i])) @ A * (1 + 1e-4 * i) for i in range(n)]
write("refined", ub + "," + phi, [(*t.ravel(), *s) for t, s in zip(turns, steps)])
two = rotation([1.0, 0.3, 0.2]) @ A
write("lattices", "frame," + ub + "," + phi, [(i, *m.ravel(), *s) for i, (t, s) in enumerate(zip(turns, steps)) for m in (t, two)])
# not these
write("others", ub + "," + phi, [(*(rotation([0.03 * i, 0, 0]) @ A).ravel(), *s) for i, s in enumerate(steps)])
write("stills", phi, [(10 + 0.5 * i, 0) for i in range(n)])
write("gap", phi, [(10 + 0.5 * i + (i > 3), 0.5) for i in range(n)])
write("widths", phi, [(10 + 0.5 * i, 0.5 if i < 4 else 0.4) for i in range(n)])
write("moving", phi + ",detector.distance", [(*s, 100 + i) for i, s in enumerate(steps)])
write("energies", phi + ",beam.wavelength", [(*s, 1 + 0.01 * i) for i, s in enumerate(steps)])
write("alone", phi, steps[:1])
P
$python make.py || fail make
cat > check.py << 'P'
import sys, h5py, numpy as np
phi, name, wanted = "entry/sample/transformations/phi", *sys.argv[1:3]
with h5py.File(name) as f, h5py.File(wanted) as w:
    assert f["entry/sample/depends_on"][()] == w["entry/sample/depends_on"][()] == b"/" + phi.encode(), "depends_on"
    for end in ("", "_end", "_increment_set"):
        assert np.allclose(f[phi + end][()], w[phi + end][()], rtol=0, atol=1e-9), (end, f[phi + end][()])
    for key in "vector", "transformation_type", "depends_on":
        assert np.array_equal(f[phi].attrs[key], w[phi].attrs[key]), key
    if len(sys.argv) < 4:
        assert np.allclose(f["entry/sample/ub_matrix"][()], w["entry/sample/ub_matrix"][()], rtol=1e-12), "ub"
    else:
        assert np.allclose(f["entry/sample/ub_matrix"][()][0], f["entry/simulation/frames/ub_matrix"][()][0], rtol=1e-12), "own ub"
P
run=("$TESSERA" simulate "${small_case[@]}" --quiet --overwrite)
oriented=("$TESSERA" simulate --crystal.default_f=10 --crystal.cells=4 --beam.wavelength=1 --detector.fast_pixels=32 --detector.slow_pixels=32
    --detector.pixel_size=2 --sampling.phi_steps=2 --sampling.oversample=1 --quiet --overwrite --sweep.kind=list)
listed=("${run[@]}" --sweep.kind=list)
"${run[@]}" --sweep.kind=rotation --sweep.count=5 --sweep.start=10 --sweep.width=0.5 --output forward.nxs || fail forward
"${run[@]}" --sweep.kind=rotation --sweep.count=5 --sweep.start=10 --sweep.width=-0.5 --output reversed.nxs || fail reversed
"${run[@]}" --sweep.kind=rotation --sweep.count=5 --sweep.start=10 --sweep.width=0.5 --frames 1:3 --output part.nxs || fail part
for name in steps brighter; do
    "${listed[@]}" --sweep.file=$name.csv --output $name.nxs > out 2>&1 || fail "$name: $(cat out)"
    $python check.py $name.nxs forward.nxs || fail "$name is no rotation"
done
for name in refined lattices; do
    "${oriented[@]}" --sweep.file=$name.csv --output $name.nxs > out 2>&1 || fail "$name: $(cat out)"
    $python check.py $name.nxs forward.nxs own || fail "$name is no rotation"
done
"${listed[@]}" --sweep.file=starts.csv --sampling.phi_range=0.5 --output starts.nxs && $python check.py starts.nxs forward.nxs || fail starts
"${listed[@]}" --sweep.file=backwards.csv --output backwards.nxs && $python check.py backwards.nxs reversed.nxs || fail backwards
"${listed[@]}" --sweep.file=steps.csv --frames 1:3 --output slice.nxs && $python check.py slice.nxs part.nxs || fail slice
"${oriented[@]}" --sweep.file=others.csv --output others.nxs || fail others
for name in stills gap widths moving energies alone; do
    "${listed[@]}" --sweep.file=$name.csv --output $name.nxs > out 2>&1 || fail "$name: $(cat out)"
done
for name in others stills gap widths moving energies alone; do
    $python -c "import h5py; f = h5py.File('$name.nxs'); assert f['entry/sample/depends_on'][()] == b'.'" || fail "$name is a rotation"
done
for first in 0 2 4; do
    "${listed[@]}" --sweep.file=steps.csv --frames $first:$((first + 2 > 5 ? 5 : first + 2)) --output part$first.nxs || fail "part $first"
done
"$TESSERA" merge merged.nxs part0.nxs part2.nxs part4.nxs > out 2>&1 || fail "merge: $(cat out)"
$python check.py merged.nxs forward.nxs || fail merged
finish
