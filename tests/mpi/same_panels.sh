#!/usr/bin/env bash
# On a detector of several panels, with gaps and with photons that spread, the images are the same bytes for every number of
# ranks and threads, every tile and every number of shards; a plane cut into panels is the plane but for an ulp here or there.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
$python "$SOURCE/tests/support/make_panels.py" . || fail "the panels"
crystal=("${small_case[@]:0:8}" --crystal.mosaic_domains=12 --sampling.phi_steps=4 --sampling.phi_range=0.5 --sampling.oversample=1
    --output.images=both)
psf=(--detector.psf=fiber --detector.psf_fwhm=0.5)
run=("${crystal[@]}" --detector.panels=tilted.expt "${psf[@]}" --sweep.kind=matrix "--sweep.matrix=detector.panels_shift[0]=0,1.5"
    "--detector.panels_shift=0,0,0")
runs=0
check() { # check RUN PRECISION RANKS THREADS TILE SHARDS
    OMP_NUM_THREADS=$4 on_ranks "$3" "$TESSERA" simulate "${run[@]}" --run.precision="$2" --run.tile="$5" --run.shards="$6" \
        --output "test_$1.nxs" --quiet || fail "exit code $?"
    [ "$(images_of "test_$1.nxs")" = "$reference" ] || fail "$2, $3 ranks, $4 threads, tile $5, $6 shards: other bytes"
    rm -f "test_$1.nxs"
}
for precision in float64 float32; do
    "$TESSERA" simulate "${run[@]}" --run.precision=$precision --output $precision.nxs --quiet || fail "reference"
    reference=$(images_of $precision.nxs)
    for ranks in 1 3 4; do for tile in 13 16 96; do for shards in 1 3; do
        runs=$((runs + 1))
        later check $runs $precision $ranks $((1 + runs % 2)) $tile $shards
    done; done; done
    wait
done

# photons do not leave their panel, and gaps have none
cat > look.py << 'P'
import sys
import h5py, json, numpy as np
panels = json.load(open("tilted.expt"))["detector"][0]["panels"]
f = h5py.File(sys.argv[1])
expected, counts = f["entry/simulation/images/expected_photons"][()].astype(float), f["entry/data/data"][()].astype(float)
covered = np.zeros(counts.shape[1:], bool)
for p in panels:
    (x, y), (w, h) = p["raw_image_offset"], p["image_size"]
    covered[y:y + h, x:x + w] = True
    sums = expected[:, y:y + h, x:x + w].sum(), counts[:, y:y + h, x:x + w].sum()
    assert sums[1] <= sums[0] + 6 * sums[0] ** 0.5 and sums[1] > 0.7 * sums[0] > 1e4, (p["name"], sums)
assert not counts[:, ~covered].any() and not expected[:, ~covered].any() and (~covered).any()
assert (expected[0] != expected[1]).any(), "the shift does nothing"
P
$python look.py float64.nxs || fail "photons of the panels"

# the last two seen by float32, whose blocks are 32 x 8 pixels
for options in "--run.precision=float64" "--run.precision=float32" "--crystal.shape=gauss --crystal.cells=30"; do
    for name in plane cut; do
        # shellcheck disable=SC2086 # several options
        "$TESSERA" simulate "${crystal[@]}" --detector.panels=$name.expt $options --output $name.nxs --overwrite --quiet || fail "$name"
    done
    $python - << 'P' || fail "a plane in panels, $options"
import h5py, numpy as np
a, b = (h5py.File(name)["entry/simulation/images/expected_photons"][()] for name in ("plane.nxs", "cut.nxs"))
differ = a != b
assert differ.sum() <= a.size / 1e5 and (np.nextafter(a, b)[differ] == b[differ]).all() and a.max() > 0, (differ.sum(), a.size)
P
done
echo "$runs runs compared"
finish
