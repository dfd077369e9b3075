#!/usr/bin/env bash
# analysis/training_set.py writes the images and labels of the file into shards, and TesseraDataset gives them back, with torch and
# without; the labels say what the file's truth says.
set -u
. "$SOURCE/tests/support/case.sh"
. "$SOURCE/tests/support/analysis.sh"
simulate() { "$TESSERA" simulate "${gauss_case[@]}" --sampling.oversample=1 "$@" || fail "simulate $*"; }
simulate --sweep.kind=random --sweep.count=7 --noise.flicker=0.1 --output random.nxs
simulate --sweep.kind=rotation --sweep.count=4 --sweep.start=10 --sweep.width=3 --output rotation.nxs
"$python" -c 'import h5py; f = h5py.File("random.nxs", "r+"); f["entry/simulation/frames/status"][2] = 0'

analysis training_set random.nxs --output hdf5 --frames 4 --spots
grep -q 'left out, not complete: frames 2$' err || fail "missing frame: $(cat err)"
[ "$(cat out)" = "hdf5: 6 frames in 2 shards" ] || fail "printed: $(cat out)"
analysis training_set random.nxs --output numpy --frames 5 --spots --format numpy --images expected
analysis training_set rotation.nxs --output rotation

# A stand-in for torch, as small as what the class uses of it.
mkdir -p fake/torch/utils
cat > fake/torch/__init__.py << 'P'
def from_numpy(array):
    return ("tensor", array)
def tensor(number):
    return ("tensor", number)
P
: > fake/torch/utils/__init__.py
printf 'class Dataset:\n    torch = True\n' > fake/torch/utils/data.py

cat > check.py << 'P'
import pickle
import sys
import h5py
import numpy as np
sys.modules["torch"] = None  # absent, wherever this runs
from tessera_dataset import TesseraDataset

with h5py.File("random.nxs") as f:
    slots = [0, 1, 3, 4, 5, 6]
    table = f["entry/simulation/frames"]
    for folder, images in (("hdf5", "entry/data/data"), ("numpy", "entry/simulation/images/expected_photons")):
        data = TesseraDataset(folder)
        assert len(data) == 6
        for item, slot in enumerate(slots):
            image, labels = data[item]
            assert image.dtype == f[images].dtype and np.array_equal(image, f[images][slot]), (folder, item)
            assert labels["number"] == slot and np.array_equal(labels["ub_matrix"], table["ub_matrix"][slot])
            nominal = 1e28 if folder == "numpy" else table["fluence"][slot]
            assert labels["fluence"] == nominal and labels["wavelength"] == 1.2 and labels["phi"] == 0
            assert list(labels["cells"]) == [6, 14, 14]
            # The quaternion turns the cell in its standard setting (Busing and Levy) into the orientation matrix.
            w, x, y, z = q = labels["quaternion"]
            assert abs(q @ q - 1) < 1e-12 and w >= 0
            turn = np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                             [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                             [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]])
            beta = np.radians(110.4)
            standard = np.array([[1 / (53.91 * np.sin(beta)), 0, -np.cos(beta) / (23.1 * np.sin(beta))],
                                 [0, 1 / 23.1, 0], [0, 0, 1 / 23.1]])
            assert np.abs(turn @ standard - table["ub_matrix"][slot]).max() < 1e-10
        assert np.array_equal(data[-1][0], data[5][0])
        for outside in (6, -7):
            try:
                data[outside]
                raise SystemExit(f"item {outside} is there")
            except IndexError:
                pass
        again = pickle.loads(pickle.dumps(data))  # what a DataLoader does for its workers
        assert not again.opened and np.array_equal(again[4][0], data[4][0])
        # The strongest pixel of each frame lies at a predicted spot.
        for item, slot in enumerate(slots):
            spots = data.spots(item)
            slow, fast = np.unravel_index(np.argmax(f["entry/simulation/images/expected_photons"][slot]), data[item][0].shape)
            assert np.hypot(spots["fast"] - fast - 0.5, spots["slow"] - slow - 0.5).min() < 1.5, (slot, fast, slow)
    assert list(TesseraDataset("hdf5", labels=["phi"])[1][1]) == ["phi"]
    assert TesseraDataset("hdf5", transform=lambda image: image[:3, :5] * 2)[1][0].shape == (3, 5)

# In a rotation the labels are those of the middle of the exposure: its matrix turns with the spindle, by 3 degrees a frame.
data = TesseraDataset("rotation")
assert np.allclose([data[i][1]["phi"] for i in range(4)], [11.5, 14.5, 17.5, 20.5], atol=1e-9)
step = data[1][1]["ub_matrix"] @ np.linalg.inv(data[0][1]["ub_matrix"])
assert abs(np.degrees(np.arccos((np.trace(step) - 1) / 2)) - 3) < 1e-6
try:
    data.spots(0)
    raise SystemExit("spots that were not written")
except KeyError:
    pass
P
"$python" check.py || fail "the shards"
PYTHONPATH=$PYTHONPATH:$PWD/fake "$python" - << 'P' || fail "with torch"
from tessera_dataset import TesseraDataset
data = TesseraDataset("hdf5")
image, labels = data[0]
assert data.torch and image[0] == "tensor" and image[1].shape == (240, 256)
assert labels["quaternion"][0] == "tensor" and labels["number"] == ("tensor", 0)
P

refused training_set 'not empty' random.nxs --output hdf5
refused training_set 'no file' nowhere.nxs --output new
refused training_set 'must be 1 or more' random.nxs --output new --frames 0
refused training_set 'required: --output' random.nxs
[ ! -e new ] || fail "a refused request left a folder"
analysis training_set --help
finish
