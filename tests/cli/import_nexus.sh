#!/usr/bin/env bash
# tessera import of NXmx files: beam, goniometer, scan and matrices of a beamline's are those that numpy makes of its numbers, and a run
# that is imported from a file of Tessera has its images.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
$python "$SOURCE/tests/support/make_geometries.py" . || fail geometries
cat > make.py << 'P'
import json, shutil, sys
import h5py, numpy as np
sys.path.insert(0, sys.argv[1] + "/tests/support")
from make_geometries import TO_CRYSTFEL as M, rotation

frames, A = 4, rotation([10, 20, 30]) @ np.diag([0.01, 0.012, 0.008])
axes = [("phi", [10.0], [1, 0, 0]), ("chi", [-20.0], [0, 0.6, 0.8]), ("omega", 30 + 0.25 * np.arange(frames), [-1, 0, 0]), ("tilt", [0.5], [0, 1, 0])]

def write(name, wavelengths=(1.1,), omega=None, ub=True, unit="degrees"):
    shutil.copy("tilted4.nxs", name)
    with h5py.File(name, "r+") as f:
        beam = f["entry/instrument"].create_group("beam")
        beam.attrs["NX_class"] = "NXbeam"
        beam["incident_wavelength"] = np.array(wavelengths) if len(wavelengths) > 1 else wavelengths[0]
        beam["incident_wavelength"].attrs["units"] = "angstrom"
        beam["incident_polarization_stokes"] = [[1.0, 0.98 * np.cos(0.4), 0.98 * np.sin(0.4), 0.0]]
        sample = f["entry"].create_group("sample")
        sample.attrs["NX_class"] = "NXsample"
        sample["depends_on"] = "transformations/phi"
        t = sample.create_group("transformations")
        t.attrs["NX_class"] = "NXtransformations"
        for i, (axis, values, vector) in enumerate(axes):
            d = t.create_dataset(axis, data=omega if axis == "omega" and omega is not None else values)
            d.attrs.update(transformation_type="rotation", units=unit, vector=np.array(vector, float),
                           depends_on=axes[i + 1][0] if i + 1 < len(axes) else ".")
        if ub:
            sample["ub_matrix"] = A[None]

write("line.nxs")
write("energies.nxs", [1.1, 1.2, 1.3, 1.4])
write("empty.nxs", ub=False)
write("uneven.nxs", omega=[0, 1, 3, 4.0])
write("two.nxs")
with h5py.File("two.nxs", "r+") as f:
    del f["entry/sample/transformations/chi"]
    d = f["entry/sample/transformations"].create_dataset("chi", data=np.arange(4.0))
    d.attrs.update(transformation_type="rotation", units="deg", vector=[0, 0, 1.0], depends_on="omega")
write("one_image.nxs", omega=[30.0])
with h5py.File("one_image.nxs", "r+") as f:
    f["entry/sample/transformations/omega_increment_set"] = [0.25]
write("nowhere.nxs", [float("nan")])
write("seconds.nxs", unit="s")
write("loop.nxs")
with h5py.File("loop.nxs", "r+") as f:
    f["entry/sample/transformations/tilt"].attrs["depends_on"] = "omega"
write("flat.nxs", ub=False)
with h5py.File("flat.nxs", "r+") as f:
    f["entry/sample/ub_matrix"] = np.ones((1, 3, 2))
about = lambda v, angle: rotation(np.array(v) / np.linalg.norm(v) * angle)
F = about(axes[1][2], -20) @ about(axes[0][2], 10)
S = about(axes[3][2], 0.5)
rows = [[i, *(M @ S @ F @ A).ravel(), 30 + 0.25 * i, 0.25] for i in range(frames)]
json.dump({"line": rows, "energies": [r[:1] + r[1:] + [1.1 + 0.1 * i] for i, r in enumerate(rows)], "one_image": rows[:1],
           "spindle": list(M @ S @ [-1, 0, 0]), "electric": list(M @ [np.cos(0.2), np.sin(0.2), 0])}, open("rows.json", "w"))
