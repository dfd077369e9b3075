#!/usr/bin/env bash
# analysis/sweep_report.py writes one page that stands alone, whose numbers are those of the file and whose pictures are not blank.
set -u
. "$SOURCE/tests/support/case.sh"
. "$SOURCE/tests/support/analysis.sh"
"$TESSERA" simulate "${gauss_case[@]}" --sweep.kind=random --sweep.count=12 --sampling.oversample=1 --detector.saturation=5000 \
    --output sweep.nxs || fail "simulate"
"$python" -c 'import h5py; f = h5py.File("sweep.nxs", "r+"); f["entry/simulation/frames/status"][7] = 1'

analysis sweep_report sweep.nxs
cat > check.py << 'P'
import base64
import html.parser
import io
import h5py
import matplotlib.image
import numpy as np


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.pictures, self.rows, self.links = {}, {}, []
        self.cells, self.inside = [], False

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.links += [v for k, v in attributes if k in ("src", "href") and not v.startswith("data:image/png;base64,")]
        if tag == "img":
            self.pictures[values["alt"]] = base64.b64decode(values["src"].split(",")[1])
        self.cells = [] if tag == "tr" else self.cells
        self.inside = tag == "td"

    def handle_data(self, data):
        if self.inside:
            self.cells.append(data)

    def handle_endtag(self, tag):
        self.inside = False
        if tag == "tr" and len(self.cells) == 2:
            self.rows[self.cells[0]] = self.cells[1]


page = Page()
page.feed(open("sweep_report.html", encoding="utf-8").read())
assert not page.links, page.links
assert set(page.pictures) == {"the brightest frame", "orientations on the sphere", "radial mean",
                              "histograms of pixels and of frames", "time of each frame"}, page.pictures.keys()
for name, data in page.pictures.items():
    image = matplotlib.image.imread(io.BytesIO(data), format="png")
    grey = image[..., :3].mean(axis=2)
    assert min(image.shape[:2]) >= 300 and grey.max() > 0.95 and grey.min() < 0.3 and grey.std() > 0.02, (name, image.shape, grey.std())
with h5py.File("sweep.nxs") as f:
    frames = np.delete(np.arange(12), 7)
    counts = f["entry/data/data"][()][frames]
    assert page.rows["complete"] == "11" and page.rows["not complete"] == "7", page.rows
    assert float(page.rows["photons in all"]) == counts.sum(), page.rows["photons in all"]
    saturated = (counts >= 5000).sum(axis=(1, 2))
    assert saturated.sum() > 0 and page.rows["saturated pixels in all"] == str(saturated.sum())
    assert page.rows["frames with saturated pixels"] == str((saturated > 0).sum())
    assert page.rows["most in a frame"] == f"{saturated.max()} (frame {frames[saturated.argmax()]})"
    seconds = f["entry/simulation/frames/wall_seconds"][()][frames]
    assert abs(float(page.rows["mean time of a frame"].split()[0]) / seconds.mean() - 1) < 1e-3
    assert page.rows["beam.wavelength"] == "1.2" and page.rows["crystal.cells"] == "6,14,14"
    assert page.rows["command line"].startswith("simulate --crystal.cell=")
    assert f["entry/simulation/input_crystal_structure_factors/checksum"][()].decode().rstrip("\0") in \
        page.rows["input crystal structure factors"]
P
"$python" check.py || fail "the page"
grep -q '^11 frames, ' out && grep -q 'frames 7$' err || fail "printed: $(cat out err)"

# Rings: the mean of a flat image is flat, and a pixel is in the ring that Bragg's law says; the histogram counts every pixel.
"$python" - << 'P' || fail "totals"
import numpy as np
from sweep_report import Totals, directions
from tessera_file import Sweep
with Sweep("sweep.nxs") as sweep:
    totals = Totals(sweep, np.array([0, 1]))
    flat = np.full((240, 256), 3)
    totals.add(0, flat)
    seen = totals.ring_pixels > 0
    assert totals.ring_pixels.sum() == flat.size and np.array_equal(totals.ring_photons[seen] / totals.ring_pixels[seen], np.full(seen.sum(), 3.0))
    spot = np.zeros((240, 256), int)
    spot[3, 5] = 1000
    totals.add(1, spot)
    # mosflm: the default beam centre (H + p)/2 along slow, (W + p)/2 along fast, and half a pixel more
    radius = 0.3 * np.hypot(5.5 - 129, 3.5 - 121)
    inverse = 2 * np.sin(np.arctan(radius / 60) / 2) / 1.2
    ring = int(inverse / totals.edges[-1] * 100)
    extra = totals.ring_photons - 3 * totals.ring_pixels
    assert extra[ring] == 1000 and extra.sum() == 1000, (ring, np.flatnonzero(extra))
    assert list(totals.sums) == [3 * 240 * 256, 1000] and totals.pixels.sum() == 2 * 240 * 256
    assert totals.pixels[0] == 240 * 256 - 1
    # The beam in the frame of the crystal: its components along the cell's own directions.
    where, ubs = directions(sweep, [0, 1]), sweep.column("ub_matrix")
    for found, ub in zip(where, ubs):
        a_star, normal = ub[:, 0] / np.linalg.norm(ub[:, 0]), np.cross(ub[:, 0], ub[:, 1])
        assert abs(found[0] - a_star[2]) < 1e-12 and abs(found[2] - normal[2] / np.linalg.norm(normal)) < 1e-12
P

analysis sweep_report sweep.nxs --images expected --every 3 --output expected.html
grep -q '^4 frames, .*, 0 saturated pixels$' out && grep -q 'none: expected photons' expected.html || fail "expected: $(cat out)"
refused sweep_report 'no file' nowhere.nxs
refused sweep_report 'must be 1 or more' sweep.nxs --every 0
"$python" -c 'import h5py; f = h5py.File("bare.h5", "w"); f["entry/data/data"] = [[[1]]]'
refused sweep_report 'does not come from tessera simulate' bare.h5
analysis sweep_report --help
finish
