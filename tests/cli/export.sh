#!/usr/bin/env bash
# tessera export: the pixels and headers of every format, names of files, and what is refused.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}
# shellcheck disable=SC2054 # words with commas
small=(--crystal.cell=40,50,60,90,90,90 --crystal.default_f=100 --crystal.cells=8 --beam.fluence=1e28 --beam.wavelength=1.1
    --detector.distance=70 --detector.pixel_size=0.2 --detector.fast_pixels=90 --detector.slow_pixels=70
    --sampling.oversample=1 --run.verbosity=quiet)
rotation=(--sweep.kind=rotation --sweep.count=12 --sweep.start=10 --sweep.width=0.25 --sampling.phi_steps=2)
"$TESSERA" simulate "${small[@]}" "${rotation[@]}" --output.images=both --output sweep.nxs || fail "sweep"
"$TESSERA" simulate "${small[@]}" --detector.rotation=0,3,4 --output tilted.nxs || fail "tilted"
"$TESSERA" simulate "${small[@]}" --detector.convention=adxv --output.images=counts --detector.roi=10,60,5,50 --output adxv.nxs || fail "adxv"
"$TESSERA" simulate "${small[@]}" "${rotation[@]}" --detector.convention=dials --output side.nxs || fail "side"

expect() { # expect CODE TEXT ARGUMENT...: the exit code, and a text in what is printed
    local code=$1 text=$2 found=0
    shift 2
    "$TESSERA" export "$@" > out 2> err || found=$?
    [ "$found" -eq "$code" ] || fail "export $*: exit code $found, not $code: $(cat err)"
    [ -z "$text" ] || grep -qF -- "$text" out err || fail "export $*: \"$text\" is not in: $(cat out err)"
    ! grep -q 'HDF5-DIAG\|#000' err || fail "export $*: HDF5 prints its errors"
}

# Every format, and what it holds.
expect 0 'frame 11 -> smv_012.img' sweep.nxs --frames all --output 'smv_###.img'
expect 0 'frame 3 -> cbf_00004.cbf' sweep.nxs --frames 3:5 --output cbf_%05d.cbf
expect 0 '' sweep.nxs --frame 2 --output raw.bin --format raw --expected --quiet
[ ! -s out ] || fail "--quiet prints: $(cat out)"
expect 0 'pixels above 65535 were cut' sweep.nxs --output bright.img --scale 1e4
expect 0 '' sweep.nxs --output auto.img --scale=auto
expect 0 '' sweep.nxs --output expected.img --scale=auto --expected
expect 0 '' sweep.nxs --output log.png
expect 0 '' sweep.nxs --output linear.png --curve linear --colours grey --low 0 --high 20
expect 0 '' sweep.nxs --output heat.png --colours heat --expected
expect 0 '' adxv.nxs --output flipped.cbf --flip
expect 0 'tilted by 4.99' tilted.nxs --output approximate.img --approximate --scale auto
"$python" - <<'P' || fail "the files are not what they should be"
import json, re, zlib
import h5py, numpy as np
from matplotlib.image import imread

def smv(name):
    raw = open(name, "rb").read()
    header = dict(re.findall(r"(\w+)= *([^;]*);", raw[:1024].decode()))
    shape = int(header["SIZE2"]), int(header["SIZE1"])
    return header, np.frombuffer(raw[int(header["HEADER_BYTES"]):], "<u2").reshape(shape)

def cbf(name):
    """An own decoder of byte offsets, one number at a time."""
    raw = open(name, "rb").read()
    head, data = raw.split(b"\x0c\x1a\x04\xd5", 1)
    text = head.decode()
    value = lambda key: int(re.search(key + r": (\d+)", text).group(1))
    at, last, pixels = 0, 0, []
    while len(pixels) < value("X-Binary-Number-of-Elements"):
        for size in 1, 2, 4, 8:
            step = int.from_bytes(data[at:at + size], "little", signed=True)
            at += size
            if step != -(1 << (8 * size - 1)):
                break
        last += step
        pixels.append(last)
    assert at == value("X-Binary-Size"), (at, name)
    return text, np.array(pixels).reshape(value("X-Binary-Size-Second-Dimension"), value("X-Binary-Size-Fastest-Dimension"))

