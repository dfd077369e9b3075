#!/usr/bin/env bash
# Files of a detector of several panels: they say where each panel is so exactly that a run on that detector has the same bytes;
# pictures show panels where they are seen; resume, merge, compress, compare, describe and export take them.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
$python "$SOURCE/tests/support/make_panels.py" . || fail "the panels"
run=("${small_case[@]:0:8}" --crystal.mosaic_domains=2 --sampling.phi_steps=1 --sampling.oversample=1 --run.precision=float64 --quiet
    --sweep.kind=rotation --sweep.count=2 --sweep.width=1 --sampling.tolerance=0)
"$TESSERA" simulate "${run[@]}" --detector.panels=tilted.expt --output.images=both --output tilted.nxs || fail "simulate"
for format in smv cbf; do
    "$TESSERA" export tilted.nxs --format $format --output x_00.$format > out 2> err
    [ $? = 2 ] && grep -q 'has 4 panels' err || fail "$format of panels: $(cat out err)"
done

# the same detector, from the file of the run
"$TESSERA" simulate "${run[@]}" --detector.panels=tilted.nxs --output.images=both --output again.nxs || fail "on the file's own detector"
[ "$(images_of again.nxs)" = "$(images_of tilted.nxs)" ] || fail "on the file's own detector: other bytes"

# resume, merge, compress, compare, describe
"$TESSERA" simulate "${run[@]}" --detector.panels=tilted.expt --output.images=both --output first.nxs --frames 0:1 || fail "first"
"$TESSERA" simulate "${run[@]}" --detector.panels=tilted.expt --output.images=both --output second.nxs --frames 1:2 || fail "second"
"$TESSERA" merge merged.nxs second.nxs first.nxs > log 2>&1 || fail "merge: $(cat log)"
"$TESSERA" compress merged.nxs --with deflate > log 2>&1 || fail "compress: $(cat log)"
"$TESSERA" compare "merged.nxs#1" "tilted.nxs#1" > log 2>&1 || fail "compare: $(cat log)"
[ "$(images_of merged.nxs)" = "$(images_of tilted.nxs)" ] || fail "merged: other bytes"
"$TESSERA" describe --yaml merged.nxs > again.yaml || fail "describe --yaml"
"$TESSERA" simulate again.yaml --output yaml.nxs --quiet 2> err || fail "a described run: $(cat err)"
[ "$(images_of yaml.nxs)" = "$(images_of tilted.nxs)" ] || fail "described: other bytes"
"$TESSERA" simulate "${run[@]}" --detector.panels=cut.expt --output.images=both --output first.nxs --resume > out 2> err &&
    fail "resumed on another detector"
grep -q detector.panels err || fail "the message does not name detector.panels: $(cat err)"

# two panels that face the beam, 3 points apart and 2 down; a third that is seen edge on
$python - << 'P' || fail "facing panels"
import json, sys, os
sys.path.insert(0, os.environ["SOURCE"] + "/tests/support")
from make_panels import panel, write
write("facing.expt", [panel([0, 0], [20, 30], [0.2, 0.2], [-4.0, 6.0, -50.0], [0, 0, 0]),
                      panel([20, 0], [10, 30], [0.2, 0.2], [0.6, 5.6, -50.0], [0, 0, 0]),
                      panel([0, 30], [8, 9], [0.2, 0.2], [1.0, 3.0, -30.0], [0, 90, 0])])
P
"$TESSERA" simulate "${run[@]}" --detector.panels=facing.expt --background.size=10 --output facing.nxs || fail "facing"
high=$($python -c 'import h5py; print(float(h5py.File("facing.nxs")["entry/data/data"][0].max()))')
"$TESSERA" export facing.nxs --output view.png --curve linear --colours grey --low 0 --high "$high" --quiet || fail "png"
"$TESSERA" export facing.nxs --output view.raw --quiet || fail "raw"
$python - "$high" << 'P' || fail "what is exported"
import json, struct, sys, zlib
import h5py, numpy as np
file = open("view.png", "rb").read()
width, height = struct.unpack(">II", file[16:24])
data, at = b"", 8
while at < len(file):
    length, kind = struct.unpack(">I4s", file[at:at + 8])
    data += file[at + 8:at + 8 + length] if kind == b"IDAT" else b""
    at += length + 12
lines = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, -1)
assert not lines[:, 0].any(), "filters"
image = h5py.File("facing.nxs")["entry/data/data"][0].astype(float)
expected = np.zeros((32, 33))
expected[:30, :20], expected[2:32, 23:33] = image[:30, :20], image[:30, 20:30]
levels = np.floor(255 * np.clip(expected / float(sys.argv[1]), 0, 1) + 0.5)
assert lines[:, 1:].shape == levels.shape, (lines.shape, levels.shape)
assert np.abs(lines[:, 1:] - levels).max() <= 1 and levels.max() == 255, np.abs(lines[:, 1:] - levels).max()
panels = json.load(open("view.raw.json"))["geometry"]["panels"]
assert [p["first"] for p in panels] == [[0, 0], [0, 20], [30, 0]] and [p["shape"] for p in panels] == [[30, 20], [30, 10], [9, 8]]
assert np.allclose(panels[1]["corner_m"], [0.6e-3, 5.6e-3, -50e-3], atol=1e-15) and panels[1]["name"] == "p20_0"
P

# masks: gaps and pixels that are not computed, where dxtbx does not stumble over them
"$TESSERA" simulate "${run[@]}" --detector.panels=tilted.expt --detector.roi=10,90,5,70 --output roi.nxs || fail "roi"
$python - << 'P' || fail "the mask"
import h5py, numpy as np
detector = h5py.File("roi.nxs")["entry/instrument/detector"]
mask, image = detector["detectorSpecific/pixel_mask"][()], h5py.File("roi.nxs")["entry/data/data"][0]
assert "pixel_mask" not in detector and set(np.unique(mask)) == {0, 1, 256}
assert (mask[:37, 49:52] == 1).all() and (mask[37:41] == 1).all() and (mask[:5, :49] == 256).all()
assert not image[mask != 0].any() and image[mask == 0].any()
P
finish
