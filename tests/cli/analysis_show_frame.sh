#!/bin/sh
# analysis/show_frame.py draws a frame, says what is wrong with a bad request, and has the geometry right.
# Environment: SOURCE (the project), TESSERA (the program).
set -eu
: "${SOURCE:?}" "${TESSERA:?}"
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$SOURCE/analysis"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python=${PYTHON:-/usr/bin/python3}
show="$python $SOURCE/analysis/show_frame.py"

# A small file of two frames: one spot, one masked pixel, a detector swung by 20 degrees about -y of the McStas frame.
$python - <<'P'
import h5py
import numpy as np

with h5py.File("small.nxs", "w") as f:
    data = np.zeros((2, 60, 80), "i4")
    data[0, 20:23, 30:33] = 50
    data[0, ::7, ::5] += 1
    data[1, 5, 5] = 9
    f["entry/data/data"] = data
    d = f.create_group("entry/instrument/detector")
    mask = np.zeros((60, 80), "u4")
    mask[10:14, 10:14] = 1
    d["pixel_mask"] = mask
    d["distance"] = 0.1
    d["distance"].attrs["units"] = np.bytes_("m")
    f["entry/instrument/beam/incident_wavelength"] = 1.5
    f["entry/instrument/beam/incident_wavelength"].attrs["units"] = np.bytes_("angstrom")
    f["entry/simulation/frames/status"] = np.array([2, 1], "u1")

    c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
    fast, slow, normal = np.array([-c, 0, s]), np.array([0, -1.0, 0]), np.array([s, 0, c])
    corner = 0.1 * normal - 0.001 * (50.0 * fast + 25.0 * slow)  # the crystal's foot is at fast 50, slow 25

    def axis(path, value, vector, depends):
        f[path] = value
        f[path].attrs.update(units=np.bytes_("mm"), transformation_type=np.bytes_("translation"), vector=vector,
                             offset=[0.0, 0, 0], offset_units=np.bytes_("mm"), depends_on=np.bytes_(depends))

    across = np.hypot(corner[0], corner[1])
    base = "/entry/instrument/detector/"
    axis(base + "transformations/det_z", 1e3 * corner[2], [0.0, 0, 1], ".")
    axis(base + "module/module_offset", 1e3 * across, [corner[0] / across, corner[1] / across, 0],
         base + "transformations/det_z")
    axis(base + "module/fast_pixel_direction", 1.0, fast, base + "module/module_offset")
    axis(base + "module/slow_pixel_direction", 1.0, slow, base + "module/module_offset")
P

for options in "" "--scale linear" "--resolution-rings" "--zoom" "--zoom 31,21,20 --resolution-rings"; do
    # shellcheck disable=SC2086 # options are words
    $show small.nxs $options --output out.png >printed
    [ "$(cat printed)" = out.png ]
    $python - "$options" <<'P'
import sys
import matplotlib.image
image = matplotlib.image.imread("out.png")
assert image.shape[:2] == (1200, 1200), image.shape
inside = image[200:1000, 200:1000, :3].mean(axis=2)
assert inside.max() > 0.95, ("no white", sys.argv)
assert inside.min() < 0.1, ("no black spot", sys.argv)
P
    rm out.png
done
$show small.nxs >/dev/null
[ -s small_frame_0.png ]

fails() { # fails PATTERN ARGUMENTS...: exit code 2 and a message that says why
    pattern=$1
    shift
    code=0
    $show "$@" >/dev/null 2>message || code=$?
    [ $code = 2 ] || { echo "exit code $code for $*"; exit 1; }
    grep -q -- "$pattern" message || { echo "message for $*:"; cat message; exit 1; }
}
fails 'no file' missing.nxs
fails 'frames 0 to 1' small.nxs --frame 7
fails 'not finished' small.nxs --frame 1
fails 'FAST,SLOW' small.nxs --zoom here
fails 'must name a pixel' small.nxs --zoom 500,3
fails 'has no' small.nxs --predicted
fails 'must be from 1' small.nxs --spots 0
fails 'leave --zoom' small.nxs --spots --zoom
fails 'invalid choice' small.nxs --scale cubic
fails 'show_frame.py' "$SOURCE/golden/manifest.json"
$show --help | grep -q 'resolution-rings'

# Weak spots on a steep background of 150 photons in a pixel: each is black in the picture, where keeping it hides them.
$python - <<'P'
import h5py
import numpy as np
import tessera_file
with h5py.File("small.nxs") as small, h5py.File("steep.nxs", "w") as f:
    for name in small["entry"]:
        small.copy("entry/" + name, f.require_group("entry"))
    del f["entry/data/data"], f["entry/instrument/detector/pixel_mask"]
    slow, fast = np.mgrid[:600, :800]
    inverse = 1 / tessera_file.spacing_angstrom(tessera_file.panels_of(small)[0].geometry, 1.5, fast + 0.5, slow + 0.5)
    data = np.random.default_rng(1).poisson(150 + 3000 * np.exp(-inverse / 0.05))
    for s in range(100, 600, 100):
        for t in range(100, 800, 100):
            data[s:s + 3, t:t + 3] += 320  # 2880 photons
    f["entry/data/data"] = data[None].astype("i4").repeat(2, axis=0)