with h5py.File("sweep.nxs") as f:
    counts = f["entry/data/data"][:]
    photons = f["entry/simulation/images/expected_photons"][:]
    ub = f["entry/simulation/frames/ub_matrix"][:]
    d = f["entry/instrument/detector"]
    centre = d["beam_center_x"][()], d["beam_center_y"][()]
assert 100 < counts.max() < 65536, counts.max()
for i in range(12):
    header, pixels = smv(f"smv_{i + 1:03d}.img")
    assert np.array_equal(pixels, counts[i])
    assert abs(float(header["OSC_START"]) - (10 + 0.25 * i)) < 1e-9 and header["OSC_RANGE"] == "0.25"
    for key, value in ("BEAM_CENTER_X", centre[1] * 0.2), ("BEAM_CENTER_Y", centre[0] * 0.2), ("DISTANCE", 70), \
            ("WAVELENGTH", 1.1), ("PIXEL_SIZE", 0.2), ("XDS_ORGX", centre[0] + 0.5), ("XDS_ORGY", centre[1] + 0.5), \
            ("ADXV_CENTER_X", centre[0] * 0.2), ("ADXV_CENTER_Y", (70 - centre[1]) * 0.2), \
            ("MOSFLM_CENTER_X", (centre[1] - 0.5) * 0.2), ("MOSFLM_CENTER_Y", (centre[0] - 0.5) * 0.2), \
            ("CLOSE_DISTANCE", 70), ("TWOTHETA", 0):
        assert abs(float(header[key]) - value) < 1e-6, (key, header[key], value)
for i in 3, 4:
    text, pixels = cbf(f"cbf_{i + 1:05d}.cbf")
    assert np.array_equal(pixels, counts[i])
    assert f"Start_angle {10 + 0.25 * i:g} deg" in text and "Beam_xy (%.9g, %.9g)" % centre in text, text
raw = np.fromfile("raw.bin", "<f4").reshape(70, 90)
assert np.array_equal(raw, photons[2])
side = json.load(open("raw.bin.json"))
assert side["shape"] == [70, 90] and side["units"] == "expected photons" and side["record"]["frame"] == 2
assert np.allclose(side["geometry"]["beam_centre_pixels"], centre) and side["geometry"]["distance_m"] == 0.07
assert np.allclose(side["record"]["ub_per_angstrom"], ub[2].ravel()) and side["record"]["phi_start_deg"] == 10.5
header, pixels = smv("bright.img")
assert header["GAIN"] == "10000" and np.array_equal(pixels, np.minimum(counts[0].astype(float) * 1e4, 65535))
header, pixels = smv("auto.img")
assert pixels.max() == 55000 and abs(float(header["GAIN"]) - 55000 / counts[0].max()) < 1e-6 * float(header["GAIN"])
header, pixels = smv("expected.img")
assert np.array_equal(pixels, np.floor(photons[0].astype(float) * (55000 / float(photons[0].max())) + 0.5))
grey = (imread("linear.png")[..., 0] * 255).round().astype(int)
assert np.abs(grey - np.clip(counts[0] / 20, 0, 1) * 255).max() <= 0.5001
log = (imread("log.png")[..., 0] * 255).round().astype(int)
want = 255 - 255 * np.clip(np.log(np.maximum(counts[0], 0.5) / 0.5) / np.log(counts[0].max() / 0.5), 0, 1)
assert np.abs(log - want).max() <= 1, np.abs(log - want).max()
assert imread("heat.png").shape[:2] == (70, 90) and len(np.unique(imread("heat.png").reshape(-1, imread("heat.png").shape[2]), axis=0)) > 20
with h5py.File("adxv.nxs") as f:
    image, mask = f["entry/data/data"][0], f["entry/instrument/detector/pixel_mask"][:]
    below = f["entry/instrument/detector/beam_center_y"][()]
