#!/usr/bin/env bash
# The files and statistics of `tessera nanobragg`: names, headers, scales and noise as nanoBragg has them, masks and
# headers of other images, and the run file that renders the same image.
set -u
. "$SOURCE/tests/support/case.sh"
golden=$SOURCE/golden
python=${PYTHON:-/usr/bin/python3}
crystal='-cell 70 80 90 75 85 95 -misset 12 -21 33 -default_F 100 -N 5 -oversample 1'
run() { # run OPTION...: its output in `out`
    # shellcheck disable=SC2086 # words
    "$TESSERA" nanobragg $crystal -noprogress "$@" > out 2> err || { fail "$* ($(cat err))"; return 1; }
}
same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }

# Case g51: the four files under nanoBragg's names, twice over, without a trace of anything else.
g51='-mosflm -lambda 1.3 -fluence 6e29 -distance 100 -pixel 0.25 -detpixels 96 -seed 99 -adc 40'
for _ in 1 2; do
    mkdir -p g51 && cd g51 || exit 1
    # shellcheck disable=SC2086 # words
    run $g51
    mv out err .. && cd ..
done
[ "$(ls g51 | tr '\n' ' ')" = 'floatimage.bin image.pgm intimage.img noiseimage.img ' ] || fail "files: $(ls g51)"
"$TESSERA" compare "$golden/g51_noise_stats.h5" g51/floatimage.bin --max-relative-error 2e-6 > compared || fail "the float image: $(cat compared)"
$python - "$golden/manifest.json" <<'P' || fail "the files of g51"
import json, sys
import numpy as np

case = next(c for c in json.load(open(sys.argv[1]))["cases"] if c["id"].startswith("g51"))
out = open("out").read()
image = np.fromfile("g51/floatimage.bin", "<f4").astype(float)

def smv(name):
    raw = open(name, "rb").read()
    assert raw.startswith(b"{\nHEADER_BYTES=512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\n"), raw[:80]
    end = raw.index(b"}\f")
    assert set(raw[end + 2:512]) == {32} and len(raw) == 512 + 2 * image.size
    keys = dict(line.rstrip(";").split("=") for line in raw[2:end].decode().split("\n") if line)
    return keys, np.frombuffer(raw[512:], "<u2").astype(float)

keys, integers = smv("g51/intimage.img")
expected = dict(SIZE1="96", SIZE2="96", PIXEL_SIZE="0.25", DISTANCE="100", WAVELENGTH="1.3", BEAM_CENTER_X="12.125",
                BEAM_CENTER_Y="12.125", ADXV_CENTER_X="12.25", ADXV_CENTER_Y="11.75", MOSFLM_CENTER_X="12.125",
                MOSFLM_CENTER_Y="12.125", DENZO_X_BEAM="12.25", DENZO_Y_BEAM="12.25",
                DIALS_ORIGIN="-12.25,12.25,-100", XDS_ORGX="49.5", XDS_ORGY="49.5", CLOSE_DISTANCE="100", PHI="0",
                OSC_START="0", OSC_RANGE="0", TWOTHETA="0", DETECTOR_SN="000", BEAMLINE="fake")
assert {k: v for k, v in keys.items() if k in expected} == expected, keys
assert set(keys) - set(expected) == {"HEADER_BYTES", "DIM", "BYTE_ORDER", "TYPE"}, keys

# scales
scale = 55000 / image.max()
assert np.abs(integers - np.floor(image * scale + 40 + 0.5)).max() == 0
head, size, comment, most, pixels = open("g51/image.pgm", "rb").read().split(b"\n", 4)
rmsd = np.sqrt(((image - image.mean()) ** 2).sum() / (image.size - 1))
assert (head, size, most) == (b"P5", b"96 96", b"255")
assert comment == b"# pixels scaled by %g" % (50 / rmsd), comment
assert (np.frombuffer(pixels, "u1") == np.minimum(image * (50 / rmsd), 255).astype(int)).all()

