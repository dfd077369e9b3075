#!/usr/bin/env bash
# --trace-pixel writes every step of a pixel on both front doors, and compare --traces names the first difference.
set -u
. "$SOURCE/tests/support/case.sh"
common=(-mosflm -cell 70 80 90 75 85 95 -misset 12 -21 33 -default_F 100 -N 5 -distance 100 -pixel 0.25
    -detpixels 96 -oversample 1 -nonoise -nopgm)
truth=$SOURCE/golden/g29_mosaic_default_seed.truth.json
read -r slow fast < <(tr ',{' '\n\n' < "$truth" | awk -F: '/"f":/ && !f { f = $2 } /"s":/ && !s { s = $2 } END { print s, f }')
"$TESSERA" nanobragg "${common[@]}" -lambda 1.3 -mosaic 0.5 -mosaic_dom 10 -floatfile f.bin \
    --trace-pixel "$slow,$fast" --trace-file ours.json > log || fail "nanobragg: $(cat log)"
"$TESSERA" compare --traces "$truth" ours.json || fail "the trace is not the truth's"
# the pixel's value in the trace is that of the image
value=$(grep -o '"value_f64":[-0-9.e+]*' ours.json | cut -d: -f2)
pixel=$(od -A n -t f4 -j $((4 * (slow * 96 + fast))) -N 4 f.bin)
awk -v a="$value" -v b="$pixel" 'BEGIN { exit !(a > 0 && (a / b - 1) ^ 2 < 1e-12) }' || fail "trace says $value, the image $pixel"

"$TESSERA" nanobragg "${common[@]}" -lambda 1.31 -mosaic 0.5 -mosaic_dom 10 -floatfile f.bin \
    --trace-pixel "$slow,$fast" --trace-file other.json > log || fail "other wavelength"
code=0
"$TESSERA" compare --traces ours.json other.json 2> err || code=$?
[ $code = 1 ] || fail "exit code $code for other traces"
grep -q 'lambda0_m is 1.3' err || fail "the first difference is the wavelength: $(cat err)"

on_ranks 2 "$TESSERA" simulate "${small_case[@]}" --output a.nxs --trace-pixel 40,50 --trace-file native.json --quiet || fail "simulate"
[ "$(grep -c '"photons"' native.json)" = $((3 * 4 * 12)) ] || fail "steps of the native trace"
for bad in 80,0 0,96 -1,0 5; do
    code=0
    "$TESSERA" simulate "${small_case[@]}" --output b.nxs --trace-pixel="$bad" --trace-file bad.json --quiet 2> err || code=$?
    [ $code = 2 ] || fail "exit code $code for pixel $bad: $(cat err)"
    [ ! -e bad.json ] || fail "a trace of no pixel"
    [ ! -e b.nxs.partial ] || fail "an output was begun for pixel $bad"
done
code=0
"$TESSERA" simulate "${small_case[@]}" --output b.nxs --trace-pixel 40,50 --trace-file native.json --quiet 2> err || code=$?
[ $code = 2 ] && grep -q 'native.json exists' err || fail "an existing trace: exit code $code: $(cat err)"
[ ! -e b.nxs.partial ] || fail "an output was begun beside an existing trace"
finish