assert (mask != 0).any() and (mask == 0).any()
text, pixels = cbf("flipped.cbf")
assert np.array_equal(pixels, np.where(mask != 0, -1, image)[::-1])
assert abs(float(re.search(r"Beam_xy \([-\d.]+, ([-\d.]+)\)", text).group(1)) - (70 - below)) < 1e-6
header, _ = smv("approximate.img")
tilt = np.degrees(np.arccos(np.cos(np.radians(3)) * np.cos(np.radians(4))))
assert abs(float(header["TWOTHETA"]) - tilt) < 1e-6 and float(header["CLOSE_DISTANCE"]) < float(header["DISTANCE"])
P

# What a header cannot say.
expect 2 'tilted by 4.99' tilted.nxs --output no.img
expect 2 'tilted by 4.99' tilted.nxs --output no.cbf
expect 0 '' tilted.nxs --output tilted.png
expect 2 'add --flip' adxv.nxs --output no.img
expect 2 'is not the fast axis' side.nxs --output no.img --frame 1
expect 2 'is not the fast axis' side.nxs --output no.img --frame 1 --flip

# Nothing is replaced, and everything is checked before the first file is written.
expect 2 'add --overwrite' sweep.nxs --output log.png
expect 0 '' sweep.nxs --output log.png --overwrite
touch name_003.img
expect 2 'name_003.img exists' sweep.nxs --frames 0:4 --output name_###.img
[ ! -e name_001.img ] || fail "a file was written before all names were checked"
touch other.raw.json
expect 2 'other.raw.json exists' sweep.nxs --output other.raw
expect 2 'where the number goes' sweep.nxs --frames 0:2 --output name.img
expect 3 'cannot write' sweep.nxs --output nowhere/a.img
mkdir folder.img
expect 2 'no regular file' sweep.nxs --output folder.img --overwrite
[ ! -e folder.img.partial ] || fail "a .partial is left behind"

# Names that dxtbx (FormatSMVADSC, FormatCBFMini) opens, a still as well, have a number before their end; others get a warning.
for name in s.img s1x.img n/1/s.cbf 's##x.img'; do
    mkdir -p "$(dirname "$name")"
    expect 0 "warning: $name: DIALS and dxtbx want a number" sweep.nxs --quiet --output "$name"
done
expect 0 'as in n/1/s_0001.cbf;' sweep.nxs --quiet --output n/1/s.cbf --overwrite
for name in s1.img 1.img s_02.cbf 's_##.cbf' 's_%03d.img' s.png s.raw; do
    expect 0 '' sweep.nxs --quiet --output "$name"
    ! grep -q 'DIALS' out || fail "a warning of $name: $(cat out)"
done

# Bad usage, with the nearest option; bad files.
expect 2 'needs a file' --output a.img
expect 2 'needs a file' sweep.nxs
expect 2 'one too many' sweep.nxs side.nxs --output a.img
expect 2 'did you mean "--colours"' sweep.nxs --output a.png --colors grey
expect 2 'there is no colour map "grae"' sweep.nxs --output a.png --colours grae
expect 2 '--curve is "cube"' sweep.nxs --output a.png --curve cube
expect 2 'must be below --high' sweep.nxs --output a.png --low 5 --high 5
expect 2 'are for png' sweep.nxs --output a.img --curve log
expect 2 'are for smv and cbf' sweep.nxs --output a.png --scale 2
for bad in 0 -1 nan 1x inf ''; do expect 2 '--scale is' sweep.nxs --output a.img "--scale=$bad"; done
expect 2 'names no format' sweep.nxs --output a.tif
expect 2 '--format is "tif"' sweep.nxs --output a.img --format tif
expect 2 'has no frame 12' sweep.nxs --output a.img --frame 12
for bad in 5:5 3:2 0:13 -1:2 a:b 3 1:2x; do expect 2 '--frames is' sweep.nxs --output 'a##.img' "--frames=$bad"; done
expect 2 'exclude each other' sweep.nxs --output a##.img --frames 0:1 --frame 0
expect 2 'keeps no expected photons' adxv.nxs --output a.raw --expected
expect 2 'cannot open' nowhere.nxs --output a.img
echo text > text.nxs
expect 2 'cannot open' text.nxs --output a.img
"$python" - <<'P'
import h5py, numpy as np, shutil
def damaged(name, change):
    shutil.copy("sweep.nxs", name)
    with h5py.File(name, "r+") as f:
        change(f)