P
cat > check.py << 'P'
import csv, json, re, sys
import numpy as np
name = sys.argv[1]
wanted, text = json.load(open("rows.json")), open(name + ".yaml").read()
if name in wanted:
    found = np.array(list(csv.reader(open(name + ".csv")))[1:], float)
    assert found.shape == np.shape(wanted[name]) and np.abs(found - wanted[name]).max() < 1e-13, found
vector = lambda key: np.array(re.search(key + r": \[(.*)\]", text)[1].split(","), float)
assert np.abs(vector("spindle_axis") - wanted["spindle"]).max() < 1e-14, text
assert np.abs(vector("polarization_axis") - wanted["electric"]).max() < 1e-14, text
assert abs(float(re.search("polarization: (.*)", text)[1]) - 0.98) < 1e-14 and "direction: [0, 0, -1]" in text, text
if name not in wanted:
    found = [float(x) for x in re.search("kind: rotation\n  start: (.*) deg\n  width: (.*) deg\n  count: (.*)", text).groups()]
    assert np.allclose(found, [30, 0.25, 4], rtol=1e-12), text
P
$python make.py "$SOURCE" || fail make
for name in line energies empty one_image; do
    "$TESSERA" import $name.nxs --output $name.yaml > log || fail "$name: $(cat log)"
    $python check.py $name || fail "$name"
done
grep -q 'ub_matrix is taken for columns' log || fail "no note of the matrix: $(cat log)"
refused() { # refused FILE PATTERN
    local code=0
    "$TESSERA" import "$1" --output x.yaml > out 2> err || code=$?
    [ $code = 2 ] && [ "$(wc -l < err)" = 1 ] && grep -q "$1.*$2" err && [ ! -e x.yaml ] || fail "$1: exit code $code: $(cat out err)"
}
refused uneven.nxs 'omega do not go on in equal steps, as value 1 shows; import the .expt'
refused two.nxs 'two axes of its goniometer turn at once'
refused nowhere.nxs 'wavelength 0 of .* is nan; it must be larger than 0'
refused seconds.nxs 'the unit of .* is "s"'
refused loop.nxs 'goniometer\|turn at once\|does not end'
refused flat.nxs 'has 6 numbers, not nine for each crystal'

# our own: rotations, several lattices, wavelengths of frames
cat > lattices.csv << 'L'
frame,q0,q1,q2,q3,beam.wavelength (A)
0,1,0,0,0,1.2
0,0.9,0.1,0.3,0.2,1.2
1,0.5,0.5,0.5,-0.5,1.21
L
common=(--crystal.structure_factors="$inputs/2erl_1p8A_C2.mtz" --crystal.cells=8 --sampling.oversample=1 --sampling.tolerance=0 --quiet
    --run.precision=float64)
run=("${common[@]}" --beam.fluence=1e26 --beam.polarization=0.7 --detector.panels=tilted4.expt --detector.sensor_thickness=0
    "--beam.direction=0,0,-1" "--beam.polarization_axis=1,0,0" "--sampling.spindle_axis=0.6,0.8,0")
"$TESSERA" simulate "${run[@]}" --beam.wavelength=1.2 --sweep.kind=rotation --sweep.count=2 --sweep.width=-0.5 --sampling.phi_steps=3 --output rotation.nxs || fail rotation
"$TESSERA" simulate "${run[@]}" --sweep.kind=list --sweep.file=lattices.csv --output list.nxs || fail list
for name in rotation list; do
    "$TESSERA" import $name.nxs --output $name.yaml > log || fail "$name: $(cat log)"
    grep -q 'describe --yaml makes' log || fail "$name: $(cat log)"
    steps=()
    [ $name = list ] || steps=(--sampling.phi_steps=3)
    "$TESSERA" simulate $name.yaml "${common[@]}" "${steps[@]}" --output again_$name.nxs || fail "$name again"
    for frame in 0 1; do
        "$TESSERA" compare "$name.nxs#$frame" "again_$name.nxs#$frame" --max-relative-error 1e-5 > log || fail "$name, frame $frame: $(cat log)"
    done
done
finish