# statistics as they are printed
rms = np.sqrt((image ** 2).sum() / (image.size - 1))
top = image.argmax()
for line in ["max_I = %g  at %g %g" % (image.max(), (top % 96 + 0.5) * 0.25e-3, (top // 96 + 0.5) * 0.25e-3),
             "mean= %g rms= %g rmsd= %g" % (image.mean(), rms, rmsd), "intfile_scale = %g" % scale,
             "pgm_scale = %g" % (50 / rmsd), "writing floatimage.bin as 9216 4-byte floats",
             "writing intimage.img as 2-byte integers", "writing image.pgm as 1-byte integers",
             "writing noiseimage.img as 2-byte integers"]:
    assert "\n" + line + "\n" in out, (line, out)
s, f = (np.indices((96, 96)) + 0.5) * 0.25 - 12.25
angle = (0.25 ** 2 * 100 / (100 ** 2 + s ** 2 + f ** 2) ** 1.5).sum()
assert "solid angle subtended by detector = %g steradian ( %g%% sphere)" % (angle, 100 * angle / 4 / np.pi) in out

# noise: of the expected total within 4 sigma, with the variance of counting in every bin of the manifest
noise = case["noise"]
_, counts = smv("g51/noiseimage.img")
counts -= 40
assert "\n%.0f photons on noise image (0 overloads)\n" % counts.sum() in out
assert abs(counts.sum() - noise["expected_total"]) < 4 * noise["sigma"], counts.sum()
for b in noise["bins"]:
    inside = (image >= b["lo"]) & (image < b["hi"])
    n, mean = inside.sum(), image[inside].mean()
    assert n == b["n"] and abs(mean / b["expected_mean"] - 1) < 1e-6
    assert abs(counts[inside].mean() - mean) < 5 * np.sqrt(mean / n), b
    if mean > 1:
        chi2 = ((counts[inside] - image[inside]) ** 2 / image[inside]).mean()
        assert abs(chi2 - 1) < 5 * np.sqrt((2 + 1 / mean) / n), (b, chi2)
P

# Other names, no files, given scales; another seed gives another image.
# shellcheck disable=SC2086 # words
{
    run $g51 -floatfile a.bin -intfile a.img -noisefile an.img -pgmfile a.pgm -pgmscale 0.5 -scale 2 -seed 100
    same a.bin g51/floatimage.bin
    ! cmp -s an.img g51/noiseimage.img || fail "the seed does not matter"
    grep -q '^intfile_scale = 2$' out && grep -q '^pgm_scale = 0.5$' out || fail "given scales: $(cat out)"
    mkdir quiet && cd quiet || exit 1
    run $g51 -nonoise -nopgm
    [ "$(ls | tr '\n' ' ')" = 'err floatimage.bin intimage.img out ' ] || fail "-nonoise -nopgm leave $(ls)"
    cd ..
    on_ranks 3 "$TESSERA" nanobragg $crystal $g51 -floatfile r3.bin -intfile r3.img -noisefile rn3.img -pgmfile r3.pgm > out3 2>&1 ||
        fail "on 3 ranks: $(cat out3)"
    same r3.bin g51/floatimage.bin
    same r3.img g51/intimage.img
    same rn3.img g51/noiseimage.img
    same r3.pgm g51/image.pgm
    run $g51 -printout_pixel 30 47
    grep -q '^  30   47 : stol = ' out && grep -q '^pixel    *4585.11' out || fail "-printout_pixel: $(cat out)"
}

# The run file renders the same image, with every file beside it or named in full.
cp "$golden"/inputs/{full7.hkl,2erl_lam1.2.mat,mask_72.img} .
options='-mat 2erl_lam1.2.mat -hkl full7.hkl -default_F 7 -N 3 -lambda 1.2 -mask mask_72.img -roi 5 -1 3 60 -distance 80
    -pixel 0.4 -mosaic 0.5 -mosaic_dom 7 -phi 10 -osc 2 -phisteps 3 -dispersion 1 -dispsteps 2 -hdivrange 2 -hdivsteps 3
    -polar 0.9 -twotheta 7 -detector_abs 500 -detector_thick 300 -thicksteps 3 -oversample 2 -Xbeam 14 -Ybeam 15 -gauss_xtal'
mkdir -p elsewhere
for file in run.yaml elsewhere/run.yaml; do
    # shellcheck disable=SC2086 # words
    "$TESSERA" nanobragg $options -noprogress -nonoise -nopgm -floatfile first.bin -yaml $file > out 2>&1 || fail "-yaml: $(cat out)"
    "$TESSERA" simulate $file --output.float_file=again.bin --overwrite > out 2>&1 || fail "simulate $file: $(cat out)"
    same first.bin again.bin
done

# Structure factors dumped and read again; nothing is dumped unasked.
dump='-cell 40 44 48 90 95 90 -N 5 -lambda 1.2 -detpixels 32 -distance 100 -pixel 0.5 -nonoise -nopgm -noprogress'
# shellcheck disable=SC2086 # words
{
    "$TESSERA" nanobragg $dump -hkl full7.hkl -default_F 3 -dump F.bin -floatfile d1.bin > out 2>&1 || fail "dump: $(cat out)"
    "$TESSERA" nanobragg $dump -default_F 3 -dump F.bin -floatfile d2.bin > out 2>&1 || fail "read the dump: $(cat out)"
    same d1.bin d2.bin
    head -c 1000 F.bin > cut.bin
    "$TESSERA" nanobragg $dump -dump cut.bin -floatfile d3.bin > out 2>&1 && fail "a cut dump was read"
    grep -q 'cut off' out || fail "message: $(cat out)"
}

# The header of an image gives its geometry, to the six digits of its numbers, to another run, in every convention and with the detector swung aside.
for convention in '-mosflm -Xbeam 9 -Ybeam 11' '-denzo -Xbeam 9 -Ybeam 11' '-adxv -Xbeam 9 -Ybeam 11' \
    '-xds -ORGX 30 -ORGY 40' '-dials -ORGX 30 -ORGY 40' '-mosflm -pivot sample -Xbeam 9 -Ybeam 11'; do
    name=$(echo "$convention" | sed 's/ -[XO].*//')
    tilt='-detector_rotx 3 -detector_roty -5 -detector_rotz 2 -nonoise -nopgm'
    # shellcheck disable=SC2086 # words
    {
        run $tilt $convention -lambda 1.3 -distance 100 -twotheta 12 -pixel 0.25 -detpixels_f 80 -detpixels_s 72 -phi 7 \
            -osc 0 -floatfile A.bin -intfile A.img
        run $tilt $name -img A.img -floatfile B.bin -intfile B.img
    }
    "$TESSERA" compare A.bin B.bin --shape 72,80 --min-correlation 0.99999999 > compared || fail "$convention: $(cat compared)"
done

# Both front doors take mask and header, and what is not computed is marked in the file.
cp "$golden/inputs/mask_96x80.img" "$golden/inputs/header_80x64.img" .
native='--run.precision=float64 --crystal.cell=70,80,90,75,85,95 --crystal.cell_model=nanobragg --crystal.misset=12,-21,33 --crystal.default_f=100 --crystal.cells=5'
# shellcheck disable=SC2086 # words
{
    run -lambda 1.3 -mask mask_96x80.img -roi 10 60 5 50 -distance 100 -pixel 0.25 -floatfile m1.bin -nxs m1.nxs
    "$TESSERA" simulate $native --beam.wavelength=1.3 --detector.mask=mask_96x80.img --detector.roi=10,60,5,50 \
        --detector.pixel_size=0.25 --sampling.oversample=1 --output.float_file=m2.bin --output m2.nxs > out 2>&1 || fail "$(cat out)"
    same m1.bin m2.bin
    on_ranks 3 "$TESSERA" simulate $native --beam.wavelength=1.3 --detector.mask=mask_96x80.img --detector.roi=10,60,5,50 \
        --detector.pixel_size=0.25 --sampling.oversample=1 --output.float_file=m3.bin --run.tile=16 --output m3.nxs > out 2>&1 || fail "$(cat out)"
    same m1.bin m3.bin
    "$TESSERA" plan $native --detector.header=header_80x64.img > out 2>&1 || fail "$(cat out)"
    grep -q '64 x 80 pixels' out || fail "plan does not read the header: $(cat out)"
    "$TESSERA" simulate $native --detector.mask=mask_96x80.img --detector.fast_pixels=90 --output x.nxs > out 2>&1 && fail "a mask of another size"
    grep -q 'detector.mask' out || fail "message: $(cat out)"
    "$TESSERA" simulate $native --detector.roi=5,4,0,5 --output x.nxs > out 2>&1 && fail "an empty region"
    [ ! -e x.nxs ] && [ ! -e x.nxs.partial ] || fail "files of refused runs"
}
$python - <<'P' || fail "the mask in the file"
import h5py
import numpy as np
mask = np.fromfile("mask_96x80.img", "<u2", offset=512)[:96 * 80].reshape(80, 96)
active = np.zeros((80, 96), bool)
active[5:51, 10:61] = True
active &= mask != 0
image = np.fromfile("m1.bin", "<f4").reshape(80, 96)
assert (image[active] > 0).all() and (image[~active] == 0).all()
for name in ("m1.nxs", "m2.nxs", "m3.nxs"):
    with h5py.File(name) as f:
        assert (f["entry/instrument/detector/pixel_mask"][()] == np.where(active, 0, 256)).all()
        assert (f["entry/data/data"][0] == image).all()
        steps = sum(f["entry/simulation/environment/rank_steps"][()])
        assert active.sum() <= steps < 1.5 * active.sum(), (steps, active.sum())
P

# An existing file is kept by a native run, replaced by one that takes nanoBragg's place; two files need two names.
echo mine > kept.bin
# shellcheck disable=SC2086 # words
{
    "$TESSERA" simulate $native --detector.fast_pixels=8 --detector.slow_pixels=8 --output.int_file=kept.bin > out 2>&1 && fail "a file was replaced"
    [ "$(cat kept.bin)" = mine ] || fail "a file was damaged"
    "$TESSERA" simulate $native --detector.fast_pixels=8 --detector.slow_pixels=8 --output.int_file=one --output.float_file=one > out 2>&1 && fail "two files of one name"
    run -detpixels 8 -floatfile kept.bin -nopgm -nonoise
    [ "$(wc -c < kept.bin)" = 256 ] || fail "nanoBragg's file was not replaced"
    got=0
    "$TESSERA" nanobragg $crystal -detpixels 8 -floatfile there/is/none.bin > out 2>&1 || got=$?
    [ $got = 3 ] || fail "exit code $got, not 3, for a folder that is not there"
}
# A job that is started again goes on, whatever its first start had written.
# shellcheck disable=SC2086 # words
for _ in 1 2; do
    "$TESSERA" simulate $native --detector.fast_pixels=8 --detector.slow_pixels=8 --output.int_file=restart.img \
        --output restart.nxs --resume > out 2>&1 || fail "restart: $(cat out)"
done
[ -z "$(find . -name '*.partial')" ] || fail "left: $(find . -name '*.partial')"
finish