P
$show steep.nxs --output flat.png --size 1000 >/dev/null
$show steep.nxs --output kept.png --size 1000 --background keep >/dev/null
$python - <<'P'
import matplotlib.image
import numpy as np
flat, kept = (matplotlib.image.imread(name)[..., :3] for name in ("flat.png", "kept.png"))
assert flat.shape[:2] == (1000, 1000), flat.shape
inside = flat[250:750, 150:700]
dark = (inside.max(axis=2) < 0.6).mean()
assert 0.0005 < dark < 0.02 and np.median(inside) > 0.95, (dark, np.median(inside))
assert np.median(kept[250:750, 150:700]) < 0.9  # grey all over
P
# nothing but zeros is said to be that
$python -c 'import h5py
with h5py.File("steep.nxs", "a") as f: f["entry/data/data"][...] = 0'
$show steep.nxs --output zero.png >/dev/null 2>message
grep -q 'has no photons: all its pixels are 0' message || { cat message; exit 1; }
fails 'must be from 200' small.nxs --size 10

# The spacing at a point of the tilted detector, from the law of Bragg written down a second time.
$python - <<'P'
import h5py
import numpy as np
import tessera_file
with h5py.File("small.nxs") as f:
    geometry = tessera_file.panels_of(f)[0].geometry
fast, slow = np.array([50.0, 10.0]), np.array([25.0, 40.0])
d = tessera_file.spacing_angstrom(geometry, 1.5, fast, slow)
# the foot of the crystal lies at 2theta = 20 degrees
assert abs(d[0] - 1.5 / (2 * np.sin(np.radians(10)))) < 1e-9, d
c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
x, y, z = 100 * s + 40 * c, -15.0, 100 * c - 40 * s
two_theta = np.arctan2(np.hypot(x, y), z)
assert abs(d[1] - 1.5 / (2 * np.sin(two_theta / 2))) < 1e-9, d
P

# Spots of a rotation and of a still are where the stored orientation predicts them, and the circles are drawn there.
for kind in rotation random; do
    "$TESSERA" simulate --crystal.structure_factors="$SOURCE/golden/inputs/2erl_P1.hkl" --crystal.cell=53.91,23.1,23.1,90,110.4,90 \
        --crystal.misset=20,30,50 --crystal.cells=6,14,14 --crystal.shape=gauss --beam.wavelength=1.2 --detector.distance=60 \
        --detector.pixel_size=0.3 --detector.fast_pixels=256 --detector.slow_pixels=240 --detector.twotheta=10 \
        --detector.rotation=2,-3,4 --sampling.oversample=3 --sweep.kind=$kind --sweep.count=2 --sweep.start=40 --sweep.width=0.5 \
        --quiet --output $kind.nxs 2>/dev/null
    $show $kind.nxs --frame 1 --predicted --resolution-rings --output circles.png >/dev/null
    $show $kind.nxs --frame 1 --predicted --spots 7 --output spots.png >/dev/null
    $python - $kind <<'P'
import sys
import matplotlib.image
import numpy as np
from show_frame import strongest_spots
from spot_model import SpotModel
from tessera_file import Sweep
for name, size in (("circles.png", (1200, 1200)), ("spots.png", (1056, 900))):
    image = matplotlib.image.imread(name)[..., :3]
    assert image.shape[:2] == size, image.shape
    green = (image[..., 1] > image[..., 0] + 0.3) & (image[..., 1] > image[..., 2] + 0.3)
    dark = image.max(axis=2) < 0.1
    assert green.sum() > 300 and dark.sum() > 500 and image.mean() > 0.7, (name, green.sum(), dark.sum(), image.mean())
with Sweep(sys.argv[1] + ".nxs") as sweep:
    spots = SpotModel(sweep).predict(1)
    image = sweep.frame(1)
    offsets = []
    for slow, fast in strongest_spots(sweep, 1, 60):
        near = np.flatnonzero(np.hypot(spots.fast - fast, spots.slow - slow) < 6)
        if near.size == 1 and 4 <= fast < 252 and 4 <= slow < 236:
            part = image[slow - 3:slow + 4, fast - 3:fast + 4].astype(float)
            rows, columns = np.mgrid[slow - 3:slow + 4, fast - 3:fast + 4] + 0.5
            centre = (part * columns).sum() / part.sum(), (part * rows).sum() / part.sum()
            offsets.append(np.hypot(centre[0] - spots.fast[near[0]], centre[1] - spots.slow[near[0]]))
    assert len(offsets) >= 8 and np.median(offsets) < 0.05 and max(offsets) < 0.1, offsets
P
done
