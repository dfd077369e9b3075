#!/usr/bin/env bash
# `tessera nanobragg` notes each known defect of nanoBragg that its command line meets, with its size, and no other.
set -u
. "$SOURCE/tests/support/case.sh"
"${PYTHON:-/usr/bin/python3}" "$SOURCE/tests/support/nanobragg_notes.py" "$TESSERA" "$SOURCE/golden" > said || fail "$(cat said)"
case=(-mosflm -cell 70 80 90 75 85 95 -misset 12 -21 33 -default_F 100 -N 5 -lambda 1.3 -detpixels 64 -pixel 0.3
    -nopgm -nonoise -floatfile f.bin -intfile i.img)
notes() { # notes PATTERN OPTION...
    local pattern=$1
    shift
    "$TESSERA" nanobragg "${case[@]}" "$@" > out 2>&1 || fail "$*: exit code $?: $(cat out)"
    grep -Eq "^note: $pattern" out || fail "$*: no \"$pattern\": $(grep '^note' out)"
}
# sizes, as both images of golden/divergent have them: 1.447 (d02), 4 and 12.6 times the water (d09, d10)
notes 'B02: .* about 0\.69 times the photons' -oversample 1 -detector_abs 500 -detector_thick 450 -thicksteps 5
notes 'B09: .* 4 times too small' -oversample 1 -water 0.1 -mosaic 0.3 -mosaic_dom 4
notes 'B09: .* 13 times too small' -oversample 1 -water 0.1 -fluence 1e28
notes 'B04: .* up to [0-9.]+ %' -oversample 2
notes 'B01: .*1 of 2 angles' -oversample 1 -phi 0 -osc 1 -phisteps 2
notes '-oversample_omega: .*B03' -oversample 1 -oversample_omega
"$TESSERA" nanobragg "${case[@]}" -oversample 1 > out 2>&1
! grep -q '^note: B[0-9]' out || fail "a note without a reason: $(cat out)"

# --as-nanobragg: what nanoBragg chooses, for a run file too, but not what is given
same=(--crystal.cell="70,80,90,75,85,95" --crystal.default_f=100 --crystal.cells=5 --crystal.mosaic_spread=0.5 --crystal.mosaic_domains=4
    --beam.wavelength=1.3 --beam.dispersion=1 --beam.dispersion_steps=3 --detector.pixel_size=0.3 --detector.fast_pixels=64
    --detector.slow_pixels=64 --sampling.oversample=1 --output.images=expected)
"$TESSERA" simulate "${same[@]}" --as-nanobragg --output laws.nxs --quiet || fail "--as-nanobragg: exit code $?"
"$TESSERA" simulate "${same[@]}" --output own.nxs --quiet || fail "without: exit code $?"
"$TESSERA" nanobragg "${case[@]:0:1}" -cell 70 80 90 75 85 95 -default_F 100 -N 5 -mosaic 0.5 -mosaic_dom 4 -lambda 1.3 -dispersion 1 \
    -dispsteps 3 -pixel 0.3 -detpixels 64 -oversample 1 -nopgm -nonoise -floatfile f.bin -intfile i.img -nxs old.nxs > out 2>&1 ||
    fail "nanobragg: $(cat out)"
image() { "$TOOLS/dataset_sha256" "$1" /entry/data/data; }
[ "$(image laws.nxs)" = "$(image old.nxs)" ] || fail "--as-nanobragg is not tessera nanobragg"
[ "$(image own.nxs)" != "$(image old.nxs)" ] || fail "the laws make no difference here: the test proves nothing"
"$TESSERA" simulate "${same[@]}" --as-nanobragg --crystal.mosaic_model=cap --output given.nxs --quiet || fail "given: exit code $?"
"$TESSERA" describe given.nxs --yaml > given.yaml
grep -q 'mosaic_model: cap' given.yaml && grep -q 'dispersion_points: endpoints' given.yaml || fail "the record: $(cat given.yaml)"
finish
