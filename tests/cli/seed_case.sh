#!/usr/bin/env bash
# The seed case at 256, 512, 1024 and 2048 pixels: the default beam centre is in the middle of each, where nanoBragg
# has it, and the image is the middle of nanoBragg's image of 4096 pixels (golden case g55 is that size itself).
# Environment: TESSERA (the program), SOURCE (the project). The working folder is ours.
set -u
. "$SOURCE/tests/support/case.sh"
stored=$SOURCE/golden/g55_seed_4096.h5 # sums over 64 x 64 pixels: 64 x 64 of them
brightest=154.6524658203125            # of nanoBragg's image, golden/manifest.json
pixel=1e-4                             # m, the default
block=64

near() { # near A B TOLERANCE: |A - B| <= TOLERANCE
    awk -v a="$1" -v b="$2" -v most="$3" 'BEGIN { d = a - b; exit !(a != "" && d <= most && -d <= most) }'
}
number_of() { # number_of KEY: a number of the trace
    grep -o "\"$1\":[-0-9.e+]*" trace.json | head -n 1 | cut -d: -f2
}

for n in 256 512 1024 2048; do
    rm -f ./*.bin ./*.img trace.json
    "$TESSERA" nanobragg -default_F 100 -cell 100 100 100 90 90 90 -lambda 6.2 -N 5 -distance 100 -detpixels $n \
        -floatfile float.bin -intfile int.img -nopgm -nonoise -noprogress \
        --trace-pixel "$((n / 2)),$((n / 2))" --trace-file trace.json --run.precision=float64 > log 2>&1 ||
        fail "$n pixels: $(cat log)"

    # MOSFLM's default Xbeam and Ybeam are (size + pixel)/2, and half a pixel is added: the outer corner number n/2 + 1.
    centre=$(awk -v n=$n -v p=$pixel 'BEGIN { printf "%.17g", (n / 2 + 1) * p }')
    for axis in Fbeam_m Sbeam_m; do
        near "$(number_of $axis)" "$centre" 1e-15 || fail "$n pixels: $axis is $(number_of $axis), not $centre"
    done
    # The corner of the detector: x along the beam, fast along +z, slow along -y.
    IFS=, read -r x y z < <(grep -o '"pix0_vector_m":\[[^]]*' trace.json | cut -d'[' -f2)
    near "$x" 0.1 1e-15 && near "$y" "$centre" 1e-15 && near "$z" "-$centre" 1e-15 ||
        fail "$n pixels: the corner is at $x $y $z"

    # The brightest pixel is one of the four about that corner, and as bright as nanoBragg's.
    read -r value fast slow < <(sed -n 's/^max_I = \([^ ]*\) *at \([^ ]*\) \([^ ]*\)$/\1 \2 \3/p' log)
    near "$value" $brightest 1e-3 || fail "$n pixels: the brightest pixel has $value, not $brightest"
    near "$fast" "$centre" 0.51e-4 || fail "$n pixels: the brightest pixel is at $fast $slow, the beam at $centre"
    near "$slow" "$centre" 0.51e-4 || fail "$n pixels: the brightest pixel is at $fast $slow, the beam at $centre"

    # The middle of nanoBragg's image.
    blocks=$((n / block)) first=$(((64 - n / block) / 2))
    last=$((first + blocks))
    "$TESSERA" compare "$stored" float.bin --block-sum $block --region $first,$last,$first,$last \
        --max-one-minus-correlation 1e-9 --max-sum-error 1e-6 --max-relative-error 2e-6 > log 2>&1 ||
        fail "$n pixels: not the middle of nanoBragg's image: $(cat log)"
done

# Blocks that do not divide the image.
code=0
"$TESSERA" compare "$stored" float.bin --block-sum 60 > log 2>&1 || code=$?
[ $code = 2 ] && grep -q -- '--block-sum is 60; it must divide' log || fail "blocks of 60: exit code $code: $(cat log)"
finish