def missing(f):
    f["entry/simulation/frames/status"][4:7] = 0
def loop(f):
    f["entry/instrument/detector/module/module_offset"].attrs["depends_on"] = np.bytes_("/entry/instrument/detector/module/module_offset")
def turned(f):
    f["entry/instrument/detector/transformations/det_z"].attrs["transformation_type"] = np.bytes_("rotation")
def flat(f):
    del f["entry/data/data"]
    f["entry/data/data"] = [1, 2, 3]
def behind(f):
    f["entry/instrument/detector/transformations/det_z"][...] = -70
def short(f):
    del f["entry/simulation/frames/status"]
    f["entry/simulation/frames/status"] = [2, 2]
damaged("missing.nxs", missing)
damaged("loop.nxs", loop)
damaged("turned.nxs", turned)
damaged("flat.nxs", flat)
damaged("short.nxs", short)
damaged("nothing.nxs", lambda f: f.__delitem__("entry/data"))
damaged("units.nxs", lambda f: f["entry/instrument/detector/sensor_thickness"].attrs.__setitem__("units", np.bytes_("inch")))
h5py.File("empty.nxs", "w").close()
P
expect 2 '3 of the frames are not complete (4, 5, 6)' missing.nxs --frames all --output 'm###.img'
expect 0 '' missing.nxs --frames 0:4 --output 'm###.img'
expect 2 'does not end' loop.nxs --output a.img
expect 2 'only translations' turned.nxs --output a.img
expect 2 'are no images' flat.nxs --output a.img
expect 2 'it has no /entry/data/data' nothing.nxs --output a.img
expect 2 'inch' units.nxs --output a.img
expect 2 'it has 2 values, not 12' short.nxs --output a.img
expect 2 'it is no NXmx file' empty.nxs --output a.img
expect 0 '--colours' --help
ls a.* 2> /dev/null && fail "a refused export has written a file"

# Raw files need no geometry, and keep every count: float32 would round those above 2^24.
"$TESSERA" simulate "${small[@]}" --detector.pivot=sample --detector.twotheta=90 --output.images=both --output past.nxs || fail "past"
"$TESSERA" simulate "${small[@]}" --beam.fluence=1e33 --output.images=counts --output many.nxs || fail "many"
expect 0 '' past.nxs --output past.raw
expect 0 '' past.nxs --output past.bin --expected
expect 2 'the beam does not meet the detector' past.nxs --output past.img
expect 2 'write --format raw' past.nxs --output past1.cbf
expect 0 '' many.nxs --output many.raw
"$python" - <<'P' || fail "raw counts are not what they should be"
import json
import h5py, numpy as np
for name, data_type, dtype, path in ("many.raw", "int32", "<i4", "entry/data/data"), ("past.raw", "int32", "<i4", "entry/data/data"), \
        ("past.bin", "float32", "<f4", "entry/simulation/images/expected_photons"):
    side = json.load(open(name + ".json"))
    assert side["data_type"] == data_type and ("beam_centre_pixels" in side["geometry"]) == name.startswith("many"), name
    with h5py.File(name[:4] + ".nxs") as f:
        image = f[path][0]
    assert np.array_equal(np.fromfile(name, dtype).reshape(70, 90), image), name
    if name == "many.raw":
        assert (image.astype("f4").astype(int) != image).any(), "no count that float32 rounds"
P
finish
