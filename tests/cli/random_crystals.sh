#!/usr/bin/env bash
# sweep.crystals gives each frame of random orientations several crystals, whose photons add: the first is the one of a frame with
# one, the labels tell all, and a list of these labels gives the same images, on any number of ranks.
set -u
. "$SOURCE/tests/support/case.sh"
crystals=3
random=("${small_case[@]}" --output.images=expected --sampling.phi_steps=1 --quiet)
"$TESSERA" simulate "${random[@]}" --sweep.kind=random --sweep.count=4 --output one.nxs || fail "one crystal"
"$TESSERA" simulate "${random[@]}" --sweep.kind=random --sweep.count=4 --sweep.crystals=$crystals --output many.nxs || fail "$crystals"
on_ranks 3 "$TESSERA" simulate "${random[@]}" --sweep.kind=random --sweep.count=4 --sweep.crystals=$crystals --output ranks.nxs \
    --run.shards=2 2> err || fail "3 ranks: $(cat err)"
cmp <("$TOOLS/dataset_sha256" many.nxs /entry/data/data) <("$TOOLS/dataset_sha256" ranks.nxs /entry/data/data) || fail "3 ranks: other images"
"$TESSERA" simulate "${random[@]}" --sweep.kind=random --sweep.count=4 --sweep.crystals=$crystals --frames 2:4 --output slice.nxs || fail "slice"
cat > check.py << 'P'
import sys
import h5py
import numpy as np
crystals = int(sys.argv[1])
frames = "entry/simulation/frames/"
def single(number, ub):
    """The lines of a list with one crystal."""
    return "%d," % number + ",".join("%.17g" % value for value in ub.ravel()) + "\n"
with h5py.File("one.nxs") as one, h5py.File("many.nxs") as many:
    own = many[frames + "crystals/ub_matrix"][()]
    to_native = many["entry/simulation/geometry_native/to_mcstas"][()].T
    assert own.shape == (4 * crystals, 3, 3) and (many[frames + "crystals/number"][()] == np.repeat(np.arange(4), crystals)).all()
    assert np.allclose(own[::crystals], one[frames + "ub_matrix"][()], rtol=1e-12), "the first crystal is another"
    cosines = [np.trace(np.linalg.inv(a) @ b) for i, a in enumerate(own) for b in own[:i]]
    assert max(cosines) < 2.999, "two crystals have one orientation"
    if len(sys.argv) == 2:
        with open("list.csv", "w") as out:
            out.write("frame," + ",".join(f"ub_{i}{j}" for i in "123" for j in "123") + "\n")
            for i, ub in enumerate(own): out.write(single(i // crystals, to_native @ ub))
    else:
        with h5py.File("list.nxs") as listed, h5py.File("slice.nxs") as part:
            image = many["entry/data/data"][()]
            assert np.abs(listed["entry/data/data"][()] - image).max() < 1e-5 * image.max(), "a list of the labels"
            assert (part["entry/data/data"][()] == image[2:]).all(), "a slice"
            assert (image >= one["entry/data/data"][()] * (1 - 1e-6)).all() and image.sum() > 2 * one["entry/data/data"][()].sum()
P
python=${PYTHON:-/usr/bin/python3}
"$python" check.py $crystals || fail "labels"
list=("${random[@]}")
for i in "${!list[@]}"; do [[ ${list[i]} != --crystal.matrix=* ]] || list[i]=--crystal.cell=53.91,23.1,23.1,90,110.4,90; done
"$TESSERA" simulate "${list[@]}" --sweep.kind=list --sweep.file=list.csv --output list.nxs || fail "the list"
"$python" check.py $crystals images || fail "images"
"$TESSERA" simulate "${random[@]}" --sweep.kind=rotation --sweep.crystals=2 --output no.nxs 2> err && fail "accepted in a rotation"
grep -q 'sweep.crystals has no effect in a sweep of kind rotation' err || fail "rotation: $(cat err)"
finish
